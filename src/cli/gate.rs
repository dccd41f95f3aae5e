//! What every command that ends in a verdict has in common: its flags, and the way from suites to
//! reports.

use std::path::{Path, PathBuf};

use anstream::ColorChoice;
use anyhow::{anyhow, bail};
use clap::{Args, ValueEnum};
use jiff::civil::Date;

use super::limit::Limit;
use super::output::{Actions, Destination, Report, Style};
use super::{Code, complain, config, judge_files, output};
use crate::baseline::{self, Baseline};
use crate::evidence::Evidence;
use crate::gotest::Accepted;
use crate::judge::{Judge, loosened};
use crate::policy::{self, Policy, PolicyErrors};
use crate::report::text::Detail;
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

    /// Write a report: text, json, markdown, comment (markdown that is short enough for one),
    /// github, sarif, junit, gitlab or outputs (key=value lines for a CI step); repeatable. One
    /// without a path takes the place of the text. In GitHub Actions the text is `github`, which
    /// has annotations below it, unless `--report text` is given.
    #[arg(long = "report", value_name = "FORMAT[=PATH]", value_parser = Report::parse)]
    reports: Vec<Report>,

    /// Name of this run in reports. Comments and code scanning results are replaced by name, so
    /// give each job its own. Two files that are compared are a suite of this name.
    #[arg(long, value_name = "NAME")]
    pub(super) suite: Option<String>,

    /// In GitHub Actions, do not write the summary of the job.
    #[arg(long)]
    no_summary: bool,

    /// What counts as a violation for the exit code.
    #[arg(long, value_name = "SEVERITY", value_enum, default_value_t = FailOnArg::Error)]
    fail_on: FailOnArg,

    /// Judge as on this day (UTC), as in 2027-03-31: exceptions expire by it. Otherwise today.
    #[arg(long, value_name = "DATE")]
    now: Option<Date>,

    #[command(flatten)]
    limit: Limit,

    /// Print the closing line only.
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,

    /// Print the whole stacks of findings, moved stacks frame by frame, and every exception with how
    /// much of it is used.
    #[arg(short, long)]
    verbose: bool,

    /// When to colour the text.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorArg::Auto)]
    color: ColorArg,
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

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FailOnArg {
    /// Violations of severity error.
    Error,
    /// Those of severity warning too.
    Warning,
    /// Violations of severity error, and a policy or a baseline that lets more pass than that of
    /// `--against-policy`, `--against-baseline` or `run --base`.
    Loosened,
    /// None: the report is still written, and missing evidence is still an error.
    Never,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ColorArg {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl From<FailOnArg> for FailOn {
    fn from(argument: FailOnArg) -> Self {
        match argument {
            FailOnArg::Error => FailOn::Error,
            FailOnArg::Warning => FailOn::Warning,
            FailOnArg::Loosened => FailOn::Loosened,
            FailOnArg::Never => FailOn::Never,
        }
    }
}

impl From<ColorArg> for ColorChoice {
    fn from(argument: ColorArg) -> Self {
        match argument {
            ColorArg::Auto => ColorChoice::Auto,
            ColorArg::Always => ColorChoice::AlwaysAnsi,
            ColorArg::Never => ColorChoice::Never,
        }
    }
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
    /// Refuses reports that would run into each other or cannot be written, before anything is
    /// done.
    pub(super) fn check_reports(&self) -> anyhow::Result<()> {
        output::check_destinations(&self.reports)
    }

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
        if matches!(self.fail_on, FailOnArg::Loosened) && !knows_before {
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
        let Evidence {
            suites,
            mut unchecked,
            command,
        } = evidence;
        let mut judged = Vec::new();
        for suite in judge_files::judge_all(&judge, suites, self.limit()) {
            match suite {
                Ok(suite) => judged.push(suite),
                Err(why) => unchecked.push(why),
            }
        }
        judge.verdict(judged, unchecked, command)
    }

    /// Writes the reports; the text goes to standard output.
    pub(super) fn report(&self, verdict: &Verdict) -> anyhow::Result<Code> {
        self.report_to(verdict, Destination::Output)
    }

    /// Writes the reports; those without a path go to `destination`.
    pub(super) fn report_to(
        &self,
        verdict: &Verdict,
        destination: Destination,
    ) -> anyhow::Result<Code> {
        let fail_on = self.fail_on.into();
        let detail = match (self.quiet, self.verbose) {
            (true, _) => Detail::Quiet,
            (_, true) => Detail::Verbose,
            _ => Detail::Normal,
        };
        let style = Style {
            fail_on,
            detail,
            color: self.color.into(),
            name: self.suite.as_deref(),
        };
        let actions = Actions::from_environment(!self.no_summary);
        output::write(&self.reports, verdict, style, destination, &actions)?;
        Ok(verdict.outcome(fail_on).into())
    }
}
