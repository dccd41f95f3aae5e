//! Samples, read straight off the buffer: the one hot loop of the decoder.

use super::error::{DecodeError, Problem};
use super::proto::{Fields, Label as RawLabel, Value, sample_tag, tag};

/// What a sample says beside its stack and its labels.
pub(super) struct RawSample {
    /// Goroutines that share this stack and these labels.
    pub(super) count: i64,
    /// Whether the sample carries labels.
    pub(super) labelled: bool,
}

/// Numbers read from a packed field: a buffer to be used again for the next one.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    buffer: Vec<u32>,
    count: usize,
}

impl Numbers {
    /// What was read. A number that does not fit in 32 bits stands as the largest one that does.
    pub(super) fn as_slice(&self) -> &[u32] {
        &self.buffer[..self.count]
    }

    fn push(&mut self, number: u64) {
        if self.count == self.buffer.len() {
            self.buffer.resize(2 * self.count + 64, 0);
        }
        self.buffer[self.count] = saturated(number);
        self.count += 1;
    }

    /// Adds every varint of a packed field, whose first byte is at `start`.
    ///
    /// Two are read at a time: of eight bytes, those without a continuation bit end a number each, and its groups of
    /// seven bits are put together without a branch. A loop over single bytes mispredicts at every second id.
    #[inline]
    fn unpack(&mut self, start: usize, packed: &[u8]) -> Result<(), DecodeError> {
        const CONTINUED: u64 = 0x8080_8080_8080_8080;
        if self.buffer.len() < self.count + packed.len() {
            self.buffer.resize(self.count + packed.len(), 0);
        }
        let out = &mut self.buffer[self.count..][..packed.len()];
        let (mut rest, mut count) = (packed, 0);
        while let Some(word) = rest.first_chunk::<8>() {
            let word = u64::from_le_bytes(*word);
            let ends = !word & CONTINUED;
            let first = ends & ends.wrapping_neg();
            let second = (ends ^ first) & (ends ^ first).wrapping_neg();
            let Some(pair) = out.get_mut(count..count + 2).filter(|_| second != 0) else {
                break;
            };
            pair[0] = saturated(seven_bit_groups(word & (first | (first - 1))));
            let beyond = first.trailing_zeros() + 1;
            pair[1] = saturated(seven_bit_groups((word & (second | (second - 1))) >> beyond));
            count += 2;
            rest = &rest[second.trailing_zeros() as usize / 8 + 1..];
        }
        // What is left: the last few, and, among ids that are longer than four bytes, all that follow.
        while !rest.is_empty() {
            let number = prost::encoding::decode_varint(&mut rest);
            let at = start + packed.len() - rest.len();
            out[count] = saturated(number.map_err(|error| DecodeError {
                field: tag::SAMPLE,
                ..DecodeError::wire(at, &error)
            })?);
            count += 1;
        }
        self.count += count;
        Ok(())
    }
}

