//! The list of goroutines that no test binary waits for: those that are accepted anyway.

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
    let entries = entries.filter(|one| one.expires >= accepted.today);
    let of_baseline = entries.filter_map(|one| Some(line_of_baseline(one)? + "\n"));
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
        ..
    } = matcher;
    let asks_for_no_more = stack.is_none()
        && state.is_none()
        && proven.is_none()
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

/// The line of an entry of the baseline. A test binary knows no ids: what has the root and the home
/// of the entry is taken for it, up to as many as it accepts.
fn line_of_baseline(entry: &Entry) -> Option<String> {
    let About::Stack {
        root: Some(root),
        home,
    } = &entry.about
    else {
        return None;
    };
    let names = [&*entry.suite, root, home.as_deref().unwrap_or_default()];
    let mut can_be_fields = names.iter().map(|name| !name.contains(['\t', '\n', '|']));
    can_be_fields
        .all(|can_be| can_be)
        .then(|| format!("{}\t{}\t\t", entry.max, names.join("\t")))
}

fn joined(patterns: &[Pattern]) -> String {
    let patterns: Vec<_> = patterns.iter().map(ToString::to_string).collect();
    patterns.join("|")
}
