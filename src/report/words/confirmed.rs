//! What running the tests of a finding again showed, in words.

use std::collections::BTreeMap;

use super::Together;
use crate::confirmed::{Class, Confirmed, Unit};
use crate::verdict::Finding;

impl Together<'_> {
    /// What running the tests again showed of its stacks: those of which the same is known together. How
    /// many came each time is said where all goroutines of a stack are of this cause.
    pub(in crate::report) fn runs(&self) -> Option<String> {
        let mut alike: BTreeMap<(Class, u32, u32), Confirmed> = BTreeMap::new();
        for (finding, count) in self.stacks() {
            let Some(mut one) = finding.confirmed.clone() else {
                continue;
            };
            one.each = one.each.filter(|_| count >= finding.growth());
            let key = (one.class, one.seen, one.of);
            match alike.get_mut(&key) {
                Some(known) => {
                    let each = known.each.zip(one.each);
                    known.each = each.map(|((fewest, most), (least, largest))| {
                        (fewest.saturating_add(least), most.saturating_add(largest))
                    });
                }
                None => drop(alike.insert(key, one)),
            }
        }
        let told: Vec<String> = alike.values().map(says).collect();
        (!told.is_empty()).then(|| told.join("; "))
    }
}

/// What running the tests again showed of a finding, if they were.
pub(in crate::report) fn runs(finding: &Finding) -> Option<String> {
    finding.confirmed.as_ref().map(says)
}

/// Output: `grows with every run (5 of 5 runs, +2 each)`, `once per process (5 of 5 processes)`
fn says(confirmed: &Confirmed) -> String {
    let Confirmed {
        class,
        seen,
        of,
        unit,
        each,
    } = confirmed;
    let (name, runs) = (class.name(), unit.plural());
    match (class, unit, each) {
        (Class::EveryRun, _, Some((fewest, most))) if fewest == most => {
            format!("{name} ({seen} of {of} {runs}, +{most} each)")
        }
        (Class::EveryRun, _, Some((fewest, most))) => {
            format!("{name} ({seen} of {of} {runs}, +{fewest} to +{most} each)")
        }
        (Class::OncePerProcess, Unit::Run, _) => format!("{name} (in the first of {of} {runs})"),
        _ => format!("{name} ({seen} of {of} {runs})"),
    }
}
