//! What the goroutines of one profile are, or of two: by state, and in groups.
//!
//! Nothing is judged here. It answers "what are these 40,000 goroutines" for a person who has one
//! file, often a dump from an incident.

mod by;
mod gather;
mod pairs;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::judge::Filter;
use crate::snapshot::Snapshot;
use crate::verdict::{Place, Trace};

pub use by::By;

/// What is asked.
#[derive(Debug)]
pub struct Query {
    /// What goroutines of one group have in common.
    pub by: By,
    /// So many groups are described, those with most goroutines; `None` for all.
    pub top: Option<usize>,
    /// Only the goroutines that these conditions hold for.
    pub filter: Option<Filter>,
    /// Only goroutines that have waited so many minutes.
    pub min_wait: Option<u32>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// Whether two files were compared.
    pub is_pair: bool,
    /// The goroutines that were asked for.
    pub counts: Counts,
    /// How many different stacks they have.
    pub stacks: usize,
    /// Their states, most goroutines first.
    pub states: Vec<State>,
    /// The groups, most goroutines first; of a pair, those that grew most.
    pub groups: Vec<Group>,
    /// Groups that there was no room for, and their goroutines.
    pub left_out: (usize, Counts),
    /// Of each file, whether it says how long goroutines waited.
    pub knows_waits: Vec<bool>,
    /// Whether only those that waited for some time were asked for.
    pub is_by_wait: bool,
}

/// Goroutines of two files; of a single file all are `right`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Only in the first file.
    pub left: i64,
    /// In both: of each stack, as many as the file with fewer has.
    pub both: i64,
    /// Only in the second file.
    pub right: i64,
}

impl Counts {
    /// All of them, each once.
    pub fn total(self) -> i64 {
        let sum = self.left.saturating_add(self.both);
        sum.saturating_add(self.right)
    }

    fn of(left: i64, right: i64) -> Self {
        let both = left.min(right);
        Self {
            left: left - both,
            both,
            right: right - both,
        }
    }

    fn add(&mut self, other: Self) {
        self.left = self.left.saturating_add(other.left);
        self.both = self.both.saturating_add(other.both);
        self.right = self.right.saturating_add(other.right);
    }
}

/// The goroutines of one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// In the words of Go's dumps.
    pub name: String,
    /// How many.
    pub counts: Counts,
    /// The longest that any has waited, in whole minutes; 0 when none did or it is not known.
    pub longest_minutes: u32,
}

/// Goroutines with something in common. What is said beside the counts is that of the second file,
/// unless the group is only in the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What they have in common; `None` for those without.
    pub name: Option<String>,
    /// How many.
    pub counts: Counts,
    /// Their states with goroutines of each, most first.
    pub states: Vec<(String, i64)>,
    /// The longest that any has waited, in whole minutes; 0 when none did or it is not known.
    pub longest_minutes: u32,
    /// Where user code waits, most goroutines first.
    pub homes: Vec<(Place, i64)>,
    /// What started them, most goroutines first.
    pub creators: Vec<(Creator, i64)>,
    /// The channels and locks that more than one of them waits for.
    pub shared: Vec<Shared>,
    /// How many Go proved to wait forever.
    pub leaked: i64,
    /// The one that has waited longest.
    pub example: Example,
}

/// What started a goroutine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Creator {
    /// The function with the `go` statement, and the place of that.
    Function(Place),
    /// The number of the goroutine that did, where nothing else is known.
    Goroutine(u64),
}

impl fmt::Display for Creator {
    /// Output: `app.(*Pool).run /src/pool.go:31`, `app.(*Pool).run` or `goroutine 7`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Creator::Function(place) if place.file().is_empty() => f.write_str(place.name()),
            Creator::Function(place) => {
                write!(f, "{} {}:{}", place.name(), place.file(), place.line)
            }
            Creator::Goroutine(id) => write!(f, "goroutine {id}"),
        }
    }
}

/// Goroutines of one group that wait for one channel or lock in one state. What is said of others
/// holds for all goroutines of the file, whatever was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// `channel 0xc000196000`
    pub object: String,
    /// What these do with it: `chan send`.
    pub state: String,
    /// How many do.
    pub count: i64,
    /// How many do in the file, in this group or in others.
    pub in_file: i64,
    /// How many others wait for it, in another group or state.
    pub others: i64,
    /// How many of those do the opposite with a channel: receive where these send.
    pub opposite: i64,
    /// Whether more may do the opposite: a dump does not say for which channels a select waits, and
    /// not always for which one another goroutine does.
    pub may_have_more: bool,
}

/// One goroutine of a group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Example {
    /// Its number.
    pub id: Option<u64>,
    /// Whole minutes that it has waited.
    pub waited_minutes: u32,
    /// The name of its stack, twelve hex digits.
    pub stack: String,
    /// Its frames.
    pub trace: Trace,
    /// How many of them are the runtime's or the standard library's, inside of user code; or the
    /// runtime's alone, where all is standard library.
    pub inner: usize,
}

/// Describes the goroutines of one snapshot or of two.
///
/// # Panics
/// When there is none.
pub fn of(snapshots: &[Snapshot], query: &Query) -> Overview {
    gather::gather(snapshots, query)
}
