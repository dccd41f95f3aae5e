//! What every command that judges has in common: its flags, and the way from suites to a verdict.

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use clap::Args;
use jiff::civil::Date;

use super::limit::Limit;
use super::rendering::Rendering;
use super::{complain, config, judge_files};
use crate::baseline::{self, Baseline};
use crate::evidence::Evidence;
use crate::gotest::Accepted;
use crate::judge::{Judge, loosened};
use crate::policy::{self, Policy, PolicyErrors};
use crate::verdict::{FailOn, Verdict};

/// How to judge, and where to say what came of it.
#[derive(Debug, Args)]
pub(super) struct Gate {
    /// The policy file. Without this, the nearest leakgate.yml, .leakgate.yml or
    /// .github/leakgate.yml from here upward to the root of the repository; without one, no stack
    /// may grow.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    #[command(flatten)]
    files: BaselineFile,

    #[command(flatten)]
    pub(super) rendering: Rendering,

    /// Judge as on this day (UTC), as in 2027-03-31: exceptions expire by it. Otherwise today.
    #[arg(long, value_name = "DATE")]
    now: Option<Date>,

    #[command(flatten)]
    limit: Limit,
}

/// Which baseline, and how narrow it has to be.
#[derive(Debug, Args)]
struct BaselineFile {
    /// The baseline: what leaks already and is accepted. Without this, the nearest
    /// leakgate.baseline.yml or .github/leakgate.baseline.yml, looked for as the policy is.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,

    /// Judge as if there were no baseline.
    #[arg(long, conflicts_with = "baseline")]
    no_baseline: bool,

    /// The baseline of the base branch. Entries that are new, raised or extended since then come
    /// first in every report.
    #[arg(long, value_name = "FILE")]
    against_baseline: Option<PathBuf>,

    /// The policy of the base branch. What lets more pass since then comes first in every report.
    #[arg(long, value_name = "FILE")]
    against_policy: Option<PathBuf>,

    /// Also fail if the baseline has stale entries, whose leaks are gone.
    #[arg(long, conflicts_with = "no_baseline")]
    strict: bool,
}

/// By what is judged. It is read before anything is done.
#[derive(Debug)]
pub(super) struct Bar {
    pub(super) accepted: Accepted,
    /// The policy of the base branch.
    policy_before: Option<Policy>,
    /// The baseline of the base branch.
    baseline_before: Option<Baseline>,
}

/// What a file of another commit holds. One that is wrong there may be right here.
fn readable<T>(before: Result<T, PolicyErrors>) -> Option<T> {
    let wrong = |error: PolicyErrors| {
        complain(
            &anyhow!(error).context("what the base accepted cannot be read, and is not compared"),
        );
    };
    before.map_err(wrong).ok()
}

impl Gate {
    /// Reads the policy and the baseline, and those of the base branch, as far as they are given;
    /// `has_base` is whether these come later.
    pub(super) fn bar(&self, has_base: bool) -> anyhow::Result<Bar> {
        let BaselineFile {
            baseline,
            no_baseline,
            against_policy,
            against_baseline,
            ..
        } = &self.files;
        let knows_before = has_base || against_policy.is_some() || against_baseline.is_some();
        if self.rendering.fail_on() == FailOn::Loosened && !knows_before {
            bail!(
                "--fail-on loosened needs --against-baseline, --against-policy or `run --base`, to know what was accepted before"
            );
        }
        Ok(Bar {
            accepted: Accepted {
                policy: config::policy(self.policy.as_deref())?,
                baseline: if *no_baseline {
                    None
                } else {
                    config::baseline(baseline.as_deref())?
                },
                today: self.today(),
            },
            policy_before: match against_policy {
                Some(path) => Some(config::policy(Some(path))?),
                None => None,
            },
            baseline_before: match against_baseline {
                Some(path) => config::baseline_of_base(path)?,
                None => None,
            },
        })
    }

    /// Compares with the policy and the baseline of a commit, unless others were named. `file` gives
    /// the text of a file there, by its path here, or by the names that it may have.
    pub(super) fn compare_with(
        &self,
        bar: &mut Bar,
        file: impl Fn(Option<&Path>, &[&str]) -> Option<String>,
    ) {
        if bar.policy_before.is_none() {
            let named = self.policy.as_deref();
            let before = match file(named, &policy::FILE_NAMES) {
                Some(text) => Policy::parse(Path::new("the policy of the base"), &text),
                None => Ok(Policy::default()),
            };
            bar.policy_before = readable(before);
        }
        if bar.baseline_before.is_none() && bar.accepted.baseline.is_some() {
            let named = self.files.baseline.as_deref();
            let before = match file(named, &baseline::FILE_NAMES) {
                Some(text) => Baseline::parse(Path::new("the baseline of the base"), &text),
                None => Ok(Baseline::default()),
            };
            bar.baseline_before = readable(before);
        }
    }

    /// The day by which exceptions expire.
    fn today(&self) -> Date {
        self.now.unwrap_or_else(config::today)
    }

    /// The largest profile that is read, inflated, in bytes.
    pub(super) fn limit(&self) -> u64 {
        self.limit.bytes()
    }

    pub(super) fn judge(&self, bar: &Bar, evidence: Evidence) -> Verdict {
        let mut judge = Judge::new(&bar.accepted.policy, bar.accepted.today);
        if let Some(baseline) = &bar.accepted.baseline {
            judge = judge.with_baseline(baseline, self.files.strict);
        }
        judge = judge.with_loosened(loosened(
            (bar.policy_before.as_ref(), &bar.accepted.policy),
            (bar.baseline_before.as_ref(), bar.accepted.baseline.as_ref()),
        ));
        judge_files::verdict(&judge, evidence, self.limit())
    }
}
