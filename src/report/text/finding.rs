//! One finding, in full.

use std::fmt::Write as _;

use similar::{Algorithm, ChangeTag, capture_diff_slices};

use super::{BOLD, DIM, RED, Text, YELLOW};
use crate::policy::Severity;
use crate::report::escape::terminal;
use crate::report::{plural, words};
use crate::verdict::{Finding, Place, Stack, Subject, Sum, Trace};

/// Names wider than this do not line up.
const WIDEST: usize = 80;

/// So many values of a label are named.
const MOST_VALUES: usize = 20;

/// Column where the place of a rule stands, so that these line up.
const PLACE_COLUMN: usize = 72;

impl Text<'_, '_> {
    pub(super) fn finding(&mut self, finding: &Finding) -> std::fmt::Result {
        let (word, style) = match finding.rule.severity {
            _ if !finding.is_open() => ("ALLOWED", DIM),
            Severity::Error => ("FAIL", RED),
            Severity::Warning => ("WARN", YELLOW),
        };
        let rule = terminal(&finding.rule.name);
        let what = match &finding.subject {
            Subject::Sum(Sum { key: Some(key), .. }) => {
                let per = finding.rule.per.name();
                format!(" ({} {})", terminal(&per), terminal(&words::name(key)))
            }
            _ => String::new(),
        };
        let title = format!("{rule}{what}  {}", words::headline(finding));
        let gap = " ".repeat(PLACE_COLUMN.saturating_sub(title.chars().count()).max(2));
        writeln!(
            self.out,
            "{style}{word}{style:#} {BOLD}{title}{BOLD:#}{gap}{DIM}{}{DIM:#}",
            terminal(&words::rule_place(self.verdict, &finding.rule))
        )?;
        write!(self.out, "  {}", words::counts(finding))?;
        let stack = finding.stack();
        let series = stack.map_or(&[][..], |stack| &stack.series);
        if series.len() > 1 {
            let counts: Vec<_> = series.iter().map(ToString::to_string).collect();
            write!(self.out, ", one after another {}", counts.join(", "))?;
        }
        match words::proof(finding) {
            Some(proof) => writeln!(self.out, "    {proof}")?,
            None => writeln!(self.out)?,
        }
        if self.several() {
            self.line("suite", &terminal(&words::name(&finding.suite.to_string())))?;
        }
        if let Some(tests) = self.words.tests(finding) {
            self.line("test", &terminal(&tests))?;
        }
        for (key, of_key) in &finding.labels {
            let values: Vec<_> = of_key
                .iter()
                .take(MOST_VALUES)
                .map(|(value, count)| {
                    let (key, value) = (words::name(key), words::name(value));
                    format!("{}={} ({count})", terminal(&key), terminal(&value))
                })
                .collect();
            let more = match of_key.len().saturating_sub(MOST_VALUES) {
                0 => String::new(),
                more => format!(", and {}", plural(more as u64, "more value")),
            };
            self.line("label", &(values.join(", ") + &more))?;
        }
        if let Some(wait) = words::wait(finding) {
            self.line("state", &wait)?;
        }
        if let Some(stack) = stack {
            self.places(stack)?;
            self.was(finding, stack)?;
        }
        let reason = words::reason(self.verdict, finding);
        if !reason.is_empty() {
            self.line("note", &terminal(&reason))?;
        }
        let fix = words::fix(finding);
        if !fix.is_empty() {
            self.line("fix", &terminal(fix))?;
        }
        if let Some(accept) = self.words.accept(finding) {
            self.line("allow", &terminal(&accept.to_string()))?;
        }
        if let Some(again) = self.words.again(finding) {
            self.line("again", &again)?;
        }
        self.line("id", &finding.id)?;
        if let Some(stack) = stack.filter(|_| self.verbose) {
            self.stack("stack", &stack.trace)?;
            if let Some(before) = &stack.trace_before {
                self.stack("was", before)?;
            }
        }
        writeln!(self.out)
    }

    /// One labelled line of a finding.
    fn line(&mut self, label: &str, text: &str) -> std::fmt::Result {
        writeln!(self.out, "  {DIM}{label:<8}{DIM:#} {text}")
    }

    fn places(&mut self, stack: &Stack) -> std::fmt::Result {
        let rows = [("home", &stack.home), ("root", &stack.root)];
        let rows = rows.map(|(label, place)| {
            let shown = place.as_ref().map(|place| {
                let function = words::name(place.name());
                (terminal(&function).into_owned(), words::short(place))
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
        if stack.root.is_none() {
            self.line("root", "unknown: the stack was cut when it was captured")?;
        }
        Ok(())
    }

    /// How the stack before differs, for one that was matched though it is not equal.
    fn was(&mut self, finding: &Finding, stack: &Stack) -> std::fmt::Result {
        let Some(how) = words::was(finding) else {
            return Ok(());
        };
        self.line("was", &how)?;
        let before = stack.trace_before.as_ref();
        before.map_or(Ok(()), |before| self.changes(before, &stack.trace))
    }

    /// The frames that differ between two stacks.
    pub(super) fn changes(&mut self, before: &Trace, after: &Trace) -> std::fmt::Result {
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
                writeln!(self.out, "           {sign} {}", terminal(&name))?;
            }
        }
        Ok(())
    }

    fn stack(&mut self, label: &str, stack: &Trace) -> std::fmt::Result {
        let frame = |place: &Place| {
            let (function, file) = (words::name(place.name()), words::name(place.file()));
            format!(
                "{}  {}:{}",
                terminal(&function),
                terminal(&file),
                place.line
            )
        };
        for (index, line) in stack.map(frame, words::gap).iter().enumerate() {
            self.line(if index == 0 { label } else { "" }, line)?;
        }
        Ok(())
    }
}
