//! What a glance should give.

use std::collections::BTreeSet;

use super::again::quote;
use crate::evidence::SuiteName;
use crate::plural::plural;
use crate::policy::Severity;
use crate::report::Subject;
use crate::verdict::{
    Baseline, CommandRun, Disposition, FailOn, Finding, Outcome, Side, SkipReason, Skipped, Suite,
    Verdict,
};

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
            Outcome::Fail => Self::Fail,
            _ if verdict.not_gated().is_some() => Self::NotGated,
            Outcome::Pass if fail_on == FailOn::Never && has_open(verdict) => Self::FailsNever,
            Outcome::Pass => Self::Pass,
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

/// All that a glance should give: `1 violation (5 goroutines), 1 warning, 2 allowed, 41 of 42 test
/// packages checked`, or with a baseline `13 findings in 2 of 30 test packages; 1 new (3 goroutines), 12
/// accepted (3 expire within 14 days), 30 of 30 test packages checked`.
pub(in crate::report) fn summary(verdict: &Verdict, fail_on: FailOn) -> String {
    let mut parts = vec![match verdict.baseline {
        Some(_) => new(verdict),
        None => counted(verdict, Severity::Error, "violation"),
    }];
    if verdict.count(Severity::Warning) > 0 {
        parts.push(counted(verdict, Severity::Warning, "warning"));
    }
    parts.extend(verdict.baseline.as_ref().map(|one| accepted(verdict, one)));
    parts.extend(allowed(verdict));
    let totals = verdict.totals;
    let is_one = totals.suites == 1 && verdict.unchecked.is_empty() && verdict.shards.is_empty();
    parts.push(if is_one && verdict.baseline.is_none() {
        format!(
            "{}, {} before and {} after",
            plural(totals.stacks, "stack"),
            plural(totals.before, "goroutine"),
            totals.after
        )
    } else {
        checked(verdict)
    });
    if let Some(command) = &verdict.command {
        parts.extend(aside(command));
    }
    if let loosened @ 1.. = verdict.loosened.len() {
        parts.push(format!("{loosened} loosened"));
    }
    let mut why = verdict.not_gated();
    if verdict.outcome(fail_on) == Outcome::Fail {
        // Of a shard, while others fail the whole.
        parts.extend(why.take().map(|failed| format!("not gated {failed}")));
    }
    let why = why.map_or_else(String::new, |failed| format!("{failed}: "));
    let whole = whole(verdict, fail_on).unwrap_or_default();
    format!("{why}{whole}{}", parts.join(", "))
}

/// What counts beside what a baseline accepts: `1 new (3 goroutines)`.
fn new(verdict: &Verdict) -> String {
    let open = verdict.findings.iter();
    let is_known = |one: &Finding| {
        let exception = one.disposition.exception();
        matches!(one.disposition, Disposition::Expired(_))
            && exception.is_some_and(|one| one.is_of_baseline())
    };
    let open =
        open.filter(|one| one.is_open() && one.rule.severity == Severity::Error && !is_known(one));
    let of_stacks = open.clone().filter(|finding| finding.stack().is_some());
    let goroutines = of_stacks.map(|finding| finding.unaccepted().max(0));
    let goroutines = goroutines.fold(0_i64, i64::saturating_add);
    let left_out = verdict.left_out.open(Severity::Error);
    match (open.count().saturating_add(left_out), goroutines) {
        (findings, 0) => format!("{findings} new"),
        (findings, goroutines) => format!("{findings} new ({})", plural(goroutines, "goroutine")),
    }
}

/// `64 of 64 test packages checked`.
fn checked(verdict: &Verdict) -> String {
    let unchecked: BTreeSet<&SuiteName> = verdict.unchecked.iter().map(|one| &one.suite).collect();
    let suites: BTreeSet<&SuiteName> = verdict.suites.iter().map(|one| &one.name).collect();
    let all = suites.union(&unchecked).count() as u64;
    let checked = suites.difference(&unchecked).count();
    let (all, shards) = (plural(all, noun(verdict)), of_shards(verdict));
    format!("{checked} of {all}{shards} checked")
}

/// ` of 4 shards`, where there are several.
fn of_shards(verdict: &Verdict) -> String {
    match verdict.shards.len() as u64 {
        0 => String::new(),
        shards => format!(" of {}", plural(shards, "shard")),
    }
}

/// What a suite is called.
fn noun(verdict: &Verdict) -> &'static str {
    let is_test = |suite: &Suite| suite.run.is_some();
    if verdict.command.is_some() && verdict.suites.iter().all(is_test) {
        "test package"
    } else {
        "suite"
    }
}

