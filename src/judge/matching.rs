//! Which conditions of a policy hold for a stack. Patterns are tried on each function once, not on
//! each frame.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::policy::{Matcher, Pattern, Policy};
use crate::snapshot::{Snapshot, TEST_LABEL};
use crate::stack::{Frame, Frames};

/// All conditions of a policy, their patterns numbered.
#[derive(Debug)]
pub(super) struct Conditions {
    patterns: Vec<(What, Pattern)>,
    /// One for each rule of the policy, in its order.
    rules: Vec<Condition>,
    /// One for each exception, in their order.
    allows: Vec<Condition>,
}

/// What a pattern is tried on.
#[derive(Debug, Clone, Copy)]
enum What {
    Function,
    Package,
}

/// A matcher with its patterns by number. An empty list asks for nothing; of a list, any one will
/// do.
#[derive(Debug, Default)]
struct Condition {
    stack: Option<String>,
    suite: Vec<Pattern>,
    root: Vec<usize>,
    home: Vec<usize>,
    any: Vec<usize>,
    /// None of these may be in the stack.
    without: Vec<usize>,
    /// Roots of goroutines that each show one of these in use.
    in_use_by: Vec<usize>,
    package: Vec<usize>,
    state: Option<String>,
    test: Vec<Pattern>,
    /// Label keys, and what their values must match.
    labels: Vec<(String, Pattern)>,
    proven: Option<bool>,
}

/// What conditions ask of a stack.
#[derive(Debug)]
pub(super) struct Subject<'f, 'buf> {
    suite: &'f str,
    frames: &'f Frames<'buf>,
    /// The id of the stack, made when it is first asked for.
    id: OnceCell<String>,
    root: Bits,
    home: Bits,
    any: Bits,
    package: Bits,
    state: &'static str,
    proven: Option<bool>,
}

/// A set of pattern numbers.
type Bits = Vec<u64>;

/// The patterns that each function of a snapshot matches, found out when first asked.
pub(super) struct Matches {
    /// Words of a set.
    width: usize,
    /// One set for each function. Memory that nobody asks about is never touched.
    sets: Vec<u64>,
    /// For each function, whether its set is filled in.
    known: Vec<bool>,
}

impl Conditions {
    pub(super) fn new(policy: &Policy) -> Self {
        let mut conditions = Self {
            patterns: Vec::new(),
            rules: Vec::new(),
            allows: Vec::new(),
        };
        for rule in &policy.rules {
            let condition = conditions.read(&rule.matcher);
            conditions.rules.push(condition);
        }
        for exception in &policy.exceptions {
            let mut condition = conditions.read(&exception.matcher);
            condition.in_use_by = conditions.numbers(What::Function, &exception.in_use_by);
            conditions.allows.push(condition);
        }
        conditions
    }

    /// Those of one matcher, as those of a single rule.
    pub(super) fn of(matcher: &Matcher) -> Self {
        let mut conditions = Self {
            patterns: Vec::new(),
            rules: Vec::new(),
            allows: Vec::new(),
        };
        let condition = conditions.read(matcher);
        conditions.rules.push(condition);
        conditions
    }

    /// The indices of all exceptions that match.
    pub(super) fn allows(
        &self,
        subject: &Subject<'_, '_>,
        labels: &BTreeMap<String, String>,
    ) -> impl Iterator<Item = usize> {
        let matching = self
            .allows
            .iter()
            .enumerate()
            .filter(|(_, condition)| condition.holds(subject, labels));
        matching.map(|(index, _)| index)
    }

    /// Whether an exception matches a stack, whatever its labels.
    pub(super) fn allow_holds(&self, allow: usize, subject: &Subject<'_, '_>) -> bool {
        self.allows[allow].holds(subject, &BTreeMap::new())
    }

    /// Whether a stack shows a goroutine in use that an exception matches.
    pub(super) fn shows_use(&self, allow: usize, subject: &Subject<'_, '_>) -> bool {
        let mut in_use_by = self.allows[allow].in_use_by.iter();
        in_use_by.any(|&number| has(&subject.root, number))
    }

    /// The indices of all rules that match.
    pub(super) fn rules(
        &self,
        subject: &Subject<'_, '_>,
        labels: &BTreeMap<String, String>,
    ) -> impl Iterator<Item = usize> {
        let rules = self.rules.iter().enumerate();
        let matching = rules.filter(|(_, condition)| condition.holds(subject, labels));
        matching.map(|(index, _)| index)
    }

