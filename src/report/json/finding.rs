//! A finding in the JSON report.

use std::collections::BTreeMap;

use serde::Serialize;

use super::place::{Paths, Place, place, places};
use crate::confirmed::Confirmed;
use crate::diff::Pairing;
use crate::evidence::SuiteName;
use crate::origin::Origin;
use crate::report::Subject;
use crate::report::words::{self, Words};
use crate::verdict::{self, Trace};

#[derive(Serialize)]
pub(super) struct Finding<'v> {
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
    /// The id of the entry of the baseline that covers it.
    accepted_as: Option<&'v str>,
    /// What running its tests several times told.
    confirmed: Option<&'v Confirmed>,
}

pub(super) fn finding<'v>(
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
        accepted_as: finding.accepted_as(),
        confirmed: finding.confirmed.as_ref(),
        waited_minutes: origins.iter().map(|origin| origin.waited_minutes).max(),
    }
}

pub(super) fn similarity(pairing: Pairing) -> Option<f64> {
    match pairing {
        Pairing::Near(similarity) => Some(similarity.ratio()),
        _ => None,
    }
}
