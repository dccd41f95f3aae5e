//! Capturing around `go test` without a change to anybody's code.
//!
//! The go command builds every test binary against its own packages testing and runtime/pprof. By
//! an overlay, handed over in GOFLAGS, it reads copies of some of their files instead, with a few
//! calls put in and the code behind them, `shim.go`, which takes the snapshots and labels each
//! test's goroutines with its name. So whatever runs `go test` underneath is covered, and neither
//! the user's files nor their build flags change.
//!
//! Each test binary writes a folder of its own; [`collect()`] reads them once the command has
//! ended, and reports every process that was started, also one that did not live to write its
//! last profile, and of one that was built without the overlay.

mod child;
mod collect;
mod command;
mod confirmed;
mod exec_flag;
mod flags;
mod go_on_path;
mod godebug;
mod notes;
mod overlay;
mod planted;
mod quiet;
mod record;
mod signals;
mod started;
mod toolchain;
mod unfinished;

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

pub use collect::{Collected, collect};
use command::GoTest;
pub use confirmed::keep_confirmed;
pub use exec_flag::COMMAND as START_COMMAND;
use go_on_path::Orders;
pub use go_on_path::{Go, called_as_go};
pub use overlay::UnknownGo;
pub use planted::Planted;
pub use quiet::Accepted;
pub use record::shell_code;
use record::{Ended, GoTestRun, Record};
pub use signals::{Signals, TemporaryFolder};
pub use started::note as note_start;
use toolchain::{NoGo, Toolchain};

/// Variables of the environment: a value, or none for one that is taken out.
pub type Variables = Vec<(&'static str, Option<OsString>)>;

/// What a test binary has to know to capture. It is passed on in variables of the environment.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Capturing {
    /// The folder that it writes into.
    directory: PathBuf,
    /// How long it may wait for goroutines to end.
    settle_ms: String,
    /// A value that no other run has: what a test binary read of it keeps its result from being
    /// taken from the cache.
    run: String,
    /// GOFLAGS without leakgate, for what tests and others build; `None` where it is not set.
    goflags: Option<String>,
    /// Whether it notes by which calls goroutines were started.
    origin: bool,
}

impl Capturing {
    const DIRECTORY: &str = "LEAKGATE_DIR";
    const SETTLE: &str = "LEAKGATE_SETTLE_MS";
    const RUN: &str = "LEAKGATE_RUN";
    const GOFLAGS: &str = "LEAKGATE_GOFLAGS";
    const ORIGIN: &str = "LEAKGATE_ORIGIN";

    fn from_environment() -> Option<Self> {
        Some(Self {
            directory: std::env::var_os(Self::DIRECTORY)?.into(),
            settle_ms: std::env::var(Self::SETTLE).ok()?,
            run: std::env::var(Self::RUN).ok()?,
            goflags: std::env::var(Self::GOFLAGS).ok(),
            origin: std::env::var_os(Self::ORIGIN).is_some(),
        })
    }

    fn variables(&self) -> [(&'static str, Option<OsString>); 5] {
        [
            (Self::DIRECTORY, Some(self.directory.clone().into())),
            (Self::SETTLE, Some(self.settle_ms.clone().into())),
            (Self::RUN, Some(self.run.clone().into())),
            (Self::GOFLAGS, self.goflags.clone().map(OsString::from)),
            (Self::ORIGIN, self.origin.then(|| "1".into())),
        ]
    }
}

/// How test binaries capture.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Where the command runs; `None` for the current directory.
    pub directory: Option<&'a Path>,
    /// Whether flags in GOFLAGS that write files are in force: the files of a run are not those of a
    /// later one.
    pub writes: bool,
    /// Variables that are set for it, beside those of this process.
    pub environment: &'a [(String, String)],
    /// How long one may wait for its goroutines to end.
    pub settle: Duration,
    /// Whether it notes by which calls those that stay were started.
    pub origin: bool,
}

impl Options<'_> {
    /// A variable as the command will find it.
    fn variable(&self, name: &str) -> Option<String> {
        let given = self
            .environment
            .iter()
            .rev()
            .find(|(given, _)| given == name);
        let given = given.map(|(_, value)| value.clone());
        given.or_else(|| std::env::var(name).ok())
    }
}

