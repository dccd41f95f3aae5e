//! One finding: its row in the table, and, folded, what a person needs to mend it.

use std::fmt::Write as _;

use crate::policy::Severity;
use crate::report::Subject;
use crate::report::escape::{html, markdown, markdown_code};
use crate::report::sources::Spot;
use crate::report::words::{self, Accept, Words};
use crate::verdict::{Finding, Place};

/// The head of the table.
pub(super) const TABLE: &str = "| | goroutines | test | where |\n|---|---|---|---|\n";

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

    /// A row of the table: how many there are, may be, and by which line of the policy; of which test, and where.
    pub(super) fn row(&self, finding: &Finding) -> String {
        let Finding { before, after, .. } = finding;
        let allowed = finding.allowed();
        let mut test = Vec::new();
        if let Some((first, count)) = finding.tests.first_key_value() {
            test.push(format!("{} ({count})", markdown_code(first)));
        }
        if let more @ 1.. = finding.tests.len().saturating_sub(1) {
            test.push(format!("and {more} more"));
        }
        if !test.is_empty() || words::several(self.subject.verdict) {
            test.push(format!("in {}", markdown_code(&finding.suite.to_string())));
        }
        let test = test.join("<br>");
        let mut place = markdown_code(&words::subject(finding));
        if let Some(spot) = self.subject.sources.code(finding) {
            let _ = write!(place, "<br>{}", self.link(&spot));
        }
        if let Some(stack) = finding.stack() {
            let _ = write!(place, "<br>{}", markdown(stack.wait.state));
        }
        let rule = markdown_code(&finding.rule.name);
        let policy = self.rule_place(finding);
        let icon = icon(finding);
        format!(
            "| {icon} | {before} → {after}<br>allowed {allowed} by {rule}<br>{policy} | {test} | {place} |\n"
        )
    }

    /// What a person needs to mend one finding, folded.
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
        let mut counts = words::counts(finding);
        if let Some(proof) = words::proof(finding) {
            let _ = write!(counts, ", {proof}");
        }
        item("counted", Some(markdown(&counts)));
        let rule = format!(
            "{}, {}",
            markdown_code(&finding.rule.name),
            self.rule_place(finding)
        );
        item("rule", Some(rule));
        item("suite", Some(markdown_code(&finding.suite.to_string())));
        item(
            "test",
            self.words.tests(finding).map(|tests| markdown_code(&tests)),
        );
        for (key, values) in &finding.labels {
            let values = values
                .iter()
                .map(|(value, count)| format!("{key}={value} ({count})"));
            item(
                "label",
                Some(markdown_code(&values.collect::<Vec<_>>().join(", "))),
            );
        }
        item(
            "waits for",
            words::wait(finding).map(|wait| markdown(&wait)),
        );
        item("was", words::was(finding));
        item(
            "note",
            Some(markdown(&words::reason(self.subject.verdict, finding))),
        );
        item("fix", Some(markdown(words::fix(finding))));
        item(
            "again",
            self.words.again(finding).map(|again| markdown_code(&again)),
        );
        let accept = self.words.accept(finding).map(|accept| match &accept {
            Accept::Entry { entry, above } => {
                let above = above.as_ref();
                let above = above.map(|above| format!(" above {}", markdown_code(above)));
                format!(
                    "add under `allow:`{} {}",
                    above.unwrap_or_default(),
                    markdown_code(entry)
                )
            }
            Accept::Raise { .. } | Accept::Offered => markdown(&accept.to_string()),
        });
        item("accept", accept);
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
