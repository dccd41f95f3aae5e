//! What can be wrong with a profile, where, and what to do about it.

use std::fmt;

/// A file that is not a usable goroutine profile: the field, its byte offset in the inflated file,
/// and the problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// Field number of the top message; 0 when the fault is not in one field.
    pub field: u32,
    /// Byte offset in the inflated file, 0-based.
    pub at: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong at one place of a profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Nothing inside: a capture that never happened.
    #[error("the profile is empty")]
    Empty,
    /// The bytes are not protobuf at all.
    #[error("{0}")]
    NotProtobuf(String),
    /// A length that runs past the end.
    #[error("{length} bytes are announced, but the data ends at byte {end}")]
    CutOff {
        /// Bytes announced.
        length: u64,
        /// Byte offset where the enclosing message ends.
        end: usize,
    },
    /// A group, which profile.proto never uses.
    #[error("a protobuf group, which a profile never holds")]
    Group,
    /// A field with another wire type than profile.proto gives it.
    #[error("wrong wire type")]
    WireType,
    /// A damaged small message, in prost's words.
    #[error("{0}")]
    Message(String),
    /// Another kind of profile.
    #[error("a profile of {0}, not of goroutines")]
    NotGoroutines(String),
    /// No sample type: not a profile that Go wrote.
    #[error("no sample type is given")]
    NoSampleType,
    /// Counts that differ from one capture to another, not counts.
    #[error("a delta profile: it holds differences, not counts")]
    Delta,
    /// A count below zero.
    #[error("the count is {0}: a delta profile, or a damaged one")]
    Negative(i64),
    /// A sample with another number of values than there are sample types.
    #[error("the sample has {0} values instead of 1")]
    Values(usize),
    /// The counts do not fit in 64 bits.
    #[error("the counts add up to more than 64 bits hold")]
    Overflow,
    /// A location id that no location has.
    #[error("location id {id} is not among the {known} locations")]
    UnknownLocation {
        /// The id asked for.
        id: u64,
        /// How many locations the profile has.
        known: usize,
    },
    /// A function id that no function has.
    #[error("function id {id} is not among the {known} functions")]
    UnknownFunction {
        /// The id asked for.
        id: u64,
        /// How many functions the profile has.
        known: usize,
    },
    /// A string index past the table.
    #[error("string index {index} is past the table of {known}")]
    UnknownString {
        /// The index asked for, 0-based.
        index: i64,
        /// How many strings the table has.
        known: usize,
    },
    /// Two entries with one id.
    #[error("id {0} is given twice: two profiles in one file, or a damaged one")]
    DuplicateId(u64),
    /// The id 0, which profile.proto reserves.
    #[error("id 0 is not allowed")]
    ZeroId,
    /// More frames than any goroutine can have.
    #[error("a stack of more than {0} frames: no goroutine is so deep")]
    TooDeep(usize),
    /// More functions inlined at one place than any compiler inlines.
    #[error("more than {0} functions are inlined at one place: no compiler does that")]
    TooInlined(usize),
    /// More data than 32-bit offsets reach.
    #[error("the profile is larger than 4 GiB")]
    TooLarge,
}

impl DecodeError {
    /// An error of the wire format, before a field is known.
    pub(super) fn wire(at: usize, error: &prost::DecodeError) -> Self {
        let text = error.to_string();
        let reason = text
            .rsplit_once(": ")
            .map_or(text.as_str(), |(_, reason)| reason);
        Self {
            field: 0,
            at,
            problem: Problem::Message(reason.to_owned()),
        }
    }

    /// An error that is not at one place.
    pub(crate) fn whole(problem: Problem) -> Self {
        Self {
            field: 0,
            at: 0,
            problem,
        }
    }

    /// What a person can do about it, as a full sentence.
    pub fn fix(&self) -> &'static str {
        match self.problem {
            Problem::Empty => {
                "The capture wrote nothing: check the step that should have written this file."
            }
            Problem::NotProtobuf(_) | Problem::NotGoroutines(_) | Problem::NoSampleType => {
                "Capture /debug/pprof/goroutine without a debug parameter, or call \
                 pprof.Lookup(\"goroutine\").WriteTo(file, 0)."
            }
            Problem::Delta | Problem::Negative(_) => {
                "Capture without ?seconds= and do not subtract with pprof -base: leakgate compares two whole profiles."
            }
            Problem::CutOff { .. } => {
                "The file was cut off or damaged: capture it again, and write to a temporary name first."
            }
            Problem::DuplicateId(_) => {
                "Pass each profile as a file of its own, or capture it again."
            }
            Problem::TooLarge => {
                "Split the capture: no goroutine profile of one process should be this large."
            }
            _ => "The file is damaged: capture it again.",
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.field, &self.problem) {
            (_, Problem::Empty | Problem::NotProtobuf(_) | Problem::TooLarge) => {
                write!(f, "{}", self.problem)
            }
            (0, Problem::Message(_)) => write!(f, "byte {}: {}", self.at, self.problem),
            (0, _) => write!(f, "{}", self.problem),
            (field, _) => write!(
                f,
                "field {field} ({}) at byte {}: {}",
                field_name(field),
                self.at,
                self.problem
            ),
        }
    }
}

impl std::error::Error for DecodeError {}

/// The name that profile.proto gives a field of the top message.
fn field_name(field: u32) -> &'static str {
    match field {
        1 => "sample_type",
        2 => "sample",
        3 => "mapping",
        4 => "location",
        5 => "function",
        6 => "string_table",
        7 => "drop_frames",
        8 => "keep_frames",
        9 => "time_nanos",
        10 => "duration_nanos",
        11 => "period_type",
        12 => "period",
        13 => "comment",
        14 => "default_sample_type",
        15 => "doc_url",
        _ => "unknown",
    }
}
