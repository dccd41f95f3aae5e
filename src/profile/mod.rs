//! One decoded goroutine profile, borrowed from the inflated file.
//!
//! Decoding takes three steps: the wire pass records where samples and strings stand and fills flat arrays of locations
//! and functions; ids are then resolved to indices, once and bounds-checked; what is left is checked for sense. After
//! [`Profile::decode`] only the samples themselves are still unread: they are most of the file, and
//! [`Profile::read_sample`] reads each straight off the buffer, with the same checks.

mod error;
mod proto;
mod sample;
mod sniff;

use std::borrow::Cow;
use std::collections::HashMap;

pub use error::{DecodeError, Problem};
use proto::{Fields, tag};

/// What the counts of a profile mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `goroutine`: every goroutine of the process.
    Goroutine,
    /// `goroutineleak`: those that the garbage collector proved to be blocked for ever (Go 1.27, or 1.26 with its experiment).
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
#[derive(Debug)]
pub struct Profile<'buf> {
    bytes: &'buf [u8],
    kind: Kind,
    strings: Vec<Span>,
    functions: Vec<Function>,
    /// For each location, where its lines start in `lines`; one more entry than there are locations.
    line_starts: Vec<u32>,
    lines: Vec<Line>,
    location_ids: Ids,
    sample_count: usize,
}

/// Where a sample stands in its profile.
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
    /// Index for [`Profile::function_name`] and [`Profile::function_file`].
    pub function: usize,
    /// Line in the function's file, 1-based; 0 when unknown.
    pub line: u32,
}

/// The stack of one sample. A buffer to be used again for the next.
#[derive(Debug, Default)]
pub struct Stack {
    ids: sample::Numbers,
    locations: Vec<u32>,
}

impl Stack {
    /// Indices for [`Profile::lines_of`], leaf first. Empty when the goroutine had not run yet.
    pub fn locations(&self) -> &[u32] {
        &self.locations
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
    /// Anything but a whole, absolute goroutine or goroutineleak profile, with the field and the byte offset.
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

    /// How many functions there are; their indices are below it.
    pub fn function_count(&self) -> usize {
        self.functions.len()
    }

    /// How many locations there are; their indices are below it.
    pub fn location_count(&self) -> usize {
        self.line_starts.len() - 1
    }

    /// How many samples there are.
    pub fn sample_count(&self) -> usize {
        self.sample_count
    }

    /// Where the samples stand, in the order of the profile. They are found by walking the file once more: a list of them
    /// would take a fifth of its size.
    pub fn samples(&self) -> impl Iterator<Item = SampleAt> + use<'buf> {
        let mut fields = Fields::new(0, self.bytes);
        std::iter::from_fn(move || {
            loop {
                // Both were checked by the wire pass.
                let field = fields.next().ok()??;
                if field.tag == tag::SAMPLE {
                    return field.bytes().ok().map(|bytes| SampleAt(Span::new(bytes)));
                }
            }
        })
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
        let (start, message) = (at.0.start as usize, at.0.of(self.bytes));
        let raw = sample::read(start, message, &mut stack.ids)?;
        let known = self.location_count();
        let ids = stack.ids.as_slice();
        stack.locations.clear();
        let found = match &self.location_ids {
            Ids::Sequential => {
                stack
                    .locations
                    .extend(ids.iter().map(|id| id.wrapping_sub(1)));
                stack
                    .locations
                    .iter()
                    .max()
                    .is_none_or(|&largest| (largest as usize) < known)
            }
            Ids::Scattered(indices) => {
                // Saturated ids may be any: those are looked up as they stand.
                let all = sample::find_id(message, |id| {
                    stack.locations.extend(indices.get(&id).copied());
                    indices.contains_key(&id)
                });
                all.is_none()
            }
        };
        if found {
            return Ok(Sample {
                count: raw.count,
                labelled: raw.labelled,
            });
        }
        let id = sample::find_id(message, |id| self.location_ids.find(id, known).is_some())
            .unwrap_or_default();
        Err(sample::at_sample(
            start,
            Problem::UnknownLocation { id, known },
        ))
    }

