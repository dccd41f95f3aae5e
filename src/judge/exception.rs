//! Exceptions while a suite is judged: what each of them covers.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use crate::policy::{Exception, Max, Origin};
use crate::verdict::{AllowUse, Disposition};

/// What an exception covers in one suite.
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
        if count > 0 {
            *self.0.entry(test.to_owned()).or_default() += count;
        }
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

/// What an exception or a rule did: of an exception the goroutines that count against it, of a rule
/// those before and after.
#[derive(Debug, Clone, Default)]
pub(super) struct Use {
    /// Of goroutines that none before it took.
    pub(super) matched: i64,
    /// Of all that it matches.
    pub(super) seen: i64,
    /// The same by test, where another exception goes with this one.
    pub(super) by_test: Budget,
    /// Goroutines that each show one that it matches in use.
    pub(super) busy: i64,
}

impl Use {
    pub(super) fn add(&mut self, matched: i64, seen: i64) {
        self.matched = self.matched.saturating_add(matched);
        self.seen = self.seen.saturating_add(seen);
    }
}

/// What each exception covers, given what it did in a suite.
pub(super) fn covers(exceptions: &[Arc<Exception>], uses: &[Use], today: Date) -> Vec<Cover> {
    let within = |fits: bool| if fits { Cover::Holds } else { Cover::Exceeded };
    let mut covers: Vec<Cover> = Vec::with_capacity(exceptions.len());
    for (exception, used) in exceptions.iter().zip(uses) {
        let matched = used.matched;
        covers.push(match exception.max {
            _ if exception.is_expired(today) => Cover::Expired,
            Max::Count(count) if used.busy > 0 => {
                let mut idle = used.by_test.clone();
                idle.take_any(used.busy);
                if idle.total() <= count {
                    Cover::Partly(idle)
                } else {
                    Cover::Exceeded
                }
            }
            Max::Count(count) => within(matched <= count),
            Max::Unlimited => Cover::Holds,
            Max::AsManyAs(_) => {
                // The other one comes before it in the list, and counts whoever covers its
                // goroutines.
                let other = exceptions
                    .iter()
                    .position(|other| exception.goes_with(other));
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
        });
    }
    covers
}

/// The exceptions whose goroutines have to be counted by test: others go with them, or theirs may be
/// in use.
pub(super) fn by_test(exceptions: &[Arc<Exception>]) -> Vec<usize> {
    let is_asked_for = |exception: &Exception| {
        !exception.in_use_by.is_empty() || exceptions.iter().any(|other| other.goes_with(exception))
    };
    let numbered = exceptions.iter().enumerate();
    let asked_for = numbered.filter(|(_, exception)| is_asked_for(exception));
    asked_for.map(|(index, _)| index).collect()
}

/// What an exception that matches makes of a violation.
pub(super) fn disposition(exception: &Arc<Exception>, cover: &Cover) -> Disposition {
    match (cover, &exception.max) {
        (Cover::Holds, _) => Disposition::Allowed(exception.clone()),
        (Cover::Expired, _) => Disposition::Expired(exception.clone()),
        (_, Max::Count(_)) => Disposition::Exceeded(exception.clone()),
        // That others are there without their counterparts says nothing about these.
        _ => Disposition::Open,
    }
}

/// The result of an exception, over all suites; `None` for a built-in one that matched nothing.
pub(super) fn use_of(exception: &Arc<Exception>, used: &Use, today: Date) -> Option<AllowUse> {
    let is_own = exception.origin != Origin::Builtin;
    (is_own || used.matched > 0).then(|| AllowUse {
        exception: exception.clone(),
        matched: used.matched,
        unused: used.seen == 0,
        shadowed: used.seen > 0 && used.matched == 0,
        days_left: exception
            .expires
            .map(|expires| days_between(today, expires)),
    })
}

fn days_between(from: Date, to: Date) -> i64 {
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}
