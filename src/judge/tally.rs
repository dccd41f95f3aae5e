//! Sums over several stacks, for the rules that count by something else than the stack.

use std::collections::BTreeMap;

use super::suite::Cell;
use crate::policy::{Per, Rule};
use crate::snapshot::TEST_LABEL;
use crate::stack::Frames;

/// What a rule adds up under one key.
#[derive(Debug, Default)]
pub(super) struct Sum {
    pub(super) before: i64,
    pub(super) after: i64,
    pub(super) tests: BTreeMap<String, i64>,
    pub(super) labels: BTreeMap<String, BTreeMap<String, i64>>,
    /// Growth by where the goroutines wait.
    growth: BTreeMap<String, i64>,
}

impl Sum {
    /// The places that grew most, for a person.
    ///
    /// Output: "most of it: worker.(*Pool).run +38, shop.refund +2"
    pub(super) fn largest(&self) -> String {
        let mut grown: Vec<_> = self
            .growth
            .iter()
            .filter(|&(_, &growth)| growth > 0)
            .collect();
        grown.sort_by_key(|&(place, growth)| (-growth, place));
        let parts: Vec<_> = grown
            .iter()
            .take(3)
            .map(|(place, growth)| format!("{place} +{growth}"))
            .collect();
        if parts.is_empty() {
            String::new()
        } else {
            format!("most of it: {}", parts.join(", "))
        }
    }
}

/// Adds up the cells that `select` gives the frames of, by what `rule` counts together. Goroutines that have no such
/// thing (no root, no such label) are not counted.
pub(super) fn by<'c, 'f, 'buf: 'f>(
    rule: &Rule,
    cells: &'c [Cell],
    select: impl Fn(&'c Cell) -> Option<&'f Frames<'buf>>,
) -> BTreeMap<String, Sum> {
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    for cell in cells {
        let Some(frames) = select(cell) else { continue };
        let key = match &rule.per {
            Per::Stack => Some(frames.id()),
            Per::Root => frames.root().map(|root| root.function.as_str().to_owned()),
            Per::State => Some(frames.signature().state.to_owned()),
            Per::Test => cell.labels.get(TEST_LABEL).cloned(),
            Per::Package => Some(frames.package().to_owned()),
            Per::Label(label) => cell.labels.get(label).cloned(),
            Per::Total => Some(String::new()),
        };
        let Some(key) = key else { continue };
        let sum = sums.entry(key).or_default();
        sum.before += cell.before;
        sum.after += cell.after;
        if cell.after > 0 {
            add_labels(&mut sum.tests, &mut sum.labels, &cell.labels, cell.after);
        }
        if let Some(waits) = frames.owner() {
            *sum.growth
                .entry(waits.function.as_str().to_owned())
                .or_default() += cell.after - cell.before;
        }
    }
    sums
}

/// Counts goroutines under each of their labels, the test apart from the others.
pub(super) fn add_labels(
    tests: &mut BTreeMap<String, i64>,
    others: &mut BTreeMap<String, BTreeMap<String, i64>>,
    labels: &BTreeMap<String, String>,
    count: i64,
) {
    for (key, value) in labels {
        let counts = if key == TEST_LABEL {
            &mut *tests
        } else {
            others.entry(key.clone()).or_default()
        };
        *counts.entry(value.clone()).or_default() += count;
    }
}
