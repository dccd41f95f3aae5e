//! One decoded goroutine profile, borrowed from the inflated file.
//!
//! Decoding takes three steps: the wire pass records where samples and strings stand and fills flat
//! arrays of locations and functions; ids are then resolved to indices, once and bounds-checked;
//! what is left is checked for sense. After
//! [`Profile::decode`] only the samples themselves are still unread: they are most of the file, and
//! [`Profile::read_sample`] reads each straight off the buffer, with the same checks.

mod error;
mod facts;
mod proto;
mod sample;
mod sniff;
mod varint;
mod wire;

use std::borrow::Cow;

pub use error::{DecodeError, Problem};
pub use facts::{Facts, key as fact};
use wire::{Ids, Span, Wire, string_index};

/// What the counts of a profile mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `goroutine`: every goroutine of the process.
    Goroutine,
    /// `goroutineleak`: those that the garbage collector proved to be blocked forever (Go 1.27, or
    /// 1.26 with its experiment).
    GoroutineLeak,
}

impl Kind {
    /// The sample type's name, as Go writes it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Goroutine => "goroutine",
            Kind::GoroutineLeak => "goroutineleak",
        }
    }
}

/// A goroutine profile. All indices in it are valid.
#[derive(Debug, Clone)]
pub struct Profile<'buf> {
    bytes: &'buf [u8],
    kind: Kind,
    strings: Vec<Span>,
    functions: Vec<Function>,
    /// For each location, where its lines start in `lines`. There is an entry for the index 0, and
    /// one at the end.
    line_starts: Vec<u32>,
    lines: Vec<Line>,
    location_ids: Ids,
    samples: Vec<SampleAt>,
    mappings: Vec<Mapping>,
    time_nanos: i64,
}

/// A file that the process had mapped: the program itself first.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mapping {
    /// Start, limit and offset.
    place: [u64; 3],
    filename: Vec<u8>,
    /// Empty for Go programs before 1.24.
    build_id: Vec<u8>,
}

/// Where a sample is in its profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SampleAt(Span);

/// A function of the program.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    name: u32,
    file: u32,
}

/// A place in a function: one frame of a stack.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    function: u32,
    line: u32,
}

impl Line {
    fn new(function: u32, line: i64) -> Self {
        Self {
            function,
            line: u32::try_from(line).unwrap_or(0),
        }
    }

    /// Index for [`Profile::function_name`] and [`Profile::function_file`].
    pub fn function(self) -> usize {
        self.function as usize
    }

    /// Line in the function's file, 1-based; 0 when unknown.
    pub fn line(self) -> u32 {
        self.line
    }
}

/// The stack of one sample. A buffer to be used again for the next.
#[derive(Debug, Default)]
pub struct Stack {
    ids: sample::Numbers,
    /// Indices, where the ids are none.
    found: Vec<u32>,
    scattered: bool,
}

impl Stack {
    /// Indices for [`Profile::lines_of`], leaf first. Empty when the goroutine had not run yet.
    pub fn locations(&self) -> &[u32] {
        if self.scattered {
            &self.found
        } else {
            self.ids.as_slice()
        }
    }
}

/// What a sample says beside its stack.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Goroutines with this stack and these labels; never negative.
    pub count: i64,
    /// Whether [`Profile::labels`] has anything for it.
    pub labelled: bool,
}

/// One pprof label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label<'buf> {
    /// The key, as the program set it.
    pub key: Cow<'buf, str>,
    /// The value; a numeric label is written as a number with its unit.
    pub value: Cow<'buf, str>,
}

impl<'buf> Profile<'buf> {
    /// Decodes an inflated profile.
    ///
    /// # Errors
    /// Anything but a whole, absolute goroutine or goroutineleak profile, with the field and the
    /// byte offset.
    pub fn decode(bytes: &'buf [u8]) -> Result<Self, DecodeError> {
        if bytes.is_empty() {
            return Err(DecodeError::whole(Problem::Empty));
        }
        if let Some(what) = sniff::not_protobuf(bytes) {
            return Err(DecodeError::whole(Problem::NotProtobuf(what)));
        }
        if u32::try_from(bytes.len()).is_err() {
            return Err(DecodeError::whole(Problem::TooLarge));
        }
        Wire::read(bytes)?.resolve(bytes)
    }

    /// What the counts mean.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// When it was taken, in nanoseconds since 1970, UTC; 0 when unknown.
    pub fn time_nanos(&self) -> i64 {
        self.time_nanos
    }

    /// Whether both were taken from one process: the same files, mapped at the same addresses. The
    /// system chooses some of those at random for each process (the vdso's, on Linux); one file
    /// alone proves nothing.
    pub fn is_of_same_process(&self, other: &Profile) -> bool {
        self.mappings.len() > 1 && self.mappings == other.mappings
    }

    /// Whether both were taken from one build of one program, so that a function has one name in
    /// both.
    pub fn is_of_same_build(&self, other: &Profile) -> bool {
        let build = |profile: &Profile| {
            profile
                .mappings
                .first()
                .map(|program| program.build_id.clone())
        };
        let build_id = build(self).filter(|build_id| !build_id.is_empty());
        self.is_of_same_process(other) || (build_id.is_some() && build_id == build(other))
    }

