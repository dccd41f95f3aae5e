//! The wire format: fields of [profile.proto] that a goroutine profile uses, and a cursor over
//! them.
//!
//! The small messages are derived with prost and decoded one at a time. The top message is not: its
//! samples and strings are most of the file, so the cursor hands them out as places in the buffer
//! and copies nothing.
//!
//! [profile.proto]: https://github.com/google/pprof/blob/main/proto/profile.proto

use prost::encoding::{WireType, decode_key};

use super::error::{DecodeError, Problem};
use super::varint;

/// Field numbers of the top message, `perftools.profiles.Profile`.
pub(super) mod tag {
    pub(crate) const SAMPLE_TYPE: u32 = 1;
    pub(crate) const SAMPLE: u32 = 2;
    pub(crate) const MAPPING: u32 = 3;
    pub(crate) const LOCATION: u32 = 4;
    pub(crate) const FUNCTION: u32 = 5;
    pub(crate) const STRING_TABLE: u32 = 6;
    pub(crate) const TIME_NANOS: u32 = 9;
    pub(crate) const DURATION_NANOS: u32 = 10;
}

/// Field numbers of `Sample`, which is read by hand (see [`super::sample`]).
pub(super) mod sample_tag {
    pub(crate) const LOCATION_ID: u32 = 1;
    pub(crate) const VALUE: u32 = 2;
    pub(crate) const LABEL: u32 = 3;
}

/// What one number of a sample means. Both fields are string table indices.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct ValueType {
    #[prost(int64, tag = "1")]
    pub(super) r#type: i64,
    #[prost(int64, tag = "2")]
    pub(super) unit: i64,
}

/// A file that the process had mapped. `filename` and `build_id` are string table indices.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct Mapping {
    #[prost(uint64, tag = "2")]
    pub(super) memory_start: u64,
    #[prost(uint64, tag = "3")]
    pub(super) memory_limit: u64,
    #[prost(uint64, tag = "4")]
    pub(super) file_offset: u64,
    #[prost(int64, tag = "5")]
    pub(super) filename: i64,
    #[prost(int64, tag = "6")]
    pub(super) build_id: i64,
}

/// A place in a function, by the function's id.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Line {
    pub(super) function_id: u64,
    /// 1-based; 0 when unknown.
    pub(super) line: i64,
}

/// So many lines a location may have; real ones have a few, and some tens at most. A stranger's
/// could have any number in each of many samples, at no cost to the file.
const MOST_INLINED: usize = 1024;

/// Reads a `Location`, one program counter, and calls `each` with a line for each function that the
/// compiler inlined there: innermost first, so that the last is the function that was really
/// called. An address that nobody could name is a frame all the same, so there is one line at
/// least. Gives the location's id.
///
/// A profile has many of these, so they are read field by field like the samples.
#[inline]
pub(super) fn read_location(
    file: &[u8],
    field: &Field,
    mut each: impl FnMut(Line) -> Result<(), DecodeError>,
) -> Result<u64, DecodeError> {
    let inside = |error: DecodeError| field.error(error.problem);
    let (mut id, mut lines, mut fields) = (0_u64, 0_usize, Fields::of(file, field)?);
    while let Some(part) = fields.next().map_err(inside)? {
        match part.tag {
            1 => id = part.varint().map_err(inside)?,
            4 => {
                let mut fields = Fields::of(file, &part).map_err(inside)?;
                let mut line = Line::default();
                while let Some(part) = fields.next().map_err(inside)? {
                    match part.tag {
                        1 => line.function_id = part.varint().map_err(inside)?,
                        2 => line.line = part.varint().map_err(inside)?.cast_signed(),
                        _ => {}
                    }
                }
                lines += 1;
                if lines > MOST_INLINED {
                    return Err(field.error(Problem::TooInlined(MOST_INLINED)));
                }
                each(line)?;
            }
            _ => {}
        }
    }
    if lines == 0 {
        each(Line::default())?;
    }
    Ok(id)
}

/// A function. `name` and `filename` are string table indices.
#[derive(Clone, Copy, Default)]
pub(super) struct Function {
    pub(super) id: u64,
    pub(super) name: i64,
    pub(super) filename: i64,
}

/// Reads a `Function`, which is also read by hand because there are many.
pub(super) fn read_function(file: &[u8], field: &Field) -> Result<Function, DecodeError> {
    let inside = |error: DecodeError| field.error(error.problem);
    let (mut function, mut fields) = (Function::default(), Fields::of(file, field)?);
    while let Some(part) = fields.next().map_err(inside)? {
        match part.tag {
            1 => function.id = part.varint().map_err(inside)?,
            2 => function.name = part.varint().map_err(inside)?.cast_signed(),
            4 => function.filename = part.varint().map_err(inside)?.cast_signed(),
            _ => {}
        }
    }
    Ok(function)
}

/// A pprof label. An empty value is written as a key with neither `str` nor `num`.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct Label {
    #[prost(int64, tag = "1")]
    pub(super) key: i64,
    #[prost(int64, tag = "2")]
    pub(super) str: i64,
    #[prost(int64, tag = "3")]
    pub(super) num: i64,
    #[prost(int64, tag = "4")]
    pub(super) num_unit: i64,
}

