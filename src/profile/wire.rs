//! The wire pass and what follows it: ids and string indices as they stand, then resolved and
//! checked.

use std::collections::HashMap;

use super::error::{DecodeError, Problem};
use super::proto::{self, Field, Fields, tag};
use super::{Function, Kind, Line, Mapping, Profile, SampleAt};

/// A stretch of the inflated file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Span {
    pub(super) fn new((start, bytes): (usize, &[u8])) -> Self {
        Self {
            start: index32(start),
            end: index32(start + bytes.len()),
        }
    }

    /// Where it starts and ends, in bytes.
    pub(super) fn ends(self) -> (usize, usize) {
        (self.start as usize, self.end as usize)
    }

    pub(super) fn of(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start as usize..self.end as usize]
    }
}

/// How ids lead to indices, which are counted from 1.
#[derive(Debug, Clone)]
pub(super) enum Ids {
    /// 1, 2, 3 and so on, as Go and the pprof tool write them: ids are indices.
    Sequential,
    /// Any other set of ids, which the format allows.
    Scattered(HashMap<u64, u32>),
}

impl Ids {
    /// The index of an id, among the `known` ones there are.
    pub(super) fn find(&self, id: u64, known: usize) -> Option<usize> {
        match self {
            Ids::Sequential => usize::try_from(id)
                .ok()
                .filter(|index| (1..=known).contains(index)),
            Ids::Scattered(indices) => indices.get(&id).map(|&index| index as usize),
        }
    }
}

/// The ids of locations or of functions, in the order of their fields. They are not kept as long as
/// they are what Go writes.
#[derive(Default)]
struct Entries {
    count: usize,
    scattered: Vec<u64>,
}

impl Entries {
    fn push(&mut self, id: u64) {
        self.count += 1;
        if self.scattered.is_empty() {
            if id == self.count as u64 {
                return;
            }
            self.scattered.extend(1..self.count as u64);
        }
        self.scattered.push(id);
    }

    /// `field` is the entries' own in the top message.
    fn resolve(self, field: u32, bytes: &[u8]) -> Result<Ids, DecodeError> {
        if self.scattered.is_empty() {
            return Ok(Ids::Sequential);
        }
        let mut indices = HashMap::with_capacity(self.count);
        for (position, &id) in self.scattered.iter().enumerate() {
            let error = |problem| DecodeError {
                field,
                at: fields_of(field, bytes)
                    .nth(position)
                    .map_or(0, |entry| entry.at),
                problem,
            };
            if id == 0 {
                return Err(error(Problem::ZeroId));
            }
            if indices.insert(id, index32(position + 1)).is_some() {
                return Err(error(Problem::DuplicateId(id)));
            }
        }
        Ok(Ids::Scattered(indices))
    }
}

/// What the wire pass finds: ids and string indices as they stand, nothing resolved. One that does
/// not fit in 32 bits stands as the largest that does, which is never found.
#[derive(Default)]
pub(super) struct Wire {
    sample_types: Vec<(proto::ValueType, usize)>,
    samples: Vec<SampleAt>,
    strings: Vec<Span>,
    locations: Entries,
    line_starts: Vec<u32>,
    lines: Vec<Line>,
    function_ids: Entries,
    functions: Vec<Function>,
    mappings: Vec<(proto::Mapping, usize)>,
    time_nanos: i64,
    /// The duration in nanoseconds, and the byte offset of its field.
    duration: Option<(u64, usize)>,
}

