//! Which conditions of a policy hold for a stack. Patterns are tried on each function once, not on
//! each frame.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::confirmed::Class;
use crate::policy::{Matcher, Pattern};
use crate::snapshot::{Snapshot, TEST_LABEL};
use crate::stack::{Frame, Frames};

/// The patterns of a policy that are tried on functions, each known by its place here.
#[derive(Debug, Default)]
pub(super) struct Patterns(Vec<(What, Pattern)>);

/// What a pattern is tried on.
#[derive(Debug, Clone, Copy)]
enum What {
    Function,
    Package,
}

/// A pattern of [`Patterns`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Number(usize);

/// A matcher with its patterns by number. An empty list asks for nothing; of a list, any one will
/// do.
#[derive(Debug)]
pub(super) struct Condition {
    stack: Option<String>,
    suite: Vec<Pattern>,
    root: Vec<Number>,
    home: Vec<Number>,
    any: Vec<Number>,
    /// None of these may be in the stack.
    without: Vec<Number>,
    package: Vec<Number>,
    state: Option<String>,
    test: Vec<Pattern>,
    /// Label keys, and what their values must match.
    labels: Vec<(String, Pattern)>,
    proven: Option<bool>,
    confirmed: Option<Class>,
}

/// What conditions ask of a stack.
pub(super) struct Asked<'a, 'buf> {
    suite: &'a str,
    frames: &'a Frames<'buf>,
    /// The id of the stack, made when it is first asked for.
    id: OnceCell<String>,
    state: &'static str,
    proven: Option<bool>,
    /// What running its tests again showed, once that is known.
    pub(super) confirmed: Option<Class>,
    matches: &'a Matches,
}

/// The patterns that each function of a snapshot matches, tried when it is first seen.
pub(super) struct Matches {
    /// Words of a set.
    width: usize,
    /// A set for each function. Memory that nobody asks about is never touched.
    sets: Vec<u64>,
    /// For each function, whether its set is filled in.
    known: Vec<bool>,
}

impl Patterns {
    pub(super) fn condition(&mut self, matcher: &Matcher) -> Condition {
        Condition {
            stack: matcher.stack.clone(),
            suite: matcher.suite.clone(),
            root: self.functions(&matcher.root),
            home: self.functions(&matcher.home),
            any: self.functions(&matcher.any),
            without: self.functions(&matcher.without),
            package: self.add(What::Package, &matcher.package),
            state: matcher.state.clone(),
            test: matcher.test.clone(),
            labels: matcher.labels.clone(),
            proven: matcher.proven,
            confirmed: matcher.confirmed,
        }
    }

    pub(super) fn functions(&mut self, patterns: &[Pattern]) -> Vec<Number> {
        self.add(What::Function, patterns)
    }

    fn add(&mut self, what: What, patterns: &[Pattern]) -> Vec<Number> {
        let first = self.0.len();
        self.0
            .extend(patterns.iter().map(|pattern| (what, pattern.clone())));
        (first..self.0.len()).map(Number).collect()
    }
}

impl Condition {
    pub(super) fn holds(&self, asked: &Asked, labels: &BTreeMap<String, String>) -> bool {
        let frames = asked.frames;
        let in_stack = |numbers: &[Number]| {
            let mut frames = frames.as_slice().iter();
            frames.any(|frame| asked.is_one_of(numbers, Some(frame)))
        };
        let one_of = |patterns: &[Pattern], name: Option<&String>| {
            let matches = |name: &String| patterns.iter().any(|pattern| pattern.matches(name));
            patterns.is_empty() || name.is_some_and(matches)
        };
        let has_label = |(key, pattern): &(String, Pattern)| {
            labels.get(key).is_some_and(|value| pattern.matches(value))
        };
        (self.root.is_empty() || asked.is_one_of(&self.root, frames.root()))
            && (self.home.is_empty() || asked.is_one_of(&self.home, frames.home()))
            && (self.any.is_empty() || in_stack(&self.any))
            && (self.without.is_empty() || !in_stack(&self.without))
            && (self.package.is_empty() || asked.is_one_of(&self.package, frames.owner()))
            && self.state.as_ref().is_none_or(|state| state == asked.state)
            && (self.proven.is_none() || self.proven == asked.proven)
            && (self.confirmed.is_none() || self.confirmed == asked.confirmed)
            && self.labels.iter().all(has_label)
            && (self.suite.is_empty() || self.suite.iter().any(|one| one.matches(asked.suite)))
            && one_of(&self.test, labels.get(TEST_LABEL))
            && self.stack.as_ref().is_none_or(|stack| stack == asked.id())
    }
}

impl<'buf> Asked<'_, 'buf> {
    /// The stack itself.
    pub(super) fn frames(&self) -> &Frames<'buf> {
        self.frames
    }

    /// Whether the entry function matches one of these.
    pub(super) fn is_rooted_in(&self, numbers: &[Number]) -> bool {
        self.is_one_of(numbers, self.frames.root())
    }

    fn is_one_of(&self, numbers: &[Number], frame: Option<&Frame>) -> bool {
        frame.is_some_and(|frame| {
            let set = &self.matches.sets[frame.index * self.matches.width..];
            let mut numbers = numbers.iter();
            numbers.any(|&Number(number)| set[number / 64] >> (number % 64) & 1 == 1)
        })
    }

    pub(super) fn id(&self) -> &str {
        self.id.get_or_init(|| self.frames.id())
    }
}

impl Matches {
    pub(super) fn new(patterns: &Patterns, snapshot: &Snapshot) -> Self {
        let functions = snapshot.symbols().names().len();
        let width = patterns.0.len().div_ceil(64);
        Self {
            width,
            sets: vec![0; functions * width],
            known: vec![false; functions],
        }
    }

    /// What conditions can ask of a stack of this snapshot.
    pub(super) fn ask<'a, 'buf>(
        &'a mut self,
        patterns: &Patterns,
        suite: &'a str,
        frames: &'a Frames<'buf>,
        proven: Option<bool>,
    ) -> Asked<'a, 'buf> {
        for frame in frames.as_slice() {
            if !std::mem::replace(&mut self.known[frame.index], true) {
                let set = &mut self.sets[frame.index * self.width..][..self.width];
                for (number, (what, pattern)) in patterns.0.iter().enumerate() {
                    let name = match what {
                        What::Function => frame.function.as_str(),
                        What::Package => frame.function.package(),
                    };
                    set[number / 64] |= u64::from(pattern.matches(name)) << (number % 64);
                }
            }
        }
        Asked {
            suite,
            frames,
            id: OnceCell::new(),
            state: frames.state(),
            proven,
            confirmed: None,
            matches: self,
        }
    }
}
