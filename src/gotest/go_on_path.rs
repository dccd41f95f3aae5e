//! A `go` that comes before the real one on the PATH of a command that is not `go test` itself.
//!
//! A Makefile may give its `go test` a GOFLAGS of its own, and a script may test several modules
//! that ask for several versions of Go. So each `go test` is made to capture where it is run, is
//! noted with what it tests, and the process becomes the real go command. Every other go command
//! passes through.
//!
//! What it has to know is in its folder, not in the environment, which a script may empty.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::command::{GoTest, is_go};
use super::notes::{make_folder, read_json};
use super::record::GoTestRun;
use super::signals::{Signals, TemporaryFolder};
use super::started;
use super::toolchain::Toolchain;
use super::{Capturing, Variables, flags, godebug, variables};
use crate::files::write_whole;

/// Names the process, and the go command that it became.
const TRIED: &str = "LEAKGATE_GO_TRIED";

/// Where each `go test` is noted, in the directory that is captured into.
const FOLDER: &str = "commands";

/// The file in the folder of the stand-in that says what to do.
const ORDERS: &str = "leakgate.json";

/// Variables by which a script decides how its tests are built and run; GOFLAGS is treated separately.
const OF_BUILDS: [&str; 7] = [
    "CGO_ENABLED",
    "GOARCH",
    "GODEBUG",
    "GOEXPERIMENT",
    "GOOS",
    "GOTOOLCHAIN",
    "GOWORK",
];

/// What the stand-in has to know.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Orders {
    /// How test binaries capture.
    capturing: Capturing,
    /// [`OF_BUILDS`] as they were when leakgate was started: what a script changes has to be said when its tests are run
    /// again.
    environment: Vec<(String, Option<String>)>,
    /// The flags that the go command took from GOFLAGS then, wherever that is set.
    goflags: String,
    /// The PATH then: a script may call this go by its path, with a PATH that has none.
    path: Option<OsString>,
}

impl Orders {
    pub(super) fn new(capturing: &Capturing, toolchain: &Toolchain) -> Self {
        let value = |name: &&str| ((*name).to_owned(), std::env::var(name).ok());
        Self {
            capturing: capturing.clone(),
            environment: OF_BUILDS.iter().map(value).collect(),
            goflags: flags::without_ours(toolchain.flags_of_user()),
            path: std::env::var_os("PATH"),
        }
    }

    fn read(folder: &Path) -> Option<Self> {
        read_json(&folder.join(ORDERS)).ok().flatten()
    }

    /// GOFLAGS as a script has set it, without what leakgate adds; `None` where it is as it was.
    fn changed_goflags(&self) -> Option<String> {
        let is = flags::without_ours(&std::env::var("GOFLAGS").ok()?);
        let was = self.capturing.goflags.as_deref().unwrap_or_default();
        (is != self.goflags && is != flags::without_ours(was)).then_some(is)
    }

    /// The variables that are not as they were when leakgate was started, but for what it set
    /// itself.
    fn changed(&self) -> Vec<(String, String)> {
        let mut changed = Vec::new();
        for (name, was) in &self.environment {
            let is = std::env::var(name).unwrap_or_default();
            if name == "GODEBUG" && godebug::is_ours(&is, was.as_deref().unwrap_or_default()) {
                continue;
            }
            if is != was.as_deref().unwrap_or_default() {
                changed.push((name.clone(), is));
            }
        }
        let goflags = self.changed_goflags();
        changed.extend(goflags.map(|goflags| ("GOFLAGS".to_owned(), goflags)));
        changed
    }
}

/// A `go test` that was run.
#[derive(Debug, Serialize, Deserialize)]
struct Noted {
    /// Where.
    directory: PathBuf,
    /// The process that became the go command.
    process: u32,
    /// What it said of packages, and the go command; none where it is not known.
    go_test: Option<GoTest>,
    /// Variables that differ from those of leakgate.
    environment: Vec<(String, String)>,
    /// Why its test binaries do not capture.
    problem: Option<String>,
    /// Why those that are built otherwise would not be noticed.
    unguarded: Option<String>,
}

