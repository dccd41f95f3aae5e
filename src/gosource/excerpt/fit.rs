//! Text of a source as it may be printed: harmless, and within its columns.

use super::COLUMNS;
use crate::escape;

/// What the renderer needs beside the lines: `1234567 | `.
const GUTTER: usize = 10;
/// A tab.
const TAB: &str = "    ";

/// Tabs are spaces, and what could steer a terminal is escaped.
pub(super) fn printable(characters: &[char]) -> String {
    let text: String = characters.iter().collect();
    escape::terminal(&text.replace('\t', TAB)).into_owned()
}

/// A line within its width, and where the word in the middle of it begins. What is cut off is shown
/// as dots.
pub(super) fn fit(before: &str, word: &str, after: &str) -> (String, usize) {
    const DOTS: &str = "...";
    let width = COLUMNS - GUTTER;
    let length = |text: &str| textwrap::core::display_width(text);
    let whole = format!("{before}{word}{after}");
    if length(&whole) <= width {
        return (whole, before.len());
    }
    let mut kept = String::new();
    let room = width / 2;
    if length(before) > room {
        // The end of what stands before is nearer to the word.
        let mut tail: Vec<char> = Vec::new();
        for character in before.chars().rev() {
            if tail.len() + DOTS.len() >= room {
                break;
            }
            tail.push(character);
        }
        kept += DOTS;
        kept.extend(tail.iter().rev());
    } else {
        kept += before;
    }
    let start = kept.len();
    for character in word.chars().chain(after.chars()) {
        if length(&kept) + DOTS.len() + 2 > width {
            kept += DOTS;
            break;
        }
        kept.push(character);
    }
    (kept, start)
}