    /// One more than there are functions: their indices are below it, and 0 means a function
    /// that is not known.
    pub fn function_count(&self) -> usize {
        self.functions.len()
    }

    /// How many locations there are. Their indices are counted from 1, as Go counts their ids; no
    /// stack holds the index 0.
    pub fn location_count(&self) -> usize {
        self.line_starts.len() - 2
    }

    /// Where the samples stand, in the order of the profile.
    pub fn samples(&self) -> &[SampleAt] {
        &self.samples
    }

    /// A function's name as Go wrote it. Bytes, because a profile may hold anything.
    pub fn function_name(&self, function: usize) -> &'buf [u8] {
        self.string(self.functions[function].name)
    }

    /// A function's file as Go wrote it: absolute, or an import path when built with `-trimpath`.
    pub fn function_file(&self, function: usize) -> &'buf [u8] {
        self.string(self.functions[function].file)
    }

    /// The frames of one location, innermost first: more than one where the compiler inlined.
    pub fn lines_of(&self, location: usize) -> &[Line] {
        &self.lines[self.line_starts[location] as usize..self.line_starts[location + 1] as usize]
    }

    /// Reads a sample and leaves its stack in `stack`.
    ///
    /// # Errors
    /// A damaged sample, an unknown location, or a count that no capture gives.
    pub fn read_sample(&self, at: SampleAt, stack: &mut Stack) -> Result<Sample, DecodeError> {
        let (start, end) = at.0.ends();
        let known = self.location_count();
        let raw = sample::read(self.bytes, start, end, known, &mut stack.ids)?;
        let is_known = match &self.location_ids {
            // Locations are counted from 1 too, so these ids are their indices.
            Ids::Sequential => raw.known,
            Ids::Scattered(indices) => {
                // Ids past 32 bits are not in the buffer as they are, so the message is read once
                // more.
                stack.found.clear();
                sample::find_id(self.bytes, start, end, |id| {
                    stack.found.extend(indices.get(&id));
                    indices.contains_key(&id)
                })
                .is_none()
            }
        };
        stack.scattered = matches!(self.location_ids, Ids::Scattered(_));
        if is_known {
            return Ok(Sample {
                count: raw.count,
                labelled: raw.labelled,
            });
        }
        let id = sample::find_id(self.bytes, start, end, |id| {
            self.location_ids.find(id, known).is_some()
        });
        let problem = Problem::UnknownLocation {
            id: id.unwrap_or_default(),
            known,
        };
        Err(sample::at_sample(start, problem))
    }

    /// The labels of a sample, sorted by key and value; without those of its [`Facts`].
    ///
    /// # Errors
    /// A damaged label or an index past the string table.
    pub fn labels(&self, at: SampleAt) -> Result<Vec<Label<'buf>>, DecodeError> {
        let mut labels = Vec::new();
        self.each_label(at, |key, raw| {
            if facts::is_fact(self.string(key)) {
                return Ok(());
            }
            let text = |string| Ok(String::from_utf8_lossy(self.string(self.index(string)?)));
            let value = match (raw.str, raw.num) {
                (0, number) if number != 0 => {
                    let with_unit = format!("{number} {}", text(raw.num_unit)?);
                    Cow::Owned(with_unit.trim_end().to_owned())
                }
                (string, _) => text(string)?,
            };
            labels.push(Label {
                key: String::from_utf8_lossy(self.string(key)),
                value,
            });
            Ok(())
        })?;
        labels.sort_unstable();
        Ok(labels)
    }

    /// Checks that [`Profile::labels`] and [`Profile::facts`] of this sample give no error, and
    /// says whether the first gives any; at less cost than either.
    ///
    /// # Errors
    /// The same.
    pub fn check_labels(&self, at: SampleAt) -> Result<bool, DecodeError> {
        let mut has_labels = false;
        self.each_label(at, |key, raw| {
            has_labels |= !facts::is_fact(self.string(key));
            self.index(raw.str)?;
            self.index(raw.num_unit).map(drop)
        })?;
        Ok(has_labels)
    }

    /// Calls `each` with every label of a sample and the string of its key, which was checked;
    /// errors get their place.
    fn each_label(
        &self,
        at: SampleAt,
        mut each: impl FnMut(u32, proto::Label) -> Result<(), Problem>,
    ) -> Result<(), DecodeError> {
        let (start, end) = at.0.ends();
        sample::each_label(self.bytes, start, end, |label| {
            let checked = self.index(label.key).and_then(|key| each(key, label));
            checked.map_err(|problem| sample::at_sample(start, problem))
        })
    }

    fn index(&self, string: i64) -> Result<u32, Problem> {
        string_index(string, self.strings.len())
    }

    fn string(&self, index: u32) -> &'buf [u8] {
        self.strings[index as usize].of(self.bytes)
    }
}
