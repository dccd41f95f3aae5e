//! Matching the stacks of two snapshots: which group of `after` is which group of `before`.
//!
//! Five steps, each taking only what the one before left: equal stacks (exact), stacks of the same
//! source under another build (renamed), stacks with the same root that changed a little on the way
//! (near), stacks of which one function has another name, and the rest (unpaired). A group is in one pair at most, so two growing stacks never
//! share a partner. Profiles of one build are matched exactly or not at all: there, another name is
//! another function; but around a test run, what no test started may stand elsewhere after.

mod background;
mod near;
mod new_name;
mod renamed;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::go_names::SERVER_READ_AHEAD;
use crate::plural::plural;
use crate::snapshot::{Group, Snapshot};

use background::Moves;
pub use near::Similarity;
use renamed::Classes;

/// How the two sides of a row were matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pairing {
    /// Equal normalised function names, leaf to root.
    Exact,
    /// Equal once what only the compiler chooses is set aside.
    Renamed,
    /// The same root, and frames that are alike in this degree: 0.8 and more.
    Near(Similarity),
    /// Equal but for the name of one function.
    NewName,
    /// Only on one side: new, or gone.
    Unpaired,
}

impl Pairing {
    /// The word for it in reports.
    pub fn name(self) -> &'static str {
        match self {
            Pairing::Exact => "exact",
            Pairing::Renamed | Pairing::NewName => "renamed",
            Pairing::Near(_) => "near",
            Pairing::Unpaired => "unpaired",
        }
    }
}

/// One stack, before and after. At least one side is there.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Index of the group in the snapshot before.
    pub before: Option<usize>,
    /// Index of the group in the last snapshot after.
    pub after: Option<usize>,
    /// How the two were matched.
    pub pairing: Pairing,
    /// Goroutines before, with those that had no frame yet, or stood elsewhere, and are counted as
    /// the start of this stack; of two runs, with those that were there before the tests of the second.
    pub count_before: i64,
    /// Goroutines after.
    pub count_after: i64,
    /// Of those before, how many had no frame yet, stood elsewhere or were there before the tests.
    pub started: i64,
}

impl Row {
    /// After less before.
    pub fn growth(&self) -> i64 {
        self.count_after - self.count_before
    }
}

/// Two snapshots, matched.
///
/// There may be more snapshots after than one: the last is matched, the ones between give
/// [`Diff::series`].
#[derive(Debug)]
pub struct Diff<'s, 'buf> {
    /// The snapshot taken first.
    pub before: &'s Snapshot<'buf>,
    /// The last of the snapshots taken after.
    pub after: &'s Snapshot<'buf>,
    /// What a reader of the report should know about the matching itself.
    pub notes: Vec<String>,
    between: &'s [Snapshot<'buf>],
    /// For groups of `after` that are not equal to their partner: that partner.
    partners: HashMap<usize, (usize, Pairing)>,
    /// The same the other way: groups of `before` that have a partner.
    partnered: HashMap<usize, usize>,
    /// By group of `after`: goroutines without a frame in `before` that are counted as its start.
    started: HashMap<usize, i64>,
    /// Around tests, by group of `after` that holds goroutines of tests: how many of it are none.
    /// No more than these can have been there before.
    of_no_test: HashMap<usize, i64>,
    /// Around tests, goroutines that stood elsewhere before.
    moves: Moves,
}

