//! One finding, in full; and those of several suites that are the same.

use std::collections::{BTreeMap, BTreeSet};

use similar::{Algorithm, ChangeTag, capture_diff_slices};

use super::layout::{self, labelled};
use super::{DIM, Text};
use crate::escape::terminal;
use crate::go_names::top_level_test;
use crate::plural::plural;
use crate::report::room;
use crate::report::words::{self, Label, Line, Tests};
use crate::verdict::{Finding, Place, Stack, Subject, Sum, Trace};

/// So many suites of one stack are named.
const MOST_SUITES: usize = 20;

impl Text<'_, '_> {
    /// A finding, and the same stack in other suites.
    pub(super) fn finding(&mut self, same: &[&Finding]) {
        let [finding, others @ ..] = same else {
            return;
        };
        self.head(same);
        if others.is_empty() {
            self.out
                .push_str(&layout::paragraph(&words::counts(finding)));
            if self.several() {
                self.line("suite", &words::suite(&finding.suite));
            }
        } else {
            for finding in same.iter().take(MOST_SUITES) {
                let suite = words::suite(&finding.suite);
                let tests = self.words.tests(finding, Tests::TopLevel);
                let tests = tests.map_or_else(String::new, |tests| format!("; {tests}"));
                let counts = words::counts(finding);
                self.line("suite", &format!("{suite}: {counts}{tests}"));
            }
            if let more @ 1.. = same.len().saturating_sub(MOST_SUITES) {
                let more = room::says(more, "suite");
                self.line("", &more);
            }
            if let Some(spread) = self.words.spread(same) {
                self.line("spread", &spread);
            }
        }
        let stack = finding.stack();
        let series = stack.map_or(&[][..], |stack| &stack.series);
        if series.len() > 1 {
            let counts: Vec<_> = series.iter().map(ToString::to_string).collect();
            self.line("series", &counts.join(", "));
        }
        let tests = if self.verbose {
            Tests::All
        } else {
            Tests::TopLevel
        };
        let lines = self.words.lines(finding, tests);
        for Line { label, text, .. } in &lines {
            match *label {
                // Each suite has named its own.
                Label::Test if !others.is_empty() => {}
                Label::Again => self.commands_of(same),
                // Each suite has an entry of its own.
                Label::Allow => self.accept(&finding.id, same),
                label => self.line(label.word(), text),
            }
            if let (Label::State, Some(stack)) = (*label, stack) {
                self.home(stack);
                self.root(stack);
            }
            if let (Label::Was, Some(stack)) = (*label, stack) {
                self.was(stack);
            }
        }
        if let [finding] = same
            && !finding.causes.is_empty()
            && !self.verbose
        {
            let shown = finding.growth() - finding.without_cause();
            self.line(
                "note",
                &format!("{shown} of these are shown with the call that started them"),
            );
        }
        self.line("id", &finding.id);
        if let Some(stack) = stack.filter(|_| self.verbose) {
            self.whole_stacks(stack);
        }
        self.out.push('\n');
    }

    /// Every frame of a stack, and of the one before that it was matched with.
    pub(super) fn whole_stacks(&mut self, stack: &Stack) {
        self.stack("stack", &stack.trace);
        if let Some(before) = &stack.trace_before {
            self.stack("was", before);
        }
    }

    fn head(&mut self, same: &[&Finding]) {
        let Some(finding) = same.first() else {
            return;
        };
        let grade = if finding.is_open() {
            super::grade(finding.rule.severity)
        } else {
            format!("{DIM}ALLOWED{DIM:#}")
        };
        let what = match &finding.subject {
            Subject::Sum(Sum { key: Some(key), .. }) => {
                format!(" ({} {})", finding.rule.per.name(), words::name(key))
            }
            _ => String::new(),
        };
        let rule = &finding.rule.name;
        let (before, after) = counts(same);
        let mut title = format!("{rule}{what}  {}", words::headline_of(before, after));
        if let suites @ 2.. = same.len() {
            title = format!("{title}, in {suites} suites");
        }
        self.title(&grade, &title, &finding.rule);
    }

    /// One labelled line of a finding.
    pub(super) fn line(&mut self, label: &str, text: &str) {
        self.out.push_str(&labelled(label, &terminal(text)));
    }