/// What a command needs so that its test binaries capture.
#[derive(Debug)]
pub struct Prepared {
    /// Where the command runs; `None` for the current directory.
    directory: Option<PathBuf>,
    /// The command itself, where it is `go test`.
    go_test: Option<GoTest>,
    /// What is set for it besides.
    given: Vec<(String, String)>,
    environment: Variables,
    record: Record,
    /// Holds the go command that is found before the real one.
    _go_on_path: Option<TemporaryFolder>,
}

impl Prepared {
    /// Makes the go commands that a command runs capture into `directory`. Test binaries do not
    /// wait for goroutines that are accepted.
    ///
    /// # Errors
    /// A Go that is missing or not known (see [`UnknownGo`]), or flags that leave no room for an
    /// overlay.
    pub fn new(
        command: &[OsString],
        directory: &Path,
        options: Options,
        accepted: &Accepted,
        signals: &Signals,
    ) -> anyhow::Result<Self> {
        let go_test = GoTest::read(command)?;
        let (go, of) = match &go_test {
            Some(go_test) => (command[0].as_os_str(), go_test.directory.as_deref()),
            None => (OsStr::new("go"), None),
        };
        let of = match (options.directory, of) {
            (Some(here), of) => Some(here.join(of.unwrap_or(Path::new("")))),
            (None, of) => of.map(Path::to_owned),
        };
        let toolchain = Toolchain::ask(go, of.as_deref(), options.environment)?;
        let goflags = toolchain.goflags(options.writes)?;
        fs::write(directory.join(quiet::FILE), quiet::list(accepted))
            .with_context(|| format!("{} cannot be written to", directory.display()))?;
        let unguarded = match &go_test {
            Some(go_test) => go_test.unguarded(&goflags),
            None => goflags.unguarded,
        };
        let notes = unguarded.map(unnoticed).into_iter().collect();
        let capturing = Capturing {
            directory: directory.to_owned(),
            settle_ms: options.settle.as_millis().to_string(),
            run: this_run(),
            goflags: options.variable("GOFLAGS"),
            origin: options.origin,
        };
        let of_user = options.variable(godebug::NAME);
        let mut environment = variables(&toolchain, goflags.text, of_user)?;
        environment.extend(capturing.variables());
        environment.extend([("LEAKGATE_PARENT", None), ("LEAKGATE_SUITE", None)]);
        let go_folder = match go_test {
            None => go_on_path::folder(signals, &Orders::new(&capturing, &toolchain)),
            Some(_) => None,
        };
        if let Some(folder) = &go_folder {
            put_first(folder.path(), &mut environment)?;
        }
        Ok(Self {
            directory: options.directory.map(Path::to_owned),
            go_test,
            given: options.environment.to_vec(),
            environment,
            record: Record::new(words(command), options.directory, None, notes),
            _go_on_path: go_folder,
        })
    }

    /// A command whose go commands are left alone, because of a problem, which is reported. Where there
    /// is no go command, there are no tests of it either.
    pub fn nothing(command: &[OsString], problem: &anyhow::Error) -> Self {
        let note = format!("go tests in it are not captured: {problem:#}");
        let (problem, notes) = if problem.is::<NoGo>() {
            (None, vec![note])
        } else {
            (Some(note), Vec::new())
        };
        Self {
            directory: None,
            go_test: None,
            given: Vec::new(),
            environment: Variables::new(),
            record: Record::new(words(command), None, problem, notes),
            _go_on_path: None,
        }
    }

    /// Keeps a variable of the environment from the command.
    #[must_use]
    pub fn without(mut self, variable: &'static str) -> Self {
        self.environment.push((variable, None));
        self
    }