fn saturated(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Puts the low seven bits of each byte together, the lowest byte first.
#[inline]
fn seven_bit_groups(bytes: u64) -> u64 {
    let by_7 = bytes & 0x7f7f_7f7f_7f7f_7f7f;
    let by_14 = by_7 & 0x007f_007f_007f_007f | (by_7 & 0x7f00_7f00_7f00_7f00) >> 1;
    let by_28 = by_14 & 0x0000_3fff_0000_3fff | (by_14 & 0x3fff_0000_3fff_0000) >> 2;
    by_28 & 0x0fff_ffff | (by_28 & 0x0fff_ffff_0000_0000) >> 4
}

/// Reads the sample in `message` (whose first byte is at `start` of the inflated file), and leaves its location ids, leaf
/// first, in `ids`.
pub(super) fn read(
    start: usize,
    message: &[u8],
    ids: &mut Numbers,
) -> Result<RawSample, DecodeError> {
    ids.count = 0;
    let (mut count, mut values, mut labelled) = (0_i64, 0_usize, false);
    let mut fields = Fields::new(start, message);
    while let Some(field) = fields.next().map_err(|error| in_sample(error, start))? {
        match (field.tag, field.value) {
            // Go packs more than two numbers, and writes one or two as they are.
            (sample_tag::LOCATION_ID, Value::Bytes(at, packed)) => ids.unpack(at, packed)?,
            (sample_tag::LOCATION_ID, Value::Varint(id)) => ids.push(id),
            (sample_tag::VALUE, Value::Bytes(_, mut packed)) => {
                while !packed.is_empty() {
                    let value = prost::encoding::decode_varint(&mut packed);
                    count = value
                        .map_err(|error| in_sample(DecodeError::wire(start, &error), start))?
                        .cast_signed();
                    values += 1;
                }
            }
            (sample_tag::VALUE, Value::Varint(value)) => {
                count = value.cast_signed();
                values += 1;
            }
            (sample_tag::LABEL, _) => labelled = true,
            (sample_tag::LOCATION_ID | sample_tag::VALUE, _) => {
                return Err(at_sample(start, Problem::WireType));
            }
            _ => {}
        }
    }
    if values != 1 {
        return Err(at_sample(start, Problem::Values(values)));
    }
    if count < 0 {
        return Err(at_sample(start, Problem::Negative(count)));
    }
    Ok(RawSample { count, labelled })
}

/// Finds the first location id of a sample that `known` does not know, as it stands: for the message of an error.
pub(super) fn find_id(message: &[u8], mut known: impl FnMut(u64) -> bool) -> Option<u64> {
    let mut fields = Fields::new(0, message);
    while let Ok(Some(field)) = fields.next() {
        match (field.tag, field.value) {
            (sample_tag::LOCATION_ID, Value::Varint(id)) if !known(id) => return Some(id),
            (sample_tag::LOCATION_ID, Value::Bytes(_, mut packed)) => {
                while let Ok(id) = prost::encoding::decode_varint(&mut packed) {
                    if !known(id) {
                        return Some(id);
                    }
                    if packed.is_empty() {
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    None
}

/// Calls `each` with the labels of the sample in `message`, in the order they stand.
pub(super) fn each_label(
    start: usize,
    message: &[u8],
    mut each: impl FnMut(RawLabel) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let mut label = RawLabel::default();
    let mut fields = Fields::new(start, message);
    while let Some(field) = fields.next().map_err(|error| in_sample(error, start))? {
        if field.tag == sample_tag::LABEL {
            field
                .message(&mut label)
                .map_err(|error| in_sample(error, start))?;
            each(label)?;
        }
    }
    Ok(())
}

/// An error in the sample that starts at `start`.
pub(super) fn at_sample(start: usize, problem: Problem) -> DecodeError {
    DecodeError {
        field: tag::SAMPLE,
        at: start,
        problem,
    }
}

/// The same error, told as one of the sample field: a reader knows the fields of the top message.
fn in_sample(error: DecodeError, start: usize) -> DecodeError {
    DecodeError {
        field: tag::SAMPLE,
        at: error.at.max(start),
        problem: error.problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(numbers: &[u64]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for number in numbers {
            prost::encoding::encode_varint(*number, &mut bytes);
        }
        bytes
    }

    proptest::proptest! {
        #[test]
        fn the_word_wise_reader_agrees_with_prost(numbers: Vec<u64>, shift in 0_usize..64) {
            let numbers: Vec<u64> = numbers.iter().enumerate().map(|(i, n)| n >> ((shift + i) % 64)).collect();
            let mut read = Numbers::default();
            read.unpack(0, &packed(&numbers)).unwrap();
            let expected: Vec<u32> = numbers.iter().copied().map(saturated).collect();
            proptest::prop_assert_eq!(read.as_slice(), expected);
        }
    }

    #[test]
    fn a_varint_that_never_ends_is_an_error_at_its_place() {
        let error = Numbers::default().unpack(100, &[0x80; 12]).unwrap_err();
        assert_eq!(error.field, tag::SAMPLE);
        assert!((100..112).contains(&error.at), "{}", error.at);
    }
}
