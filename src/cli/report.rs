//! `leakgate report`: the reports of several runs as one, in any format.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;

use super::Code;
use super::accept::LARGEST_REPORT;
use super::output::Destination;
use super::rendering::Rendering;
use crate::files::read_regular;
use crate::report::json::{self, Read};
use crate::report::sources::Reported;
use crate::verdict::{SameShard, merge};

#[derive(Debug, Args)]
pub(super) struct Report {
    /// Reports that `--report json=FILE` wrote, one for each run. In the result a run is called what
    /// its `--suite` said, or else like its file without `.json`. The result of this command, as JSON,
    /// can be put together with more.
    #[arg(required = true, value_name = "REPORT.json")]
    paths: Vec<PathBuf>,

    /// How many runs there have to be. With fewer, what is missing is unchecked: a job that ended early
    /// has written no report.
    #[arg(long, value_name = "N")]
    expect: Option<NonZeroUsize>,

    #[command(flatten)]
    rendering: Rendering,
}

pub(super) fn run(report: &Report) -> anyhow::Result<Code> {
    let mut rendering = report.rendering.clone();
    rendering.check()?;
    refuse_repeated(&report.paths)?;
    let (mut verdicts, mut reported) = (Vec::new(), Reported::default());
    for path in &report.paths {
        let read = read(path)?;
        reported.add(read.reported);
        if report.paths.len() == 1 && rendering.suite.is_none() {
            rendering.suite.clone_from(&read.name);
        }
        let name = read.name.unwrap_or_else(|| stem(path));
        verdicts.push((Arc::from(name), read.verdict));
    }
    let verdict = merge(verdicts).map_err(|SameShard { shard, at }| {
        let [one, other] = at.map(|at| report.paths[at].display());
        anyhow::anyhow!(
            "{one} and {other} are both of a run called {shard}: give each run a name of its own with --suite, or each file"
        )
    })?;
    let verdict = match report.expect {
        Some(runs) => verdict.expecting(runs.get()),
        None => verdict,
    };
    rendering.write(&verdict, reported, Destination::Output)
}

/// Refuses a file that is given twice: its findings would count twice.
fn refuse_repeated(paths: &[PathBuf]) -> anyhow::Result<()> {
    let mut known: BTreeMap<PathBuf, &Path> = BTreeMap::new();
    for path in paths {
        let canonical = path.canonicalize().unwrap_or_else(|_| path.clone());
        if let Some(earlier) = known.insert(canonical, path) {
            let (earlier, path) = (earlier.display(), path.display());
            if earlier.to_string() == path.to_string() {
                bail!("{path} is given twice: give each report once");
            }
            bail!("{earlier} and {path} are one file: give each report once");
        }
    }
    Ok(())
}

/// Reads a JSON report.
///
/// # Errors
/// A file that cannot be read, or that is no report which this leakgate knows.
pub(super) fn read(path: &Path) -> anyhow::Result<Read> {
    let place = || format!("the report {} cannot be read", path.display());
    let bytes = read_regular(path, LARGEST_REPORT).with_context(place)?;
    json::read(&bytes).with_context(place)
}

/// Input: `reports/linux.json`
/// Output: `linux`
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.strip_suffix(".json").unwrap_or(&name).to_owned()
}
