//! Exceptions while suites are judged: those of the policy, and the built-in ones.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::policy::{Allow, BUILTIN_ALLOWS, Bound, BuiltinAllow, Policy};
use crate::verdict::{AllowUse, Disposition, Exceeded};

/// An exception, wherever it comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Exception<'p> {
    Policy(&'p Allow),
    Builtin(&'static BuiltinAllow),
}

/// How an exception stands in one suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cover {
    /// It covers what it matches.
    Holds,
    /// It covers some of the goroutines that it matches: those that belong to others.
    Partly(Budget),
    /// It matches more goroutines than it may cover, so it covers none of them.
    Exceeded,
    /// Its last day is over.
    Expired,
}

/// How many goroutines are covered, by the test that started them, "" for those of no test.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Budget(BTreeMap<String, i64>);

impl Budget {
    pub(super) fn add(&mut self, test: &str, count: i64) {
        *self.0.entry(test.to_owned()).or_default() += count;
    }

    fn total(&self) -> i64 {
        self.0.values().sum()
    }

    /// Takes up to `count` for goroutines of a test, and gives how many there were.
    pub(super) fn take(&mut self, test: &str, count: i64) -> i64 {
        self.0.get_mut(test).map_or(0, |left| {
            let taken = count.min(*left);
            *left -= taken;
            taken
        })
    }

    /// The same, whatever test they were for.
    pub(super) fn take_any(&mut self, mut count: i64) -> i64 {
        let wanted = count;
        for left in self.0.values_mut() {
            let taken = count.min(*left);
            *left -= taken;
            count -= taken;
        }
        wanted - count
    }
}

/// What an exception or a rule did. Of an exception of the policy it counts the goroutines after; of a built-in one growth,
/// since that is there for what comes with a test run, not for what a program keeps anyway; of a rule, those before and after.
#[derive(Debug, Clone, Default)]
pub(super) struct Use {
    /// Of goroutines that none before it took.
    pub(super) matched: i64,
    /// Of all that it matches.
    pub(super) seen: i64,
    /// The same by test, where another exception asks for as many.
    pub(super) by_test: Budget,
    /// Goroutines that each show one that it matches at work.
    pub(super) busy: i64,
}

impl Use {
    pub(super) fn add(&mut self, matched: i64, seen: i64) {
        self.matched = self.matched.saturating_add(matched);
        self.seen = self.seen.saturating_add(seen);
    }
}

/// All exceptions that are in force: those of the policy in its order, then the built-in ones.
pub(super) fn all(policy: &Policy) -> Vec<Exception<'_>> {
    let own = policy.allows.iter().map(Exception::Policy);
    let builtin = BUILTIN_ALLOWS.iter().filter(|_| policy.builtin_allow);
    own.chain(builtin.map(Exception::Builtin)).collect()
}

/// How each exception stands, given what it did in a suite.
pub(super) fn covers(exceptions: &[Exception], uses: &[Use], today: Date) -> Vec<Cover> {
    let within = |fits: bool| if fits { Cover::Holds } else { Cover::Exceeded };
    let mut covers: Vec<Cover> = Vec::with_capacity(exceptions.len());
    for (exception, used) in exceptions.iter().zip(uses) {
        let matched = used.matched;
        covers.push(match exception {
            Exception::Policy(_) if exception.is_expired(today) => Cover::Expired,
            Exception::Policy(allow) => within(matched <= allow.max),
            Exception::Builtin(entry) => match entry.bound {
                Bound::Count(count) if used.busy > 0 => {
                    let mut idle = used.by_test.clone();
                    idle.take_any(used.busy);
                    if idle.total() <= count {
                        Cover::Partly(idle)
                    } else {
                        Cover::Exceeded
                    }
                }
                Bound::Count(count) => within(matched <= count),
                Bound::Unbounded => Cover::Holds,
                Bound::AsMany(name) => {
                    // The other one stands before it in the list, and counts whoever covers its goroutines.
                    let other = exceptions.iter().position(|other| other.is_builtin(name));
                    let budget = other.and_then(|other| match &covers[other] {
                        Cover::Holds => Some(uses[other].by_test.clone()),
                        Cover::Partly(budget) => Some(budget.clone()),
                        Cover::Exceeded | Cover::Expired => None,
                    });
                    match budget {
                        Some(budget) if matched <= budget.total() => Cover::Holds,
                        Some(budget) if budget.total() > 0 => Cover::Partly(budget),
                        _ => Cover::Exceeded,
                    }
                }
            },
        });
    }
    covers
}

