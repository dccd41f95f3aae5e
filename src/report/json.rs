//! `json`: the whole verdict for other programs, in the form `leakgate.report/1`.
//!
//! The structs here are the form. They are not those of [`crate::verdict`], so that the inside can
//! change and the form cannot: a key may be added within version 1, but none is renamed, removed or
//! left out. `schema/report.v1.json` describes it; the tests hold every report to that file.

mod baseline;
mod cause;
mod finding;
mod place;

use std::collections::HashMap;

use serde::Serialize;

use super::Subject;
use super::room::{MOST_FINDINGS, Room};
use super::words::{self, Words};
use crate::escape;
use crate::evidence::{self, SuiteName, TestRun};
use crate::policy::{Max, Severity};
use crate::verdict;
use finding::{Finding, finding, similarity};
use place::{Paths, Place, places};

#[derive(Serialize)]
struct Report<'v> {
    schema: &'static str,
    outcome: &'static str,
    fail_on: &'static str,
    policy: &'v str,
    builtin_version: Option<u32>,
    totals: Totals,
    causes: Vec<cause::Cause<'v>>,
    findings: Vec<Finding<'v>>,
    moved: Vec<Moved<'v>>,
    loosened: Vec<Loosened>,
    allows: Vec<Allow<'v>>,
    baseline: Option<baseline::Baseline<'v>>,
    rules: Vec<Rule<'v>>,
    unchecked: Vec<Unchecked<'v>>,
    skipped: Vec<Skipped<'v>>,
    notes: Vec<Note<'v>>,
    suites: Vec<Suite<'v>>,
    command: Option<Command<'v>>,
    left_out: LeftOut,
}

/// How many entries there was no room for.
#[derive(Serialize)]
struct LeftOut {
    causes: usize,
    findings: usize,
    moved: usize,
}

/// For findings, and as much for moved stacks: the bytes are those of their text without
/// indentation.
const ROOM: Room = Room {
    entries: MOST_FINDINGS,
    bytes: 64 << 20,
};

#[derive(Serialize)]
struct Suite<'v> {
    name: &'v SuiteName,
    subject: &'v str,
    whole: bool,
    before: i64,
    after: i64,
    stacks: u64,
    run: Option<Run<'v>>,
}

#[derive(Serialize)]
struct Run<'v> {
    go: &'v str,
    tests: Option<u64>,
    exit_code: Option<i32>,
    settled: bool,
    settle_ms: Option<u64>,
    timed_out: Option<&'v str>,
}

#[derive(Serialize)]
struct Command<'v> {
    failed: Option<&'v str>,
    gated: bool,
    without_tests: u64,
    children: u64,
}

#[derive(Serialize)]
struct Totals {
    before: i64,
    after: i64,
    stacks: u64,
    suites: u64,
    violations: usize,
    warnings: usize,
    accepted: usize,
}

#[derive(Serialize)]
struct Moved<'v> {
    suite: &'v SuiteName,
    id_before: &'v str,
    id: &'v str,
    pairing: &'static str,
    similarity: Option<f64>,
    before: i64,
    after: i64,
    stack_before: Vec<Place<'v>>,
    stack_before_elided: usize,
    stack: Vec<Place<'v>>,
    stack_elided: usize,
}

#[derive(Serialize)]
struct Loosened {
    kind: &'static str,
    place: String,
    text: String,
}

#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the form of the report")]
struct Allow<'v> {
    builtin: Option<&'v str>,
    line: Option<u32>,
    matched: i64,
    most: i64,
    max: Option<i64>,
    #[serde(rename = "match")]
    matcher: String,
    status: Vec<&'static str>,
    unused: bool,
    shadowed: bool,
    expired: bool,
    expires: Option<String>,
    broad: bool,
    reason: &'v str,
    owner: Option<&'v str>,
}

#[derive(Serialize)]
struct Rule<'v> {
    name: &'v str,
    line: Option<u32>,
    unused: bool,
    shadowed: bool,
}

#[derive(Serialize)]
struct Unchecked<'v> {
    suite: &'v SuiteName,
    why: &'v str,
}

