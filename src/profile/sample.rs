//! Samples, read straight off the buffer: the one hot loop of the decoder.

use super::error::{DecodeError, Problem};
use super::proto::{Fields, Label as RawLabel, Value, sample_tag, tag};
use super::varint::{self, PairRange};

/// What a sample says beside its stack and its labels.
pub(super) struct RawSample {
    /// Goroutines that share this stack and these labels.
    pub(super) count: i64,
    /// Whether the sample carries labels.
    pub(super) labelled: bool,
    /// Whether all location ids are within their range.
    pub(super) known: bool,
}

/// Location ids of one sample: a buffer to be used again for the next one.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    buffer: Vec<u32>,
    count: usize,
    /// The largest id that there is.
    last: u32,
    /// Whether all numbers are from 1 to `last`.
    within: bool,
}

impl Numbers {
    /// What was read. A number that does not fit in 32 bits stands as the largest one that does.
    pub(super) fn as_slice(&self) -> &[u32] {
        &self.buffer[..self.count]
    }

    fn clear(&mut self, last: u32) {
        self.count = 0;
        self.last = last;
        self.within = true;
    }

    fn push(&mut self, number: u64) {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        if self.count == self.buffer.len() {
            self.buffer.resize(2 * self.count + 64, 0);
        }
        self.buffer[self.count] = number;
        self.count += 1;
        self.within &= (1..=self.last).contains(&number);
    }

    /// Adds every varint of a packed field: `length` bytes from `start` of the inflated file.
    #[inline]
    fn unpack(&mut self, file: &[u8], start: usize, length: usize) -> Result<(), DecodeError> {
        if self.buffer.len() < self.count + length {
            self.buffer.resize(self.count + length, 0);
        }
        let (places, _) = self.buffer[self.count..][..length].as_chunks_mut::<2>();
        let (all, mut places) = (places.len(), places.iter_mut());
        let mut range = PairRange::new(self.last);
        let taken = varint::pairs(&file[start..], length, |pair| {
            let place = places.next();
            *place.expect("a pair takes two bytes at least") = pair.split();
            range.add(pair);
        });
        self.count += 2 * (all - places.len());
        self.within &= range.held();
        let (mut at, end) = (start + taken, start + length);
        while at < end {
            let number = varint::take(file, &mut at, end);
            self.push(number.map_err(|error| DecodeError {
                field: tag::SAMPLE,
                ..DecodeError::wire(at, &error)
            })?);
        }
        Ok(())
    }
}

/// Reads the sample that goes from `start` to `end` in the inflated file, and leaves its location
/// ids, leaf first, in `ids`. They should be from 1 to `last`.
pub(super) fn read(
    file: &[u8],
    start: usize,
    end: usize,
    last: usize,
    ids: &mut Numbers,
) -> Result<RawSample, DecodeError> {
    ids.clear(u32::try_from(last).unwrap_or(u32::MAX));
    let (mut count, mut values, mut labelled) = (0_i64, 0_usize, false);
    let mut fields = Fields::new(file, start, end);
    while let Some(field) = fields.next().map_err(|error| in_sample(error, start))? {
        match (field.tag, field.value) {
            // Go packs more than two numbers, and writes one or two as they are.
            (sample_tag::LOCATION_ID, Value::Bytes(at, packed)) => {
                ids.unpack(file, at, packed.len())?;
            }
            (sample_tag::LOCATION_ID, Value::Varint(id)) => ids.push(id),
            (sample_tag::VALUE, Value::Bytes(mut at, packed)) => {
                let end = at + packed.len();
                while at < end {
                    let value = varint::take(file, &mut at, end);
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
    Ok(RawSample {
        count,
        labelled,
        known: ids.within,
    })
}

/// Finds the first location id of a sample that `known` does not know, as it stands: for the
/// message of an error.
pub(super) fn find_id(
    file: &[u8],
    start: usize,
    end: usize,
    mut known: impl FnMut(u64) -> bool,
) -> Option<u64> {
    let mut fields = Fields::new(file, start, end);
    while let Ok(Some(field)) = fields.next() {
        match (field.tag, field.value) {
            (sample_tag::LOCATION_ID, Value::Varint(id)) if !known(id) => return Some(id),
            (sample_tag::LOCATION_ID, Value::Bytes(mut at, packed)) => {
                let end = at + packed.len();
                while at < end {
                    let id = varint::take(file, &mut at, end).ok()?;
                    if !known(id) {
                        return Some(id);
                    }
                }
            }
            _ => {}
        }
    }
    None
}

/// Calls `each` with the labels of a sample, in the order they stand.
pub(super) fn each_label(
    file: &[u8],
    start: usize,
    end: usize,
    mut each: impl FnMut(RawLabel) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let mut label = RawLabel::default();
    let mut fields = Fields::new(file, start, end);
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

/// The same error, as one of the sample field: a reader knows the fields of the top message.
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
        read.clear(u32::MAX);
        read.unpack(&bytes, 0, length)?;
        Ok(read.as_slice().to_vec())
    }

    proptest::proptest! {
        #[test]
        fn what_is_read_agrees_with_prost(numbers: Vec<u64>, shift in 0_usize..64, behind: Vec<u8>) {
            let numbers: Vec<u64> = numbers.iter().enumerate().map(|(i, n)| n >> ((shift + i) % 64)).collect();
            let read = unpacked(packed(&numbers), &behind).unwrap();
            let expected: Vec<u32> = numbers.iter().map(|&n| u32::try_from(n).unwrap_or(u32::MAX)).collect();
            proptest::prop_assert_eq!(read, expected);
        }

        #[test]
        fn an_id_past_the_last_one_is_noticed(numbers in proptest::collection::vec(1_u32..1 << 28, 1..40)) {
            let bytes = packed(&numbers.iter().copied().map(u64::from).collect::<Vec<_>>());
            let mut read = Numbers::default();
            let largest = numbers.iter().copied().max().unwrap_or_default();
            for (last, within) in [(largest, true), (u32::MAX, true), (largest - 1, false)] {
                read.clear(last);
                read.unpack(&bytes, 0, bytes.len()).unwrap();
                proptest::prop_assert_eq!(read.within, within);
                proptest::prop_assert_eq!(read.as_slice(), &numbers);
            }
        }

        #[test]
        fn the_id_0_is_noticed(mut numbers in proptest::collection::vec(1_u64..1 << 28, 1..40), at in 0_usize..40) {
            numbers.insert(at % numbers.len(), 0);
            let bytes = packed(&numbers);
            let mut read = Numbers::default();
            read.clear(u32::MAX);
            read.unpack(&bytes, 0, bytes.len()).unwrap();
            proptest::prop_assert!(!read.within);
        }
    }

    #[test]
    fn a_varint_that_never_ends_is_an_error_at_its_place() {
        let error = unpacked(vec![0x80; 12], &[1]).unwrap_err();
        assert_eq!(error.field, tag::SAMPLE);
        assert!((0..12).contains(&error.at), "{}", error.at);
    }
}
