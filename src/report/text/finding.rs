//! One finding, in full.

use std::fmt::Write as _;

use similar::{Algorithm, ChangeTag, capture_diff_slices};

use super::{BOLD, DIM, RED, Text, YELLOW};
use crate::policy::Severity;
use crate::report::escape::terminal;
use crate::report::{facts, plural};
use crate::verdict::{Finding, Place, Trace};

/// Names wider than this do not line up.
const WIDEST: usize = 80;

/// So many values of a label are named.
const MOST_VALUES: usize = 20;

/// Column where the place of a rule stands, so that these line up.
const PLACE_COLUMN: usize = 72;

impl Text<'_, '_> {
    pub(super) fn finding(&mut self, finding: &Finding) -> std::fmt::Result {
        let (word, style) = match finding.severity {
            _ if !finding.is_open() => ("ALLOWED", DIM),
            Severity::Error => ("FAIL", RED),
            Severity::Warning => ("WARN", YELLOW),
        };
        let rule = terminal(&finding.rule);
        let what = match (finding.per.as_str(), finding.key.as_str()) {
            ("stack" | "total", _) => String::new(),
            (per, key) => format!(" ({} {})", terminal(per), terminal(&facts::name(key))),
        };
        let title = format!("{rule}{what}  {}", facts::headline(finding));
        let gap = " ".repeat(PLACE_COLUMN.saturating_sub(title.chars().count()).max(2));
        writeln!(
            self.out,
            "{style}{word}{style:#} {BOLD}{title}{BOLD:#}{gap}{DIM}{}{DIM:#}",
            terminal(&finding.rule_place)
        )?;
        write!(self.out, "  {}", facts::counts(finding))?;
        if finding.series.len() > 1 {
            let counts: Vec<_> = finding.series.iter().map(ToString::to_string).collect();
            write!(self.out, ", one after another {}", counts.join(", "))?;
        }
        match facts::proof(finding) {
            Some(proof) => writeln!(self.out, "    {proof}")?,
            None => writeln!(self.out)?,
        }
        if self.several() {
            self.line("suite", &terminal(&facts::name(&finding.suite.to_string())))?;
        }
        if let Some(tests) = self.facts.tests(finding) {
            self.line("test", &terminal(&tests))?;
        }
        for (key, of_key) in &finding.labels {
            let values: Vec<_> = of_key
                .iter()
                .take(MOST_VALUES)
                .map(|(value, count)| {
                    let (key, value) = (facts::name(key), facts::name(value));
                    format!("{}={} ({count})", terminal(&key), terminal(&value))
                })
                .collect();
            let more = match of_key.len().saturating_sub(MOST_VALUES) {
                0 => String::new(),
                more => format!(", and {}", plural(more as u64, "more value")),
            };
            self.line("label", &(values.join(", ") + &more))?;
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
        if let Some(accept) = self.facts.accept(finding) {
            self.line("allow", &terminal(&accept.to_string()))?;
        }
        if let Some(again) = self.facts.again(finding) {
            self.line("again", &again)?;
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
        let rows = rows.map(|(label, place)| {
            let shown = place.as_ref().map(|place| {
                let function = facts::name(&place.function);
                (terminal(&function).into_owned(), facts::short(place))
            });
            (label, shown)
        });
        let shown = || rows.iter().filter_map(|(_, shown)| shown.as_ref());
        let width = shown().map(|(function, _)| function.chars().count()).max();
        // Escapes may have made a short name long, and a width has its own limit.
        let width = width.unwrap_or(0).min(WIDEST);
        for (label, shown) in &rows {
            if let Some((function, place)) = shown {
                let place = terminal(place);
                self.line(label, &format!("{function:<width$}  {place}"))?;
            }
        }
        if finding.root.is_none() && !finding.stack.is_empty() {
            self.line("root", "unknown: the stack was cut when it was captured")?;
        }
        Ok(())
    }

    /// How the stack before differs, for one that was matched though it is not equal.
    fn was(&mut self, finding: &Finding) -> std::fmt::Result {
        let Some(how) = facts::was(finding) else {
            return Ok(());
        };
        self.line("was", &how)?;
        self.changes(&finding.stack_before, &finding.stack)
    }

    /// The frames that differ between two stacks.
    pub(super) fn changes(&mut self, before: &Trace, after: &Trace) -> std::fmt::Result {
        let names = |stack: &Trace| -> Vec<_> {
            let frames = stack.frames().iter();
            frames.map(|place| place.function.clone()).collect()
        };
        let (old, new) = (names(before), names(after));
        for operation in capture_diff_slices(Algorithm::Myers, &old, &new) {
            for change in operation.iter_changes(&old, &new) {
                let sign = match change.tag() {
                    ChangeTag::Equal => continue,
                    ChangeTag::Delete => '-',
                    ChangeTag::Insert => '+',
                };
                let name = facts::name(change.value_ref());
                writeln!(self.out, "           {sign} {}", terminal(&name))?;
            }
        }
        Ok(())
    }

    fn stack(&mut self, label: &str, stack: &Trace) -> std::fmt::Result {
        let frame = |place: &Place| {
            let (function, file) = (facts::name(&place.function), facts::name(&place.file));
            format!(
                "{}  {}:{}",
                terminal(&function),
                terminal(&file),
                place.line
            )
        };
        for (index, line) in stack.map(frame, facts::gap).iter().enumerate() {
            self.line(if index == 0 { label } else { "" }, line)?;
        }
        Ok(())
    }
}
