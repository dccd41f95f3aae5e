//! What was found, in full: everything that a report of any format says comes from here.
//!
//! Nothing vanishes on the way: goroutines that were skipped, allowed or paired with a moved stack,
//! and suites that could not be checked, are all in a [`Verdict`].

mod baseline;
mod cause;
mod finding;
mod loosened;
mod merge;
mod order;
mod outcome;
mod shard;
mod standing;

use std::sync::Arc;

use crate::diff::Pairing;
use crate::evidence::{Rerun, SuiteName, TestRun, Unchecked};
use crate::policy::{Exception, ExceptionFlaw, Rule, RuleFlaw, is_soon};
pub use crate::stack::{Function, Place, Trace};
pub use baseline::{Baseline, EntryUse};
pub use cause::{Cause, Excerpted, Opened, Site};
pub use finding::{Disposition, Finding, Stack, Subject, Sum};
pub use loosened::{Loosened, Looser};
pub use merge::{SameShard, merge};
pub use outcome::{FailOn, Outcome};
pub use shard::{CommandRun, LeftOut, Shard};
pub use standing::Standing;

/// The judgement over all suites.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// How the policy is named in reports.
    pub policy: String,
    /// Version of the built-in exceptions; `None` when they are switched off.
    pub builtin_version: Option<u32>,
    /// Sums over all suites.
    pub totals: Totals,
    /// Every violation, allowed ones too: the gravest first, then the largest.
    pub findings: Vec<Finding>,
    /// What started the goroutines of those that count, as far as it is known: those with the most
    /// goroutines first.
    pub causes: Vec<Cause>,
    /// Stacks that were matched with one of another name or path, whether they grew or not.
    pub moved: Vec<Moved>,
    /// The result of each exception: all of the policy's, and the built-in ones that matched.
    pub allows: Vec<AllowUse>,
    /// The result of the baseline; `None` where none is in force.
    pub baseline: Option<Baseline>,
    /// What lets more pass than the policy and the baseline of the base branch, where these are known.
    pub loosened: Vec<Loosened>,
    /// The result of each rule of the policy, in its order.
    pub rules: Vec<RuleUse>,
    /// What could not be checked. Never the same as clean.
    pub unchecked: Vec<Unchecked>,
    /// Goroutines that were left out of the judgement.
    pub skipped: Vec<Skipped>,
    /// What a reader should know about the evidence.
    pub notes: Vec<Note>,
    /// Every suite that was judged, by name.
    pub suites: Vec<Suite>,
    /// The command that leakgate ran, or those of all shards together; `None` for profiles that were
    /// captured already.
    pub command: Option<CommandRun>,
    /// The runs that this is put together from, by name; empty for one run.
    pub shards: Vec<Shard>,
    /// What the reports that this was read from had no room for.
    pub left_out: LeftOut,
}

/// A before/after pair that was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// What reports call it.
    pub name: SuiteName,
    /// Goroutines in its before profile.
    pub before: i64,
    /// Goroutines in its last after profile.
    pub after: i64,
    /// Different stacks that were compared.
    pub stacks: u64,
    /// What a test binary said about its run; `None` for a service, and for profiles that were captured
    /// otherwise.
    pub run: Option<TestRun>,
    /// How its tests are run again; `None` where that is not known.
    pub rerun: Option<Rerun>,
    /// Whether all of its tests ran, none failed, and it was not compared with another run: what is
    /// not in its findings is gone.
    pub whole: bool,
}

impl Verdict {
    /// The places in all stacks and origins; one that several share comes several times.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        let stacks = || self.findings.iter().filter_map(Finding::stack);
        let of_findings =
            stacks().flat_map(|stack| [Some(&stack.trace), stack.trace_before.as_ref()]);
        let of_moved = self.moved.iter();
        let of_moved = of_moved.flat_map(|moved| [Some(&moved.stack_before), Some(&moved.stack)]);
        let traces = of_findings.chain(of_moved).flatten();
        let origins = stacks().flat_map(|stack| &stack.origins);
        let calls = origins.flat_map(|origin| &origin.calls);
        traces.flat_map(Trace::frames).chain(calls)
    }

    /// How many findings the baseline covers, with those that a report had no room for.
    pub fn accepted_count(&self) -> usize {
        let accepted = self.findings.iter().filter(|one| one.accepted().is_some());
        accepted.count() + self.left_out.accepted
    }
}

