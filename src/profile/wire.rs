//! The wire pass and what follows it: ids and string indices as they stand, then resolved and checked.

use std::collections::HashMap;

use super::error::{DecodeError, Problem};
use super::proto::{self, Fields, tag};
use super::{Function, Kind, Line, Mapping, Profile};

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

    pub(super) fn of(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start as usize..self.end as usize]
    }
}

/// How ids lead to indices, which are counted from 1.
#[derive(Debug)]
pub(super) enum Ids {
    /// 1, 2, 3 and so on, as Go and the pprof tool write them: ids are indices.
    Sequential,
    /// Any other set of ids, which the format allows.
    Scattered(HashMap<u64, u32>),
}

impl Ids {
    /// `ids` in the order of their entries; `offsets` are where the entries stand, to say which one is wrong.
    fn new(field: u32, ids: &[u64], offsets: &[u32]) -> Result<Self, DecodeError> {
        if ids.iter().zip(1..).all(|(&id, index)| id == index) {
            return Ok(Ids::Sequential);
        }
        let mut indices = HashMap::with_capacity(ids.len());
        for (position, &id) in ids.iter().enumerate() {
            let at = offsets[position] as usize;
            if id == 0 {
                return Err(DecodeError {
                    field,
                    at,
                    problem: Problem::ZeroId,
                });
            }
            if indices.insert(id, index32(position + 1)).is_some() {
                return Err(DecodeError {
                    field,
                    at,
                    problem: Problem::DuplicateId(id),
                });
            }
        }
        Ok(Ids::Scattered(indices))
    }

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

/// What the wire pass finds: ids and string indices as they stand, nothing resolved.
#[derive(Default)]
pub(super) struct Wire {
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
    mappings: Vec<(proto::Mapping, usize)>,
    time_nanos: i64,
    /// The duration in nanoseconds, and the byte offset of its field.
    duration: Option<(u64, usize)>,
}

impl Wire {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        // Locations are counted from 1: there is none of the index 0.
        let mut wire = Wire {
            line_starts: vec![0],
            ..Wire::default()
        };
        let mut function = proto::Function::default();
        let mut fields = Fields::new(0, bytes);
        while let Some(field) = fields.next()? {
            match field.tag {
                tag::SAMPLE => {
                    field.bytes()?;
                    wire.sample_count += 1;
                }
                tag::STRING_TABLE => wire.strings.push(Span::new(field.bytes()?)),
                tag::LOCATION => {
                    let first = wire.lines.len();
                    wire.line_starts.push(index32(first));
                    wire.location_ids
                        .push(proto::read_location(&field, &mut wire.lines)?);
                    wire.location_offsets.push(index32(field.at));
                    if wire.lines.len() == first {
                        // An address that nobody could name is a frame all the same.
                        wire.lines.push(proto::Line::default());
                    }
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

    pub(super) fn resolve(self, bytes: &[u8]) -> Result<Profile<'_>, DecodeError> {
        let kind = self.kind(bytes)?;
        if let Some((1.., at)) = self.duration {
            return Err(DecodeError {
                field: tag::DURATION_NANOS,
                at,
                problem: Problem::Delta,
            });
        }
        let mappings = self.mappings(bytes)?;
        // The index 0 is the function of lines that name none.
        let mut functions = vec![Function { name: 0, file: 0 }];
        for (function, &at) in self.functions.iter().zip(&self.function_offsets) {
            let string = |index| {
                string_index(index, self.strings.len()).map_err(|problem| DecodeError {
                    field: tag::FUNCTION,
                    at: at as usize,
                    problem,
                })
            };
            functions.push(Function {
                name: string(function.name)?,
                file: string(function.filename)?,
            });
        }
        let function_ids = Ids::new(tag::FUNCTION, &self.function_ids, &self.function_offsets)?;
        let known = self.functions.len();
        let mut lines = Vec::with_capacity(self.lines.len());
        for (range, &at) in self.line_starts[1..].windows(2).zip(&self.location_offsets) {
            for line in &self.lines[range[0] as usize..range[1] as usize] {
                let found = match line.function_id {
                    0 => Some(0),
                    id => function_ids.find(id, known),
                };
                let Some(function) = found else {
                    let problem = Problem::UnknownFunction {
                        id: line.function_id,
                        known,
                    };
                    return Err(DecodeError {
                        field: tag::LOCATION,
                        at: at as usize,
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
            mappings,
            time_nanos: self.time_nanos,
        })
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
