//! `text`: the verdict for a person, at a terminal or in a log.
//!
//! Colours are written always; who prints it strips them where they are not wanted.

mod finding;

use std::fmt::Write as _;

use super::escape::terminal;
use super::plural;
use super::room::{self, Room};
use super::words::{self, Remark, Words};
use crate::evidence::{SuiteName, Unchecked};
use crate::verdict::{AllowUse, FailOn, Finding, Moved, Note, Outcome, Place, Subject, Verdict};
use anstyle::{AnsiColor, Style};

/// How much is told.
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

/// Columns of the word in front of a line.
const LABEL: usize = 8;

const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default().bold();
const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

/// Renders a verdict.
pub fn render(verdict: &Verdict, fail_on: FailOn, detail: Detail) -> String {
    let mut out = String::new();
    if detail > Detail::Quiet {
        let mut text = Text {
            out: &mut out,
            verdict,
            words: &Words::new(verdict),
            verbose: detail == Detail::Verbose,
        };
        text.body().expect("writing to a string does not fail");
    }
    out + &closing_line(verdict, fail_on) + "\n"
}

/// One finding in full, without colours.
pub(super) fn block(verdict: &Verdict, words: &Words, finding: &Finding) -> String {
    let mut out = String::new();
    let mut text = Text {
        out: &mut out,
        verdict,
        words,
        verbose: true,
    };
    text.finding(finding)
        .expect("writing to a string does not fail");
    anstream::adapter::strip_str(out.trim_end()).to_string()
}

struct Text<'o, 'v> {
    out: &'o mut String,
    verdict: &'v Verdict,
    words: &'o Words<'v>,
    verbose: bool,
}

impl Text<'_, '_> {
    fn body(&mut self) -> std::fmt::Result {
        let verdict = self.verdict;
        let (open, covered): (Vec<&Finding>, Vec<&Finding>) = verdict
            .findings
            .iter()
            .partition(|finding| finding.is_open());
        self.entries("finding", open, Self::finding)?;
        self.entries(
            "unchecked suite",
            verdict.unchecked.iter().collect(),
            Self::unchecked,
        )?;
        let start = self.out.len();
        let (builtin, covered): (Vec<&Finding>, Vec<&Finding>) = covered
            .into_iter()
            .partition(|finding| finding.builtin().is_some() && !self.verbose);
        self.entries("accepted finding", covered, Self::allowed)?;
        if let Some(benign) = words::benign(&builtin) {
            writeln!(self.out, "{DIM}allowed{DIM:#}  {benign} (-v lists them)")?;
        }
        for remark in words::remarks(verdict) {
            self.remark(&remark)?;
        }
        if self.verbose {
            verdict
                .allows
                .iter()
                .try_for_each(|allow| self.allow(allow))?;
        }
        self.moved()?;
        self.entries("note", verdict.notes.iter().collect(), Self::note)?;
        self.skipped()?;
        writeln!(
            self.out,
            "{DIM}policy{DIM:#}   {}",
            terminal(&verdict.policy)
        )?;
        if self.out.len() > start {
            writeln!(self.out)?;
        }
        Ok(())
    }

    /// Writes as many entries as there is room for, and how many there are besides.
    fn entries<E>(
        &mut self,
        noun: &str,
        entries: Vec<&E>,
        write: fn(&mut Self, &E) -> std::fmt::Result,
    ) -> std::fmt::Result {
        let (start, total) = (self.out.len(), entries.len());
        for (written, entry) in entries.into_iter().enumerate() {
            if written == ROOM.entries || self.out.len() - start > ROOM.bytes {
                let left_out = room::says(total - written, noun);
                writeln!(self.out, "{DIM}... {left_out}{DIM:#}\n")?;
                break;
            }
            write(self, entry)?;
        }
        Ok(())
    }

    fn unchecked(&mut self, unchecked: &Unchecked) -> std::fmt::Result {
        let Unchecked { suite, why } = unchecked;
        let suite = suite.to_string();
        let suite = words::name(&suite);
        writeln!(
            self.out,
            "{RED}UNCHECKED{RED:#} {BOLD}{}{BOLD:#}",
            terminal(&suite)
        )?;
        writeln!(self.out, "  {}\n", terminal(why))
    }

    fn note(&mut self, note: &Note) -> std::fmt::Result {
        let suite = self.suite_prefix(&note.suite);
        writeln!(
            self.out,
            "{DIM}note{DIM:#}     {suite}{}",
            terminal(&note.text)
        )
    }

