//! One suite: each stack taken apart into parts, and judged as it comes by.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Judge;
use super::exception::{Cover, Use, disposition};
use super::matching::{Matches, Subject};
use super::places::Places;
use super::row_part::RowPart;
use super::shared::{is_shared, is_unread_body};
use super::tally::{self, Tally};
use crate::diff::{Diff, Pairing, Row};
use crate::evidence::SuiteName;
use crate::policy::{Per, Rule};
use crate::profile::Kind;
use crate::snapshot::Snapshot;
use crate::stack::id_of;
use crate::verdict::{self, Disposition, Finding, Stack, Sum};

/// One suite while it is judged.
pub(super) struct Judging<'j, 'p, 's, 'buf> {
    judge: &'j Judge<'p>,
    name: &'j SuiteName,
    diff: &'j Diff<'s, 'buf>,
    proven: Option<&'j Snapshot<'buf>>,
    /// What each exception did.
    pub(super) uses: Vec<Use>,
    /// What each rule of the policy did.
    pub(super) rule_uses: Vec<Use>,
    violations: Vec<Violation<'p>>,
    /// One for each rule of the policy that does not judge stack by stack.
    tallies: Vec<Tally<'p>>,
    places: Places,
}

/// Goroutines of one stack that are too many for the rule that decides, before it is known whether
/// their exception holds.
struct Violation<'p> {
    row: Row,
    rule: &'p Arc<Rule>,
    /// Index of the exception.
    allow: Option<usize>,
    before: i64,
    after: i64,
    /// By labels, where the policy asks for labels.
    parts: Vec<RowPart>,
}

impl<'j, 'p, 's, 'buf> Judging<'j, 'p, 's, 'buf> {
    pub(super) fn new(
        judge: &'j Judge<'p>,
        name: &'j SuiteName,
        diff: &'j Diff<'s, 'buf>,
        proven: Option<&'j Snapshot<'buf>>,
    ) -> Self {
        let rules = judge.policy.rules.iter();
        Self {
            judge,
            name,
            diff,
            proven,
            uses: vec![Use::default(); judge.exceptions.len()],
            rule_uses: vec![Use::default(); judge.policy.rules.len()],
            violations: Vec::new(),
            tallies: rules
                .filter(|rule| rule.per != Per::Stack)
                .map(Tally::new)
                .collect(),
            places: Places::new(diff),
        }
    }

    /// Judges every stack that can matter.
    pub(super) fn rows(&mut self) {
        let (judge, diff) = (self.judge, self.diff);
        let mut matches =
            [diff.before, diff.after].map(|snapshot| Matches::new(&judge.conditions, snapshot));
        let rows = diff.rows();
        for row in rows.filter(|row| judge.every_row || row.growth() > 0) {
            self.row(row, &mut matches[usize::from(row.after.is_some())]);
        }
    }

    fn row(&mut self, row: Row, matches: &mut Matches) {
        let (snapshot, group) = self.diff.shown(&row);
        let frames = snapshot.frames(group);
        let conditions = &self.judge.conditions;
        let subject = matches.subject(
            conditions,
            self.name.subject(),
            &frames,
            self.proven(&row).map(|count| count > 0),
        );
        let first = self.violations.len();
        let rules = &self.judge.policy.rules;
        for part in RowPart::of(self.diff, &row, self.judge.by_labels) {
            let allow = self.exception(&subject, &part);
            let mut deciding = None;
            for rule in conditions.rules(&subject, &part.labels) {
                let per_stack = rules[rule].per == Per::Stack;
                let judges = !per_stack || deciding.is_none();
                if per_stack && judges {
                    deciding = Some(&rules[rule]);
                }
                let seen = part.before.saturating_add(part.after);
                self.rule_uses[rule].add(if judges { seen } else { 0 }, seen);
                let is_its = |tally: &&mut Tally| Arc::ptr_eq(tally.rule, &rules[rule]);
                let tally = self.tallies.iter_mut().find(is_its);
                if let Some(tally) = tally {
                    tally.add(allow, &frames, &part);
                }
            }
            let rule = deciding.unwrap_or(&self.judge.policy.default_rule);
            let same = |one: &Violation| Arc::ptr_eq(one.rule, rule) && one.allow == allow;
            let found = self.violations[first..].iter().position(same);
            let index = found.map_or(self.violations.len(), |found| first + found);
            if found.is_none() {
                self.violations.push(Violation {
                    row,
                    rule,
                    allow,
                    before: 0,
                    after: 0,
                    parts: Vec::new(),
                });
            }
            let violation = &mut self.violations[index];
            violation.before += part.before;
            violation.after += part.after;
            if self.judge.by_labels {
                violation.parts.push(part);
            }
        }
        if row.growth() > 0 {
            self.count_pairs(&row, &subject);
        }
        self.drop_what_is_allowed(first);
    }

