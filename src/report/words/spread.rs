//! How a stack is spread over several suites: the instances of a service, or packages.

use super::Words;
use crate::verdict::Finding;

/// In fewer suites, each is read at a glance.
const FEWEST: usize = 3;

impl Words<'_> {
    /// The growth of one stack over its suites: `12 instances: 40 more in all, median 3, most 9 in pod-3`.
    /// `None` for a few.
    pub(in crate::report) fn spread(&self, same: &[&Finding]) -> Option<String> {
        let mut growth: Vec<i64> = same.iter().map(|finding| finding.growth()).collect();
        growth.sort_unstable();
        let (most, median) = (*growth.last()?, growth.get(growth.len() / 2)?);
        if growth.len() < FEWEST {
            return None;
        }
        let worst = same.iter().find(|finding| finding.growth() == most)?;
        let is_instance = |finding: &&Finding| !self.of_tests.contains(&finding.suite);
        let noun = if same.iter().all(is_instance) {
            "instances"
        } else {
            "suites"
        };
        let sum = growth.iter().copied().fold(0_i64, i64::saturating_add);
        Some(format!(
            "{} {noun}: {sum} more in all, median {median}, most {most} in {}",
            growth.len(),
            super::name(&worst.suite.to_string())
        ))
    }
}
