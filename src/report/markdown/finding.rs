//! One finding: its row in the table, and, folded, what a person needs to fix it.

use std::fmt::Write as _;

use crate::escape::{html, markdown, markdown_code};
use crate::policy::Severity;
use crate::report::Subject;
use crate::report::sources::Spot;
use crate::report::words::{self, Tests, Words};
use crate::verdict::{Finding, Place};

/// The head of a table.
pub(super) const TABLE: &str = "| | goroutines | where | test |\n|---|---|---|---|\n";

/// Writes the findings of a subject.
pub(super) struct Findings<'p, 'v> {
    subject: &'p Subject<'v>,
    words: Words<'v>,
}

impl<'p, 'v> Findings<'p, 'v> {
    pub(super) fn new(subject: &'p Subject<'v>) -> Self {
        Self {
            subject,
            words: Words::new(subject.verdict),
        }
    }

    /// A row of a table: how many there are, where, and of which test. The rule is named where it
    /// allows some, or is not the default.
    pub(super) fn row(&self, finding: &Finding) -> String {
        let Finding { before, after, .. } = finding;
        let mut counts = format!("{before} → {after}");
        let (allowed, rule) = (finding.allowed(), &finding.rule);
        if allowed > *before || rule.line.is_some() {
            let place = self.rule_place(finding);
            let rule = markdown_code(&rule.name);
            let _ = write!(counts, "<br>allowed {allowed} by {rule}, {place}");
        }
        let mut place = markdown_code(words::base(&words::subject(finding)));
        if let Some(spot) = self.subject.sources.code(finding) {
            let _ = write!(place, "<br>{}", self.link(&spot));
        }
        if let Some(stack) = finding.stack() {
            let _ = write!(place, "<br>{}", markdown(stack.wait.state));
        }
        let mut tests = finding.tests.keys().map(|test| words::name(test));
        let first = tests.next().map(|first| markdown_code(&first));
        let mut tests = first.unwrap_or_default();
        if let more @ 1.. = finding.tests.len().saturating_sub(1) {
            let _ = write!(tests, " and {more} more");
        }
        format!("| {} | {counts} | {place} | {tests} |\n", icon(finding))
    }

    /// What a person needs to fix one finding, folded.
    pub(super) fn details(&self, finding: &Finding) -> String {
        let function = words::subject(finding);
        let mut out = format!(
            "<details><summary>{} {}: <code>{}</code></summary>\n\n",
            icon(finding),
            words::headline(finding),
            html(&function)
        );
        let mut item = |label: &str, text: Option<String>| {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                let _ = writeln!(out, "- **{label}** {text}");
            }
        };
        item("counted", Some(markdown(&words::counts(finding))));
        let rule = format!(
            "{}, {}",
            markdown_code(&finding.rule.name),
            self.rule_place(finding)
        );
        item("rule", Some(rule));
        if words::several(self.subject.verdict) {
            item("suite", Some(markdown_code(&finding.suite.to_string())));
        }
        for line in self.words.lines(finding, Tests::All) {
            let text = if line.is_code {
                markdown_code(&line.text)
            } else {
                markdown(&line.text)
            };
            item(line.label.word(), Some(text));
        }
        item(
            "id",
            Some(markdown_code(&finding.id)).filter(|_| !finding.id.is_empty()),
        );
        out.push('\n');
        if let Some(stack) = finding.stack() {
            let frames = stack.trace.map(|place| self.frame(place), words::gap);
            let _ = writeln!(out, "<pre>{}</pre>\n", frames.join("\n"));
        }
        out.push_str("</details>\n");
        out
    }

    /// A frame, as HTML in a `<pre>`.
    fn frame(&self, place: &Place) -> String {
        let function = html(&words::name(place.name()));
        let Some(spot) = self.subject.sources.spot_of(place) else {
            return format!("{function}  {}", html(&words::short(place)));
        };
        let shown = html(&format!("{}:{}", spot.path, spot.line));
        match self.subject.sources.link(&spot) {
            Some(link) => format!("{function}  <a href=\"{}\">{shown}</a>", html(&link)),
            None => format!("{function}  {shown}"),
        }
    }

    fn link(&self, spot: &Spot) -> String {
        let shown = match spot.line {
            0 => markdown(&spot.path),
            line => markdown(&format!("{}:{line}", spot.path)),
        };
        match self.subject.sources.link(spot) {
            Some(link) => format!("<a href=\"{}\">{shown}</a>", html(&link)),
            None => shown,
        }
    }

    fn rule_place(&self, finding: &Finding) -> String {
        match self.subject.sources.rule(&finding.rule) {
            Some(spot) => self.link(&spot),
            None => markdown(&words::rule_place(self.subject.verdict, &finding.rule)),
        }
    }
}

fn icon(finding: &Finding) -> &'static str {
    match finding.rule.severity {
        Severity::Error => "❌",
        Severity::Warning => "⚠",
    }
}
