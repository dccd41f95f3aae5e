//! What a change lets pass that did not pass before it: the policy and the baseline, held against
//! those of the base branch.
//!
//! Only what is written down is compared, not what was captured: an entry that nothing needs yet is
//! looser all the same.

use std::sync::Arc;

use crate::baseline::{About, Baseline, Entry};
use crate::policy::{Exception, Limit, Max, Per, Policy, Rule, Source};
use crate::verdict::{Loosened, Looser};

/// What `now` accepts and `before` did not, in the order of the file.
pub(super) fn baseline(before: &Baseline, now: Option<&Baseline>) -> Vec<Loosened> {
    let Some(now) = now else {
        return Vec::new();
    };
    let loosened = now.entries.iter().filter_map(|entry| {
        let same = |one: &&Entry| (&one.id, &one.suite) == (&entry.id, &entry.suite);
        let looser = match before.entries.iter().find(same) {
            None if has_moved(entry, before, now) => return None,
            None => Looser::Accepted,
            Some(old) if old.max < entry.max => Looser::RaisedFrom(old.max),
            Some(old) if old.expires < entry.expires => Looser::ExtendedFrom(old.expires),
            Some(_) => return None,
        };
        Some(Loosened::Entry {
            file: now.name.clone(),
            entry: entry.clone(),
            looser,
        })
    });
    loosened.collect()
}

/// Whether an entry took the place of one that accepted as much of the same root or home: its code
/// has moved.
fn has_moved(entry: &Entry, before: &Baseline, now: &Baseline) -> bool {
    let is_alike = |old: &Entry| match (&old.about, &entry.about) {
        (About::Stack { root, home }, About::Stack { root: r, home: h }) => {
            (root.is_some() && root == r) || (home.is_some() && home == h)
        }
        _ => false,
    };
    let mut gone = before.entries.iter().filter(|old| {
        let is_it = |one: &Entry| (&one.id, &one.suite) == (&old.id, &old.suite);
        !now.entries.iter().any(is_it)
    });
    gone.any(|old| {
        old.suite == entry.suite
            && old.max >= entry.max
            && old.expires >= entry.expires
            && is_alike(old)
    })
}

/// What `now` allows and `before` did not: rules, then exceptions, then the rest.
pub(super) fn policy(before: &Policy, now: &Policy) -> Vec<Loosened> {
    let mut loosened = rules(before, now);
    let own = |policy: &Policy| -> Vec<Arc<Exception>> {
        let exceptions = policy.exceptions.iter();
        let own = exceptions.filter(|one| matches!(one.source, Source::Policy { .. }));
        own.cloned().collect()
    };
    let old = own(before);
    for exception in own(now) {
        let same = |one: &&Arc<Exception>| one.matcher == exception.matcher;
        let looser = match old.iter().find(same) {
            None => Looser::Accepted,
            Some(old) => match (&old.max, &exception.max) {
                (Max::Count(from), Max::Count(to)) if from < to => Looser::RaisedFrom(*from),
                (from, to)
                    if from != to && !matches!((from, to), (Max::Count(_), Max::Count(_))) =>
                {
                    Looser::Accepted
                }
                _ => match (old.expires, exception.expires) {
                    (Some(from), Some(to)) if from < to => Looser::ExtendedFrom(from),
                    _ => continue,
                },
            },
        };
        loosened.push(Loosened::Exception { exception, looser });
    }
    if before.builtin_version.is_none() && now.builtin_version.is_some() {
        loosened.push(Loosened::BuiltinAllowed);
    }
    if before.gate_failed_tests && !now.gate_failed_tests {
        loosened.push(Loosened::FailedTestsNotGated);
    }
    loosened
}

fn rules(before: &Policy, now: &Policy) -> Vec<Loosened> {
    let of = |policy: &Policy| -> Vec<Arc<Rule>> {
        policy
            .rules
            .iter()
            .chain([&policy.default_rule])
            .cloned()
            .collect()
    };
    let (old, new) = (of(before), of(now));
    let mut loosened = Vec::new();
    for rule in &new {
        let Some(old) = old.iter().find(|one| one.name == rule.name) else {
            // A rule per stack takes its stacks from those behind it.
            let takes = rule.per == Per::Stack;
            let is_looser = is_looser(&now.default_rule.limit, &rule.limit)
                || rule.severity < now.default_rule.severity;
            if takes && is_looser {
                loosened.push(Loosened::NewRule(rule.clone()));
            }
            continue;
        };
        let is_wider = old.matcher != rule.matcher || old.per != rule.per;
        if is_looser(&old.limit, &rule.limit) {
            loosened.push(Loosened::Limit {
                rule: rule.clone(),
                from: old.limit,
            });
        } else if rule.severity < old.severity {
            loosened.push(Loosened::Severity(rule.clone()));
        } else if is_wider {
            loosened.push(Loosened::Match(rule.clone()));
        }
    }
    let is_gone = |rule: &&Arc<Rule>| !new.iter().any(|one| one.name == rule.name);
    loosened.extend(
        old.iter()
            .filter(is_gone)
            .cloned()
            .map(Loosened::RuleRemoved),
    );
    loosened
}

/// Whether a limit allows more than another, for some count before.
fn is_looser(old: &Limit, new: &Limit) -> bool {
    // No growth and no percent: nothing more than the ceiling counts.
    let growth = |limit: &Limit| (limit.growth, limit.percent);
    let grows = match (growth(old), growth(new)) {
        ((None, None), _) => false,
        (_, (None, None)) => true,
        ((old, old_percent), (new, new_percent)) => {
            new.unwrap_or(0) > old.unwrap_or(0)
                || new_percent.unwrap_or(0) > old_percent.unwrap_or(0)
        }
    };
    let rises = match (old.count, new.count) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(old), Some(new)) => new > old,
    };
    grows || rises
}
