//! From the text of a dump to the bytes of a profile, so that all that follows knows one form.
//!
//! A dump hides the runtime's own frames and says in words what a goroutine does; a profile in
//! protobuf form is the other way round. So the frames of the runtime that a goroutine in this
//! state has are put in front of those that the dump shows, in one spelling. Where a profile in
//! protobuf form is compared with a dump, [`coarsen()`] takes from it what the dump cannot show: then
//! equal goroutines have equal stacks.
//!
//! What a dump knows and a profile does not is written as labels, as CockroachDB's Go does at
//! `debug=3`; see [`crate::profile::Facts`].

mod address;
mod builder;
mod coarsen;
mod counts;
mod gather;
mod shown;
#[cfg(test)]
mod tests;
mod wait;

use xxhash_rust::xxh3::xxh3_64;

use crate::dump::{self, Problem};
pub use coarsen::coarsen;

/// What a file was, from the form that says most about stacks to the one that says least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// A profile in protobuf form.
    Protobuf,
    /// A dump of goroutines: `debug=2`, `runtime.Stack` or a crash.
    Dump,
    /// Counted stacks: `debug=1`, which does not say what a goroutine waits for.
    Counts,
}

impl Form {
    /// What a file of this form cannot say and a comparison would need; `None` for profiles.
    pub fn limits(self) -> Option<&'static str> {
        match self {
            Form::Protobuf => None,
            Form::Dump => Some(
                "a text dump: it hides the frames of the runtime and does not say of which build it is, so stacks are matched as \
                 between two builds",
            ),
            Form::Counts => Some(
                "a profile at debug=1: it does not say whether a goroutine sends, receives or selects, so all of these are \
                 `waiting`, nor of which build it is",
            ),
        }
    }
}

/// A dump in protobuf form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translated {
    /// The profile.
    pub bytes: Vec<u8>,
    /// What it was.
    pub form: Form,
    /// What is odd about this one, for a reader of the report; what no dump of its form says is
    /// [`Form::limits`].
    pub notes: Vec<String>,
    /// Why it is probably only a part of the goroutines there were.
    pub doubt: Option<&'static str>,
}

/// A text that holds goroutines and is no whole dump.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Something is missing or cannot be read.
    #[error("line {line}: {problem}{}", more(*.others))]
    Damaged {
        /// 1-based.
        line: usize,
        /// What is wrong there.
        problem: Problem,
        /// Other places with something wrong.
        others: usize,
    },
    /// More than one dump.
    #[error("it holds {dumps} dumps, of which the second begins at line {line}")]
    Several {
        /// How many there are.
        dumps: usize,
        /// 1-based.
        line: usize,
    },
    /// Only stacks that a program printed of single goroutines.
    #[error("it holds {0} stacks of single goroutines, and no dump of all")]
    Traces(usize),
    /// Counted stacks that do not add up to the total in the first line.
    #[error("it announces {announced} goroutines and holds {held}")]
    Total {
        /// In its first line.
        announced: i64,
        /// In its stacks.
        held: i64,
    },
}

impl Unreadable {
    /// What a person can do about it, as a full sentence.
    pub fn fix(&self) -> &'static str {
        match self {
            Unreadable::Damaged { problem, .. } => problem.fix(),
            Unreadable::Total { .. } => {
                "Stacks are missing: capture it again, whole. The protobuf form (no debug parameter) loses none unseen."
            }
            Unreadable::Several { .. } => "Keep one dump a file.",
            Unreadable::Traces(_) => {
                "Write all goroutines: runtime.Stack(buffer, true), debug=2, or GOTRACEBACK=all for a crash."
            }
        }
    }
}

fn more(others: usize) -> String {
    match others {
        0 => String::new(),
        1 => " (and 1 more such place)".to_owned(),
        others => format!(" (and {others} more such places)"),
    }
}

/// Whether these bytes can be the text of a dump, and not a profile in protobuf form.
pub fn is_text(bytes: &[u8]) -> bool {
    let is_utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let start = &bytes[..bytes.len().min(256)];
    // A profile in protobuf form has such bytes in its first field.
    let is_binary =
        |byte: &u8| *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x1b | 7 | 8);
    is_utf16 || !start.iter().any(is_binary)
}

/// Translates the dump that a text holds; `None` when it holds none.
///
/// # Errors
/// A dump that is damaged, or more than one.
pub fn translate(text: &str) -> Result<Option<Translated>, Unreadable> {
    let mark = format!("leakgate: the text dump {:016x}", xxh3_64(text.as_bytes()));
    match dump::counts(text) {
        Some(counts) => counts::translate(&counts, &mark).map(Some),
        None => gather::translate(text, &mark),
    }
}
