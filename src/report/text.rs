//! `text`: the verdict for a person, at a terminal or in a log: 80 columns wide, where names allow
//! it.
//!
//! Colours are written always; who prints it strips them where they are not wanted.

mod block;
mod cause;
mod finding;
mod in_full;
pub(super) mod layout;
pub(super) mod lines;

use std::collections::HashSet;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::Subject;
use super::room::{self, Room};
use super::words::{self, Conclusion, Words};
use crate::escape::terminal;
use crate::evidence::{SuiteName, Unchecked};
use crate::plural::plural;
use crate::policy::{Rule, Severity};
use crate::verdict::{self, FailOn, Finding, Moved, Note, Place, Verdict};
use block::Block;
pub(super) use in_full::{block, cause_of_id, findings_of_id};
use layout::remark;

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// The closing line only.
    Quiet,
    /// What a person needs to act.
    Normal,
    /// Whole stacks, and all that is fine.
    Verbose,
}

/// For each kind of entry: what is open, unchecked, allowed or noted.
const ROOM: Room = Room {
    entries: 1000,
    bytes: 4 << 20,
};

/// With more findings than this, a line for each comes first.
const FEW: usize = 5;

/// So many findings are shown in full: nobody reads more in a log.
const IN_FULL: Room = Room {
    entries: 100,
    ..ROOM
};

pub(super) const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
pub(super) const GREEN: Style = AnsiColor::Green.on_default().bold();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const BOLD: Style = Style::new().bold();

/// Renders a verdict.
pub fn render(subject: &Subject, detail: Detail) -> String {
    let mut out = String::new();
    if detail > Detail::Quiet {
        let mut text = Text {
            out: &mut out,
            subject,
            words: &Words::new(subject.verdict),
            verbose: detail == Detail::Verbose,
            excerpts: true,
        };
        text.body();
    }
    out + &closing_line(subject.verdict, subject.fail_on) + "\n"
}

struct Text<'o, 'v> {
    out: &'o mut String,
    subject: &'o Subject<'v>,
    words: &'o Words<'v>,
    verbose: bool,
    /// Whether there is room for lines of the sources.
    excerpts: bool,
}

impl Text<'_, '_> {
    fn body(&mut self) {
        let verdict = self.subject.verdict;
        let findings = verdict.findings.iter();
        let covered: Vec<&Finding> = findings.filter(|finding| !finding.is_open()).collect();
        self.bar();
        self.open();
        let unchecked = verdict.unchecked.iter();
        self.entries(ROOM, "unchecked suite", unchecked, Self::unchecked);
        let start = self.out.len();
        let (builtin, covered): (Vec<&Finding>, Vec<&Finding>) = covered
            .into_iter()
            .partition(|finding| finding.builtin().is_some() && !self.verbose);
        let (known, covered): (Vec<&Finding>, Vec<&Finding>) = covered
            .into_iter()
            .partition(|finding| finding.accepted_as() == Some(&finding.id) && !self.verbose);
        self.entries(ROOM, "accepted finding", covered.into_iter(), Self::allowed);
        if let Some(known) = words::in_baseline(verdict, &known) {
            self.remark(DIM, "accepted", &format!("{known} (-v lists them)"));
        }
        if let Some(benign) = words::benign(&builtin) {
            self.remark(DIM, "allowed", &format!("{benign} (-v lists them)"));
        }
        for remark in words::remarks(verdict) {
            self.out.push_str(&lines::policy_remark(&remark));
        }
        if let Some(hint) = words::adoption(self.subject) {
            self.remark(DIM, "hint", &hint);
        }
        if self.verbose {
            self.ledger();
        }
        self.moved();
        self.entries(ROOM, "note", verdict.notes.iter(), Self::note);
        let left_out = words::left_out(verdict, self.verbose);
        if !left_out.is_empty() {
            self.remark(DIM, "left out", &left_out.join("; "));
        }
        self.remark(DIM, "policy", &verdict.policy);
        if self.out.len() > start {
            self.out.push('\n');
        }
    }

    /// What is wrong with the policy or the baseline themselves.
    fn bar(&mut self) {
        let (verdict, sources) = (self.subject.verdict, self.subject.sources);
        let bar = words::bar(verdict, self.subject.fail_on, sources);
        let is_any = !bar.is_empty();
        self.entries(ROOM, "line", bar.into_iter(), |text, line| {
            let style = if line.fails { RED } else { YELLOW };
            text.remark(style, line.what, &format!("{} {}", line.place, line.text));
        });
        if is_any {
            self.out.push('\n');
        }
    }

