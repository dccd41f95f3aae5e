//! Around a test run: a goroutine that was there before any test began, and stands elsewhere when they are over.

use std::collections::{BTreeMap, VecDeque};

use similar::{Algorithm, DiffTag, capture_diff_slices};

use super::near::Similarity;
use super::{Pair, Pairing, Unpaired};
use crate::snapshot::{Snapshot, TEST_LABEL};
use crate::stack::Frames;

/// Pairs groups that no test's label is on by their root alone, in the order of their keys.
///
/// What runs before the first test are loops of init functions and of `TestMain`: one that waits at another line now is
/// the same one. Goroutines that a test started carry its label and are never taken for it.
pub(super) fn pair(before: &Snapshot, after: &Snapshot, left: &Unpaired) -> Vec<Pair> {
    let root = |frames: &Frames| Some(frames.root()?.function.as_str().to_owned());
    let mut by_root: BTreeMap<String, VecDeque<usize>> = BTreeMap::new();
    for &gone in &left.gone {
        if let Some(root) = root(&before.frames(gone)) {
            by_root.entry(root).or_default().push_back(gone);
        }
    }
    let mut pairs = Vec::new();
    for &new in &left.new {
        let portions = after.portions(new);
        if portions
            .iter()
            .any(|portion| portion.labels.contains_key(TEST_LABEL))
        {
            continue;
        }
        let frames = after.frames(new);
        let same_root = root(&frames).and_then(|root| by_root.get_mut(&root));
        if let Some(gone) = same_root.and_then(VecDeque::pop_front) {
            let pairing = Pairing::Near(similarity(&before.frames(gone), &frames));
            pairs.push(Pair { gone, new, pairing });
        }
    }
    pairs
}

fn similarity(before: &Frames, after: &Frames) -> Similarity {
    let names = |frames: &Frames| -> Vec<String> {
        let frames = frames.as_slice().iter();
        frames
            .map(|frame| frame.function.as_str().to_owned())
            .collect()
    };
    let (before, after) = (names(before), names(after));
    let operations = capture_diff_slices(Algorithm::Myers, &before, &after);
    let kept = operations
        .iter()
        .filter(|operation| operation.tag() == DiffTag::Equal);
    let kept: usize = kept.map(|operation| operation.old_range().len()).sum();
    Similarity::new(kept, before.len() + after.len())
}
