//! The pprof labels in a goroutine's header.

use std::borrow::Cow;

/// A key and its value.
pub type Label<'t> = (Cow<'t, str>, Cow<'t, str>);

/// Reads labels up to their closing brace, and gives what follows it. Between key and value stands
/// `colon`.
///
/// Input: `"k": "v", "k2": "a\"b"}]:` (Go 1.26) or `k: v, k2: "a\"b"} :` (Go 1.27)
/// Output: the pairs, and the text after `}`; `None` where the form is another.
pub(super) fn read<'t>(mut text: &'t str, colon: &str) -> Option<(Vec<Label<'t>>, &'t str)> {
    let mut labels = Vec::new();
    loop {
        let (key, rest) = word(text)?;
        let (value, rest) = word(rest.strip_prefix(colon)?)?;
        labels.push((key, value));
        if let Some(rest) = rest.strip_prefix('}') {
            return Some((labels, rest));
        }
        text = rest.strip_prefix(", ")?;
    }
}

/// One key or value: quoted, or of the characters that need no quotes. It may be empty.
///
/// Input: `"a\"b": x` or `a/b_1: x`
/// Output: `a"b` or `a/b_1`, and `: x`
fn word(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let is_plain = |character: char| {
            character.is_ascii_alphanumeric() || matches!(character, '.' | '/' | '_')
        };
        let end = text.find(|character| !is_plain(character))?;
        return Some((Cow::Borrowed(&text[..end]), &text[end..]));
    };
    let end = quoted.find(['"', '\\'])?;
    if quoted.as_bytes()[end] == b'"' {
        return Some((Cow::Borrowed(&quoted[..end]), &quoted[end + 1..]));
    }
    unquote(quoted)
}

/// The rest of a quoted word that has escapes, with what follows the closing quote.
///
/// Input: `a\"b\u00e9": x`
/// Output: `a"bé`, and `: x`
fn unquote(quoted: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut word = String::new();
    let mut rest = quoted;
    loop {
        let at = rest.find(['"', '\\'])?;
        word.push_str(&rest[..at]);
        if rest.as_bytes()[at] == b'"' {
            return Some((Cow::Owned(word), &rest[at + 1..]));
        }
        let escape = rest[at + 1..].chars().next()?;
        rest = &rest[at + 1 + escape.len_utf8()..];
        let digits = match escape {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        if digits > 0 {
            let code = u32::from_str_radix(rest.get(..digits)?, 16).ok()?;
            word.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            rest = &rest[digits..];
        } else {
            word.push(match escape {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                other => other,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Option<(Vec<(String, String)>, &str)> {
        let (labels, rest) = read(text, ": ")?;
        let owned = |(key, value): Label| (key.into_owned(), value.into_owned());
        Some((labels.into_iter().map(owned).collect(), rest))
    }

    #[test]
    fn labels_are_read_in_the_forms_of_both_versions() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let both = vec![pair("k", "v"), pair("a\"b", "x\ny\u{e9}")];
        let go126 = r#""k": "v", "a\"b": "x\ny\u00e9"}]:"#;
        assert_eq!(pairs(go126), Some((both.clone(), "]:")));
        let go127 = r#"k: v, "a\"b": "x\ny\u00e9"}:"#;
        assert_eq!(pairs(go127), Some((both, ":")));
        assert_eq!(pairs("k: }:"), Some((vec![pair("k", "")], ":")));
    }

    #[test]
    fn what_is_no_label_is_none() {
        for text in [
            "",
            "k",
            "k: ",
            "k: v",
            "\"k",
            "\"k\\",
            "\"k\\u12",
            "k: v; l: w}",
        ] {
            assert_eq!(pairs(text), None, "{text}");
        }
    }
}