    /// Of the violations from `first` on, keeps those that are past the limit of their rule.
    fn drop_what_is_allowed(&mut self, first: usize) {
        let row = self.violations.split_off(first);
        let past = row.into_iter().filter(|violation| {
            let limit = violation.rule.limit;
            violation.after > limit.allowed(violation.before)
        });
        self.violations.extend(past);
    }

    /// Counts goroutines that belong to others, such as the two ends of a connection, and those
    /// that show others at work.
    fn count_pairs(&mut self, row: &Row, subject: &Subject) {
        let judge = self.judge;
        for &index in &judge.by_test {
            let used = &mut self.uses[index];
            if judge.conditions.shows_use(index, subject) {
                used.busy += judge.exceptions[index].amount(row.count_before, row.count_after);
            }
            if judge.conditions.allow_holds(index, subject) {
                for part in RowPart::of(self.diff, row, true) {
                    let amount = judge.exceptions[index].amount(part.before, part.after);
                    used.by_test.add(part.test(), amount);
                }
            }
        }
    }

    /// The exception that applies to a part: the first that matches and has not expired, or else the
    /// first that matches. Every one that matches counts the part as seen.
    fn exception(&mut self, subject: &Subject, part: &RowPart) -> Option<usize> {
        let judge = self.judge;
        let matching: Vec<usize> = judge.conditions.allows(subject, &part.labels).collect();
        let amount = |index: usize| judge.exceptions[index].amount(part.before, part.after);
        for &index in &matching {
            self.uses[index].add(0, amount(index));
        }
        let current = matching
            .iter()
            .find(|&&index| !judge.exceptions[index].is_expired(judge.today));
        let taken = current.or(matching.first()).copied();
        if let Some(index) = taken {
            self.uses[index].add(amount(index), 0);
        }
        taken
    }

    /// Whether more connections than before wait for a response to be read.
    fn has_unread_bodies(&self) -> bool {
        let mut grown = self.diff.rows().filter(|row| row.growth() > 0);
        grown.any(|row| {
            let (snapshot, group) = self.diff.shown(&row);
            is_unread_body(&snapshot.frames(group))
        })
    }

    /// How many goroutines of a row Go's leak profile holds; `None` when there is none to ask.
    fn proven(&self, row: &Row) -> Option<i64> {
        if self.diff.after.kind() == Kind::GoroutineLeak {
            return Some(row.count_after);
        }
        let proven = self.proven?;
        let key = row.after.map(|group| self.diff.after.groups()[group].key);
        Some(
            key.and_then(|key| proven.find(key))
                .map_or(0, |group| group.count),
        )
    }

    /// The findings, once it is known what each exception covers.
    pub(super) fn findings(mut self, mut covers: Vec<Cover>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for mut violation in std::mem::take(&mut self.violations) {
            if !self.judge.by_labels {
                // Where the policy does not ask for labels, the snapshots know them.
                violation.parts = RowPart::of(self.diff, &violation.row, true);
            }
            let cover = violation.allow.map(|allow| &mut covers[allow]);
            let Some(cover @ Cover::Partly(_)) = cover else {
                let cover = cover.map(|cover| &*cover);
                findings.push(self.finding_of_stack(violation, cover));
                continue;
            };
            let covered = violation.split_off(cover);
            if covered.after > covered.before {
                findings.push(self.finding_of_stack(covered, Some(&Cover::Holds)));
            }
            let limit = violation.rule.limit;
            if violation.after > limit.allowed(violation.before) {
                findings.push(self.finding_of_stack(violation, Some(&Cover::Exceeded)));
            }
        }
        for tally in std::mem::take(&mut self.tallies) {
            self.findings_of_sum(tally, &covers, &mut findings);
        }
        findings
    }

