//! `run.json`: what leakgate knows of the command, kept beside what its test binaries wrote, so that whoever reads the
//! directory later judges it alike.

use std::path::Path;
use std::process::ExitStatus;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::command::Package;
use super::notes::{read_json, write_whole};

pub(super) const FILE: &str = "run.json";

const SCHEMA: &str = "leakgate.run/1";

/// The command, as far as it is known.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    schema: String,
    /// The command and its arguments.
    pub(super) command: Vec<String>,
    /// `None` while it runs.
    pub(super) ended: Option<Ended>,
    /// The packages that its `go test` commands name, each as often as it is named.
    pub(super) packages: Vec<Package>,
    /// Go tests that are not captured, and why.
    pub(super) problems: Vec<(String, String)>,
    /// What else a reader of the report should know.
    pub(super) notes: Vec<String>,
}

/// How the command ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Ended {
    /// `None` when it succeeded.
    pub(super) failed: Option<String>,
}

impl From<ExitStatus> for Ended {
    fn from(status: ExitStatus) -> Self {
        let how = || match status.code() {
            Some(code) => format!("the command ended with exit code {code}"),
            None => format!("the command was ended by a signal ({status})"),
        };
        Self {
            failed: (!status.success()).then(how),
        }
    }
}

impl Record {
    pub(super) fn new(command: Vec<String>, problem: Option<String>, notes: Vec<String>) -> Self {
        let problem = problem.map(|problem| (command.join(" "), problem));
        Self {
            schema: SCHEMA.into(),
            command,
            ended: None,
            packages: Vec::new(),
            problems: problem.into_iter().collect(),
            notes,
        }
    }

    pub(super) fn write(&self, directory: &Path) -> anyhow::Result<()> {
        let path = directory.join(FILE);
        let text = serde_json::to_string_pretty(self)?;
        write_whole(&path, &(text + "\n"))
            .with_context(|| format!("{} cannot be written", path.display()))
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
