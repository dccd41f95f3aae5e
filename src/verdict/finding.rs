//! One violation of the policy.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Place, Trace};
use crate::confirmed::{Confirmed, Rounds};
use crate::diff::Pairing;
use crate::evidence::SuiteName;
use crate::gosource::Pattern;
use crate::origin::Origin;
use crate::policy::{Exception, Max, Rule, Source};
use crate::state::Wait;

/// Goroutines that are more than a rule allows.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Twelve hex digits; see [`crate::stack::Frames::id`].
    pub id: String,
    /// The rule that decides.
    pub rule: Arc<Rule>,
    /// The suite that they are in.
    pub suite: SuiteName,
    /// Goroutines before.
    pub before: i64,
    /// Goroutines after.
    pub after: i64,
    /// Whether it counts.
    pub disposition: Disposition,
    /// What was counted.
    pub subject: Subject,
    /// The causes of its goroutines in the same suite, by id, with how many have each: the one that
    /// most have first; see [`super::Cause`]. Those whose calls are not known have none.
    pub causes: Vec<(String, i64)>,
    /// Goroutines that came, by the test that started them; all that are there after, where nothing
    /// grew.
    pub tests: BTreeMap<String, i64>,
    /// The same, by every other pprof label and its value.
    pub labels: BTreeMap<String, BTreeMap<String, i64>>,
    /// Where the tests ran several times in one process: in which of these rounds the goroutines came.
    pub rounds: Option<Rounds>,
    /// What running the tests several times showed; `None` where they ran once, or it showed nothing.
    pub confirmed: Option<Confirmed>,
}

/// Whether a finding counts. The exception is the first that matches, where one does.
#[derive(Debug, Clone)]
pub enum Disposition {
    /// It counts.
    Open,
    /// It counts: the exception covers fewer goroutines.
    Exceeded(Arc<Exception>),
    /// It counts again: the exception has expired.
    Expired(Arc<Exception>),
    /// The exception covers it.
    Allowed(Arc<Exception>),
}

/// What a finding is about.
#[derive(Debug, Clone)]
pub enum Subject {
    /// Goroutines that share one stack.
    Stack(Box<Stack>),
    /// Goroutines of several stacks, counted together.
    Sum(Sum),
}

/// The stack of a finding.
#[derive(Debug, Clone)]
pub struct Stack {
    /// What the goroutines wait for.
    pub wait: Wait,
    /// The entry function; `None` when the stack was cut.
    pub root: Option<Place>,
    /// Where user code waits; `None` when all of the stack is standard library.
    pub home: Option<Place>,
    /// How many of the goroutines Go's leak profile holds; `None` when there was none to ask.
    pub proven: Option<i64>,
    /// Whether a whole process shares them, and whichever test needs them first starts them: that
    /// test is not to blame.
    pub shared: bool,
    /// How the stack was found in both profiles.
    pub pairing: Pairing,
    /// Goroutines with exactly this stack in each after profile, oldest first.
    pub series: Vec<i64>,
    /// Where the goroutines that are there after come from, as far as it is known.
    pub origins: Vec<Origin>,
    /// The leak that the source shows, if it is one that has a name.
    pub pattern: Option<&'static Pattern>,
    /// Its frames.
    pub trace: Trace,
    /// Its frames before, when they were others.
    pub trace_before: Option<Trace>,
}

/// Several stacks, counted together.
#[derive(Debug, Clone)]
pub struct Sum {
    /// Which state, root, package, test or label value; `None` for all goroutines of the rule.
    pub key: Option<String>,
    /// The functions that grew most, and by how many goroutines.
    pub largest: Vec<(String, i64)>,
}

impl Finding {
    /// After less before.
    pub fn growth(&self) -> i64 {
        self.after.saturating_sub(self.before)
    }

    /// How many there might have been.
    pub fn allowed(&self) -> i64 {
        self.rule.limit.allowed(self.before)
    }

    /// How many of the goroutines that came have no known cause.
    pub fn without_cause(&self) -> i64 {
        let known = self.causes.iter().map(|(_, count)| *count);
        let known = known.fold(0, i64::saturating_add);
        self.growth().saturating_sub(known).max(0)
    }

    /// Whether nothing covers it: it counts.
    pub fn is_open(&self) -> bool {
        !matches!(self.disposition, Disposition::Allowed(_))
    }

    /// Its stack; `None` for a sum.
    pub fn stack(&self) -> Option<&Stack> {
        match &self.subject {
            Subject::Stack(stack) => Some(stack),
            Subject::Sum(_) => None,
        }
    }

    /// The name of the built-in exception that covers it.
    pub fn builtin(&self) -> Option<&str> {
        match &self.disposition {
            Disposition::Allowed(exception) => exception.builtin_name(),
            _ => None,
        }
    }

    /// The exception of the policy that covers such goroutines, only not so many.
    pub fn exceeded(&self) -> Option<&Arc<Exception>> {
        match &self.disposition {
            Disposition::Exceeded(exception) if exception.source != Source::Builtin => {
                Some(exception)
            }
            _ => None,
        }
    }

    /// The entry of the baseline that covers it.
    pub fn accepted(&self) -> Option<&Arc<Exception>> {
        match &self.disposition {
            Disposition::Allowed(exception) if exception.is_of_baseline() => Some(exception),
            _ => None,
        }
    }

    /// The id of that entry: another one's where the code has moved.
    pub fn accepted_as(&self) -> Option<&str> {
        let exception = self.accepted()?;
        Some(exception.matcher.stack.as_ref().unwrap_or(&self.id))
    }

    /// How many goroutines a baseline has not accepted: those above its bound, or all.
    pub fn unaccepted(&self) -> i64 {
        match &self.disposition {
            Disposition::Exceeded(exception) if exception.is_of_baseline() => match exception.max {
                Max::Count(max) => self.after - max,
                Max::Unlimited | Max::AsManyAs(_) => self.growth(),
            },
            _ => self.growth(),
        }
    }
}

impl Disposition {
    /// The word for it in the JSON report.
    pub fn name(&self) -> &'static str {
        match self {
            Disposition::Open | Disposition::Exceeded(_) => "open",
            Disposition::Expired(_) => "expired",
            Disposition::Allowed(exception) if exception.is_of_baseline() => "baseline",
            Disposition::Allowed(_) => "allowed",
        }
    }

    /// The exception that matches.
    pub fn exception(&self) -> Option<&Arc<Exception>> {
        match self {
            Disposition::Open => None,
            Disposition::Exceeded(exception)
            | Disposition::Expired(exception)
            | Disposition::Allowed(exception) => Some(exception),
        }
    }
}
