//! Making text of strangers harmless. The names and labels in a profile are written by whoever wrote the program.

use std::borrow::Cow;

/// For a terminal and for one line of a log: control characters (with them ANSI escapes and newlines), line separators,
/// characters that change the direction of writing, and invisible ones are written as `\u{..}`.
///
/// Input: `evil\x1b[2K`
/// Output: `evil\u{1b}[2K`
pub fn terminal(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_dangerous(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

/// Whether a character can steer a terminal, or deceive who reads it there.
pub(super) fn is_dangerous(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::terminal;

    #[test]
    fn escapes_that_steer_a_terminal_are_made_visible() {
        assert_eq!(
            terminal("a\u{1b}[31mb\r\nc\u{9b}d"),
            r"a\u{1b}[31mb\u{d}\u{a}c\u{9b}d"
        );
        assert_eq!(terminal("user\u{202e}gnp.exe"), r"user\u{202e}gnp.exe");
        assert_eq!(terminal("main.(*Größe).läuft"), "main.(*Größe).läuft");
    }
}
