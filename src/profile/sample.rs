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

/// Location ids of one sample: a buffer to be used again for the next one.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    buffer: Vec<u32>,
    count: usize,
    /// The largest of all numbers less one, where 0 less one is the largest there is.
    largest_index: u32,
}

impl Numbers {
    /// What was read. A number that does not fit in 32 bits stands as the largest one that does.
    pub(super) fn as_slice(&self) -> &[u32] {
        &self.buffer[..self.count]
    }

    /// Whether all numbers are from 1 to `last`.
    pub(super) fn are_within(&self, last: usize) -> bool {
        self.count == 0 || (self.largest_index as usize) < last
    }

    fn clear(&mut self) {
        self.count = 0;
        self.largest_index = 0;
    }

    fn push(&mut self, number: u64) {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        if self.count == self.buffer.len() {
            self.buffer.resize(2 * self.count + 64, 0);
        }
        self.buffer[self.count] = number;
        self.count += 1;
        self.largest_index = self.largest_index.max(number.wrapping_sub(1));
    }

    /// Adds every varint of a packed field: the first `length` bytes of `file`, which goes on behind them. Its first byte
    /// is at `start` of the inflated file.
    ///
    /// Two are read at a time: of eight bytes, those without a continuation bit end a number each, and the groups of seven
    /// bits of both are put together at once, without a branch. A loop over single bytes mispredicts at every second id.
    #[inline]
    fn unpack(&mut self, start: usize, file: &[u8], length: usize) -> Result<(), DecodeError> {
        const CONTINUED: u64 = 0x8080_8080_8080_8080;
        if self.buffer.len() < self.count + length {
            self.buffer.resize(self.count + length, 0);
        }
        let out = &mut self.buffer[self.count..][..length];
        let (mut at, mut count, mut largest) = (0, 0, self.largest_index);
        // One byte holds one number at least, so `out` is long enough for the bytes that are left.
        while at + 1 < length
            && let Some(word) = file.get(at..).and_then(<[u8]>::first_chunk::<8>)
        {
            let word = u64::from_le_bytes(*word);
            let ends = !word & CONTINUED;
            // Where the first and the second number end: the bit that is not set in their last byte.
            let first = ends.trailing_zeros();
            let second = (ends & ends.wrapping_sub(1)).trailing_zeros();
            let wide = second.wrapping_sub(first);
            let bytes = second as usize / 8 + 1;
            if first >= 32 || wide > 32 || at + bytes > length {
                break;
            }
            let pair = two_numbers(word, first, wide);
            out[count] = pair[0];
            out[count + 1] = pair[1];
            largest = largest
                .max(pair[0].wrapping_sub(1))
                .max(pair[1].wrapping_sub(1));
            count += 2;
            at += bytes;
        }
        self.count += count;
        self.largest_index = largest;
        // What is left: the last one, or, among ids that are longer than four bytes, all that follow.
        let mut rest = &file[at..length];
        while !rest.is_empty() {
            let number = prost::encoding::decode_varint(&mut rest);
            let at = start + length - rest.len();
            self.push(number.map_err(|error| DecodeError {
                field: tag::SAMPLE,
                ..DecodeError::wire(at, &error)
            })?);
        }
        Ok(())
    }
}

/// The first two varints of `word`, each of four bytes at most: the first ends at bit `first`, the second `wide` bits on.
///
/// Both stand in one word, the second in its upper half, while the gaps between their groups of seven bits are closed.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the halves are taken apart"
)]
fn two_numbers(word: u64, first: u32, wide: u32) -> [u32; 2] {
    let lower = word & (u64::MAX >> (63 - first));
    let upper = (word >> (first + 1)) << (64 - wide) >> (32 - wide);
    let by_7 = (lower | upper) & 0x7f7f_7f7f_7f7f_7f7f;
    let by_14 = by_7 & 0x007f_007f_007f_007f | by_7 >> 1 & 0x3f80_3f80_3f80_3f80;
    let by_28 = by_14 & 0x0000_3fff_0000_3fff | by_14 >> 2 & 0x0fff_c000_0fff_c000;
    [by_28 as u32, (by_28 >> 32) as u32]
}

/// Reads the sample that stands from `start` to `end` in the inflated file, and leaves its location ids, leaf first, in
/// `ids`.
pub(super) fn read(
    file: &[u8],
    start: usize,
    end: usize,
    ids: &mut Numbers,
) -> Result<RawSample, DecodeError> {
    ids.clear();
    let (mut count, mut values, mut labelled) = (0_i64, 0_usize, false);
    let mut fields = Fields::new(start, &file[start..end]);
    while let Some(field) = fields.next().map_err(|error| in_sample(error, start))? {
        match (field.tag, field.value) {
            // Go packs more than two numbers, and writes one or two as they are.
            (sample_tag::LOCATION_ID, Value::Bytes(at, packed)) => {
                ids.unpack(at, &file[at..], packed.len())?;
            }
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

    fn unpacked(mut bytes: Vec<u8>, behind: &[u8]) -> Result<Vec<u32>, DecodeError> {
        let length = bytes.len();
        bytes.extend_from_slice(behind);
        let mut read = Numbers::default();
        read.unpack(100, &bytes, length)?;
        Ok(read.as_slice().to_vec())
    }

    proptest::proptest! {
        #[test]
        fn the_word_wise_reader_agrees_with_prost(numbers: Vec<u64>, shift in 0_usize..64, behind: Vec<u8>) {
            let numbers: Vec<u64> = numbers.iter().enumerate().map(|(i, n)| n >> ((shift + i) % 64)).collect();
            let read = unpacked(packed(&numbers), &behind).unwrap();
            let expected: Vec<u32> = numbers.iter().map(|&n| u32::try_from(n).unwrap_or(u32::MAX)).collect();
            proptest::prop_assert_eq!(read, expected);
        }

        #[test]
        fn short_ids_are_read_and_their_largest_is_known(numbers in proptest::collection::vec(1_u32..1 << 28, 1..40)) {
            let bytes = packed(&numbers.iter().copied().map(u64::from).collect::<Vec<_>>());
            let mut read = Numbers::default();
            read.unpack(0, &bytes, bytes.len()).unwrap();
            let largest = numbers.iter().copied().max().unwrap_or_default() as usize;
            proptest::prop_assert!(read.are_within(largest) && !read.are_within(largest - 1));
            proptest::prop_assert_eq!(read.as_slice(), numbers);
        }
    }

    #[test]
    fn the_id_0_is_never_within() {
        let mut read = Numbers::default();
        read.unpack(0, &[1, 0, 2], 3).unwrap();
        assert!(!read.are_within(usize::MAX >> 32));
    }

    #[test]
    fn a_varint_that_never_ends_is_an_error_at_its_place() {
        let error = unpacked(vec![0x80; 12], &[1]).unwrap_err();
        assert_eq!(error.field, tag::SAMPLE);
        assert!((100..112).contains(&error.at), "{}", error.at);
    }
}
