//! What can be said of a policy without a profile: what is never reached, what can match nothing,
//! what accepts too much, and what ends soon.
//!
//! Only what is certain is said. That a pattern is misspelt, or that a leak is gone, takes a profile:
//! judging says it, of the same kinds.

use std::ops::RangeInclusive;
use std::sync::Arc;

use jiff::civil::Date;

use super::{Exception, Per, Policy, Rule, Source};

/// So few days before it ends, an exception is worth a reminder.
const SOON: RangeInclusive<i64> = 0..=14;

/// Whether so many days are left that a reminder is due.
pub fn is_soon(days: i64) -> bool {
    SOON.contains(&days)
}

/// What a team should know of an exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExceptionFlaw {
    /// Its last day is over.
    Expired,
    /// Its last day is in so many days.
    ExpiresIn(i64),
    /// It matched nothing.
    Unused,
    /// Earlier ones take all that it matches: this one, where it is known to be one.
    Shadowed(Option<Arc<Exception>>),
    /// What it asks for, it excludes.
    Contradiction,
    /// It accepts a blocking primitive, and with it nearly anything.
    Broad,
    /// It accepts all goroutines of a package, a suite or a label, whatever they do.
    NamesNoCode,
}

/// What a team should know of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleFlaw {
    /// It matched nothing.
    Unused,
    /// Earlier ones take all that it matches: this one, where it is known to be one.
    Shadowed(Option<Arc<Rule>>),
    /// What it asks for, it excludes.
    Contradiction,
}

impl Policy {
    /// What a team should know of its exceptions on a day, in the order of the file.
    pub fn exception_flaws(&self, today: Date) -> Vec<(Arc<Exception>, ExceptionFlaw)> {
        let is_own = |one: &&Arc<Exception>| matches!(one.source, Source::Policy { .. });
        let own: Vec<&Arc<Exception>> = self.exceptions.iter().filter(is_own).collect();
        let flaws = own.iter().enumerate().flat_map(|(at, exception)| {
            // The first that has not expired counts: one that ends earlier gives way.
            let takes_all = |one: &&&Arc<Exception>| {
                one.expires >= exception.expires && one.matcher.covers(&exception.matcher)
            };
            let earlier = own[..at].iter().find(takes_all);
            let mut flaws = exception.flaws(exception.days_left(today));
            if exception.matcher.contradicts_itself() {
                flaws.push(ExceptionFlaw::Contradiction);
            } else if let Some(earlier) = earlier
                && !exception.is_expired(today)
                && !own.iter().any(|one| one.goes_with(exception))
            {
                flaws.push(ExceptionFlaw::Shadowed(Some((**earlier).clone())));
            }
            if exception.matcher.names_no_code() && !flaws.contains(&ExceptionFlaw::Broad) {
                flaws.push(ExceptionFlaw::NamesNoCode);
            }
            let of = |flaw| ((*exception).clone(), flaw);
            flaws.into_iter().map(of).collect::<Vec<_>>()
        });
        flaws.collect()
    }

    /// What a team should know of its rules, in the order of the file.
    pub fn rule_flaws(&self) -> Vec<(Arc<Rule>, RuleFlaw)> {
        let flaws = self.rules.iter().enumerate().filter_map(|(at, rule)| {
            let takes_all =
                |one: &&Arc<Rule>| one.per == Per::Stack && one.matcher.covers(&rule.matcher);
            let earlier = self.rules[..at].iter().find(takes_all);
            let earlier = earlier.filter(|_| rule.per == Per::Stack);
            let flaw = if rule.matcher.contradicts_itself() {
                RuleFlaw::Contradiction
            } else {
                RuleFlaw::Shadowed(Some(earlier?.clone()))
            };
            Some((rule.clone(), flaw))
        });
        flaws.collect()
    }
}

