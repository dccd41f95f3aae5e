//! Making text of strangers harmless. The names and labels in a profile are written by whoever
//! wrote the program.

use std::borrow::Cow;
use std::fmt::Write as _;

mod unseen;

pub use unseen::is_unseen;

/// For a terminal and for one line of a log: control characters (with them ANSI escapes and
/// newlines), line separators, characters that change the direction of writing, and invisible ones
/// are written as `\u{..}`. So are the beginnings of what CI systems read as commands in a log:
/// `::` where a line may begin, and `##` anywhere.
///
/// Input: `evil\x1b[2K`
/// Output: `evil\u{1b}[2K`
pub fn terminal(text: &str) -> Cow<'_, str> {
    let begins = text.trim_start().starts_with("::");
    if !begins && !text.contains("##") && !text.chars().any(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let start = text.len() - text.trim_start().len();
    let mut out = String::with_capacity(text.len() + 16);
    let mut last = ' ';
    for (index, character) in text.char_indices() {
        let command = (begins && index == start) || (character == '#' && last == '#');
        if command || is_dangerous(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
        last = character;
    }
    Cow::Owned(out)
}

/// For JSON that has been written already, maybe to a log: what [`terminal`] makes visible is
/// written as `\u....`, which JSON allows in strings. Outside of strings there is nothing but line
/// breaks.
pub fn json(json: &str) -> String {
    let is_plain = |byte: &u8| matches!(byte, b'\n' | b' '..=b'"' | b'$'..=b'~');
    let mut out = String::with_capacity(json.len());
    let (mut rest, mut last) = (json, ' ');
    while !rest.is_empty() {
        // Nearly everything is plain ASCII.
        let plain = rest.bytes().take_while(|byte| is_plain(byte)).count();
        out.push_str(&rest[..plain]);
        last = rest[..plain].chars().next_back().unwrap_or(last);
        let Some(character) = rest[plain..].chars().next() else {
            break;
        };
        let command = character == '#' && last == '#';
        if command || is_dangerous(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(character);
        }
        last = character;
        rest = &rest[plain + character.len_utf8()..];
    }
    out
}

/// For the message of a workflow command of GitHub Actions, line by line: the runner takes `%0A`
/// and `%25` back.
pub fn command_message(lines: &[String]) -> String {
    let lines = lines.iter().map(|line| terminal(line).replace('%', "%25"));
    lines.collect::<Vec<_>>().join("%0A")
}

/// For a property of a workflow command, as in `title=...`.
pub fn command_property(text: &str) -> String {
    let line = terminal(text).replace('%', "%25");
    line.replace(':', "%3A").replace(',', "%2C")
}

/// For text between tags, and between the quotes of an attribute.
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for character in terminal(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// For a line of Markdown, also in a table: what could be markup is written as an entity, which
/// never is.
pub fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut word = String::new();
    for character in terminal(text).chars() {
        let begins_a_link = character == '.' && word.eq_ignore_ascii_case("www");
        if begins_a_link || "\\`*_{}[]<>#+!|~&\"':@$=^".contains(character) {
            let _ = write!(out, "&#{};", u32::from(character));
        } else {
            out.push(character);
        }
        if character.is_alphanumeric() {
            word.push(character);
        } else {
            word.clear();
        }
    }
    out
}

/// The same as code, where names of teams are no mention of them.
pub fn markdown_code(text: &str) -> String {
    format!("<code>{}</code>", markdown(text))
}

/// For a path in a URI: all but what RFC 3986 calls unreserved, and `/`, is percent-encoded.
pub fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A name that can be part of a comment and of an id: letters, digits, `.`, `_`, `/`, and single
/// `-` for the rest.
///
/// Input: `shop -->`
/// Output: `shop`
pub fn slug(name: &str) -> String {
    const LONGEST: usize = 200;
    let mut out = String::new();
    for character in name.chars().take(LONGEST) {
        if character.is_ascii_alphanumeric() || "._/".contains(character) {
            out.push(character);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    let end = out.trim_end_matches('-').len();
    out.truncate(end);
    if out.is_empty() { "all".into() } else { out }
}

/// Whether a character can steer a terminal, or deceive who reads it there.
pub fn is_dangerous(character: char) -> bool {
    character.is_control() || is_unseen(character)
}

#[cfg(test)]
mod tests {
    use super::{markdown, slug, terminal};

    #[test]
    fn escapes_that_steer_a_terminal_are_made_visible() {
        assert_eq!(
            terminal("a\u{1b}[31mb\r\nc\u{9b}d"),
            r"a\u{1b}[31mb\u{d}\u{a}c\u{9b}d"
        );
        assert_eq!(terminal("user\u{202e}gnp.exe"), r"user\u{202e}gnp.exe");
        assert_eq!(
            terminal("a\u{115f}b\u{3164}c\u{2800}d\u{fe0f}"),
            r"a\u{115f}b\u{3164}c\u{2800}d\u{fe0f}"
        );
        assert_eq!(terminal("main.(*Größe).läuft"), "main.(*Größe).läuft");
    }

    #[test]
    fn no_name_is_a_command_to_the_log_of_a_ci() {
        assert_eq!(terminal("::error::x"), r"\u{3a}:error::x");
        assert_eq!(
            terminal("\u{a0} ::add-mask::x"),
            "\u{a0} \\u{3a}:add-mask::x"
        );
        assert_eq!(terminal("a ##[error]x"), r"a #\u{23}[error]x");
        assert_eq!(terminal("a ::error::"), "a ::error::");
    }

    #[test]
    fn nothing_in_a_name_is_markup() {
        assert_eq!(
            markdown("a|b<c>*_[x](y) www.z http://q @team"),
            "a&#124;b&#60;c&#62;&#42;&#95;&#91;x&#93;(y) www&#46;z http&#58;//q &#64;team"
        );
    }

    #[test]
    fn a_slug_cannot_end_the_comment_it_is_in() {
        assert_eq!(slug("example.com/shop/worker"), "example.com/shop/worker");
        assert_eq!(slug("a --> b--c-"), "a-b-c");
        assert_eq!(slug("\u{202e}"), "all");
    }
}
