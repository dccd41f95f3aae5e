//! What is allowed: the rules, limits and exceptions that a diff is judged by.
//!
//! [`Policy`] is what judging uses. What the user wrote is read by [`Policy::parse`], which refuses anything it does not
//! understand: a policy with a misspelt key would allow more than its author thinks.

mod builtin;
mod error;
mod parse;
mod pattern;
mod positions;
mod raw;
mod schema;

use std::path::Path;

use jiff::civil::Date;

pub use builtin::{BUILTIN_ALLOWS, BUILTIN_VERSION, Bound, BuiltinAllow};
pub use error::PolicyError;
pub use pattern::Pattern;
pub use schema::{SCHEMA_URL, schema};

/// The file names that are looked for in a directory, and in `.github` for the last.
pub const FILE_NAMES: [&str; 3] = ["leakgate.yml", ".leakgate.yml", ".github/leakgate.yml"];

/// A policy file of more bytes than this is refused: no team reads so many rules.
pub const LARGEST: u64 = 1 << 20;

/// A policy, ready for use.
#[derive(Debug, Clone)]
pub struct Policy {
    /// How messages name the file; `built-in policy` when there is none.
    pub name: String,
    /// In the order of the file.
    pub rules: Vec<Rule>,
    /// Judges every stack that no rule matched.
    pub default_rule: Rule,
    /// In the order of the file.
    pub allows: Vec<Allow>,
    /// Whether [`BUILTIN_ALLOWS`] are in force.
    pub builtin_allow: bool,
    /// Whether findings count although the command of `leakgate run` failed.
    pub gate_failed_tests: bool,
}

/// One rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Unique in the policy.
    pub name: String,
    /// Line in the policy file, 1-based; `None` for a built-in rule.
    pub line: Option<u32>,
    /// Which goroutines it is about.
    pub matcher: Matcher,
    /// What is counted together.
    pub per: Per,
    /// How many there may be.
    pub limit: Limit,
    /// How grave a violation is.
    pub severity: Severity,
    /// The remedy, in the team's own words.
    pub message: Option<String>,
}

/// An accepted exception.
#[derive(Debug, Clone)]
pub struct Allow {
    /// Line in the policy file, 1-based.
    pub line: u32,
    /// Which goroutines it is about.
    pub matcher: Matcher,
    /// How many of them a suite may have, all stacks together.
    pub max: i64,
    /// Why they are accepted.
    pub reason: String,
    /// The last day it holds, UTC.
    pub expires: Date,
    /// Who answers for it.
    pub owner: Option<String>,
}

/// How grave a violation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Told, and fails only under `--fail-on warning`.
    Warning,
    /// Fails the build.
    Error,
}

impl Severity {
    /// The word for it, in policies and reports.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// What a rule counts together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Per {
    /// Goroutines that share a stack. The first such rule that matches decides; all others are always judged.
    Stack,
    /// Goroutines that share a root.
    Root,
    /// Goroutines that wait for the same kind of thing.
    State,
    /// Goroutines that one test started.
    Test,
    /// Goroutines of one package.
    Package,
    /// Goroutines with one value of a pprof label.
    Label(String),
    /// All that the rule matches.
    Total,
}

impl Per {
    /// The word for it in reports.
    pub fn name(&self) -> String {
        match self {
            Per::Stack => "stack".into(),
            Per::Root => "root".into(),
            Per::State => "state".into(),
            Per::Test => "test".into(),
            Per::Package => "package".into(),
            Per::Label(key) => format!("label {key}"),
            Per::Total => "total".into(),
        }
    }
}

/// Which goroutines a rule or an exception is about: those for which all of these hold.
#[derive(Debug, Clone, Default)]
pub struct Matcher {
    /// The stack's own name, twelve hex digits; see [`crate::stack::Frames::id`].
    pub stack: Option<String>,
    /// The suite: a test binary's import path, or the name of its files.
    pub suite: Option<Pattern>,
    /// The entry function. A stack that was cut has none and never matches.
    pub root: Option<Pattern>,
    /// The innermost function that is neither runtime nor standard library.
    pub home: Option<Pattern>,
    /// Any function of the stack.
    pub any: Option<Pattern>,
    /// What the goroutine waits for, as in [`crate::state::all_states`].
    pub state: Option<String>,
    /// The test that started it.
    pub test: Option<Pattern>,
    /// The package of its home, or of its outermost function when all of the stack is standard library.
    pub package: Option<Pattern>,
    /// pprof labels and their values.
    pub labels: Vec<(String, Pattern)>,
    /// Whether Go's own leak profile holds it. Never matches when no such profile was read.
    pub proven: Option<bool>,
}

impl Matcher {
    /// Whether it asks for nothing, and so matches every goroutine.
    pub fn is_empty(&self) -> bool {
        !self.has_names() && self.state.is_none() && self.proven.is_none()
    }

