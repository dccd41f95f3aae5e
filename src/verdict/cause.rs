//! Causes: what a person fixes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Function, Place};
use crate::evidence::SuiteName;
use crate::gosource::{Ending, Excerpt, Use};

/// One call, or one `go` statement of a test, whose goroutines stay.
#[derive(Debug, Clone)]
pub struct Cause {
    /// Twelve hex digits: the same for the same call in every suite, whatever line it stands in.
    /// [`super::Finding::causes`] refers to it.
    pub id: String,
    /// The suite that they are in.
    pub suite: SuiteName,
    /// What started them.
    pub opened: Opened,
    /// The frame of what was called, or the `go` statement.
    pub place: Place,
    /// Where the tests do it, those with the most goroutines first; at least one.
    pub sites: Vec<Site>,
    /// Goroutines that stay, by the test that started them.
    pub tests: BTreeMap<String, i64>,
    /// Goroutines that stay.
    pub goroutines: i64,
    /// What would have ended them: advice, read off the sources.
    pub ending: Ending,
    /// The call inside of this one that returned what can be ended, where nothing that this one
    /// returns can.
    pub inside: Option<Arc<Function>>,
    /// A test that does so, and does not leak.
    pub shown_by: Option<Use>,
    /// The sources at the line of the test with the most goroutines, at the `go` statement and where
    /// most of them wait, as far as they are there.
    pub excerpts: Vec<Excerpted>,
}

/// What started goroutines that stay.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Opened {
    /// The outermost call from a test into code that is not a test's.
    Call(Arc<Function>),
    /// A `go` statement in a test's own code, in this function.
    GoStatement(Arc<Function>),
}

impl Opened {
    /// The word for it in the JSON report.
    pub fn kind(&self) -> &'static str {
        match self {
            Opened::Call(_) => "call",
            Opened::GoStatement(_) => "go statement",
        }
    }

    /// The function that was called, or that holds the `go` statement.
    pub fn function(&self) -> &Arc<Function> {
        match self {
            Opened::Call(function) | Opened::GoStatement(function) => function,
        }
    }
}

/// Where a test does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The line of the test itself. That of a call is its return address: its own line or that of
    /// what comes after it.
    pub place: Place,
    /// The line of the call or the `go` statement, which may be in a helper of the tests.
    pub call: Place,
    /// Goroutines that stay from there.
    pub goroutines: i64,
}

/// A line of the sources, with those around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpted {
    /// Where it is.
    pub place: Place,
    /// What it says.
    pub excerpt: Excerpt,
}
