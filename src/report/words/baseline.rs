//! What a team should know about its baseline.

use super::{Remark, base, name};
use crate::baseline::{About, Entry};
use crate::plural::plural;
use crate::verdict::{Baseline, EntryUse};

/// So many entries are named for one reason.
const MOST_NAMED: usize = 10;

/// Entries that end soon, that can go or that are there twice.
pub(super) fn remarks(baseline: &Baseline) -> Vec<Remark<'_>> {
    let entries = || baseline.entries.iter();
    let soon = entries().filter(|one| one.expires_soon());
    let soon: Vec<&EntryUse> = soon.collect();
    let soon = named(baseline, "baseline", &soon, |one| match one.days_left {
        0 => "expires today".to_owned(),
        days => format!("expires in {}", plural(days, "day")),
    });
    // Where these fail the build, they come first.
    let stale = baseline.stale().filter(|_| !baseline.strict);
    let stale: Vec<&EntryUse> = stale.collect();
    let mut remarks = named(baseline, "stale", &stale, |_| "its leak is gone".to_owned());
    remarks.extend(soon);
    let lower = entries().filter(|one| one.could_be_lower()).count();
    if !stale.is_empty() || lower > 0 {
        let lower = match lower {
            0 => String::new(),
            1 => "1 entry accepts more than there is; ".to_owned(),
            lower => format!("{lower} entries accept more than there is; "),
        };
        remarks.push(Remark {
            what: "baseline",
            place: baseline.name.clone(),
            text: format!("can be smaller: {lower}leakgate accept --prune REPORT.json"),
            owner: None,
        });
    }
    remarks.extend(baseline.repeated.iter().map(|one| Remark {
        what: "baseline",
        place: format!("{}:{}", baseline.name, one.line),
        text: format!(
            "repeats line {}: the smaller max counts; leakgate accept --resolve",
            one.earlier
        ),
        owner: None,
    }));
    remarks
}

/// A remark on each of the first entries, and on how many more there are.
fn named<'v>(
    baseline: &Baseline,
    what: &'static str,
    entries: &[&'v EntryUse],
    text: impl Fn(&EntryUse) -> String,
) -> Vec<Remark<'v>> {
    let remark = |entry: &'v Entry, text: String| Remark {
        what,
        place: format!("{}:{}", baseline.name, entry.line),
        text,
        owner: entry.owner.as_deref(),
    };
    let first = entries.iter().take(MOST_NAMED);
    let mut remarks: Vec<Remark> = first
        .map(|one| remark(&one.entry, format!("{}: {}", title(&one.entry), text(one))))
        .collect();
    if let Some(next) = entries.get(MOST_NAMED) {
        let more = entries.len() - MOST_NAMED;
        remarks.push(Remark {
            owner: None,
            ..remark(&next.entry, format!("and {more} more entries"))
        });
    }
    remarks
}

/// What an entry accepts: `worker.(*Pool).run in example.com/shop/worker`.
pub(super) fn title(entry: &Entry) -> String {
    let what = match &entry.about {
        About::Stack { root, home } => home.as_ref().or(root.as_ref()).map(|name| base(name)),
        About::Sum { rule, key } => Some(key.as_deref().unwrap_or(rule)),
    };
    let what = what.unwrap_or(&entry.id);
    format!("{} in {}", name(what), name(&entry.suite))
}
