//! `text`: the verdict for a person, at a terminal or in a log.
//!
//! Colours are written always; who prints it strips them where they are not wanted.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use similar::{Algorithm, ChangeTag, capture_diff_slices};

use super::escape::terminal;
use super::plural;
use crate::diff::Pairing;
use crate::policy::Severity;
use crate::verdict::{AllowUse, Disposition, FailOn, Finding, Outcome, Place, Skipped, Verdict};

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

/// Column where the place of a rule stands, so that these line up.
const PLACE_COLUMN: usize = 72;

/// Renders a verdict.
pub fn render(verdict: &Verdict, fail_on: FailOn, detail: Detail) -> String {
    let mut out = String::new();
    if detail > Detail::Quiet {
        let mut text = Text {
            out: &mut out,
            verdict,
            verbose: detail == Detail::Verbose,
        };
        text.body().expect("writing to a string does not fail");
    }
    out + &closing_line(verdict, fail_on) + "\n"
}

struct Text<'o, 'v> {
    out: &'o mut String,
    verdict: &'v Verdict,
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
        if self.out.len() > start {
            writeln!(self.out)?;
        }
        Ok(())
    }

    fn finding(&mut self, finding: &Finding) -> std::fmt::Result {
        let (word, style) = match finding.severity {
            Severity::Error => ("FAIL", RED),
            Severity::Warning => ("WARN", YELLOW),
        };
        let rule = terminal(&finding.rule);
        let what = match (finding.per.as_str(), finding.key.as_str()) {
            ("stack" | "total", _) => String::new(),
            (per, key) => format!(" ({} {})", terminal(per), terminal(key)),
        };
        let title = format!("{rule}{what}  {}", headline(finding));
        let gap = " ".repeat(PLACE_COLUMN.saturating_sub(title.chars().count()).max(2));
        writeln!(
            self.out,
            "{style}{word}{style:#} {BOLD}{title}{BOLD:#}{gap}{DIM}{}{DIM:#}",
            terminal(&finding.rule_place)
        )?;
        let Finding {
            before,
            after,
            allowed,
            sum,
            ..
        } = finding;
        write!(
            self.out,
            "  before {before}, after {after}, allowed {allowed} ({sum})"
        )?;
        match finding.proven {
            Some(true) => writeln!(self.out, "    proven by the garbage collector")?,
            Some(false) => writeln!(self.out, "    not proven by the garbage collector")?,
            None => writeln!(self.out)?,
        }
        if self.verdict.totals.suites > 1 {
            self.line("suite", &terminal(&finding.suite))?;
        }
        if !finding.tests.is_empty() {
            let tests: Vec<_> = finding
                .tests
                .iter()
                .map(|(test, count)| format!("{} ({count})", terminal(test)))
                .collect();
            self.line("test", &tests.join(", "))?;
        }
        for (key, values) in &finding.labels {
            let values: Vec<_> = values
                .iter()
                .map(|(value, count)| format!("{}={} ({count})", terminal(key), terminal(value)))
                .collect();
            self.line("label", &values.join(", "))?;
        }
        if let Some(state) = finding.state {
            self.line("state", &format!("{state}: {}", finding.cause))?;
        }
        self.places(finding)?;
        self.was(finding)?;
        if !finding.reason.is_empty() {
            self.line("note", &terminal(&finding.reason))?;
        }
        if !finding.fix.is_empty() {
            self.line("fix", &terminal(&finding.fix))?;
        }
        if let Some(entry) = allow_entry(finding) {
            self.line("allow", &terminal(&entry))?;
        }
        self.line("id", &finding.id)?;
        if self.verbose {
            self.stack("stack", &finding.stack)?;
            self.stack("was", &finding.stack_before)?;
        }
        writeln!(self.out)
    }

    /// One labelled line of a finding.
    fn line(&mut self, label: &str, text: &str) -> std::fmt::Result {
        writeln!(self.out, "  {DIM}{label:<8}{DIM:#} {text}")
    }

    fn places(&mut self, finding: &Finding) -> std::fmt::Result {
        let rows = [("home", &finding.home), ("root", &finding.root)];
        let width = rows
            .iter()
            .filter_map(|(_, place)| place.as_ref())
            .map(|place| terminal(&place.function).chars().count())
            .max();
        for (label, place) in rows {
            if let Some(place) = place {
                let function = terminal(&place.function);
                self.line(
                    label,
                    &format!(
                        "{function:<width$}  {}",
                        short_place(place),
                        width = width.unwrap_or(0)
                    ),
                )?;
            }
        }
        if finding.root.is_none() && !finding.stack.is_empty() {
            self.line("root", "unknown: the stack was cut when it was captured")?;
        }
        Ok(())
    }

    /// How the stack before differs, for one that was matched though it is not equal.
    fn was(&mut self, finding: &Finding) -> std::fmt::Result {
        let how = match finding.pairing {
            Some(Pairing::Renamed) => "renamed: the same source under another build".to_owned(),
            Some(Pairing::Near(similarity)) => {
                format!(
                    "moved: {:.0} percent of the frames before",
                    similarity.ratio() * 100.0
                )
            }
            _ => return Ok(()),
        };
        self.line("was", &how)?;
        let names = |stack: &[Place]| {
            stack
                .iter()
                .map(|place| place.function.clone())
                .collect::<Vec<_>>()
        };
        let (old, new) = (names(&finding.stack_before), names(&finding.stack));
        for operation in capture_diff_slices(Algorithm::Myers, &old, &new) {
            for change in operation.iter_changes(&old, &new) {
                let sign = match change.tag() {
                    ChangeTag::Equal => continue,
                    ChangeTag::Delete => '-',
                    ChangeTag::Insert => '+',
                };
                let function = change.value();
                writeln!(self.out, "           {sign} {}", terminal(&function))?;
            }
        }
        Ok(())
    }

    fn stack(&mut self, label: &str, stack: &[Place]) -> std::fmt::Result {
        for (index, place) in stack.iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            self.line(
                label,
                &format!(
                    "{}  {}:{}",
                    terminal(&place.function),
                    terminal(&place.file),
                    place.line
                ),
            )?;
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
                allow.is_unused() && !allow.is_expired(),
                "matched nothing: remove it if the leak is gone".to_owned(),
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
        let moved = &self.verdict.moved;
        if moved.is_empty() {
            return Ok(());
        }
        let stacks = plural(moved.len() as u64, "stack");
        let more = if self.verbose { "" } else { " (-v lists them)" };
        writeln!(
            self.out,
            "{DIM}moved{DIM:#}    {stacks} matched with one that changed its name or path{more}"
        )?;
        for one in moved.iter().filter(|_| self.verbose) {
            let how = one.pairing.name();
            let (from, to) = (&one.id_before, &one.id);
            writeln!(
                self.out,
                "           {how} {from} -> {to}  before {}, after {}  {}",
                one.before,
                one.after,
                terminal(&one.root)
            )?;
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

    /// The suite's name, where there are several.
    fn suite_prefix(&self, suite: &str) -> String {
        if self.verdict.totals.suites > 1 {
            format!("{}: ", terminal(suite))
        } else {
            String::new()
        }
    }
}

fn headline(finding: &Finding) -> String {
    match finding.growth() {
        0 => format!(
            "{}, as many as before, and too many",
            plural(finding.after, "goroutine")
        ),
        growth if growth < 0 => format!(
            "{}, fewer than before, and too many",
            plural(finding.after, "goroutine")
        ),
        1 => "1 more goroutine than before".into(),
        growth => format!("{growth} more goroutines than before"),
    }
}

/// `worker/pool.go:57`: the last two elements of the path say enough, and are the same on every machine.
fn short_place(place: &Place) -> String {
    let mut elements = place.file.rsplit(['/', '\\']);
    let file = elements.next().unwrap_or_default();
    let directory = elements
        .next()
        .filter(|directory| !directory.is_empty())
        .map(|directory| format!("{directory}/"));
    format!(
        "{}{}:{}",
        terminal(&directory.unwrap_or_default()),
        terminal(file),
        place.line
    )
}

/// The entry for a policy that would accept a finding.
fn allow_entry(finding: &Finding) -> Option<String> {
    let (key, place) = match (&finding.root, &finding.home) {
        (Some(root), _) => ("root", root),
        (None, Some(home)) => ("home", home),
        (None, None) => return None,
    };
    let pattern = serde_json::to_string(&*place.function).unwrap_or_default();
    Some(format!(
        "- {{ match: {{ {key}: {pattern} }}, max: {}, reason: ..., expires: ... }}",
        finding.after
    ))
}

/// The last line: all that a glance at a log should give.
fn closing_line(verdict: &Verdict, fail_on: FailOn) -> String {
    let (word, style) = match verdict.outcome(fail_on) {
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
    format!("{style}{word}{style:#} {}", parts.join(", "))
}