impl Exception {
    /// What is to be known of it whatever a profile holds, when so many days are left.
    pub fn flaws(&self, days_left: Option<i64>) -> Vec<ExceptionFlaw> {
        let is_broad = self.source != Source::Builtin && self.matcher.is_broad();
        let ends = days_left.and_then(|days| match days {
            ..0 => Some(ExceptionFlaw::Expired),
            days if is_soon(days) => Some(ExceptionFlaw::ExpiresIn(days)),
            _ => None,
        });
        let broad = is_broad.then_some(ExceptionFlaw::Broad);
        ends.into_iter().chain(broad).collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn policy(text: &str) -> Policy {
        Policy::parse("leakgate.yml".as_ref(), text).unwrap()
    }

    /// Line and flaw of each exception, on 2026-11-20.
    fn of_allows(entries: &[&str]) -> Vec<(u32, ExceptionFlaw)> {
        let entry = |entry: &&str| {
            let ends = if entry.contains("expires") {
                ""
            } else {
                ", expires: 2027-06-30"
            };
            format!("  - {{ {entry}, max: 1, reason: known{ends} }}\n")
        };
        let entries: String = entries.iter().map(entry).collect();
        let policy = policy(&format!("version: 1\nallow:\n{entries}"));
        let flaws = policy.exception_flaws(date(2026, 11, 20)).into_iter();
        flaws
            .map(|(exception, flaw)| (exception.line().unwrap() - 2, flaw))
            .collect()
    }

    #[test]
    fn an_exception_is_shadowed_by_an_earlier_one_that_covers_as_much_for_as_long() {
        let is_shadowed = |first: &str, second: &str| {
            let flaws = of_allows(&[first, second]);
            flaws
                .iter()
                .any(|(line, flaw)| *line == 2 && matches!(flaw, ExceptionFlaw::Shadowed(Some(_))))
        };
        let narrow = "match: { root: app.run, state: select }";
        assert!(is_shadowed("match: { root: app.* }", narrow));
        assert!(is_shadowed("match: { any: app.* }", narrow));
        assert!(is_shadowed("match: { root: [b, app.run] }", narrow));
        assert!(!is_shadowed(narrow, "match: { root: app.* }"));
        assert!(!is_shadowed("match: { root: app.*, without: x.* }", narrow));
        assert!(!is_shadowed("match: { home: app.* }", narrow));
        assert!(!is_shadowed(
            "match: { root: app.run, proven: true }",
            narrow
        ));
        assert!(!is_shadowed(
            "match: { root: app.* }, expires: 2027-01-01",
            narrow
        ));
    }

    #[test]
    fn what_ends_what_contradicts_itself_and_what_is_too_wide_is_said() {
        let flaws = of_allows(&[
            "match: { root: app.a }, expires: 2026-11-19",
            "match: { root: app.b }, expires: 2026-12-04",
            "match: { root: app.c }, expires: 2026-12-05",
            "match: { root: app.run, without: app.* }",
            "match: { any: time.Sleep }",
            "match: { package: app }",
            "match: { stack: \"0123456789ab\" }",
        ]);
        let expected = [
            (1, ExceptionFlaw::Expired),
            (2, ExceptionFlaw::ExpiresIn(14)),
            (4, ExceptionFlaw::Contradiction),
            (5, ExceptionFlaw::Broad),
            (6, ExceptionFlaw::NamesNoCode),
        ];
        assert_eq!(flaws, expected);
    }

    #[test]
    fn a_rule_per_stack_is_never_reached_behind_one_that_covers_it() {
        let policy = policy(
            "version: 1
rules:
  - { name: sums, per: total, limit: { growth: 1 } }
  - { name: all-of-app, match: { package: app }, limit: { growth: 1 } }
  - { name: late, match: { package: app, state: select }, limit: { growth: 9 } }
  - { name: by-root, match: { package: app }, per: root, limit: { growth: 9 } }
  - { name: never, match: { home: app.run, without: '*' }, limit: { growth: 9 } }
",
        );
        let flaws = policy.rule_flaws();
        let found: Vec<_> = flaws
            .iter()
            .map(|(rule, flaw)| (&*rule.name, flaw))
            .collect();
        let by = RuleFlaw::Shadowed(Some(policy.rules[1].clone()));
        assert_eq!(found, [("late", &by), ("never", &RuleFlaw::Contradiction)]);
    }
}
