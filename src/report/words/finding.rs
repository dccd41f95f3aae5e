//! What there is to say about one finding.

use std::collections::BTreeMap;

use super::confirmed::runs;
use super::policy::{exception_place, line_of_policy};
use super::{Words, name};
use crate::diff::Pairing;
use crate::go_names::top_level_test;
use crate::plural::plural;
use crate::policy::{Exception, Limit, Max, Per, Source};
use crate::verdict::{Cause, Disposition, FailOn, Finding, Subject, Verdict};

/// So many tests are named, and so many values of a label; a report for programs has all of them.
const MOST_NAMED: usize = 20;

/// So many subtests of one test are named.
const MOST_SUBTESTS: usize = 3;

/// How much of the tests of a finding is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Tests {
    /// Top-level tests, with the number of their subtests.
    TopLevel,
    /// Subtests too.
    All,
}

/// What a line about a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Label {
    Test,
    Pprof,
    Proven,
    Runs,
    State,
    Pattern,
    Was,
    Note,
    Fix,
    Allow,
    Again,
}

impl Label {
    pub(in crate::report) fn word(self) -> &'static str {
        match self {
            Label::Test => "test",
            Label::Pprof => "label",
            Label::Proven => "proven",
            Label::Runs => "runs",
            Label::State => "state",
            Label::Pattern => "pattern",
            Label::Was => "was",
            Label::Note => "note",
            Label::Fix => "fix",
            Label::Allow => "allow",
            Label::Again => "again",
        }
    }
}

/// One line about a finding, below its headline.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::report) struct Line {
    pub(in crate::report) label: Label,
    pub(in crate::report) text: String,
    /// Whether the text is names, code or a command.
    pub(in crate::report) is_code: bool,
}

impl Words<'_> {
    /// What to know about a finding in order to act, beside its counts and places; in the order and
    /// under the labels of every format.
    pub(in crate::report) fn lines(&self, finding: &Finding, tests: Tests) -> Vec<Line> {
        let labels = finding.labels.iter();
        let labels = labels.map(|(key, values)| (Label::Pprof, Some(label(key, values)), true));
        let lines = [(Label::Test, self.tests(finding, tests), true)]
            .into_iter()
            .chain(labels)
            .chain([
                (Label::Proven, proof(finding), false),
                (Label::Runs, runs(finding), false),
                (Label::State, wait(finding), false),
                (Label::Pattern, pattern(finding), false),
                (Label::Was, was(finding), false),
                (Label::Note, Some(reason(self.verdict, finding)), false),
                (Label::Fix, Some(fix(finding).to_owned()), false),
                (Label::Allow, self.accept(finding), true),
                (Label::Again, self.again(finding), true),
            ]);
        let said = lines.filter_map(|(label, text, is_code)| {
            let text = text.filter(|text| !text.is_empty())?;
            Some(Line {
                label,
                text,
                is_code,
            })
        });
        said.collect()
    }

    /// Which tests started the goroutines, and how many each.
    pub(in crate::report) fn tests(&self, finding: &Finding, tests: Tests) -> Option<String> {
        let of_run = self.of_tests.contains(&finding.suite) && finding.stack().is_some();
        if finding.tests.is_empty() && !of_run {
            return None;
        }
        let all: Vec<String> = match tests {
            Tests::All => {
                let tests = finding.tests.iter();
                let named = tests.map(|(test, count)| format!("{} ({count})", name(test)));
                named.collect()
            }
            Tests::TopLevel => by_top_level(&finding.tests),
        };
        let more = all.len().saturating_sub(MOST_NAMED);
        let mut tests: Vec<String> = all.into_iter().take(MOST_NAMED).collect();
        if more > 0 {
            tests.push(format!("and {}", plural(more as u64, "more test")));
        }
        if finding.stack().is_some_and(|stack| stack.shared) && !tests.is_empty() {
            return Some(format!(
                "shared: whichever test needs it first starts it, here {}",
                tests.join(", ")
            ));
        }
        let total = match finding.growth() {
            growth @ 1.. => growth,
            _ => finding.after,
        };
        match total.saturating_sub(sum(finding.tests.values())) {
            others @ 1.. if of_run => tests.push(format!(
                "unattributed ({others}): started by TestMain, by time.AfterFunc, or by code that sets labels of its own"
            )),
            others @ 1.. => tests.push(format!("no test ({others})")),
            _ => {}
        }
        Some(tests.join(", "))
    }
}

/// A sum of counts, which a report may say anything of.
fn sum<'c>(counts: impl Iterator<Item = &'c i64>) -> i64 {
    counts.fold(0, |sum, count| sum.saturating_add(*count))
}

