//! The judgement: evidence against a policy, on a day.
//!
//! Every stack is cut into parts, goroutines that no rule can tell apart: one a stack, or one a set
//! of labels where the policy asks for labels. Each part is covered by the first exception that
//! matches it and has not expired, or judged by the first rule per stack that does; rules with
//! another `per` then add up what is not covered.

mod again;
mod baseline;
mod call;
mod cause;
mod condition;
mod exception;
mod filter;
mod loosened;
mod remarks;
mod row_part;
mod rule;
mod source;
mod stacks;
mod suite;
mod tally;
#[cfg(test)]
mod tests;
mod used;

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;

use crate::baseline::Baseline;
use crate::diff::Diff;
use crate::evidence::{self, Command, Profiles, SuiteName, TestRun, Unchecked};
use crate::policy::{Matcher, Per, Policy, Source};
use crate::profile::Kind;
use crate::verdict::{Cause, CommandRun, Finding, Loosened, Note, Skipped, Suite, Verdict};
use again::Again;
use condition::Patterns;
pub use filter::{Filter, Selection};
pub use loosened::loosened;
use suite::{Judged, Judging};
use used::Used;

/// Judges suites by one policy. Its patterns are read once, for however many suites.
#[derive(Debug)]
pub struct Judge<'p> {
    policy: &'p Policy,
    today: Date,
    patterns: Patterns,
    /// In the order of the policy.
    rules: Vec<rule::InForce<'p>>,
    /// In the order of the policy.
    exceptions: Vec<exception::InForce<'p>>,
    baseline: Option<baseline::InForce<'p>>,
    loosened: Vec<Loosened>,
    /// Whether stacks that did not grow can matter: for a ceiling, a sum, the count of an
    /// exception, or what to say of a rule.
    every_row: bool,
    /// Whether the policy asks for labels, so that stacks are taken apart by them.
    by_labels: bool,
    asks: Asks,
}

/// What a policy asks that not every run can tell.
#[derive(Debug, Clone, Copy)]
struct Asks {
    /// What Go's leak profile holds.
    proof: bool,
    /// What running the tests again showed.
    confirmed: bool,
}

/// The judgement of one suite.
#[derive(Debug)]
pub struct SuiteVerdict {
    suite: Suite,
    judged: Judged,
    held: baseline::Held,
    causes: Vec<Cause>,
    unchecked: Vec<Unchecked>,
    skipped: Vec<Skipped>,
    notes: Vec<Note>,
}

impl SuiteVerdict {
    /// Whether no test ran in it and it holds nothing that violates the policy.
    fn is_idle(&self) -> bool {
        let tests = self.suite.run.as_ref().and_then(|run| run.tests);
        tests == Some(0)
            && self.unchecked.is_empty()
            && !self.judged.findings.iter().any(Finding::is_open)
    }
}

impl<'p> Judge<'p> {
    /// Prepares judging by `policy`; `today` decides which exceptions have expired.
    pub fn new(policy: &'p Policy, today: Date) -> Self {
        let rules = || policy.rules.iter().chain([&policy.default_rule]);
        let matchers = || {
            let of_exceptions = policy.exceptions.iter().map(|exception| &exception.matcher);
            rules().map(|rule| &rule.matcher).chain(of_exceptions)
        };
        let mut exceptions = policy.exceptions.iter();
        let has_own = exceptions.any(|exception| exception.source != Source::Builtin);
        let mut patterns = Patterns::default();
        Self {
            policy,
            today,
            rules: rule::InForce::all(&policy.rules, &mut patterns),
            exceptions: exception::InForce::all(&policy.exceptions, &mut patterns),
            baseline: None,
            loosened: Vec::new(),
            patterns,
            every_row: has_own
                || !policy.rules.is_empty()
                || policy.default_rule.limit.count.is_some(),
            by_labels: matchers().any(Matcher::asks_for_labels)
                || rules().any(|rule| matches!(rule.per, Per::Test | Per::Label(_))),
            asks: Asks {
                proof: matchers().any(|matcher| matcher.proven.is_some()),
                confirmed: matchers().any(|matcher| matcher.confirmed.is_some()),
            },
        }
    }

