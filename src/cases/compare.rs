//! What a case expects, held against what was found.

use std::fmt;

use super::{Case, Expected};
use crate::verdict::{FailOn, Finding, Outcome, Place, Subject, Verdict};

/// What became of a case.
#[derive(Debug)]
pub enum Comparison<'a> {
    /// It is as expected.
    Same,
    /// It is not.
    Differs {
        /// Whether the policy holds.
        passes: bool,
        /// What is expected and was not found, in the order of the file.
        missing: Vec<&'a Expected>,
        /// What was found and is not expected, in the order of the verdict.
        unexpected: Vec<&'a Finding>,
    },
    /// Something could not be checked: why, for each.
    Unchecked(Vec<&'a str>),
}

/// Compares what a case expects with the verdict on its profiles. Each finding stands for one of
/// those that are expected, such that as many as possible are found.
pub fn compare<'a>(case: &'a Case, verdict: &'a Verdict) -> Comparison<'a> {
    let unchecked: Vec<&str> = verdict.unchecked.iter().map(|one| &*one.why).collect();
    if !unchecked.is_empty() {
        return Comparison::Unchecked(unchecked);
    }
    let passes = verdict.outcome(FailOn::Error) == Outcome::Pass;
    let (mut missing, mut unexpected) = (Vec::new(), Vec::new());
    if let Some(expected) = &case.findings {
        let found = verdict.findings.iter();
        let found: Vec<&Finding> = found.filter(|one| one.builtin().is_none()).collect();
        let taken = assign(expected, &found);
        let is_taken = |at: &usize| taken.contains(&Some(*at));
        let is_missing = |at: &usize| taken[*at].is_none();
        let at = (0..expected.len()).filter(is_missing);
        missing = at.map(|at| &expected[at]).collect();
        let at = (0..found.len()).filter(|at| !is_taken(at));
        unexpected = at.map(|at| found[at]).collect();
    }
    if passes == case.passes && missing.is_empty() && unexpected.is_empty() {
        return Comparison::Same;
    }
    Comparison::Differs {
        passes,
        missing,
        unexpected,
    }
}

/// For each that is expected, the finding that it is, if there is one left.
fn assign(expected: &[Expected], found: &[&Finding]) -> Vec<Option<usize>> {
    let mut owners: Vec<Option<usize>> = vec![None; found.len()];
    for at in 0..expected.len() {
        let mut tried = vec![false; found.len()];
        take(at, expected, found, &mut owners, &mut tried);
    }
    let of = |at: usize| owners.iter().position(|owner| *owner == Some(at));
    (0..expected.len()).map(of).collect()
}

/// Finds a finding for one that is expected; another one may have to make room for it.
fn take(
    at: usize,
    expected: &[Expected],
    found: &[&Finding],
    owners: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    let fits = |index: &usize| expected[at].is(found[*index]);
    // Most often there is a free one, and nobody has to move.
    let free = (0..found.len())
        .filter(|index| owners[*index].is_none())
        .find(fits);
    if let Some(index) = free {
        owners[index] = Some(at);
        return true;
    }
    for index in 0..found.len() {
        if tried[index] || !fits(&index) {
            continue;
        }
        tried[index] = true;
        if owners[index].is_some_and(|owner| take(owner, expected, found, owners, tried)) {
            owners[index] = Some(at);
            return true;
        }
    }
    false
}

impl Expected {
    /// Whether all that is given is true of a finding.
    fn is(&self, finding: &Finding) -> bool {
        let (stack, key) = match &finding.subject {
            Subject::Stack(stack) => (Some(stack), None),
            Subject::Sum(sum) => (None, sum.key.as_deref()),
        };
        let root = stack.and_then(|stack| stack.root.as_ref()).map(Place::name);
        let home = stack.and_then(|stack| stack.home.as_ref()).map(Place::name);
        let is_name = |pattern: &Option<crate::policy::Pattern>, name: Option<&str>| {
            pattern
                .as_ref()
                .is_none_or(|pattern| name.is_some_and(|name| pattern.matches(name)))
        };
        let state = stack.map(|stack| &stack.wait.state);
        self.rule
            .as_ref()
            .is_none_or(|rule| *rule == finding.rule.name)
            && is_name(&self.root, root)
            && is_name(&self.home, home)
            && self
                .state
                .as_deref()
                .is_none_or(|one| Some(one) == state.map(|state| &**state))
            && self.key.as_deref().is_none_or(|one| Some(one) == key)
            && self.count.is_none_or(|count| count == finding.after)
            && self
                .disposition
                .is_none_or(|word| word == finding.disposition.name())
    }
}

/// As in the file: `rule: default, root: main.run, count: 3`.
impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let keys = [
            ("rule", self.rule.clone()),
            ("root", self.root.as_ref().map(ToString::to_string)),
            ("home", self.home.as_ref().map(ToString::to_string)),
            ("state", self.state.clone()),
            ("key", self.key.clone()),
            ("count", self.count.map(|count| count.to_string())),
            ("disposition", self.disposition.map(str::to_owned)),
        ];
        let keys = keys.into_iter();
        let keys = keys.filter_map(|(key, value)| Some(format!("{key}: {}", value?)));
        f.write_str(&keys.collect::<Vec<_>>().join(", "))
    }
}
