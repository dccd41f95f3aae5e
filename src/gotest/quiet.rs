//! The list of goroutines that no test binary waits for: those that are accepted anyway.

use std::time::Duration;

use jiff::civil::Date;

use crate::policy::{Exception, Matcher, Max, Pattern, Policy};

/// Holds the list, for the test binaries to read.
pub(super) const FILE: &str = "quiet";

/// How long goroutines are watched that are accepted if they wait for what they should wait for.
const PATIENCE: Duration = Duration::from_millis(500);

/// The list, as the shim reads it: the exceptions in force whose functions say enough, one a line.
pub(super) fn list(policy: &Policy, today: Date) -> String {
    let in_force = policy.exceptions.iter().filter(|exception| {
        let matcher = &exception.matcher;
        let names_functions =
            !(matcher.root.is_empty() && matcher.home.is_empty() && matcher.any.is_empty());
        !exception.is_expired(today) && names_functions && !matcher.asks_for_labels()
    });
    let in_force: Vec<&Exception> = in_force.map(AsRef::as_ref).collect();
    in_force
        .iter()
        .map(|exception| line(exception, &in_force) + "\n")
        .collect()
}

fn line(exception: &Exception, in_force: &[&Exception]) -> String {
    let max = match &exception.max {
        Max::Count(count) => count.to_string(),
        Max::Unlimited => u16::MAX.to_string(),
        Max::AsManyAs(_) => match in_force.iter().position(|other| exception.goes_with(other)) {
            Some(position) => format!("={position}"),
            None => "0".to_owned(),
        },
    };
    let Matcher {
        stack,
        suite,
        root,
        home,
        any,
        without,
        state,
        package,
        proven,
        ..
    } = &exception.matcher;
    // Whatever else is asked for is not known before the end: such goroutines are believed only once
    // they have not gone for a while.
    let is_sure = [suite, home, package].iter().all(|list| list.is_empty())
        && stack.is_none()
        && state.is_none()
        && proven.is_none();
    let patience = if is_sure { Duration::ZERO } else { PATIENCE };
    let any = if any.is_empty() { home } else { any };
    let lists = [root, any, without, &exception.in_use_by].map(|list| joined(list));
    format!("{max}\t{}\t{}", patience.as_millis(), lists.join("\t"))
}

fn joined(patterns: &[Pattern]) -> String {
    let patterns: Vec<_> = patterns.iter().map(ToString::to_string).collect();
    patterns.join("|")
}