    /// What counts; a line for each first, where there are many.
    fn open(&mut self) {
        let verdict = self.subject.verdict;
        let blocks = self.blocks();
        self.excerpts = self.verbose || blocks.len() <= FEW;
        if blocks.len() > FEW {
            let open = || verdict.findings.iter().filter(|finding| finding.is_open());
            let suites: HashSet<&SuiteName> = open().map(|one| &one.suite).collect();
            let title = format!(
                "{} in {} of {}",
                plural(open().count() as u64, "finding"),
                suites.len(),
                plural(verdict.totals.suites, "suite")
            );
            let _ = writeln!(self.out, "{BOLD}{title}{BOLD:#}");
            self.entries(ROOM, "finding", blocks.iter(), |text, block| match block {
                Block::Cause(together) => text.row_of_cause(together),
                Block::Stack(same) => text.row_of_finding(same),
            });
            self.out.push('\n');
        }
        self.entries(
            IN_FULL,
            "finding",
            blocks.iter(),
            |text, block| match block {
                Block::Cause(together) => text.cause(together),
                Block::Stack(same) => text.finding(same),
            },
        );
    }

    /// The first line of a block, with the place of its rule at the right edge.
    fn title(&mut self, grade: &str, title: &str, rule: &Rule) {
        let place = words::rule_place(self.subject.verdict, rule);
        let line = layout::apart(
            &format!("{grade} {BOLD}{}{BOLD:#}", terminal(title)),
            &format!("{DIM}{}{DIM:#}", terminal(&place)),
        );
        self.out.push_str(&line);
    }

    /// One line for a block, where there are many.
    ///
    /// Output: `FAIL    5  store.(*Store).work  store/store.go:31  TestForgotten`
    fn row(&mut self, severity: Severity, goroutines: i64, text: &str) {
        let head = format!("{} {goroutines:>4}  ", grade(severity));
        self.out.push_str(&layout::hanging(&head, &terminal(text)));
    }

    /// Writes as many entries as there is room for, and how many there are besides.
    fn entries<E>(
        &mut self,
        room: Room,
        noun: &str,
        entries: impl ExactSizeIterator<Item = E>,
        write: impl Fn(&mut Self, E),
    ) {
        let (start, total) = (self.out.len(), entries.len());
        for (written, entry) in entries.enumerate() {
            if written == room.entries || self.out.len() - start > room.bytes {
                let left_out = room::says(total - written, noun);
                self.remark(DIM, "...", &left_out);
                self.out.push('\n');
                break;
            }
            write(self, entry);
        }
    }

    fn unchecked(&mut self, unchecked: &Unchecked) {
        let Unchecked { suite, why } = unchecked;
        let suite = terminal(&words::suite(suite)).into_owned();
        let head = format!("{RED}UNCHECKED{RED:#} {BOLD}{suite}{BOLD:#}\n");
        self.out.push_str(&head);
        self.out.push_str(&layout::paragraph(&terminal(why)));
        self.out.push('\n');
    }

    /// A line that concerns the whole report.
    fn remark(&mut self, style: Style, label: &str, text: &str) {
        self.out.push_str(&remark(style, label, &terminal(text)));
    }

    fn note(&mut self, note: &Note) {
        let suite = self.suite_prefix(&note.suite);
        self.remark(DIM, "note", &format!("{suite}{}", note.text));
    }

    fn allowed(&mut self, finding: &Finding) {
        let what = match &finding.subject {
            verdict::Subject::Stack(stack) => {
                let place = stack.root.as_ref().or(stack.trace.last());
                place.map_or("", Place::name)
            }
            verdict::Subject::Sum(sum) => sum.key.as_deref().unwrap_or_default(),
        };
        let text = format!(
            "{}{}  before {}, after {}: {}",
            self.suite_prefix(&finding.suite),
            words::name(what),
            finding.before,
            finding.after,
            words::reason(self.subject.verdict, finding)
        );
        self.remark(DIM, words::covered(finding), &text);
    }

    /// Every exception, with what it accepts and how much of it is used.
    fn ledger(&mut self) {
        let ledger = words::ledger(self.subject.verdict, true);
        self.entries(ROOM, "exception", ledger.iter(), |text, row| {
            text.remark(DIM, "allow", &lines::ledger_row(row));
        });
    }

    fn moved(&mut self) {
        let moved = &self.subject.verdict.moved;
        if moved.is_empty() {
            return;
        }
        let stacks = plural(moved.len() as u64, "stack");
        let more = if self.verbose { "" } else { " (-v lists them)" };
        let text = format!("{stacks} matched with one that changed its name or path{more}");
        self.remark(DIM, "moved", &text);
        if self.verbose {
            self.entries(ROOM, "moved stack", moved.iter(), Self::one_moved);
        }
    }