    /// The labels of a sample, sorted by key and value.
    ///
    /// # Errors
    /// A damaged label or an index past the string table.
    pub fn labels(&self, at: SampleAt) -> Result<Vec<Label<'buf>>, DecodeError> {
        let mut labels = Vec::new();
        self.each_label(at, |key, raw| {
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

    /// Checks that [`Profile::labels`] of this sample gives no error, at less cost.
    ///
    /// # Errors
    /// The same.
    pub fn check_labels(&self, at: SampleAt) -> Result<(), DecodeError> {
        self.each_label(at, |_, raw| {
            self.index(raw.str)?;
            self.index(raw.num_unit).map(drop)
        })
    }

    /// Calls `each` with every label of a sample and the string of its key, which was checked; errors get their place.
    fn each_label(
        &self,
        at: SampleAt,
        mut each: impl FnMut(u32, proto::Label) -> Result<(), Problem>,
    ) -> Result<(), DecodeError> {
        let (start, message) = (at.0.start as usize, at.0.of(self.bytes));
        sample::each_label(start, message, |label| {
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

/// A stretch of the inflated file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    start: u32,
    length: u32,
}

impl Span {
    fn new((start, bytes): (usize, &[u8])) -> Self {
        Self {
            start: index32(start),
            length: index32(bytes.len()),
        }
    }

    fn of(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start as usize..][..self.length as usize]
    }
}

/// How ids lead to indices.
#[derive(Debug)]
enum Ids {
    /// 1, 2, 3 and so on, as Go and the pprof tool write them: the index is the id less one.
    Sequential,
    /// Any other set of ids, which the format allows.
    Scattered(HashMap<u64, u32>),
}

impl Ids {
    /// `ids` in the order of their entries; `offsets` are where the entries stand, to say which one is wrong.
    fn new(field: u32, ids: &[u64], offsets: &[u32]) -> Result<Self, DecodeError> {
        if ids
            .iter()
            .enumerate()
            .all(|(index, &id)| id == index as u64 + 1)
        {
            return Ok(Ids::Sequential);
        }
        let mut index = HashMap::with_capacity(ids.len());
        for (position, &id) in ids.iter().enumerate() {
            let error = |problem| DecodeError {
                field,
                at: offsets[position] as usize,
                problem,
            };
            if id == 0 {
                return Err(error(Problem::ZeroId));
            }
            if index.insert(id, index32(position)).is_some() {
                return Err(error(Problem::DuplicateId(id)));
            }
        }
        Ok(Ids::Scattered(index))
    }

    fn find(&self, id: u64, known: usize) -> Option<usize> {
        match self {
            Ids::Sequential => usize::try_from(id.wrapping_sub(1))
                .ok()
                .filter(|&index| index < known),
            Ids::Scattered(indices) => indices.get(&id).map(|&index| index as usize),
        }
    }
}

/// What the wire pass finds: ids and string indices as they stand, nothing resolved.
#[derive(Default)]
struct Wire {
    sample_types: Vec<(proto::ValueType, usize)>,
    sample_count: usize,
    strings: Vec<Span>,
    location_ids: Vec<u64>,
    location_offsets: Vec<u32>,
    line_starts: Vec<u32>,
    lines: Vec<proto::Line>,
    function_ids: Vec<u64>,
    function_offsets: Vec<u32>,
    functions: Vec<proto::Function>,
    /// The duration in nanoseconds, and the byte offset of its field.
    duration: Option<(u64, usize)>,
}

impl Wire {
    fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut wire = Wire::default();
        let (mut location, mut function) = (proto::Location::default(), proto::Function::default());
        let mut fields = Fields::new(0, bytes);
        while let Some(field) = fields.next()? {
            match field.tag {
                tag::SAMPLE => {
                    field.bytes()?;
                    wire.sample_count += 1;
                }
                tag::STRING_TABLE => wire.strings.push(Span::new(field.bytes()?)),
                tag::LOCATION => {
                    field.message(&mut location)?;
                    wire.location_ids.push(location.id);
                    wire.location_offsets.push(index32(field.at));
                    wire.line_starts.push(index32(wire.lines.len()));
                    if location.line.is_empty() {
                        // An address that nobody could name is a frame all the same.
                        location.line.push(proto::Line::default());
                    }
                    wire.lines.extend_from_slice(&location.line);
                }
                tag::FUNCTION => {
                    field.message(&mut function)?;
                    wire.function_ids.push(function.id);
                    wire.function_offsets.push(index32(field.at));
                    wire.functions.push(function);
                }
                tag::SAMPLE_TYPE => {
                    let mut value_type = proto::ValueType::default();
                    field.message(&mut value_type)?;
                    wire.sample_types.push((value_type, field.at));
                }
                tag::DURATION_NANOS => wire.duration = Some((field.varint()?, field.at)),
                _ => {}
            }
        }
        wire.line_starts.push(index32(wire.lines.len()));
        Ok(wire)
    }

    fn resolve(self, bytes: &[u8]) -> Result<Profile<'_>, DecodeError> {
        let kind = self.kind(bytes)?;
        if let Some((1.., at)) = self.duration {
            return Err(DecodeError {
                field: tag::DURATION_NANOS,
                at,
                problem: Problem::Delta,
            });
        }
        let mut functions = self
            .functions
            .iter()
            .zip(&self.function_offsets)
            .map(|(function, &at)| {
                let string = |index| {
                    string_index(index, self.strings.len()).map_err(|problem| DecodeError {
                        field: tag::FUNCTION,
                        at: at as usize,
                        problem,
                    })
                };
                Ok(Function {
                    name: string(function.name)?,
                    file: string(function.filename)?,
                })
            })
            .collect::<Result<Vec<_>, DecodeError>>()?;
        let function_ids = Ids::new(tag::FUNCTION, &self.function_ids, &self.function_offsets)?;
        // Lines without a function belong to one that has no name.
        let unknown = functions.len();
        functions.push(Function { name: 0, file: 0 });
        let mut lines = Vec::with_capacity(self.lines.len());
        for (location, range) in self.line_starts.windows(2).enumerate() {
            for line in &self.lines[range[0] as usize..range[1] as usize] {
                let found = match line.function_id {
                    0 => Some(unknown),
                    id => function_ids.find(id, unknown),
                };
                let Some(function) = found else {
                    let problem = Problem::UnknownFunction {
                        id: line.function_id,
                        known: unknown,
                    };
                    let at = self.location_offsets[location] as usize;
                    return Err(DecodeError {
                        field: tag::LOCATION,
                        at,
                        problem,
                    });
                };
                lines.push(Line {
                    function,
                    line: u32::try_from(line.line).unwrap_or(0),
                });
            }
        }
        Ok(Profile {
            bytes,
            kind,
            functions,
            lines,
            location_ids: Ids::new(tag::LOCATION, &self.location_ids, &self.location_offsets)?,
            line_starts: self.line_starts,
            strings: self.strings,
            sample_count: self.sample_count,
        })
    }

    /// The kind of profile, from its only sample type.
    fn kind(&self, bytes: &[u8]) -> Result<Kind, DecodeError> {
        let Some(&(_, first)) = self.sample_types.first() else {
            return Err(DecodeError::whole(Problem::NoSampleType));
        };
        let mut names = Vec::new();
        for &(value_type, at) in &self.sample_types {
            let index = string_index(value_type.r#type, self.strings.len()).map_err(|problem| {
                DecodeError {
                    field: tag::SAMPLE_TYPE,
                    at,
                    problem,
                }
            })?;
            names.push(String::from_utf8_lossy(
                self.strings[index as usize].of(bytes),
            ));
        }
        match names.iter().map(AsRef::as_ref).collect::<Vec<&str>>()[..] {
            ["goroutine"] => Ok(Kind::Goroutine),
            ["goroutineleak"] => Ok(Kind::GoroutineLeak),
            ref other => {
                let problem = Problem::NotGoroutines(other.join(", ").escape_debug().to_string());
                Err(DecodeError {
                    field: tag::SAMPLE_TYPE,
                    at: first,
                    problem,
                })
            }
        }
    }
}

/// A position or an index, in the 32 bits that all of them fit in: a profile is below 4 GiB.
pub(crate) fn index32(position: usize) -> u32 {
    u32::try_from(position).expect("a profile is below 4 GiB, and so is every index into it")
}

/// A string table index, checked against the `known` strings there are.
fn string_index(index: i64, known: usize) -> Result<u32, Problem> {
    match u32::try_from(index) {
        Ok(inside) if (inside as usize) < known => Ok(inside),
        _ => Err(Problem::UnknownString { index, known }),
    }
}
