//! Exceptions: goroutines that are accepted, by the policy, by the baseline or by the built-in list.

use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;

use super::{Matcher, Pattern};

/// Goroutines that are accepted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exception {
    /// Where it comes from.
    pub source: Source,
    /// What others call it. Every built-in exception has a name.
    pub name: Option<String>,
    /// Which goroutines it is about.
    pub matcher: Matcher,
    /// How many of them a suite may have, all stacks together.
    pub max: Max,
    /// Entry functions of other goroutines, each of which shows that one goroutine of these is in
    /// use, and not covered.
    pub in_use_by: Vec<Pattern>,
    /// Why they are accepted.
    pub reason: String,
    /// The last day it holds, UTC; `None` for a built-in exception.
    pub expires: Option<Date>,
    /// Who answers for it.
    pub owner: Option<String>,
}

/// Where an exception comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The policy file, in this line, 1-based.
    Policy {
        /// 1-based.
        line: u32,
    },
    /// The baseline file, in this line.
    Baseline {
        /// 1-based.
        line: u32,
    },
    /// The built-in list.
    Builtin,
}

/// How many goroutines an exception covers. With one more, it covers none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Max {
    /// At most so many.
    Count(i64),
    /// As many as there are.
    Unlimited,
    /// At most as many as an earlier exception of this name matches.
    AsManyAs(String),
}

/// As in `accepts 3 goroutines`.
impl fmt::Display for Max {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Max::Count(1) => f.write_str("1 goroutine"),
            Max::Count(count) => write!(f, "{count} goroutines"),
            Max::Unlimited => f.write_str("any number of goroutines"),
            Max::AsManyAs(name) => write!(f, "as many goroutines as {name}"),
        }
    }
}

impl Exception {
    /// Its name, when it is a built-in one.
    pub fn builtin_name(&self) -> Option<&str> {
        match self.source {
            Source::Builtin => self.name.as_deref(),
            Source::Policy { .. } | Source::Baseline { .. } => None,
        }
    }

    /// Its line in the policy or in the baseline, 1-based; `None` for a built-in one.
    pub fn line(&self) -> Option<u32> {
        match self.source {
            Source::Builtin => None,
            Source::Policy { line } | Source::Baseline { line } => Some(line),
        }
    }

    /// Whether it is an entry of the baseline.
    pub fn is_of_baseline(&self) -> bool {
        matches!(self.source, Source::Baseline { .. })
    }

    /// Days from `today` to its last day; below 0 once it has expired, `None` for a built-in one.
    pub fn days_left(&self, today: Date) -> Option<i64> {
        let days = |span: jiff::Span| i64::from(span.get_days());
        let expires = self.expires?;
        Some(today.until(expires).map_or(0, days))
    }

    /// How many goroutines count against it, when there were `before` and are `after`. A built-in
    /// one is there for what comes with a test run, not for what a program keeps anyway.
    pub fn amount(&self, before: i64, after: i64) -> i64 {
        match self.source {
            Source::Policy { .. } | Source::Baseline { .. } => after,
            Source::Builtin => (after - before).max(0),
        }
    }

    /// Whether it covers as many goroutines as `other` matches. Names are those of one list.
    pub fn goes_with(&self, other: &Exception) -> bool {
        let of_one_list = (self.source == Source::Builtin) == (other.source == Source::Builtin);
        matches!(&self.max, Max::AsManyAs(name) if of_one_list && other.name.as_ref() == Some(name))
    }

    /// Whether its last day is over.
    pub fn is_expired(&self, today: Date) -> bool {
        self.expires.is_some_and(|expires| expires < today)
    }
}

/// Goroutines that every Go program may have and nobody leaks, with the version of the list.
pub struct Builtin {
    /// Raised with every change of the list.
    pub version: u32,
    /// The first that matches counts.
    pub exceptions: Vec<Arc<Exception>>,
}