/// One field as it is on the wire.
pub(super) struct Field<'buf> {
    pub(super) tag: u32,
    /// Byte offset of the field's key in the inflated file.
    pub(super) at: usize,
    pub(super) value: Value<'buf>,
}

/// A field's value, by wire type.
pub(super) enum Value<'buf> {
    Varint(u64),
    /// A length-delimited value and the byte offset of its first byte.
    Bytes(usize, &'buf [u8]),
    /// A fixed-width value; profile.proto has none.
    Fixed,
}

/// Walks the fields of one message.
pub(super) struct Fields<'buf> {
    file: &'buf [u8],
    /// Where the message goes on, and where it ends.
    at: usize,
    end: usize,
}

impl<'buf> Fields<'buf> {
    /// The message that goes from `start` to `end` in the inflated file.
    pub(super) fn new(file: &'buf [u8], start: usize, end: usize) -> Self {
        Self {
            file,
            at: start,
            end: end.min(file.len()),
        }
    }

    /// The message that is the value of a field.
    #[inline]
    pub(super) fn of(file: &'buf [u8], field: &Field) -> Result<Self, DecodeError> {
        let (start, message) = field.bytes()?;
        Ok(Self::new(file, start, start + message.len()))
    }

    /// The next field, or `None` at the end of the message.
    ///
    /// # Errors
    /// A damaged key or varint, a length past the end of the message, or a wire type that protobuf
    /// no longer has.
    // A field that goes through memory costs twice as much.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Result<Option<Field<'buf>>, DecodeError> {
        const VARINT: u8 = WireType::Varint as u8;
        const BYTES: u8 = WireType::LengthDelimited as u8;
        let Self { file, at, end } = *self;
        if at >= end {
            return Ok(None);
        }
        let key = file[at];
        let mut behind = at + 1;
        let value = match (key & 7, varint::take(file, &mut behind, end)) {
            (VARINT, Ok(number)) => Value::Varint(number),
            (BYTES, Ok(length)) if length <= (end - behind) as u64 => {
                let start = behind;
                let bytes = &file[start..end][..usize::try_from(length).unwrap_or(0)];
                behind += bytes.len();
                Value::Bytes(start, bytes)
            }
            _ => return self.next_unusual(),
        };
        if !(0x08..0x80).contains(&key) {
            return self.next_unusual();
        }
        self.at = behind;
        let tag = u32::from(key >> 3);
        Ok(Some(Field { tag, at, value }))
    }

    /// The next field when it is none of the usual: a long key, a fixed width, or damage.
    #[cold]
    fn next_unusual(&mut self) -> Result<Option<Field<'buf>>, DecodeError> {
        let at = self.at;
        let wire_error = |error| DecodeError::wire(at, &error);
        let mut rest = &self.file[at..self.end];
        let (tag, wire) = decode_key(&mut rest).map_err(wire_error)?;
        self.at = self.end - rest.len();
        let error = |problem| DecodeError {
            field: tag,
            at,
            problem,
        };
        let value = match wire {
            WireType::Varint => Value::Varint(self.varint().map_err(wire_error)?),
            WireType::LengthDelimited => {
                let length = self.varint().map_err(wire_error)?;
                let start = self.at;
                Value::Bytes(start, self.take(length).map_err(error)?)
            }
            WireType::ThirtyTwoBit => self.take(4).map(|_| Value::Fixed).map_err(error)?,
            WireType::SixtyFourBit => self.take(8).map(|_| Value::Fixed).map_err(error)?,
            WireType::StartGroup | WireType::EndGroup => return Err(error(Problem::Group)),
        };
        Ok(Some(Field { tag, at, value }))
    }

    fn varint(&mut self) -> Result<u64, prost::DecodeError> {
        varint::take(self.file, &mut self.at, self.end)
    }

    fn take(&mut self, length: u64) -> Result<&'buf [u8], Problem> {
        let rest = &self.file[self.at..self.end];
        let taken = usize::try_from(length)
            .ok()
            .and_then(|length| rest.get(..length));
        let bytes = taken.ok_or(Problem::CutOff {
            length,
            end: self.end,
        })?;
        self.at += bytes.len();
        Ok(bytes)
    }
}

impl<'buf> Field<'buf> {
    /// The bytes of a string or message field, and where they start.
    pub(super) fn bytes(&self) -> Result<(usize, &'buf [u8]), DecodeError> {
        match self.value {
            Value::Bytes(start, bytes) => Ok((start, bytes)),
            Value::Varint(_) | Value::Fixed => Err(self.error(Problem::WireType)),
        }
    }

    /// The number of a varint field.
    pub(super) fn varint(&self) -> Result<u64, DecodeError> {
        match self.value {
            Value::Varint(number) => Ok(number),
            Value::Bytes(..) | Value::Fixed => Err(self.error(Problem::WireType)),
        }
    }

    /// Decodes a small message into `message`, whose allocations are reused.
    pub(super) fn message(&self, message: &mut impl prost::Message) -> Result<(), DecodeError> {
        let (_, bytes) = self.bytes()?;
        message.clear();
        message
            .merge(bytes)
            .map_err(|error| self.error(Problem::Message(error.to_string())))
    }

    /// An error at this field.
    pub(super) fn error(&self, problem: Problem) -> DecodeError {
        DecodeError {
            field: self.tag,
            at: self.at,
            problem,
        }
    }
}
