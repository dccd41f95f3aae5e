//! The baseline: what leaks already and is accepted, each finding until a day.
//!
//! It makes a gate green on the first day, and only ever tightens: `leakgate accept` alone adds and
//! raises, and whoever fixes a leak prunes. The file is written by leakgate so that it merges: one
//! block for each stack of a suite, in the order of their ids, with `max` between lines that tell
//! blocks apart. It holds no totals, no lines of the source and no day of writing: nothing but what
//! judging reads, and the names that a person needs.

mod accept;
mod entry;
mod parse;
mod prune;
mod reported;
mod resolve;
mod schema;
#[cfg(test)]
mod tests;
mod write;

use std::path::Path;

use crate::policy::PolicyErrors;

pub use accept::{Added, Terms, accept};
pub use entry::{About, Entry};
pub use prune::{Pruned, prune};
pub use reported::{Report, ReportError, Reported};
pub use resolve::{Resolved, is_marker, resolve};
pub use schema::{SCHEMA_URL, schema};

/// The file names that are looked for in a directory, and in `.github` for the last.
pub const FILE_NAMES: [&str; 2] = ["leakgate.baseline.yml", ".github/leakgate.baseline.yml"];

/// A baseline of more bytes than this is rejected: it would hold over fifty thousand entries.
pub const LARGEST: u64 = 16 << 20;

/// A baseline, ready for use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    /// How messages name the file.
    pub name: String,
    /// Comments at its top, with their line breaks.
    pub head: String,
    /// In the order of their ids, then of their suites; each pair of these once.
    pub entries: Vec<Entry>,
    /// Entries that repeat an earlier one, as merges leave them: the smaller `max` of the two counts.
    pub repeated: Vec<Repeated>,
}

/// An entry with the id and the suite of an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Repeated {
    /// 1-based.
    pub line: u32,
    /// The line of the earlier one.
    pub earlier: u32,
}

impl Baseline {
    /// Reads a baseline file's text. `path` only names it in messages.
    ///
    /// # Errors
    /// Anything that is not understood, with its line and column; what git leaves of a merge that
    /// it could not do, too.
    pub fn parse(path: &Path, text: &str) -> Result<Self, PolicyErrors> {
        parse::baseline(path, text)
    }

    /// The text of the file. What [`Baseline::parse`] reads of it is written as the same bytes.
    pub fn text(&self) -> String {
        write::text(self)
    }

    /// The entry of a finding, where there is one.
    pub fn find(&self, id: &str, suite: &str) -> Option<&Entry> {
        let at = self.position(id, suite).ok()?;
        self.entries.get(at)
    }

    /// Adds an entry in its place; one with the same id and suite goes.
    fn insert(&mut self, entry: Entry) {
        match self.position(&entry.id, &entry.suite) {
            Ok(at) => self.entries[at] = entry,
            Err(at) => self.entries.insert(at, entry),
        }
    }

    /// Where the entry of a finding is, or where it would have to be.
    fn position(&self, id: &str, suite: &str) -> Result<usize, usize> {
        let of = |entry: &Entry| (&*entry.id, &*entry.suite).cmp(&(id, suite));
        self.entries.binary_search_by(of)
    }
}
