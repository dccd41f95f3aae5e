//! The list of goroutines that no test binary waits for: those that are accepted anyway.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::baseline::{About, Baseline, Entry};
use crate::policy::{Exception, Matcher, Max, Pattern, Policy};

/// Holds the list, for the test binaries to read.
pub(super) const FILE: &str = "quiet";

/// What is accepted anyway.
#[derive(Debug)]
pub struct Accepted {
    /// With its exceptions.
    pub policy: Policy,
    /// What leaks already.
    pub baseline: Option<Baseline>,
    /// The day by which both expire.
    pub today: Date,
}

/// The list, as the shim reads it: what is in force and a test binary can check, one a line.
pub(super) fn list(accepted: &Accepted) -> String {
    let in_force = accepted.policy.exceptions.iter().map(AsRef::as_ref);
    let in_force = in_force.filter(|one: &&Exception| !one.is_expired(accepted.today));
    let listed: Vec<&Exception> = in_force.filter(|one| can_be_checked(one)).collect();
    let lines = listed.iter().map(|one| line(one, &listed) + "\n");
    let entries = accepted.baseline.iter().flat_map(|one| &one.entries);
    let in_force = entries.filter(|one| one.expires >= accepted.today);
    // What looks alike to a test binary is one; a plus sign says that the baseline accepts it.
    let mut of_baseline: BTreeMap<String, i64> = BTreeMap::new();
    for entry in in_force {
        if let Some(names) = names_of(entry) {
            let max = of_baseline.entry(names).or_default();
            *max = max.saturating_add(entry.max);
        }
    }
    let of_baseline = of_baseline.iter();
    let of_baseline =
        of_baseline.flat_map(|(names, max)| [format!("+{max}"), format!("\t{names}\n")]);
    lines.chain(of_baseline).collect()
}

/// Whether a test binary can tell what the exception matches: it knows functions and its own import
/// path. A goroutine that is only like an accepted one may be about to end, so it is waited for.
fn can_be_checked(exception: &Exception) -> bool {
    let matcher = &exception.matcher;
    let Matcher {
        stack,
        root,
        home,
        any,
        state,
        package,
        proven,
        confirmed,
        ..
    } = matcher;
    let asks_for_no_more = stack.is_none()
        && state.is_none()
        && proven.is_none()
        && confirmed.is_none()
        && home.is_empty()
        && package.is_empty()
        && !matcher.asks_for_labels();
    asks_for_no_more && !(root.is_empty() && any.is_empty())
}

fn line(exception: &Exception, listed: &[&Exception]) -> String {
    let max = match &exception.max {
        Max::Count(count) => count.to_string(),
        Max::Unlimited => u16::MAX.to_string(),
        Max::AsManyAs(_) => match listed.iter().position(|other| exception.goes_with(other)) {
            Some(position) => format!("={position}"),
            None => "0".to_owned(),
        },
    };
    let Matcher {
        suite,
        root,
        any,
        without,
        ..
    } = &exception.matcher;
    let lists = [suite, root, any, without, &exception.in_use_by];
    format!("{max}\t{}", lists.map(|list| joined(list)).join("\t"))
}

/// What a test binary can know of the goroutines of an entry: its own import path, their root, and
/// either their home or that no function is of user code.
fn names_of(entry: &Entry) -> Option<String> {
    let About::Stack {
        root: Some(root),
        home,
    } = &entry.about
    else {
        return None;
    };
    let (home, without) = match home {
        Some(home) => (&**home, ""),
        None => ("", USER_CODE),
    };
    let can_be_field = |name: &&str| !name.contains(['\t', '\n', '|']);
    let names = [&*entry.suite, root, home];
    let is_listed = names.iter().all(can_be_field);
    is_listed.then(|| format!("{}\t{without}\t", names.join("\t")))
}

/// Functions that are not of the standard library: their import paths begin with a domain.
const USER_CODE: &str = "*.*/*|main.*";

fn joined(patterns: &[Pattern]) -> String {
    let patterns: Vec<_> = patterns.iter().map(ToString::to_string).collect();
    patterns.join("|")
}
