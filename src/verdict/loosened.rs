//! What a change lets pass that did not pass before it.

use std::sync::Arc;

use jiff::civil::Date;

use crate::baseline::Entry;
use crate::policy::{Exception, Limit, Rule};

/// Something of the policy or of the baseline that lets more pass than that of the base branch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loosened {
    /// An entry of the baseline.
    Entry {
        /// How messages name the file.
        file: String,
        /// The entry as it is now.
        entry: Entry,
        /// What it was.
        looser: Looser,
    },
    /// An exception of the policy.
    Exception {
        /// The exception as it is now.
        exception: Arc<Exception>,
        /// What it was.
        looser: Looser,
    },
    /// A rule with a higher limit.
    Limit {
        /// The rule as it is now.
        rule: Arc<Rule>,
        /// What it allowed.
        from: Limit,
    },
    /// A rule that was an error and is a warning.
    Severity(Arc<Rule>),
    /// A rule that is about other goroutines, or counts them otherwise.
    Match(Arc<Rule>),
    /// A rule that stands before a stricter one that was before it.
    Order(Arc<Rule>),
    /// A new rule that allows more than one behind it.
    NewRule(Arc<Rule>),
    /// A rule that is gone.
    RuleRemoved(Arc<Rule>),
    /// The built-in list was off and is on.
    BuiltinAllowed,
    /// Findings of a failed command counted, and do not any more.
    FailedTestsNotGated,
}

impl Loosened {
    /// The word for it in the JSON report.
    pub fn kind(&self) -> &'static str {
        match self {
            Loosened::Entry { .. } => "baseline",
            Loosened::Exception { .. } => "allow",
            Loosened::Limit { .. } => "limit",
            Loosened::Severity(_) => "severity",
            Loosened::Match(_) => "match",
            Loosened::Order(_) => "order",
            Loosened::NewRule(_) => "new-rule",
            Loosened::RuleRemoved(_) => "rule-removed",
            Loosened::BuiltinAllowed => "builtin-allow",
            Loosened::FailedTestsNotGated => "gate-failed-tests",
        }
    }
}

/// What something that accepts goroutines was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Looser {
    /// It was not there.
    New,
    /// It accepted only so many.
    RaisedFrom(i64),
    /// It ended on this day.
    ExtendedFrom(Date),
    /// One that accepts less stood before it, and does not any more.
    Earlier,
}
