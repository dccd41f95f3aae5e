//! A finding in the JSON report.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::exception::{Exception, exception};
use super::place::{Paths, Place, place, places, read_all, read_trace};
use super::read::{self, ReadError, Reading};
use super::rule::{Limit, limit, read_per, read_severity};
use super::suite::{self, Name};
use crate::confirmed::Confirmed;
use crate::diff::{Pairing, Similarity};
use crate::origin;
use crate::policy::{Matcher, Per, Rule};
use crate::report::Subject;
use crate::report::words::{self, Words};
use crate::state::Wait;
use crate::verdict::{self, Disposition, Trace};

/// What is not read back follows from the rest.
#[derive(Serialize, Deserialize)]
pub(super) struct Finding<'v> {
    id: Cow<'v, str>,
    rule: Cow<'v, str>,
    #[serde(skip_deserializing)]
    rule_place: String,
    rule_line: Option<u32>,
    severity: Cow<'v, str>,
    #[serde(flatten)]
    suite: Name<'v>,
    disposition: Cow<'v, str>,
    /// The first that matches its goroutines.
    exception: Option<Exception<'v>>,
    per: String,
    key: Cow<'v, str>,
    #[serde(deserialize_with = "read::count")]
    before: i64,
    #[serde(deserialize_with = "read::count")]
    after: i64,
    #[serde(skip_deserializing)]
    growth: i64,
    series: Cow<'v, [i64]>,
    limit: Limit,
    #[serde(skip_deserializing)]
    allowed: i64,
    #[serde(skip_deserializing)]
    allowed_sum: String,
    #[serde(skip_deserializing)]
    proven: Option<bool>,
    #[serde(deserialize_with = "read::optional_count")]
    proven_count: Option<i64>,
    state: Option<Cow<'v, str>>,
    cause: Cow<'v, str>,
    /// What usually fixes this state.
    remedy: Cow<'v, str>,
    /// What the rule says.
    message: Option<Cow<'v, str>>,
    #[serde(skip_deserializing)]
    fix: Cow<'v, str>,
    root: Option<Place<'v>>,
    home: Option<Place<'v>>,
    tests: Cow<'v, BTreeMap<String, i64>>,
    shared: bool,
    labels: Cow<'v, BTreeMap<String, BTreeMap<String, i64>>>,
    pairing: Option<Cow<'v, str>>,
    /// Of a renamed stack: whether one function has another name, and not only the build is another.
    new_name: bool,
    similarity: Option<f64>,
    stack: Vec<Place<'v>>,
    stack_elided: usize,
    stack_before: Vec<Place<'v>>,
    stack_before_elided: usize,
    /// Of a sum: the functions that grew most, and by how many goroutines.
    largest: Cow<'v, [(String, i64)]>,
    #[serde(skip_deserializing)]
    reason: String,
    /// The entry that would accept it, in the language of the policy.
    #[serde(skip_deserializing)]
    allow: Option<String>,
    /// The command that runs its tests again.
    #[serde(skip_deserializing)]
    again: Option<String>,
    /// The main one of [`Report::causes`].
    #[serde(skip_deserializing)]
    cause_id: Option<Cow<'v, str>>,
    /// All of them, the main one first.
    causes: Vec<OfCause<'v>>,
    /// How many of the goroutines that came have no known cause.
    #[serde(skip_deserializing)]
    without_cause: i64,
    /// The `go` statement of most of its goroutines.
    #[serde(skip_deserializing)]
    created: Option<Place<'v>>,
    /// The calls that led there, outermost first.
    #[serde(skip_deserializing)]
    origin: Vec<Place<'v>>,
    /// All the ways in which its goroutines were started.
    origins: Vec<Origin<'v>>,
    /// The longest wait among its goroutines, in whole minutes.
    #[serde(skip_deserializing)]
    waited_minutes: Option<u32>,
    /// What most of its goroutines wait for, as the runtime says it.
    #[serde(skip_deserializing)]
    exact_state: Option<Cow<'v, str>>,
    /// The leak that the source shows, if it is one that has a name.
    pattern: Option<Cow<'v, str>>,
    /// The id of the entry of the baseline that covers it.
    #[serde(skip_deserializing)]
    accepted_as: Option<Cow<'v, str>>,
    /// What running its tests several times showed.
    confirmed: Option<Cow<'v, Confirmed>>,
}

#[derive(Serialize, Deserialize)]
struct OfCause<'v> {
    id: Cow<'v, str>,
    goroutines: i64,
}

