//! One finding: its row in the table, and, folded, what a person needs to fix it.

use std::fmt::Write as _;

use crate::escape::{html, markdown, markdown_code};
use crate::plural::plural;
use crate::policy::Severity;
use crate::report::Subject;
use crate::report::sources::Spot;
use crate::report::words::{self, Tests, Together, Words};
use crate::verdict::{Cause, Finding, Place};

/// The head of a table.
pub(super) const TABLE: &str = "| | goroutines | where | test |\n|---|---|---|---|\n";

/// So many lines of tests are named for one cause.
const MOST_LINES: usize = 5;

/// So many of its suites are named: the table has all.
const MOST_SUITES: usize = 20;

/// So many of its stacks are shown.
const MOST_STACKS: usize = 10;

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
            let _ = write!(place, "<br>{}", markdown(&stack.wait.state));
        }
        let mut tests = finding.tests.keys().map(|test| words::name(test));
        let first = tests.next().map(|first| markdown_code(&first));
        let mut tests = first.unwrap_or_default();
        if let more @ 1.. = finding.tests.len().saturating_sub(1) {
            let _ = write!(tests, " and {more} more");
        }
        format!("| {} | {counts} | {place} | {tests} |\n", icon(finding))
    }

    /// The same for a cause: how many goroutines stay, of what call, and where tests make it.
    pub(super) fn row_of_cause(&self, cause: &Cause, findings: &[(&Finding, i64)]) -> String {
        let finding = findings.first().map(|(finding, _)| *finding);
        let mut place = markdown_code(words::base(&cause.opened.function().name));
        let spots = cause.sites.iter().take(MOST_LINES);
        for spot in spots.filter_map(|site| self.subject.sources.spot_of(&site.place)) {
            let _ = write!(place, "<br>{}", self.link(&spot));
        }
        if let more @ 1.. = cause.sites.len().saturating_sub(MOST_LINES) {
            let _ = write!(place, "<br>and {}", plural(more as u64, "more line"));
        }
        let first = cause.tests.keys().next();
        let mut tests = first.map_or_else(String::new, |test| markdown_code(&words::name(test)));
        if let more @ 1.. = cause.tests.len().saturating_sub(1) {
            let _ = write!(tests, " and {more} more");
        }
        let (icon, goroutines) = (finding.map_or("", icon), cause.goroutines);
        let rule = finding.filter(|one| one.rule.line.is_some());
        let rule = rule.map_or_else(String::new, |one| {
            format!(
                "<br>{}, {}",
                markdown_code(&one.rule.name),
                self.rule_place(one)
            )
        });
        format!("| {icon} | {goroutines} stay{rule} | {place} | {tests} |\n")
    }

    /// What a person needs to fix a cause, folded.
    pub(super) fn details_of_cause(&self, together: &Together<'v>) -> String {
        let (icon, headline) = (
            together.findings().next().map_or("", icon),
            html(&together.headline()),
        );
        let mut out = format!("<details><summary>{icon} {headline}</summary>\n\n");
        let mut item = |label: &str, text: &str| {
            let _ = writeln!(out, "- **{label}** {text}");
        };
        for (cause, _) in together.causes.iter().take(MOST_SUITES) {
            if words::several(self.subject.verdict) {
                item("suite", &markdown_code(&words::suite(&cause.suite)));
            }
            item("test", &markdown(&words::tests_of_cause(cause)));
        }
        let spot = |place: &Place| match self.subject.sources.spot_of(place) {
            Some(spot) => self.link(&spot),
            None => markdown(&words::short(place)),
        };
        let sites = together.sites();
        let mut lines: Vec<String> = sites
            .iter()
            .take(MOST_LINES)
            .map(|site| spot(&site.place))
            .collect();
        if let more @ 1.. = sites.len().saturating_sub(MOST_LINES) {
            lines.push(format!("and {}", plural(more as u64, "more line")));
        }
        item(together.verb(), &lines.join(", "));
        if let Some(created) = together.created() {
            item("go", &spot(created));
        }
        if let Some(finding) = together.single() {
            item("counted", &markdown(&words::counts(finding)));
        }
        for finding in together.findings().take(1) {
            let rule = markdown_code(&finding.rule.name);
            item("rule", &format!("{rule}, {}", self.rule_place(finding)));
        }
        for (finding, count) in together.stacks().into_iter().take(MOST_STACKS) {
            let subject = markdown_code(&words::subject(finding));
            let state = finding.stack().map_or("", |stack| &stack.wait.state);
            item(
                "stay",
                &format!("{count} in {subject}: {}", markdown(state)),
            );
        }
        if let Some(pattern) = together.pattern() {
            item(
                "pattern",
                &markdown(&format!("{}: {}", pattern.name, pattern.says)),
            );
        }
        if let Some(runs) = together.runs() {
            item("runs", &markdown(&runs));
        }
        item("fix", &markdown(&together.fix(self.subject.sources)));
        let findings = together.main_findings();
        let shown = || findings.iter().take(MOST_STACKS);
        for accept in shown().filter_map(|finding| self.words.accept(finding)) {
            item("allow", &markdown_code(&accept));
        }
        let causes = together.causes.iter().take(MOST_SUITES);
        for words in self.words.rerun_causes(causes.map(|(cause, _)| *cause)) {
            item("again", &markdown_code(&words.join(" ")));
        }
        item("id", &markdown_code(&together.first().id));
        out.push('\n');
        for stack in shown().filter_map(|finding| finding.stack()) {
            let frames = stack.trace.map(|place| self.frame(place), words::gap);
            let _ = writeln!(out, "<pre>{}</pre>\n", frames.join("\n"));
        }
        out.push_str("</details>\n");
        out
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
            item("suite", Some(markdown_code(&words::suite(&finding.suite))));
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
