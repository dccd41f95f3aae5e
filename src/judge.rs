//! The judgement: a diff against a policy, on a day.
//!
//! Every stack is cut into cells, goroutines that no rule can tell apart: one a stack, or one a set of labels where the
//! policy asks for labels. Each cell is covered by the first exception that matches it, or judged by the first rule per
//! stack that does; rules with another `per` then add up what is not covered.

mod cell;
mod evidence;
mod matching;
mod suite;
mod tally;

use std::cmp::Reverse;

use jiff::civil::Date;

use crate::diff::Diff;
use crate::policy::{Allow, BUILTIN_ALLOWS, Bound, BuiltinAllow, Matcher, Per, Policy, Rule};
use crate::snapshot::Snapshot;
use crate::verdict::{AllowUse, Finding, Moved, Note, Skipped, Totals, Unchecked, Verdict};
use matching::Conditions;
use suite::Suite;

/// Judges suites by one policy. Its patterns are read once, for however many suites.
#[derive(Debug)]
pub struct Judge<'p> {
    policy: &'p Policy,
    today: Date,
    conditions: Conditions,
    /// Whether stacks that did not grow can matter: for a ceiling, a sum, or the count of an exception.
    every_row: bool,
    /// Whether the policy asks for labels, so that stacks are taken apart by them.
    by_labels: bool,
}

/// The judgement of one suite.
#[derive(Debug)]
pub struct SuiteVerdict {
    totals: Totals,
    findings: Vec<Finding>,
    moved: Vec<Moved>,
    /// Goroutines after that each exception matched: those of the policy, then the built-in ones.
    matched: Vec<i64>,
    skipped: Vec<Skipped>,
    notes: Vec<Note>,
}

/// How an exception stands in one suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cover {
    /// It covers what it matches.
    Holds,
    /// It matches more goroutines than it may cover, so it covers none of them.
    Exceeded,
    /// Its last day is over.
    Expired,
}

impl SuiteVerdict {
    /// Adds a remark on the evidence.
    pub fn note(&mut self, suite: &str, text: String) {
        self.notes.push(Note {
            suite: suite.to_owned(),
            text,
        });
    }
}

impl<'p> Judge<'p> {
    /// Prepares judging by `policy`; `today` decides which exceptions have expired.
    pub fn new(policy: &'p Policy, today: Date) -> Self {
        let rules = || policy.rules.iter().chain([&policy.default_rule]);
        let matchers = rules()
            .map(|rule| &rule.matcher)
            .chain(policy.allows.iter().map(|allow| &allow.matcher));
        let by_labels = matchers.into_iter().any(Matcher::asks_for_labels)
            || rules().any(|rule| matches!(rule.per, Per::Test | Per::Label(_)));
        Self {
            policy,
            today,
            conditions: Conditions::new(policy),
            every_row: !policy.allows.is_empty()
                || rules().any(|rule| rule.limit.count.is_some() || rule.per != Per::Stack),
            by_labels,
        }
    }

