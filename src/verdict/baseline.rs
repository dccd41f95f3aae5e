//! What became of a baseline.

use crate::baseline::{Entry, Repeated};
use crate::policy::is_soon;

/// The result of a baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    /// How messages name the file.
    pub name: String,
    /// Whether an entry that nothing needs fails the build.
    pub strict: bool,
    /// The result of each entry, in their order.
    pub entries: Vec<EntryUse>,
    /// Entries that repeat an earlier one, of which the smaller counts.
    pub repeated: Vec<Repeated>,
}

/// The result of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryUse {
    /// The entry.
    pub entry: Entry,
    /// Goroutines that it was held against, the most of any run of its suite; `None` where its suite
    /// was not judged.
    pub matched: Option<i64>,
    /// Whether its suite was judged as a whole.
    pub whole: bool,
    /// Days from today to its last day; below 0 once it has expired.
    pub days_left: i64,
}

impl Baseline {
    /// What became of the entry of a finding, by its id and the subject of its suite.
    pub fn find(&self, id: &str, suite: &str) -> Option<&EntryUse> {
        let of = |one: &EntryUse| (&*one.entry.id, &*one.entry.suite).cmp(&(id, suite));
        let at = self.entries.binary_search_by(of).ok()?;
        self.entries.get(at)
    }

    /// Entries that nothing needs any more.
    pub fn stale(&self) -> impl Iterator<Item = &EntryUse> {
        self.entries.iter().filter(|one| one.is_stale())
    }
}

impl EntryUse {
    /// Whether its suite was judged as a whole, and has none of its goroutines.
    pub fn is_stale(&self) -> bool {
        self.whole && self.matched == Some(0)
    }

    /// Whether fewer goroutines are left than it accepts.
    pub fn could_be_lower(&self) -> bool {
        let matched = self.matched.filter(|_| self.whole);
        matched.is_some_and(|matched| (1..self.entry.max).contains(&matched))
    }

    /// Whether its last day is over.
    pub fn is_expired(&self) -> bool {
        self.days_left < 0
    }

    /// Whether it covers goroutines, and its last day is within two weeks.
    pub fn expires_soon(&self) -> bool {
        self.matched.unwrap_or(0) > 0 && is_soon(self.days_left)
    }
}