    /// Also takes what a baseline accepts. Where it is `strict`, an entry that nothing needs fails the
    /// build.
    #[must_use]
    pub fn with_baseline(self, baseline: &'p Baseline, strict: bool) -> Self {
        Self {
            baseline: Some(baseline::InForce::new(baseline, strict)),
            ..self
        }
    }

    /// Also says what lets more pass than on the base branch; see [`loosened()`].
    #[must_use]
    pub fn with_loosened(self, loosened: Vec<Loosened>) -> Self {
        Self { loosened, ..self }
    }

    /// Judges one suite by its profiles.
    pub fn suite(&self, suite: evidence::Suite, profiles: &Profiles) -> SuiteVerdict {
        let proven = profiles.proven.as_ref();
        let own = profiles.own_before.as_ref();
        let grown = own.map(|own| Diff::grown(&own.of_base, &profiles.before));
        let before = grown.as_ref().unwrap_or(&profiles.before);
        let diff = match own {
            Some(own) => Diff::of_runs(before, &profiles.afters, &own.of_head, proven),
            None if suite.around_tests => Diff::around_tests(before, &profiles.afters, proven),
            None => Diff::new(before, &profiles.afters),
        };
        let again = Again::of(&suite);
        let name = suite.name;
        let mut judging = Judging::new((self, &again), &name, &diff, profiles);
        judging.rows();
        let mut judged = judging.finish();
        let unchecked = remarks::unchecked(&diff).into_iter().chain(suite.doubt);
        let unchecked: Vec<_> = unchecked
            .map(|why| Unchecked::new(name.clone(), why))
            .collect();
        let whole = unchecked.is_empty()
            && !suite.against_run
            && suite.run.as_ref().is_none_or(TestRun::is_whole);
        let held = self.baseline.as_ref().map_or_else(Vec::new, |baseline| {
            // Of what did not run, nothing is known: it need not have moved.
            let seen = whole.then_some(diff.after);
            baseline.cover(&name, &mut judged.findings, seen, self.today)
        });
        let causes = cause::find(&mut judged.findings, &name, &profiles.code);
        let mut notes = remarks::notes(&diff, proven);
        if self.asks.proof && proven.is_none() && diff.after.kind() == Kind::Goroutine {
            notes.push("the policy uses `proven`, but there is no goroutineleak profile, so these entries match nothing".into());
        }
        let untold = judged.findings.iter().any(|finding| {
            finding.is_open() && finding.stack().is_some() && finding.confirmed.is_none()
        });
        if self.asks.confirmed && untold {
            notes.push("the policy uses `confirmed`, but the tests of some findings were not run again, so these entries do not \
                        match them: add --confirm 5, or -count=3 to go test".into());
        }
        notes.extend(suite.notes);
        if profiles.afters.len() > 1 {
            notes.push(format!(
                "of {} after profiles the last is judged",
                profiles.afters.len()
            ));
        }
        SuiteVerdict {
            judged,
            held,
            causes,
            skipped: remarks::skipped(&name, &diff),
            notes: notes
                .into_iter()
                .map(|text| Note {
                    suite: name.clone(),
                    text,
                })
                .collect(),
            suite: Suite {
                before: diff.before.total,
                after: diff.after.total,
                stacks: diff.row_count(),
                whole,
                run: suite.run,
                rerun: suite.rerun,
                name,
            },
            unchecked,
        }
    }

