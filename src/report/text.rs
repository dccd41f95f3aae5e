//! `text`: the verdict for a person, at a terminal or in a log.
//!
//! Colours are written always; who prints it strips them where they are not wanted.

mod finding;

use std::fmt::Write as _;

use self::finding::Alike;
use super::escape::terminal;
use super::plural;
use crate::policy::Severity;
use crate::verdict::{
    AllowUse, CommandRun, Disposition, FailOn, Finding, Outcome, Skipped, Verdict,
};
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
            alike: finding::alike(&verdict.findings),
            verbose: detail == Detail::Verbose,
        };
        text.body().expect("writing to a string does not fail");
    }
    out + &closing_line(verdict, fail_on) + "\n"
}

struct Text<'o, 'v> {
    out: &'o mut String,
    verdict: &'v Verdict,
    alike: Alike<'v>,
    verbose: bool,
}

impl Text<'_, '_> {
    fn body(&mut self) -> std::fmt::Result {
        let verdict = self.verdict;
        for finding in verdict.findings.iter().filter(|finding| finding.is_open()) {
            self.finding(finding)?;
        }
        for unchecked in &verdict.unchecked {
            writeln!(
                self.out,
                "{RED}UNCHECKED{RED:#} {BOLD}{}{BOLD:#}",
                terminal(&unchecked.suite)
            )?;
            writeln!(self.out, "  {}\n", terminal(&unchecked.why))?;
        }
        let start = self.out.len();
        for finding in verdict.findings.iter().filter(|finding| !finding.is_open()) {
            self.allowed(finding)?;
        }
        for allow in &verdict.allows {
            self.allow(allow)?;
        }
        self.moved()?;
        for note in &verdict.notes {
            let suite = self.suite_prefix(&note.suite);
            writeln!(
                self.out,
                "{DIM}note{DIM:#}     {suite}{}",
                terminal(&note.text)
            )?;
        }
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

    fn allowed(&mut self, finding: &Finding) -> std::fmt::Result {
        let word = match finding.disposition {
            Disposition::Baseline => "baseline",
            _ => "allowed",
        };
        let suite = self.suite_prefix(&finding.suite);
        let root = finding
            .root
            .as_ref()
            .or(finding.stack.last())
            .map_or(finding.key.as_str(), |place| &place.function);
        let (before, after) = (finding.before, finding.after);
        writeln!(
            self.out,
            "{DIM}{word:<8}{DIM:#} {suite}{}  before {before}, after {after}: {}",
            terminal(root),
            terminal(&finding.reason)
        )
    }

    /// What a team should know of an exception: that it can go, ends soon, has ended, or covers too much.
    fn allow(&mut self, allow: &AllowUse) -> std::fmt::Result {
        let place = match (allow.line, allow.builtin) {
            (Some(line), _) => format!("{}:{line}", terminal(&self.verdict.policy)),
            (None, name) => format!("built-in {}", name.unwrap_or_default()),
        };
        let days = plural(allow.days_left.unwrap_or(0), "day");
        let remarks = [
            (
                allow.is_expired(),
                "has expired: fix it, or accept it anew with a later date".to_owned(),
            ),
            (allow.expires_soon(), format!("expires in {days}")),
            (
                allow.unused && !allow.is_expired(),
                "matched nothing: remove it if the leak is gone".to_owned(),
            ),
            (
                allow.shadowed && !allow.is_expired(),
                "is never reached: earlier exceptions take all that it matches".to_owned(),
            ),
            (
                allow.broad,
                "accepts any goroutine that waits in this way: match its root or home instead"
                    .to_owned(),
            ),
        ];
        for (_, remark) in remarks.iter().filter(|(holds, _)| *holds) {
            let owner = allow
                .owner
                .as_ref()
                .map(|owner| format!(" ({})", terminal(owner)))
                .unwrap_or_default();
            writeln!(
                self.out,
                "{YELLOW}allow{YELLOW:#}    {place} {remark}{owner}"
            )?;
        }
        if self.verbose && remarks.iter().all(|(holds, _)| !holds) {
            let matched = plural(allow.matched, "goroutine");
            writeln!(
                self.out,
                "{DIM}allow{DIM:#}    {place} matched {matched}: {}",
                terminal(&allow.reason)
            )?;
        }
        Ok(())
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
        for one in moved.iter().filter(|_| verbose) {
            let (how, from, to) = (one.pairing.name(), &one.id_before, &one.id);
            let root = one.stack.last().map_or("", |place| &place.function);
            let (before, after) = (one.before, one.after);
            writeln!(
                self.out,
                "           {how} {from} -> {to}  before {before}, after {after}  {}",
                terminal(root)
            )?;
            self.changes(&one.stack_before, &one.stack)?;
        }
        Ok(())
    }

    /// One line for all goroutines that were left out.
    fn skipped(&mut self) -> std::fmt::Result {
        let skipped = &self.verdict.skipped;
        if skipped.is_empty() {
            return Ok(());
        }
        let mut by_reason: Vec<(&str, i64)> = Vec::new();
        for Skipped { count, why, .. } in skipped {
            match by_reason.iter_mut().find(|(reason, _)| reason == why) {
                Some((_, sum)) => *sum += count,
                None => by_reason.push((why, *count)),
            }
        }
        let reasons: Vec<_> = by_reason
            .iter()
            .map(|(why, count)| format!("{count} {}", terminal(why)))
            .collect();
        writeln!(self.out, "{DIM}left out{DIM:#} {}", reasons.join("; "))
    }

    /// Whether there is more than one suite, so that each has to be named.
    fn several(&self) -> bool {
        self.verdict.totals.suites + self.verdict.unchecked.len() as u64 > 1
    }

    /// The suite's name, where there are several.
    fn suite_prefix(&self, suite: &str) -> String {
        if self.several() {
            format!("{}: ", terminal(suite))
        } else {
            String::new()
        }
    }
}

/// The last line: all that a glance at a log should give.
fn closing_line(verdict: &Verdict, fail_on: FailOn) -> String {
    let (word, style) = match verdict.outcome(fail_on) {
        _ if verdict.not_gated().is_some() => ("NOT GATED", RED),
        Outcome::Pass if fail_on == FailOn::Never => ("PASS (--fail-on never)", GREEN),
        Outcome::Pass => ("PASS", GREEN),
        Outcome::Fail => ("FAIL", RED),
        Outcome::NoEvidence => ("UNCHECKED", RED),
    };
    let mut parts = vec![
        plural(verdict.count(Severity::Error) as u64, "violation"),
        plural(verdict.count(Severity::Warning) as u64, "warning"),
    ];
    let covered = verdict
        .findings
        .iter()
        .filter(|finding| !finding.is_open())
        .count();
    let soonest = verdict
        .allows
        .iter()
        .filter(|allow| allow.expires_soon())
        .filter_map(|allow| allow.days_left)
        .min();
    match soonest {
        Some(days) => {
            let soon = verdict
                .allows
                .iter()
                .filter(|allow| allow.expires_soon())
                .count();
            parts.push(format!(
                "{covered} allowed ({soon} to expire, the first in {})",
                plural(days, "day")
            ));
        }
        None if covered > 0 => parts.push(format!("{covered} allowed")),
        None => {}
    }
    let totals = verdict.totals;
    let stacks = plural(totals.stacks, "stack");
    parts.push(match (totals.suites, verdict.unchecked.len()) {
        (1, 0) => format!(
            "{stacks}, {} before and {} after",
            plural(totals.before, "goroutine"),
            totals.after
        ),
        (suites, _) => format!("{stacks} in {}", plural(suites, "suite")),
    });
    if !verdict.unchecked.is_empty() {
        parts.push(format!(
            "{} unchecked",
            plural(verdict.unchecked.len() as u64, "suite")
        ));
    }
    if let Some(command) = &verdict.command {
        parts.extend(aside(command));
    }
    let why = verdict
        .not_gated()
        .map(|failed| format!("tests failed, {failed}: "));
    format!(
        "{style}{word}{style:#} {}{}",
        why.unwrap_or_default(),
        parts.join(", ")
    )
}

/// What ran beside the suites.
fn aside(command: &CommandRun) -> impl Iterator<Item = String> {
    let CommandRun {
        without_tests,
        children,
        ..
    } = *command;
    let without =
        (without_tests > 0).then(|| format!("{} without tests", plural(without_tests, "package")));
    let children = (children > 0).then(|| match children {
        1 => "1 child process of a test not judged".to_owned(),
        children => format!("{children} child processes of tests not judged"),
    });
    without.into_iter().chain(children)
}