/// Which tests started the goroutines of a cause, top-level ones with their number of subtests.
pub(in crate::report) fn tests_of_cause(cause: &Cause) -> String {
    let mut named: Vec<String> = by_top_level(&cause.tests);
    let more = named.len().saturating_sub(MOST_NAMED);
    named.truncate(MOST_NAMED);
    if more > 0 {
        named.push(format!("and {}", plural(more as u64, "more test")));
    }
    if let others @ 1.. = cause.goroutines.saturating_sub(sum(cause.tests.values())) {
        named.push(format!(
            "unattributed ({others}): started by TestMain, or before the tests"
        ));
    }
    named.join(", ")
}

/// Input: 38 of `TestPool/full`, and one of each of five subtests of `TestStop`
/// Output: `TestPool/full (38)`, `TestStop (5 in 5 subtests)`
fn by_top_level(counts: &BTreeMap<String, i64>) -> Vec<String> {
    let mut tests: BTreeMap<&str, Vec<(&str, i64)>> = BTreeMap::new();
    for (test, count) in counts {
        tests
            .entry(top_level_test(test))
            .or_default()
            .push((test, *count));
    }
    let named = tests.iter().map(|(test, started)| match &started[..] {
        [(test, count)] => format!("{} ({count})", name(test)),
        few if few.len() <= MOST_SUBTESTS => {
            let named = few
                .iter()
                .map(|(one, count)| format!("{} ({count})", name(one)));
            named.collect::<Vec<_>>().join(", ")
        }
        several => {
            let sum = sum(several.iter().map(|(_, count)| count));
            let subtests = several.iter().filter(|(one, _)| one != test).count();
            let subtests = plural(subtests as u64, "subtest");
            format!("{} ({sum} in {subtests})", name(test))
        }
    });
    named.collect()
}

/// `handler=/pay (3), handler=/refund (1)`.
fn label(key: &str, values: &BTreeMap<String, i64>) -> String {
    let named = values.iter().take(MOST_NAMED);
    let mut named: Vec<_> = named
        .map(|(value, count)| format!("{}={} ({count})", name(key), name(value)))
        .collect();
    if let more @ 1.. = values.len().saturating_sub(MOST_NAMED) {
        named.push(format!("and {}", plural(more as u64, "more value")));
    }
    named.join(", ")
}

/// "5 more goroutines than before".
pub(in crate::report) fn headline(finding: &Finding) -> String {
    headline_of(finding.before, finding.after)
}

/// The same for the counts of several findings together.
pub(in crate::report) fn headline_of(before: i64, after: i64) -> String {
    match after.saturating_sub(before) {
        0 => format!(
            "{}, as many as before, but over the limit",
            plural(after, "goroutine")
        ),
        growth if growth < 0 => format!(
            "{}, fewer than before, but over the limit",
            plural(after, "goroutine")
        ),
        1 => "1 more goroutine than before".into(),
        growth => format!("{growth} more goroutines than before"),
    }
}

/// "before 2, after 42, allowed 5 (2 + growth 3; ceiling 64)".
pub(in crate::report) fn counts(finding: &Finding) -> String {
    let Finding { before, after, .. } = finding;
    let (allowed, sum) = (finding.allowed(), limit_sum(&finding.rule.limit, *before));
    format!("before {before}, after {after}, allowed {allowed} ({sum})")
}

/// How a limit comes to what it allows.
///
/// Output: `2 + growth 3; ceiling 64`, `200 + 20 percent`, `ceiling 500`
pub(in crate::report) fn limit_sum(limit: &Limit, before: i64) -> String {
    let mut parts = Vec::new();
    match (limit.growth, limit.percent) {
        (Some(growth), Some(percent)) => {
            parts.push(format!("{before} + growth {growth} or {percent} percent"));
        }
        (Some(growth), None) => parts.push(format!("{before} + growth {growth}")),
        (None, Some(percent)) => parts.push(format!("{before} + {percent} percent")),
        (None, None) => {}
    }
    parts.extend(limit.count.map(|count| format!("ceiling {count}")));
    parts.join("; ")
}

/// What it waits for, and the usual cause unless the source shows which one it is; nothing for a sum.
fn wait(finding: &Finding) -> Option<String> {
    let stack = finding.stack()?;
    let wait = &stack.wait;
    Some(match stack.pattern {
        Some(_) => wait.state.clone().into_owned(),
        None => format!("{}: {}", wait.state, wait.cause),
    })
}

/// The name of the leak, and what went wrong.
fn pattern(finding: &Finding) -> Option<String> {
    let pattern = finding.stack()?.pattern?;
    Some(format!("{}: {}", pattern.name, pattern.says))
}

/// What to do: the rule's message, what fixes a leak of this name, or the usual fix.
pub(in crate::report) fn fix(finding: &Finding) -> &str {
    let usual = match &finding.subject {
        Subject::Stack(stack) => stack
            .pattern
            .map_or(&*stack.wait.remedy, |pattern| pattern.fix),
        Subject::Sum(_) => "look at the stacks that grew most",
    };
    finding.rule.message.as_deref().unwrap_or(usual)
}

