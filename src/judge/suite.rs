//! One suite: each stack taken apart into cells, and judged as it comes by.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cell::Cell;
use super::matching::Matches;
use super::tally::{self, Tally};
use super::{Cover, Exception, Judge};
use crate::diff::{Diff, Pairing, Row};
use crate::policy::{Allow, Per, Rule};
use crate::profile::Kind;
use crate::snapshot::{Portion, Snapshot};
use crate::stack::{Frame, Frames, id_of};
use crate::verdict::{Disposition, Finding, Place};

/// One suite while it is judged.
pub(super) struct Suite<'j, 'p, 's, 'buf> {
    judge: &'j Judge<'p>,
    name: &'j str,
    diff: &'j Diff<'s, 'buf>,
    proven: Option<&'j Snapshot<'buf>>,
    /// Goroutines after that each exception matched: those of the policy, then the built-in ones.
    pub(super) matched: Vec<i64>,
    violations: Vec<Violation>,
    /// One for each rule of the policy that does not judge stack by stack.
    tallies: Vec<Tally<'j>>,
    places: Places,
}

/// Goroutines of one stack that are too many for the rule that decides, before it is known whether their exception holds.
struct Violation {
    row: Row,
    /// Index of the rule; past the last one for the default rule.
    rule: usize,
    /// Index of the exception.
    allow: Option<usize>,
    before: i64,
    after: i64,
    /// By labels, where the policy asks for labels.
    portions: Vec<Portion>,
}

impl<'j, 'p, 's, 'buf> Suite<'j, 'p, 's, 'buf> {
    /// Judges every stack that can matter.
    pub(super) fn new(
        judge: &'j Judge<'p>,
        name: &'j str,
        diff: &'j Diff<'s, 'buf>,
        proven: Option<&'j Snapshot<'buf>>,
    ) -> Self {
        let rules = judge.policy.rules.iter().enumerate();
        let mut suite = Self {
            judge,
            name,
            diff,
            proven,
            matched: vec![0; judge.exception_count()],
            violations: Vec::new(),
            tallies: rules
                .filter(|(_, rule)| rule.per != Per::Stack)
                .map(|(index, rule)| Tally::new(index, rule))
                .collect(),
            places: Places::default(),
        };
        let mut matches = [Matches::new(diff.before), Matches::new(diff.after)];
        for row in diff
            .rows()
            .filter(|row| judge.every_row || row.growth() > 0)
        {
            suite.row(row, &mut matches[usize::from(row.after.is_some())]);
        }
        suite
    }

    fn row(&mut self, row: Row, matches: &mut Matches) {
        let (snapshot, group) = self.diff.shown(&row);
        let frames = snapshot.frames(group);
        let conditions = &self.judge.conditions;
        let subject = matches.subject(conditions, &frames, self.is_proven(&row));
        let first = self.violations.len();
        for cell in Cell::of(self.diff, &row, self.judge.by_labels) {
            let allow = conditions.first_allow(&subject, &cell.labels);
            if let Some(allow) = allow {
                self.matched[allow] += cell.after;
            }
            for tally in &mut self.tallies {
                if conditions.rule_matches(tally.rule, &subject, &cell.labels) {
                    tally.add(allow, &frames, &cell);
                }
            }
            let rule = conditions.first_rule_per_stack(&subject, &cell.labels);
            let same = |one: &&mut Violation| one.rule == rule && one.allow == allow;
            let portion = self.judge.by_labels.then(|| Portion {
                labels: cell.labels,
                count: cell.after,
            });
            if let Some(known) = self.violations[first..].iter_mut().find(same) {
                known.before += cell.before;
                known.after += cell.after;
                known.portions.extend(portion);
            } else {
                let (before, after, portions) =
                    (cell.before, cell.after, portion.into_iter().collect());
                self.violations.push(Violation {
                    row,
                    rule,
                    allow,
                    before,
                    after,
                    portions,
                });
            }
        }
        // What the rule allows is no violation after all.
        let mut index = first;
        while index < self.violations.len() {
            let Violation {
                rule,
                before,
                after,
                ..
            } = self.violations[index];
            if after > self.judge.rule(rule).limit.allowed(before) {
                index += 1;
            } else {
                self.violations.swap_remove(index);
            }
        }
    }

    /// Whether Go's leak profile holds the stack of a row; `None` when there is none to ask.
    fn is_proven(&self, row: &Row) -> Option<bool> {
        if self.diff.after.kind() == Kind::GoroutineLeak {
            return Some(row.after.is_some());
        }
        let proven = self.proven?;
        let key = row.after.map(|group| self.diff.after.groups()[group].key);
        Some(key.is_some_and(|key| proven.find(key).is_some()))
    }

    /// The findings, once it is known how each exception stands.
    pub(super) fn findings(mut self, covers: &[Cover]) -> Vec<Finding> {
        let mut findings = Vec::new();
        for violation in std::mem::take(&mut self.violations) {
            findings.push(self.finding_of_stack(violation, covers));
        }
        for tally in std::mem::take(&mut self.tallies) {
            self.findings_of_sum(tally, covers, &mut findings);
        }
        findings
    }

