//! What a rule or an exception asks of a goroutine.

use std::fmt;

use super::{Pattern, PolicyErrors, parse};
use crate::confirmed::Class;
use crate::go_names::WAITED_IN_BY_ANY;

/// The goroutines for which all of these hold. Of a list of patterns any one will do; an empty list
/// asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Matcher {
    /// The stack's own name, twelve hex digits; see [`crate::stack::Frames::id`].
    pub stack: Option<String>,
    /// The suite: a test binary's import path, or the name of its files.
    pub suite: Vec<Pattern>,
    /// The entry function. A stack that was cut has none and never matches.
    pub root: Vec<Pattern>,
    /// The innermost function that is neither runtime nor standard library.
    pub home: Vec<Pattern>,
    /// Any function of the stack.
    pub any: Vec<Pattern>,
    /// Functions that must not be in the stack.
    pub without: Vec<Pattern>,
    /// What the goroutine waits for, as in [`crate::state::all_states`].
    pub state: Option<String>,
    /// The test that started it.
    pub test: Vec<Pattern>,
    /// The package of its home, or of its outermost function when all of the stack is standard
    /// library.
    pub package: Vec<Pattern>,
    /// pprof labels and their values.
    pub labels: Vec<(String, Pattern)>,
    /// Whether Go's own leak profile holds it. Never matches when no such profile was read.
    pub proven: Option<bool>,
    /// What running the tests again showed. Never matches where they ran once.
    pub confirmed: Option<Class>,
}

/// As the keys of a policy: `root: main.run, state: chan send`. Of patterns of one key, any one will
/// do; they are parted by bars.
impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let patterns = |patterns: &[Pattern]| {
            let patterns: Vec<String> = patterns.iter().map(ToString::to_string).collect();
            (!patterns.is_empty()).then(|| patterns.join(" | "))
        };
        let keys = [
            ("stack", self.stack.clone()),
            ("suite", patterns(&self.suite)),
            ("root", patterns(&self.root)),
            ("home", patterns(&self.home)),
            ("any", patterns(&self.any)),
            ("without", patterns(&self.without)),
            ("state", self.state.clone()),
            ("test", patterns(&self.test)),
            ("package", patterns(&self.package)),
            ("proven", self.proven.map(|proven| proven.to_string())),
            (
                "confirmed",
                self.confirmed.map(|class| class.name().to_owned()),
            ),
        ];
        let keys = keys
            .into_iter()
            .filter_map(|(key, value)| Some(format!("{key}: {}", value?)));
        let labels = self.labels.iter();
        let labels = labels.map(|(key, pattern)| format!("label {key}: {pattern}"));
        let all: Vec<String> = keys.chain(labels).collect();
        f.write_str(&all.join(", "))
    }
}

impl Matcher {
    /// Reads the `match` of a policy that stands alone; `name` says in messages where it does.
    ///
    /// Input: `state: chan send`, or `{ root: "example.com/shop*", without: "*.Close" }`
    ///
    /// # Errors
    /// Anything that is not understood, with its line and column.
    pub fn parse(name: &str, text: &str) -> Result<Self, PolicyErrors> {
        parse::matcher(name, text)
    }

    /// Whether it asks for nothing, and so matches every goroutine.
    pub fn is_empty(&self) -> bool {
        !self.has_names()
            && self.without.is_empty()
            && self.state.is_none()
            && self.proven.is_none()
            && self.confirmed.is_none()
    }

    /// Whether it asks for something by its name, which may be misspelt.
    pub fn has_names(&self) -> bool {
        let lists = [
            &self.root,
            &self.home,
            &self.any,
            &self.test,
            &self.package,
            &self.suite,
        ];
        lists.iter().any(|list| !list.is_empty()) || self.stack.is_some() || !self.labels.is_empty()
    }

    /// Whether it asks for labels, so that one stack may match in part.
    pub fn asks_for_labels(&self) -> bool {
        !self.test.is_empty() || !self.labels.is_empty()
    }

    /// Whether it certainly matches every goroutine that `other` matches. That it does not is no more
    /// than a doubt.
    pub fn covers(&self, other: &Matcher) -> bool {
        // What it asks for is asked for by the other, or follows from that.
        let follows = |asked: &[Pattern], given: &[&[Pattern]]| {
            let mut given = given.iter().filter(|given| !given.is_empty());
            asked.is_empty() || given.any(|given| all_covered(given, asked))
        };
        let has_label = |(key, pattern): &(String, Pattern)| {
            let mut labels = other.labels.iter();
            labels.any(|(other_key, given)| other_key == key && pattern.covers(given))
        };
        (self.stack.is_none() || self.stack == other.stack)
            && (self.state.is_none() || self.state == other.state)
            && (self.proven.is_none() || self.proven == other.proven)
            && (self.confirmed.is_none() || self.confirmed == other.confirmed)
            && follows(&self.suite, &[&other.suite])
            && follows(&self.root, &[&other.root])
            && follows(&self.home, &[&other.home])
            && follows(&self.any, &[&other.any, &other.root, &other.home])
            && follows(&self.test, &[&other.test])
            && follows(&self.package, &[&other.package])
            && all_covered(&self.without, &other.without)
            && self.labels.iter().all(has_label)
    }

    /// Whether it certainly matches nothing: every function that it asks for is one that must not be
    /// in the stack.
    pub fn contradicts_itself(&self) -> bool {
        let asked = [&self.root, &self.home, &self.any];
        let mut asked = asked.iter().filter(|asked| !asked.is_empty());
        asked.any(|asked| all_covered(asked, &self.without))
    }

    /// Whether it asks for no function and no test: it takes all goroutines of a package, a suite, a
    /// label or a state alike.
    pub fn names_no_code(&self) -> bool {
        let lists = [&self.root, &self.home, &self.any, &self.test];
        self.stack.is_none() && lists.iter().all(|list| list.is_empty())
    }

    /// Whether all it asks for is a frame that any waiting goroutine may have: too much for an
    /// exception.
    pub fn is_broad(&self) -> bool {
        // No function at all: a pattern that takes this takes every name.
        let takes_all = |pattern: &Pattern| pattern.matches("");
        let takes_blocking = |pattern: &Pattern| {
            WAITED_IN_BY_ANY
                .iter()
                .any(|function| pattern.matches(function))
        };
        let narrows = |list: &[Pattern]| !list.is_empty() && !list.iter().any(takes_all);
        let is_narrow = self.stack.is_some()
            || [&self.test, &self.package, &self.suite]
                .iter()
                .any(|list| narrows(list))
            || self.labels.iter().any(|(_, pattern)| !takes_all(pattern));
        let is_any = |list: &[Pattern]| {
            list.is_empty()
                || list
                    .iter()
                    .any(|pattern| takes_all(pattern) || takes_blocking(pattern))
        };
        !is_narrow
            && [&self.root, &self.home, &self.any]
                .iter()
                .all(|list| is_any(list))
    }
}

/// Whether each of these patterns is covered by one of the others.
fn all_covered(patterns: &[Pattern], by: &[Pattern]) -> bool {
    let is_covered = |pattern: &Pattern| by.iter().any(|wide| wide.covers(pattern));
    patterns.iter().all(is_covered)
}