#[derive(Serialize)]
struct Skipped<'v> {
    suite: &'v SuiteName,
    count: i64,
    why: &'v str,
}

#[derive(Serialize)]
struct Note<'v> {
    suite: &'v SuiteName,
    text: &'v str,
}

/// Renders a verdict, indented, with a newline at the end.
pub fn render(subject: &Subject) -> String {
    let (verdict, fail_on) = (subject.verdict, subject.fail_on);
    let words = Words::new(verdict);
    let paths = Paths::new(subject.sources);
    let size = |bytes: serde_json::Result<Vec<u8>>| bytes.map_or(usize::MAX, |bytes| bytes.len());
    let findings = ROOM.fill(
        verdict.findings.iter(),
        |one| finding(subject, &words, &paths, one),
        |one| size(serde_json::to_vec(one)),
    );
    let mut of_causes: HashMap<(&SuiteName, &str), Vec<&str>> = HashMap::new();
    for one in &verdict.findings {
        for (cause, _) in &one.causes {
            let ids = of_causes.entry((&one.suite, &**cause)).or_default();
            ids.push(&one.id);
        }
    }
    let causes = ROOM.fill(
        verdict.causes.iter(),
        |one| {
            let findings = of_causes.get(&(&one.suite, &*one.id));
            cause::cause(&paths, one, findings.map_or(&[], Vec::as_slice))
        },
        |one| size(serde_json::to_vec(one)),
    );
    let moved = ROOM.fill(
        verdict.moved.iter(),
        |one| moved(&paths, one),
        |one| size(serde_json::to_vec(one)),
    );
    let report = Report {
        schema: "leakgate.report/1",
        outcome: verdict.outcome(fail_on).name(),
        fail_on: fail_on.name(),
        policy: &verdict.policy,
        builtin_version: verdict.builtin_version,
        totals: Totals {
            before: verdict.totals.before,
            after: verdict.totals.after,
            stacks: verdict.totals.stacks,
            suites: verdict.totals.suites,
            violations: verdict.count(Severity::Error),
            warnings: verdict.count(Severity::Warning),
            accepted: verdict.accepted().count(),
        },
        causes: causes.entries,
        findings: findings.entries,
        moved: moved.entries,
        loosened: verdict
            .loosened
            .iter()
            .map(|one| {
                let (place, _, text) = words::loosening(verdict, one, subject.sources);
                let kind = one.kind();
                Loosened { kind, place, text }
            })
            .collect(),
        allows: verdict.allows.iter().map(allow).collect(),
        baseline: verdict.baseline.as_ref().map(baseline::baseline),
        rules: verdict.rules.iter().map(rule).collect(),
        unchecked: verdict
            .unchecked
            .iter()
            .map(|one| Unchecked {
                suite: &one.suite,
                why: &one.why,
            })
            .collect(),
        skipped: verdict
            .skipped
            .iter()
            .map(|one| Skipped {
                suite: &one.suite,
                count: one.count,
                why: words::skip_reason(one),
            })
            .collect(),
        notes: verdict
            .notes
            .iter()
            .map(|one| Note {
                suite: &one.suite,
                text: &one.text,
            })
            .collect(),
        suites: verdict.suites.iter().map(suite).collect(),
        command: verdict.command.as_ref().map(|command| Command {
            failed: command.failed.as_deref(),
            gated: command.gated,
            without_tests: command.without_tests,
            children: command.children,
        }),
        left_out: LeftOut {
            causes: causes.left_out,
            findings: findings.left_out,
            moved: moved.left_out,
        },
    };
    let plain =
        serde_json::to_string_pretty(&report).expect("the report holds nothing that JSON cannot");
    escape::json(&plain) + "\n"
}

fn suite(suite: &verdict::Suite) -> Suite<'_> {
    Suite {
        name: &suite.name,
        subject: suite.name.subject(),
        whole: suite.whole,
        before: suite.before,
        after: suite.after,
        stacks: suite.stacks,
        run: suite.run.as_ref().map(run),
    }
}