    fn one_moved(&mut self, one: &Moved) {
        let (how, from, to) = (one.pairing.name(), &one.id_before, &one.id);
        let root = one.stack.last().map_or("", Place::name);
        let text = format!(
            "{how} {from} -> {to}  before {}, after {}  {}",
            one.before,
            one.after,
            words::name(root)
        );
        self.out.push_str(&layout::labelled("", &terminal(&text)));
        self.changes(&one.stack_before, &one.stack);
    }

    fn several(&self) -> bool {
        words::several(self.subject.verdict)
    }

    /// The suite's name, where there are several.
    fn suite_prefix(&self, suite: &SuiteName) -> String {
        if self.several() {
            format!("{}: ", words::suite(suite))
        } else {
            String::new()
        }
    }
}

/// How grave a finding is, in its colour.
fn grade(severity: Severity) -> String {
    let (word, style) = match severity {
        Severity::Error => ("FAIL", RED),
        Severity::Warning => ("WARN", YELLOW),
    };
    format!("{style}{word}{style:#}")
}

/// The last line: all that a glance at a log should give.
fn closing_line(verdict: &Verdict, fail_on: FailOn) -> String {
    let conclusion = Conclusion::of(verdict, fail_on);
    let style = match conclusion {
        Conclusion::Pass | Conclusion::FailsNever => GREEN,
        Conclusion::Fail | Conclusion::Unchecked | Conclusion::NotGated => RED,
    };
    let (word, summary) = (conclusion.word(), words::summary(verdict, fail_on));
    let line = layout::hanging(&format!("{style}{word}{style:#} "), &terminal(&summary));
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn plain() -> String {
        let rendered = sample::with(|subject| render(subject, Detail::Verbose));
        anstream::adapter::strip_str(&rendered).to_string()
    }

    #[test]
    fn the_sample() {
        insta::assert_snapshot!(plain());
    }

    #[test]
    fn a_baseline() {
        let verdict = sample::with_baseline();
        let rendered = sample::of(&verdict, |subject| render(subject, Detail::Normal));
        let plain = anstream::adapter::strip_str(&rendered).to_string();
        sample::assert_harmless(&plain);
        insta::assert_snapshot!(plain);
    }

    /// What is printed for these findings.
    fn printed(findings: Vec<Finding>) -> String {
        let verdict = Verdict {
            findings,
            ..sample::verdict()
        };
        let rendered = render(
            &Subject {
                verdict: &verdict,
                fail_on: FailOn::Error,
                name: None,
                sources: &sample::sources(),
                saved_as: None,
            },
            Detail::Normal,
        );
        anstream::adapter::strip_str(&rendered).to_string()
    }

    #[test]
    fn many_findings_open_with_a_line_for_each() {
        let finding = &sample::verdict().findings[0];
        let numbered = (1..=7).map(|number| Finding {
            id: format!("{number:012x}"),
            causes: Vec::new(),
            ..finding.clone()
        });
        let printed = printed(numbered.collect());
        let lines: Vec<&str> = printed.lines().take(8).collect();
        assert_eq!(lines[0], "7 findings in 1 of 3 suites");
        let line = "FAIL   40  worker.(*Pool).run  worker/pool.go:57  TestPoolDrain and 1 more";
        assert_eq!(lines[1..], [line; 7]);
    }

    #[test]
    fn one_stack_in_several_suites_is_one_block() {
        let finding = &Finding {
            causes: Vec::new(),
            ..sample::verdict().findings[0].clone()
        };
        let other = Finding {
            suite: "example.com/shop/mail".into(),
            after: 3,
            ..finding.clone()
        };
        let printed = printed(vec![finding.clone(), other]);
        let head = "FAIL worker-pool  41 more goroutines than before, in 2 suites    leakgate.yml:12\n  \
                    suite    example.com/shop/worker: before 2, after 42, allowed 5 (2 + growth 3;\n           \
                    ceiling 64); TestPoolDrain (38), TestPoolStop/twice (2)\n  \
                    suite    example.com/shop/mail: before 2, after 3, allowed 5 (2 + growth 3;\n           \
                    ceiling 64); TestPoolDrain (38), TestPoolStop/twice (2)\n";
        assert!(printed.starts_with(head), "{printed}");
        assert_eq!(printed.matches("  allow    - { match:").count(), 2);
        assert_eq!(printed.matches("\n  id ").count(), 1);
    }

    #[test]
    fn a_strange_name_steers_neither_a_terminal_nor_the_log_of_a_ci() {
        sample::assert_harmless(&plain());
    }
}
