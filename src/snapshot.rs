//! A profile grouped by stack: how many goroutines stand where.

mod attribution;
mod grouping;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::go_names::SERVER_READ_AHEAD;
use crate::profile::{DecodeError, Facts, Kind, Label, Profile, SampleAt, Stack};
use crate::stack::{Depth, DepthLimit, Frames, Key, Symbols};
use attribution::{ByLabels, attributed};
use grouping::{Grouping, Writers, knows, outermost};

/// The pprof label that carries a test's name.
pub const TEST_LABEL: &str = "leakgate.test";

/// The label of goroutines that a test started in a later round of `go test -count`: the number of the
/// round, from 2 on; empty where the round is not known.
pub const ROUND_LABEL: &str = "leakgate.round";

/// Goroutines that share a stack, labels or not.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// What the stacks have in common.
    pub key: Key,
    /// How many goroutines there are, 1 or more.
    pub count: i64,
    /// The first sample with this stack, which represents all of them.
    sample: SampleAt,
}

/// Goroutines of one group that carry the same labels, which may be none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portion {
    /// The labels, by key. Of a key given twice, the last value in order counts.
    pub labels: BTreeMap<String, String>,
    /// How many goroutines carry them.
    pub count: i64,
}

/// A profile grouped by stack.
///
/// Goroutines that cannot be judged are left out of the groups and counted: those without a frame,
/// and the one that took the profile.
#[derive(Debug, Clone)]
pub struct Snapshot<'buf> {
    profile: Profile<'buf>,
    symbols: Symbols<'buf>,
    groups: Vec<Group>,
    /// Samples of goroutines that were always somewhere else, and how many of their outermost
    /// locations stand for them.
    moving: BTreeMap<SampleAt, usize>,
    /// Every sample with labels, sorted by its stack's key.
    labelled: Vec<(Key, SampleAt)>,
    /// By stack and test, goroutines that a test started and that do not carry its label.
    attributed: BTreeMap<Key, BTreeMap<Arc<str>, i64>>,
    /// How deep a stack the runtime kept.
    limit: DepthLimit,
    /// Inner frames of the deepest stack; see [`crate::stack::Depth`].
    deepest: usize,
    /// Goroutines in the profile, judged or not.
    pub total: i64,
    /// Goroutines without a frame: created, but not yet run, or on their way out.
    pub frameless: i64,
    /// Those of them that carry no label.
    pub frameless_unlabelled: i64,
    /// Whether one of those is the reader of the very connection that the profile was fetched
    /// through. Handlers start together with it, so it has often not run yet; where there is one
    /// processor, never.
    pub reader_frameless: bool,
    /// The goroutine that took the profile: 1, or 0 in a goroutineleak profile.
    pub capturing: i64,
    /// Groups whose stack was cut.
    pub cut: u64,
}

/// What an error would be in a sample that was read before.
const READ_BEFORE: &str = "every sample was read when the profile was grouped";

impl<'buf> Snapshot<'buf> {
    /// Groups a decoded profile.
    ///
    /// # Errors
    /// A damaged sample; samples are read here for the first time.
    pub fn group(profile: Profile<'buf>) -> Result<Self, DecodeError> {
        Self::group_moving(profile, &BTreeMap::new())
    }

