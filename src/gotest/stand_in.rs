//! A `go` that stands before the real one on the PATH of a command that is not `go test` itself.
//!
//! A Makefile may give its `go test` a GOFLAGS of its own, and a script may test several modules that ask for several
//! versions of Go. So each `go test` is made to capture where it is run, is noted with what it tests, and the
//! process becomes the real go command. Every other go command passes through.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::command::{GoTest, Package, is_go};
use super::notes::{make_folder, read_json, write_whole};
use super::toolchain::Toolchain;
use super::{Signals, Variables, variables};

/// Names the folder that holds it.
pub(super) const VARIABLE: &str = "LEAKGATE_GO";

/// Names the process, and the go command that it became.
const TRIED: &str = "LEAKGATE_GO_TRIED";

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
    pub(super) packages: Vec<Package>,
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
    // Those that name their version are installed beside it.
    let path = std::env::var_os("PATH").unwrap_or_default();
    for entry in std::env::split_paths(&path).filter_map(|entry| fs::read_dir(entry).ok()) {
        for go in entry
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| is_go(path))
        {
            // The same name may be in several folders.
            let _ = link(
                &leakgate,
                &folder.path().join(go.file_name().unwrap_or_default()),
            );
        }
    }
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
    let called = PathBuf::from(arguments.next().unwrap_or_default());
    let Some(name) = called.file_name().filter(|_| is_go(&called)) else {
        return Ok(None);
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let entries: Vec<PathBuf> = std::env::split_paths(&path)
        .filter(|entry| entry.as_os_str() != folder)
        .collect();
    let mut gos = entries
        .iter()
        .map(|entry| entry.join(name))
        .filter(|go| go.is_file());
    // What this process was before came back: it looks for a go command on the PATH itself, and means the next one.
    let earlier = std::env::var(TRIED).unwrap_or_default();
    let earlier = earlier.strip_prefix(&tried(Path::new("")));
    if let Some(earlier) = earlier {
        gos.find(|go| go.as_os_str() == earlier);
    }
    let program = gos
        .next()
        .with_context(|| format!("no other {} is on the PATH", name.display()))?;
    let arguments: Vec<OsString> = arguments.collect();
    let mut variables = match earlier {
        None => prepare(&program, &arguments).unwrap_or_default(),
        Some(_) => Variables::new(),
    };
    variables.push((TRIED, Some(tried(&program).into())));
    if is_script(&program) && !variables.iter().any(|(name, _)| *name == "PATH") {
        // It may start the next one on the PATH in a process of its own.
        variables.push(("PATH", Some(std::env::join_paths(entries)?)));
    }
    Ok(Some(Go {
        program,
        arguments,
        variables,
    }))
}

/// Says which go command this process became.
fn tried(go: &Path) -> String {
    format!("{} {}", std::process::id(), go.display())
}

fn is_script(program: &Path) -> bool {
    let mut start = [0; 2];
    let read = fs::File::open(program).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == *b"#!"
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
        noted.unguarded = go_test.unguarded(&goflags).map(str::to_owned);
        noted.go_test = Some(go_test);
        noted.goflags = Some(goflags.text.clone());
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
    if let (Ok(()), Ok(text)) = (make_folder(folder), serde_json::to_string(noted)) {
        let _ = write_whole(&path, &text);
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
        let Ok(Some(noted)) = read_json::<Noted>(&path) else {
            let problem = "this file should tell of a go test command, and is not understood";
            commands
                .problems
                .push((path.display().to_string(), problem.into()));
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
