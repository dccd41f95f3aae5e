//! Which test started the goroutines that carry no test's label, as the chain of calls tells.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Key, Portion, ROUND_LABEL, Snapshot, TEST_LABEL};

impl Snapshot<'_> {
    /// Adds which tests started the goroutines that carry no test's label; `chains` gives for a stack
    /// the test at the start of each chain of calls, with how many goroutines it has. A label that is
    /// there stays: it is the one that the goroutine had when it was started.
    pub fn attribute<'c, I>(&mut self, chains: impl Fn(Key) -> I)
    where
        I: Iterator<Item = (Option<&'c Arc<str>>, i64)>,
    {
        for group in 0..self.groups.len() {
            let key = self.groups[group].key;
            let mut started: BTreeMap<&Arc<str>, i64> = BTreeMap::new();
            let mut of_none = 0;
            for (test, count) in chains(key) {
                match test {
                    Some(test) => *started.entry(test).or_default() += count,
                    None => of_none += count,
                }
            }
            if started.is_empty() {
                continue;
            }
            let mut labelled: BTreeMap<String, i64> = BTreeMap::new();
            let mut unlabelled = 0;
            for Portion { mut labels, count } in self.portions(group) {
                match labels.remove(TEST_LABEL) {
                    Some(test) => *labelled.entry(test).or_default() += count,
                    None => unlabelled += count,
                }
            }
            // Those that no test started stay unattributed.
            let mut left = (unlabelled - of_none).max(0);
            let mut others = BTreeMap::new();
            for (test, count) in started {
                let of_label = labelled.get(&**test).copied().unwrap_or(0);
                let count = (count - of_label).clamp(0, left);
                left -= count;
                if count > 0 {
                    others.insert(test.clone(), count);
                }
            }
            if !others.is_empty() {
                self.attributed.insert(key, others);
            }
        }
    }
}

/// Goroutines by their labels.
pub(super) type ByLabels = BTreeMap<BTreeMap<String, String>, i64>;

/// Gives goroutines that carry no test's label to tests, in the order of their labels.
pub(super) fn attributed(by_labels: ByLabels, tests: &BTreeMap<Arc<str>, i64>) -> ByLabels {
    let mut given = ByLabels::new();
    let mut tests = tests.iter().map(|(test, count)| (test, *count));
    let mut next = tests.next();
    for (labels, mut count) in by_labels {
        if labels.contains_key(TEST_LABEL) {
            *given.entry(labels).or_default() += count;
            continue;
        }
        while let Some((test, left)) = next.filter(|_| count > 0) {
            let taken = left.min(count);
            let mut of_test = labels.clone();
            of_test.insert(TEST_LABEL.to_owned(), test.to_string());
            // The chain of calls does not tell the round.
            of_test.insert(ROUND_LABEL.to_owned(), String::new());
            *given.entry(of_test).or_default() += taken;
            count -= taken;
            next = match left - taken {
                0 => tests.next(),
                left => Some((test, left)),
            };
        }
        if count > 0 {
            given.insert(labels, count);
        }
    }
    given
}
