//! A `go` that stands before the real one on the PATH of a command that is not `go test` itself.
//!
//! A Makefile may give its `go test` a GOFLAGS of its own, and a script may test several modules that ask for several
//! versions of Go. So each `go test` is made to capture where it is run, is noted with what it tests, and the
//! process becomes the real go command. Every other go command passes through.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::command::{GoTest, Package};
use super::toolchain::Toolchain;
use super::{Signals, Variables, variables};

/// Names the folder that holds it.
pub(super) const VARIABLE: &str = "LEAKGATE_GO";

/// Where each `go test` is noted, in the directory that is captured into.
const FOLDER: &str = "commands";

/// A `go test` that was run.
#[derive(Debug, Serialize, Deserialize)]
struct Noted {
    /// Where.
    directory: PathBuf,
    /// What it said of packages, and the go command; none where it is not known.
    go_test: Option<GoTest>,
    /// The GOFLAGS that it got.
    goflags: Option<String>,
    /// Why its test binaries do not capture.
    problem: Option<String>,
    /// Why those that are built otherwise would not be noticed.
    unguarded: Option<String>,
}

/// What is known of all of them.
#[derive(Debug, Default)]
pub(super) struct Commands {
    pub(super) packages: BTreeSet<Package>,
    /// Where, and why its test binaries do not capture.
    pub(super) problems: Vec<(String, String)>,
    /// Why test binaries that are built otherwise go unnoticed.
    pub(super) unguarded: BTreeSet<String>,
}

/// Makes a folder with a `go` in it that is this program; `None` where that is not to be had.
pub(super) fn folder(signals: &Signals) -> Option<TempDir> {
    let leakgate = std::env::current_exe().ok()?;
    let folder = signals.temporary_directory("leakgate-go-").ok()?;
    link(&leakgate, &folder.path().join("go")).ok()?;
    Some(folder)
}

#[cfg(unix)]
fn link(target: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

/// Elsewhere a process cannot become another.
#[cfg(not(unix))]
fn link(_target: &Path, _link: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// The go command that a process should have been.
#[derive(Debug)]
pub struct Go {
    /// Its path.
    pub program: PathBuf,
    /// Those that the process was started with.
    pub arguments: Vec<OsString>,
    /// What it needs beside the environment.
    pub variables: Variables,
}

/// The real go command, when this program was started as `go` in its place.
///
/// # Errors
/// No go command on the PATH but this one.
pub fn called_as_go() -> anyhow::Result<Option<Go>> {
    let Some(folder) = std::env::var_os(VARIABLE) else {
        return Ok(None);
    };
    let mut arguments = std::env::args_os();
    let program = arguments.next().unwrap_or_default();
    if Path::new(&program).file_name() != Some(OsStr::new("go")) {
        return Ok(None);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let go = std::env::split_paths(&path)
        .filter(|entry| entry.as_os_str() != folder)
        .map(|entry| entry.join("go"))
        .find(|go| go.is_file())
        .context("no go command is on the PATH")?;
    let arguments: Vec<OsString> = arguments.collect();
    Ok(Some(Go {
        variables: prepare(&go, &arguments).unwrap_or_default(),
        program: go,
        arguments,
    }))
}

/// Makes a `go test` capture and notes it; `None` for any other command, and for what tests run themselves.
fn prepare(go: &Path, arguments: &[OsString]) -> Option<Variables> {
    let directory = PathBuf::from(std::env::var_os("LEAKGATE_DIR")?);
    if std::env::var_os("LEAKGATE_PARENT").is_some() {
        return None;
    }
    let command: Vec<OsString> = std::iter::once(go.into())
        .chain(arguments.iter().cloned())
        .collect();
    let mut noted = Noted {
        directory: std::env::current_dir().unwrap_or_default(),
        go_test: None,
        goflags: None,
        problem: None,
        unguarded: None,
    };
    let prepared = GoTest::read(&command).and_then(|go_test| {
        let Some(go_test) = go_test else {
            return Ok(None);
        };
        let toolchain = Toolchain::ask(go.as_os_str(), go_test.directory.as_deref())?;
        let goflags = toolchain.goflags()?;
        noted.go_test = Some(go_test);
        noted.goflags = Some(goflags.text.clone());
        noted.unguarded = goflags.unguarded.map(str::to_owned);
        variables(&toolchain, goflags.text).map(Some)
    });
    let variables = prepared.unwrap_or_else(|problem| {
        noted.problem = Some(format!("{problem:#}"));
        Some(Vec::new())
    })?;
    note(&directory.join(FOLDER), &noted);
    Some(variables)
}

/// Gives up in silence where it cannot: the command comes first, and test binaries that capture nothing are noticed.
fn note(folder: &Path, noted: &Noted) {
    let path = folder.join(format!("{}-{}.json", std::process::id(), super::this_run()));
    if let (Ok(()), Ok(text)) = (fs::create_dir_all(folder), serde_json::to_string(noted)) {
        let _ = fs::write(path, text);
    }
}

/// Reads what was noted, and lists the packages.
pub(super) fn commands(directory: &Path) -> Commands {
    let entries = fs::read_dir(directory.join(FOLDER))
        .into_iter()
        .flatten()
        .flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    let mut commands = Commands::default();
    for path in paths {
        let text = fs::read_to_string(path).unwrap_or_default();
        let Ok(noted) = serde_json::from_str::<Noted>(&text) else {
            continue;
        };
        if let Some(problem) = noted.problem {
            let place = format!("go test in {}", noted.directory.display());
            commands.problems.push((place, problem));
        }
        commands.unguarded.extend(noted.unguarded);
        if let Some(go_test) = noted.go_test {
            let packages = go_test.packages_of(&noted.directory, noted.goflags.as_deref());
            commands.packages.extend(packages);
        }
    }
    commands
}
