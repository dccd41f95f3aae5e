//! Text of a source as it may be printed: harmless, and within its columns.

use textwrap::core::display_width;

use super::COLUMNS;
use crate::escape;

/// What the renderer needs beside the lines: `1234567 | `.
const GUTTER: usize = 10;
/// A tab.
const TAB: &str = "    ";
/// For what is cut off.
const DOTS: &str = "...";

/// Tabs are spaces, and what could steer a terminal is escaped.
pub(super) fn printable(characters: &[char]) -> String {
    let text: String = characters.iter().collect();
    escape::terminal(&text.replace('\t', TAB)).into_owned()
}

/// A line within its width, and the byte at which the word in the middle of it begins. What is cut
/// off is shown as dots.
pub(super) fn fit(before: &str, word: &str, after: &str) -> (String, usize) {
    let width = COLUMNS - GUTTER;
    let mut line = if display_width(before) > width / 2 {
        // The end of what stands before is nearer to the word.
        DOTS.to_owned() + last(before, width / 2 - DOTS.len())
    } else {
        before.to_owned()
    };
    let start = line.len();
    let room = width - display_width(&line);
    let rest = format!("{word}{after}");
    if display_width(&rest) <= room {
        line += &rest;
    } else {
        line += first(&rest, room - DOTS.len());
        line += DOTS;
    }
    (line, start)
}

/// The beginning of a text, as much of it as so many columns hold.
fn first(text: &str, columns: usize) -> &str {
    let end = fitting(text.chars(), columns);
    &text[..end]
}

/// The end of a text, as much of it as so many columns hold.
fn last(text: &str, columns: usize) -> &str {
    let start = text.len() - fitting(text.chars().rev(), columns);
    &text[start..]
}

/// How many bytes of text so many columns hold. Characters may be two columns wide.
fn fitting(characters: impl Iterator<Item = char>, columns: usize) -> usize {
    let mut room = columns;
    let fits = characters.map_while(|character| {
        room = room.checked_sub(display_width(character.encode_utf8(&mut [0; 4])))?;
        Some(character.len_utf8())
    });
    fits.sum()
}
