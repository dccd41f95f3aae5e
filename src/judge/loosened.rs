//! What a change lets pass that did not pass before it: the policy and the baseline, held against
//! those of the base branch.
//!
//! Only what is written down is compared, not what was captured: an entry that nothing needs yet is
//! looser all the same.

use std::collections::HashMap;
use std::sync::Arc;

use crate::baseline::{About, Baseline, Entry};
use crate::policy::{Exception, Limit, Matcher, Max, Pattern, Per, Policy, Rule, Source};
use crate::verdict::{Loosened, Looser};

/// What a policy and a baseline let pass that those of the base branch did not, as far as these are
/// given: the baseline first, each in the order of its file.
pub fn loosened(
    (policy_before, policy): (Option<&Policy>, &Policy),
    (baseline_before, baseline): (Option<&Baseline>, Option<&Baseline>),
) -> Vec<Loosened> {
    let of_baseline = baseline_before.zip(baseline);
    let of_baseline = of_baseline.map(|(before, now)| self::baseline(before, now));
    let of_policy = policy_before.map(|before| self::policy(before, policy));
    of_baseline.into_iter().chain(of_policy).flatten().collect()
}

/// What `now` accepts and `before` did not, in the order of the file.
fn baseline(before: &Baseline, now: &Baseline) -> Vec<Loosened> {
    let mut gone = Gone::new(before, now);
    let loosened = now.entries.iter().filter_map(|entry| {
        let looser = match before.find(&entry.id, &entry.suite) {
            None if gone.takes(entry) => return None,
            None => Looser::New,
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

/// Entries that are gone, by their suite, root and home: another one with these may be of the same
/// code, which has moved.
struct Gone<'b>(HashMap<[String; 3], Vec<&'b Entry>>);

impl<'b> Gone<'b> {
    fn new(before: &'b Baseline, now: &Baseline) -> Self {
        let mut gone: HashMap<[String; 3], Vec<&Entry>> = HashMap::new();
        for old in &before.entries {
            if now.find(&old.id, &old.suite).is_none()
                && let Some(names) = names(old)
            {
                gone.entry(names).or_default().push(old);
            }
        }
        Self(gone)
    }

    /// Takes one that accepted as much, for as long; each stands for one entry only.
    fn takes(&mut self, entry: &Entry) -> bool {
        let alike = names(entry).and_then(|names| self.0.get_mut(&names));
        let Some(alike) = alike else {
            return false;
        };
        let as_much = |old: &&Entry| old.max >= entry.max && old.expires >= entry.expires;
        let at = alike.iter().position(as_much);
        at.map(|at| alike.swap_remove(at)).is_some()
    }
}

/// The suite, the root and the home of an entry; `None` for one that these do not tell.
fn names(entry: &Entry) -> Option<[String; 3]> {
    match &entry.about {
        About::Stack {
            root: Some(root),
            home: Some(home),
        } => Some([&entry.suite, root, home].map(String::clone)),
        _ => None,
    }
}

/// What `now` allows and `before` did not: rules, then exceptions, then the rest.
fn policy(before: &Policy, now: &Policy) -> Vec<Loosened> {
    let mut loosened = rules(before, now);
    let own = |policy: &Policy| -> Vec<Arc<Exception>> {
        let exceptions = policy.exceptions.iter();
        let own = exceptions.filter(|one| matches!(one.source, Source::Policy { .. }));
        own.cloned().collect()
    };
    let (old, new) = (own(before), own(now));
    for (at, exception) in new.iter().enumerate() {
        let same = |one: &&Arc<Exception>| is_same(one, exception);
        let looser = match old.iter().find(same) {
            None => Looser::New,
            Some(was) => match (&was.max, &exception.max) {
                (Max::Count(from), Max::Count(to)) if from < to => Looser::RaisedFrom(*from),
                (Max::Count(_), Max::Count(_)) => match (was.expires, exception.expires) {
                    (Some(from), Some(to)) if from < to => Looser::ExtendedFrom(from),
                    _ if takes_over(exception, &old, &new[..at]) => Looser::Earlier,
                    _ => continue,
                },
                (from, to) if from != to => Looser::New,
                _ => continue,
            },
        };
        loosened.push(Loosened::Exception {
            exception: exception.clone(),
            looser,
        });
    }
    if before.builtin_version.is_none() && now.builtin_version.is_some() {
        loosened.push(Loosened::BuiltinAllowed);
    }
    if before.gate_failed_tests && !now.gate_failed_tests {
        loosened.push(Loosened::FailedTestsNotGated);
    }
    loosened
}

/// Whether two exceptions are about the same goroutines.
fn is_same(one: &Exception, other: &Exception) -> bool {
    one.matcher == other.matcher && one.in_use_by == other.in_use_by
}

/// Whether an exception takes what one before it took that accepted less, since that one is not
/// `before` it any more: it is behind it now, or gone.
fn takes_over(exception: &Exception, old: &[Arc<Exception>], before: &[Arc<Exception>]) -> bool {
    let max = |one: &Exception| match one.max {
        Max::Count(max) => max,
        Max::Unlimited | Max::AsManyAs(_) => i64::MAX,
    };
    let mut earlier = old.iter().take_while(|one| !is_same(one, exception));
    earlier.any(|one| {
        let is_before = before.iter().any(|other| is_same(other, one));
        max(one) < max(exception) && !is_before && may_overlap(&exception.matcher, &one.matcher)
    })
}

/// Whether a goroutine may match both, as far as names tell.
fn may_overlap(wide: &Matcher, narrow: &Matcher) -> bool {
    let names = |of: fn(&Matcher) -> &Vec<Pattern>| {
        let (wide, narrow) = (of(wide), of(narrow));
        let takes = |name: &Pattern| wide.iter().any(|one| one.matches(&name.to_string()));
        wide.is_empty() || narrow.is_empty() || narrow.iter().any(takes)
    };
    let is_one_state = wide.state.is_none() || narrow.state.is_none() || wide.state == narrow.state;
    is_one_state
        && names(|one| &one.root)
        && names(|one| &one.home)
        && names(|one| &one.suite)
        && names(|one| &one.test)
}

fn rules(before: &Policy, now: &Policy) -> Vec<Loosened> {
    let of = |policy: &Policy| -> Vec<Arc<Rule>> {
        let rules = policy.rules.iter().chain([&policy.default_rule]);
        rules.cloned().collect()
    };
    let (old, new) = (of(before), of(now));
    let mut loosened = Vec::new();
    for (at, rule) in new.iter().enumerate() {
        let Some(was) = old.iter().find(|one| one.name == rule.name) else {
            // A rule per stack takes its stacks from those behind it.
            let mut behind = new[at + 1..].iter().filter(|one| one.per == Per::Stack);
            let is_looser = |one: &Arc<Rule>| {
                is_looser(&one.limit, &rule.limit) || rule.severity < one.severity
            };
            if rule.per == Per::Stack && behind.any(is_looser) {
                loosened.push(Loosened::NewRule(rule.clone()));
            }
            continue;
        };
        if is_looser(&was.limit, &rule.limit) {
            loosened.push(Loosened::Limit {
                rule: rule.clone(),
                from: was.limit,
            });
        } else if rule.severity < was.severity {
            loosened.push(Loosened::Severity(rule.clone()));
        } else if was.matcher != rule.matcher || was.per != rule.per {
            loosened.push(Loosened::Match(rule.clone()));
        } else if has_passed(rule, &old, &new[at + 1..]) {
            loosened.push(Loosened::Order(rule.clone()));
        }
    }
    let gone = old
        .iter()
        .filter(|rule| !new.iter().any(|one| one.name == rule.name));
    // Its stacks are judged by another rule per stack now, in the end by the default.
    let is_looser = |rule: &&Arc<Rule>| {
        rule.per != Per::Stack
            || new.iter().any(|one| {
                one.per == Per::Stack
                    && (is_looser(&rule.limit, &one.limit) || one.severity < rule.severity)
            })
    };
    let removed = gone.filter(is_looser);
    loosened.extend(removed.cloned().map(Loosened::RuleRemoved));
    loosened
}

/// Whether a rule per stack stands before a stricter one that was before it.
fn has_passed(rule: &Rule, old: &[Arc<Rule>], behind: &[Arc<Rule>]) -> bool {
    let place = |name: &str| old.iter().position(|one| one.name == name);
    rule.per == Per::Stack
        && behind.iter().any(|other| {
            let is_stricter =
                is_looser(&other.limit, &rule.limit) || rule.severity < other.severity;
            let passed = place(&other.name) < place(&rule.name) && place(&other.name).is_some();
            other.per == Per::Stack && is_stricter && passed
        })
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
