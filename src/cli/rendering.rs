//! What every command that ends in reports has in common: which reports, and how.

use anstream::ColorChoice;
use clap::{Args, ValueEnum};

use super::Code;
use super::output::{self, Actions, Destination, Report, Style};
use crate::report::sources::Reported;
use crate::report::text::Detail;
use crate::verdict::{FailOn, Verdict};

/// What to say of what was found, and where.
#[derive(Debug, Clone, Args)]
pub(super) struct Rendering {
    /// Write a report: text, json, markdown, comment (markdown that is short enough for one),
    /// github, sarif, junit, gitlab, ndjson (a line a finding) or outputs (key=value lines for a CI
    /// step); repeatable. One without a path takes the place of the text. In GitHub Actions the
    /// text is `github`, which has annotations below it, unless `--report text` is given.
    #[arg(long = "report", value_name = "FORMAT[=PATH]", value_parser = Report::parse)]
    reports: Vec<Report>,

    /// Name of this run in reports. Comments and code scanning results are replaced by name, so
    /// give each job its own. Two files that `check` compares are a suite of this name.
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(super) suite: Option<String>,

    /// In GitHub Actions, do not write the summary of the job.
    #[arg(long)]
    no_summary: bool,

    /// What counts as a violation for the exit code.
    #[arg(long, value_name = "SEVERITY", value_enum, default_value_t = FailOnArg::Error)]
    fail_on: FailOnArg,

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

impl Rendering {
    /// Refuses reports that would run into each other or cannot be written, before anything is
    /// done.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        output::check_destinations(&self.reports)
    }

    /// What counts as a violation.
    pub(super) fn fail_on(&self) -> FailOn {
        self.fail_on.into()
    }

    /// Writes the reports; those without a path go to `destination`. `reported` is what reports that
    /// were read say of the repository.
    pub(super) fn write(
        &self,
        verdict: &Verdict,
        reported: Reported,
        destination: Destination,
    ) -> anyhow::Result<Code> {
        let fail_on = self.fail_on();
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
        let reports = &self.reports;
        output::write(reports, verdict, reported, style, destination, &actions)?;
        Ok(verdict.outcome(fail_on).into())
    }
}
