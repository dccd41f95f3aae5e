//! Reading a JSON report back: the same verdict, as far as a report of any format says it.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer};

use super::suite::Name;
use super::{Report, SCHEMA};
use crate::evidence::SuiteName;
use crate::gosource::Pattern;
use crate::report::sources::Reported;
use crate::verdict::{Function, Verdict};

/// A JSON report, read back.
#[derive(Debug, Clone)]
pub struct Read {
    /// What was found.
    pub verdict: Verdict,
    /// What the run was called by `--suite`.
    pub name: Option<String>,
    /// What it says of the repository.
    pub reported: Reported,
}

/// Why a report cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is no JSON, or is cut off.
    #[error("it is no JSON report of leakgate: {0}")]
    Json(serde_json::Error),
    /// It is of another version.
    #[error("it says `schema: {0}`, and this leakgate reads {SCHEMA}")]
    Schema(String),
    /// It lacks what later versions write, or it was changed by hand.
    #[error("it is not all that a report has: {0}; write it again with this leakgate")]
    Incomplete(serde_json::Error),
    /// It says something that only a later version knows, or it was changed by hand.
    #[error(
        "this leakgate does not know `{key}: {value}`: use the version that wrote it, or a later one"
    )]
    Unknown {
        /// The key.
        key: &'static str,
        /// What it says.
        value: String,
    },
    /// It does not hold what it counts.
    #[error(
        "it counts {total} {what} in its totals, and holds {found}: it was changed after it was written, so write it again"
    )]
    Totals {
        /// What is counted.
        what: &'static str,
        /// How many the totals say.
        total: u64,
        /// How many there are.
        found: usize,
    },
    /// A stack from which frames cannot have been left out.
    #[error("a stack with {kept} frames cannot have left out {elided} more")]
    Stack {
        /// How many frames it has.
        kept: usize,
        /// How many it lacks.
        elided: usize,
    },
    /// Lines of a source without the one that is meant.
    #[error("the lines of a source lack the one that is meant")]
    Excerpt,
    /// A cause without a line of a test.
    #[error("the cause {0} has no line of a test")]
    Sites(String),
    /// A suite with the name of another.
    #[error("the suite {name} cannot be one of {subject}")]
    Suite {
        /// What it is called.
        name: String,
        /// What was tested in it.
        subject: String,
    },
}

/// What is known while a report is read.
#[derive(Default)]
pub(super) struct Reading {
    functions: HashMap<(String, String), Arc<Function>>,
    /// Those that were judged, by the names that are shown and their shards.
    suites: HashMap<(String, Option<Arc<str>>), SuiteName>,
    shards: HashMap<String, Arc<str>>,
    pub(super) reported: Reported,
}

/// Reads the text of a JSON report.
///
/// # Errors
/// What is no report, one of another version, and one that lacks what a report of this version has.
pub fn read(text: &[u8]) -> Result<Read, ReadError> {
    #[derive(Deserialize)]
    struct Version {
        schema: String,
    }
    let version: Version = serde_json::from_slice(text).map_err(ReadError::Json)?;
    if version.schema != SCHEMA {
        return Err(ReadError::Schema(version.schema));
    }
    let report: Report = serde_json::from_slice(text).map_err(ReadError::Incomplete)?;
    report.read()
}

impl Reading {
    /// One value for all places of a function.
    pub(super) fn function(
        &mut self,
        name: &str,
        file: &str,
        path: Option<String>,
    ) -> Arc<Function> {
        let known = self.functions.entry((name.to_owned(), file.to_owned()));
        let function = known.or_insert_with(|| {
            let (name, file) = (name.into(), file.into());
            Arc::new(Function { name, file })
        });
        if let Some(path) = path {
            self.reported.paths.insert(function.clone(), path);
        }
        function.clone()
    }

    pub(super) fn shard(&mut self, name: &str) -> Arc<str> {
        let known = self.shards.entry(name.to_owned());
        known.or_insert_with(|| name.into()).clone()
    }

    /// The suite of an entry: one that was judged, or another one.
    pub(super) fn suite(&mut self, name: &Name) -> SuiteName {
        let shard = name.shard.as_ref().map(|shard| self.shard(shard));
        let key = (name.suite.clone(), shard);
        if let Some(known) = self.suites.get(&key) {
            return known.clone();
        }
        let shown = SuiteName::from_shown(&name.suite, None, key.1.as_ref());
        shown.unwrap_or_default()
    }

    /// Remembers a suite that was judged.
    pub(super) fn judged(&mut self, suite: &SuiteName) {
        let key = (suite.to_string(), suite.shard().cloned());
        self.suites.insert(key, suite.clone());
    }
}

/// What a word stands for.
pub(super) fn word<T: Clone>(
    key: &'static str,
    word: &str,
    words: &[(&str, T)],
) -> Result<T, ReadError> {
    let known = words.iter().find(|(known, _)| *known == word);
    let known = known.map(|(_, meaning)| meaning.clone());
    known.ok_or_else(|| ReadError::Unknown {
        key,
        value: word.to_owned(),
    })
}

pub(super) fn pattern(name: &str) -> Result<&'static Pattern, ReadError> {
    Pattern::named(name).ok_or_else(|| ReadError::Unknown {
        key: "pattern",
        value: name.to_owned(),
    })
}

/// Input: `2027-03-31`
pub(super) fn date(text: &str) -> Result<Date, ReadError> {
    text.parse().map_err(|_| ReadError::Unknown {
        key: "expires",
        value: text.to_owned(),
    })
}

/// A number of goroutines, which is not below 0.
pub(super) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let count = u64::deserialize(deserializer)?;
    i64::try_from(count).map_err(serde::de::Error::custom)
}

/// The same where it may not be known. The key has to be there.
pub(super) fn optional_count<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<i64>, D::Error> {
    let count = Option::<u64>::deserialize(deserializer)?;
    let count = count.map(i64::try_from).transpose();
    count.map_err(serde::de::Error::custom)
}