/// What there is with what is accepted: `13 findings in 2 of 30 test packages; `. And what a baseline has
/// that nothing needs, where that fails the build.
fn whole(verdict: &Verdict, fail_on: FailOn) -> Option<String> {
    let baseline = verdict.baseline.as_ref()?;
    let found = verdict.findings.iter();
    let found = found.filter(|one| one.is_open() || one.accepted().is_some());
    let suites: BTreeSet<_> = found.clone().map(|one| &one.suite).collect();
    let findings = plural(found.count() as u64, "finding");
    let all = plural(verdict.totals.suites, noun(verdict));
    let whole = format!("{findings} in {} of {all}; ", suites.len());
    Some(match baseline.stale().count() {
        stale @ 1.. if verdict.is_too_wide(fail_on) => {
            let what = match stale {
                1 => "1 stale entry in the baseline".to_owned(),
                stale => format!("{stale} stale entries in the baseline"),
            };
            format!("{what} (--strict); {whole}")
        }
        _ => whole,
    })
}

/// Findings that the baseline covers, and how many of its entries end soon.
fn accepted(verdict: &Verdict, baseline: &Baseline) -> String {
    let accepted = verdict.accepted_count();
    let entries = || baseline.entries.iter();
    let expired = entries().filter(|one| one.is_expired() && one.matched.unwrap_or(0) > 0);
    let soon = entries().filter(|one| one.expires_soon());
    let says = match (expired.count(), soon.count()) {
        (0, 0) => String::new(),
        (0, 1) => " (1 expires within 14 days)".to_owned(),
        (0, soon) => format!(" ({soon} expire within 14 days)"),
        (expired, 0) => format!(", {expired} expired"),
        (expired, soon) => format!(" ({soon} expire within 14 days), {expired} expired"),
    };
    format!("{accepted} accepted{says}")
}

/// Findings that the policy and the built-in list cover.
fn allowed(verdict: &Verdict) -> Option<String> {
    let allowed = verdict.findings.iter();
    let allowed = allowed.filter(|one| !one.is_open() && one.accepted().is_none());
    let allowed = allowed.count();
    let soon = verdict.allows.iter().filter(|allow| allow.expires_soon());
    let soon: Vec<i64> = soon.filter_map(|allow| allow.days_left).collect();
    match soon.iter().min() {
        Some(&days) => Some(format!(
            "{allowed} allowed ({} to expire, the first in {})",
            soon.len(),
            plural(days, "day")
        )),
        None if allowed > 0 => Some(format!("{allowed} allowed")),
        None => None,
    }
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

/// With more findings than these in a run, they may well be old.
const FEW: usize = 5;

/// What to do about a code base that leaks already.
pub(in crate::report) fn adoption(subject: &Subject) -> Option<String> {
    let verdict = subject.verdict;
    let open = verdict.findings.iter().filter(|one| one.is_open()).count();
    if verdict.command.is_none() || verdict.baseline.is_some() || open <= FEW {
        return None;
    }
    let saved_as = subject.saved_as.and_then(quote);
    let (write, report) = match &saved_as {
        Some(report) => ("", &**report),
        None => (
            "write a report with --report json=report.json, and ",
            "report.json",
        ),
    };
    Some(format!(
        "if these leaks are known, {write}accept them until a date: leakgate accept {report} --reason \"...\" --expires ..."
    ))
}

/// What the baseline covers, in one line: `12 findings, 43 goroutines, by leakgate.baseline.yml`.
/// Those of code that has moved are not among these.
pub(in crate::report) fn in_baseline(verdict: &Verdict, findings: &[&Finding]) -> Option<String> {
    let name = &verdict.baseline.as_ref()?.name;
    let growth = findings.iter().map(|finding| finding.after);
    let goroutines = plural(growth.fold(0_i64, i64::saturating_add), "goroutine");
    let found = plural(findings.len() as u64, "finding");
    (!findings.is_empty()).then(|| format!("{found}, {goroutines}, by {name}"))
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

#[cfg(test)]
mod tests {
    use super::{FEW, adoption};
    use crate::report::{Subject, sample};

    #[test]
    fn the_hint_takes_the_report_that_is_written_or_says_how_to_write_one() {
        let mut verdict = sample::verdict();
        verdict.findings = vec![verdict.findings[0].clone(); FEW + 1];
        let hint = |saved_as| {
            sample::of(&verdict, |subject| {
                adoption(&Subject {
                    saved_as,
                    ..*subject
                })
            })
        };
        let said = hint(Some("my leaks.json")).unwrap();
        assert!(
            said.contains(
                "known, accept them until a date: leakgate accept 'my leaks.json' --reason"
            ),
            "{said}"
        );
        let said = hint(None).unwrap();
        assert!(
            said.contains("write a report with --report json=report.json, and accept"),
            "{said}"
        );
    }
}
