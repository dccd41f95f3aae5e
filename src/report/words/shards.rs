//! What to know of a verdict that was put together from those of several runs.

use std::collections::{BTreeMap, BTreeSet};

use super::{Remark, name};
use crate::plural::plural;
use crate::verdict::{Shard, Verdict};

/// So many suites are named.
const MOST_NAMED: usize = 20;

/// What reports had no room for, how the shards differ in what they were judged by, and what several
/// of them ran.
pub(super) fn remarks(verdict: &Verdict) -> Vec<Remark<'_>> {
    let remark = |what, place: String, text: String| Remark {
        what,
        place,
        text,
        owner: None,
    };
    let left_out = verdict.left_out.findings as u64;
    let left_out = (left_out > 0).then(|| {
        let findings = plural(left_out, "finding");
        let text = format!("had no room for {findings}, which count and are not shown");
        remark("left out", "the JSON report".to_owned(), text)
    });
    let differences = differences(verdict).into_iter();
    let differences = differences.map(|(what, text)| remark("shards", what.to_owned(), text));
    let doubles = doubles(verdict);
    let more = doubles.len().saturating_sub(MOST_NAMED) as u64;
    let more = (more > 0).then(|| {
        let suites = plural(more, "more suite");
        remark("shards", suites, "ran in several".to_owned())
    });
    let doubles = doubles.into_iter().take(MOST_NAMED);
    let doubles = doubles.map(|(subject, shards)| {
        let subject = name(subject).into_owned();
        remark("shards", subject, format!("was judged in {}", and(&shards)))
    });
    let left_out = left_out.into_iter();
    left_out
        .chain(differences)
        .chain(doubles)
        .chain(more)
        .collect()
}

/// Suites that several shards judged, each with these.
fn doubles(verdict: &Verdict) -> BTreeMap<&str, Vec<&str>> {
    let mut shards: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for suite in &verdict.suites {
        let of_subject = shards.entry(suite.name.subject()).or_default();
        of_subject.extend(suite.name.shard().map(|shard| &**shard));
    }
    let doubles = shards.into_iter().filter(|(_, shards)| shards.len() > 1);
    doubles
        .map(|(subject, shards)| (subject, shards.into_iter().collect()))
        .collect()
}

/// What the shards were not judged by alike: what it is, and which shards have which.
///
/// Output: `policy` and `differs: a.yml in linux; b.yml in macos and windows`
fn differences(verdict: &Verdict) -> Vec<(&'static str, String)> {
    type Of = fn(&Shard) -> String;
    let of: [(&str, Of); 3] = [
        ("policy", |shard| shard.policy.clone()),
        ("baseline", |shard| match &shard.baseline {
            Some(baseline) => baseline.clone(),
            None => "none".to_owned(),
        }),
        ("built-in list", |shard| match shard.builtin_version {
            Some(version) => format!("version {version}"),
            None => "off".to_owned(),
        }),
    ];
    let differs = of.into_iter().filter_map(|(what, of)| {
        let mut shards: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for shard in &verdict.shards {
            shards.entry(of(shard)).or_default().push(&shard.name);
        }
        let each = shards.iter();
        let each = each.map(|(one, shards)| format!("{} in {}", name(one), and(shards)));
        let each: Vec<String> = each.collect();
        (each.len() > 1).then(|| (what, format!("differs: {}", each.join("; "))))
    });
    differs.collect()
}

/// `linux, macos and windows`.
fn and(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|one| name(one)).collect();
    match &names[..] {
        [] => String::new(),
        [one] => one.clone().into_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
