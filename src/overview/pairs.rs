//! Which stack of one file is which of the other.

use crate::diff::Diff;
use crate::snapshot::Snapshot;

/// For each group of each snapshot, the number of its stack: the same for stacks that are matched.
pub(super) fn stacks_of(snapshots: &[Snapshot]) -> Vec<Vec<usize>> {
    let [before, after @ ..] = snapshots else {
        return Vec::new();
    };
    if after.is_empty() {
        return vec![(0..before.groups().len()).collect()];
    }
    let mut numbers: Vec<Vec<usize>> = snapshots
        .iter()
        .map(|snapshot| vec![0; snapshot.groups().len()])
        .collect();
    let last = numbers.len() - 1;
    for (number, row) in Diff::new(before, after).rows().enumerate() {
        if let Some(group) = row.before {
            numbers[0][group] = number;
        }
        if let Some(group) = row.after {
            numbers[last][group] = number;
        }
    }
    numbers
}
