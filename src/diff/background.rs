//! Around a test run: goroutines that were there before any test began, and stand elsewhere when
//! the tests are over.

use std::collections::{BTreeMap, HashMap};

use super::Diff;
use crate::snapshot::Snapshot;
use crate::stack::Frames;

/// Goroutines of before that are counted at another stack.
#[derive(Debug, Default)]
pub(super) struct Moves {
    /// How many left, by group of `before`.
    pub(super) out: HashMap<usize, i64>,
    /// How many came, by group of `after`.
    pub(super) into: HashMap<usize, i64>,
}

impl Moves {
    pub(super) fn count(&self) -> i64 {
        self.into.values().sum()
    }
}

/// Of one entry function: groups and by how many goroutines they differ.
#[derive(Default)]
struct Imbalance {
    /// Groups of `before`.
    fewer: Vec<Difference>,
    /// Groups of `after`.
    more: Vec<Difference>,
}

struct Difference {
    group: usize,
    count: i64,
    origin: Origin,
}

/// What a goroutine is known by beside its entry function, wherever it stands.
struct Origin {
    /// Whether the entry function is of the standard library, and so says nothing of what runs in
    /// it.
    is_std: bool,
    /// The outermost function of user code in another package: what `sync.(*WaitGroup).Go` or an
    /// error group was given, or the handler of a server.
    callee: Option<String>,
}

impl Origin {
    fn of(frames: &Frames) -> Option<(String, Self)> {
        let root = &frames.root()?.function;
        let mut inward = frames.as_slice().iter().rev().map(|frame| &frame.function);
        let callee =
            inward.find(|function| !function.is_std() && function.package() != root.package());
        let origin = Self {
            is_std: root.is_std(),
            callee: callee.map(|function| function.as_str().to_owned()),
        };
        Some((root.as_str().to_owned(), origin))
    }

    /// Whether one goroutine may have both. A loop of user code is now in its own package, now in
    /// another one.
    fn may_be(&self, other: &Self) -> bool {
        let is_anywhere = !self.is_std && (self.callee.is_none() || other.callee.is_none());
        is_anywhere || self.callee == other.callee
    }
}

/// Balances the goroutines that no test's label is on, by where they began, in the order of their
/// keys.
///
/// What runs before the first test are loops of init functions and of `TestMain`: one that waits at
/// another line now is the same one. Goroutines that a test started carry its label and are never
/// taken for it, nor are those that Go's leak profile holds.
pub(super) fn moves(diff: &Diff, proven: Option<&Snapshot>) -> Moves {
    let mut by_root: BTreeMap<String, Imbalance> = BTreeMap::new();
    for row in diff.rows() {
        let (before, after) = (diff.before.groups(), diff.after.groups());
        let there = row.before.map_or(0, |group| before[group].count);
        let now = row.after.map_or(0, |group| of_no_test(diff.after, group));
        let found = row.after.and_then(|group| proven?.find(after[group].key));
        let more = now - there - found.map_or(0, |group| group.count);
        if there <= now && more <= 0 {
            continue;
        }
        let (snapshot, group) = diff.shown(&row);
        let Some((root, origin)) = Origin::of(&snapshot.frames(group)) else {
            continue;
        };
        let imbalance = by_root.entry(root).or_default();
        match (row.before, row.after) {
            (Some(group), _) if there > now => imbalance.fewer.push(Difference {
                group,
                count: there - now,
                origin,
            }),
            (_, Some(group)) => imbalance.more.push(Difference {
                group,
                count: more,
                origin,
            }),
            _ => {}
        }
    }
    let mut moves = Moves::default();
    for Imbalance { mut fewer, more } in by_root.into_values() {
        for mut to in more {
            for from in &mut fewer {
                let taken = to.count.min(from.count);
                if taken > 0 && from.origin.may_be(&to.origin) {
                    *moves.out.entry(from.group).or_default() += taken;
                    *moves.into.entry(to.group).or_default() += taken;
                    to.count -= taken;
                    from.count -= taken;
                }
            }
        }
    }
    moves
}

fn of_no_test(snapshot: &Snapshot, group: usize) -> i64 {
    snapshot
        .of_no_test(group)
        .unwrap_or(snapshot.groups()[group].count)
}