    /// Whether it asks for something by its name, which may be misspelt.
    pub fn has_names(&self) -> bool {
        let patterns = [
            &self.root,
            &self.home,
            &self.any,
            &self.test,
            &self.package,
            &self.suite,
        ];
        patterns.iter().any(|pattern| pattern.is_some())
            || self.stack.is_some()
            || !self.labels.is_empty()
    }

    /// Whether it asks for labels, so that one stack may match in part.
    pub fn asks_for_labels(&self) -> bool {
        self.test.is_some() || !self.labels.is_empty()
    }

    /// Whether all it asks for is a frame that any waiting goroutine may have: too much for an exception.
    pub fn is_broad(&self) -> bool {
        const BLOCKING: [&str; 16] = [
            "runtime.gopark",
            "runtime.goparkunlock",
            "runtime.main",
            "runtime.selectgo",
            "runtime.chanrecv",
            "runtime.chansend",
            "time.Sleep",
            "internal/poll.runtime_pollWait",
            "sync.runtime_Semacquire",
            "sync.runtime_SemacquireMutex",
            "sync.runtime_notifyListWait",
            "syscall.Syscall6",
            "crypto/tls.(*Conn).Read",
            "testing.tRunner",
            "io.Copy",
            // No function at all: a pattern that takes this takes every name.
            "",
        ];
        let any_name = |pattern: &Option<Pattern>| {
            pattern
                .as_ref()
                .is_some_and(|pattern| BLOCKING.iter().any(|function| pattern.matches(function)))
        };
        let specific = |pattern: &Pattern| !pattern.matches("");
        let mut labels = self.labels.iter().map(|(_, pattern)| pattern);
        let names = self.test.iter().chain(&self.package).chain(&self.suite);
        let narrow =
            self.stack.is_some() || names.into_iter().any(specific) || labels.any(specific);
        let patterns = [&self.root, &self.home, &self.any];
        !narrow
            && patterns
                .iter()
                .all(|pattern| pattern.is_none() || any_name(pattern))
    }
}

/// How many goroutines there may be. At least one of these is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limit {
    /// The ceiling: goroutines after, whatever there were before.
    pub count: Option<i64>,
    /// How many more than before.
    pub growth: Option<i64>,
    /// How many more than before, in percent of before, rounded down.
    pub percent: Option<i64>,
}

impl Limit {
    /// How many goroutines may be there after, when there were `before`:
    /// `max(before + growth, floor(before * (1 + percent/100)))`, capped by `count`.
    pub fn allowed(&self, before: i64) -> i64 {
        let by_growth = self.growth.map(|growth| before.saturating_add(growth));
        let by_percent = self.percent.map(|percent| {
            let scaled = i128::from(before) * (100 + i128::from(percent)) / 100;
            i64::try_from(scaled).unwrap_or(i64::MAX)
        });
        let relative = by_growth.into_iter().chain(by_percent).max();
        relative
            .unwrap_or(i64::MAX)
            .min(self.count.unwrap_or(i64::MAX))
    }

    /// The sum behind [`Limit::allowed`], for a person.
    ///
    /// Output: `2 + growth 3; ceiling 64`, `200 + 20 percent`, `ceiling 500`
    pub fn sum(&self, before: i64) -> String {
        let mut parts = Vec::new();
        match (self.growth, self.percent) {
            (Some(growth), Some(percent)) => {
                parts.push(format!("{before} + growth {growth} or {percent} percent"));
            }
            (Some(growth), None) => parts.push(format!("{before} + growth {growth}")),
            (None, Some(percent)) => parts.push(format!("{before} + {percent} percent")),
            (None, None) => {}
        }
        parts.extend(self.count.map(|count| format!("ceiling {count}")));
        parts.join("; ")
    }
}

impl Default for Policy {
    /// The policy without a file: no stack may grow, benign goroutines aside.
    fn default() -> Self {
        Self {
            name: "built-in policy".into(),
            rules: Vec::new(),
            default_rule: Rule {
                name: "default".into(),
                line: None,
                matcher: Matcher::default(),
                per: Per::Stack,
                limit: Limit {
                    growth: Some(0),
                    ..Limit::default()
                },
                severity: Severity::Error,
                message: None,
            },
            allows: Vec::new(),
            builtin_allow: true,
            gate_failed_tests: false,
        }
    }
}

impl Policy {
    /// Reads a policy file's text. `path` only names it in messages.
    ///
    /// # Errors
    /// Anything that is not understood, with its line and column.
    pub fn parse(path: &Path, text: &str) -> Result<Self, PolicyError> {
        parse::parse(path, text)
    }

    /// Where a rule stands: `leakgate.yml:12`.
    pub fn place(&self, line: Option<u32>) -> String {
        match line {
            Some(line) => format!("{}:{line}", self.name),
            None => self.name.clone(),
        }
    }
}
