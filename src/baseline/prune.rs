//! Taking out of a baseline what is not needed any more. Nothing is raised here.

use std::collections::BTreeMap;

use super::{Baseline, Report, accept::follow};

/// What [`prune`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Entries that went.
    pub removed: usize,
    /// Entries with a lower `max` than before.
    pub lowered: usize,
    /// Entries whose code has moved, and that have its new names.
    pub moved: usize,
    /// Suites that were not judged as a whole, so that their entries are as they were, and how many
    /// they have.
    pub not_judged: BTreeMap<String, usize>,
}

/// Lowers each entry to what a report has, and removes those of which it has nothing. Entries of
/// suites that were not judged as a whole stay as they are.
pub fn prune(baseline: &mut Baseline, report: &Report) -> Pruned {
    let mut pruned = Pruned::default();
    let judged = report.findings.iter();
    for ((id, suite), finding) in judged.filter(|((_, suite), _)| report.is_judged(suite)) {
        pruned.moved += usize::from(follow(baseline, (id, suite), finding, report));
    }
    baseline.entries.retain_mut(|entry| {
        if !report.is_judged(&entry.suite) {
            *pruned.not_judged.entry(entry.suite.clone()).or_default() += 1;
            return true;
        }
        let key = (entry.id.clone(), entry.suite.clone());
        let finding = report.findings.get(&key);
        let Some(finding) = finding else {
            pruned.removed += 1;
            return false;
        };
        if finding.count < entry.max {
            entry.max = finding.count.max(1);
            pruned.lowered += 1;
        }
        true
    });
    pruned
}
