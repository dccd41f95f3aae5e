//! Capturing around `go test` without a change to anybody's code.
//!
//! The go command builds every test binary against its own package testing. By an overlay, handed over in GOFLAGS, it
//! reads copies of some files of that package instead, with a few calls put in and the code behind them, `shim.go`, which
//! takes the snapshots and labels each test's goroutines with its name. So whatever runs `go test` underneath is covered, and
//! neither the user's files nor their build flags change.
//!
//! Each test binary writes a folder of its own; [`collect()`] reads them once the command has ended, and tells of every
//! process that was started, also of one that did not live to write its last profile, and of one that was built without
//! the overlay.

mod child;
mod collect;
mod command;
mod flags;
mod guard;
mod overlay;
mod signals;
mod toolchain;

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::Context as _;

pub use collect::{Collected, collect};
use command::{GoTest, Package};
pub use guard::{COMMAND as START_COMMAND, note as note_start};
pub use overlay::UnknownGo;
pub use signals::Signals;
use toolchain::Toolchain;

/// Goroutines that are accepted anyway, so that no test binary waits for them to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quiet {
    /// How many more than before.
    pub max: i64,
    /// Patterns for the entry function, any of which will do; empty for any function.
    pub root: Vec<String>,
    /// The same for any function of the stack.
    pub any: Vec<String>,
    /// Patterns for functions that must not be in the stack.
    pub without: Vec<String>,
}

/// What came of a command.
#[derive(Debug)]
pub struct Ran {
    /// How it ended.
    pub status: ExitStatus,
    /// What its test binaries left.
    pub collected: Collected,
    /// Packages of the command that have no test files.
    pub packages_without_tests: BTreeSet<String>,
}

/// What a command is told so that its test binaries capture.
#[derive(Debug)]
pub struct Prepared {
    /// The command itself, where it is `go test`.
    go_test: Option<GoTest>,
    environment: Vec<(&'static str, Option<OsString>)>,
}

impl Prepared {
    /// Makes the go commands that a command runs capture into `directory`.
    ///
    /// # Errors
    /// A Go that is missing or not known (see [`UnknownGo`]), or flags that leave no room for an overlay.
    pub fn new(
        command: &[OsString],
        directory: &Path,
        settle: Duration,
        quiet: &[Quiet],
    ) -> anyhow::Result<Self> {
        let go_test = GoTest::read(command)?;
        let (go, of) = match &go_test {
            Some(go_test) => (command[0].as_os_str(), go_test.directory.as_deref()),
            None => (OsStr::new("go"), None),
        };
        let toolchain = Toolchain::ask(go, of)?;
        let goflags = toolchain.goflags()?;
        let quiet: Vec<String> = quiet.iter().map(Quiet::line).collect();
        fs::write(directory.join("quiet"), quiet.join("\n") + "\n")
            .with_context(|| format!("{} cannot be written to", directory.display()))?;
        let godebug = godebug(std::env::var("GODEBUG").ok().as_deref());
        let variables = toolchain.variables()?.into_iter();
        let mut environment: Vec<_> = variables.map(|(name, value)| (name, Some(value))).collect();
        environment.extend([
            ("GOFLAGS", Some(goflags.into())),
            ("GODEBUG", Some(godebug.into())),
            ("LEAKGATE_DIR", Some(directory.into())),
            (
                "LEAKGATE_SETTLE_MS",
                Some(settle.as_millis().to_string().into()),
            ),
            ("LEAKGATE_PARENT", None),
            ("LEAKGATE_RUN", Some(this_run().into())),
        ]);
        Ok(Self {
            go_test,
            environment,
        })
    }

    /// A command whose go commands are left alone.
    pub fn nothing() -> Self {
        Self {
            go_test: None,
            environment: Vec::new(),
        }
    }

    /// Keeps a variable of the environment from the command.
    #[must_use]
    pub fn without(mut self, variable: &'static str) -> Self {
        self.environment.push((variable, None));
        self
    }

    /// Runs the command, and reads what its test binaries left in `directory`.
    ///
    /// # Errors
    /// A command that cannot be started.
    pub fn run(
        &self,
        command: &[OsString],
        directory: &Path,
        signals: &mut Signals,
    ) -> anyhow::Result<Ran> {
        let (status, packages) = std::thread::scope(|scope| {
            // Listing takes a moment of its own, while the command builds.
            let go_test = self.go_test.as_ref();
            let listing = scope.spawn(move || go_test.map(GoTest::packages).unwrap_or_default());
            let status = child::run(command, &self.environment, signals);
            (status, listing.join().unwrap_or_default())
        });
        let status = status?;
        let mut collected = collect(directory)
            .with_context(|| format!("{} cannot be listed", directory.display()))?;
        let mut packages_without_tests = BTreeSet::new();
        for Package {
            import_path,
            has_tests,
        } in packages
        {
            if !has_tests {
                packages_without_tests.insert(import_path);
            } else if !collected.has_started(&import_path) {
                let why = if status.success() {
                    "no test binary of it was seen, though the command succeeded: did it run elsewhere, or with another Go?"
                } else {
                    "no test binary of it ran: its build failed, or the command ended before"
                };
                collected.found.incomplete.push((import_path, why.into()));
            }
        }
        Ok(Ran {
            status,
            collected,
            packages_without_tests,
        })
    }
}

/// A value that no other run has: what a test binary read of it keeps its result from being taken from the cache.
fn this_run() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    format!(
        "{}-{}",
        std::process::id(),
        now.unwrap_or_default().as_nanos()
    )
}

/// GODEBUG with deep stacks asked for, so that they keep their root, and without labels in tracebacks, which Go 1.27 would
/// show the tests; what the user says of either stays.
fn godebug(of_user: Option<&str>) -> String {
    let mut settings: Vec<&str> = of_user.into_iter().filter(|set| !set.is_empty()).collect();
    for (name, setting) in [
        ("profstackdepth=", "profstackdepth=1024"),
        ("tracebacklabels=", "tracebacklabels=0"),
    ] {
        if !of_user.unwrap_or_default().contains(name) {
            settings.push(setting);
        }
    }
    settings.join(",")
}

impl Quiet {
    /// As the shim reads it.
    fn line(&self) -> String {
        let fields = [&self.root, &self.any, &self.without].map(|patterns| patterns.join("|"));
        format!("{}\t{}", self.max, fields.join("\t"))
    }
}
