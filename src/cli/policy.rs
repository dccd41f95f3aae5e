//! `leakgate policy`: what a policy may hold, and what the one in force holds.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;

use super::{Code, config, output};
use crate::baseline::{self, Baseline};
use crate::escape::terminal;
use crate::plural::plural;
use crate::policy::{self, Exception, Per, Policy as Rules, Rule};

#[derive(Debug, Subcommand)]
pub(super) enum Policy {
    /// Print the JSON Schema of policy files, for editors and validators.
    Schema {
        /// That of baseline files instead.
        #[arg(long)]
        baseline: bool,
    },
    /// Show what is in force here: each rule and exception with the line it comes from, the built-in
    /// list with its reasons, and the baseline. What cannot be understood is an error.
    Show {
        /// The policy file. Without this, the one in force.
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
    },
}

pub(super) fn run(command: &Policy) -> anyhow::Result<Code> {
    match command {
        Policy::Schema { baseline } => {
            let schema = if *baseline {
                baseline::schema()
            } else {
                policy::schema()
            };
            let mut text = serde_json::to_string_pretty(&schema)
                .context("the schema cannot be written as JSON")?;
            text.push('\n');
            output::print(&text)?;
        }
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
