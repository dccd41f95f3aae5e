//! Matching the stacks of two snapshots: which group of `after` is which group of `before`.
//!
//! Four steps, each taking only what the one before left: equal stacks (exact), stacks of the same source under another
//! build (renamed), stacks with the same root that changed a little on the way (near), and the rest (unpaired). A group is
//! in one pair at most, so two growing stacks never share a partner.

mod near;
mod renamed;

use crate::profile::index32;
use crate::snapshot::{Group, Snapshot};

pub use near::Similarity;

/// How the two sides of a row were matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pairing {
    /// Equal normalised function names, leaf to root.
    Exact,
    /// Equal once what only the compiler chooses is set aside.
    Renamed,
    /// The same root, and frames that are alike in this degree.
    Near(Similarity),
    /// Only on one side: new, or gone.
    Unpaired,
}

impl Pairing {
    /// The word for it in reports.
    pub fn name(self) -> &'static str {
        match self {
            Pairing::Exact => "exact",
            Pairing::Renamed => "renamed",
            Pairing::Near(_) => "near",
            Pairing::Unpaired => "unpaired",
        }
    }
}

/// One stack and what became of it. At least one side is there.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The group in the snapshot before.
    pub before: Option<u32>,
    /// The group in the last snapshot after.
    pub after: Option<u32>,
    /// How the two were matched.
    pub pairing: Pairing,
    /// Goroutines without a frame in `before` that are counted as the start of this stack.
    pub started: i64,
}

/// Two snapshots, matched.
///
/// There may be more snapshots after than one: the last is matched, the ones between give [`Diff::series`].
#[derive(Debug)]
pub struct Diff<'s, 'buf> {
    /// The snapshot taken first.
    pub before: &'s Snapshot<'buf>,
    /// The last of the snapshots taken after.
    pub after: &'s Snapshot<'buf>,
    /// Every group of both, once: those of `after` in its order, then those that are gone in the order of `before`.
    pub rows: Vec<Row>,
    /// What a reader of the report should know about the matching itself.
    pub notes: Vec<String>,
    between: &'s [Snapshot<'buf>],
}

impl<'s, 'buf> Diff<'s, 'buf> {
    /// Matches `before` with the last of `afters`.
    ///
    /// # Panics
    /// When `afters` is empty.
    pub fn new(before: &'s Snapshot<'buf>, afters: &'s [Snapshot<'buf>]) -> Self {
        let (after, between) = afters
            .split_last()
            .expect("a diff has at least one snapshot after");
        let mut diff = Diff {
            before,
            after,
            rows: Vec::new(),
            notes: Vec::new(),
            between,
        };
        diff.pair_exact();
        let (mut gone, mut new) = (Vec::new(), Vec::new());
        for (index, row) in diff.rows.iter().enumerate() {
            match (row.before, row.after) {
                (Some(_), None) => gone.push(index),
                (None, Some(_)) => new.push(index),
                _ => {}
            }
        }
        let mut pairs = Vec::new();
        if !gone.is_empty() && !new.is_empty() {
            pairs.extend(renamed::pair(&diff, &mut gone, &mut new));
        }
        if !gone.is_empty() && !new.is_empty() {
            let (near, note) = near::pair(&diff, &mut gone, &mut new);
            pairs.extend(near);
            diff.notes.extend(note);
        }
        diff.merge(&pairs);
        diff.start_frameless();
        diff
    }

    /// Goroutines of a row in `before`, with those that had no frame yet.
    pub fn count_before(&self, row: &Row) -> i64 {
        row.before
            .map_or(0, |group| self.before.groups()[group as usize].count)
            + row.started
    }

    /// Goroutines of a row in `after`.
    pub fn count_after(&self, row: &Row) -> i64 {
        row.after
            .map_or(0, |group| self.after.groups()[group as usize].count)
    }

    /// Goroutines with exactly the stack of a row, in each snapshot after `before`, oldest first.
    pub fn series(&self, row: &Row) -> Vec<i64> {
        let group: Option<&Group> = match (row.after, row.before) {
            (Some(after), _) => self.after.groups().get(after as usize),
            (None, Some(before)) => self.before.groups().get(before as usize),
            (None, None) => None,
        };
        let count = |snapshot: &Snapshot| {
            group
                .and_then(|group| snapshot.find(group.key))
                .map_or(0, |found| snapshot.groups()[found as usize].count)
        };
        self.between.iter().chain([self.after]).map(count).collect()
    }

    /// The snapshot and group that stand for a row: those of `after`, or of `before` for a stack that is gone.
    pub fn shown(&self, row: &Row) -> (&'s Snapshot<'buf>, u32) {
        match (row.after, row.before) {
            (Some(after), _) => (self.after, after),
            (None, Some(before)) => (self.before, before),
            (None, None) => unreachable!("a row has at least one side"),
        }
    }

    fn pair_exact(&mut self) {
        let (before, after) = (self.before.groups(), self.after.groups());
        let mut taken = vec![false; before.len()];
        self.rows.reserve_exact(before.len().max(after.len()));
        for (index, group) in after.iter().enumerate() {
            let partner = self.before.find(group.key);
            if let Some(partner) = partner {
                taken[partner as usize] = true;
            }
            let pairing = if partner.is_some() {
                Pairing::Exact
            } else {
                Pairing::Unpaired
            };
            self.rows.push(Row {
                before: partner,
                after: Some(index32(index)),
                pairing,
                started: 0,
            });
        }
        for (index, _) in before
            .iter()
            .enumerate()
            .filter(|(index, _)| !taken[*index])
        {
            let row = Row {
                before: Some(index32(index)),
                after: None,
                pairing: Pairing::Unpaired,
                started: 0,
            };
            self.rows.push(row);
        }
    }

    /// Moves the `before` side of each pair's gone row to its new row.
    fn merge(&mut self, pairs: &[Pair]) {
        if pairs.is_empty() {
            return;
        }
        for pair in pairs {
            self.rows[pair.new].before = self.rows[pair.gone].before.take();
            self.rows[pair.new].pairing = pair.pairing;
        }
        self.rows
            .retain(|row| row.before.is_some() || row.after.is_some());
    }

    /// Counts each goroutine of `before` that had not run yet, and so had no frame, as the start of one unlabelled
    /// goroutine that `after` has more: which one it was is not in the profile, so the order of keys decides.
    fn start_frameless(&mut self) {
        let mut frameless = self.before.frameless;
        if frameless == 0 {
            return;
        }
        let mut grown: Vec<usize> = (0..self.rows.len())
            .filter(|&row| self.count_after(&self.rows[row]) > self.count_before(&self.rows[row]))
            .collect();
        grown.sort_by_key(|&row| {
            self.rows[row]
                .after
                .map(|group| self.after.groups()[group as usize].key)
        });
        for row in grown {
            let growth = self.count_after(&self.rows[row]) - self.count_before(&self.rows[row]);
            let unlabelled: i64 = self.rows[row]
                .after
                .map_or_else(Vec::new, |group| self.after.portions(group))
                .iter()
                .filter(|portion| portion.labels.is_empty())
                .map(|portion| portion.count)
                .sum();
            let started = frameless.min(growth).min(unlabelled);
            self.rows[row].started = started;
            frameless -= started;
        }
        let used = self.before.frameless - frameless;
        if used > 0 {
            self.notes.push(format!(
                "{used} goroutines of the before profile had not run yet and had no stack; \
                 they are counted as the start of {used} unlabelled ones of the after profile"
            ));
        }
    }
}

/// A gone row and a new row that are one stack.
struct Pair {
    gone: usize,
    new: usize,
    pairing: Pairing,
}
