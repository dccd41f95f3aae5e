//! A profile grouped by stack: how many goroutines stand where.

use std::collections::BTreeMap;

use hashbrown::HashTable;

use crate::profile::{DecodeError, Kind, Label, Problem, Profile, Stack, index32};
use crate::stack::{Frames, Key, Symbols};

/// The pprof label that carries a test's name.
pub const TEST_LABEL: &str = "leakgate.test";

/// Goroutines that share a stack, labels or not.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// What the stacks have in common.
    pub key: Key,
    /// How many goroutines there are, 1 or more.
    pub count: i64,
    /// The first sample with this stack, which stands for all of them.
    sample: u32,
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
/// Goroutines that cannot be judged are left out of the groups and counted: those without a frame, and the one that took
/// the profile.
#[derive(Debug)]
pub struct Snapshot<'buf> {
    profile: Profile<'buf>,
    symbols: Symbols<'buf>,
    groups: Vec<Group>,
    by_key: HashTable<u32>,
    /// Group and sample of every labelled sample, sorted.
    labelled: Vec<(u32, u32)>,
    /// Inner frames of the deepest stack; see [`crate::stack::Depth`].
    deepest: usize,
    /// Goroutines in the profile, judged or not.
    pub total: i64,
    /// Goroutines without a frame: created, but not yet run, or on their way out.
    pub frameless: i64,
    /// The goroutine that took the profile: 1, or 0 in a goroutineleak profile.
    pub capturing: i64,
    /// Groups whose stack was cut.
    pub cut: u64,
}

impl<'buf> Snapshot<'buf> {
    /// Groups a decoded profile.
    ///
    /// # Errors
    /// A damaged sample; samples are read here for the first time.
    pub fn group(profile: Profile<'buf>) -> Result<Self, DecodeError> {
        let symbols = Symbols::new(&profile);
        let captures = capturing_locations(&profile);
        let mut groups: Vec<Group> = Vec::new();
        groups.reserve_exact(profile.sample_count());
        let mut by_key: HashTable<u32> = HashTable::with_capacity(profile.sample_count());
        let (mut labelled, mut deepest) = (Vec::new(), 0_usize);
        let (mut total, mut frameless, mut capturing) = (0_i64, 0_i64, 0_i64);
        let mut stack = Stack::default();
        let mut suspects = Vec::new();
        for index in 0..profile.sample_count() {
            let sample = profile.read_sample(index, &mut stack)?;
            let mut count = sample.count;
            total = total
                .checked_add(count)
                .ok_or_else(|| DecodeError::whole(Problem::Overflow))?;
            let Some(&leaf) = stack.locations().first() else {
                frameless += count;
                continue;
            };
            if capturing == 0 && captures[leaf as usize] {
                capturing = count.min(1);
                count -= capturing;
            }
            if count == 0 {
                continue;
            }
            let depth = symbols.depth(&stack);
            deepest = deepest.max(depth.inner());
            let key = symbols.key(&stack);
            let same = |&group: &u32| groups[group as usize].key == key;
            let group = *by_key
                .entry(key.slot(), same, |&group| groups[group as usize].key.slot())
                .or_insert_with(|| index32(groups.len()))
                .get();
            if let Some(known) = groups.get_mut(group as usize) {
                known.count += count;
            } else {
                groups.push(Group {
                    key,
                    count,
                    sample: index32(index),
                });
                if depth.may_be_cut() {
                    suspects.push(group);
                }
            }
            if sample.labelled {
                profile.labels(index)?;
                labelled.push((group, index32(index)));
            }
        }
        labelled.sort_unstable();
        let mut snapshot = Self {
            profile,
            symbols,
            groups,
            by_key,
            labelled,
            deepest,
            total,
            frameless,
            capturing,
            cut: 0,
        };
        snapshot.cut = suspects
            .iter()
            .filter(|&&group| snapshot.frames(group).is_cut())
            .count() as u64;
        Ok(snapshot)
    }

    /// What the counts mean.
    pub fn kind(&self) -> Kind {
        self.profile.kind()
    }

    /// The groups, in the order of the profile. Their indices name them below.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The group with this key.
    pub fn find(&self, key: Key) -> Option<u32> {
        self.by_key
            .find(key.slot(), |&group| self.groups[group as usize].key == key)
            .copied()
    }

    /// The profile that was grouped.
    pub fn profile(&self) -> &Profile<'buf> {
        &self.profile
    }

    /// The names of its functions.
    pub fn symbols(&self) -> &Symbols<'buf> {
        &self.symbols
    }

    /// Leaves the stack of a group in `stack`, for those who want location indices and not [`Snapshot::frames`].
    pub fn read_stack(&self, group: u32, stack: &mut Stack) {
        let sample = self.groups[group as usize].sample as usize;
        self.profile
            .read_sample(sample, stack)
            .expect("every sample was read when the profile was grouped");
    }

    /// The stack of a group, resolved for reading.
    pub fn frames(&self, group: u32) -> Frames<'buf> {
        let mut stack = Stack::default();
        self.read_stack(group, &mut stack);
        Frames::new(&self.profile, &self.symbols, &stack, self.deepest)
    }

    /// Whether any goroutine of the profile carries a label.
    pub fn has_labels(&self) -> bool {
        !self.labelled.is_empty()
    }

    /// The goroutines of a group by their labels, sorted by labels; those without any come first.
    pub fn portions(&self, group: u32) -> Vec<Portion> {
        let mut by_labels: BTreeMap<BTreeMap<String, String>, i64> = BTreeMap::new();
        let mut unlabelled = self.groups[group as usize].count;
        let first = self.labelled.partition_point(|&(other, _)| other < group);
        let mut stack = Stack::default();
        for &(_, sample) in self.labelled[first..]
            .iter()
            .take_while(|&&(other, _)| other == group)
        {
            let checked = "every sample was read when the profile was grouped";
            let labels = self.profile.labels(sample as usize).expect(checked);
            let count = self
                .profile
                .read_sample(sample as usize, &mut stack)
                .expect(checked)
                .count;
            let labels = labels
                .into_iter()
                .map(|Label { key, value }| (key.into_owned(), value.into_owned()))
                .collect();
            *by_labels.entry(labels).or_default() += count;
            unlabelled -= count;
        }
        if unlabelled > 0 {
            *by_labels.entry(BTreeMap::new()).or_default() += unlabelled;
        }
        by_labels
            .into_iter()
            .map(|(labels, count)| Portion { labels, count })
            .collect()
    }
}

/// Marks the locations that are the leaf of a goroutine which writes the profile it stands in. Every profile holds one,
/// and no program leaks it. A goroutine that is only blocked inside `Profile.WriteTo` has another leaf, and is judged.
fn capturing_locations(profile: &Profile) -> Vec<bool> {
    let is_capture = |function| {
        // The second is the spelling up to Go 1.22, where the first is inlined into it.
        [
            &b"runtime.goroutineProfileWithLabels"[..],
            b"runtime/pprof.runtime_goroutineProfileWithLabels",
        ]
        .contains(&profile.function_name(function))
    };
    (0..profile.location_count())
        .map(|location| {
            profile
                .lines_of(location)
                .first()
                .is_some_and(|line| is_capture(line.function))
        })
        .collect()
}
