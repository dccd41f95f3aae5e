//! Finds test binaries that ran without the shim: built by another Go than the one that the overlay
//! was made for, or under another overlay.
//!
//! The go command starts every test binary through a program of ours (`-exec`), which notes its
//! process id and becomes it. A process that was noted and left no folder was not captured.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::notes::{make_folder, read_json};
use super::record::GoTestRun;
use super::{Variables, godebug};
use crate::files::write_whole;

/// The folder of the notes, in the directory that is captured into.
pub(super) const FOLDER: &str = "started";

/// A program that the go command started.
#[derive(Debug, Serialize, Deserialize)]
struct Started {
    program: String,
    directory: String,
    /// The go command that started it.
    parent: u32,
}

/// Behind the process id in the name of the note: the process got as far as package testing.
const BEGUN: &str = ".begun";

/// Notes that a test binary is about to be started in this process, and gives up in silence where
/// it cannot: the program comes first. Gives the variables that the test binary needs.
pub fn note(program: &OsStr, arguments: &[OsString]) -> Variables {
    // `go run` starts its programs in the same way; this flag is one that `go test` always passes.
    if !arguments
        .iter()
        .any(|argument| argument == "-test.paniconexit0")
    {
        return Variables::new();
    }
    let Some(directory) = std::env::var_os("LEAKGATE_DIR") else {
        return Variables::new();
    };
    // What a test starts is that test's business.
    if std::env::var_os("LEAKGATE_PARENT").is_some() {
        return Variables::new();
    }
    let folder = PathBuf::from(directory).join(FOLDER);
    let here = std::env::current_dir().unwrap_or_default();
    let started = Started {
        program: program.to_string_lossy().into_owned(),
        directory: here.display().to_string(),
        parent: parent(),
    };
    let path = folder.join(std::process::id().to_string());
    let (Ok(()), Ok(text)) = (make_folder(&folder), serde_json::to_string(&started)) else {
        return Variables::new();
    };
    match write_whole(&path, text.as_bytes()) {
        // Only a process that is noted puts GODEBUG back.
        Ok(()) => godebug::of_test_binary(arguments),
        Err(_) => Variables::new(),
    }
}

/// The process that started this one; 0 where that is not to be had.
fn parent() -> u32 {
    #[cfg(unix)]
    return std::os::unix::process::parent_id();
    #[cfg(not(unix))]
    0
}

/// Whether this process was started by a test binary, or by what a test binary started. Known on
/// Linux only.
pub(super) fn is_below_a_test(directory: &Path) -> bool {
    let folder = directory.join(FOLDER);
    let mut process = Some(parent());
    // No chain is longer; a process that ends meanwhile leaves its children to another one.
    for _ in 0..64 {
        let Some(parent) = process.filter(|process| *process > 1) else {
            return false;
        };
        if folder.join(parent.to_string()).exists() {
            return true;
        }
        process = parent_of(parent);
    }
    false
}

/// Input: `4321 (go (x)) S 1234 ...`, of `/proc/4321/stat` (`proc_pid_stat(5)`)
/// Output: 1234
fn parent_of(process: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(1)?.parse().ok()
}

/// Test binaries that a `go test` started and that are of none of the packages which leakgate read
/// off its arguments: so others may be missing that it does not know of.
pub(super) fn unexpected(directory: &Path, go_tests: &[GoTestRun]) -> Vec<(String, String)> {
    // The same folder may have two names.
    let canonical = |directory: &str| {
        let path = PathBuf::from(directory);
        path.canonicalize().unwrap_or(path)
    };
    let mut unexpected = Vec::new();
    for (_, started) in started(directory) {
        let Ok(started) = started else { continue };
        // Process ids come again, so there may be several.
        let commands = go_tests.iter().filter(|one| one.process == started.parent);
        let commands: Vec<&GoTestRun> = commands.collect();
        let here = canonical(&started.directory);
        let expects = |command: &&GoTestRun| {
            let mut packages = command.packages.iter().filter(|package| package.has_tests);
            command.unlisted.is_some()
                || packages.any(|package| canonical(&package.directory) == here)
        };
        if !commands.is_empty() && !commands.iter().any(expects) {
            let why = format!(
                "go test tested the package in {}, which leakgate did not expect from its arguments, so others may be missing \
                 unseen. Name the packages before any flag of your tests' own, or separate these by -args.",
                started.directory
            );
            unexpected.push((started.directory, why));
        }
    }
    unexpected.sort();
    unexpected.dedup();
    unexpected
}

/// The notes, by process id; where one is not understood, its path.
fn started(directory: &Path) -> Vec<(u32, Result<Started, PathBuf>)> {
    let entries = fs::read_dir(directory.join(FOLDER)).into_iter().flatten();
    let notes = entries.flatten().filter_map(|entry| {
        let process = entry.file_name().to_string_lossy().parse::<u32>().ok()?;
        let note = read_json::<Started>(&entry.path()).ok().flatten();
        Some((process, note.ok_or_else(|| entry.path())))
    });
    notes.collect()
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
    for (process, started) in started(directory) {
        if captured.contains(&process) {
            continue;
        }
        let started = match started {
            Ok(started) => started,
            Err(path) => {
                missed.push(Missed {
                    program: format!("process {process}"),
                    directory: path.display().to_string(),
                    why: "this file should describe a test binary and cannot be read",
                });
                continue;
            }
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
            directory: started.directory,
            why,
        });
    }
    missed.sort();
    missed
}
