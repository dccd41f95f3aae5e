//! Exceptions while suites are judged: those of the policy, and the built-in ones.

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cover {
    /// It covers what it matches.
    Holds,
    /// It matches more goroutines than it may cover, so it covers none of them.
    Exceeded,
    /// Its last day is over.
    Expired,
}

/// What an exception or a rule did. Of an exception of the policy it counts the goroutines after; of a built-in one growth,
/// since that is there for what comes with a test run, not for what a program keeps anyway; of a rule, those before and after.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Use {
    /// Of goroutines that none before it took.
    pub(super) matched: i64,
    /// Of all that it matches.
    pub(super) seen: i64,
}

impl Use {
    pub(super) fn add(&mut self, other: Use) {
        self.matched = self.matched.saturating_add(other.matched);
        self.seen = self.seen.saturating_add(other.seen);
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
    let mut covers = Vec::with_capacity(exceptions.len());
    for (exception, Use { matched, .. }) in exceptions.iter().zip(uses) {
        covers.push(match exception {
            Exception::Policy(_) if exception.is_expired(today) => Cover::Expired,
            Exception::Policy(allow) => within(*matched <= allow.max),
            Exception::Builtin(entry) => match entry.bound {
                Bound::Count(count) => within(*matched <= count),
                Bound::Unbounded => Cover::Holds,
                // The other one stands before it in the list, and counts whoever covers its goroutines.
                Bound::AsMany(name) => {
                    let other = exceptions.iter().position(|other| other.is_builtin(name));
                    within(other.is_some_and(|other| {
                        covers[other] == Cover::Holds && *matched <= uses[other].seen
                    }))
                }
            },
        });
    }
    covers
}

impl Exception<'_> {
    pub(super) fn is_expired(&self, today: Date) -> bool {
        matches!(self, Exception::Policy(allow) if allow.expires < today)
    }

    fn is_builtin(&self, name: &str) -> bool {
        matches!(self, Exception::Builtin(entry) if entry.name == name)
    }

    /// How many goroutines count against it, when there were `before` and are `after`.
    pub(super) fn amount(&self, before: i64, after: i64) -> i64 {
        match self {
            Exception::Policy(_) => after,
            Exception::Builtin(_) => (after - before).max(0),
        }
    }

    /// What it makes of a violation, and why.
    pub(super) fn disposition(&self, cover: Cover, policy: &Policy) -> (Disposition, String) {
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
                    Cover::Exceeded => (
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
                format!("more than the built-in exception {} accepts", entry.name),
            ),
        }
    }

    /// For an exception of the policy that is exceeded: what is to be known of it.
    pub(super) fn exceeded(&self, cover: Cover, policy: &Policy) -> Option<Exceeded> {
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
    pub(super) fn tell(&self, used: Use, today: Date) -> Option<AllowUse> {
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
