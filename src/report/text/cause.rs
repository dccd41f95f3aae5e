//! One cause: the call, where tests make it, what stays of it, and what ends that.

use std::fmt::Write as _;

use super::finding::whose;
use super::{Text, layout};
use crate::plural::plural;
use crate::report::room;
use crate::report::words::{self, Label, Line, Tests, Together};
use crate::verdict::{Finding, Place};

/// So many lines of tests are named, and so many stacks.
const MOST: usize = 20;

impl<'v> Text<'_, 'v> {
    /// A cause with all that comes of it.
    pub(super) fn cause(&mut self, together: &Together<'v>) {
        self.cause_head(together);
        let (findings, single) = (together.main_findings(), together.single());
        if let Some(finding) = single {
            self.out
                .push_str(&layout::paragraph(&words::counts(finding)));
        }
        self.suites_of(together);
        self.sites(together);
        self.excerpt(together, &together.sites()[0].call);
        if let Some(created) = together.created() {
            let function = words::name(words::base(created.name())).into_owned();
            self.line("go", &format!("{}  {function}", self.spot(created)));
            self.excerpt(together, created);
        }
        match single {
            Some(finding) => self.stack_of(finding, together),
            None => self.stays(together),
        }
        self.line("fix", &together.fix(self.subject.sources));
        self.accept(&together.first().id, &findings);
        let causes = together.causes.iter().take(MOST);
        for words in self.words.rerun_causes(causes.map(|(cause, _)| *cause)) {
            self.out.push_str(&layout::command("again", &words));
        }
        self.line("id", &together.first().id);
        if let Some(stack) = single.and_then(Finding::stack).filter(|_| self.verbose) {
            self.whole_stacks(stack);
        }
        self.out.push('\n');
        if self.verbose && single.is_none() {
            for finding in findings {
                self.finding(&[finding]);
            }
        }
    }

    /// The suites of a cause, and the tests in them.
    fn suites_of(&mut self, together: &Together) {
        if let [(cause, _)] = together.causes[..] {
            if self.several() {
                self.line("suite", &words::suite(&cause.suite));
            }
            self.line("test", &words::tests_of_cause(cause));
            return;
        }
        for (cause, _) in together.causes.iter().take(MOST) {
            let suite = words::suite(&cause.suite);
            let goroutines = plural(cause.goroutines, "goroutine");
            let tests = words::tests_of_cause(cause);
            let text = format!("{suite}: {goroutines}; {tests}");
            self.line("suite", &text);
        }
        if let more @ 1.. = together.causes.len().saturating_sub(MOST) {
            self.line("", &room::says(more, "suite"));
        }
    }

    fn cause_head(&mut self, together: &Together) {
        let Some(finding) = together.findings().next() else {
            return;
        };
        let title = format!("{}  {}", finding.rule.name, together.headline());
        let title = match together.causes.len() {
            1 => title,
            suites => format!("{title}, in {suites} suites"),
        };
        let grade = super::grade(finding.rule.severity);
        self.title(&grade, &title, &finding.rule);
    }

    /// The lines of tests, each with its goroutines where there are several.
    fn sites(&mut self, together: &Together) {
        let sites = together.sites();
        let shown = sites.iter().take(MOST);
        let mut named: Vec<String> = shown
            .map(|site| match sites.len() {
                1 => self.spot(&site.place),
                _ => format!("{} ({})", self.spot(&site.place), site.goroutines),
            })
            .collect();
        if let more @ 1.. = sites.len().saturating_sub(MOST) {
            named.push(room::says(more, "line"));
        }
        if let Some(helper) = together.helper() {
            let all = if sites.len() > 1 { "all " } else { "" };
            named.push(format!("{all}through {}", self.spot(&helper)));
        }
        self.line(together.verb(), &named.join(", "));
    }

    /// All that is known of the only stack in which goroutines stay.
    fn stack_of(&mut self, finding: &Finding, together: &Together) {
        for Line { label, text, .. } in self.words.lines(finding, Tests::TopLevel) {
            match label {
                // What the cause says itself.
                Label::Test | Label::Fix | Label::Allow | Label::Again => {}
                Label::Runs => self.line(label.word(), &together.runs().unwrap_or(text)),
                label => self.line(label.word(), &text),
            }
            if let (Label::State, Some(stack)) = (label, finding.stack()) {
                self.home(stack);
                if let Some(home) = &stack.home {
                    self.excerpt(together, home);
                }
                self.root(stack);
            }
        }
    }

    /// What the sources say at a place of a cause, where there is room for it.
    fn excerpt(&mut self, together: &Together, place: &Place) {
        let mut excerpts = together.first().excerpts.iter();
        let found = excerpts.find(|one| one.place == *place);
        if let Some(found) = found.filter(|_| self.excerpts) {
            for line in found.excerpt.render("").lines() {
                let _ = writeln!(self.out, "  {line}");
            }
        }
    }

    /// The stacks in which goroutines stay, a line each.
    fn stays(&mut self, together: &Together) {
        let stacks = together.stacks();
        for (finding, count) in stacks.iter().take(MOST) {
            let Some(stack) = finding.stack() else {
                continue;
            };
            let place: Option<&Place> = stack.home.as_ref().or(stack.root.as_ref());
            let subject = words::subject(finding);
            let mut text = format!("{count:>3}  {}", words::base(&subject));
            if let Some(place) = place {
                text = format!("{text}  {}", self.spot(place));
            }
            text = format!("{text}  {}", stack.wait.state);
            if let Some(pattern) = stack.pattern {
                text = format!("{text}, {}", pattern.name);
            }
            if stack.proven.is_some_and(|proven| proven >= finding.after) {
                text += ", proven";
            }
            self.line("stay", &text);
        }
        if let more @ 1.. = stacks.len().saturating_sub(MOST) {
            let more = room::says(more, "stack");
            self.line("", &more);
        }
        if let Some(pattern) = together.pattern() {
            let text = format!("{}: {}", pattern.name, pattern.says);
            self.line(Label::Pattern.word(), &text);
        }
        if let Some(runs) = together.runs() {
            self.line(Label::Runs.word(), &runs);
        }
    }

    /// One line for a cause.
    pub(super) fn row_of_cause(&mut self, together: &Together) {
        let Some(finding) = together.findings().next() else {
            return;
        };
        let mut text = together.subject();
        if let Some(site) = together.sites().first() {
            text = format!("{text}  {}", self.spot(&site.place));
        }
        text += &whose(&together.first().tests, together.causes.len());
        self.row(finding.rule.severity, together.goroutines(), &text);
    }
}
