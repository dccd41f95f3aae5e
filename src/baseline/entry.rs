//! One entry: goroutines of one finding that are accepted.

use jiff::civil::Date;

use crate::policy::{Exception, Matcher, Max, Pattern, Source};

/// Goroutines of one finding that are accepted in one suite.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its line in the file, 1-based; 0 for one that no file holds yet.
    pub line: u32,
    /// The id of the finding, twelve hex digits; see [`crate::stack::Frames::id`].
    pub id: String,
    /// The suite: a test binary's import path, or the name of its files.
    pub suite: String,
    /// So many goroutines there may be, and at least 1.
    pub max: i64,
    /// What is accepted.
    pub about: About,
    /// The last day it holds, UTC.
    pub expires: Date,
    /// Why they are accepted.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
}

/// What an entry accepts, by the names that a person knows it by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// Goroutines of one stack. By these names a stack is found again after a refactoring.
    Stack {
        /// The entry function; `None` for a stack that was cut.
        root: Option<String>,
        /// Where user code waits; `None` when all of the stack is standard library.
        home: Option<String>,
    },
    /// What one rule adds up.
    Sum {
        /// The name of the rule.
        rule: String,
        /// Which state, root, package, test or label value; `None` for all goroutines of the rule.
        key: Option<String>,
    },
}

impl Entry {
    /// The exception that it is.
    pub fn exception(&self) -> Exception {
        let stack = match self.about {
            About::Stack { .. } => Some(self.id.clone()),
            About::Sum { .. } => None,
        };
        Exception {
            source: Source::Baseline { line: self.line },
            name: None,
            matcher: Matcher {
                stack,
                suite: vec![Pattern::new(&self.suite)],
                ..Matcher::default()
            },
            max: Max::Count(self.max),
            in_use_by: Vec::new(),
            reason: self.reason.clone(),
            expires: Some(self.expires),
            owner: self.owner.clone(),
        }
    }
}
