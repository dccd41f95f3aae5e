//! Varints, read a word at a time.
//!
//! A loop over single bytes mispredicts at every second number of a profile. Of eight bytes, those
//! without a continuation bit end a number each; the groups of seven bits before them are put
//! together at once, without a branch.
//!
//! What this buys, of the CPU time of a whole check of two profiles with 100,000 stacks each: pairs 5
//! to 10 %, and words for single numbers as much again.

use prost::DecodeError;
use prost::encoding::decode_varint;

/// The continuation bits of eight bytes.
const CONTINUED: u64 = 0x8080_8080_8080_8080;

/// The highest bit of each byte that ends a varint.
#[inline]
fn ends(word: u64) -> u64 {
    !word & CONTINUED
}

/// Closes the gaps between the groups of seven bits, in both halves of `word` at once.
#[inline]
fn halves(word: u64) -> u64 {
    let by_7 = word & 0x7f7f_7f7f_7f7f_7f7f;
    let by_14 = by_7 & 0x007f_007f_007f_007f | by_7 >> 1 & 0x3f80_3f80_3f80_3f80;
    by_14 & 0x0000_3fff_0000_3fff | by_14 >> 2 & 0x0fff_c000_0fff_c000
}

/// Takes the varint at `at`, which moves on behind it. It may not reach past `end`; what stands
/// there in the file does not matter, but lets a whole word be read at once.
#[inline]
pub(super) fn take(file: &[u8], at: &mut usize, end: usize) -> Result<u64, DecodeError> {
    if let Some(word) = file.get(*at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*word);
        if word & 0x80 == 0 && *at < end {
            *at += 1;
            return Ok(word & 0x7f);
        }
        let last = ends(word).trailing_zeros();
        let behind = *at + last as usize / 8 + 1;
        if last < 64 && behind <= end {
            *at = behind;
            let halves = halves(word & (u64::MAX >> (63 - last)));
            return Ok(halves & 0x0fff_ffff | halves >> 4 & 0x00ff_ffff_f000_0000);
        }
    }
    take_slowly(file, at, end)
}

/// Takes one near the end of the file, one that is longer than eight bytes, or a damaged one.
#[cold]
fn take_slowly(file: &[u8], at: &mut usize, end: usize) -> Result<u64, DecodeError> {
    let mut rest = &file[*at..end];
    let number = decode_varint(&mut rest);
    *at = end - rest.len();
    number
}

/// So many bytes are looked at together, one bit for each.
const BLOCK: usize = 64;

/// Calls `each` with the varints of a packed field: the first `length` bytes of `file`, which goes
/// on behind them. Two are given at a time. Returns how many bytes these took: the rest holds one
/// number, or one that is longer than four bytes and all that follow, or stands where the file
/// ends.
#[inline]
pub(super) fn pairs(file: &[u8], length: usize, mut each: impl FnMut(Pair)) -> usize {
    let mut at = 0;
    // The last number of a block is read with eight bytes, so as many must follow it.
    while at + 1 < length
        && let Some(block) = file
            .get(at..)
            .and_then(<[u8]>::first_chunk::<{ BLOCK + 8 }>)
    {
        let here = (length - at).min(BLOCK);
        let mut ends = ends_of(block) & (u64::MAX >> (BLOCK - here));
        let mut from = 0;
        loop {
            let others = ends & ends.wrapping_sub(1);
            if others == 0 {
                break;
            }
            let (first, second) = (
                ends.trailing_zeros() as usize,
                others.trailing_zeros() as usize,
            );
            ends = others & (others - 1);
            let (one, other) = (first - from, second - first);
            if one > 3 || other > 4 {
                return at + from;
            }
            let word = block[from..]
                .first_chunk()
                .copied()
                .map_or(0, u64::from_le_bytes);
            each(Pair::new(word, one, other));
            from = second + 1;
        }
        if from == 0 {
            break;
        }
        at += from;
    }
    at
}

/// For each byte of a block, whether a varint ends there: the lowest bit for the first.
#[inline]
fn ends_of(block: &[u8; BLOCK + 8]) -> u64 {
    let words = block.as_chunks::<8>().0[..BLOCK / 8].iter();
    words.rev().fold(0, |bits, word| {
        // The product moves the bits of all eight bytes side by side, to the top.
        let ends = ends(u64::from_le_bytes(*word)) >> 7;
        bits << 8 | ends.wrapping_mul(0x0102_0408_1020_4080) >> 56
    })
}

