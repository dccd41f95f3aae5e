//! What a team should know about its baseline.

use jiff::civil::Date;

use super::{Remark, base, name};
use crate::baseline::{self, About, Entry, Repeated};
use crate::plural::plural;
use crate::policy::{Policy, is_soon};
use crate::verdict::Baseline;

/// So many entries are named for one reason.
const MOST_NAMED: usize = 10;

/// Entries that end soon, that can go or that are there twice.
pub(super) fn remarks(baseline: &Baseline) -> Vec<Remark<'_>> {
    let entries = || baseline.entries.iter();
    let soon = entries().filter(|one| one.expires_soon());
    let soon: Vec<(&Entry, String)> = soon.map(|one| (&one.entry, ends(one.days_left))).collect();
    let soon = named(&baseline.name, "baseline", &soon);
    // Where these fail the build, they come first.
    let stale = baseline.stale().filter(|_| !baseline.strict);
    let stale: Vec<(&Entry, String)> = stale
        .map(|one| (&one.entry, "its leak is gone".to_owned()))
        .collect();
    let mut remarks = named(&baseline.name, "stale", &stale);
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
    remarks.extend(repeated(&baseline.name, &baseline.repeated));
    remarks
}

/// What can be said of a baseline without a profile, beside a policy: entries that end soon, have
/// ended, are there twice or are for a rule that is not there.
pub(in crate::report) fn without_profile<'b>(
    baseline: &'b baseline::Baseline,
    policy: &Policy,
    today: Date,
) -> Vec<Remark<'b>> {
    let is_rule = |name: &str| policy.rules.iter().any(|rule| rule.name == name);
    let said = baseline.entries.iter().filter_map(|entry| {
        let days = entry.exception().days_left(today).unwrap_or(0);
        let says = match &entry.about {
            About::Sum { rule, .. } if !is_rule(rule) => {
                format!("the policy has no rule {}", name(rule))
            }
            _ if days < 0 => "has expired".to_owned(),
            _ if is_soon(days) => ends(days),
            _ => return None,
        };
        Some((entry, says))
    });
    let said: Vec<(&Entry, String)> = said.collect();
    let mut remarks = named(&baseline.name, "baseline", &said);
    remarks.extend(repeated(&baseline.name, &baseline.repeated));
    remarks
}

fn ends(days: i64) -> String {
    match days {
        0 => "expires today".to_owned(),
        days => format!("expires in {}", plural(days, "day")),
    }
}

fn repeated<'v>(file: &str, repeated: &[Repeated]) -> Vec<Remark<'v>> {
    let remarks = repeated.iter().map(|one| Remark {
        what: "baseline",
        place: format!("{file}:{}", one.line),
        text: format!(
            "repeats line {}: the smaller max counts; leakgate accept --resolve",
            one.earlier
        ),
        owner: None,
    });
    remarks.collect()
}

/// A remark on each of the first entries, and on how many more there are.
fn named<'v>(file: &str, what: &'static str, entries: &[(&'v Entry, String)]) -> Vec<Remark<'v>> {
    let remark = |entry: &'v Entry, text: String| Remark {
        what,
        place: format!("{file}:{}", entry.line),
        text,
        owner: entry.owner.as_deref(),
    };
    let first = entries.iter().take(MOST_NAMED);
    let mut remarks: Vec<Remark> = first
        .map(|(entry, says)| remark(entry, format!("{}: {says}", title(entry))))
        .collect();
    if let Some((next, _)) = entries.get(MOST_NAMED) {
        let more = entries.len() - MOST_NAMED;
        remarks.push(Remark {
            owner: None,
            ..remark(next, format!("and {more} more entries"))
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