/// The exceptions whose goroutines have to be told by test: other ones cover as many, or theirs may be at work.
pub(super) fn by_test(exceptions: &[Exception]) -> Vec<usize> {
    let asked_for = |exception: &Exception| {
        let mut bounds = exceptions.iter().filter_map(|other| match other {
            Exception::Builtin(entry) => Some(entry.bound),
            Exception::Policy(_) => None,
        });
        bounds.any(|bound| matches!(bound, Bound::AsMany(name) if exception.is_builtin(name)))
    };
    let numbered = exceptions.iter().enumerate();
    let asked_for = numbered.filter(|(_, exception)| asked_for(exception));
    asked_for.map(|(index, _)| index).collect()
}

impl Exception<'_> {
    pub(super) fn is_expired(&self, today: Date) -> bool {
        matches!(self, Exception::Policy(allow) if allow.expires < today)
    }

    fn is_builtin(&self, name: &str) -> bool {
        matches!(self, Exception::Builtin(entry) if entry.name == name)
    }

    /// Its name, when it is a built-in one.
    pub(super) fn builtin_name(&self) -> Option<&'static str> {
        match self {
            Exception::Policy(_) => None,
            Exception::Builtin(entry) => Some(entry.name),
        }
    }

    /// How many goroutines count against it, when there were `before` and are `after`.
    pub(super) fn amount(&self, before: i64, after: i64) -> i64 {
        match self {
            Exception::Policy(_) => after,
            Exception::Builtin(_) => (after - before).max(0),
        }
    }

    /// What it makes of a violation, and why.
    pub(super) fn disposition(&self, cover: &Cover, policy: &Policy) -> (Disposition, String) {
        match (self, cover) {
            (Exception::Policy(allow), cover) => {
                let Allow {
                    expires,
                    reason,
                    max,
                    ..
                } = allow;
                let place = policy.place(Some(allow.line));
                match cover {
                    Cover::Holds => (
                        Disposition::Allowed,
                        format!("{reason} ({place} until {expires})"),
                    ),
                    Cover::Expired => (
                        Disposition::Expired,
                        format!("accepted until {expires} ({place}): {reason}"),
                    ),
                    Cover::Exceeded | Cover::Partly(_) => (
                        Disposition::Open,
                        format!("more than the {max} that {place} accepts: {reason}"),
                    ),
                }
            }
            (Exception::Builtin(entry), Cover::Holds) => (
                Disposition::Allowed,
                format!("{} (built-in {})", entry.reason, entry.name),
            ),
            (Exception::Builtin(entry), _) => (
                Disposition::Open,
                match entry.bound {
                    // That others are there without their counterparts says nothing of these.
                    Bound::AsMany(_) => String::new(),
                    _ => format!("more than the built-in exception {} accepts", entry.name),
                },
            ),
        }
    }

    /// For an exception of the policy that is exceeded: what is to be known of it.
    pub(super) fn exceeded(&self, cover: &Cover, policy: &Policy) -> Option<Exceeded> {
        match (self, cover) {
            (Exception::Policy(allow), Cover::Exceeded) => Some(Exceeded {
                place: policy.place(Some(allow.line)),
                max: allow.max,
                is_narrow: allow.matcher.stack.is_some(),
            }),
            _ => None,
        }
    }

    /// What to tell of it, over all suites; nothing of a built-in one that matched nothing.
    pub(super) fn tell(&self, used: &Use, today: Date) -> Option<AllowUse> {
        match self {
            Exception::Policy(allow) => Some(AllowUse {
                builtin: None,
                line: Some(allow.line),
                matched: used.matched,
                unused: used.seen == 0,
                shadowed: used.seen > 0 && used.matched == 0,
                max: Some(allow.max),
                expires: Some(allow.expires),
                days_left: Some(days_between(today, allow.expires)),
                broad: allow.matcher.is_broad(),
                reason: allow.reason.clone(),
                owner: allow.owner.clone(),
            }),
            Exception::Builtin(entry) => (used.matched > 0).then(|| AllowUse {
                builtin: Some(entry.name),
                line: None,
                matched: used.matched,
                unused: false,
                shadowed: false,
                max: match entry.bound {
                    Bound::Count(count) => Some(count),
                    Bound::Unbounded | Bound::AsMany(_) => None,
                },
                expires: None,
                days_left: None,
                broad: false,
                reason: entry.reason.to_owned(),
                owner: None,
            }),
        }
    }
}

fn days_between(from: Date, to: Date) -> i64 {
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}