    /// The same where some goroutines are known to have been somewhere else whenever they were
    /// looked at: for each such sample, by its position in the profile, how many of its outermost
    /// locations were always the same. These alone say what such a goroutine is; where it happened
    /// to be says nothing.
    ///
    /// # Errors
    /// The same.
    pub fn group_moving(
        profile: Profile<'buf>,
        moving: &BTreeMap<usize, usize>,
    ) -> Result<Self, DecodeError> {
        let symbols = Symbols::new(&profile);
        let mut grouping = Grouping::new(&profile, &symbols);
        let mut stack = Stack::default();
        for (position, &at) in profile.samples().iter().enumerate() {
            let sample = profile.read_sample(at, &mut stack)?;
            let common = moving.get(&position).copied().unwrap_or(0);
            grouping.add(at, sample, stack.locations(), common)?;
        }
        let Grouping {
            mut groups,
            mut labelled,
            suspects,
            moving,
            limit,
            deepest,
            counts,
            over_http,
            ..
        } = grouping;
        groups.sort_unstable_by_key(|group| group.key);
        groups.dedup_by(|group, kept| {
            let same = group.key == kept.key;
            if same {
                kept.count += group.count;
                kept.sample = kept.sample.min(group.sample);
            }
            same
        });
        labelled.sort_unstable();
        let reader_frameless =
            over_http && counts.frameless_unlabelled > 0 && !knows(&profile, SERVER_READ_AHEAD);
        let mut snapshot = Self {
            profile,
            symbols,
            groups,
            moving,
            labelled,
            attributed: BTreeMap::new(),
            limit,
            deepest,
            total: counts.total,
            frameless: counts.frameless,
            frameless_unlabelled: counts.frameless_unlabelled,
            reader_frameless,
            capturing: counts.capturing,
            cut: 0,
        };
        snapshot.cut = snapshot.count_cut(suspects);
        Ok(snapshot)
    }

    /// What the counts mean.
    pub fn kind(&self) -> Kind {
        self.profile.kind()
    }

    /// The groups, sorted by key. Their indices name them below.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The group with this key.
    pub fn find(&self, key: Key) -> Option<&Group> {
        self.index_of(key).map(|index| &self.groups[index])
    }

    fn index_of(&self, key: Key) -> Option<usize> {
        let found = self.groups.binary_search_by_key(&key, |group| group.key);
        found.ok()
    }

    /// The samples of the groups, in the order of the profile: the group of each, where it stands,
    /// and its goroutines without the one that took the profile.
    pub fn samples(&self) -> impl Iterator<Item = (usize, SampleAt, i64)> {
        let (mut stack, mut taken) = (Stack::default(), self.capturing);
        let writers = Writers::new(&self.profile);
        self.profile.samples().iter().filter_map(move |&at| {
            let sample = self.profile.read_sample(at, &mut stack);
            let mut count = sample.expect(READ_BEFORE).count;
            let locations = self.standing(at, stack.locations());
            if taken > 0 && writers.limit_of_writer(&self.profile, locations).is_some() {
                count -= std::mem::take(&mut taken);
            }
            let key = self.symbols.hash(locations)?.key;
            let group = self.index_of(key).filter(|_| count > 0);
            group.map(|group| (group, at, count))
        })
    }

