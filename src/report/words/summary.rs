//! What a glance should give.

use std::collections::BTreeSet;

use crate::plural::plural;
use crate::policy::Severity;
use crate::verdict::{CommandRun, FailOn, Finding, Outcome, Side, SkipReason, Skipped, Verdict};

/// What a report begins or ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Conclusion {
    Pass,
    Fail,
    Unchecked,
    /// The command failed, so that findings do not count.
    NotGated,
    /// There are findings, and nothing fails on any.
    FailsNever,
}

impl Conclusion {
    pub(in crate::report) fn of(verdict: &Verdict, fail_on: FailOn) -> Self {
        match verdict.outcome(fail_on) {
            _ if verdict.not_gated().is_some() => Self::NotGated,
            Outcome::Pass if fail_on == FailOn::Never && has_open(verdict) => Self::FailsNever,
            Outcome::Pass => Self::Pass,
            Outcome::Fail => Self::Fail,
            Outcome::NoEvidence => Self::Unchecked,
        }
    }

    /// The word for it.
    pub(in crate::report) fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Unchecked => "UNCHECKED",
            Self::NotGated => "NOT GATED",
            Self::FailsNever => "NOT GATED (--fail-on never)",
        }
    }
}

fn has_open(verdict: &Verdict) -> bool {
    verdict.findings.iter().any(Finding::is_open)
}

/// `3 violations (24 goroutines)`: the open findings of a severity, and by how many goroutines
/// their stacks grew.
fn counted(verdict: &Verdict, severity: Severity, noun: &str) -> String {
    let open = verdict.findings.iter();
    let open = open.filter(|finding| finding.is_open() && finding.rule.severity == severity);
    // A sum counts goroutines that have findings of their own.
    let of_stacks = open.filter(|finding| finding.stack().is_some());
    let goroutines = of_stacks
        .map(|finding| finding.growth().max(0))
        .fold(0_i64, i64::saturating_add);
    let findings = plural(verdict.count(severity) as u64, noun);
    match goroutines {
        0 => findings,
        goroutines => format!("{findings} ({})", plural(goroutines, "goroutine")),
    }
}

/// All that a glance should give: `1 violation (5 goroutines), 1 warning, 2 allowed, 812 stacks in
/// 41 suites`.
pub(in crate::report) fn summary(verdict: &Verdict) -> String {
    let mut parts = vec![counted(verdict, Severity::Error, "violation")];
    if verdict.count(Severity::Warning) > 0 {
        parts.push(counted(verdict, Severity::Warning, "warning"));
    }
    let covered = verdict
        .findings
        .iter()
        .filter(|finding| !finding.is_open())
        .count();
    let soon: Vec<i64> = verdict
        .allows
        .iter()
        .filter(|allow| allow.expires_soon())
        .filter_map(|allow| allow.days_left)
        .collect();
    match soon.iter().min() {
        Some(&days) => parts.push(format!(
            "{covered} allowed ({} to expire, the first in {})",
            soon.len(),
            plural(days, "day")
        )),
        None if covered > 0 => parts.push(format!("{covered} allowed")),
        None => {}
    }
    let totals = verdict.totals;
    let stacks = plural(totals.stacks, "stack");
    parts.push(match (totals.suites, verdict.unchecked.len()) {
        (1, 0) => format!(
            "{stacks}, {} before and {} after",
            plural(totals.before, "goroutine"),
            totals.after
        ),
        (suites, _) => format!("{stacks} in {}", plural(suites, "suite")),
    });
    if !verdict.unchecked.is_empty() {
        parts.push(format!(
            "{} unchecked",
            plural(verdict.unchecked.len() as u64, "suite")
        ));
    }
    if let Some(command) = &verdict.command {
        parts.extend(aside(command));
    }
    let why = verdict.not_gated().map(|failed| format!("{failed}: "));
    format!("{}{}", why.unwrap_or_default(), parts.join(", "))
}

/// What ran beside the suites.
fn aside(command: &CommandRun) -> impl Iterator<Item = String> {
    let CommandRun {
        without_tests,
        children,
        ..
    } = *command;
    let without =
        (without_tests > 0).then(|| format!("{} without tests", plural(without_tests, "package")));
    let children = (children > 0).then(|| match children {
        1 => "1 child process of a test not judged".to_owned(),
        children => format!("{children} child processes of tests not judged"),
    });
    without.into_iter().chain(children)
}

/// What built-in exceptions cover, in one line:
/// `4 goroutines by the built-in list: signal-loop, test-runner`.
pub(in crate::report) fn benign(findings: &[&Finding]) -> Option<String> {
    let names: BTreeSet<&str> = findings.iter().filter_map(|one| one.builtin()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let growth = findings.iter().map(|finding| finding.growth().max(0));
    let goroutines = growth.fold(0_i64, i64::saturating_add);
    (!names.is_empty()).then(|| {
        let goroutines = plural(goroutines, "goroutine");
        format!("{goroutines} by the built-in list: {}", names.join(", "))
    })
}

/// Why goroutines were left out, as the rest of a sentence.
pub(in crate::report) fn skip_reason(skipped: &Skipped) -> &'static str {
    match (skipped.reason, skipped.side) {
        (SkipReason::TookProfile, Side::Before) => "took the before profile",
        (SkipReason::TookProfile, Side::After) => "took the after profile",
        (SkipReason::NoFrame, Side::Before) => {
            "had no frame in the before profile: not yet run, or on its way out"
        }
        (SkipReason::NoFrame, Side::After) => {
            "had no frame in the after profile: not yet run, or on its way out"
        }
    }
}

/// Goroutines that were left out, summed by the reason: `2 had no frame in the after profile`.
/// Those that took a profile, which every profile has, only where `all` are asked for.
pub(in crate::report) fn left_out(verdict: &Verdict, all: bool) -> Vec<String> {
    let mut by_reason: Vec<(&str, i64)> = Vec::new();
    let skipped = verdict.skipped.iter();
    for skipped in skipped.filter(|one| all || one.reason != SkipReason::TookProfile) {
        let why = skip_reason(skipped);
        match by_reason.iter_mut().find(|(reason, _)| *reason == why) {
            Some((_, sum)) => *sum += skipped.count,
            None => by_reason.push((why, skipped.count)),
        }
    }
    let counted = by_reason.iter();
    counted
        .map(|(why, count)| format!("{count} {why}"))
        .collect()
}