fn run(run: &TestRun) -> Run<'_> {
    let (settled, settle_ms, timed_out) = match &run.ending {
        evidence::Ending::Settled { ms } => (true, Some(*ms), None),
        evidence::Ending::Unsettled { ms } => (false, Some(*ms), None),
        evidence::Ending::TimedOut { after } => (false, None, Some(after.as_str())),
    };
    Run {
        go: &run.go,
        tests: run.tests,
        exit_code: run.exit_code,
        settled,
        settle_ms,
        timed_out,
    }
}

fn moved<'v>(paths: &Paths<'v>, moved: &'v verdict::Moved) -> Moved<'v> {
    Moved {
        suite: &moved.suite,
        id_before: &moved.id_before,
        id: &moved.id,
        pairing: moved.pairing.name(),
        similarity: similarity(moved.pairing),
        before: moved.before,
        after: moved.after,
        stack_before: places(paths, &moved.stack_before),
        stack_before_elided: moved.stack_before.elided(),
        stack: places(paths, &moved.stack),
        stack_elided: moved.stack.elided(),
    }
}

fn rule(rule: &verdict::RuleUse) -> Rule<'_> {
    Rule {
        name: &rule.rule.name,
        line: rule.rule.line,
        unused: rule.unused,
        shadowed: rule.shadowed,
    }
}

/// The words for how an exception stands.
fn status(standing: &[verdict::Standing]) -> Vec<&'static str> {
    standing.iter().map(|one| one.name()).collect()
}

fn allow(allow: &verdict::AllowUse) -> Allow<'_> {
    let exception = &allow.exception;
    Allow {
        builtin: exception.builtin_name(),
        line: exception.line(),
        matched: allow.matched,
        most: allow.most,
        matcher: exception.matcher.to_string(),
        status: status(&allow.standing()),
        max: match exception.max {
            Max::Count(max) => Some(max),
            Max::Unlimited | Max::AsManyAs(_) => None,
        },
        unused: allow.unused,
        shadowed: allow.shadowed,
        expired: allow.is_expired(),
        expires: exception.expires.map(|date| date.to_string()),
        broad: allow.is_broad(),
        reason: &exception.reason,
        owner: exception.owner.as_deref(),
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_FINDINGS, Subject, render};
    use crate::report::sample::{self, HOSTILE};
    use crate::verdict::FailOn;

    #[test]
    fn the_sample() {
        insta::assert_snapshot!(sample::with(render));
    }

    #[test]
    fn a_baseline_is_read_back_as_it_was() {
        let rendered = sample::of(&sample::with_baseline(), render);
        sample::assert_harmless(&rendered);
        let report: serde_json::Value = serde_json::from_str(&rendered).unwrap();
        let entry = &report["baseline"]["entries"][0];
        assert_eq!(entry["home"], HOSTILE);
        let accepted = |index: usize| report["findings"][index]["accepted_as"].as_str();
        assert_eq!(
            [0, 1, 2].map(accepted),
            [None, Some("111111111111"), Some("222222222222")]
        );
    }

    #[test]
    fn a_strange_name_steers_no_terminal_and_is_read_back_as_it_was() {
        let rendered = sample::with(render);
        sample::assert_harmless(&rendered);
        let report: serde_json::Value = serde_json::from_str(&rendered).unwrap();
        assert_eq!(report["findings"][1]["suite"], HOSTILE);
    }

    #[test]
    fn it_holds_as_many_findings_as_it_has_room_for_and_counts_all() {
        let mut verdict = sample::verdict();
        verdict.findings = vec![verdict.findings[0].clone(); MOST_FINDINGS + 7];
        let rendered = render(&Subject {
            verdict: &verdict,
            fail_on: FailOn::Error,
            name: None,
            sources: &sample::sources(),
        });
        let report: serde_json::Value = serde_json::from_str(&rendered).unwrap();
        assert_eq!(report["findings"].as_array().unwrap().len(), MOST_FINDINGS);
        assert_eq!(report["left_out"]["findings"], 7);
        assert_eq!(report["totals"]["violations"], MOST_FINDINGS + 7);
    }
}
