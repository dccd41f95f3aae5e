//! Characters by which a policy could say one thing to a reader and another to leakgate.

use super::tree::Position;
use crate::escape::is_unseen;

/// The first character that one YAML reader or editor takes for the end of a line, or for nothing,
/// and another does not: by it a comment could hide a rule from who reviews the file.
pub(super) fn hidden(text: &str) -> Option<(Position, &'static str)> {
    const CARRIAGE_RETURN: &str = "a carriage return without a line feed: YAML ends the line here, and an editor may not show it. End \
         lines with LF, or with CRLF";
    const UNSEEN: &str = "a character that is not seen or that changes what is seen: take it out, or write it as an escape in double quotes, \
         as in \"\\u200b\"";
    // A presentation selector or a joiner is a part of the emoji that it follows: ⚠️, 👩‍💻, 1️⃣.
    let is_of_emoji = |character, before: char| {
        let of_emoji = matches!(character, '\u{200d}' | '\u{fe0e}' | '\u{fe0f}');
        let may_be_emoji = !before.is_ascii() && !is_unseen(before);
        let was_selected = before == '\u{fe0f}' && character == '\u{200d}';
        of_emoji && (may_be_emoji || was_selected || matches!(before, '0'..='9' | '#' | '*'))
    };
    let mut position = Position { line: 1, column: 1 };
    let mut characters = text.chars().peekable();
    let mut before = '\n';
    while let Some(character) = characters.next() {
        match character {
            '\r' if characters.peek() != Some(&'\n') => return Some((position, CARRIAGE_RETURN)),
            '\t' | '\n' | '\r' => {}
            character if is_of_emoji(character, before) => {}
            character if character.is_control() || is_unseen(character) => {
                return Some((position, UNSEEN));
            }
            _ => {}
        }
        before = character;
        position.column += 1;
        if character == '\n' {
            position = Position {
                line: position.line + 1,
                column: 1,
            };
        }
    }
    None
}
