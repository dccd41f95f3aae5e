//! One suite: each stack taken apart into parts, and judged as it comes by.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::again::Again;
use super::condition::{Asked, Matches};
use super::exception::{self, Cover, Covered, Exemption};
use super::row_part::RowPart;
use super::rule::Ruling;
use super::stacks::Stacks;
use super::tally::{self, Tally};
use super::used::Used;
use super::{Judge, remarks};
use crate::diff::{Diff, Row};
use crate::evidence::{Profiles, SuiteName};
use crate::policy::{Exception, Per, Rule};
use crate::stack::id_of;
use crate::verdict::{Disposition, Finding, Moved, Stack, Subject, Sum};

/// One suite while it is judged.
pub(super) struct Judging<'j, 'p, 's, 'buf> {
    judge: &'j Judge<'p>,
    again: &'j Again,
    name: &'j SuiteName,
    diff: &'j Diff<'s, 'buf>,
    stacks: Stacks<'j, 's, 'buf>,
    rules: Vec<Ruling<'j, 'p>>,
    exemptions: Vec<Exemption<'j, 'p>>,
    found: Vec<Found<'p>>,
}

/// What a policy makes of the stacks of a suite.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) findings: Vec<Finding>,
    pub(super) moved: Vec<Moved>,
    /// What each exception of the policy did.
    pub(super) exceptions: Vec<Used<Exception>>,
    /// What each of its rules did.
    pub(super) rules: Vec<Used<Rule>>,
}

/// Goroutines of one stack that are too many for the rule that decides, before it is known whether
/// their exception holds.
struct Violation<'p> {
    rule: &'p Arc<Rule>,
    /// The exception that matches, by its place in the list.
    exemption: Option<usize>,
    before: i64,
    after: i64,
    /// By labels.
    parts: Vec<RowPart>,
}

/// The same, with the stack.
struct Found<'p> {
    id: String,
    stack: Box<Stack>,
    violation: Violation<'p>,
}

impl<'j, 'p, 's, 'buf> Judging<'j, 'p, 's, 'buf> {
    pub(super) fn new(
        (judge, again): (&'j Judge<'p>, &'j Again),
        name: &'j SuiteName,
        diff: &'j Diff<'s, 'buf>,
        profiles: &'j Profiles<'buf>,
    ) -> Self {
        Self {
            judge,
            again,
            name,
            diff,
            stacks: Stacks::new(diff, profiles),
            rules: judge.rules.iter().map(Ruling::new).collect(),
            exemptions: judge.exceptions.iter().map(Exemption::new).collect(),
            found: Vec::new(),
        }
    }

    /// Judges every stack that can matter.
    pub(super) fn rows(&mut self) {
        let (judge, diff) = (self.judge, self.diff);
        let mut matches =
            [diff.before, diff.after].map(|snapshot| Matches::new(&judge.patterns, snapshot));
        let rows = diff.rows();
        for row in rows.filter(|row| judge.every_row || row.growth() > 0) {
            self.row(row, &mut matches[usize::from(row.after.is_some())]);
        }
    }

    fn row(&mut self, row: Row, matches: &mut Matches) {
        let (judge, diff) = (self.judge, self.diff);
        let (snapshot, group) = diff.shown(&row);
        let frames = snapshot.frames(group);
        let proven = self.stacks.proven(&row).map(|count| count > 0);
        let mut asked = matches.ask(&judge.patterns, self.name.subject(), &frames, proven);
        if judge.asks.confirmed {
            let rounds = self.again.rounds(&RowPart::of(diff, &row, true));
            let confirmed = self.again.confirmed(asked.id(), rounds.as_ref());
            asked.confirmed = confirmed.map(|confirmed| confirmed.class);
        }
        let mut violations = Vec::new();
        for part in RowPart::of(diff, &row, judge.by_labels) {
            let exemption = self.exemption(&asked, &part);
            let rule = self.rule(&asked, &part, exemption);
            Violation::add(&mut violations, rule, exemption, part);
        }
        if row.growth() > 0 {
            for exemption in &mut self.exemptions {
                exemption.count_pairs(&asked, &row, || RowPart::of(diff, &row, true));
            }
        }
        violations.retain(Violation::is_past_limit);
        if violations.is_empty() {
            return;
        }
        let (id, stack) = self.stacks.of(&row, &frames);
        for mut violation in violations {
            if !judge.by_labels {
                // Where the policy does not ask for labels, the snapshots know them.
                violation.parts = RowPart::of(diff, &row, true);
            }
            self.found.push(Found {
                id: id.clone(),
                stack: stack.clone(),
                violation,
            });
        }
    }

    /// The exception that applies to a part: the first that matches and has not expired, or else the
    /// first that matches. Every one that matches counts the part as seen.
    fn exemption(&mut self, asked: &Asked, part: &RowPart) -> Option<usize> {
        let (mut current, mut expired) = (None, None);
        for (index, exemption) in self.exemptions.iter_mut().enumerate() {
            if exemption.sees(asked, part) {
                let first = if exemption.is_expired(self.judge.today) {
                    &mut expired
                } else {
                    &mut current
                };
                first.get_or_insert(index);
            }
        }
        let taken = current.or(expired)?;
        self.exemptions[taken].take(part);
        Some(taken)
    }

    /// The rule that decides for a part: the first per stack that matches, or the default.
    fn rule(&mut self, asked: &Asked, part: &RowPart, exemption: Option<usize>) -> &'p Arc<Rule> {
        let mut deciding = None;
        for ruling in &mut self.rules {
            let decides = ruling.judge(asked, part, exemption, deciding.is_some());
            deciding = deciding.or(decides);
        }
        deciding.unwrap_or(&self.judge.policy.default_rule)
    }

