//! The wire format: fields of [profile.proto] that a goroutine profile uses, and a cursor over them.
//!
//! The small messages are derived with prost and decoded one at a time. The top message is not: its samples and strings
//! are most of the file, so the cursor hands them out as places in the buffer and copies nothing.
//!
//! [profile.proto]: https://github.com/google/pprof/blob/main/proto/profile.proto

use prost::encoding::{WireType, decode_key, decode_varint};

use super::error::{DecodeError, Problem};

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

/// Reads a `Location`, one program counter, and adds a line for each function that the compiler inlined there: innermost
/// first, so that the last is the function that was really called. Gives its id.
///
/// A profile has many of these, so they are read field by field like the samples.
pub(super) fn read_location(field: &Field, lines: &mut Vec<Line>) -> Result<u64, DecodeError> {
    let inside = |error: DecodeError| field.error(error.problem);
    let (start, message) = field.bytes()?;
    let (mut id, mut fields) = (0, Fields::new(start, message));
    while let Some(part) = fields.next().map_err(inside)? {
        match part.tag {
            1 => id = part.varint().map_err(inside)?,
            4 => {
                let (start, message) = part.bytes().map_err(inside)?;
                let (mut line, mut fields) = (Line::default(), Fields::new(start, message));
                while let Some(part) = fields.next().map_err(inside)? {
                    match part.tag {
                        1 => line.function_id = part.varint().map_err(inside)?,
                        2 => line.line = part.varint().map_err(inside)?.cast_signed(),
                        _ => {}
                    }
                }
                lines.push(line);
            }
            _ => {}
        }
    }
    Ok(id)
}

/// A function. `name` and `filename` are string table indices.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct Function {
    #[prost(uint64, tag = "1")]
    pub(super) id: u64,
    #[prost(int64, tag = "2")]
    pub(super) name: i64,
    #[prost(int64, tag = "4")]
    pub(super) filename: i64,
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

/// One field as it stands on the wire.
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
    rest: &'buf [u8],
    /// Byte offset of the end of the message in the inflated file.
    end: usize,
}

impl<'buf> Fields<'buf> {
    /// `start` is the byte offset of `message` in the inflated file; it is only used to say where an error is.
    pub(super) fn new(start: usize, message: &'buf [u8]) -> Self {
        Self {
            rest: message,
            end: start + message.len(),
        }
    }

    fn at(&self) -> usize {
        self.end - self.rest.len()
    }

    /// A field's key. Nearly all are one byte, and so are most numbers and lengths: these are read without a call.
    #[inline]
    fn key(&mut self) -> Result<(u32, WireType), prost::DecodeError> {
        match *self.rest {
            [byte @ 0x08..0x80, ref rest @ ..] => {
                self.rest = rest;
                Ok((
                    u32::from(byte >> 3),
                    WireType::try_from(u64::from(byte & 7))?,
                ))
            }
            _ => decode_key(&mut self.rest),
        }
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, prost::DecodeError> {
        match *self.rest {
            [byte @ 0..0x80, ref rest @ ..] => {
                self.rest = rest;
                Ok(u64::from(byte))
            }
            _ => decode_varint(&mut self.rest),
        }
    }

    /// The next field, or `None` at the end of the message.
    ///
    /// # Errors
    /// A damaged key or varint, a length past the end of the message, or a wire type that protobuf no longer has.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<Field<'buf>>, DecodeError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let at = self.at();
        let (tag, wire) = self.key().map_err(|error| DecodeError::wire(at, &error))?;
        let value = match wire {
            WireType::Varint => Value::Varint(
                self.varint()
                    .map_err(|error| DecodeError::wire(at, &error))?,
            ),
            WireType::LengthDelimited => {
                let length = self
                    .varint()
                    .map_err(|error| DecodeError::wire(at, &error))?;
                let start = self.at();
                let taken = usize::try_from(length)
                    .ok()
                    .and_then(|length| self.rest.split_at_checked(length));
                let Some((bytes, rest)) = taken else {
                    return Err(DecodeError {
                        field: tag,
                        at,
                        problem: Problem::CutOff {
                            length,
                            end: self.end,
                        },
                    });
                };
                self.rest = rest;
                Value::Bytes(start, bytes)
            }
            WireType::ThirtyTwoBit => self.skip_fixed(tag, at, 4)?,
            WireType::SixtyFourBit => self.skip_fixed(tag, at, 8)?,
            WireType::StartGroup | WireType::EndGroup => {
                return Err(DecodeError {
                    field: tag,
                    at,
                    problem: Problem::Group,
                });
            }
        };
        Ok(Some(Field { tag, at, value }))
    }

    #[cold]
    fn skip_fixed(
        &mut self,
        tag: u32,
        at: usize,
        width: usize,
    ) -> Result<Value<'buf>, DecodeError> {
        match self.rest.split_at_checked(width) {
            Some((_, rest)) => {
                self.rest = rest;
                Ok(Value::Fixed)
            }
            None => Err(DecodeError {
                field: tag,
                at,
                problem: Problem::CutOff {
                    length: width as u64,
                    end: self.end,
                },
            }),
        }
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