/// What is known of all of them.
#[derive(Debug, Default)]
pub(super) struct Commands {
    pub(super) go_tests: Vec<GoTestRun>,
    /// Where, and why its test binaries do not capture.
    pub(super) problems: Vec<(String, String)>,
    /// Why test binaries that are built otherwise go unnoticed.
    pub(super) unguarded: BTreeSet<String>,
}

/// Makes a folder with a `go` in it that is this program; `None` where that is not to be had.
pub(super) fn folder(signals: &Signals, orders: &Orders) -> Option<TemporaryFolder> {
    let leakgate = std::env::current_exe().ok()?;
    let folder = signals.temporary_folder("leakgate-go-").ok()?;
    let text = serde_json::to_string(orders).ok()?;
    write_whole(&folder.path().join(ORDERS), text.as_bytes()).ok()?;
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
            // Scripts look for it beside the go command.
            let _ = link(&go.with_file_name("gofmt"), &folder.path().join("gofmt"));
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
    let mut arguments = std::env::args_os();
    let called = PathBuf::from(arguments.next().unwrap_or_default());
    let Some(name) = called.file_name().filter(|_| is_go(&called)) else {
        return Ok(None);
    };
    let leakgate = std::env::current_exe()?.canonicalize()?;
    let is_stand_in = |folder: &Path| {
        let go = folder.join(name).canonicalize();
        go.is_ok_and(|go| go == leakgate)
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let (ours, entries): (Vec<PathBuf>, Vec<PathBuf>) =
        std::env::split_paths(&path).partition(|entry| is_stand_in(entry));
    let folder = called.parent().filter(|folder| is_stand_in(folder));
    let folder = folder.or(ours.first().map(PathBuf::as_path));
    let orders = folder.and_then(Orders::read);
    let first_path = orders.as_ref().and_then(|orders| orders.path.as_ref());
    let first_path = first_path.into_iter().flat_map(std::env::split_paths);
    let first_path: Vec<PathBuf> = first_path.filter(|entry| !is_stand_in(entry)).collect();
    let all = [&entries, &first_path].map(|entries| {
        let gos = entries.iter().map(|entry| entry.join(name));
        gos.filter(|go| is_executable(go)).collect::<Vec<_>>()
    });
    let mut gos = all.into_iter().find(|gos| !gos.is_empty());
    let mut gos = gos.iter_mut().flatten();
    // What this process was before came back: it looks for a go command on the PATH itself, and
    // means the next one.
    let earlier = std::env::var(TRIED).unwrap_or_default();
    let earlier = earlier.strip_prefix(&tried(Path::new("")));
    if let Some(earlier) = earlier {
        gos.find(|go| go.as_os_str() == earlier);
    }
    let program = gos
        .next()
        .with_context(|| format!("no other {} is on the PATH", name.display()))?
        .clone();
    let arguments: Vec<OsString> = arguments.collect();
    let mut variables = match (earlier, orders) {
        (None, Some(orders)) => prepare(&orders, &program, &arguments).unwrap_or_default(),
        _ => Variables::new(),
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

/// Whether a shell would start it.
fn is_executable(path: &Path) -> bool {
    let Ok(file) = path.metadata() else {
        return false;
    };
    #[cfg(unix)]
    let may_run = std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    let may_run = true;
    file.is_file() && may_run
}

fn is_script(program: &Path) -> bool {
    let mut start = [0; 2];
    let read = fs::File::open(program).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == *b"#!"
}

/// Makes a `go test` capture and notes it, and keeps the overlay from any other command; `None` for
/// what tests run themselves.
fn prepare(orders: &Orders, go: &Path, arguments: &[OsString]) -> Option<Variables> {
    // A run inside this one has a directory of its own.
    let capturing = Capturing::from_environment();
    let is_emptied = capturing.is_none();
    let capturing = capturing.unwrap_or_else(|| orders.capturing.clone());
    let directory = capturing.directory.clone();
    if std::env::var_os("LEAKGATE_PARENT").is_some()
        || (is_emptied && started::is_below_a_test(&directory))
        || !directory.is_dir()
    {
        return None;
    }
    let command: Vec<OsString> = std::iter::once(go.into())
        .chain(arguments.iter().cloned())
        .collect();
    let mut noted = Noted {
        directory: std::env::current_dir().unwrap_or_default(),
        process: std::process::id(),
        go_test: None,
        environment: orders.changed(),
        problem: None,
        unguarded: None,
    };
    let goflags = orders.changed_goflags().or(capturing.goflags.clone());
    let capturing = Capturing {
        goflags: goflags.clone(),
        ..capturing
    };
    let prepared = GoTest::read(&command).and_then(|go_test| {
        if go_test.is_none() && !starts_programs(arguments) {
            return Ok(None);
        }
        let directory = go_test.as_ref().and_then(|one| one.directory.as_deref());
        let toolchain = Toolchain::ask(go.as_os_str(), directory, &[])?;
        let goflags = toolchain.goflags(true)?;
        if let Some(go_test) = go_test {
            noted.unguarded = go_test.unguarded(&goflags).map(str::to_owned);
            noted.go_test = Some(go_test);
        }
        let mut variables = variables(&toolchain, goflags.text, std::env::var(godebug::NAME).ok())?;
        variables.extend(capturing.variables());
        Ok(Some(variables))
    });
    let variables = match prepared {
        Ok(Some(variables)) => variables,
        // What other commands build is the user's.
        Ok(None) => return Some(vec![("GOFLAGS", goflags.map(OsString::from))]),
        Err(problem) => {
            noted.problem = Some(format!("{problem:#}"));
            Variables::new()
        }
    };
    if noted.go_test.is_some() || noted.problem.is_some() {
        note(&directory.join(FOLDER), &noted);
    }
    Some(variables)
}

/// Whether a go command starts programs that may run `go test` themselves. Since Go 1.24 these find
/// the real go command first on their PATH, so what makes tests capture has to come by GOFLAGS.
fn starts_programs(arguments: &[OsString]) -> bool {
    let mut words = arguments.iter().filter_map(|argument| argument.to_str());
    let first = match words.next() {
        Some("-C") => words.nth(1),
        Some(flag) if flag.starts_with("-C=") => words.next(),
        first => first,
    };
    matches!(first, Some("run" | "tool" | "generate"))
}

/// Gives up in silence where it cannot: the command comes first, and test binaries that capture
/// nothing are noticed.
fn note(folder: &Path, noted: &Noted) {
    let path = folder.join(format!("{}-{}.json", noted.process, super::this_run()));
    if let (Ok(()), Ok(text)) = (make_folder(folder), serde_json::to_string(noted)) {
        let _ = write_whole(&path, text.as_bytes());
    }
}

/// Reads what was noted, and lists the packages.
pub(super) fn commands(directory: &Path) -> Commands {
    let entries = fs::read_dir(directory.join(FOLDER))
        .into_iter()
        .flatten()
        .flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension() == Some(OsStr::new("json")));
    paths.sort();
    let mut commands = Commands::default();
    for path in paths {
        let Ok(Some(noted)) = read_json::<Noted>(&path) else {
            let problem = "this file should describe a go test command and cannot be read";
            commands
                .problems
                .push((path.display().to_string(), problem.into()));
            continue;
        };
        if let Some(problem) = noted.problem {
            let place = format!("go test in {}", noted.directory.display());
            commands.problems.push((place, problem));
        }
        if let Some(go_test) = noted.go_test {
            let packages = go_test.packages_of(&noted.directory, &noted.environment);
            if let (Err(why), Some(_)) = (&packages, &noted.unguarded) {
                let place = format!("go test in {}", noted.directory.display());
                commands
                    .problems
                    .push((place, format!("its packages cannot be listed: {why}")));
            }
            commands.go_tests.push(GoTestRun::new(
                noted.process,
                noted.directory,
                noted.environment,
                packages,
                go_test,
            ));
        }
        commands.unguarded.extend(noted.unguarded);
    }
    commands
}