#[derive(Serialize, Deserialize)]
struct Origin<'v> {
    test: Option<Cow<'v, str>>,
    state: Cow<'v, str>,
    calls: Vec<Place<'v>>,
    goroutines: i64,
    waited_minutes: u32,
}

pub(super) fn finding<'v>(
    subject: &Subject,
    words: &Words,
    paths: &Paths<'v>,
    finding: &'v verdict::Finding,
) -> Finding<'v> {
    let verdict = subject.verdict;
    let place = |one: &'v verdict::Place| place(paths, one);
    let (stack, sum) = match &finding.subject {
        verdict::Subject::Stack(stack) => (Some(&**stack), None),
        verdict::Subject::Sum(sum) => (None, Some(sum)),
    };
    let origins = stack.map_or(&[][..], |stack| &stack.origins);
    let origin = origins.iter().max_by_key(|origin| origin.count);
    let trace = stack.map(|stack| &stack.trace);
    let trace_before = stack.and_then(|stack| stack.trace_before.as_ref());
    let frames = |trace: Option<&'v Trace>| places(paths, trace.map_or(&[][..], Trace::frames));
    let proven = stack.and_then(|stack| stack.proven);
    let pairing = stack.map(|stack| stack.pairing);
    let rule = &*finding.rule;
    Finding {
        id: (&finding.id).into(),
        rule: (&rule.name).into(),
        rule_place: words::rule_place(verdict, rule),
        rule_line: rule.line,
        severity: rule.severity.name().into(),
        suite: suite::name(&finding.suite),
        disposition: finding.disposition.name().into(),
        exception: finding.disposition.exception().map(|one| exception(one)),
        per: rule.per.name(),
        key: sum
            .and_then(|sum| sum.key.as_deref())
            .unwrap_or_default()
            .into(),
        before: finding.before,
        after: finding.after,
        growth: finding.growth(),
        series: stack.map_or(&[][..], |stack| &stack.series).into(),
        limit: limit(rule.limit),
        allowed: finding.allowed(),
        allowed_sum: words::limit_sum(&rule.limit, finding.before),
        proven: proven.map(|count| count > 0),
        proven_count: proven,
        state: stack.map(|stack| (&*stack.wait.state).into()),
        cause: stack.map_or("", |stack| &stack.wait.cause).into(),
        remedy: stack.map_or("", |stack| &stack.wait.remedy).into(),
        message: rule.message.as_deref().map(Cow::from),
        fix: words::fix(finding).into(),
        root: stack.and_then(|stack| stack.root.as_ref()).map(place),
        home: stack.and_then(|stack| stack.home.as_ref()).map(place),
        tests: Cow::Borrowed(&finding.tests),
        shared: stack.is_some_and(|stack| stack.shared),
        labels: Cow::Borrowed(&finding.labels),
        pairing: pairing.map(|pairing| pairing.name().into()),
        new_name: pairing == Some(Pairing::NewName),
        similarity: pairing.and_then(similarity),
        stack: frames(trace),
        stack_elided: trace.map_or(0, Trace::elided),
        stack_before: frames(trace_before),
        stack_before_elided: trace_before.map_or(0, Trace::elided),
        largest: sum.map_or(&[][..], |sum| &sum.largest).into(),
        reason: words::reason(verdict, finding),
        allow: words.entry(finding),
        again: words.again(finding),
        cause_id: finding.causes.first().map(|(id, _)| id.into()),
        causes: finding.causes.iter().map(of_cause).collect(),
        without_cause: finding.without_cause(),
        created: origin.and_then(origin::Origin::created).map(place),
        origin: places(paths, origin.map_or(&[][..], |origin| &origin.calls)),
        origins: origins.iter().map(|one| of_origin(paths, one)).collect(),
        exact_state: origin.map(|origin| (&*origin.state).into()),
        pattern: stack.and_then(|stack| Some(stack.pattern?.name.into())),
        accepted_as: finding.accepted_as().map(Cow::from),
        confirmed: finding.confirmed.as_ref().map(Cow::Borrowed),
        waited_minutes: origins.iter().map(|origin| origin.waited_minutes).max(),
    }
}

fn of_cause((id, goroutines): &(String, i64)) -> OfCause<'_> {
    OfCause {
        id: id.into(),
        goroutines: *goroutines,
    }
}

