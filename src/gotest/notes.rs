//! The small files by which leakgate, its test binaries and the commands between them tell each
//! other what happened.
//!
//! Whoever runs in between may have put anything in their place, so they are read as a stranger's:
//! regular files alone, and no more than a bound.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::files::read_regular;

/// A file of more bytes than this is none of leakgate's.
const LARGEST: u64 = 64 << 20;

/// Makes a folder in one that is there. Nothing is made below a folder that has been removed: a
/// command may outlive leakgate, and nobody would remove what it leaves then.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// Reads a text; `None` where there is no such file.
pub(super) fn read_text(path: &Path) -> Result<Option<String>, String> {
    let bytes = match read_regular(path, LARGEST) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("cannot be read: {error}")),
    };
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Reads JSON; `None` where there is no such file.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, String> {
    let parse = |text: String| {
        let parsed = serde_json::from_str(&text);
        parsed.map_err(|error| format!("is not understood: {error}"))
    };
    read_text(path)?.map(parse).transpose()
}
