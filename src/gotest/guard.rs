//! Telling of test binaries that ran and were not built with the shim: by another Go than the one that
//! the overlay was made for, or under another overlay.
//!
//! The go command starts every test binary through a program of ours (`-exec`), which notes its process id and becomes it.
//! A process that was noted and left no folder was not captured.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::notes::{make_folder, read_json, write_whole};

/// The folder of the notes, in the directory that is captured into.
pub(super) const FOLDER: &str = "started";

/// The hidden command that starts a test binary.
pub const COMMAND: &str = "start-test-binary";

/// A program that the go command started.
#[derive(Debug, Serialize, Deserialize)]
struct Started {
    program: String,
    directory: String,
}

/// Behind the process id in the name of the note: the process got as far as package testing.
const BEGUN: &str = ".begun";

/// The flag for GOFLAGS; `None` when the path of leakgate cannot be written there, or no process can become another.
pub(super) fn flag() -> Option<String> {
    let leakgate = std::env::current_exe().ok().filter(|_| cfg!(unix))?;
    let leakgate = fs::canonicalize(leakgate).ok()?;
    let path = leakgate.to_str()?;
    // It is split like GOFLAGS once more, inside the quotes that it gets there.
    if path.contains(['\'', '"']) {
        return None;
    }
    Some(format!("-exec='{path}' {COMMAND} --"))
}

/// Notes that a test binary is about to be started in this process, and gives up in silence where it cannot: the program
/// comes first.
pub fn note(program: &OsStr, arguments: &[OsString]) {
    // `go run` starts its programs in the same way; this flag is one that `go test` always passes.
    if !arguments
        .iter()
        .any(|argument| argument == "-test.paniconexit0")
    {
        return;
    }
    let Some(directory) = std::env::var_os("LEAKGATE_DIR") else {
        return;
    };
    // What a test starts is that test's business.
    if std::env::var_os("LEAKGATE_PARENT").is_some() {
        return;
    }
    let folder = PathBuf::from(directory).join(FOLDER);
    let here = std::env::current_dir().unwrap_or_default();
    let started = Started {
        program: program.to_string_lossy().into_owned(),
        directory: here.display().to_string(),
    };
    let path = folder.join(std::process::id().to_string());
    if let (Ok(()), Ok(text)) = (make_folder(&folder), serde_json::to_string(&started)) {
        let _ = write_whole(&path, &text);
    }
}

/// A test binary that was noted and is not among the processes that captured.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Missed {
    /// Where it ran: the directory of its package.
    pub(super) directory: String,
    /// The name of its file.
    pub(super) program: String,
    /// Why it is unchecked.
    pub(super) why: &'static str,
}

/// Test binaries that were noted and are not among the processes that captured.
pub(super) fn missed(directory: &Path, captured: &BTreeSet<u32>) -> Vec<Missed> {
    let mut missed = Vec::new();
    let folder = directory.join(FOLDER);
    for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
        let Ok(process) = entry.file_name().to_string_lossy().parse::<u32>() else {
            continue;
        };
        if captured.contains(&process) {
            continue;
        }
        let Ok(Some(started)) = read_json::<Started>(&entry.path()) else {
            missed.push(Missed {
                program: format!("process {process}"),
                directory: entry.path().display().to_string(),
                why: "this file should tell of a test binary, and is not understood",
            });
            continue;
        };
        let name = started
            .program
            .rsplit(['/', '\\'])
            .next()
            .unwrap_or_default();
        let why = if folder.join(format!("{process}{BEGUN}")).exists() {
            "this test binary ended before its tests began: a panic or an exit in a package variable or an init function, or \
             a main function of its own"
        } else {
            "this test binary ran and was not captured: it was built under another -overlay, by another Go than the one \
             that is used where leakgate was started, or with package testing itself covered (-coverpkg=all)"
        };
        missed.push(Missed {
            program: name.to_owned(),
            directory: started.directory.clone(),
            why,
        });
    }
    missed.sort();
    missed
}
