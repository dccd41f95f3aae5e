//! Sums over several stacks, for the rules that count by something else than the stack.

use std::collections::BTreeMap;

use super::row_part::RowPart;
use crate::policy::Per;
use crate::snapshot::{ROUND_LABEL, TEST_LABEL};
use crate::stack::Frames;

/// What one rule adds up: by key, and apart by the exception that matches, since it is known only
/// at the end whether that one holds.
pub(super) struct Tally<'p> {
    per: &'p Per,
    sums: BTreeMap<String, BTreeMap<Option<usize>, Sum>>,
}

impl<'p> Tally<'p> {
    pub(super) fn new(per: &'p Per) -> Self {
        Self {
            per,
            sums: BTreeMap::new(),
        }
    }

    /// Adds goroutines. Those without a key (no root, no such label) are not counted.
    pub(super) fn add(&mut self, allow: Option<usize>, frames: &Frames, part: &RowPart) {
        let key = match self.per {
            // Judged stack by stack, and never tallied.
            Per::Stack => None,
            Per::Root => frames.root().map(|root| root.function.as_str()),
            Per::State => Some(frames.state()),
            Per::Test => part.labels.get(TEST_LABEL).map(String::as_str),
            Per::Package => Some(frames.package()),
            Per::Label(label) => part.labels.get(label).map(String::as_str),
            Per::Total => Some(""),
        };
        let Some(key) = key else { return };
        if !self.sums.contains_key(key) {
            self.sums.insert(key.to_owned(), BTreeMap::new());
        }
        let Some(sums) = self.sums.get_mut(key) else {
            return;
        };
        sums.entry(allow).or_default().add(frames, part);
    }

    /// The sums by key, without what an exception covers.
    pub(super) fn sums(self, covered: impl Fn(usize) -> bool) -> BTreeMap<String, Sum> {
        let merge = |parts: BTreeMap<Option<usize>, Sum>| {
            let open = parts
                .into_iter()
                .filter(|(allow, _)| !allow.is_some_and(&covered));
            open.map(|(_, sum)| sum).reduce(Sum::merge)
        };
        let sums = self.sums.into_iter();
        sums.filter_map(|(key, parts)| Some((key, merge(parts)?)))
            .collect()
    }
}

/// What a rule adds up under one key.
#[derive(Debug, Default)]
pub(super) struct Sum {
    pub(super) before: i64,
    pub(super) after: i64,
    pub(super) tests: BTreeMap<String, i64>,
    pub(super) labels: BTreeMap<String, BTreeMap<String, i64>>,
    /// Growth by where the goroutines wait, of stacks that grew.
    growth: BTreeMap<String, i64>,
}

impl Sum {
    fn add(&mut self, frames: &Frames, part: &RowPart) {
        self.before += part.before;
        self.after += part.after;
        if part.after > 0 {
            add_labels(&mut self.tests, &mut self.labels, &part.labels, part.after);
        }
        if let Some(owner) = frames.owner().filter(|_| part.after > part.before) {
            let growth = part.after - part.before;
            *self
                .growth
                .entry(owner.function.as_str().to_owned())
                .or_default() += growth;
        }
    }

    fn merge(mut self, other: Self) -> Self {
        self.before += other.before;
        self.after += other.after;
        for (test, count) in other.tests {
            *self.tests.entry(test).or_default() += count;
        }
        for (key, values) in other.labels {
            let known = self.labels.entry(key).or_default();
            for (value, count) in values {
                *known.entry(value).or_default() += count;
            }
        }
        for (place, growth) in other.growth {
            *self.growth.entry(place).or_default() += growth;
        }
        self
    }

    /// The places that grew most, and by how many goroutines.
    pub(super) fn largest(&self) -> Vec<(String, i64)> {
        let mut grown: Vec<_> = self.growth.clone().into_iter().collect();
        grown.sort_by(|(one, by), (other, by_other)| (by_other, one).cmp(&(by, other)));
        grown.truncate(3);
        grown
    }
}

/// Counts goroutines under each of their labels, the test apart from the others. The round is none of
/// the program's.
pub(super) fn add_labels(
    tests: &mut BTreeMap<String, i64>,
    others: &mut BTreeMap<String, BTreeMap<String, i64>>,
    labels: &BTreeMap<String, String>,
    count: i64,
) {
    for (key, value) in labels.iter().filter(|(key, _)| *key != ROUND_LABEL) {
        let counts = if key == TEST_LABEL {
            &mut *tests
        } else {
            others.entry(key.clone()).or_default()
        };
        *counts.entry(value.clone()).or_default() += count;
    }
}
