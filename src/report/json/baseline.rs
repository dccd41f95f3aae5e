//! The baseline in the JSON report.

use serde::Serialize;

use crate::baseline::About;
use crate::verdict;

#[derive(Serialize)]
pub(super) struct Baseline<'v> {
    name: &'v str,
    strict: bool,
    entries: Vec<Entry<'v>>,
}

#[derive(Serialize)]
struct Entry<'v> {
    line: u32,
    id: &'v str,
    suite: &'v str,
    max: i64,
    /// Goroutines that it was held against; null where its suite was not judged as a whole.
    matched: Option<i64>,
    root: Option<&'v str>,
    home: Option<&'v str>,
    rule: Option<&'v str>,
    key: Option<&'v str>,
    expires: String,
    expired: bool,
    /// Whether nothing needs it any more.
    stale: bool,
    status: Vec<&'static str>,
    reason: &'v str,
    owner: Option<&'v str>,
}

pub(super) fn baseline(baseline: &verdict::Baseline) -> Baseline<'_> {
    Baseline {
        name: &baseline.name,
        strict: baseline.strict,
        entries: baseline.entries.iter().map(entry).collect(),
    }
}

fn entry(one: &verdict::EntryUse) -> Entry<'_> {
    let entry = &one.entry;
    let [mut root, mut home, mut rule, mut key] = [None; 4];
    match &entry.about {
        About::Stack { root: r, home: h } => (root, home) = (r.as_deref(), h.as_deref()),
        About::Sum { rule: r, key: k } => (rule, key) = (Some(&**r), k.as_deref()),
    }
    Entry {
        line: entry.line,
        id: &entry.id,
        suite: &entry.suite,
        max: entry.max,
        matched: one.matched,
        root,
        home,
        rule,
        key,
        expires: entry.expires.to_string(),
        expired: one.is_expired(),
        stale: one.is_stale(),
        status: super::status(&one.standing()),
        reason: &entry.reason,
        owner: entry.owner.as_deref(),
    }
}
