//! The second step: stacks of the same source under another build.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_128;

use super::{Diff, Pair, Pairing};
use crate::snapshot::Snapshot;
use crate::stack::{Frame, Key, class};

/// The class of every function of a snapshot, hashed once.
pub(super) struct Classes<'s, 'buf> {
    snapshot: &'s Snapshot<'buf>,
    functions: Vec<u128>,
}

impl<'s, 'buf> Classes<'s, 'buf> {
    pub(super) fn new(snapshot: &'s Snapshot<'buf>) -> Self {
        let functions = snapshot
            .symbols()
            .names()
            .iter()
            .map(|name| xxh3_128(class(name).as_bytes()))
            .collect();
        Self {
            snapshot,
            functions,
        }
    }

    /// The frames of a group by class, leaf first; `None` for a stack that was cut.
    pub(super) fn whole(&self, group: u32) -> Option<Vec<u128>> {
        let frames = self.snapshot.frames(group);
        (!frames.is_cut()).then(|| self.hashes(frames.as_slice()))
    }

    /// Equal for two groups whose [`crate::stack::Frames::class`] is equal.
    fn of_stack(&self, group: u32) -> (&'static str, Vec<u128>) {
        let frames = self.snapshot.frames(group);
        (frames.signature().state, self.hashes(frames.own()))
    }

    fn hashes(&self, frames: &[Frame]) -> Vec<u128> {
        frames
            .iter()
            .map(|frame| self.functions[frame.index])
            .collect()
    }
}

/// Pairs rows of equal class, in the order of their keys where several share one, and takes them out of `gone` and `new`.
pub(super) fn pair(diff: &Diff, gone: &mut Vec<usize>, new: &mut Vec<usize>) -> Vec<Pair> {
    let (before, after) = (Classes::new(diff.before), Classes::new(diff.after));
    sort_by_key(gone, |row| {
        diff.rows[row]
            .before
            .map(|group| diff.before.groups()[group as usize].key)
    });
    sort_by_key(new, |row| {
        diff.rows[row]
            .after
            .map(|group| diff.after.groups()[group as usize].key)
    });
    // Rows to take from the back, so the lists are turned round: the smallest key comes first.
    let mut waiting: HashMap<_, Vec<usize>> = HashMap::new();
    for &row in gone.iter().rev() {
        let group = diff.rows[row]
            .before
            .expect("a gone row has a group before");
        waiting.entry(before.of_stack(group)).or_default().push(row);
    }
    let mut pairs = Vec::new();
    for &row in new.iter() {
        let group = diff.rows[row].after.expect("a new row has a group after");
        if let Some(partner) = waiting.get_mut(&after.of_stack(group)).and_then(Vec::pop) {
            pairs.push(Pair {
                gone: partner,
                new: row,
                pairing: Pairing::Renamed,
            });
        }
    }
    forget_paired(&pairs, gone, new);
    pairs
}

/// Takes the rows of `pairs` out of `gone` and `new`.
pub(super) fn forget_paired(pairs: &[Pair], gone: &mut Vec<usize>, new: &mut Vec<usize>) {
    let mut paired: Vec<usize> = pairs
        .iter()
        .flat_map(|pair| [pair.gone, pair.new])
        .collect();
    paired.sort_unstable();
    gone.retain(|row| paired.binary_search(row).is_err());
    new.retain(|row| paired.binary_search(row).is_err());
}

fn sort_by_key(rows: &mut [usize], key: impl Fn(usize) -> Option<Key>) {
    rows.sort_by_cached_key(|&row| key(row));
}
