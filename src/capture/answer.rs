//! What a service answered instead of a profile, for the person who has to find out why.

use std::fmt;

use ureq::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use ureq::http::response::Parts;

use super::Headers;
use crate::escape;

/// So many bytes of an answer are read to say what it is: far more than are shown, so that no
/// secret is cut in two and passes for something else.
pub(super) const GLANCE: usize = 64 << 10;

/// No more characters of a body than these are shown.
const SHOWN: usize = 100;

/// An answer that gives no profile: its status, its type and how it begins, safe to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status that HTTP gives it.
    pub status: u16,
    /// The usual words for it; empty where it has none.
    pub reason: &'static str,
    /// Its type and, if it has one, its encoding.
    pub kind: String,
    /// The first line of its body; `None` when that is empty or no text.
    pub line: Option<String>,
    /// The bytes of its body, as far as it was read.
    pub size: usize,
}

impl Answer {
    pub(super) fn new(head: &Parts, body: &[u8], headers: &Headers) -> Self {
        let shown = |text: &str| {
            let text: String = headers.hide(text).chars().take(SHOWN).collect();
            escape::terminal(&text).into_owned()
        };
        let header = |name: HeaderName| {
            let value = head.headers.get(name)?;
            Some(shown(&String::from_utf8_lossy(value.as_bytes())))
        };
        let mut kind = header(CONTENT_TYPE).unwrap_or_else(|| "no content type".into());
        if let Some(encoding) = header(CONTENT_ENCODING) {
            kind = format!("{kind}, encoded as {encoding}");
        }
        Self {
            status: head.status.as_u16(),
            reason: head.status.canonical_reason().unwrap_or_default(),
            kind,
            line: first_line(body).map(shown),
            size: body.len(),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status)?;
        if !self.reason.is_empty() {
            write!(f, " {}", self.reason)?;
        }
        write!(f, ", {}, ", self.kind)?;
        match (&self.line, self.size) {
            (_, 0) => write!(f, "empty"),
            (Some(line), _) => write!(f, "beginning with \"{line}\""),
            (None, size) => write!(f, "{size} bytes that are no text"),
        }
    }
}

/// The first line with something on it, when the body is text as far as a glance goes.
fn first_line(body: &[u8]) -> Option<&str> {
    let start = &body[..body.len().min(GLANCE)];
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        // The cut may have gone through a character.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&start[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    let is_text = |character: char| !character.is_control() || "\t\r\n\u{1b}".contains(character);
    if !text.chars().all(is_text) {
        return None;
    }
    text.lines().map(str::trim).find(|line| !line.is_empty())
}
