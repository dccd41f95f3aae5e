//! `ndjson`: a line of JSON for each finding, in the form `leakgate.finding/1`, for databases and
//! whatever else reads lines: keys are flat, and each line says what its run was.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Subject;
use super::room::{MOST_FINDINGS, Room};
use super::words::{self, Together, Unit, Words};
use crate::escape;
use crate::evidence::SuiteName;
use crate::stack::Name;
use crate::verdict::{self, Place};

const ROOM: Room = Room {
    entries: MOST_FINDINGS,
    bytes: 64 << 20,
};

/// `schema/finding.v1.json` describes it; the same rules hold as for the JSON report.
#[derive(Serialize)]
struct Finding<'v> {
    schema: &'static str,
    name: Option<&'v str>,
    shard: Option<&'v str>,
    outcome: &'static str,
    fails: bool,
    policy: &'v str,
    suite: String,
    subject: &'v str,
    go: Option<&'v str>,
    rule: &'v str,
    severity: &'static str,
    disposition: &'static str,
    per: String,
    key: &'v str,
    id: &'v str,
    fingerprint: String,
    before: i64,
    after: i64,
    growth: i64,
    allowed: i64,
    proven: Option<bool>,
    proven_count: Option<i64>,
    state: Option<&'v str>,
    root: Option<&'v str>,
    home: Option<&'v str>,
    package: Option<String>,
    function: Option<&'v str>,
    file: Option<String>,
    line: Option<u32>,
    pattern: Option<&'v str>,
    shared: bool,
    confirmed: Option<&'static str>,
    confirmed_seen: Option<u32>,
    confirmed_of: Option<u32>,
    cause_ids: Vec<&'v str>,
    cause: Option<String>,
    without_cause: i64,
    tests: &'v BTreeMap<String, i64>,
    labels: &'v BTreeMap<String, BTreeMap<String, i64>>,
    /// How many findings there was no room for.
    left_out: usize,
}

/// Renders a verdict: a line for each finding, in their order; nothing where there is none.
pub fn render(subject: &Subject) -> String {
    let verdict = subject.verdict;
    let words = Words::new(verdict);
    let units = words::units(verdict);
    let headlines = headlines(&units);
    let suites = verdict.suites.iter();
    let runs = suites.filter_map(|suite| Some((&suite.name, &*suite.run.as_ref()?.go)));
    let runs: BTreeMap<&SuiteName, &str> = runs.collect();
    let findings = verdict.findings.iter().zip(words.fingerprints());
    let filled = ROOM.fill(
        findings,
        |(one, fingerprint)| Finding {
            cause: one
                .causes
                .first()
                .and_then(|(id, _)| headlines.get(&**id).cloned()),
            go: runs.get(&one.suite).copied(),
            fingerprint,
            ..finding(subject, one)
        },
        |one| serde_json::to_vec(one).map_or(usize::MAX, |bytes| bytes.len()),
    );
    let left_out = filled.left_out + verdict.left_out.findings;
    let mut out = String::new();
    for one in filled.entries {
        let line = Finding { left_out, ..one };
        let line = serde_json::to_string(&line).expect("it holds nothing that JSON cannot");
        out += &escape::json(&line);
        out.push('\n');
    }
    out
}

/// What the report says of each cause, by its id.
fn headlines<'v>(units: &[Unit<'v>]) -> BTreeMap<&'v str, String> {
    let causes = units.iter().filter_map(|unit| match unit {
        Unit::Cause(together) => Some(together),
        Unit::Single(_) => None,
    });
    let headline = |together: &Together<'v>| (&*together.first().id, together.headline());
    causes.map(headline).collect()
}

fn finding<'v>(subject: &Subject<'v>, one: &'v verdict::Finding) -> Finding<'v> {
    let verdict = subject.verdict;
    let stack = one.stack();
    let name = |place: &'v Option<Place>| place.as_ref().map(Place::name);
    let place = stack.and_then(|stack| {
        let place = stack.home.as_ref().or(stack.root.as_ref());
        place.or(stack.trace.last())
    });
    let sum = match &one.subject {
        verdict::Subject::Stack(_) => None,
        verdict::Subject::Sum(sum) => sum.key.as_deref(),
    };
    let proven = stack.and_then(|stack| stack.proven);
    Finding {
        schema: "leakgate.finding/1",
        name: subject.name,
        shard: one.suite.shard().map(|shard| &**shard),
        outcome: verdict.outcome(subject.fail_on).name(),
        fails: words::fails(verdict, subject.fail_on, one),
        policy: &verdict.policy,
        suite: one.suite.to_string(),
        subject: one.suite.subject(),
        go: None,
        rule: &one.rule.name,
        severity: one.rule.severity.name(),
        disposition: one.disposition.name(),
        per: one.rule.per.name(),
        key: sum.unwrap_or_default(),
        id: &one.id,
        fingerprint: String::new(),
        before: one.before,
        after: one.after,
        growth: one.growth(),
        allowed: one.allowed(),
        proven: proven.map(|count| count > 0),
        proven_count: proven,
        state: stack.map(|stack| &*stack.wait.state),
        root: stack.and_then(|stack| name(&stack.root)),
        home: stack.and_then(|stack| name(&stack.home)),
        package: place.map(package),
        function: place.map(Place::name),
        file: place.map(|place| {
            let path = subject.sources.path(place);
            path.unwrap_or_else(|| place.file().to_owned())
        }),
        line: place.map(|place| place.line),
        pattern: stack.and_then(|stack| Some(stack.pattern?.name)),
        shared: stack.is_some_and(|stack| stack.shared),
        confirmed: one.confirmed.as_ref().map(|told| told.class.name()),
        confirmed_seen: one.confirmed.as_ref().map(|told| told.seen),
        confirmed_of: one.confirmed.as_ref().map(|told| told.of),
        cause_ids: one.causes.iter().map(|(id, _)| &**id).collect(),
        cause: None,
        without_cause: one.without_cause(),
        tests: &one.tests,
        labels: &one.labels,
        left_out: 0,
    }
}

/// The import path of a function's package.
fn package(place: &Place) -> String {
    let name = Name::new(place.name().as_bytes());
    name.package().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{MOST_FINDINGS, render};
    use crate::report::sample::{self, HOSTILE};

    #[test]
    fn the_sample() {
        insta::assert_snapshot!(sample::with(render));
    }

    #[test]
    fn a_strange_name_is_read_back_as_it_was_and_ends_no_line() {
        let rendered = sample::with(render);
        sample::assert_harmless(&rendered);
        let lines = rendered.lines().map(serde_json::from_str);
        let lines: Vec<serde_json::Value> = lines.map(Result::unwrap).collect();
        assert_eq!(lines.len(), sample::verdict().findings.len());
        assert_eq!(lines[1]["function"], HOSTILE);
        assert_eq!(lines[1]["labels"][HOSTILE][HOSTILE], 1);
    }

    #[test]
    fn every_line_says_how_many_findings_there_was_no_room_for() {
        let mut verdict = sample::verdict();
        verdict.findings = vec![verdict.findings[2].clone(); MOST_FINDINGS + 7];
        verdict.left_out.findings = 3;
        let rendered = sample::of(&verdict, render);
        assert_eq!(rendered.lines().count(), MOST_FINDINGS);
        let last = rendered.lines().last().unwrap();
        assert!(last.ends_with("\"left_out\":10}"), "{last}");
    }
}
