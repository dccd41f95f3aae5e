//! Headers that a service asks for before it hands out a profile. Their values are secrets, and are
//! never shown.

use std::cmp::Reverse;
use std::path::Path;

use ureq::http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING,
};
use ureq::http::{HeaderMap, HeaderName, HeaderValue};

/// What is sent with every request of a capture, and to no other host.
#[derive(Debug, Clone, Default)]
pub struct Headers(HeaderMap);

/// Headers that cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum HeadersError {
    /// A file that cannot be read.
    #[error("{path}: cannot be read")]
    Io {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A line that is no header. The line itself may be a secret.
    #[error("{path}:{line}: this is no header: write `Name: value`")]
    Syntax {
        /// The file.
        path: String,
        /// 1-based.
        line: usize,
    },
    /// A header that belongs to leakgate.
    #[error("{path}:{line}: leakgate sets {name} itself: leave it out")]
    Reserved {
        /// The file.
        path: String,
        /// 1-based.
        line: usize,
        /// The header.
        name: String,
    },
    /// A token that cannot be in a header.
    #[error("the bearer token from {0} is empty or holds characters that no token has")]
    Token(String),
    /// Two answers to one question.
    #[error("a bearer token is given, and the headers hold Authorization too: leave one out")]
    Twice,
}

/// Headers that say how the answer is carried, which is leakgate's business.
const RESERVED: [HeaderName; 4] = [
    ACCEPT_ENCODING,
    CONNECTION,
    CONTENT_LENGTH,
    TRANSFER_ENCODING,
];

/// What stands for a value.
const HIDDEN: &str = "***";

/// Bytes of the shortest value that no text holds by chance.
const SHORTEST_SECRET: usize = 8;

impl Headers {
    /// Reads a file of headers, one in a line; empty lines and those that begin with `#` are
    /// skipped.
    ///
    /// # Errors
    /// A file that cannot be read, or a line that is no header.
    pub fn read(path: &Path) -> Result<Self, HeadersError> {
        let text = read_file(path)?;
        let path = path.display().to_string();
        let mut headers = HeaderMap::new();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, value) = header(line).ok_or_else(|| HeadersError::Syntax {
                path: path.clone(),
                line: index + 1,
            })?;
            if RESERVED.contains(&name) {
                let (line, name) = (index + 1, name.to_string());
                return Err(HeadersError::Reserved { path, line, name });
            }
            headers.append(name, value);
        }
        Ok(Self(headers))
    }

    /// Adds a bearer token; `place` says where it is from, for an error.
    ///
    /// # Errors
    /// An empty token, one that cannot be in a header, or a second Authorization.
    pub fn add_bearer(&mut self, token: &str, place: &str) -> Result<(), HeadersError> {
        let token = token.trim();
        let usable = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        let value = usable
            .then(|| HeaderValue::try_from(format!("Bearer {token}")).ok())
            .flatten();
        let mut value = value.ok_or_else(|| HeadersError::Token(place.to_owned()))?;
        value.set_sensitive(true);
        match self.0.insert(AUTHORIZATION, value) {
            None => Ok(()),
            Some(_) => Err(HeadersError::Twice),
        }
    }

    /// Adds the bearer token that a file holds.
    ///
    /// # Errors
    /// A file that cannot be read, and as [`Headers::add_bearer`].
    pub fn read_bearer(&mut self, path: &Path) -> Result<(), HeadersError> {
        self.add_bearer(&read_file(path)?, &path.display().to_string())
    }

    pub(super) fn as_map(&self) -> &HeaderMap {
        &self.0
    }

    /// Takes the values out of a text that came back: a server may repeat what it was sent, or a
    /// part of it.
    ///
    /// A value that is shorter than any secret should be is taken out only where it stands by
    /// itself: a `1` is in most texts.
    pub(super) fn hide(&self, text: &str) -> String {
        let values = self.0.values();
        let values = values.filter_map(|value| std::str::from_utf8(value.as_bytes()).ok());
        let mut secrets: Vec<&str> = values.flat_map(parts).collect();
        // A part must not break the whole before that is found.
        secrets.sort_by_key(|secret| Reverse(secret.len()));
        let mut text = text.to_owned();
        for secret in secrets {
            text = if secret.len() < SHORTEST_SECRET {
                hide_word(&text, secret)
            } else {
                text.replace(secret, HIDDEN)
            };
        }
        text
    }
}

