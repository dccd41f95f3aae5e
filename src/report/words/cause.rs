//! What there is to say about a cause.

use std::collections::BTreeMap;

use super::{base, name};
use crate::report::plural;
use crate::verdict::{Cause, Finding, Opened, Place, Site, Verdict};

/// A call whose goroutines stay: the causes of one id, one for each suite, with the findings that
/// each is the main cause of.
pub(in crate::report) struct Together<'v> {
    pub(in crate::report) causes: Vec<(&'v Cause, Vec<&'v Finding>)>,
}

/// What reports show as one: all that has one cause, or a finding without any.
pub(in crate::report) enum Unit<'v> {
    Cause(Together<'v>),
    Single(&'v Finding),
}

/// The findings that count, by what caused them; in the order of the first finding of each.
pub(in crate::report) fn units(verdict: &Verdict) -> Vec<Unit<'_>> {
    let causes = verdict.causes.iter();
    let causes: BTreeMap<_, _> = causes
        .map(|cause| ((&cause.suite, &*cause.id), cause))
        .collect();
    let mut units: Vec<Unit> = Vec::new();
    let mut known: BTreeMap<(&str, &Opened), usize> = BTreeMap::new();
    for finding in verdict.findings.iter().filter(|finding| finding.is_open()) {
        let id = finding.cause.as_deref();
        let Some(cause) = id.and_then(|id| causes.get(&(&finding.suite, id))) else {
            units.push(Unit::Single(finding));
            continue;
        };
        let next = units.len();
        let at = *known.entry((&cause.id, &cause.opened)).or_insert(next);
        if at == next {
            units.push(Unit::Cause(Together { causes: Vec::new() }));
        }
        if let Unit::Cause(together) = &mut units[at] {
            together.add(cause, finding);
        }
    }
    units
}

impl<'v> Together<'v> {
    fn add(&mut self, cause: &'v Cause, finding: &'v Finding) {
        let mut known = self.causes.iter_mut();
        match known.find(|(known, _)| known.suite == cause.suite) {
            Some((_, findings)) => findings.push(finding),
            None => self.causes.push((cause, vec![finding])),
        }
    }

    /// One of the causes: all are alike but for what each suite has of its own.
    pub(in crate::report) fn first(&self) -> &'v Cause {
        self.causes[0].0
    }

    pub(in crate::report) fn findings(&self) -> impl Iterator<Item = &'v Finding> {
        let findings = self.causes.iter().flat_map(|(_, findings)| findings);
        findings.copied()
    }

    /// Goroutines that stay, in all suites.
    pub(in crate::report) fn goroutines(&self) -> i64 {
        self.causes.iter().map(|(cause, _)| cause.goroutines).sum()
    }

    /// `worker.NewPool: 40 goroutines stay`.
    pub(in crate::report) fn headline(&self) -> String {
        let function = &self.first().opened.function().name;
        let goroutines = plural(self.goroutines(), "goroutine");
        let stay = if self.goroutines() == 1 {
            "stays"
        } else {
            "stay"
        };
        format!("{}: {goroutines} {stay}", name(base(function)))
    }

    /// What tests do to it: `called` or `started`.
    pub(in crate::report) fn verb(&self) -> &'static str {
        match self.first().opened {
            Opened::Call(_) => "called",
            Opened::GoStatement(_) => "started",
        }
    }

    /// Where tests do it, those with the most goroutines first.
    pub(in crate::report) fn sites(&self) -> Vec<&'v Site> {
        let sites = self.causes.iter().flat_map(|(cause, _)| &cause.sites);
        sites.collect()
    }

    /// The line of a helper through which all tests do it.
    pub(in crate::report) fn helper(&self) -> Option<&'v Place> {
        let sites = self.sites();
        let call = &sites.first()?.call;
        let through_it = |site: &&Site| site.call == *call && site.place != *call;
        sites.iter().all(through_it).then_some(call)
    }

    /// The `go` statement, where all have the same and it is not the line that is named anyway.
    pub(in crate::report) fn created(&self) -> Option<&'v Place> {
        let stacks = self.findings().filter_map(Finding::stack);
        let origins = stacks.flat_map(|stack| &stack.origins);
        let mut created = origins.filter_map(|origin| origin.created());
        let first = created.next()?;
        let is_named = self.sites().iter().any(|site| site.call == *first);
        (!is_named && created.all(|other| other == first)).then_some(first)
    }

    /// The stacks in which they stay, each once, with their goroutines.
    pub(in crate::report) fn stacks(&self) -> Vec<(&'v Finding, i64)> {
        let mut stacks: Vec<(&Finding, i64)> = Vec::new();
        for (cause, findings) in &self.causes {
            for finding in findings {
                let of_it = cause.findings.iter().filter(|(id, _)| *id == finding.id);
                let count: i64 = of_it.map(|(_, count)| count).sum();
                match stacks.iter_mut().find(|(other, _)| other.id == finding.id) {
                    Some((_, sum)) if self.causes.len() > 1 => *sum += count,
                    _ => stacks.push((finding, count)),
                }
            }
        }
        stacks
    }

    /// What to do about it.
    pub(in crate::report) fn fix(&self) -> &'v str {
        let stacks = self.stacks().into_iter();
        let most = stacks.max_by_key(|(_, count)| *count);
        most.map_or("", |(finding, _)| super::fix(finding))
    }
}
