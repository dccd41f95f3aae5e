//! The third step: the same goroutine, moved by a refactoring.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

use similar::{Algorithm, DiffTag, capture_diff_slices};

use super::renamed::Classes;
use super::{Pair, Pairing, Unpaired};

/// How alike two lists of frames are, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Similarity(u16);

impl Similarity {
    /// Of two lists with so many frames together, `shared` of them in both.
    pub(super) fn new(shared: usize, sum: usize) -> Self {
        Self(u16::try_from(ratio(shared, sum)).unwrap_or(u16::MAX))
    }

    /// That of a ratio, 0 to 1; `None` for what is none.
    pub fn of_ratio(ratio: f64) -> Option<Self> {
        let near = |one: u16| (f64::from(one) / 1000.0 - ratio).abs() < 0.0005;
        (0..=1000).find(|one| near(*one)).map(Self)
    }

    /// As a ratio, 0 to 1.
    pub fn ratio(self) -> f64 {
        f64::from(self.0) / 1000.0
    }
}

/// Less alike than this, in thousandths, is another goroutine.
const ENOUGH: usize = 800;

/// What all comparisons of a diff may cost together, in frames times frames. Two stacks of 20
/// frames cost 400, so a hundred thousand of those are compared before the rest stays unpaired.
const BUDGET: usize = 40_000_000;

/// A leftover group and its own frames by class.
struct Candidate {
    group: usize,
    frames: Vec<u64>,
    /// The same, sorted: for the upper bound.
    sorted: Vec<u64>,
}

/// Candidates that may be one stack: those gone, and those new.
type Sides = (Vec<Candidate>, Vec<Candidate>);

/// Pairs groups with one root and one state whose own frames are alike, the most alike first, then
/// in the order of their keys.
///
/// Stacks that were cut have no root and stay as they are. The note says so when the budget did not
/// reach for all.
pub(super) fn pair(
    before: &Classes,
    after: &Classes,
    left: &Unpaired,
) -> (Vec<Pair>, Option<String>) {
    let mut by_root: BTreeMap<_, Sides> = BTreeMap::new();
    for &gone in &left.gone {
        if let Some((state, frames)) = before.of_whole_stack(gone) {
            let candidate = Candidate::new(gone, frames);
            by_root
                .entry((state, candidate.root()))
                .or_default()
                .0
                .push(candidate);
        }
    }
    for &new in &left.new {
        if let Some((state, frames)) = after.of_whole_stack(new) {
            let candidate = Candidate::new(new, frames);
            if let Some((_, same_root)) = by_root.get_mut(&(state, candidate.root())) {
                same_root.push(candidate);
            }
        }
    }
    let (mut budget, mut skipped, mut pairs) = (BUDGET, 0_usize, Vec::new());
    for (gone, new) in by_root.values() {
        let mut alike = Vec::new();
        for old in gone {
            for young in new {
                let Some(left) = budget.checked_sub(old.cost(young)) else {
                    skipped += 1;
                    break;
                };
                budget = left;
                alike.extend(
                    old.similarity(young)
                        .map(|similarity| (similarity, old.group, young.group)),
                );
            }
        }
        alike.sort_by_key(|&(similarity, ..)| Reverse(similarity));
        let (mut taken_gone, mut taken_new) = (HashSet::new(), HashSet::new());
        for (similarity, gone, new) in alike {
            if !taken_gone.contains(&gone) && !taken_new.contains(&new) {
                taken_gone.insert(gone);
                taken_new.insert(new);
                pairs.push(Pair {
                    gone,
                    new,
                    pairing: Pairing::Near(similarity),
                });
            }
        }
    }
    let note = (skipped > 0).then(|| {
        format!("too many stacks changed: {skipped} old stacks were not compared with every new stack of the same root")
    });
    (pairs, note)
}

impl Candidate {
    fn new(group: usize, frames: Vec<u64>) -> Self {
        let mut sorted = frames.clone();
        sorted.sort_unstable();
        Self {
            group,
            frames,
            sorted,
        }
    }

    fn root(&self) -> u64 {
        *self.frames.last().expect("a group has at least one frame")
    }

    /// What a comparison may cost. One that the lengths rule out costs next to nothing.
    fn cost(&self, other: &Self) -> usize {
        if self.bound_by_length(other) < ENOUGH {
            1
        } else {
            self.frames.len() * other.frames.len()
        }
    }

    /// How alike the two can be at most, going by their lengths.
    fn bound_by_length(&self, other: &Self) -> usize {
        let (one, two) = (self.frames.len(), other.frames.len());
        ratio(one.min(two), one + two)
    }

    fn similarity(&self, other: &Self) -> Option<Similarity> {
        let sum = self.frames.len() + other.frames.len();
        if self.bound_by_length(other) < ENOUGH || ratio(self.common(other), sum) < ENOUGH {
            return None;
        }
        let operations = capture_diff_slices(Algorithm::Myers, &self.frames, &other.frames);
        let kept = operations
            .iter()
            .filter(|operation| operation.tag() == DiffTag::Equal);
        let kept = kept.map(|operation| operation.old_range().len()).sum();
        (ratio(kept, sum) >= ENOUGH).then(|| Similarity::new(kept, sum))
    }

    /// Frames that both have, in whatever order: a cheap upper bound of what a diff can keep.
    fn common(&self, other: &Self) -> usize {
        let (mut one, mut two) = (
            self.sorted.iter().peekable(),
            other.sorted.iter().peekable(),
        );
        let mut common = 0;
        while let (Some(left), Some(right)) = (one.peek(), two.peek()) {
            match left.cmp(right) {
                std::cmp::Ordering::Less => drop(one.next()),
                std::cmp::Ordering::Greater => drop(two.next()),
                std::cmp::Ordering::Equal => {
                    common += 1;
                    one.next();
                    two.next();
                }
            }
        }
        common
    }
}

/// The measure of [`similar::diff_ratio`], in thousandths: twice what two lists share, of all that
/// both hold.
fn ratio(shared: usize, sum: usize) -> usize {
    2000 * shared / sum
}
