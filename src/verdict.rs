//! What was found, in full: everything that a report of any format says comes from here.
//!
//! Nothing vanishes on the way: goroutines that were skipped, allowed or paired with a moved stack, and suites that could
//! not be checked, are all in a [`Verdict`].

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diff::Pairing;
use crate::evidence::{Rerun, SuiteName, TestRun, Unchecked};
use crate::policy::{Exception, Origin, Severity};

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
    /// Stacks that were matched with one of another name or path, whether they grew or not.
    pub moved: Vec<Moved>,
    /// What became of each exception: all of the policy's, and the built-in ones that matched.
    pub allows: Vec<AllowUse>,
    /// What became of each rule of the policy, in its order.
    pub rules: Vec<RuleUse>,
    /// What could not be checked. Never the same as clean.
    pub unchecked: Vec<Unchecked>,
    /// Goroutines that were left out of the judgement.
    pub skipped: Vec<Skipped>,
    /// What a reader should know about the evidence.
    pub notes: Vec<Note>,
    /// Every suite that was judged, by name.
    pub suites: Vec<Suite>,
    /// The command that leakgate ran; `None` for profiles that were captured already.
    pub command: Option<CommandRun>,
}

/// A before/after pair that was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// What reports call it.
    pub name: SuiteName,
    /// Its own sums.
    pub totals: Totals,
    /// What a test binary told of itself; `None` for a service, and for profiles that were captured otherwise.
    pub run: Option<TestRun>,
    /// How its tests are run again; `None` where that is not known.
    pub rerun: Option<Rerun>,
}

/// A command that was run between the captures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandRun {
    /// How it failed: tests that fail may leave goroutines behind that no leak of theirs explains.
    pub failed: Option<String>,
    /// Whether a test binary was started before it ended.
    pub ran_tests: bool,
    /// Whether its findings count.
    pub gated: bool,
    /// Packages in which no test ran.
    pub without_tests: u64,
    /// Processes that test binaries started as copies of themselves, which are not judged.
    pub children: u64,
}

/// How a verdict ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing violates the policy.
    Pass,
    /// The policy is violated.
    Fail,
    /// Something could not be checked, and nothing else failed.
    NoEvidence,
}

impl Outcome {
    /// The word for it in the JSON report.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Pass => "pass",
            Outcome::Fail => "fail",
            Outcome::NoEvidence => "no-evidence",
        }
    }
}

/// The least grave violation that fails a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailOn {
    /// Errors only.
    Error,
    /// Warnings too.
    Warning,
    /// Nothing.
    Never,
}

impl FailOn {
    /// Whether a finding fails the build: nothing covers it, and it is grave enough.
    pub fn counts(self, finding: &Finding) -> bool {
        finding.is_open()
            && match self {
                FailOn::Error => finding.severity == Severity::Error,
                FailOn::Warning => true,
                FailOn::Never => false,
            }
    }

    /// The word for it on the command line and in the JSON report.
    pub fn name(self) -> &'static str {
        match self {
            FailOn::Error => "error",
            FailOn::Warning => "warning",
            FailOn::Never => "never",
        }
    }
}

impl Verdict {
    /// How it ends. Only violations that nothing covers count, and `fail_on` says which of them.
    pub fn outcome(&self, fail_on: FailOn) -> Outcome {
        let gated = self.command.as_ref().is_none_or(|command| command.gated);
        if !gated {
            Outcome::NoEvidence
        } else if self.findings.iter().any(|finding| fail_on.counts(finding)) {
            Outcome::Fail
        } else if !self.unchecked.is_empty() || self.totals.suites == 0 {
            Outcome::NoEvidence
        } else {
            Outcome::Pass
        }
    }

    /// Why what was found does not count: how the command failed.
    pub fn not_gated(&self) -> Option<String> {
        let command = self.command.as_ref().filter(|command| !command.gated)?;
        let failed = command.failed.as_deref()?;
        Some(if command.ran_tests {
            format!("tests failed, {failed}")
        } else {
            format!("{failed} before any test ran")
        })
    }

    /// Open findings of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.is_open() && finding.severity == severity)
            .count()
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

/// A violation of the policy.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Twelve hex digits; see [`crate::stack::Frames::id`].
    pub id: String,
    /// The rule's name.
    pub rule: String,
    /// Where the rule stands: `leakgate.yml:12`.
    pub rule_place: String,
    /// How grave it is.
    pub severity: Severity,
    /// The before/after pair it is in.
    pub suite: SuiteName,
    /// What became of it.
    pub disposition: Disposition,
    /// What was counted together: `stack`, `total`, `label handler`.
    pub per: String,
    /// Which one of these: the state, the root, the label's value. Empty for a stack and for the total.
    pub key: String,
    /// Goroutines before.
    pub before: i64,
    /// Goroutines after.
    pub after: i64,
    /// Goroutines with exactly this stack in each after profile, oldest first; empty for several stacks.
    pub series: Vec<i64>,
    /// How many there might have been.
    pub allowed: i64,
    /// The sum behind `allowed`: `2 + growth 3; ceiling 64`.
    pub sum: String,
    /// How many goroutines of this stack Go's leak profile holds; `None` when there was none to ask.
    pub proven: Option<i64>,
    /// What it waits for; `None` when stacks of several states were counted together.
    pub state: Option<&'static str>,
    /// The usual cause of that state.
    pub cause: &'static str,
    /// What to do: the rule's message, or the usual remedy of the state.
    pub fix: String,
    /// The entry function; `None` when the stack was cut, or for several stacks.
    pub root: Option<Place>,
    /// Where user code waits; `None` when all of the stack is standard library, or for several stacks.
    pub home: Option<Place>,
    /// Goroutines that came, by the test that started them; all that are there after, where nothing grew.
    pub tests: BTreeMap<String, i64>,
    /// Whether it is one that a whole process shares and whichever test needs it first starts: that test is not to blame.
    pub shared: bool,
    /// The same, by every other pprof label and its value.
    pub labels: BTreeMap<String, BTreeMap<String, i64>>,
    /// How the stack was found in both profiles; `None` for several stacks.
    pub pairing: Option<Pairing>,
    /// Empty for several stacks.
    pub stack: Trace,
    /// The stack before, when it was another.
    pub stack_before: Trace,
    /// Why it is allowed or no longer is, or what makes up a sum over several stacks.
    pub reason: String,
    /// The built-in exception that covers it; `None` where one of the policy does, or none.
    pub builtin: Option<String>,
    /// The exception of the policy that covers such goroutines, only not so many.
    pub exceeds: Option<Exceeded>,
}