    /// Judges one suite: its diff, and Go's own leak profile of the same process where there is one.
    pub fn suite<'b>(
        &self,
        name: &str,
        diff: &Diff<'_, 'b>,
        proven: Option<&Snapshot<'b>>,
    ) -> SuiteVerdict {
        let mut suite = Suite::new(self, name, diff, proven);
        let matched = std::mem::take(&mut suite.matched);
        SuiteVerdict {
            totals: Totals {
                before: diff.before.total,
                after: diff.after.total,
                stacks: diff.row_count(),
                suites: 1,
            },
            findings: suite.findings(&self.covers(&matched)),
            moved: evidence::moved(name, diff),
            matched,
            skipped: evidence::skipped(name, diff),
            notes: evidence::notes(name, diff),
        }
    }

    /// A rule of the policy by its index; past the last one, the default rule.
    fn rule(&self, index: usize) -> &'p Rule {
        self.policy
            .rules
            .get(index)
            .unwrap_or(&self.policy.default_rule)
    }

    /// How many exceptions there are: those of the policy, then the built-in ones.
    fn exception_count(&self) -> usize {
        self.policy.allows.len() + BUILTIN_ALLOWS.len()
    }

    /// How each exception stands, given how many goroutines of the suite it matched.
    fn covers(&self, matched: &[i64]) -> Vec<Cover> {
        let cover = |index: usize| {
            let bound = match self.exception(index) {
                Exception::Policy(allow) if allow.expires < self.today => return Cover::Expired,
                Exception::Policy(allow) => Some(allow.max),
                Exception::Builtin(entry) => match entry.bound {
                    Bound::Count(count) => Some(count),
                    Bound::Unbounded => None,
                    Bound::AsMany(name) => {
                        let other = BUILTIN_ALLOWS.iter().position(|entry| entry.name == name);
                        other.map(|other| matched[self.policy.allows.len() + other])
                    }
                },
            };
            if bound.is_none_or(|bound| matched[index] <= bound) {
                Cover::Holds
            } else {
                Cover::Exceeded
            }
        };
        (0..matched.len()).map(cover).collect()
    }

    fn exception(&self, index: usize) -> Exception<'p> {
        match index.checked_sub(self.policy.allows.len()) {
            None => Exception::Policy(&self.policy.allows[index]),
            Some(builtin) => Exception::Builtin(&BUILTIN_ALLOWS[builtin]),
        }
    }

    /// Puts the judgements of all suites together, with what could not be checked.
    pub fn verdict(&self, suites: Vec<SuiteVerdict>, mut unchecked: Vec<Unchecked>) -> Verdict {
        unchecked.sort();
        let mut verdict = Verdict {
            policy: self.policy.name.clone(),
            unchecked,
            ..Verdict::default()
        };
        let mut matched = vec![0; self.exception_count()];
        for suite in suites {
            verdict.totals.before = verdict.totals.before.saturating_add(suite.totals.before);
            verdict.totals.after = verdict.totals.after.saturating_add(suite.totals.after);
            verdict.totals.stacks += suite.totals.stacks;
            verdict.totals.suites += suite.totals.suites;
            verdict.findings.extend(suite.findings);
            verdict.moved.extend(suite.moved);
            verdict.skipped.extend(suite.skipped);
            verdict.notes.extend(suite.notes);
            for (sum, count) in matched.iter_mut().zip(suite.matched) {
                *sum += count;
            }
        }
        verdict.findings.sort_by_cached_key(order);
        verdict.allows = self.allow_uses(&matched);
        verdict
    }

    fn allow_uses(&self, matched: &[i64]) -> Vec<AllowUse> {
        let own = self
            .policy
            .allows
            .iter()
            .zip(matched)
            .map(|(allow, &matched)| AllowUse {
                builtin: None,
                line: Some(allow.line),
                matched,
                max: Some(allow.max),
                expires: Some(allow.expires),
                days_left: Some(days_between(self.today, allow.expires)),
                broad: allow.matcher.is_broad(),
                reason: allow.reason.clone(),
                owner: allow.owner.clone(),
            });
        let builtin = BUILTIN_ALLOWS
            .iter()
            .zip(&matched[self.policy.allows.len()..])
            .filter(|&(_, &matched)| matched > 0);
        let builtin = builtin.map(|(entry, &matched)| AllowUse {
            builtin: Some(entry.name),
            line: None,
            matched,
            max: match entry.bound {
                Bound::Count(count) => Some(count),
                Bound::Unbounded | Bound::AsMany(_) => None,
            },
            expires: None,
            days_left: None,
            broad: false,
            reason: entry.reason.to_owned(),
            owner: None,
        });
        own.chain(builtin).collect()
    }
}

/// The order of findings: what counts first, then the gravest, then the largest; the rest only makes it one order.
fn order(finding: &Finding) -> impl Ord + use<> {
    (
        (
            finding.disposition,
            Reverse(finding.severity),
            Reverse(finding.growth()),
        ),
        [&finding.suite, &finding.rule, &finding.id, &finding.key].map(Clone::clone),
        finding
            .stack
            .iter()
            .map(|place| (place.function.clone(), place.line))
            .collect::<Vec<_>>(),
    )
}

/// An exception, wherever it comes from.
enum Exception<'p> {
    Policy(&'p Allow),
    Builtin(&'static BuiltinAllow),
}

fn days_between(from: Date, to: Date) -> i64 {
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}
