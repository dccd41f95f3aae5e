//! Exceptions while a suite is judged: what each of them matches, and then what it covers.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use super::condition::{Asked, Condition, Number, Patterns};
use super::row_part::RowPart;
use super::used::Used;
use crate::diff::Row;
use crate::policy::{Exception, Max, Source};
use crate::verdict::{AllowUse, Disposition};

/// An exception of the policy, ready to be asked.
#[derive(Debug)]
pub(super) struct InForce<'p> {
    pub(super) exception: &'p Arc<Exception>,
    condition: Condition,
    /// Roots of goroutines that each show one of these in use.
    in_use_by: Vec<Number>,
    /// The exception that it goes with, by its place in the list: one before it.
    partner: Option<usize>,
    /// Whether its goroutines have to be counted by test: others go with them, or they may be in
    /// use.
    by_test: bool,
}

/// What an exception did in a suite.
#[derive(Debug)]
pub(super) struct Exemption<'j, 'p> {
    of: &'j InForce<'p>,
    /// Goroutines that count against it.
    used: Used<Exception>,
    /// The same by test, where that is asked for.
    by_test: Budget,
    /// Goroutines that each show one that it matches in use.
    busy: i64,
}

/// What an exception covers in a suite, once all stacks were seen.
#[derive(Debug)]
pub(super) struct Covered<'p> {
    pub(super) exception: &'p Arc<Exception>,
    pub(super) cover: Cover,
}

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

impl<'p> InForce<'p> {
    /// All exceptions of a policy, in their order.
    pub(super) fn all(exceptions: &'p [Arc<Exception>], patterns: &mut Patterns) -> Vec<Self> {
        let in_force = exceptions.iter().map(|exception| Self {
            exception,
            condition: patterns.condition(&exception.matcher),
            in_use_by: patterns.functions(&exception.in_use_by),
            partner: exceptions.iter().position(|one| exception.goes_with(one)),
            by_test: !exception.in_use_by.is_empty()
                || exceptions.iter().any(|one| one.goes_with(exception)),
        });
        in_force.collect()
    }
}

impl<'j, 'p> Exemption<'j, 'p> {
    pub(super) fn new(of: &'j InForce<'p>) -> Self {
        Self {
            of,
            used: Used::new(of.exception),
            by_test: Budget::default(),
            busy: 0,
        }
    }

    /// Whether it matches a part of a stack; one that it matches counts as seen.
    pub(super) fn sees(&mut self, asked: &Asked, part: &RowPart) -> bool {
        let holds = self.of.condition.holds(asked, &part.labels);
        if holds {
            self.used.seen(self.amount(part));
        }
        holds
    }

    /// Takes a part of a stack, so that those after it do not.
    pub(super) fn take(&mut self, part: &RowPart) {
        self.used.matched(self.amount(part));
    }

    pub(super) fn is_expired(&self, today: Date) -> bool {
        self.of.exception.is_expired(today)
    }

    /// Counts goroutines of a stack that belong to others, such as the two ends of a connection,
    /// and those that show others at work.
    pub(super) fn count_pairs(
        &mut self,
        asked: &Asked,
        row: &Row,
        parts: impl FnOnce() -> Vec<RowPart>,
    ) {
        if !self.of.by_test {
            return;
        }
        if asked.is_rooted_in(&self.of.in_use_by) {
            let exception = self.of.exception;
            self.busy += exception.amount(row.count_before, row.count_after);
        }
        // Whether it matches may depend on the labels of a part.
        let of = self.of;
        if of.exception.matcher.asks_for_labels() || of.condition.holds(asked, &BTreeMap::new()) {
            for part in parts() {
                if of.condition.holds(asked, &part.labels) {
                    self.by_test.add(part.test(), self.amount(&part));
                }
            }
        }
    }

    fn amount(&self, part: &RowPart) -> i64 {
        self.of.exception.amount(part.before, part.after)
    }

    /// What it covers, when it is known what those before it do.
    fn cover(&self, earlier: &[Self], covered: &[Covered], today: Date) -> Cover {
        let matched = self.used.matched;
        match self.of.exception.max {
            _ if self.is_expired(today) => Cover::Expired,
            Max::Unlimited => Cover::Holds,
            Max::Count(count) if self.busy > 0 => {
                let mut idle = self.by_test.clone();
                idle.take_any(self.busy);
                if idle.total() <= count {
                    Cover::Partly(idle)
                } else {
                    Cover::Exceeded
                }
            }
            Max::Count(count) if matched <= count => Cover::Holds,
            Max::Count(_) => Cover::Exceeded,
            Max::AsManyAs(_) => {
                // Those of the other count, whoever covers them.
                let partner = self.of.partner;
                let budget = partner.and_then(|partner| match &covered.get(partner)?.cover {
                    Cover::Holds => Some(earlier[partner].by_test.clone()),
                    Cover::Partly(budget) => Some(budget.clone()),
                    Cover::Exceeded | Cover::Expired => None,
                });
                match budget {
                    Some(budget) if matched <= budget.total() => Cover::Holds,
                    Some(budget) if budget.total() > 0 => Cover::Partly(budget),
                    _ => Cover::Exceeded,
                }
            }
        }
    }
}

/// What all exceptions cover, in their order, and what they did.
pub(super) fn decide<'p>(
    exemptions: Vec<Exemption<'_, 'p>>,
    today: Date,
) -> (Vec<Covered<'p>>, Vec<Used<Exception>>) {
    let mut covered = Vec::with_capacity(exemptions.len());
    for (index, exemption) in exemptions.iter().enumerate() {
        let cover = exemption.cover(&exemptions[..index], &covered, today);
        covered.push(Covered {
            exception: exemption.of.exception,
            cover,
        });
    }
    let used = exemptions.into_iter().map(|exemption| exemption.used);
    (covered, used.collect())
}

impl Cover {
    /// What `exception` makes of a violation that it covers in this way.
    pub(super) fn disposition(&self, exception: &Arc<Exception>) -> Disposition {
        let exception = exception.clone();
        match (self, &exception.max) {
            (Cover::Holds, _) => Disposition::Allowed(exception),
            (Cover::Expired, _) => Disposition::Expired(exception),
            (_, Max::Count(_)) => Disposition::Exceeded(exception),
            // That others are there without their counterparts says nothing about these.
            _ => Disposition::Open,
        }
    }
}

impl Budget {
    fn add(&mut self, test: &str, count: i64) {
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

/// The result of an exception, over all suites; `None` for a built-in one that matched nothing.
pub(super) fn use_of(used: Used<Exception>, today: Date) -> Option<AllowUse> {
    let is_own = used.what.source != Source::Builtin;
    (is_own || used.matched > 0).then(|| AllowUse {
        matched: used.matched,
        most: used.most,
        unused: used.is_unused(),
        shadowed: used.is_shadowed(),
        days_left: used.what.days_left(today),
        exception: used.what,
    })
}
