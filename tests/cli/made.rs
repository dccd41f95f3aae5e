//! Running the binary on hand-made profiles.

#[path = "../made/profile.rs"]
mod profile;

use std::path::{Path, PathBuf};

pub(crate) use profile::{Made, message, numbers};

use crate::support::Leakgate;

impl Made {
    pub(crate) fn write(self, path: &Path) -> PathBuf {
        std::fs::write(path, self.encode()).unwrap();
        path.to_owned()
    }
}

/// `leakgate check` in a directory, with two hand-made profiles that are written there.
pub(crate) fn check_in(directory: &Path, before: Made, after: Made) -> Leakgate {
    Leakgate::check()
        .dir(directory)
        .arg(before.write(&directory.join("before.pb")))
        .arg(after.write(&directory.join("after.pb")))
}

/// Judges two hand-made profiles by the built-in policy.
pub(crate) fn check(before: Made, after: Made) -> (i32, serde_json::Value) {
    let directory = tempfile::tempdir().unwrap();
    check_in(directory.path(), before, after).json()
}
