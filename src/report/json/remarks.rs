//! Remarks in the JSON report: stacks that moved, what was not checked or left out, notes.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::finding::{read_pairing, similarity};
use super::place::{Paths, Place, places, read_trace};
use super::read::{self, ReadError, Reading};
use super::suite::{self, Name};
use crate::diff::Pairing;
use crate::evidence;
use crate::report::words;
use crate::verdict::{self, Side, SkipReason};

#[derive(Serialize, Deserialize)]
pub(super) struct Moved<'v> {
    #[serde(flatten)]
    suite: Name<'v>,
    id_before: Cow<'v, str>,
    id: Cow<'v, str>,
    pairing: Cow<'v, str>,
    new_name: bool,
    similarity: Option<f64>,
    #[serde(deserialize_with = "read::count")]
    before: i64,
    #[serde(deserialize_with = "read::count")]
    after: i64,
    stack_before: Vec<Place<'v>>,
    stack_before_elided: usize,
    stack: Vec<Place<'v>>,
    stack_elided: usize,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Unchecked<'v> {
    #[serde(flatten)]
    suite: Name<'v>,
    why: Cow<'v, str>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Skipped<'v> {
    #[serde(flatten)]
    suite: Name<'v>,
    #[serde(deserialize_with = "read::count")]
    count: i64,
    #[serde(skip_deserializing)]
    why: &'static str,
    /// `before` or `after`.
    side: Cow<'v, str>,
    /// `took-profile` or `no-frame`.
    reason: Cow<'v, str>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Note<'v> {
    #[serde(flatten)]
    suite: Name<'v>,
    text: Cow<'v, str>,
}

/// The word for each side.
const SIDES: [(&str, Side); 2] = [("before", Side::Before), ("after", Side::After)];

/// The word for each reason.
const REASONS: [(&str, SkipReason); 2] = [
    ("took-profile", SkipReason::TookProfile),
    ("no-frame", SkipReason::NoFrame),
];

fn word_for<T: PartialEq>(what: &T, words: &[(&'static str, T)]) -> Cow<'static, str> {
    let found = words.iter().find(|(_, known)| known == what);
    found.map_or("", |(word, _)| word).into()
}

pub(super) fn moved<'v>(paths: &Paths<'v>, moved: &'v verdict::Moved) -> Moved<'v> {
    Moved {
        suite: suite::name(&moved.suite),
        id_before: (&moved.id_before).into(),
        id: (&moved.id).into(),
        pairing: moved.pairing.name().into(),
        new_name: moved.pairing == Pairing::NewName,
        similarity: similarity(moved.pairing),
        before: moved.before,
        after: moved.after,
        stack_before: places(paths, moved.stack_before.frames()),
        stack_before_elided: moved.stack_before.elided(),
        stack: places(paths, moved.stack.frames()),
        stack_elided: moved.stack.elided(),
    }
}

pub(super) fn unchecked(one: &evidence::Unchecked) -> Unchecked<'_> {
    Unchecked {
        suite: suite::name(&one.suite),
        why: (&one.why).into(),
    }
}

pub(super) fn skipped(one: &verdict::Skipped) -> Skipped<'_> {
    Skipped {
        suite: suite::name(&one.suite),
        count: one.count,
        why: words::skip_reason(one),
        side: word_for(&one.side, &SIDES),
        reason: word_for(&one.reason, &REASONS),
    }
}

pub(super) fn note(one: &verdict::Note) -> Note<'_> {
    Note {
        suite: suite::name(&one.suite),
        text: (&one.text).into(),
    }
}

impl Moved<'_> {
    pub(super) fn read(self, reading: &mut Reading) -> Result<verdict::Moved, ReadError> {
        Ok(verdict::Moved {
            suite: reading.suite(&self.suite),
            id_before: self.id_before.into_owned(),
            id: self.id.into_owned(),
            pairing: read_pairing(&self.pairing, self.new_name, self.similarity)?,
            before: self.before,
            after: self.after,
            stack_before: read_trace(self.stack_before, self.stack_before_elided, reading)?,
            stack: read_trace(self.stack, self.stack_elided, reading)?,
        })
    }
}

impl Skipped<'_> {
    pub(super) fn read(self, reading: &mut Reading) -> Result<verdict::Skipped, ReadError> {
        Ok(verdict::Skipped {
            suite: reading.suite(&self.suite),
            count: self.count,
            side: read::word("side", &self.side, &SIDES)?,
            reason: read::word("reason", &self.reason, &REASONS)?,
        })
    }
}

impl Unchecked<'_> {
    pub(super) fn read(self, reading: &mut Reading) -> evidence::Unchecked {
        evidence::Unchecked {
            suite: reading.suite(&self.suite),
            why: self.why.into_owned(),
        }
    }
}

impl Note<'_> {
    pub(super) fn read(self, reading: &mut Reading) -> verdict::Note {
        verdict::Note {
            suite: reading.suite(&self.suite),
            text: self.text.into_owned(),
        }
    }
}
