//! Around a test run: goroutines that were there before any test began, and stand elsewhere when the tests are over.

use std::collections::{BTreeMap, HashMap};

use super::Diff;
use crate::snapshot::Snapshot;

/// Goroutines of before that are counted at another stack.
#[derive(Debug, Default)]
pub(super) struct Moves {
    /// How many left, by group of `before`.
    pub(super) out: HashMap<usize, i64>,
    /// How many came, by group of `after`.
    pub(super) into: HashMap<usize, i64>,
}

/// Of one root: groups and by how many goroutines they differ.
#[derive(Default)]
struct Imbalance {
    /// Groups of `before`.
    fewer: Vec<(usize, i64)>,
    /// Groups of `after`.
    more: Vec<(usize, i64)>,
}

impl Moves {
    pub(super) fn count(&self) -> i64 {
        self.into.values().sum()
    }
}

/// Balances the goroutines that no test's label is on, root by root, in the order of their keys.
///
/// What runs before the first test are loops of init functions and of `TestMain`: one that waits at another line now is
/// the same one. Goroutines that a test started carry its label and are never taken for it.
pub(super) fn moves(diff: &Diff) -> Moves {
    let mut moves = Moves::default();
    let mut by_root: BTreeMap<String, Imbalance> = BTreeMap::new();
    for row in diff.rows() {
        let there = row
            .before
            .map_or(0, |group| diff.before.groups()[group].count);
        let now = row.after.map_or(0, |group| of_no_test(diff.after, group));
        if there == now {
            continue;
        }
        let (snapshot, group) = diff.shown(&row);
        let Some(root) = snapshot
            .frames(group)
            .root()
            .map(|root| root.function.as_str().to_owned())
        else {
            continue;
        };
        let Imbalance { fewer, more } = by_root.entry(root).or_default();
        match (row.before, row.after) {
            (Some(before), _) if there > now => fewer.push((before, there - now)),
            (_, Some(after)) if now > there => more.push((after, now - there)),
            _ => {}
        }
    }
    for Imbalance { mut fewer, more } in by_root.into_values() {
        for (after, mut wanted) in more {
            while let Some((before, left)) = fewer.last_mut().filter(|_| wanted > 0) {
                let taken = wanted.min(*left);
                *moves.out.entry(*before).or_default() += taken;
                *moves.into.entry(after).or_default() += taken;
                wanted -= taken;
                *left -= taken;
                if *left == 0 {
                    fewer.pop();
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
