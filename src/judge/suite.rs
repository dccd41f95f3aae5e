//! One suite: its stacks taken apart into cells, and each judged.

use std::collections::BTreeMap;

use super::matching::{Matches, Subject};
use super::{Cover, Exception, Judge, tally};
use crate::diff::{Diff, Pairing, Row};
use crate::policy::{Allow, Per, Rule};
use crate::profile::Kind;
use crate::snapshot::{Portion, Snapshot};
use crate::stack::{Frame, Frames, id_of};
use crate::verdict::{Disposition, Finding, Place};

/// Goroutines that no rule can tell apart.
#[derive(Debug)]
pub(super) struct Cell {
    /// Index of the diff's row.
    pub(super) row: usize,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) before: i64,
    pub(super) after: i64,
    /// Index of the exception that matches it: those of the policy, then the built-in ones.
    pub(super) allow: Option<usize>,
}

/// A judged row and what is known of it.
struct Stack<'buf> {
    frames: Frames<'buf>,
    subject: Subject,
}

/// One suite while it is judged.
pub(super) struct Suite<'j, 'p, 's, 'buf> {
    judge: &'j Judge<'p>,
    name: &'j str,
    diff: &'j Diff<'s, 'buf>,
    proven: Option<&'j Snapshot<'buf>>,
    /// What is known of each judged row, by its index.
    stacks: BTreeMap<usize, Stack<'buf>>,
}

impl<'j, 'p, 's, 'buf> Suite<'j, 'p, 's, 'buf> {
    pub(super) fn new(
        judge: &'j Judge<'p>,
        name: &'j str,
        diff: &'j Diff<'s, 'buf>,
        proven: Option<&'j Snapshot<'buf>>,
    ) -> Self {
        Self {
            judge,
            name,
            diff,
            proven,
            stacks: BTreeMap::new(),
        }
    }

    /// Takes apart the rows that can matter, and finds the exception for each cell.
    pub(super) fn cells(&mut self) -> Vec<Cell> {
        let diff = self.diff;
        let mut matches = [Matches::new(diff.before), Matches::new(diff.after)];
        let mut cells = Vec::new();
        for (index, row) in diff.rows.iter().enumerate() {
            if !self.judge.every_row && diff.count_after(row) <= diff.count_before(row) {
                continue;
            }
            let (snapshot, group) = diff.shown(row);
            let frames = snapshot.frames(group);
            let matches = &mut matches[usize::from(row.after.is_some())];
            let subject = matches.subject(&self.judge.conditions, &frames, self.is_proven(row));
            for mut cell in self.cells_of(index, row) {
                cell.allow = self.judge.conditions.first_allow(&subject, &cell.labels);
                cells.push(cell);
            }
            self.stacks.insert(index, Stack { frames, subject });
        }
        cells
    }

    /// One cell for the row, or one for each set of labels when the policy asks for labels.
    fn cells_of(&self, index: usize, row: &Row) -> Vec<Cell> {
        let diff = self.diff;
        let labelled =
            self.judge.by_labels && (diff.before.has_labels() || diff.after.has_labels());
        if !labelled {
            let (before, after) = (diff.count_before(row), diff.count_after(row));
            return vec![Cell {
                row: index,
                labels: BTreeMap::new(),
                before,
                after,
                allow: None,
            }];
        }
        let mut by_labels: BTreeMap<BTreeMap<String, String>, (i64, i64)> = BTreeMap::new();
        for Portion { labels, count } in row
            .before
            .map_or_else(Vec::new, |group| diff.before.portions(group))
        {
            by_labels.entry(labels).or_default().0 += count;
        }
        for Portion { labels, count } in row
            .after
            .map_or_else(Vec::new, |group| diff.after.portions(group))
        {
            by_labels.entry(labels).or_default().1 += count;
        }
        if row.started > 0 {
            by_labels.entry(BTreeMap::new()).or_default().0 += row.started;
        }
        let cell = |(labels, (before, after))| Cell {
            row: index,
            labels,
            before,
            after,
            allow: None,
        };
        by_labels.into_iter().map(cell).collect()
    }

    /// Whether Go's leak profile holds the stack of a row; `None` when there is none to ask.
    fn is_proven(&self, row: &Row) -> Option<bool> {
        if self.diff.after.kind() == Kind::GoroutineLeak {
            return Some(row.after.is_some());
        }
        let proven = self.proven?;
        let key = row
            .after
            .map(|group| self.diff.after.groups()[group as usize].key);
        Some(key.is_some_and(|key| proven.find(key).is_some()))
    }