impl Wire {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        // Locations and functions are counted from 1: there is no location of the index 0, and
        // lines that name no function have the function 0.
        let mut wire = Wire {
            line_starts: vec![0],
            functions: vec![Function { name: 0, file: 0 }],
            ..Wire::default()
        };
        let mut fields = Fields::new(bytes, 0, bytes.len());
        while let Some(field) = fields.next()? {
            match field.tag {
                tag::SAMPLE => wire.samples.push(SampleAt(Span::new(field.bytes()?))),
                tag::STRING_TABLE => wire.strings.push(Span::new(field.bytes()?)),
                tag::LOCATION => {
                    let lines = &mut wire.lines;
                    wire.line_starts.push(index32(lines.len()));
                    let each = |line: proto::Line| {
                        lines.push(Line::new(saturated(line.function_id), line.line));
                        Ok(())
                    };
                    wire.locations
                        .push(proto::read_location(bytes, &field, each)?);
                }
                tag::FUNCTION => {
                    let function = proto::read_function(bytes, &field)?;
                    wire.function_ids.push(function.id);
                    wire.functions.push(Function {
                        name: saturated(function.name.cast_unsigned()),
                        file: saturated(function.filename.cast_unsigned()),
                    });
                }
                tag::SAMPLE_TYPE => {
                    let mut value_type = proto::ValueType::default();
                    field.message(&mut value_type)?;
                    wire.sample_types.push((value_type, field.at));
                }
                tag::MAPPING => {
                    let mut mapping = proto::Mapping::default();
                    field.message(&mut mapping)?;
                    wire.mappings.push((mapping, field.at));
                }
                tag::TIME_NANOS => wire.time_nanos = field.varint()?.cast_signed(),
                tag::DURATION_NANOS => wire.duration = Some((field.varint()?, field.at)),
                _ => {}
            }
        }
        wire.line_starts.push(index32(wire.lines.len()));
        Ok(wire)
    }

    pub(super) fn resolve(mut self, bytes: &[u8]) -> Result<Profile<'_>, DecodeError> {
        let kind = self.kind(bytes)?;
        if let Some((1.., at)) = self.duration {
            return Err(DecodeError {
                field: tag::DURATION_NANOS,
                at,
                problem: Problem::Delta,
            });
        }
        let mappings = self.mappings(bytes)?;
        self.check_functions(bytes)?;
        let function_ids = std::mem::take(&mut self.function_ids).resolve(tag::FUNCTION, bytes)?;
        self.resolve_lines(&function_ids, bytes)?;
        Ok(Profile {
            bytes,
            kind,
            functions: self.functions,
            lines: self.lines,
            location_ids: self.locations.resolve(tag::LOCATION, bytes)?,
            line_starts: self.line_starts,
            strings: self.strings,
            samples: self.samples,
            mappings,
            time_nanos: self.time_nanos,
        })
    }

    /// Checks that every function has its strings.
    fn check_functions(&self, bytes: &[u8]) -> Result<(), DecodeError> {
        let known = self.strings.len();
        let has_strings = |function: &Function| {
            (function.name as usize) < known && (function.file as usize) < known
        };
        if self.functions.iter().all(has_strings) {
            return Ok(());
        }
        for field in fields_of(tag::FUNCTION, bytes) {
            let function = proto::read_function(bytes, &field)?;
            for index in [function.name, function.filename] {
                string_index(index, known).map_err(|problem| field.error(problem))?;
            }
        }
        Ok(())
    }

    /// Puts the indices of functions in the place of their ids.
    fn resolve_lines(&mut self, function_ids: &Ids, bytes: &[u8]) -> Result<(), DecodeError> {
        let known = self.functions.len() - 1;
        if matches!(function_ids, Ids::Sequential)
            && self.lines.iter().all(|line| line.function() <= known)
        {
            return Ok(());
        }
        // The lines do not hold ids past 32 bits, and do not say where they stand: so they are read
        // once more.
        let mut lines = self.lines.iter_mut();
        for field in fields_of(tag::LOCATION, bytes) {
            proto::read_location(
                bytes,
                &field,
                |proto::Line {
                     function_id: id,
                     line,
                 }| {
                    let found = match id {
                        0 => Some(0),
                        id => function_ids.find(id, known),
                    };
                    let function =
                        found.ok_or_else(|| field.error(Problem::UnknownFunction { id, known }))?;
                    if let Some(resolved) = lines.next() {
                        *resolved = Line::new(index32(function), line);
                    }
                    Ok(())
                },
            )?;
        }
        Ok(())
    }

    fn mappings(&self, bytes: &[u8]) -> Result<Vec<Mapping>, DecodeError> {
        let mappings = self.mappings.iter().map(|(mapping, at)| {
            let text = |index| {
                let index =
                    string_index(index, self.strings.len()).map_err(|problem| DecodeError {
                        field: tag::MAPPING,
                        at: *at,
                        problem,
                    })?;
                Ok(self.strings[index as usize].of(bytes).to_owned())
            };
            Ok(Mapping {
                place: [
                    mapping.memory_start,
                    mapping.memory_limit,
                    mapping.file_offset,
                ],
                filename: text(mapping.filename)?,
                build_id: text(mapping.build_id)?,
            })
        });
        mappings.collect()
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
fn index32(position: usize) -> u32 {
    u32::try_from(position).expect("a profile is below 4 GiB, and so is every index into it")
}

/// A string table index, checked against the `known` strings there are.
pub(super) fn string_index(index: i64, known: usize) -> Result<u32, Problem> {
    match u32::try_from(index) {
        Ok(inside) if (inside as usize) < known => Ok(inside),
        _ => Err(Problem::UnknownString { index, known }),
    }
}

/// A number in 32 bits, or the largest of them: no index is that large.
fn saturated(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The fields of one tag in the top message, which the wire pass has gone through.
fn fields_of(tag: u32, bytes: &[u8]) -> impl Iterator<Item = Field<'_>> {
    let mut fields = Fields::new(bytes, 0, bytes.len());
    std::iter::from_fn(move || fields.next().ok()?).filter(move |field| field.tag == tag)
}