    fn findings_of_sum(&self, tally: Tally, covers: &[Cover], findings: &mut Vec<Finding>) {
        let rule = self.judge.rule(tally.rule);
        let sums = tally.sums(|allow| covers[allow] == Cover::Holds);
        for (key, sum) in sums {
            if sum.after > rule.limit.allowed(sum.before) {
                let per = rule.per.name();
                findings.push(Finding {
                    id: id_of(&format!("{}\n{per}\n{key}", rule.name)),
                    reason: sum.largest(),
                    tests: sum.tests,
                    labels: sum.labels,
                    fix: rule
                        .message
                        .clone()
                        .unwrap_or_else(|| "look at the stacks that grew most".into()),
                    key,
                    ..self.finding(rule, sum.before, sum.after)
                });
            }
        }
    }

    /// What an exception makes of a violation, and why.
    fn disposition(&self, index: usize, cover: Cover) -> (Disposition, String) {
        let place = |allow: &Allow| self.judge.policy.place(Some(allow.line));
        match (self.judge.exception(index), cover) {
            (Exception::Policy(allow), Cover::Holds) => (
                Disposition::Allowed,
                format!(
                    "{} ({} until {})",
                    allow.reason,
                    place(allow),
                    allow.expires
                ),
            ),
            (Exception::Policy(allow), Cover::Expired) => (
                Disposition::Expired,
                format!(
                    "accepted until {} ({}): {}",
                    allow.expires,
                    place(allow),
                    allow.reason
                ),
            ),
            (Exception::Policy(allow), Cover::Exceeded) => (
                Disposition::Open,
                format!(
                    "more than the {} that {} accepts: {}",
                    allow.max,
                    place(allow),
                    allow.reason
                ),
            ),
            (Exception::Builtin(entry), Cover::Holds) => (
                Disposition::Allowed,
                format!("{} (built-in {})", entry.reason, entry.name),
            ),
            (Exception::Builtin(entry), Cover::Exceeded | Cover::Expired) => (
                Disposition::Open,
                format!("more than the built-in exception {} accepts", entry.name),
            ),
        }
    }

    /// A finding by `rule`, with nothing in it that is about one stack.
    fn finding(&self, rule: &Rule, before: i64, after: i64) -> Finding {
        Finding {
            id: String::new(),
            rule: rule.name.clone(),
            rule_place: self.judge.policy.place(rule.line),
            severity: rule.severity,
            suite: self.name.to_owned(),
            disposition: Disposition::Open,
            per: rule.per.name(),
            key: String::new(),
            before,
            after,
            allowed: rule.limit.allowed(before),
            sum: rule.limit.sum(before),
            proven: None,
            state: None,
            cause: "",
            fix: rule.message.clone().unwrap_or_default(),
            root: None,
            home: None,
            tests: BTreeMap::new(),
            labels: BTreeMap::new(),
            pairing: None,
            stack: Vec::new(),
            stack_before: Vec::new(),
            reason: String::new(),
        }
    }

    /// A finding with all that is known of its stack.
    fn finding_of_stack(&mut self, violation: Violation, covers: &[Cover]) -> Finding {
        let Violation {
            row,
            rule,
            allow,
            before,
            after,
            portions,
        } = violation;
        let mut finding = self.finding(self.judge.rule(rule), before, after);
        if let Some(allow) = allow {
            (finding.disposition, finding.reason) = self.disposition(allow, covers[allow]);
        }
        let (snapshot, group) = self.diff.shown(&row);
        let frames = snapshot.frames(group);
        let signature = frames.signature();
        finding.id = frames.id();
        finding.proven = self.is_proven(&row);
        finding.state = Some(signature.state);
        finding.cause = signature.cause;
        if finding.fix.is_empty() {
            signature.remedy.clone_into(&mut finding.fix);
        }
        finding.root = frames.root().map(|frame| self.places.of(frame));
        finding.home = frames.home().map(|frame| self.places.of(frame));
        finding.pairing = Some(row.pairing);
        finding.stack = self.places.all(&frames);
        if let (Some(before), Pairing::Renamed | Pairing::Near(_)) = (row.before, row.pairing) {
            finding.stack_before = self.places.all(&self.diff.before.frames(before));
        }
        // Where the policy does not ask for labels, the snapshot knows them.
        let portions = match row.after {
            Some(after) if !self.judge.by_labels => self.diff.after.portions(after),
            _ => portions,
        };
        for Portion { labels, count } in portions.iter().filter(|portion| portion.count > 0) {
            tally::add_labels(&mut finding.tests, &mut finding.labels, labels, *count);
        }
        finding
    }
}

/// Places for findings. Many name the same functions and files, so each name is kept once.
#[derive(Default)]
struct Places {
    names: std::collections::HashSet<Arc<str>>,
}

impl Places {
    fn all(&mut self, frames: &Frames) -> Vec<Place> {
        frames
            .as_slice()
            .iter()
            .map(|frame| self.of(frame))
            .collect()
    }

    fn of(&mut self, frame: &Frame) -> Place {
        Place {
            function: self.keep(frame.function.as_str()),
            file: self.keep(&String::from_utf8_lossy(frame.file)),
            line: frame.line,
        }
    }

    fn keep(&mut self, name: &str) -> Arc<str> {
        if let Some(kept) = self.names.get(name) {
            return kept.clone();
        }
        let kept: Arc<str> = name.into();
        self.names.insert(kept.clone());
        kept
    }
}