    fn allowed(&mut self, finding: &Finding) -> std::fmt::Result {
        let suite = self.suite_prefix(&finding.suite);
        let what = match &finding.subject {
            Subject::Stack(stack) => {
                let place = stack.root.as_ref().or(stack.trace.last());
                place.map_or("", Place::name)
            }
            Subject::Sum(sum) => sum.key.as_deref().unwrap_or_default(),
        };
        let (before, after) = (finding.before, finding.after);
        writeln!(
            self.out,
            "{DIM}allowed{DIM:#}  {suite}{}  before {before}, after {after}: {}",
            terminal(&words::name(what)),
            terminal(&words::reason(self.verdict, finding))
        )
    }

    fn remark(&mut self, remark: &Remark) -> std::fmt::Result {
        let Remark {
            what,
            place,
            text,
            owner,
        } = remark;
        let owner = owner
            .map(|owner| format!(" ({})", terminal(owner)))
            .unwrap_or_default();
        writeln!(
            self.out,
            "{YELLOW}{what}{YELLOW:#}{:pad$} {} {}{owner}",
            "",
            terminal(place),
            terminal(text),
            pad = LABEL - what.len()
        )
    }

    fn allow(&mut self, allow: &AllowUse) -> std::fmt::Result {
        if allow.matched == 0 {
            return Ok(());
        }
        let place = words::allow_place(self.verdict, allow);
        let matched = plural(allow.matched, "goroutine");
        writeln!(
            self.out,
            "{DIM}allow{DIM:#}    {} matched {matched}: {}",
            terminal(&place),
            terminal(&allow.exception.reason)
        )
    }

    fn moved(&mut self) -> std::fmt::Result {
        let (moved, verbose) = (&self.verdict.moved, self.verbose);
        if moved.is_empty() {
            return Ok(());
        }
        let stacks = plural(moved.len() as u64, "stack");
        let more = if self.verbose { "" } else { " (-v lists them)" };
        writeln!(
            self.out,
            "{DIM}moved{DIM:#}    {stacks} matched with one that changed its name or path{more}"
        )?;
        let all = moved.iter().filter(|_| verbose).collect();
        self.entries("moved stack", all, Self::one_moved)
    }

    fn one_moved(&mut self, one: &Moved) -> std::fmt::Result {
        let (how, from, to) = (one.pairing.name(), &one.id_before, &one.id);
        let root = one.stack.last().map_or("", Place::name);
        let (before, after) = (one.before, one.after);
        writeln!(
            self.out,
            "           {how} {from} -> {to}  before {before}, after {after}  {}",
            terminal(&words::name(root))
        )?;
        self.changes(&one.stack_before, &one.stack)
    }

    /// One line for all goroutines that were left out.
    fn skipped(&mut self) -> std::fmt::Result {
        let reasons = words::left_out(self.verdict, self.verbose);
        if reasons.is_empty() {
            return Ok(());
        }
        let reasons = reasons.join("; ");
        writeln!(self.out, "{DIM}left out{DIM:#} {}", terminal(&reasons))
    }

    fn several(&self) -> bool {
        words::several(self.verdict)
    }

    /// The suite's name, where there are several.
    fn suite_prefix(&self, suite: &SuiteName) -> String {
        if self.several() {
            format!("{}: ", terminal(&words::name(&suite.to_string())))
        } else {
            String::new()
        }
    }
}

/// The last line: all that a glance at a log should give.
fn closing_line(verdict: &Verdict, fail_on: FailOn) -> String {
    let style = match verdict.outcome(fail_on) {
        Outcome::Pass if verdict.not_gated().is_none() => GREEN,
        _ => RED,
    };
    let (word, summary) = (words::result(verdict, fail_on), words::summary(verdict));
    format!("{style}{word}{style:#} {summary}")
}

#[cfg(test)]
mod tests {
    use super::{Detail, render};
    use crate::report::sample;

    fn plain() -> String {
        let rendered =
            sample::with(|subject| render(subject.verdict, subject.fail_on, Detail::Verbose));
        anstream::adapter::strip_str(&rendered).to_string()
    }

    #[test]
    fn the_sample() {
        insta::assert_snapshot!(plain());
    }

    #[test]
    fn a_strange_name_steers_neither_a_terminal_nor_the_log_of_a_ci() {
        sample::assert_harmless(&plain());
    }
}