    /// Runs the command. With a `log` it reads nothing, and prints into that file. [`collect()`] then reads what its test binaries left in `directory`, and
    /// how the command ended.
    ///
    /// # Errors
    /// A command that cannot be started, or a directory that cannot be written to before it is.
    pub fn run(
        mut self,
        command: &[OsString],
        log: Option<&File>,
        directory: &Path,
        signals: &mut Signals,
    ) -> anyhow::Result<ExitStatus> {
        self.record.write(directory)?;
        let (ended, packages) = std::thread::scope(|scope| {
            // Listing takes a moment of its own, while the command builds.
            let (go_test, given) = (self.go_test.as_ref(), &self.given);
            let here = self.directory.as_deref().unwrap_or(Path::new(""));
            let listing =
                scope.spawn(move || go_test.map(|go_test| go_test.packages_of(here, given)));
            let given = self.given.iter();
            let given = given.map(|(name, value)| (&**name, Some(value.into())));
            let variables: Vec<(&str, Option<OsString>)> =
                given.chain(self.environment.iter().cloned()).collect();
            let ended = child::run(command, &variables, self.directory.as_deref(), log, signals);
            (ended, listing.join().unwrap_or_default())
        });
        let (process, status) = ended?;
        self.record.ended = Some(Ended::from(status));
        let here = self.record.directory.clone();
        let go_test = self.go_test.zip(packages);
        self.record
            .go_tests
            .extend(go_test.map(|(go_test, packages)| {
                GoTestRun::new(process, here, self.given, packages, go_test)
            }));
        let commands = go_on_path::commands(directory);
        // Inside another run, the go command of that one notes the command too.
        let others = commands.go_tests.into_iter();
        let others = others.filter(|other| other.process != process);
        self.record.go_tests.extend(others);
        self.record.problems.extend(commands.problems);
        let unexpected = started::unexpected(directory, &self.record.go_tests);
        self.record.problems.extend(unexpected);
        let unnoticed = commands.unguarded.iter().map(|why| unnoticed(why));
        self.record.notes.extend(unnoticed);
        // Where the command has removed the folder, whoever reads it reports that.
        let _ = self.record.write(directory);
        Ok(status)
    }
}

/// The command for some packages only, where it is `go test`: without what it writes into files.
/// Others are as they are.
///
/// # Errors
/// Those of [`Prepared::new`].
pub fn narrowed(command: &[OsString], packages: &[&str]) -> anyhow::Result<Vec<OsString>> {
    let go_test = GoTest::read(command)?;
    let narrowed = go_test.map(|go_test| go_test.narrowed(packages));
    Ok(narrowed.map_or_else(
        || command.to_vec(),
        |words| words.into_iter().map(OsString::from).collect(),
    ))
}

/// Where the sources of all packages lie that the go tests of a run were built from, as far as
/// they are no toolchain's: each `go test` that left its record in `directory` is asked.
///
/// # Errors
/// A record that cannot be read, or a go command that cannot say.
pub fn folders_of_sources(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let record = Record::read(directory).map_err(anyhow::Error::msg)?;
    let go_tests = record.into_iter().flat_map(|record| record.go_tests);
    let mut folders = Vec::new();
    for run in go_tests {
        let listed = run.go_test.folders(&run.directory, &run.environment);
        folders.extend(listed.map_err(anyhow::Error::msg)?);
    }
    Ok(folders)
}

fn words(command: &[OsString]) -> Vec<String> {
    command
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect()
}

fn unnoticed(why: &str) -> String {
    format!("test binaries that are built without leakgate's overlay go unnoticed: {why}")
}

/// What makes the test binaries that a toolchain builds capture; `godebug` is what the user has for
/// them.
fn variables(
    toolchain: &Toolchain,
    goflags: String,
    godebug: Option<String>,
) -> anyhow::Result<Variables> {
    let mut variables = toolchain.variables()?;
    variables.push(("GOFLAGS", Some(goflags.into())));
    variables.extend(godebug::variables(godebug));
    Ok(variables)
}

/// Puts a folder first on the PATH.
fn put_first(folder: &Path, variables: &mut Variables) -> anyhow::Result<()> {
    let of_toolchain = variables.iter().position(|(name, _)| *name == "PATH");
    let path = of_toolchain.and_then(|index| variables.swap_remove(index).1);
    let path = path
        .or_else(|| std::env::var_os("PATH"))
        .unwrap_or_default();
    let first = std::iter::once(folder.to_owned());
    let path =
        std::env::join_paths(first.chain(std::env::split_paths(&path))).with_context(|| {
            format!(
                "{} cannot be on the PATH: set TMPDIR to a folder without a colon in its path",
                folder.display()
            )
        })?;
    variables.push(("PATH", Some(path)));
    Ok(())
}

/// A value that no other run has.
fn this_run() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    format!(
        "{}-{}",
        std::process::id(),
        now.unwrap_or_default().as_nanos()
    )
}
