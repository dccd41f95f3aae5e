//! `leakgate policy`: what a policy may hold, and what the one in force holds.

mod cases;

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use jiff::civil::Date;

use super::output::Destination;
use super::rendering::ColorArg;
use super::{Code, complain, config, output};
use crate::baseline::{self, Baseline};
use crate::escape::terminal;
use crate::plural::plural;
use crate::policy::{self, Exception, Per, Policy as Rules, Rule};
use crate::report::review::{Review, review};

#[derive(Debug, Subcommand)]
pub(super) enum Policy {
    /// Print the JSON Schema of policy files, for editors and validators.
    Schema {
        /// That of baseline files instead.
        #[arg(long)]
        baseline: bool,

        /// That of files of cases instead, as `policy test` reads them.
        #[arg(long, conflicts_with = "baseline")]
        tests: bool,
    },
    /// Find what is wrong with the policy and the baseline beside it, without a profile: all errors at
    /// once; then rules and exceptions that are never reached or can match nothing, that accept too
    /// much, and that expire. Ends with 0 unless there is an error.
    #[command(after_help = CHECK_EXIT_CODES, after_long_help = CHECK_EXIT_CODES)]
    Check(Check),
    /// Judge the cases beside the policy: profiles, and what must be found in them. A proof that a
    /// rule still fails what it is there for, and that an exception matches only what it is meant for.
    Test(cases::Test),
    /// Show what is in force here: each rule and exception with the line it comes from, the built-in
    /// list with its reasons, and the baseline. What cannot be understood is an error.
    Show {
        /// The policy file. Without this, the one in force.
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
    },
}

const CHECK_EXIT_CODES: &str = "\
Exit codes:
  0  there is no error; with --strict no warning either
  1  there are warnings, and --strict is given
  2  wrong usage, or a policy or a baseline that cannot be understood";

/// What `policy check` takes.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The policy file. Without this, the one in force.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// The baseline. Without this, the one in force.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,

    /// Look at it as on this day (UTC), as in 2027-03-31. Otherwise today.
    #[arg(long, value_name = "DATE", visible_alias = "today")]
    now: Option<Date>,

    /// Also fail for warnings.
    #[arg(long)]
    strict: bool,

    /// When to colour the text.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorArg::Auto)]
    color: ColorArg,
}

impl Check {
    fn run(&self) -> anyhow::Result<Code> {
        let policy = config::policy(self.policy.as_deref());
        let baseline = config::baseline(self.baseline.as_deref());
        let (policy, baseline) = match (policy, baseline) {
            (Ok(policy), Ok(baseline)) => (policy, baseline),
            (Err(error), Err(more)) => {
                complain(&error);
                return Err(more);
            }
            (Err(error), _) | (_, Err(error)) => return Err(error),
        };
        let today = self.now.unwrap_or_else(config::today);
        let Review { text, warnings } = review(&policy, baseline.as_ref(), today, self.strict);
        output::print_coloured(&text, self.color.into(), Destination::Output)?;
        Ok(if self.strict && warnings > 0 {
            Code::Violated
        } else {
            Code::Pass
        })
    }
}

pub(super) fn run(command: &Policy) -> anyhow::Result<Code> {
    match command {
        Policy::Schema { baseline, tests } => {
            let schema = match (baseline, tests) {
                (true, _) => baseline::schema(),
                (_, true) => crate::cases::schema(),
                _ => policy::schema(),
            };
            let mut text = serde_json::to_string_pretty(&schema)
                .context("the schema cannot be written as JSON")?;
            text.push('\n');
            output::print(&text)?;
        }
        Policy::Check(check) => return check.run(),
        Policy::Test(test) => return test.run(),
        Policy::Show { policy } => {
            let policy = config::policy(policy.as_deref())?;
            let baseline = config::baseline(None)?;
            let lines: Vec<String> = show(&policy, baseline.as_ref())
                .lines()
                .map(|line| terminal(line).into_owned() + "\n")
                .collect();
            output::print(&lines.concat())?;
        }
    }
    Ok(Code::Pass)
}

/// What is in force, in the order in which it is asked: a line for each, and one with what it matches.
fn show(policy: &Rules, baseline: Option<&Baseline>) -> String {
    let mut out = String::new();
    let mut block = |head: &str, what: &str, more: &str| {
        let _ = writeln!(out, "{head:<9}{what}");
        if !more.is_empty() {
            let _ = writeln!(out, "         {more}");
        }
    };
    block("policy", &policy.name, "");
    for exception in &policy.exceptions {
        let (head, place) = match exception.line() {
            Some(line) => ("allow", format!("{}:{line}", policy.name)),
            None => ("built-in", exception.name.clone().unwrap_or_default()),
        };
        let more = format!("{}: {}", exception.matcher, exception.reason);
        block(head, &format!("{place}  {}", terms(exception)), &more);
    }
    for rule in policy.rules.iter().chain([&policy.default_rule]) {
        let place = match rule.line {
            Some(line) => format!("{}:{line}", policy.name),
            None => policy.name.clone(),
        };
        let what = format!("{place}  {}: {}", rule.name, says(rule));
        block("rule", &what, &rule.matcher.to_string());
    }
    if policy.gate_failed_tests {
        block("gate", "findings count although the command failed", "");
    }
    if let Some(baseline) = baseline {
        let goroutines = baseline.entries.iter().map(|entry| entry.max);
        let goroutines = goroutines.fold(0, i64::saturating_add);
        let entries = match baseline.entries.len() {
            1 => "1 entry".to_owned(),
            entries => format!("{entries} entries"),
        };
        let what = format!(
            "{}  {entries}, {}",
            baseline.name,
            plural(goroutines, "goroutine")
        );
        block("baseline", &what, "");
    }
    out
}

/// `1 goroutine until 2027-03-31 (@shop/platform)`
fn terms(exception: &Exception) -> String {
    let until = exception.expires.map(|day| format!(" until {day}"));
    let owner = exception.owner.as_ref().map(|owner| format!(" ({owner})"));
    let (until, owner) = (until.unwrap_or_default(), owner.unwrap_or_default());
    format!("{}{until}{owner}", exception.max)
}

/// `growth 5, count 500, per total, warning`
fn says(rule: &Rule) -> String {
    let per = match &rule.per {
        Per::Stack => String::new(),
        per => format!(", per {}", per.name()),
    };
    format!("{}{per}, {}", rule.limit, rule.severity.name())
}