    /// The findings, now that it is known what each exception covers.
    pub(super) fn finish(mut self) -> Judged {
        let (mut covered, exceptions) =
            exception::decide(std::mem::take(&mut self.exemptions), self.judge.today);
        let mut findings = Vec::new();
        for found in std::mem::take(&mut self.found) {
            self.findings_of_stack(found, &mut covered, &mut findings);
        }
        let mut rules = Vec::new();
        for ruling in std::mem::take(&mut self.rules) {
            let (tally, used) = ruling.finish();
            if let Some((rule, tally)) = tally {
                self.findings_of_sum(rule, tally, &covered, &mut findings);
            }
            rules.push(used);
        }
        let moved = remarks::moved(self.name, self.diff, &mut self.stacks);
        Judged {
            findings,
            moved,
            exceptions,
            rules,
        }
    }

    fn findings_of_stack(
        &self,
        mut found: Found,
        covered: &mut [Covered],
        findings: &mut Vec<Finding>,
    ) {
        let Some(exemption) = found.violation.exemption else {
            findings.push(self.finding(found, Disposition::Open));
            return;
        };
        let Covered { exception, cover } = &mut covered[exemption];
        let Cover::Partly(budget) = cover else {
            let disposition = cover.disposition(exception);
            findings.push(self.finding(found, disposition));
            return;
        };
        let part = Found {
            id: found.id.clone(),
            stack: found.stack.clone(),
            violation: found.violation.split_off(budget),
        };
        if part.violation.after > part.violation.before {
            findings.push(self.finding(part, Cover::Holds.disposition(exception)));
        }
        if found.violation.is_past_limit() {
            findings.push(self.finding(found, Cover::Exceeded.disposition(exception)));
        }
    }

    fn finding(&self, found: Found, disposition: Disposition) -> Finding {
        let Found {
            id,
            mut stack,
            violation,
        } = found;
        let (mut tests, mut labels) = (BTreeMap::new(), BTreeMap::new());
        let grew = violation.after > violation.before;
        for part in &violation.parts {
            let count = if grew { part.growth() } else { part.after };
            if count > 0 {
                tally::add_labels(&mut tests, &mut labels, &part.labels, count);
            }
        }
        let rounds = self.again.rounds(&violation.parts);
        // What several tests have one of each is nobody's to share.
        stack.shared &= tests.len() <= 1;
        Finding {
            rule: violation.rule.clone(),
            suite: self.name.clone(),
            before: violation.before,
            after: violation.after,
            disposition,
            subject: Subject::Stack(stack),
            causes: Vec::new(),
            tests,
            labels,
            confirmed: self.again.confirmed(&id, rounds.as_ref()),
            rounds,
            id,
        }
    }

    fn findings_of_sum(
        &self,
        rule: &Arc<Rule>,
        tally: Tally,
        covered: &[Covered],
        findings: &mut Vec<Finding>,
    ) {
        for (key, sum) in tally.sums(|exemption| covered[exemption].cover == Cover::Holds) {
            if sum.after > rule.limit.allowed(sum.before) {
                findings.push(Finding {
                    id: id_of(&format!("{}\n{}\n{key}", rule.name, rule.per.name())),
                    rule: rule.clone(),
                    suite: self.name.clone(),
                    before: sum.before,
                    after: sum.after,
                    disposition: Disposition::Open,
                    subject: Subject::Sum(Sum {
                        largest: sum.largest(),
                        key: Some(key).filter(|_| rule.per != Per::Total),
                    }),
                    causes: Vec::new(),
                    tests: sum.tests,
                    labels: sum.labels,
                    rounds: None,
                    confirmed: None,
                });
            }
        }
    }
}

impl<'p> Violation<'p> {
    /// Adds a part of a stack to the violation of the same rule and exception.
    fn add(
        violations: &mut Vec<Self>,
        rule: &'p Arc<Rule>,
        exemption: Option<usize>,
        part: RowPart,
    ) {
        let mut known = violations.iter_mut();
        let same = |one: &&mut Self| Arc::ptr_eq(one.rule, rule) && one.exemption == exemption;
        if let Some(violation) = known.find(same) {
            violation.before += part.before;
            violation.after += part.after;
            violation.parts.push(part);
        } else {
            violations.push(Self {
                rule,
                exemption,
                before: part.before,
                after: part.after,
                parts: vec![part],
            });
        }
    }

    fn is_past_limit(&self) -> bool {
        self.after > self.rule.limit.allowed(self.before)
    }

    /// Takes out the goroutines that an exception covers in part.
    fn split_off(&mut self, budget: &mut exception::Budget) -> Violation<'p> {
        let mut covered = Violation {
            rule: self.rule,
            exemption: self.exemption,
            before: self.before,
            after: self.before,
            parts: Vec::new(),
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
