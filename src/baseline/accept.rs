//! Adding to a baseline, and raising what it accepts.

use jiff::civil::Date;

use super::{About, Baseline, Entry, Report, Reported};

/// What is said of findings that are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Why.
    pub reason: String,
    /// The last day, UTC.
    pub expires: Date,
    /// Who answers for them; `None` keeps whom an entry has.
    pub owner: Option<String>,
}

/// What [`accept`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Added {
    /// New entries.
    pub added: usize,
    /// Entries with a higher `max` than before.
    pub raised: usize,
    /// Entries whose `max` is as it was, and whose terms are new.
    pub renewed: usize,
    /// Ids that were asked for and that no report has.
    pub unknown: Vec<String>,
}

/// Accepts what counts in a report: all of it, or the findings and causes with these ids, also where
/// an entry covers all of them already. A `max` is never lowered. Where the code of an entry has moved, the
/// entry moves with it.
pub fn accept(baseline: &mut Baseline, report: &Report, ids: &[String], terms: &Terms) -> Added {
    let mut accepted = Added::default();
    // An id that something counts of names that; what it covers elsewhere keeps its terms.
    let counts = |id: &String| {
        let mut findings = report.findings.iter();
        findings
            .any(|((of, _), finding)| finding.is_open && (of == id || finding.causes.contains(id)))
    };
    let (open, covered): (Vec<&String>, Vec<&String>) = ids.iter().partition(|id| counts(id));
    let is_named = |id: &str, finding: &Reported| {
        let ids = if finding.is_open { &open } else { &covered };
        ids.iter()
            .any(|one| *one == id || finding.causes.contains(*one))
    };
    for ((id, suite), finding) in &report.findings {
        let is_meant = if ids.is_empty() {
            finding.is_open
        } else {
            is_named(id, finding)
        };
        if is_meant && finding.count > 0 {
            follow(baseline, (id, suite), finding, report);
            add(baseline, (id, suite), finding, terms, &mut accepted);
        }
    }
    let is_known = |id: &String| {
        let mut findings = report.findings.iter();
        findings.any(|((of, _), finding)| of == id || finding.causes.contains(id))
    };
    accepted.unknown = ids.iter().filter(|id| !is_known(id)).cloned().collect();
    accepted
}

fn add(
    baseline: &mut Baseline,
    (id, suite): (&String, &String),
    finding: &Reported,
    terms: &Terms,
    accepted: &mut Added,
) {
    let known = baseline.find(id, suite).cloned();
    let max = known.as_ref().map_or(0, |known| known.max);
    match &known {
        None => accepted.added += 1,
        Some(_) if finding.count > max => accepted.raised += 1,
        Some(_) => accepted.renewed += 1,
    }
    let owner = terms.owner.clone();
    baseline.insert(Entry {
        line: 0,
        id: id.clone(),
        suite: suite.clone(),
        max: finding.count.max(max),
        about: finding.about.clone(),
        expires: terms.expires,
        reason: terms.reason.clone(),
        owner: owner.or_else(|| known.and_then(|known| known.owner)),
    });
}

/// Gives an entry the id and the names that its stack has now, where it covers a finding of another
/// id: its code has moved. Where a report still has the old one, both are there.
pub(super) fn follow(
    baseline: &mut Baseline,
    (id, suite): (&str, &str),
    finding: &Reported,
    report: &Report,
) -> bool {
    let Some(old) = finding.accepted_as.as_deref().filter(|old| *old != id) else {
        return false;
    };
    let is_there = report
        .findings
        .contains_key(&(old.to_owned(), suite.to_owned()));
    let (Ok(at), About::Stack { .. }) = (baseline.position(old, suite), &finding.about) else {
        return false;
    };
    if is_there || baseline.find(id, suite).is_some() {
        return false;
    }
    let entry = baseline.entries.remove(at);
    baseline.insert(Entry {
        id: id.to_owned(),
        about: finding.about.clone(),
        ..entry
    });
    true
}
