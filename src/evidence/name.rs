//! What a suite is called.

use std::fmt;
use std::sync::Arc;

/// A suite's name: what was tested, and which run of it this is.
///
/// Shown as `example.com/shop`, and `example.com/shop (run 2)` for the second run of a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SuiteName {
    subject: Arc<str>,
    run: u32,
}

impl SuiteName {
    /// The name of one of several runs, counted from 1.
    pub fn of_run(subject: &str, run: u32) -> Self {
        Self {
            subject: subject.into(),
            run,
        }
    }

    /// What was tested: an import path, the address of a service, or the name that files give.
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

impl Default for SuiteName {
    fn default() -> Self {
        Self::from("")
    }
}

impl From<&str> for SuiteName {
    fn from(subject: &str) -> Self {
        Self::of_run(subject, 1)
    }
}

impl From<String> for SuiteName {
    fn from(subject: String) -> Self {
        Self::from(&*subject)
    }
}

impl fmt::Display for SuiteName {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.run {
            1 => f.pad(&self.subject),
            run => write!(f, "{} (run {run})", self.subject),
        }
    }
}

impl serde::Serialize for SuiteName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