fn of_origin<'v>(paths: &Paths<'v>, origin: &'v origin::Origin) -> Origin<'v> {
    Origin {
        test: origin.test.as_deref().map(Cow::from),
        state: (&*origin.state).into(),
        calls: places(paths, &origin.calls),
        goroutines: origin.count,
        waited_minutes: origin.waited_minutes,
    }
}

pub(super) fn similarity(pairing: Pairing) -> Option<f64> {
    match pairing {
        Pairing::Near(similarity) => Some(similarity.ratio()),
        _ => None,
    }
}

pub(super) fn read_pairing(
    word: &str,
    new_name: bool,
    similarity: Option<f64>,
) -> Result<Pairing, ReadError> {
    let near = similarity.and_then(Similarity::of_ratio).map(Pairing::Near);
    let renamed = if new_name {
        Pairing::NewName
    } else {
        Pairing::Renamed
    };
    let words = [
        ("exact", Some(Pairing::Exact)),
        ("renamed", Some(renamed)),
        ("near", near),
        ("unpaired", Some(Pairing::Unpaired)),
    ];
    let words: Vec<_> = words
        .into_iter()
        .filter_map(|(word, pairing)| Some((word, pairing?)))
        .collect();
    read::word("pairing", word, &words)
}

impl Finding<'_> {
    pub(super) fn read(self, reading: &mut Reading) -> Result<verdict::Finding, ReadError> {
        let exception = self.exception.map(Exception::read).transpose()?;
        let disposition = match (&*self.disposition, exception) {
            ("open", None) => Disposition::Open,
            ("open", Some(exception)) => Disposition::Exceeded(exception.into()),
            ("expired", Some(exception)) => Disposition::Expired(exception.into()),
            ("allowed" | "baseline", Some(exception)) => Disposition::Allowed(exception.into()),
            (other, _) => return read::word("disposition", other, &[]),
        };
        let rule = Rule {
            name: self.rule.into_owned(),
            line: self.rule_line,
            // Only judging asks for it.
            matcher: Matcher::default(),
            per: read_per(&self.per)?,
            limit: self.limit.read(),
            severity: read_severity(&self.severity)?,
            message: self.message.map(Cow::into_owned),
        };
        let subject = if rule.per == Per::Stack {
            let root = self.root.map(|place| place.read(reading));
            let home = self.home.map(|place| place.read(reading));
            let before = read_trace(self.stack_before, self.stack_before_elided, reading)?;
            let pairing = self.pairing.unwrap_or_default();
            verdict::Subject::Stack(Box::new(verdict::Stack {
                wait: Wait {
                    state: Cow::Owned(self.state.unwrap_or_default().into_owned()),
                    cause: Cow::Owned(self.cause.into_owned()),
                    remedy: Cow::Owned(self.remedy.into_owned()),
                },
                root,
                home,
                proven: self.proven_count,
                shared: self.shared,
                pairing: read_pairing(&pairing, self.new_name, self.similarity)?,
                series: self.series.into_owned(),
                origins: self
                    .origins
                    .into_iter()
                    .map(|one| one.read(reading))
                    .collect(),
                pattern: match &self.pattern {
                    Some(name) => Some(read::pattern(name)?),
                    None => None,
                },
                trace: read_trace(self.stack, self.stack_elided, reading)?,
                trace_before: Some(before).filter(|trace| !trace.is_empty()),
            }))
        } else {
            let key = self.key.into_owned();
            verdict::Subject::Sum(verdict::Sum {
                key: Some(key).filter(|_| rule.per != Per::Total),
                largest: self.largest.into_owned(),
            })
        };
        let causes = self.causes.into_iter();
        Ok(verdict::Finding {
            id: self.id.into_owned(),
            rule: rule.into(),
            suite: reading.suite(&self.suite),
            before: self.before,
            after: self.after,
            disposition,
            subject,
            causes: causes
                .map(|one| (one.id.into_owned(), one.goroutines))
                .collect(),
            tests: self.tests.into_owned(),
            labels: self.labels.into_owned(),
            // Of these only what they showed is known any more.
            rounds: None,
            confirmed: self.confirmed.map(Cow::into_owned),
        })
    }
}

impl Origin<'_> {
    fn read(self, reading: &mut Reading) -> origin::Origin {
        origin::Origin {
            test: self.test.map(|test| (&*test).into()),
            state: (&*self.state).into(),
            calls: read_all(self.calls, reading),
            count: self.goroutines,
            waited_minutes: self.waited_minutes,
        }
    }
}
