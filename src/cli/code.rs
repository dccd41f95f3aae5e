//! Reads the Go files that explain where goroutines come from.

use std::path::Path;

use crate::evidence::Code;
use crate::files::read_regular;
use crate::origin::Origins;

/// More folders than this explain nothing to a person.
const MOST_FOLDERS: usize = 200;

/// Files of more bytes than this are written by programs.
const LARGEST: u64 = 1 << 20;

/// More bytes than this are not read, of all files together.
const MOST_BYTES: usize = 64 << 20;

/// The sources of the folders that origins name. What cannot be read is as if it were not there:
/// reports then give less advice.
pub(super) fn read(origins: &Origins) -> Code {
    let mut code = Code::default();
    let mut left = MOST_BYTES;
    for folder in Code::folders(origins).into_iter().take(MOST_FOLDERS) {
        let path = Path::new(&folder);
        // Of a build with -trimpath, it begins with an import path.
        let entries = std::fs::read_dir(path).ok().filter(|_| path.is_absolute());
        let mut files = Vec::new();
        for entry in entries.into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|extension| extension != "go") {
                continue;
            }
            let Ok(bytes) = read_regular(&path, LARGEST) else {
                continue;
            };
            left = left.saturating_sub(bytes.len());
            if left == 0 {
                return code;
            }
            let text = String::from_utf8_lossy(&bytes).into_owned();
            files.push((path.display().to_string(), text));
        }
        if !files.is_empty() {
            code.add(folder, files);
        }
    }
    code
}
