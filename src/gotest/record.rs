//! `run.json`: what leakgate knows of the command, kept beside what its test binaries wrote, so
//! that whoever reads the directory later judges it alike.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::command::{GoTest, Package};
use super::notes::read_json;
use crate::evidence::Rerun;
use crate::files::write_whole;

pub(super) const FILE: &str = "run.json";

const SCHEMA: &str = "leakgate.run/2";

/// The command, as far as it is known.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    schema: String,
    /// The command and its arguments.
    pub(super) command: Vec<String>,
    /// Where leakgate was started.
    pub(super) directory: PathBuf,
    /// `None` while it runs.
    pub(super) ended: Option<Ended>,
    /// Its `go test` commands.
    pub(super) go_tests: Vec<GoTestRun>,
    /// Go tests that are not captured, and why.
    pub(super) problems: Vec<(String, String)>,
    /// What else a reader of the report should know.
    pub(super) notes: Vec<String>,
}

/// A `go test` that was run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct GoTestRun {
    /// The process id of the go command.
    pub(super) process: u32,
    /// Where it was run.
    pub(super) directory: PathBuf,
    /// Variables of the environment that its script has set: they decide what is built.
    pub(super) environment: Vec<(String, String)>,
    /// The packages that it names, or that are in its directory.
    pub(super) packages: Vec<Package>,
    /// Why the go command could not list them, if so.
    pub(super) unlisted: Option<String>,
    /// The command itself.
    pub(super) go_test: GoTest,
}

impl GoTestRun {
    pub(super) fn new(
        process: u32,
        directory: PathBuf,
        environment: Vec<(String, String)>,
        packages: Result<BTreeSet<Package>, String>,
        go_test: GoTest,
    ) -> Self {
        let (packages, unlisted) = match packages {
            Ok(packages) => (packages.into_iter().collect(), None),
            Err(why) => (Vec::new(), Some(why)),
        };
        Self {
            process,
            directory,
            environment,
            packages,
            unlisted,
            go_test,
        }
    }
}

/// How the command ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Ended {
    /// What a shell would give for it: its exit code, or 128 and the number of the signal that
    /// ended it.
    pub(super) code: u8,
    /// How it failed, for a person; `None` when it succeeded.
    pub(super) failed: Option<String>,
}

impl From<ExitStatus> for Ended {
    fn from(status: ExitStatus) -> Self {
        let how = || match status.code() {
            Some(code) => format!("the command ended with exit code {code}"),
            None => format!("the command was ended by a signal ({status})"),
        };
        Self {
            code: shell_code(status),
            failed: (!status.success()).then(how),
        }
    }
}

/// What a shell gives for the end of a command: its exit code, or 128 and the number of the signal
/// that ended it.
pub fn shell_code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal: Option<i32> = None;
    let code = status.code().or(signal.map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

impl Record {
    /// For a command that runs in `directory`, or in the current one.
    pub(super) fn new(
        command: Vec<String>,
        directory: Option<&Path>,
        problem: Option<String>,
        notes: Vec<String>,
    ) -> Self {
        let problem = problem.map(|problem| (command.join(" "), problem));
        Self {
            schema: SCHEMA.into(),
            command,
            directory: directory.map_or_else(
                || std::env::current_dir().unwrap_or_default(),
                Path::to_owned,
            ),
            ended: None,
            go_tests: Vec::new(),
            problems: problem.into_iter().collect(),
            notes,
        }
    }

    pub(super) fn write(&self, directory: &Path) -> anyhow::Result<()> {
        let path = directory.join(FILE);
        let text = serde_json::to_string_pretty(self)?;
        write_whole(&path, (text + "\n").as_bytes())
            .with_context(|| format!("{} cannot be written", path.display()))
    }

    /// How a package's tests are run again: as the first command did that named it. A package
    /// without an import path is known by its directory.
    pub(super) fn rerun(&self, import_path: &str, directory: &str) -> Option<Rerun> {
        let has = |go_test: &&GoTestRun| {
            let mut packages = go_test.packages.iter();
            packages.any(|package| match import_path {
                "" => package.directory == directory,
                path => package.import_path == path,
            })
        };
        let GoTestRun {
            directory,
            environment,
            go_test,
            ..
        } = self.go_tests.iter().find(has)?;
        let below = directory.strip_prefix(&self.directory).unwrap_or(directory);
        Some(Rerun {
            directory: (*directory != self.directory).then(|| below.display().to_string()),
            environment: environment.clone(),
            command: go_test.again(),
            packages: match import_path {
                "" => go_test.packages.clone(),
                path => vec![path.to_owned()],
            },
            arguments: go_test.arguments.clone(),
        })
    }

    /// `None` where no `leakgate run` has written; or what is wrong with what it has written.
    pub(super) fn read(directory: &Path) -> Result<Option<Self>, String> {
        let record = read_json::<Self>(&directory.join(FILE));
        let Some(record) = record.map_err(|why| format!("its {FILE} {why}"))? else {
            return Ok(None);
        };
        if record.schema == SCHEMA {
            Ok(Some(record))
        } else {
            Err(format!(
                "its {FILE} is of the form {:?}, which this release does not know",
                record.schema
            ))
        }
    }
}
