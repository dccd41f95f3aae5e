//! Hand-made profiles in files, and the binary on them.

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

/// Judges two hand-made profiles by the built-in policy.
pub(crate) fn check(before: Made, after: Made) -> (i32, serde_json::Value) {
    let directory = tempfile::tempdir().unwrap();
    let (before, after) = (
        before.write(&directory.path().join("before.pb")),
        after.write(&directory.path().join("after.pb")),
    );
    Leakgate::check().arg(before).arg(after).json()
}
