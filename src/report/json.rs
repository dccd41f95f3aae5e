//! `json`: the whole verdict for other programs, in the form `leakgate.report/1`.
//!
//! The structs here are the form. They are not those of [`crate::verdict`], so that the inside can
//! change and the form cannot: a key may be added within version 1, but none is renamed, removed or
//! left out. `schema/report.v1.json` describes it; the tests hold every report to that file.

mod cause;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::Subject;
use super::room::{MOST_FINDINGS, Room};
use super::sources::Sources;
use super::words::{self, Words};
use crate::diff::Pairing;
use crate::escape;
use crate::evidence::{self, SuiteName, TestRun};
use crate::origin::Origin;
use crate::policy::{Max, Severity};
use crate::verdict::{self, Function, Trace};

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
    allows: Vec<Allow<'v>>,
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
}

#[derive(Serialize)]
struct Finding<'v> {
    id: &'v str,
    rule: &'v str,
    rule_place: String,
    severity: &'static str,
    suite: &'v SuiteName,
    disposition: &'static str,
    per: String,
    key: &'v str,
    before: i64,
    after: i64,
    growth: i64,
    series: &'v [i64],
    allowed: i64,
    allowed_sum: String,
    proven: Option<bool>,
    proven_count: Option<i64>,
    state: Option<&'static str>,
    cause: &'v str,
    fix: &'v str,
    root: Option<Place<'v>>,
    home: Option<Place<'v>>,
    tests: &'v BTreeMap<String, i64>,
    shared: bool,
    labels: &'v BTreeMap<String, BTreeMap<String, i64>>,
    pairing: Option<&'static str>,
    similarity: Option<f64>,
    stack: Vec<Place<'v>>,
    stack_elided: usize,
    stack_before: Vec<Place<'v>>,
    stack_before_elided: usize,
    reason: String,
    /// The entry that would accept it, in the language of the policy.
    allow: Option<String>,
    /// The command that runs its tests again.
    again: Option<String>,
    /// The main one of [`Report::causes`].
    cause_id: Option<&'v str>,
    /// How many of the goroutines that came have no known cause.
    without_cause: i64,
    /// The `go` statement of most of its goroutines.
    created: Option<Place<'v>>,
    /// The calls that led there, outermost first.
    origin: Vec<Place<'v>>,
    /// The longest wait among its goroutines, in whole minutes.
    waited_minutes: Option<u32>,
    /// What most of its goroutines wait for, as the runtime says it.
    exact_state: Option<&'v str>,
    /// The leak that the source shows, if it is one that has a name.
    pattern: Option<&'static str>,
}

#[derive(Serialize)]
struct Place<'v> {
    function: &'v str,
    file: &'v str,
    /// The file below the root of the repository; null where it lies outside.
    path: Option<String>,
    line: u32,
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
#[expect(clippy::struct_excessive_bools, reason = "the form of the report")]
struct Allow<'v> {
    builtin: Option<&'v str>,
    line: Option<u32>,
    matched: i64,
    max: Option<i64>,
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
    let with_cause = verdict.findings.iter().filter(|one| !one.causes.is_empty());
    let with_cause: Vec<&verdict::Finding> = with_cause.collect();
    let causes = ROOM.fill(
        verdict.causes.iter(),
        |one| cause::cause(&paths, one, &with_cause),
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
        },
        causes: causes.entries,
        findings: findings.entries,
        moved: moved.entries,
        allows: verdict.allows.iter().map(allow).collect(),
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

