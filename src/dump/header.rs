//! The first line of a goroutine.

use super::{Goroutine, labels};

/// Where a header stands in a line, and what it says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header<'t> {
    /// Byte offset in the line: what is before it is a prefix.
    pub(super) at: usize,
    /// What it says.
    pub(super) goroutine: Goroutine<'t>,
    /// Whether it was read to its end.
    pub(super) is_whole: bool,
}

/// The word that every header begins with.
pub(super) const WORD: &str = "goroutine ";

/// A line that mentions more goroutines in front of a header is no line of a log, and reading each
/// to its end would take for ever.
const MOST_MENTIONS: usize = 8;

/// Finds the header in a line, which may have other text before it and none after it.
///
/// Input: `2026-11-20T10:11:12Z goroutine 7 gp=0xc0001 m=nil [chan send, 3 minutes]:`
/// Output: number 7, `chan send`, 3 minutes, at byte 21
///
/// One that begins the line and is damaged is still a header; elsewhere it is a mention.
pub(super) fn find(line: &str) -> Option<Header<'_>> {
    let starts = memchr::memmem::find_iter(line.as_bytes(), WORD).take(MOST_MENTIONS);
    for at in starts {
        let Some((mut goroutine, rest)) = number(&line[at + WORD.len()..]) else {
            continue;
        };
        let is_whole = status(rest, &mut goroutine)
            .and_then(|rest| rest.strip_prefix(':'))
            .is_some_and(|rest| rest.trim().is_empty());
        if is_whole || at == 0 {
            return Some(Header {
                at,
                goroutine,
                is_whole,
            });
        }
    }
    None
}

/// Reads the number and goes on to the brackets.
///
/// Input: `7 gp=0xc0001 m=nil [chan send]:`
/// Output: number 7, and `chan send]:`
fn number(text: &str) -> Option<(Goroutine<'_>, &str)> {
    let end = text.find(|character: char| !character.is_ascii_digit())?;
    let id = text[..end].parse().ok()?;
    let rest = text[end..].strip_prefix(' ')?;
    let open = if rest.starts_with("gp=") {
        rest.find('[')?
    } else {
        0
    };
    let goroutine = Goroutine {
        id,
        ..Goroutine::default()
    };
    Some((goroutine, rest[open..].strip_prefix('[')?))
}

/// Reads what the brackets hold, and the labels after them; gives what follows.
///
/// Input: `chan send (leaked), 3 minutes, locked to thread, synctest bubble 2] {k: v}:`
/// Output: `:`; the goroutine has the rest
fn status<'t>(text: &'t str, goroutine: &mut Goroutine<'t>) -> Option<&'t str> {
    let end = text.find(']').unwrap_or(text.len());
    let (inside, rest) = match text[..end].find(" labels:{") {
        Some(at) => {
            let rest = text[at..].strip_prefix(" labels:{")?;
            let (labels, rest) = labels::read(rest, ": ").unzip();
            goroutine.labels = labels.unwrap_or_default();
            (&text[..at], rest)
        }
        None => (&text[..end], Some(&text[end..])),
    };
    let mut parts = inside.split(", ");
    goroutine.state = state(parts.next().unwrap_or_default(), goroutine);
    for part in parts {
        if let Some(minutes) = part.strip_suffix(" minutes") {
            goroutine.waited_minutes = minutes.parse().ok()?;
        } else if part == "locked to thread" {
            goroutine.locked_to_thread = true;
        }
    }
    let rest = rest?.strip_prefix(']')?;
    let Some(after) = rest.strip_prefix(" {") else {
        return Some(rest);
    };
    let (labels, rest) = labels::read(after, ": ")?;
    goroutine.labels = labels;
    Some(rest)
}

/// The state without the marks at its end.
///
/// Input: `select (no cases) (leaked) (scan)`
/// Output: `select (no cases)`; the goroutine is leaked
fn state<'t>(mut text: &'t str, goroutine: &mut Goroutine<'t>) -> &'t str {
    loop {
        let other_marks = [" (scan)", " (durable)"];
        if let Some(rest) = text.strip_suffix(" (leaked)") {
            goroutine.leaked = true;
            text = rest;
        } else if let Some(rest) = other_marks.iter().find_map(|mark| text.strip_suffix(mark)) {
            text = rest;
        } else {
            return text;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(line: &str) -> Goroutine<'_> {
        let header = find(line).unwrap();
        assert!(header.is_whole, "{line}");
        header.goroutine
    }

    #[test]
    fn headers_of_every_version_are_read() {
        let plain = whole("goroutine 20 [chan receive (nil chan), 90 minutes, locked to thread]:");
        assert_eq!((plain.id, plain.state), (20, "chan receive (nil chan)"));
        assert_eq!((plain.waited_minutes, plain.locked_to_thread), (90, true));
        let crash = whole("goroutine 0 gp=0x5c1e60 m=0 mp=0x5c2940 [idle]:");
        assert_eq!((crash.id, crash.state), (0, "idle"));
        let leaked = whole("goroutine 9 [select (no cases) (leaked) (scan)]:");
        assert_eq!((leaked.state, leaked.leaked), ("select (no cases)", true));
        let durable = whole("goroutine 9 [chan send (durable), synctest bubble 3]:");
        assert_eq!(durable.state, "chan send");
        for line in [
            r#"goroutine 9 [select labels:{"a]:": "b, c"}]:"#,
            r#"goroutine 9 [select] {"a]:": "b, c"}:"#,
        ] {
            let labelled = whole(line);
            assert_eq!(labelled.state, "select");
            assert_eq!(labelled.labels, [("a]:".into(), "b, c".into())]);
        }
    }

    #[test]
    fn a_header_behind_other_text_is_found_and_a_mention_is_none() {
        let header = find("api-1  | goroutine 7 [running]:\r").unwrap();
        assert_eq!((header.at, header.goroutine.id), (9, 7));
        for line in [
            "see goroutine 7 [running]: it hangs",
            "in goroutine 7",
            "goroutine profile: total 7",
            "goroutine running on other thread; stack unavailable",
        ] {
            assert_eq!(find(line), None, "{line}");
        }
    }

    #[test]
    fn a_damaged_header_keeps_what_was_read() {
        for (line, state) in [
            ("goroutine 7 [chan se", "chan se"),
            ("goroutine 7 [chan send, 3 min", "chan send"),
            (r#"goroutine 7 [select labels:{"k": "v"#, "select"),
            ("goroutine 7 [select] {k: ", "select"),
        ] {
            let header = find(line).unwrap();
            assert_eq!((header.goroutine.id, header.goroutine.state), (7, state));
            assert!(!header.is_whole);
        }
    }
}