/// Sums for the closing line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Goroutines in the before profiles.
    pub before: i64,
    /// Goroutines in the (last) after profiles.
    pub after: i64,
    /// Different stacks that were compared.
    pub stacks: u64,
    /// Before/after pairs that were judged.
    pub suites: u64,
    /// Test binaries in which no test ran and nothing violates the policy: they are no suites.
    pub without_tests: u64,
}

/// A stack that was matched with another one of the before profile.
#[derive(Debug, Clone)]
pub struct Moved {
    /// The before/after pair it is in.
    pub suite: SuiteName,
    /// The id before.
    pub id_before: String,
    /// The id after.
    pub id: String,
    /// How they were matched.
    pub pairing: Pairing,
    /// Goroutines before.
    pub before: i64,
    /// Goroutines after.
    pub after: i64,
    /// Its stack before.
    pub stack_before: Trace,
    /// Its stack after.
    pub stack: Trace,
}

/// The result of one exception.
#[derive(Debug, Clone)]
pub struct AllowUse {
    /// The exception.
    pub exception: Arc<Exception>,
    /// Goroutines that it was held against: those after, for one of the policy; growth, for a
    /// built-in one.
    pub matched: i64,
    /// The same in the suite that had most of them: each suite may have as many as it accepts.
    pub most: i64,
    /// Whether it matched nothing at all.
    pub unused: bool,
    /// Whether earlier exceptions take all that it matches.
    pub shadowed: bool,
    /// Days from today to its last day; below 0 once it has expired.
    pub days_left: Option<i64>,
}

impl AllowUse {
    /// Whether its last day is over.
    pub fn is_expired(&self) -> bool {
        self.days_left.is_some_and(|days| days < 0)
    }

    /// Whether its last day is within two weeks.
    pub fn expires_soon(&self) -> bool {
        self.days_left.is_some_and(is_soon)
    }

    /// Whether it accepts a blocking primitive, and with it nearly anything.
    pub fn is_broad(&self) -> bool {
        self.flaws().contains(&ExceptionFlaw::Broad)
    }

    /// What a team should know of it.
    pub fn flaws(&self) -> Vec<ExceptionFlaw> {
        let mut flaws = self.exception.flaws(self.days_left);
        let broad = flaws.iter().position(|flaw| *flaw == ExceptionFlaw::Broad);
        let at = broad.unwrap_or(flaws.len());
        if self.unused && !self.is_expired() {
            flaws.insert(at, ExceptionFlaw::Unused);
        } else if self.shadowed && !self.is_expired() {
            flaws.insert(at, ExceptionFlaw::Shadowed(None));
        }
        flaws
    }
}

/// The result of one rule of the policy.
#[derive(Debug, Clone)]
pub struct RuleUse {
    /// The rule.
    pub rule: Arc<Rule>,
    /// Whether it decided for a goroutine, before or after, in any suite.
    pub reached: bool,
    /// Whether it names goroutines and none has this name, before or after, in any suite.
    pub unused: bool,
    /// Whether earlier rules take all stacks that it matches.
    pub shadowed: bool,
}

impl RuleUse {
    /// What a team should know of it.
    pub fn flaw(&self) -> Option<RuleFlaw> {
        if self.unused {
            Some(RuleFlaw::Unused)
        } else {
            self.shadowed.then_some(RuleFlaw::Shadowed(None))
        }
    }
}

/// Goroutines that were left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The before/after pair.
    pub suite: SuiteName,
    /// How many.
    pub count: i64,
    /// In which of its profiles.
    pub side: Side,
    /// Why.
    pub reason: SkipReason,
}

/// One of the two profiles that were compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The first one.
    Before,
    /// The last one.
    After,
}

/// Why goroutines were left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SkipReason {
    /// It is the one that took the profile.
    TookProfile,
    /// They had no frame: not yet run, or on their way out.
    NoFrame,
}

/// A remark on the evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The before/after pair.
    pub suite: SuiteName,
    /// The remark, as a sentence without its full stop.
    pub text: String,
}