    fn read(&mut self, matcher: &Matcher) -> Condition {
        let labels = matcher.labels.iter();
        Condition {
            stack: matcher.stack.clone(),
            suite: matcher.suite.clone(),
            root: self.numbers(What::Function, &matcher.root),
            home: self.numbers(What::Function, &matcher.home),
            any: self.numbers(What::Function, &matcher.any),
            without: self.numbers(What::Function, &matcher.without),
            in_use_by: Vec::new(),
            package: self.numbers(What::Package, &matcher.package),
            state: matcher.state.clone(),
            test: matcher.test.clone(),
            labels: labels.cloned().collect(),
            proven: matcher.proven,
        }
    }

    fn numbers(&mut self, what: What, patterns: &[Pattern]) -> Vec<usize> {
        let first = self.patterns.len();
        self.patterns
            .extend(patterns.iter().map(|pattern| (what, pattern.clone())));
        (first..self.patterns.len()).collect()
    }
}

impl Condition {
    fn holds(&self, subject: &Subject<'_, '_>, labels: &BTreeMap<String, String>) -> bool {
        let any_of = |numbers: &[usize], bits: &Bits| {
            numbers.is_empty() || numbers.iter().any(|&number| has(bits, number))
        };
        let one_of = |patterns: &[Pattern], name: Option<&str>| {
            let matches = |name| patterns.iter().any(|pattern| pattern.matches(name));
            patterns.is_empty() || name.is_some_and(matches)
        };
        any_of(&self.root, &subject.root)
            && any_of(&self.home, &subject.home)
            && any_of(&self.any, &subject.any)
            && !self.without.iter().any(|&number| has(&subject.any, number))
            && any_of(&self.package, &subject.package)
            && self
                .state
                .as_ref()
                .is_none_or(|state| state == subject.state)
            && self
                .proven
                .is_none_or(|proven| subject.proven == Some(proven))
            && self
                .labels
                .iter()
                .all(|(key, pattern)| labels.get(key).is_some_and(|value| pattern.matches(value)))
            && one_of(&self.suite, Some(subject.suite))
            && one_of(&self.test, labels.get(TEST_LABEL).map(String::as_str))
            && self
                .stack
                .as_ref()
                .is_none_or(|stack| stack == subject.id())
    }
}

impl Subject<'_, '_> {
    fn id(&self) -> &str {
        self.id.get_or_init(|| self.frames.id())
    }
}

impl Matches {
    pub(super) fn new(conditions: &Conditions, snapshot: &Snapshot) -> Self {
        let functions = snapshot.symbols().names().len();
        let width = conditions.patterns.len().div_ceil(64);
        Self {
            width,
            sets: vec![0; functions * width],
            known: vec![false; functions],
        }
    }

    /// What the conditions can ask of a stack of this snapshot.
    pub(super) fn subject<'f, 'buf>(
        &mut self,
        conditions: &Conditions,
        suite: &'f str,
        frames: &'f Frames<'buf>,
        proven: Option<bool>,
    ) -> Subject<'f, 'buf> {
        let mut set = |frame: Option<&Frame>| match frame {
            Some(frame) => self.of(conditions, frame).to_vec(),
            None => vec![0; conditions.patterns.len().div_ceil(64)],
        };
        let mut subject = Subject {
            suite,
            frames,
            id: OnceCell::new(),
            root: set(frames.root()),
            home: set(frames.home()),
            any: set(None),
            package: set(frames.owner()),
            state: frames.state(),
            proven,
        };
        for frame in frames.as_slice() {
            for (word, more) in subject.any.iter_mut().zip(self.of(conditions, frame)) {
                *word |= more;
            }
        }
        subject
    }

    fn of(&mut self, conditions: &Conditions, frame: &Frame) -> &[u64] {
        let set = &mut self.sets[frame.index * self.width..][..self.width];
        if !std::mem::replace(&mut self.known[frame.index], true) {
            for (number, (what, pattern)) in conditions.patterns.iter().enumerate() {
                let name = match what {
                    What::Function => frame.function.as_str(),
                    What::Package => frame.function.package(),
                };
                if pattern.matches(name) {
                    set[number / 64] |= 1 << (number % 64);
                }
            }
        }
        set
    }
}

fn has(bits: &Bits, number: usize) -> bool {
    bits[number / 64] >> (number % 64) & 1 == 1
}
