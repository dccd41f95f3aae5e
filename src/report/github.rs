//! `github`: the text, and below it annotations, which GitHub Actions shows at the lines of the
//! change.
//!
//! The runner reads [workflow commands] from both output streams of a step. It shows ten errors and
//! ten warnings a step, and drops the rest without a word: so nine are given, and the last says how
//! many there are besides. Notices, of which it shows ten too, mark the `go` statements of causes.
//!
//! [workflow commands]: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions

use std::fmt::Write as _;

use super::Subject;
use super::text::{self, Detail};
use super::words::{self, BarLine, Line, Tests, Together, Unit, Words};
use crate::escape::{command_message, command_property};
use crate::evidence::Unchecked;
use crate::plural::plural;
use crate::report::sources::Spot;
use crate::verdict::Finding;

/// Annotations of findings and unchecked suites; one more says how many were left out.
const MOST: usize = 9;

/// Renders a verdict.
pub fn render(subject: &Subject, detail: Detail) -> String {
    // A file of the job is not where a person reads its log.
    let text = Subject {
        saved_as: None,
        ..*subject
    };
    let mut out = text::render(&text, detail);
    let annotations = annotations(subject);
    for annotation in annotations.iter().take(MOST) {
        annotation.write(&mut out);
    }
    if let more @ 1.. = annotations.len().saturating_sub(MOST) {
        let left_out = &annotations[MOST..];
        let worst = left_out.iter().map(|annotation| annotation.level).min();
        let (title, message) = (
            format!("leakgate: and {more} more"),
            vec![format!(
                "{} not shown here; the log of this step has all of them",
                plural(more as u64, "annotation")
            )],
        );
        let level = worst.unwrap_or(Level::Warning);
        Annotation {
            level,
            spot: None,
            title,
            message,
        }
        .write(&mut out);
    }
    for notice in notices(subject).iter().take(MOST) {
        notice.write(&mut out);
    }
    out
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Error,
    Warning,
    Notice,
}

struct Annotation {
    level: Level,
    spot: Option<Spot>,
    title: String,
    /// Line by line.
    message: Vec<String>,
}

/// All of them, the worst first: errors, then what could not be checked, then warnings.
fn annotations(subject: &Subject) -> Vec<Annotation> {
    let verdict = subject.verdict;
    let words = Words::new(verdict);
    let units = words::units(verdict);
    let (errors, warnings): (Vec<_>, Vec<_>) = units
        .iter()
        .map(|unit| match unit {
            Unit::Cause(together) => of_cause(subject, &words, together),
            Unit::Single(finding) => of_finding(subject, &words, finding),
        })
        .partition(|annotation| annotation.level == Level::Error);
    let unchecked = verdict.unchecked.iter().map(of_unchecked);
    let bar = words::bar(verdict, subject.fail_on, subject.sources);
    let (bar_errors, bar_warnings): (Vec<_>, Vec<_>) = bar
        .into_iter()
        .map(of_bar)
        .partition(|annotation| annotation.level == Level::Error);
    bar_errors
        .into_iter()
        .chain(errors)
        .chain(unchecked)
        .chain(bar_warnings)
        .chain(warnings)
        .collect()
}

/// At the `go` statements of causes, which are annotated at the lines of tests.
fn notices(subject: &Subject) -> Vec<Annotation> {
    let units = words::units(subject.verdict);
    let causes = units.iter().filter_map(|unit| match unit {
        Unit::Cause(together) => Some(together),
        Unit::Single(_) => None,
    });
    let notice = |together: &Together| {
        let spot = subject.sources.spot_of(together.created()?)?;
        Some(Annotation {
            level: Level::Notice,
            spot: Some(spot),
            title: "leakgate: goroutines that stay are started here".into(),
            message: vec![together.headline()],
        })
    };
    causes.filter_map(notice).collect()
}

/// At the line of the test with the most goroutines.
fn of_cause(subject: &Subject, words: &Words, together: &Together) -> Annotation {
    let verdict = subject.verdict;
    let fails = |finding: &Finding| words::fails(verdict, subject.fail_on, finding);
    let mut lines = vec![together.headline()];
    for (cause, _) in together.causes.iter().take(MOST) {
        if words::several(verdict) {
            lines.push(format!("suite: {}", words::suite(&cause.suite)));
        }
        lines.push(format!("test: {}", words::tests_of_cause(cause)));
    }
    let spot = |place| subject.sources.spot_of(place);
    let sites = together.sites();
    let spots = sites.iter().filter_map(|site| spot(&site.place));
    let spots: Vec<_> = spots.take(MOST).map(|one| one.to_string()).collect();
    if spots.len() > 1 {
        lines.push(format!("{}: {}", together.verb(), spots.join(", ")));
    }
    if let Some(created) = together.created().and_then(spot) {
        lines.push(format!("go: {created}"));
    }
    for (finding, count) in together.stacks().into_iter().take(MOST) {
        let state = finding.stack().map_or("", |stack| &stack.wait.state);
        lines.push(format!(
            "stay: {count} in {}: {state}",
            words::subject(finding)
        ));
    }
    if let Some(pattern) = together.pattern() {
        lines.push(format!("pattern: {}: {}", pattern.name, pattern.says));
    }
    if let Some(runs) = together.runs() {
        lines.push(format!("runs: {runs}"));
    }
    lines.push(format!("fix: {}", together.fix(subject.sources)));
    for finding in together.main_findings().into_iter().take(MOST) {
        lines.extend(
            words
                .accept(finding)
                .map(|accept| format!("allow: {accept}")),
        );
    }
    let causes = together.causes.iter().take(MOST);
    for again in words.rerun_causes(causes.map(|(cause, _)| *cause)) {
        lines.push(format!("again: {}", again.join(" ")));
    }
    let rule = together.findings().next().map_or("", |one| &one.rule.name);
    Annotation {
        level: if together.findings().any(fails) {
            Level::Error
        } else {
            Level::Warning
        },
        spot: sites.first().and_then(|site| spot(&site.place)),
        title: format!("leakgate {rule}: {}", together.subject()),
        message: lines,
    }
}