    /// Judges the cells; `covers` says how each exception stands.
    pub(super) fn findings(&self, cells: &[Cell], covers: &[Cover]) -> Vec<Finding> {
        let mut findings = self.findings_per_stack(cells, covers);
        for (index, rule) in self
            .judge
            .policy
            .rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| rule.per != Per::Stack)
        {
            findings.extend(self.findings_of_sum(index, rule, cells, covers));
        }
        findings
    }

    /// Judges each stack by the first rule that matches it, what an exception covers apart from the rest.
    fn findings_per_stack(&self, cells: &[Cell], covers: &[Cover]) -> Vec<Finding> {
        let mut sums: BTreeMap<_, (i64, i64, Vec<&Cell>)> = BTreeMap::new();
        for cell in cells {
            let stack = &self.stacks[&cell.row];
            let rule = self
                .judge
                .conditions
                .first_rule_per_stack(&stack.subject, &cell.labels);
            let sum = sums.entry((cell.row, rule, cell.allow)).or_default();
            sum.0 += cell.before;
            sum.1 += cell.after;
            sum.2.push(cell);
        }
        let mut findings = Vec::new();
        for ((row, rule, allow), (before, after, cells)) in sums {
            let rule = self
                .judge
                .policy
                .rules
                .get(rule)
                .unwrap_or(&self.judge.policy.default_rule);
            if after > rule.limit.allowed(before) {
                let (disposition, reason) = allow
                    .map_or((Disposition::Open, String::new()), |allow| {
                        self.disposition(allow, covers[allow])
                    });
                let base = self.finding(rule, before, after);
                findings.push(self.with_stack(
                    Finding {
                        disposition,
                        reason,
                        ..base
                    },
                    row,
                    &cells,
                ));
            }
        }
        findings
    }

    /// Judges what a rule adds up over several stacks.
    fn findings_of_sum(
        &self,
        index: usize,
        rule: &Rule,
        cells: &[Cell],
        covers: &[Cover],
    ) -> Vec<Finding> {
        let sums = tally::by(rule, cells, |cell| {
            let stack = &self.stacks[&cell.row];
            let covered = cell
                .allow
                .is_some_and(|allow| covers[allow] == Cover::Holds);
            (!covered
                && self
                    .judge
                    .conditions
                    .rule_matches(index, &stack.subject, &cell.labels))
            .then_some(&stack.frames)
        });
        let mut findings = Vec::new();
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
        findings
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
            (Exception::Policy(allow), Cover::Exceeded) => {
                let why = format!(
                    "more than the {} that {} accepts: {}",
                    allow.max,
                    place(allow),
                    allow.reason
                );
                (Disposition::Open, why)
            }
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

    /// Adds all that is known of a row's stack.
    fn with_stack(&self, mut finding: Finding, row: usize, cells: &[&Cell]) -> Finding {
        let frames = &self.stacks[&row].frames;
        let row = &self.diff.rows[row];
        let signature = frames.signature();
        let places = |frames: &Frames| frames.as_slice().iter().map(place).collect();
        finding.id = frames.id();
        finding.proven = self.is_proven(row);
        finding.state = Some(signature.state);
        finding.cause = signature.cause;
        if finding.fix.is_empty() {
            signature.remedy.clone_into(&mut finding.fix);
        }
        finding.root = frames.root().map(place);
        finding.home = frames.home().map(place);
        finding.pairing = Some(row.pairing);
        finding.stack = places(frames);
        if let (Some(before), Pairing::Renamed | Pairing::Near(_)) = (row.before, row.pairing) {
            finding.stack_before = places(&self.diff.before.frames(before));
        }
        // Where the policy did not ask for labels, the one cell of the row has none: the snapshot knows them.
        let portions: Vec<Portion> = match (self.judge.by_labels, row.after) {
            (false, Some(after)) => self.diff.after.portions(after),
            _ => cells
                .iter()
                .map(|cell| Portion {
                    labels: cell.labels.clone(),
                    count: cell.after,
                })
                .collect(),
        };
        for Portion { labels, count } in portions.into_iter().filter(|portion| portion.count > 0) {
            tally::add_labels(&mut finding.tests, &mut finding.labels, &labels, count);
        }
        finding
    }
}

fn place(frame: &Frame) -> Place {
    Place {
        function: frame.function.as_str().to_owned(),
        file: String::from_utf8_lossy(frame.file).into_owned(),
        line: frame.line,
    }
}