/// Two numbers of 28 bits at most, each in its half of a word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair(u64);

impl Pair {
    /// The first two varints of `word`, each of four bytes at most: the first ends in byte `one`,
    /// the second `other` bytes on. Both are put in their halves before the gaps between their
    /// groups of seven bits are closed.
    #[inline]
    fn new(word: u64, one: usize, other: usize) -> Self {
        let lower = word & (u64::MAX >> (56 - 8 * one));
        let upper = (word >> (8 * one + 8)) << (64 - 8 * other) >> (32 - 8 * other);
        Self(halves(lower | upper))
    }

    /// Both, the first first.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the halves are taken apart"
    )]
    pub(super) fn split(self) -> [u32; 2] {
        [self.0 as u32, (self.0 >> 32) as u32]
    }
}

/// Whether all numbers of some pairs are from 1 to a last one.
#[derive(Debug, Clone, Copy)]
pub(super) struct PairRange {
    last: u64,
    /// The highest bit of a half is set when one was out of range.
    outside: u64,
}

impl PairRange {
    const ONES: u64 = 1 << 32 | 1;

    pub(super) fn new(last: u32) -> Self {
        // A number of 28 bits is never past the last one of more.
        let last = u64::from(last.min((1 << 28) - 1));
        Self {
            last: last * Self::ONES,
            outside: 0,
        }
    }

    /// Subtracts both at once: what borrows leaves the highest bit of its half set, and nothing
    /// else does.
    #[inline]
    pub(super) fn add(&mut self, pair: Pair) {
        self.outside |= self.last.wrapping_sub(pair.0) | pair.0.wrapping_sub(Self::ONES);
    }

    pub(super) fn held(self) -> bool {
        self.outside & Self::ONES << 31 == 0
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

    fn shifted(numbers: &[u64], shift: usize, width: usize) -> Vec<u64> {
        let numbers = numbers.iter().enumerate();
        numbers.map(|(i, n)| n >> ((shift + i) % width)).collect()
    }

    proptest::proptest! {
        #[test]
        fn one_at_a_time_agrees_with_prost(numbers: Vec<u64>, shift in 0_usize..64) {
            let numbers = shifted(&numbers, shift, 64);
            let bytes = packed(&numbers);
            let (mut at, end) = (0, bytes.len());
            let read: Vec<u64> = numbers.iter().map(|_| take(&bytes, &mut at, end).unwrap()).collect();
            proptest::prop_assert_eq!(read, numbers);
            proptest::prop_assert_eq!(at, end);
        }

        #[test]
        fn pairs_agree_with_prost_up_to_where_they_stop(
            numbers: Vec<u32>, shift in 0_usize..32, padding in 0_usize..100
        ) {
            let numbers: Vec<u64> = numbers.into_iter().map(u64::from).collect();
            let numbers = shifted(&numbers, shift, 32);
            let mut bytes = packed(&numbers);
            let length = bytes.len();
            // What follows must not matter: bytes that end a number, and bytes that do not.
            bytes.extend((0..padding).map(|at| if at % 3 == 0 { 0xff } else { 1 }));
            let mut read = Vec::new();
            let taken = pairs(&bytes, length, |pair| read.extend(pair.split().map(u64::from)));
            let mut at = taken;
            if padding > BLOCK + 8 && numbers.iter().all(|&number| number < 1 << 28) {
                proptest::prop_assert_eq!(numbers.len() - read.len(), numbers.len() % 2);
            }
            while at < length {
                read.push(take(&bytes, &mut at, length).unwrap());
            }
            proptest::prop_assert_eq!(read, numbers);
        }
    }

    #[test]
    fn a_varint_that_does_not_end_in_its_message_is_an_error() {
        assert!(take(&[0x80; 12], &mut 0, 12).is_err());
        assert!(take(&[0x80; 3], &mut 0, 3).is_err());
        // The message ends before the number does; the file goes on.
        assert!(take(&[0x80, 0x80, 1, 1, 1, 1, 1, 1, 1], &mut 0, 2).is_err());
        assert!(take(&[1; 9], &mut 4, 4).is_err());
    }
}