    /// How to accept findings, which have this id or are of the cause that has it: by the command that
    /// reads the JSON report, or by an entry each.
    pub(super) fn accept(&mut self, id: &str, same: &[&Finding]) {
        let saved_as = self.subject.saved_as;
        let command = saved_as.and_then(|path| self.words.accept_by(path, id, same));
        if let Some(words) = command {
            self.out.push_str(&layout::command("accept", &words));
            return;
        }
        for finding in same.iter().take(MOST_SUITES) {
            if let Some(accept) = self.words.accept(finding) {
                let entry = layout::entry("allow", &terminal(&accept));
                self.out.push_str(&entry);
            }
        }
    }

    /// The commands that run the tests of each suite again.
    pub(super) fn commands_of(&mut self, same: &[&Finding]) {
        let same = same.iter().take(MOST_SUITES).copied();
        for words in self.words.rerun_all(same) {
            self.out.push_str(&layout::command("again", &words));
        }
    }

    pub(super) fn home(&mut self, stack: &Stack) {
        if let Some(home) = &stack.home {
            self.place("home", home);
        }
    }

    /// The entry function, where it is not the home.
    pub(super) fn root(&mut self, stack: &Stack) {
        match &stack.root {
            Some(root) if stack.home.as_ref() != Some(root) => self.place("root", root),
            Some(_) => {}
            None => self.line("root", "unknown: the stack was cut when it was captured"),
        }
    }

    pub(super) fn place(&mut self, label: &str, place: &Place) {
        let function = words::name(place.name());
        let text = format!("{function}  {}", self.spot(place));
        self.line(label, &text);
    }

    /// `worker/pool.go:57`, below the root of the repository where it lies in it.
    pub(super) fn spot(&self, place: &Place) -> String {
        match self.subject.sources.spot_of(place) {
            Some(spot) => format!("{}:{}", words::name(&spot.path), spot.line),
            None => words::short(place),
        }
    }

    /// How the stack before differs, for one that was matched though it is not equal.
    fn was(&mut self, stack: &Stack) {
        if let Some(before) = &stack.trace_before {
            self.changes(before, &stack.trace);
        }
    }

    /// The frames that differ between two stacks.
    pub(super) fn changes(&mut self, before: &Trace, after: &Trace) {
        let names = |stack: &Trace| -> Vec<String> {
            let frames = stack.frames().iter();
            frames.map(|place| place.name().to_owned()).collect()
        };
        let (old, new) = (names(before), names(after));
        for operation in capture_diff_slices(Algorithm::Myers, &old, &new) {
            for change in operation.iter_changes(&old, &new) {
                let sign = match change.tag() {
                    ChangeTag::Equal => continue,
                    ChangeTag::Delete => '-',
                    ChangeTag::Insert => '+',
                };
                let name = words::name(change.value_ref());
                self.line("", &format!("{sign} {name}"));
            }
        }
    }

    fn stack(&mut self, label: &str, stack: &Trace) {
        for (index, line) in stack.map(words::frame, words::gap).iter().enumerate() {
            self.line(if index == 0 { label } else { "" }, line);
        }
    }

    /// One line for a finding.
    pub(super) fn row_of_finding(&mut self, same: &[&Finding]) {
        let Some(finding) = same.first() else {
            return;
        };
        let (before, after) = counts(same);
        let number = match after.saturating_sub(before) {
            growth @ 1.. => growth,
            _ => after,
        };
        let subject = words::subject(finding);
        let mut text = words::base(&subject).to_owned();
        let stack = finding.stack();
        let place = stack.and_then(|stack| stack.home.as_ref().or(stack.root.as_ref()));
        if let Some(place) = place {
            text = format!("{text}  {}", self.spot(place));
        }
        text += &whose(&finding.tests, same.len());
        self.row(finding.rule.severity, number, &text);
    }
}

/// At the end of a row: the first test, or how many suites there are.
///
/// Output: `  TestPool and 1 more`, or `, in 3 suites`
pub(super) fn whose(tests: &BTreeMap<String, i64>, suites: usize) -> String {
    if suites > 1 {
        return format!(", in {}", plural(suites as u64, "suite"));
    }
    let tests = tests.keys();
    let tests: BTreeSet<&str> = tests.map(|test| top_level_test(test)).collect();
    let Some(first) = tests.first() else {
        return String::new();
    };
    match tests.len() - 1 {
        0 => format!("  {}", words::name(first)),
        more => format!("  {} and {more} more", words::name(first)),
    }
}

/// Goroutines before and after, of several findings together.
fn counts(same: &[&Finding]) -> (i64, i64) {
    same.iter().fold((0, 0), |(before, after), finding| {
        (
            before.saturating_add(finding.before),
            after.saturating_add(finding.after),
        )
    })
}