/// What a server may repeat of a header's value: all of it, the token behind `Bearer`, the values
/// of cookies.
fn parts(value: &str) -> impl Iterator<Item = &str> {
    let token = value.rsplit(' ').next();
    let cookies = value
        .split(';')
        .filter_map(|cookie| Some(cookie.split_once('=')?.1));
    let all = [value].into_iter().chain(token).chain(cookies);
    all.filter(|part| !part.is_empty())
}

/// Takes a word out of a text, not out of longer words.
fn hide_word(text: &str, word: &str) -> String {
    let mut hidden = String::with_capacity(text.len());
    let (mut rest, mut last) = (text, None);
    while let Some(at) = rest.find(word) {
        let (before, behind) = (&rest[..at], &rest[at + word.len()..]);
        last = before.chars().next_back().or(last);
        let is_part = |neighbour: Option<char>| neighbour.is_some_and(char::is_alphanumeric);
        let stands_alone = !is_part(last) && !is_part(behind.chars().next());
        hidden.push_str(before);
        hidden.push_str(if stands_alone { HIDDEN } else { word });
        (rest, last) = (behind, word.chars().next_back());
    }
    hidden + rest
}

fn read_file(path: &Path) -> Result<String, HeadersError> {
    std::fs::read_to_string(path).map_err(|source| HeadersError::Io {
        path: path.display().to_string(),
        source,
    })
}

fn header(line: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = line.split_once(':')?;
    let mut value = HeaderValue::from_str(value.trim()).ok()?;
    value.set_sensitive(true);
    Some((HeaderName::try_from(name.trim()).ok()?, value))
}

#[cfg(test)]
mod tests {
    use super::Headers;

    fn sent(lines: &str) -> Headers {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("headers");
        std::fs::write(&path, lines).unwrap();
        Headers::read(&path).unwrap()
    }

    #[test]
    fn a_short_value_is_hidden_only_where_it_stands_by_itself() {
        let headers = sent("X-Tenant: 1\nX-Pin: 4711\nAuthorization: Bearer abcdefgh");
        assert_eq!(
            headers.hide("HTTP/1.1 of 127.0.0.1: 11 errors, pin=4711, 47110, é4711, xabcdefghy"),
            "HTTP/***.*** of 127.0.0.***: 11 errors, pin=***, 47110, é4711, x***y"
        );
        assert_eq!(sent("X: aa").hide("aaa aa aaaa aa"), "aaa *** aaaa ***");
        assert_eq!(sent("X: é").hide("café, é"), "café, ***");
    }

    #[test]
    fn the_value_of_a_cookie_is_hidden_too() {
        let headers = sent("Cookie: session=hush-hush; theme=dark");
        assert_eq!(headers.hide("no session hush-hush"), "no session ***");
    }

    #[test]
    fn a_secret_is_neither_debugged_nor_repeated() {
        let mut headers = Headers::default();
        headers.add_bearer("hush\n", "the environment").unwrap();
        assert!(!format!("{headers:?}").contains("hush"));
        assert_eq!(headers.hide("no: Bearer hush, hush"), "no: ***, ***");
        let twice = headers.add_bearer("more", "the environment").unwrap_err();
        assert!(twice.to_string().contains("leave one out"));
        let empty = Headers::default().add_bearer(" \n", "t").unwrap_err();
        assert!(
            empty
                .to_string()
                .starts_with("the bearer token from t is empty")
        );
    }
}