/// Why it is allowed or no longer is, or what makes up a sum; may be empty.
pub(in crate::report) fn reason(verdict: &Verdict, finding: &Finding) -> String {
    match &finding.subject {
        Subject::Sum(sum) if !sum.largest.is_empty() => {
            let largest = sum.largest.iter();
            let largest: Vec<_> = largest.map(|(name, by)| format!("{name} +{by}")).collect();
            format!("most of it: {}", largest.join(", "))
        }
        _ => match &finding.disposition {
            Disposition::Open => String::new(),
            Disposition::Exceeded(exception) => exceeded(verdict, finding, exception),
            Disposition::Expired(exception) => expired(verdict, exception),
            Disposition::Allowed(exception) => match finding.accepted_as() {
                Some(id) if id != finding.id => {
                    let allowed = allowed(verdict, exception);
                    format!("{allowed}; its code has moved since the entry for {id} was written")
                }
                _ => allowed(verdict, exception),
            },
        },
    }
}

/// What a finding that does not count is.
pub(in crate::report) fn covered(finding: &Finding) -> &'static str {
    match finding.accepted() {
        Some(_) => "accepted",
        None => "allowed",
    }
}

fn allowed(verdict: &Verdict, exception: &Exception) -> String {
    let reason = &exception.reason;
    let place = exception_place(verdict, exception);
    match exception.expires {
        Some(expires) => format!("{reason} ({place} until {expires})"),
        None => format!("{reason} ({place})"),
    }
}

fn expired(verdict: &Verdict, exception: &Exception) -> String {
    let reason = &exception.reason;
    let place = exception_place(verdict, exception);
    match exception.expires {
        Some(expires) => format!("no longer accepted, since {expires} is over ({place}): {reason}"),
        None => format!("accepted before ({place}): {reason}"),
    }
}

fn exceeded(verdict: &Verdict, finding: &Finding, exception: &Exception) -> String {
    let name = exception.name.as_deref().unwrap_or_default();
    match (exception.source, &exception.max) {
        (Source::Baseline { .. }, Max::Count(max)) => {
            let place = exception_place(verdict, exception);
            let baseline = verdict.baseline.as_ref();
            let entry = baseline.and_then(|one| one.find(&finding.id, finding.suite.subject()));
            let now = entry.and_then(|entry| entry.matched);
            let now = now.unwrap_or(finding.after);
            format!(
                "accepted {max} ({place}), now {now}: {} new",
                now.saturating_sub(*max)
            )
        }
        (Source::Builtin, _) => format!("more than the built-in exception {name} accepts"),
        (Source::Policy { line }, Max::Count(max)) => {
            let place = line_of_policy(verdict, Some(line));
            format!(
                "more than the {max} that {place} accepts: {}",
                exception.reason
            )
        }
        _ => String::new(),
    }
}

/// What Go's leak profile says about it, where there is one.
fn proof(finding: &Finding) -> Option<String> {
    Some(match finding.stack()?.proven? {
        0 => "no; Go's garbage collector does not see every leak".into(),
        proven if proven < finding.after => {
            format!("{proven} of {}, by Go's garbage collector", finding.after)
        }
        _ => "yes, by Go's garbage collector".into(),
    })
}

/// How the stack before differs, for one that was matched though it is not equal.
fn was(finding: &Finding) -> Option<String> {
    match finding.stack()?.pairing {
        Pairing::Renamed => Some("renamed: the same source under another build".to_owned()),
        Pairing::NewName => Some("renamed: one function has another name".to_owned()),
        Pairing::Near(similarity) => Some(format!(
            "moved: {:.0} percent of the frames before",
            similarity.ratio() * 100.0
        )),
        Pairing::Exact | Pairing::Unpaired => None,
    }
}

/// What to call the goroutines: the function where they wait or began, or what was counted
/// together.
pub(in crate::report) fn subject(finding: &Finding) -> String {
    match &finding.subject {
        Subject::Stack(stack) => {
            let place = stack.home.as_ref().or(stack.root.as_ref());
            let place = place.or(stack.trace.last());
            place.map_or_else(String::new, |place| name(place.name()).into_owned())
        }
        Subject::Sum(sum) => match (&finding.rule.per, sum.key.as_deref()) {
            (Per::Total, _) => "all goroutines".into(),
            (per, None | Some("")) => per.name(),
            (per, Some(key)) => format!("{} {}", per.name(), name(key)),
        },
    }
}

/// Whether a finding is one of those that make the verdict a failure.
pub(in crate::report) fn fails(verdict: &Verdict, fail_on: FailOn, finding: &Finding) -> bool {
    verdict.is_gated_in(&finding.suite) && fail_on.counts(finding)
}