    /// Puts the judgements of all suites together, with what could not be checked and the command
    /// that was run.
    pub fn verdict(
        &self,
        suites: Vec<SuiteVerdict>,
        unchecked: Vec<Unchecked>,
        command: Option<Command>,
    ) -> Verdict {
        let mut verdict = Verdict {
            policy: self.policy.name.clone(),
            builtin_version: self.policy.builtin_version,
            loosened: self.loosened.clone(),
            unchecked,
            ..Verdict::default()
        };
        let exceptions = self.policy.exceptions.iter();
        let mut exceptions: Vec<_> = exceptions.map(Used::new).collect();
        let mut rules: Vec<_> = self.policy.rules.iter().map(Used::new).collect();
        let mut held: HashMap<usize, (i64, bool)> = HashMap::new();
        for suite in suites {
            if suite.is_idle() {
                verdict.totals.without_tests += 1;
                continue;
            }
            let totals = &mut verdict.totals;
            totals.before = totals.before.saturating_add(suite.suite.before);
            totals.after = totals.after.saturating_add(suite.suite.after);
            totals.stacks += suite.suite.stacks;
            totals.suites += 1;
            for (entry, count) in suite.held {
                let (most, whole) = held.entry(entry).or_default();
                *most = count.max(*most);
                *whole |= suite.suite.whole;
            }
            verdict.suites.push(suite.suite);
            used::add(&mut exceptions, &suite.judged.exceptions);
            used::add(&mut rules, &suite.judged.rules);
            verdict.findings.extend(suite.judged.findings);
            verdict.causes.extend(suite.causes);
            verdict.moved.extend(suite.judged.moved);
            verdict.unchecked.extend(suite.unchecked);
            verdict.skipped.extend(suite.skipped);
            verdict.notes.extend(suite.notes);
        }
        verdict.sort();
        let exceptions = exceptions.into_iter();
        verdict.allows = exceptions
            .filter_map(|used| exception::use_of(used, self.today))
            .collect();
        verdict.rules = rules.into_iter().filter_map(rule::use_of).collect();
        let baseline = self.baseline.as_ref();
        verdict.baseline = baseline.map(|baseline| baseline.result(&held, self.today));
        // What was not judged as a whole could match nothing.
        for allow in &mut verdict.allows {
            allow.unused &= is_judged(&verdict.suites, &allow.exception.matcher);
        }
        for rule in &mut verdict.rules {
            rule.unused &= is_judged(&verdict.suites, &rule.rule.matcher);
        }
        if let Some(command) = command {
            self.add_command(command, &mut verdict);
        }
        verdict
    }

    /// Adds what is known about the command. One that succeeded and gave nothing to judge has
    /// checked nothing.
    fn add_command(&self, command: Command, verdict: &mut Verdict) {
        let without_tests = command.packages_without_tests.len() as u64;
        let idle = verdict.totals.without_tests;
        let says_nothing = verdict.totals.suites == 0 && verdict.unchecked.is_empty();
        if says_nothing && command.failed.is_none() {
            let why = if idle + command.listed > 0 {
                "no test ran in it, so nothing was checked: does -run match any?"
            } else if without_tests > 0 {
                "none of its packages has a test, so nothing was checked"
            } else {
                "no go test ran under leakgate in it, so nothing was checked: does it run `go test`, with the go command of the \
                 PATH, and without a -overlay of its own?"
            };
            let nothing = Unchecked::new(&*command.line, why);
            verdict.unchecked.push(nothing);
        }
        let suite = SuiteName::from(command.line);
        let notes = command.notes.into_iter().map(|text| Note {
            suite: suite.clone(),
            text,
        });
        verdict.notes.extend(notes);
        if command.failed.is_none() {
            let failed = failed_suites(verdict);
            verdict.notes.extend(failed);
        }
        verdict.command = Some(CommandRun {
            gated: command.failed.is_none() || self.policy.gate_failed_tests,
            failed: command.failed,
            base: command.base,
            ran_tests: command.ran_tests,
            without_tests: without_tests + idle,
            children: command.children,
        });
    }
}

/// Whether a suite was judged, with all of its tests, that a condition could be about.
fn is_judged(suites: &[Suite], matcher: &Matcher) -> bool {
    let is_whole = |suite: &Suite| suite.run.as_ref().is_none_or(|run| !run.partial);
    let is_meant = |suite: &Suite| {
        let mut names = matcher.suite.iter();
        matcher.suite.is_empty() || names.any(|name| name.matches(suite.name.subject()))
    };
    suites
        .iter()
        .any(|suite| is_whole(suite) && is_meant(suite))
}

/// Suites with findings whose own tests failed, in a command that succeeded all the same: a retry.
fn failed_suites(verdict: &Verdict) -> Vec<Note> {
    let open = verdict.findings.iter().filter(|finding| finding.is_open());
    let with_findings: HashSet<&SuiteName> = open.map(|finding| &finding.suite).collect();
    let failed = verdict.suites.iter().filter(|suite| {
        let run = suite.run.as_ref();
        let code = run.and_then(|run| run.exit_code).unwrap_or(0);
        code != 0 && with_findings.contains(&suite.name)
    });
    let notes = failed.map(|suite| Note {
        suite: suite.name.clone(),
        text: "its tests failed, though the command succeeded: a test that fails may leave goroutines behind that \
               it would otherwise have ended"
            .into(),
    });
    notes.collect()
}