    fn findings_of_sum(&self, tally: Tally, covers: &[Cover], findings: &mut Vec<Finding>) {
        let rule = tally.rule;
        let sums = tally.sums(|allow| covers[allow] == Cover::Holds);
        for (key, sum) in sums {
            if sum.after > rule.limit.allowed(sum.before) {
                findings.push(Finding {
                    id: id_of(&format!("{}\n{}\n{key}", rule.name, rule.per.name())),
                    rule: rule.clone(),
                    suite: self.name.clone(),
                    before: sum.before,
                    after: sum.after,
                    disposition: Disposition::Open,
                    subject: verdict::Subject::Sum(Sum {
                        largest: sum.largest(),
                        key: Some(key).filter(|_| rule.per != Per::Total),
                    }),
                    tests: sum.tests,
                    labels: sum.labels,
                });
            }
        }
    }

    /// A finding with all that is known about its stack.
    fn finding_of_stack(&mut self, violation: Violation, cover: Option<&Cover>) -> Finding {
        let Violation {
            row,
            rule,
            allow,
            before,
            after,
            parts,
        } = violation;
        let (snapshot, group) = self.diff.shown(&row);
        let frames = snapshot.frames(group);
        let is_after = row.after.is_some();
        let places = &mut self.places;
        let trace_before = match (row.before, row.pairing) {
            (Some(before), Pairing::Renamed | Pairing::Near(_)) => {
                Some(places.before.all(&self.diff.before.frames(before)))
            }
            _ => None,
        };
        let places = places.of_side(is_after);
        let mut stack = Stack {
            wait: frames.wait(),
            root: frames.root().map(|frame| places.of(frame)),
            home: frames.home().map(|frame| places.of(frame)),
            proven: self.proven(&row),
            shared: false,
            pairing: row.pairing,
            series: self.diff.series(&row),
            trace: self.places.of_side(is_after).all(&frames),
            trace_before,
        };
        let (mut tests, mut labels) = (BTreeMap::new(), BTreeMap::new());
        let grew = after > before;
        for part in &parts {
            let count = if grew { part.growth() } else { part.after };
            if count > 0 {
                tally::add_labels(&mut tests, &mut labels, &part.labels, count);
            }
        }
        // What the garbage collector proved, or several tests have one of each, is nobody's to
        // share.
        stack.shared = stack.proven.unwrap_or(0) == 0
            && tests.len() <= 1
            && is_shared(&frames, || self.has_unread_bodies());
        let exception = allow.map(|allow| &self.judge.exceptions[allow]);
        Finding {
            id: self.places.of_side(is_after).id(&frames),
            rule: rule.clone(),
            suite: self.name.clone(),
            before,
            after,
            disposition: exception
                .zip(cover)
                .map_or(Disposition::Open, |(exception, cover)| {
                    disposition(exception, cover)
                }),
            subject: verdict::Subject::Stack(Box::new(stack)),
            tests,
            labels,
        }
    }
}

impl<'p> Violation<'p> {
    /// Takes out the goroutines that an exception covers in part.
    fn split_off(&mut self, cover: &mut Cover) -> Violation<'p> {
        let mut covered = Violation {
            row: self.row,
            rule: self.rule,
            allow: self.allow,
            before: self.before,
            after: self.before,
            parts: Vec::new(),
        };
        let Cover::Partly(budget) = cover else {
            return covered;
        };
        // Goroutines of one test belong to each other before others do.
        for of_test in [true, false] {
            for part in &mut self.parts {
                let count = part.growth().max(0);
                let taken = if of_test {
                    budget.take(part.test(), count)
                } else {
                    budget.take_any(count)
                };
                part.after -= taken;
                self.after -= taken;
                covered.after += taken;
                covered.parts.push(RowPart {
                    labels: part.labels.clone(),
                    before: 0,
                    after: taken,
                });
            }
        }
        covered
    }
}
