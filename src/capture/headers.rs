//! Headers that a service asks for before it hands out a profile. Their values are secrets, and are never told.

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
        name: HeaderName,
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

impl Headers {
    /// Reads a file of headers, one in a line; empty lines and those that begin with `#` are skipped.
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
                let line = index + 1;
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

    /// Takes the values out of a text that came back: a server may repeat what it was sent.
    pub(super) fn hide(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for value in self.0.values().filter_map(|value| value.to_str().ok()) {
            let token = value.rsplit(' ').next().unwrap_or_default();
            for secret in [value, token] {
                if !secret.is_empty() {
                    text = text.replace(secret, "***");
                }
            }
        }
        text
    }
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
