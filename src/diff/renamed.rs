//! The second step: stacks of the same source under another build.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

use super::{Pair, Pairing, Unpaired};
use crate::snapshot::Snapshot;
use crate::stack::{Frame, class};

/// The class of every function of a snapshot, hashed once.
pub(super) struct Classes<'s, 'buf> {
    snapshot: &'s Snapshot<'buf>,
    functions: Vec<u64>,
}

impl<'s, 'buf> Classes<'s, 'buf> {
    pub(super) fn new(snapshot: &'s Snapshot<'buf>) -> Self {
        let names = snapshot.symbols().names().iter();
        let functions = names.map(|name| xxh3_64(class(name).as_bytes())).collect();
        Self {
            snapshot,
            functions,
        }
    }

    /// The state and the own frames of a group by class. Equal for two groups whose
    /// [`crate::stack::Frames::class`] is equal.
    fn of_stack(&self, group: usize) -> (&'static str, Vec<u64>) {
        let frames = self.snapshot.frames(group);
        (frames.state(), self.hashes(&frames.own()))
    }

    /// The same; `None` for a stack that was cut.
    pub(super) fn of_whole_stack(&self, group: usize) -> Option<(&'static str, Vec<u64>)> {
        let frames = self.snapshot.frames(group);
        (!frames.is_cut()).then(|| (frames.state(), self.hashes(&frames.own())))
    }

    fn hashes(&self, frames: &[&Frame]) -> Vec<u64> {
        frames
            .iter()
            .map(|frame| self.functions[frame.index])
            .collect()
    }
}

/// Pairs groups of equal class; where several share one, in the order of their keys.
pub(super) fn pair(before: &Classes, after: &Classes, left: &Unpaired) -> Vec<Pair> {
    // Partners are taken from the back, so the smallest key goes in last.
    let mut waiting: HashMap<_, Vec<usize>> = HashMap::new();
    for &gone in left.gone.iter().rev() {
        waiting.entry(before.of_stack(gone)).or_default().push(gone);
    }
    let partner = |&new: &usize| {
        let gone = waiting.get_mut(&after.of_stack(new)).and_then(Vec::pop)?;
        Some(Pair {
            gone,
            new,
            pairing: Pairing::Renamed,
        })
    };
    left.new.iter().filter_map(partner).collect()
}
