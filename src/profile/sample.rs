//! Samples, read straight off the buffer: the one hot loop of the decoder.

use super::error::{DecodeError, Problem};
use super::proto::{Field, Fields, Label as RawLabel, Value, sample_tag, tag};

/// One sample as the wire gives it: its location ids are in the scratch buffer of the caller.
pub(super) struct RawSample {
    /// Goroutines that share this stack and these labels.
    pub(super) count: i64,
    /// Whether the sample carries labels.
    pub(super) labelled: bool,
}

/// Reads the sample in `message` (whose first byte is at `start` of the inflated file) and leaves its location ids,
/// leaf first, in `ids`.
pub(super) fn read(
    start: usize,
    message: &[u8],
    ids: &mut Vec<u64>,
) -> Result<RawSample, DecodeError> {
    ids.clear();
    let (mut count, mut values, mut labelled) = (0_i64, 0_usize, false);
    let mut fields = Fields::new(start, message);
    while let Some(field) = fields.next().map_err(|error| in_sample(error, start))? {
        match field.tag {
            sample_tag::LOCATION_ID => {
                each(&field, start, |id| ids.push(id))?;
            }
            sample_tag::VALUE => each(&field, start, |value| {
                count = value.cast_signed();
                values += 1;
            })?,
            sample_tag::LABEL => labelled = true,
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

/// Calls `each` with every number of a repeated field, packed or not: Go packs more than two.
fn each(field: &Field, start: usize, mut each: impl FnMut(u64)) -> Result<(), DecodeError> {
    if let Value::Bytes(at, packed) = field.value {
        return varints(at, packed, each);
    }
    each(field.varint().map_err(|error| in_sample(error, start))?);
    Ok(())
}

/// The labels of the sample in `message`, as string table indices, in the order they stand.
pub(super) fn labels(start: usize, message: &[u8]) -> Result<Vec<RawLabel>, DecodeError> {
    let mut labels = Vec::new();
    let mut fields = Fields::new(start, message);
    while let Some(field) = fields.next().map_err(|error| in_sample(error, start))? {
        if field.tag == sample_tag::LABEL {
            let mut label = RawLabel::default();
            field
                .message(&mut label)
                .map_err(|error| in_sample(error, start))?;
            labels.push(label);
        }
    }
    Ok(labels)
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

/// Calls `each` with every varint of a packed field.
///
/// Eight bytes are looked at together: the continuation bits give the length of the varint, and its groups of seven
/// bits are put together without a branch. A loop over single bytes mispredicts at every second id.
fn varints(start: usize, packed: &[u8], mut each: impl FnMut(u64)) -> Result<(), DecodeError> {
    const CONTINUED: u64 = 0x8080_8080_8080_8080;
    let mut rest = packed;
    while let Some(word) = rest.first_chunk::<8>() {
        let word = u64::from_le_bytes(*word);
        let stops = !word & CONTINUED;
        let length = (stops.trailing_zeros() / 8 + 1) as usize;
        if length > 4 {
            // Ids past 2^28, and values: rare, so one at a time.
            each(
                prost::encoding::decode_varint(&mut rest)
                    .map_err(|error| damaged(start, packed, rest, &error))?,
            );
            continue;
        }
        let bytes = word & (u64::MAX >> (64 - 8 * length));
        each(bytes & 0x7f | bytes >> 1 & 0x3f80 | bytes >> 2 & 0x1f_c000 | bytes >> 3 & 0xfe0_0000);
        rest = &rest[length..];
    }
    while !rest.is_empty() {
        each(
            prost::encoding::decode_varint(&mut rest)
                .map_err(|error| damaged(start, packed, rest, &error))?,
        );
    }
    Ok(())
}

fn damaged(start: usize, packed: &[u8], rest: &[u8], error: &prost::DecodeError) -> DecodeError {
    let at = start + packed.len() - rest.len();
    DecodeError {
        field: tag::SAMPLE,
        ..DecodeError::wire(at, error)
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
            let mut read = Vec::new();
            varints(0, &packed(&numbers), |number| read.push(number)).unwrap();
            proptest::prop_assert_eq!(read, numbers);
        }
    }

    #[test]
    fn a_varint_that_never_ends_is_an_error_at_its_place() {
        let error = varints(100, &[0x80; 12], |_| {}).unwrap_err();
        assert_eq!((error.field, error.at), (tag::SAMPLE, 100));
    }
}
