//! From the origins of findings to their causes: which call started the goroutines that stay.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::call::{Call, call};
use super::source;
use crate::evidence::{Code, SuiteName};
use crate::go_names::top_level_test;
use crate::origin::Origin;
use crate::stack::id_of;
use crate::verdict::{Cause, Finding, Opened, Place, Site, Stack};

/// A cause in the making.
struct Counted {
    opened: Opened,
    /// What was called.
    place: Place,
    /// By the line of the test, and that of the call.
    sites: BTreeMap<(Place, Place), i64>,
    tests: BTreeMap<String, i64>,
    /// By the index of the finding.
    findings: BTreeMap<usize, i64>,
}

/// The causes of what counts among the findings of a suite, and how many goroutines of each finding
/// have which. A goroutine whose chain of calls does not reach a test's code has none: that two
/// started at one time in one package does not make them one.
pub(super) fn find(findings: &mut [Finding], suite: &SuiteName, code: &Code) -> Vec<Cause> {
    // One function may be in two files by name, as in the build path and below the cache.
    let mut counted: BTreeMap<(&str, Box<str>), Counted> = BTreeMap::new();
    for (index, finding) in findings.iter().enumerate() {
        for (origin, count) in shares(finding) {
            let Some(stack) = finding.stack() else {
                continue;
            };
            if let Some(call) = call(origin, &stack.trace, code) {
                let key = (call.opened.kind(), call.opened.function().name.clone());
                let counted = counted.entry(key).or_insert_with(|| Counted::new(&call));
                counted.add(index, &call, origin, count);
            }
        }
    }
    for finding in findings.iter_mut() {
        source::name_pattern(finding, code);
    }
    let open = findings.iter().filter(|finding| finding.is_open());
    let leak = open.flat_map(|finding| finding.tests.keys());
    let leak: BTreeSet<String> = leak.map(|test| top_level_test(test).to_owned()).collect();
    let mut causes = Vec::new();
    for counted in counted.into_values() {
        let cause = counted.cause(suite, findings, &leak, code);
        for (index, count) in &counted.findings {
            findings[*index].causes.push((cause.id.clone(), *count));
        }
        causes.push(cause);
    }
    for finding in findings {
        finding.causes.sort_by_key(|(_, count)| Reverse(*count));
    }
    causes
}

/// The origins of a finding that counts, with how many of its own goroutines each has: no more of a
/// test than it has of that test. What all tests share is started by whichever needs it first, and
/// that one is not to blame.
fn shares(finding: &Finding) -> Vec<(&Origin, i64)> {
    let stack = finding.stack().filter(|stack| !stack.shared);
    let Some(stack) = stack.filter(|_| finding.is_open()) else {
        return Vec::new();
    };
    let of_tests: i64 = finding.tests.values().sum();
    let mut of_none = (finding.growth() - of_tests).max(0);
    let mut left: BTreeMap<&str, i64> = BTreeMap::new();
    for (test, count) in &finding.tests {
        left.insert(test, *count);
    }
    let mut shares = Vec::new();
    for origin in &stack.origins {
        let left = match &origin.test {
            Some(test) => left.get_mut(&**test),
            None => Some(&mut of_none),
        };
        let Some(left) = left else { continue };
        let count = origin.count.min(*left);
        *left -= count;
        if count > 0 {
            shares.push((origin, count));
        }
    }
    shares
}

impl Counted {
    fn new(call: &Call) -> Self {
        Self {
            opened: call.opened.clone(),
            place: call.place.clone(),
            sites: BTreeMap::new(),
            tests: BTreeMap::new(),
            findings: BTreeMap::new(),
        }
    }

    fn add(&mut self, finding: usize, call: &Call, origin: &Origin, count: i64) {
        let site = (call.test.clone(), call.line.clone());
        *self.sites.entry(site).or_default() += count;
        *self.findings.entry(finding).or_default() += count;
        if let Some(test) = &origin.test {
            *self.tests.entry(test.to_string()).or_default() += count;
        }
    }

    /// The stack that most of them are in.
    fn stack<'f>(&self, findings: &'f [Finding]) -> Option<&'f Stack> {
        let most = self.findings.iter().max_by_key(|(_, count)| **count);
        most.and_then(|(index, _)| findings[*index].stack())
    }

    /// `leak` are all tests of the suite that leave anything: they show nobody how to end it.
    fn cause(
        &self,
        suite: &SuiteName,
        findings: &[Finding],
        leak: &BTreeSet<String>,
        code: &Code,
    ) -> Cause {
        let sites = self.sites.iter();
        let mut sites: Vec<Site> = sites
            .map(|((place, call), goroutines)| Site {
                place: place.clone(),
                call: call.clone(),
                goroutines: *goroutines,
            })
            .collect();
        sites.sort_by_key(|site| Reverse(site.goroutines));
        let (opened, stack, line) = (&self.opened, self.stack(findings), &sites[0].call);
        let advice = match opened {
            Opened::Call(_) => {
                let own: BTreeSet<&str> =
                    self.tests.keys().map(|test| top_level_test(test)).collect();
                source::advice(&self.place, line, stack, (&own, leak), code)
            }
            Opened::GoStatement(_) => source::Advice::default(),
        };
        Cause {
            id: id_of(&format!("{}\n{}", opened.kind(), opened.function().name)),
            suite: suite.clone(),
            excerpts: source::excerpts(opened, line, stack, code),
            ending: advice.ending,
            inside: advice.inside,
            shown_by: advice.shown_by,
            place: self.place.clone(),
            tests: self.tests.clone(),
            goroutines: self.findings.values().sum(),
            opened: opened.clone(),
            sites,
        }
    }
}