    /// The profile that was grouped.
    pub fn profile(&self) -> &Profile<'buf> {
        &self.profile
    }

    /// The names and locations of its functions.
    pub fn symbols(&self) -> &Symbols<'buf> {
        &self.symbols
    }

    /// The stack of a group, resolved for reading.
    pub fn frames(&self, group: usize) -> Frames<'buf> {
        let mut stack = Stack::default();
        let sample = self.groups[group].sample;
        self.profile
            .read_sample(sample, &mut stack)
            .expect(READ_BEFORE);
        let frames = self.resolve(self.standing(sample, stack.locations()));
        if self.moving.contains_key(&sample) {
            frames.of_moving()
        } else {
            frames
        }
    }

    /// The locations that stand for a sample: of one that was always somewhere else, the outermost.
    fn standing<'l>(&self, sample: SampleAt, locations: &'l [u32]) -> &'l [u32] {
        let moving = self.moving.get(&sample);
        moving.map_or(locations, |keep| outermost(locations, *keep))
    }

    fn resolve(&self, locations: &[u32]) -> Frames<'buf> {
        let (profile, symbols) = (&self.profile, &self.symbols);
        Frames::new(profile, symbols, locations, self.limit, self.deepest)
    }

    /// Whether any goroutine of the profile carries a label.
    pub fn has_labels(&self) -> bool {
        !self.labelled.is_empty() || !self.attributed.is_empty()
    }

    /// The same with other counts, by the place of each group; one of 0 or fewer goes. Sums over all
    /// goroutines stay as they are.
    #[must_use]
    pub fn counted(mut self, counts: &HashMap<usize, i64>) -> Self {
        for (index, group) in self.groups.iter_mut().enumerate() {
            group.count = counts.get(&index).copied().unwrap_or(0);
        }
        self.groups.retain(|group| group.count > 0);
        self
    }

    /// Calls `each` with the stack of every sample that is in a group, and the key of that group.
    pub fn each_sample(&self, mut each: impl FnMut(Key, &Frames<'buf>)) {
        let mut stack = Stack::default();
        for &at in self.profile.samples() {
            self.profile.read_sample(at, &mut stack).expect(READ_BEFORE);
            let hashed = self.symbols.hash(stack.locations());
            let Some(key) = hashed.map(|hashed| hashed.key) else {
                continue;
            };
            if self.find(key).is_some() {
                each(key, &self.resolve(stack.locations()));
            }
        }
    }

    /// The labels of a sample, without those that are none of the program's.
    pub fn labels(&self, at: SampleAt) -> BTreeMap<String, String> {
        let labels = self.profile.labels(at).expect(READ_BEFORE);
        let owned = |Label { key, value }: Label| (key.into_owned(), value.into_owned());
        labels.into_iter().map(owned).collect()
    }

    /// What the other labels of a sample say.
    pub fn facts(&self, at: SampleAt) -> Facts<'buf> {
        self.profile.facts(at).expect(READ_BEFORE)
    }

    /// The goroutines of a group by their labels, sorted by labels; those without any come first.
    /// The test that started a goroutine is one of its labels, however it is known.
    pub fn portions(&self, group: usize) -> Vec<Portion> {
        let Group { key, count, .. } = self.groups[group];
        let mut by_labels = ByLabels::new();
        let (mut unlabelled, mut stack) = (count, Stack::default());
        let first = self.labelled.partition_point(|&(other, _)| other < key);
        let samples = self.labelled[first..].iter();
        for &(_, at) in samples.take_while(|&&(other, _)| other == key) {
            let count = self
                .profile
                .read_sample(at, &mut stack)
                .expect(READ_BEFORE)
                .count;
            *by_labels.entry(self.labels(at)).or_default() += count;
            unlabelled -= count;
        }
        if unlabelled > 0 {
            *by_labels.entry(BTreeMap::new()).or_default() += unlabelled;
        }
        if let Some(tests) = self.attributed.get(&key) {
            by_labels = attributed(by_labels, tests);
        }
        by_labels
            .into_iter()
            .map(|(labels, count)| Portion { labels, count })
            .collect()
    }

    /// How many goroutines of a group no test started; `None` when none was started by a test.
    pub fn of_no_test(&self, group: usize) -> Option<i64> {
        let key = self.groups[group].key;
        let labelled = self.labelled.binary_search_by_key(&key, |&(key, _)| key);
        if labelled.is_err() && !self.attributed.contains_key(&key) {
            return None;
        }
        let portions = self.portions(group);
        let (tests, others): (Vec<_>, Vec<_>) = portions
            .iter()
            .partition(|portion| portion.labels.contains_key(TEST_LABEL));
        (!tests.is_empty()).then(|| others.iter().map(|portion| portion.count).sum())
    }

    /// How many of the groups with these keys were cut: that is known only when the deepest stack
    /// is.
    fn count_cut(&self, mut suspects: Vec<(Key, Depth)>) -> u64 {
        suspects.retain(|(_, depth)| depth.is_cut(self.limit, self.deepest));
        suspects.sort_unstable_by_key(|&(key, _)| key);
        suspects.dedup_by_key(|(key, _)| *key);
        let cut = suspects
            .into_iter()
            .filter_map(|(key, _)| self.index_of(key))
            .filter(|&group| self.frames(group).is_cut());
        cut.count() as u64
    }
}