/// An exception that covers fewer goroutines than there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exceeded {
    /// Where it stands: `leakgate.yml:12`.
    pub place: String,
    /// How many it covers.
    pub max: i64,
    /// Whether it is for one stack alone.
    pub is_narrow: bool,
}

impl Finding {
    /// After less before.
    pub fn growth(&self) -> i64 {
        self.after - self.before
    }

    /// Whether nothing covers it: it counts.
    pub fn is_open(&self) -> bool {
        matches!(self.disposition, Disposition::Open | Disposition::Expired)
    }
}

/// What became of a violation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Disposition {
    /// It counts.
    Open,
    /// It counts again: the exception that covered it has expired.
    Expired,
    /// An exception of the policy, or a built-in one, covers it.
    Allowed,
    /// The baseline covers it.
    Baseline,
}

impl Disposition {
    /// The word for it in reports.
    pub fn name(self) -> &'static str {
        match self {
            Disposition::Open => "open",
            Disposition::Expired => "expired",
            Disposition::Allowed => "allowed",
            Disposition::Baseline => "baseline",
        }
    }
}

/// A place in the source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The function, normalised.
    pub function: Arc<str>,
    /// Its file, as the profile gives it.
    pub file: Arc<str>,
    /// 1-based; 0 when unknown.
    pub line: u32,
}

/// The frames of a stack, leaf first. Of a very deep one only its two ends.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trace {
    frames: Vec<Place>,
    elided: usize,
}

impl Trace {
    /// So many frames are kept at each end; Go's own dumps keep fifty.
    pub const KEPT: usize = 100;

    /// A stack of `depth` frames; `place` gives each that is kept, by how far it is from the leaf.
    pub fn new(depth: usize, mut place: impl FnMut(usize) -> Place) -> Self {
        let elided = depth.saturating_sub(2 * Self::KEPT);
        let head = if elided > 0 { Self::KEPT } else { depth };
        let frames = (0..head).chain(head + elided..depth).map(&mut place);
        Self {
            frames: frames.collect(),
            elided,
        }
    }

    /// The frames that were kept, leaf first.
    pub fn frames(&self) -> &[Place] {
        &self.frames
    }

    /// How many frames were left out, behind the first [`Trace::KEPT`].
    pub fn elided(&self) -> usize {
        self.elided
    }

    /// The frames, with `gap` in the place of those that were left out: it is given how many these are.
    pub fn map<T>(&self, frame: impl FnMut(&Place) -> T, gap: impl FnOnce(usize) -> T) -> Vec<T> {
        let mut entries: Vec<T> = self.frames.iter().map(frame).collect();
        if self.elided > 0 {
            entries.insert(Self::KEPT, gap(self.elided));
        }
        entries
    }

    /// The outermost frame.
    pub fn last(&self) -> Option<&Place> {
        self.frames.last()
    }

    /// Whether it has no frame.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }
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

/// What became of one exception.
#[derive(Debug, Clone)]
pub struct AllowUse {
    /// The exception.
    pub exception: Arc<Exception>,
    /// Goroutines that it was held against: those after, for one of the policy; growth, for a built-in one.
    pub matched: i64,
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
        self.days_left.is_some_and(|days| (0..=14).contains(&days))
    }

    /// Whether it accepts a blocking primitive, and with it nearly anything.
    pub fn is_broad(&self) -> bool {
        self.exception.origin != Origin::Builtin && self.exception.matcher.is_broad()
    }
}

/// What became of one rule of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleUse {
    /// The rule's name.
    pub name: String,
    /// Line in the policy file, 1-based.
    pub line: u32,
    /// Whether it names goroutines and none has this name, before or after, in any suite.
    pub unused: bool,
    /// Whether earlier rules take all stacks that it matches.
    pub shadowed: bool,
}

/// Goroutines that were left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The before/after pair.
    pub suite: SuiteName,
    /// How many.
    pub count: i64,
    /// Why.
    pub why: String,
    /// Whether it is the one that took the profile.
    pub took_it: bool,
}

/// A remark on the evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The before/after pair.
    pub suite: SuiteName,
    /// The remark, as a sentence without its full stop.
    pub text: String,
}