fn finding<'v>(
    subject: &Subject,
    words: &Words,
    paths: &Paths<'v>,
    finding: &'v verdict::Finding,
) -> Finding<'v> {
    let verdict = subject.verdict;
    let place = |one: &'v verdict::Place| place(paths, one);
    let places = |trace: &'v Trace| places(paths, trace);
    let (stack, key) = match &finding.subject {
        verdict::Subject::Stack(stack) => (Some(&**stack), None),
        verdict::Subject::Sum(sum) => (None, sum.key.as_deref()),
    };
    let origins = stack.map_or(&[][..], |stack| &stack.origins);
    let origin = origins.iter().max_by_key(|origin| origin.count);
    let calls = origin.map_or(&[][..], |origin| &origin.calls);
    let trace = stack.map(|stack| &stack.trace);
    let trace_before = stack.and_then(|stack| stack.trace_before.as_ref());
    let (proven, pairing) = (
        stack.and_then(|stack| stack.proven),
        stack.map(|stack| stack.pairing),
    );
    Finding {
        id: &finding.id,
        rule: &finding.rule.name,
        rule_place: words::rule_place(verdict, &finding.rule),
        severity: finding.rule.severity.name(),
        suite: &finding.suite,
        disposition: finding.disposition.name(),
        per: finding.rule.per.name(),
        key: key.unwrap_or_default(),
        before: finding.before,
        after: finding.after,
        growth: finding.growth(),
        series: stack.map_or(&[], |stack| &stack.series),
        allowed: finding.allowed(),
        allowed_sum: words::limit_sum(&finding.rule.limit, finding.before),
        proven: proven.map(|count| count > 0),
        proven_count: proven,
        state: stack.map(|stack| stack.wait.state),
        cause: stack.map_or("", |stack| stack.wait.cause),
        fix: words::fix(finding),
        root: stack.and_then(|stack| stack.root.as_ref()).map(place),
        home: stack.and_then(|stack| stack.home.as_ref()).map(place),
        tests: &finding.tests,
        shared: stack.is_some_and(|stack| stack.shared),
        labels: &finding.labels,
        pairing: pairing.map(Pairing::name),
        similarity: pairing.and_then(similarity),
        stack: trace.map_or_else(Vec::new, places),
        stack_elided: trace.map_or(0, Trace::elided),
        stack_before: trace_before.map_or_else(Vec::new, places),
        stack_before_elided: trace_before.map_or(0, Trace::elided),
        reason: words::reason(verdict, finding),
        allow: words.entry(finding),
        again: words.again(finding),
        cause_id: finding.causes.first().map(|(id, _)| &**id),
        without_cause: finding.without_cause(),
        created: origin.and_then(Origin::created).map(place),
        origin: calls.iter().map(place).collect(),
        exact_state: origin.map(|origin| &*origin.state),
        pattern: stack.and_then(|stack| Some(stack.pattern?.name)),
        waited_minutes: origins.iter().map(|origin| origin.waited_minutes).max(),
    }
}

fn suite(suite: &verdict::Suite) -> Suite<'_> {
    Suite {
        name: &suite.name,
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

/// The files of functions, each looked for once.
struct Paths<'v> {
    sources: &'v Sources,
    known: RefCell<HashMap<&'v Function, Option<String>>>,
}

impl<'v> Paths<'v> {
    fn new(sources: &'v Sources) -> Self {
        Self {
            sources,
            known: RefCell::default(),
        }
    }

    fn of(&self, place: &'v verdict::Place) -> Option<String> {
        let mut known = self.known.borrow_mut();
        let path = known.entry(&place.function);
        path.or_insert_with(|| self.sources.path(place)).clone()
    }
}

fn place<'v>(paths: &Paths<'v>, place: &'v verdict::Place) -> Place<'v> {
    Place {
        function: place.name(),
        file: place.file(),
        path: paths.of(place),
        line: place.line,
    }
}

fn places<'v>(paths: &Paths<'v>, trace: &'v Trace) -> Vec<Place<'v>> {
    let frames = trace.frames().iter();
    frames.map(|frame| place(paths, frame)).collect()
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

fn similarity(pairing: Pairing) -> Option<f64> {
    match pairing {
        Pairing::Near(similarity) => Some(similarity.ratio()),
        _ => None,
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

fn allow(allow: &verdict::AllowUse) -> Allow<'_> {
    let exception = &allow.exception;
    Allow {
        builtin: exception.builtin_name(),
        line: exception.line(),
        matched: allow.matched,
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