impl<'s, 'buf> Diff<'s, 'buf> {
    /// Matches `before` with the last of `afters`.
    ///
    /// # Panics
    /// When `afters` is empty.
    pub fn new(before: &'s Snapshot<'buf>, afters: &'s [Snapshot<'buf>]) -> Self {
        let mut diff = Self::unmatched(before, afters);
        // Within one build a name is an identity: a closure that ended is no excuse for another one
        // that did not.
        if !before.profile().is_of_same_build(diff.after.profile()) {
            diff.pair_across_builds();
        }
        diff.start_frameless();
        diff
    }

    /// Matches two snapshots of one test binary, where goroutines that no test started may have
    /// moved; those that Go's leak profile, `proven`, holds have not.
    ///
    /// # Panics
    /// When `afters` is empty.
    pub fn around_tests(
        before: &'s Snapshot<'buf>,
        afters: &'s [Snapshot<'buf>],
        proven: Option<&Snapshot>,
    ) -> Self {
        let mut diff = Self::unmatched(before, afters);
        diff.of_no_test = diff
            .rows()
            .filter_map(|row| row.before.and(row.after))
            .filter_map(|after| Some((after, diff.after.of_no_test(after)?)))
            .collect();
        diff.moves = background::moves(&diff, proven);
        let moved = diff.moves.count();
        if moved > 0 {
            diff.notes.push(format!(
                "matched by their entry function, since they moved during the tests: {} that no test started",
                plural(moved, "goroutine")
            ));
        }
        diff.start_frameless();
        diff
    }

    /// Matches what two runs of tests left. What each of them had before its own tests, `of_base` and
    /// `of_head`, is no test's: `before` is to be what [`Diff::grown`] gives of the base.
    ///
    /// # Panics
    /// When `afters` is empty.
    pub fn of_runs(
        before: &'s Snapshot<'buf>,
        afters: &'s [Snapshot<'buf>],
        of_head: &Snapshot<'buf>,
        proven: Option<&Snapshot>,
    ) -> Self {
        let mut diff = Self::new(before, afters);
        for row in Diff::around_tests(of_head, afters, proven).rows() {
            if let Some(after) = row.after.filter(|_| row.count_before > 0) {
                *diff.started.entry(after).or_default() += row.count_before;
            }
        }
        diff
    }

    /// What a run of tests has more after them than before.
    pub fn grown(before: &Snapshot<'buf>, after: &Snapshot<'buf>) -> Snapshot<'buf> {
        let afters = [after.clone()];
        let diff = Diff::around_tests(before, &afters, None);
        let grown = diff.rows().filter(|row| row.growth() > 0);
        let counts = grown.filter_map(|row| Some((row.after?, row.growth())));
        after.clone().counted(&counts.collect())
    }

    fn unmatched(before: &'s Snapshot<'buf>, afters: &'s [Snapshot<'buf>]) -> Self {
        let (after, between) = afters
            .split_last()
            .expect("a diff has at least one snapshot after");
        Diff {
            before,
            after,
            notes: Vec::new(),
            between,
            partners: HashMap::new(),
            partnered: HashMap::new(),
            started: HashMap::new(),
            of_no_test: HashMap::new(),
            moves: Moves::default(),
        }
    }

    /// Every stack of both snapshots, once, in the order of their keys.
    ///
    /// Rows are made as they are asked for: both snapshots are sorted, so walking them side by side
    /// finds equal stacks, and only pairs of unequal ones have to be kept.
    pub fn rows(&self) -> impl Iterator<Item = Row> {
        self.walk()
            .filter_map(|(before, after)| match (before, after) {
                (Some(before), None) if self.partnered.contains_key(&before) => None,
                (None, Some(after)) => Some(match self.partners.get(&after) {
                    Some(&(before, pairing)) => self.row(Some(before), Some(after), pairing),
                    None => self.row(None, Some(after), Pairing::Unpaired),
                }),
                (Some(_), Some(_)) => Some(self.row(before, after, Pairing::Exact)),
                _ => Some(self.row(before, after, Pairing::Unpaired)),
            })
    }

    /// The rows whose two sides are not equal though they are matched.
    pub fn moved(&self) -> impl Iterator<Item = Row> {
        let mut afters: Vec<_> = self.partners.keys().copied().collect();
        afters.sort_unstable();
        afters.into_iter().map(|after| {
            let (before, pairing) = self.partners[&after];
            self.row(Some(before), Some(after), pairing)
        })
    }

    /// How many rows there are.
    pub fn row_count(&self) -> u64 {
        self.walk().count() as u64 - self.partners.len() as u64
    }

    /// Goroutines with exactly the stack of a row, in each snapshot after `before`, oldest first.
    pub fn series(&self, row: &Row) -> Vec<i64> {
        let (snapshot, group) = self.shown(row);
        let key = snapshot.groups()[group].key;
        let snapshots = self.between.iter().chain([self.after]);
        snapshots
            .map(|snapshot| snapshot.find(key).map_or(0, |group| group.count))
            .collect()
    }

    /// The snapshot and group that stand for a row: those of `after`, or of `before` for a stack
    /// that is gone.
    pub fn shown(&self, row: &Row) -> (&'s Snapshot<'buf>, usize) {
        match (row.after, row.before) {
            (Some(after), _) => (self.after, after),
            (None, Some(before)) => (self.before, before),
            (None, None) => unreachable!("a row has at least one side"),
        }
    }

    /// Walks both snapshots side by side: the indices of equal groups together, of all others
    /// alone.
    fn walk(&self) -> impl Iterator<Item = (Option<usize>, Option<usize>)> {
        let (old, new) = (self.before.groups(), self.after.groups());
        let (mut before, mut after) = (0, 0);
        std::iter::from_fn(move || {
            let order = match (old.get(before), new.get(after)) {
                (None, None) => return None,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(old), Some(new)) => old.key.cmp(&new.key),
            };
            let pair = (
                order.is_le().then_some(before),
                order.is_ge().then_some(after),
            );
            before += usize::from(order.is_le());
            after += usize::from(order.is_ge());
            Some(pair)
        })
    }

    fn row(&self, before: Option<usize>, after: Option<usize>, pairing: Pairing) -> Row {
        let count =
            |groups: &[Group], group: Option<usize>| group.map_or(0, |group| groups[group].count);
        let of = |counts: &HashMap<usize, i64>, group: Option<usize>| match group {
            Some(group) if !counts.is_empty() => counts.get(&group).copied().unwrap_or(0),
            _ => 0,
        };
        let started = of(&self.started, after) + of(&self.moves.into, after);
        let most = after.and_then(|after| self.of_no_test.get(&after));
        let there = count(self.before.groups(), before) - of(&self.moves.out, before);
        Row {
            before,
            after,
            pairing,
            count_before: most.map_or(there, |most| there.min(*most)) + started,
            count_after: count(self.after.groups(), after),
            started,
        }
    }

    fn pair_across_builds(&mut self) {
        let mut left = self.unpaired();
        if !left.has_both_sides() {
            return;
        }
        let (before, after) = (Classes::new(self.before), Classes::new(self.after));
        self.take(renamed::pair(&before, &after, &left), &mut left);
        if left.has_both_sides() {
            let (pairs, note) = near::pair(&before, &after, &left);
            self.take(pairs, &mut left);
            self.notes.extend(note);
        }
        if left.has_both_sides() {
            let (pairs, notes) = new_name::pair(&before, &after, &left);
            self.take(pairs, &mut left);
            self.notes.extend(notes);
        }
    }

    fn unpaired(&self) -> Unpaired {
        let mut left = Unpaired::default();
        for pair in self.walk() {
            match pair {
                (Some(before), None) => left.gone.push(before),
                (None, Some(after)) => left.new.push(after),
                _ => {}
            }
        }
        left
    }

    /// Keeps pairs, and takes them out of what is left.
    fn take(&mut self, pairs: Vec<Pair>, left: &mut Unpaired) {
        for Pair { gone, new, pairing } in pairs {
            self.partners.insert(new, (gone, pairing));
            self.partnered.insert(gone, new);
        }
        left.gone.retain(|gone| !self.partnered.contains_key(gone));
        left.new.retain(|new| !self.partners.contains_key(new));
    }

    /// Whether a group of `after` reads the connections of net/http.
    fn is_reader(&self, after: usize) -> bool {
        let frames = self.after.frames(after);
        let root = frames.root();
        root.is_some_and(|root| root.function.as_str() == SERVER_READ_AHEAD)
    }

    /// Counts each goroutine of `before` that had not run yet, and so had no frame, as the start of
    /// one unlabelled goroutine that `after` has more: which one it was is not in the profile, so
    /// the order of keys decides. The reader of the connection that served `before` is known, and
    /// is the start of nothing else.
    fn start_frameless(&mut self) {
        let mut reader = i64::from(self.before.reader_frameless);
        let mut frameless = self.before.frameless_unlabelled - reader;
        if frameless + reader == 0 {
            return;
        }
        let (mut started, mut used) = (HashMap::new(), 0);
        for row in self.rows().filter(|row| row.growth() > 0) {
            let Some(after) = row.after else { continue };
            let portions = self.after.portions(after);
            let unlabelled = portions.iter().filter(|portion| portion.labels.is_empty());
            let unlabelled: i64 = unlabelled.map(|portion| portion.count).sum();
            let own = if reader > 0 && self.is_reader(after) {
                std::mem::take(&mut reader)
            } else {
                0
            };
            let starts = (frameless + own).min(row.growth()).min(unlabelled);
            frameless -= (starts - own).max(0);
            used += starts;
            started.insert(after, starts);
        }
        self.started = started;
        if used > 0 {
            self.notes.push(format!(
                "{} of the before profile had not run yet and had no stack: counted as the start of unlabelled ones of the \
                 after profile",
                plural(used, "goroutine")
            ));
        }
    }
}

/// Groups that no step has paired yet, by index, in the order of their keys.
#[derive(Debug, Default)]
struct Unpaired {
    /// Of `before`.
    gone: Vec<usize>,
    /// Of `after`.
    new: Vec<usize>,
}

impl Unpaired {
    fn has_both_sides(&self) -> bool {
        !self.gone.is_empty() && !self.new.is_empty()
    }
}

/// A gone group and a new group that are one stack.
struct Pair {
    gone: usize,
    new: usize,
    pairing: Pairing,
}
