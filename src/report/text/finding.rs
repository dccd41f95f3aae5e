//! One finding, in full.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use similar::{Algorithm, ChangeTag, capture_diff_slices};

use super::{BOLD, DIM, RED, Text, YELLOW};
use crate::diff::Pairing;
use crate::policy::{Matcher, Pattern, Severity};
use crate::report::escape::terminal;
use crate::report::plural;
use crate::verdict::{Finding, Place};

/// Column where the place of a rule stands, so that these line up.
const PLACE_COLUMN: usize = 72;

impl Text<'_, '_> {
    pub(super) fn finding(&mut self, finding: &Finding) -> std::fmt::Result {
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
        if finding.series.len() > 1 {
            let counts: Vec<_> = finding.series.iter().map(ToString::to_string).collect();
            write!(self.out, ", one after another {}", counts.join(", "))?;
        }
        match finding.proven {
            Some(0) => writeln!(self.out, "    not proven by the garbage collector")?,
            Some(proven) if proven < *after => {
                writeln!(
                    self.out,
                    "    {proven} of them proven by the garbage collector"
                )?;
            }
            Some(_) => writeln!(self.out, "    proven by the garbage collector")?,
            None => writeln!(self.out)?,
        }
        if self.several() {
            self.line("suite", &terminal(&finding.suite))?;
        }
        self.tests(finding)?;
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
        if let Some((place, max)) = &finding.exceeds {
            let place = terminal(place);
            self.line(
                "allow",
                &format!("raise max at {place} from {max}, if this is accepted too"),
            )?;
        } else if let Some(entry) = self.allow_entry(finding) {
            self.line("allow", &terminal(&entry))?;
        }
        if self.verdict.command.is_some()
            && let Some(again) = again(finding)
        {
            self.line("again", &again)?;
        }
        self.line("id", &finding.id)?;
        if self.verbose {
            self.stack("stack", &finding.stack)?;
            self.stack("was", &finding.stack_before)?;
        }
        writeln!(self.out)
    }

    /// Which tests started the goroutines.
    fn tests(&mut self, finding: &Finding) -> std::fmt::Result {
        let of_run = self.verdict.command.is_some() && !finding.stack.is_empty();
        if finding.tests.is_empty() && !of_run {
            return Ok(());
        }
        let tests = finding.tests.iter();
        let mut tests: Vec<_> = tests
            .map(|(test, count)| format!("{} ({count})", terminal(test)))
            .collect();
        if finding.shared && !tests.is_empty() {
            return self.line(
                "test",
                &format!(
                    "shared: whichever test needs it first starts it, here {}",
                    tests.join(", ")
                ),
            );
        }
        let total = match finding.growth() {
            growth @ 1.. => growth,
            _ => finding.after,
        };
        match total - finding.tests.values().sum::<i64>() {
            others @ 1.. if of_run => tests.push(format!(
                "unattributed ({others}): TestMain, time.AfterFunc, or labels of the code's own"
            )),
            others @ 1.. => tests.push(format!("no test ({others})")),
            _ => {}
        }
        self.line("test", &tests.join(", "))
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
        self.changes(&finding.stack_before, &finding.stack)
    }

    /// The frames that differ between two stacks.
    pub(super) fn changes(&mut self, before: &[Place], after: &[Place]) -> std::fmt::Result {
        let names = |stack: &[Place]| -> Vec<_> {
            stack.iter().map(|place| place.function.clone()).collect()
        };
        let (old, new) = (names(before), names(after));
        for operation in capture_diff_slices(Algorithm::Myers, &old, &new) {
            for change in operation.iter_changes(&old, &new) {
                let sign = match change.tag() {
                    ChangeTag::Equal => continue,
                    ChangeTag::Delete => '-',
                    ChangeTag::Insert => '+',
                };
                writeln!(self.out, "           {sign} {}", terminal(&change.value()))?;
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

    /// The entry for a policy that would accept a finding, and with it the others of the same root and state: an exception
    /// counts all that it matches.
    fn allow_entry(&self, finding: &Finding) -> Option<String> {
        let (key, place) = match (&finding.root, &finding.home) {
            (Some(root), _) => ("root", root),
            (None, Some(home)) => ("home", home),
            (None, None) => return None,
        };
        // Not an entry that would accept whatever waits in this way.
        let matcher = Matcher {
            root: Some(Pattern::new(&place.function)),
            ..Matcher::default()
        };
        if matcher.is_broad() {
            return None;
        }
        let max = self
            .alike
            .get(&(finding.suite.as_str(), finding.state, key, &*place.function))
            .copied();
        let max = max.unwrap_or(finding.after);
        let pattern = serde_json::to_string(&*place.function).unwrap_or_default();
        let state = finding.state.unwrap_or_default();
        Some(format!(
            "- {{ match: {{ {key}: {pattern}, state: {state} }}, max: {max}, reason: ..., expires: ... }}"
        ))
    }
}

/// Goroutines after by suite, state, and root or home: what an exception for a finding would have to accept.
pub(super) type Alike<'v> = HashMap<(&'v str, Option<&'static str>, &'static str, &'v str), i64>;

pub(super) fn alike(findings: &[Finding]) -> Alike<'_> {
    let mut alike = Alike::new();
    for finding in findings {
        for (key, place) in [("root", &finding.root), ("home", &finding.home)] {
            if let Some(place) = place {
                let sum = alike
                    .entry((&finding.suite, finding.state, key, &place.function))
                    .or_default();
                *sum += finding.after;
            }
        }
    }
    alike
}

/// The command that runs only the tests which a finding names; `None` where their names are not what Go gives to tests.
fn again(finding: &Finding) -> Option<String> {
    let tests: BTreeSet<&str> = finding
        .tests
        .keys()
        .map(|test| test.split('/').next().unwrap_or_default())
        .collect();
    let is_plain = |text: &str, also: &str| {
        let mut characters = text.chars();
        characters.all(|one| one.is_alphanumeric() || also.contains(one)) && !text.is_empty()
    };
    let package = finding.suite.split(" (run ").next().unwrap_or_default();
    if tests.is_empty() || finding.shared || !is_plain(package, "/._~-") {
        return None;
    }
    if !tests.iter().all(|test| is_plain(test, "_")) {
        return None;
    }
    let (benchmarks, others): (Vec<&str>, Vec<&str>) = tests
        .into_iter()
        .partition(|test| test.starts_with("Benchmark"));
    let flag = |name: &str, tests: &[&str]| match tests {
        [] => String::new(),
        [test] => format!(" -{name} '^{test}$'"),
        tests => format!(" -{name} '^({})$'", tests.join("|")),
    };
    let (run, bench) = (flag("run", &others), flag("bench", &benchmarks));
    Some(format!("leakgate run -- go test{run}{bench} {package}"))
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