fn of_finding(subject: &Subject, words: &Words, finding: &Finding) -> Annotation {
    let verdict = subject.verdict;
    let counts = words::fails(verdict, subject.fail_on, finding);
    let mut lines = vec![format!(
        "{}: {}",
        words::headline(finding),
        words::counts(finding)
    )];
    let rule = words::rule_place(verdict, &finding.rule);
    lines.push(format!("rule: {}, {rule}", finding.rule.name));
    if words::several(verdict) {
        lines.push(format!("suite: {}", words::suite(&finding.suite)));
    }
    let more = words.lines(finding, Tests::TopLevel).into_iter();
    lines.extend(more.map(|Line { label, text, .. }| format!("{}: {text}", label.word())));
    Annotation {
        level: if counts { Level::Error } else { Level::Warning },
        spot: subject.sources.spot(finding),
        title: format!(
            "leakgate {}: {}",
            finding.rule.name,
            words::subject(finding)
        ),
        message: lines,
    }
}

fn of_bar(line: BarLine) -> Annotation {
    Annotation {
        level: if line.fails {
            Level::Error
        } else {
            Level::Warning
        },
        spot: line.spot,
        title: format!("leakgate: {}", line.what),
        message: vec![format!("{} {}", line.place, line.text)],
    }
}

fn of_unchecked(unchecked: &Unchecked) -> Annotation {
    Annotation {
        level: Level::Error,
        spot: None,
        title: format!("leakgate: {} is unchecked", words::suite(&unchecked.suite)),
        message: vec![unchecked.why.clone()],
    }
}

impl Annotation {
    fn write(&self, out: &mut String) {
        let command = match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Notice => "notice",
        };
        let mut properties = Vec::new();
        if let Some(Spot { path, line }) = &self.spot {
            properties.push(format!("file={}", command_property(path)));
            if *line > 0 {
                properties.push(format!("line={line}"));
            }
        }
        properties.push(format!("title={}", command_property(&self.title)));
        let message = command_message(&self.message);
        let _ = writeln!(out, "::{command} {}::{message}", properties.join(","));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::verdict::FailOn;

    fn plain(detail: Detail) -> String {
        let rendered = sample::with(|subject| render(subject, detail));
        anstream::adapter::strip_str(&rendered).to_string()
    }

    fn is_command(line: &&str) -> bool {
        line.starts_with("::")
    }

    #[test]
    fn the_sample() {
        insta::assert_snapshot!(plain(Detail::Quiet));
    }

    #[test]
    fn the_only_commands_are_those_of_leakgate() {
        let rendered = plain(Detail::Verbose);
        let (commands, text): (Vec<&str>, Vec<&str>) = rendered.split('\n').partition(is_command);
        sample::assert_harmless(&text.join("\n"));
        assert_eq!(commands.len(), 5);
        for command in commands {
            sample::assert_harmless(command.trim_start_matches("::"));
            let (head, message) = command[2..].split_once("::").unwrap();
            let properties = head.split_once(' ').unwrap().1;
            for property in properties.split(',') {
                let name = property.split_once('=').unwrap().0;
                assert!(["file", "line", "title"].contains(&name), "{command}");
            }
            assert!(!message.is_empty(), "{command}");
        }
    }

    #[test]
    fn what_is_past_nine_is_counted_and_the_worst_come_first() {
        let mut verdict = sample::verdict();
        verdict.causes.clear();
        let [error, warning] = [0, 2].map(|index: usize| verdict.findings[index].clone());
        verdict.findings = vec![warning; 6];
        verdict.findings.extend(vec![error; 6]);
        let rendered = render(
            &Subject {
                verdict: &verdict,
                fail_on: FailOn::Error,
                name: None,
                sources: &sample::sources(),
                saved_as: None,
            },
            Detail::Quiet,
        );
        let commands: Vec<&str> = rendered.lines().filter(is_command).collect();
        assert_eq!(commands.len(), 10, "{rendered}");
        assert!(commands[..8].iter().all(|one| one.starts_with("::error ")));
        assert!(
            commands[8].starts_with("::warning file=leakgate.yml,line=8,"),
            "{}",
            commands[8]
        );
        assert!(
            commands[9].starts_with("::warning title=leakgate%3A and 5 more::5 annotations"),
            "{}",
            commands[9]
        );
    }

    #[test]
    fn findings_that_do_not_count_are_warnings() {
        let mut verdict = sample::verdict();
        let command = verdict.command.as_mut().unwrap();
        (command.gated, command.failed) =
            (false, Some("the command ended with exit code 1".into()));
        verdict.unchecked.clear();
        let subject = Subject {
            verdict: &verdict,
            fail_on: FailOn::Error,
            name: None,
            sources: &sample::sources(),
            saved_as: None,
        };
        let rendered = render(&subject, Detail::Quiet);
        assert!(
            !rendered.lines().any(|line| line.starts_with("::error ")),
            "{rendered}"
        );
        assert!(
            rendered.lines().any(|line| line.starts_with("::warning ")),
            "{rendered}"
        );
    }
}
