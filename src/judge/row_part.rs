//! Goroutines that no rule can tell apart.

use std::collections::BTreeMap;

use crate::diff::{Diff, Row};
use crate::snapshot::{Portion, TEST_LABEL};

/// Goroutines of one stack, and where the policy asks for labels, of one set of labels.
#[derive(Debug)]
pub(super) struct RowPart {
    pub(super) labels: BTreeMap<String, String>,
    pub(super) before: i64,
    pub(super) after: i64,
}

impl RowPart {
    /// After less before.
    pub(super) fn growth(&self) -> i64 {
        self.after - self.before
    }

    /// The test that started the goroutines; empty for none.
    pub(super) fn test(&self) -> &str {
        self.labels.get(TEST_LABEL).map_or("", String::as_str)
    }

    /// The parts of a row: one, or one for each set of labels.
    pub(super) fn of(diff: &Diff, row: &Row, by_labels: bool) -> Vec<Self> {
        if !by_labels || !(diff.before.has_labels() || diff.after.has_labels()) {
            return vec![RowPart {
                labels: BTreeMap::new(),
                before: row.count_before,
                after: row.count_after,
            }];
        }
        let mut counts: BTreeMap<BTreeMap<String, String>, (i64, i64)> = BTreeMap::new();
        for Portion { labels, count } in row
            .before
            .map_or_else(Vec::new, |group| diff.before.portions(group))
        {
            counts.entry(labels).or_default().0 += count;
        }
        for Portion { labels, count } in row
            .after
            .map_or_else(Vec::new, |group| diff.after.portions(group))
        {
            counts.entry(labels).or_default().1 += count;
        }
        if row.started > 0 {
            counts.entry(BTreeMap::new()).or_default().0 += row.started;
        }
        // Around tests, what a test started was not there before, whatever ended meanwhile.
        let mut gone: i64 =
            counts.values().map(|(before, _)| before).sum::<i64>() - row.count_before;
        for (before, _) in counts.values_mut() {
            let taken = gone.clamp(0, *before);
            *before -= taken;
            gone -= taken;
        }
        let part = |(labels, (before, after))| RowPart {
            labels,
            before,
            after,
        };
        counts.into_iter().map(part).collect()
    }
}
