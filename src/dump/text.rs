//! From bytes to text: encodings and colours.

use std::borrow::Cow;

use super::test_json;

/// The text of a file: UTF-8 or, as PowerShell redirects it, UTF-16 with its mark; without the
/// escape sequences of a terminal. Lines keep their numbers, except in the events of
/// `go test -json`, of which only the output is kept.
///
/// Input: `\x1b[31mgoroutine 1 [running]:\x1b[0m\r\n`
/// Output: `goroutine 1 [running]:\r\n`
pub fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => Cow::Owned(utf16(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => Cow::Owned(utf16(rest, u16::from_be_bytes)),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest),
        _ => String::from_utf8_lossy(bytes),
    };
    let text = test_json::output(&text).map_or(text, Cow::Owned);
    if memchr::memchr(0x1b, text.as_bytes()).is_some() {
        Cow::Owned(without_escapes(&text))
    } else {
        text
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let (pairs, _) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|&pair| unit(pair));
    let characters = char::decode_utf16(units);
    characters
        .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// Leaves out what begins with an escape character: colours and movements, which end with a
/// letter, and texts for the terminal, which end with a bell. None goes past its line.
fn without_escapes(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut parts = text.split('\x1b');
    clean.push_str(parts.next().unwrap_or_default());
    for part in parts {
        clean.push_str(after_escape(part));
    }
    clean
}

/// Input: `[1;31mgoroutine`, `_bk;t=1700000000\x07goroutine` or `]0;title\x07goroutine`
/// Output: `goroutine`
fn after_escape(text: &str) -> &str {
    let Some(kind) = text.chars().next() else {
        return "";
    };
    let rest = &text[kind.len_utf8()..];
    let end = match kind {
        '[' => rest
            .find(|character: char| !matches!(character, '0'..='9' | ';' | ':' | '?' | '='))
            .filter(|&end| rest.as_bytes()[end].is_ascii_alphabetic()),
        ']' | '_' | 'P' | '^' => rest
            .find(['\x07', '\n'])
            .filter(|&end| rest.as_bytes()[end] == b'\x07'),
        // The end of such a text, in its other form.
        '\\' => return rest,
        _ => None,
    };
    // Each of these ends with one byte.
    end.map_or(text, |end| &rest[end + 1..])
}

#[cfg(test)]
mod tests {
    use super::text_of;

    #[test]
    fn escape_sequences_and_encodings_are_taken_off() {
        for (bytes, expected) in [
            (&b"\x1b[1;31mgoroutine\x1b[0m 1"[..], "goroutine 1"),
            (b"\x1b_bk;t=17\x07goroutine", "goroutine"),
            (b"\x1b[cut\n\x1b", "ut\n"),
            (b"\x1b]0;no end\nx", "]0;no end\nx"),
            (b"\xef\xbb\xbfa", "a"),
            (b"\xff\xfea\0\n\0", "a\n"),
            (b"\xfe\xff\0a\0\n\0", "a\n"),
            (b"a\xff", "a\u{fffd}"),
        ] {
            assert_eq!(text_of(bytes), expected);
        }
    }
}
