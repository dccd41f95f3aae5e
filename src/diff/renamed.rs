//! The second step: stacks of the same source under another build.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

use super::{Pair, Pairing, Unpaired};
use crate::snapshot::Snapshot;
use crate::stack::{Frame, class, owner};

/// The class of every function of a snapshot, hashed once.
pub(super) struct Classes<'s, 'buf> {
    snapshot: &'s Snapshot<'buf>,
    functions: Vec<u64>,
    /// The package and the receiver of each class.
    owners: HashMap<u64, u64>,
}

impl<'s, 'buf> Classes<'s, 'buf> {
    pub(super) fn new(snapshot: &'s Snapshot<'buf>) -> Self {
        let names = snapshot.symbols().names().iter();
        let mut owners = HashMap::new();
        let functions = names.map(|name| {
            let class = class(name);
            let hash = xxh3_64(class.as_bytes());
            owners.insert(hash, xxh3_64(owner(&class).as_bytes()));
            hash
        });
        Self {
            snapshot,
            functions: functions.collect(),
            owners,
        }
    }

    pub(super) fn snapshot(&self) -> &'s Snapshot<'buf> {
        self.snapshot
    }

    /// Goroutines of a group.
    pub(super) fn count(&self, group: usize) -> i64 {
        self.snapshot.groups()[group].count
    }

    /// Where the goroutines of a group wait.
    pub(super) fn home(&self, group: usize) -> String {
        let frames = self.snapshot.frames(group);
        let owner = frames.owner();
        owner.map_or_else(String::new, |frame| frame.function.as_str().to_owned())
    }

    /// The package and the receiver of a function, by its class.
    pub(super) fn owner(&self, class: u64) -> u64 {
        self.owners.get(&class).copied().unwrap_or(class)
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
