//! `junit`: a test suite for each suite, and a test case for each rule and stack that it broke.
//!
//! It satisfies both schemas in use, Ant's (<https://github.com/windyroad/JUnit-Schema>) and the
//! one of Jenkins (<https://github.com/jenkinsci/xunit-plugin>, junit-10): between them they ask
//! for each attribute and element here, and for their order. Times are zero and the timestamp is
//! the epoch, since the same verdict gives the same bytes.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::io::Result as Written;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::Subject;
use super::room::{self, Room};
use super::text;
use super::words::{self, Remark, Words};
use crate::escape::terminal;
use crate::evidence::{SuiteName, Unchecked};
use crate::verdict::{CommandRun, Finding, SkipReason, Verdict};

/// Renders a verdict.
pub fn render(subject: &Subject) -> String {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    write(subject, &mut xml).expect("writing to memory does not fail");
    let bytes = xml.into_inner();
    String::from_utf8(bytes).expect("only strings were written") + "\n"
}

fn write(subject: &Subject, xml: &mut Writer<Vec<u8>>) -> Written<()> {
    let verdict = subject.verdict;
    let judged = verdict.suites.iter().map(|suite| &suite.name);
    let unchecked = verdict.unchecked.iter().map(|one| &one.suite);
    let names: BTreeSet<&SuiteName> = judged.chain(unchecked).collect();
    let mut of_suites: HashMap<&SuiteName, Vec<Case>> = HashMap::new();
    let first = names.first().copied();
    for case in cases(subject, first) {
        of_suites.entry(case.suite).or_default().push(case);
    }
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let suites = xml.create_element("testsuites");
    if names.is_empty() {
        suites.write_empty()?;
        return Ok(());
    }
    suites.write_inner_content(|xml| {
        for (number, name) in names.into_iter().enumerate() {
            let of_suite = of_suites.get(name).map_or(&[][..], Vec::as_slice);
            suite(subject, xml, number, name, of_suite)?;
        }
        Ok(())
    })?;
    Ok(())
}

/// For findings, and as much for what is unchecked.
const ROOM: Room = Room {
    entries: 5000,
    bytes: 16 << 20,
};

struct Case<'v> {
    suite: &'v SuiteName,
    name: String,
    result: Outcome,
    message: String,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    /// Told, and not counted: allowed, or not grave enough.
    Skipped,
    Failed,
    /// Unchecked.
    Error,
}

/// All cases but those of clean suites, in the order of the verdict. What is wrong with the policy or
/// the baseline themselves is in the `first` suite.
fn cases<'v>(subject: &Subject<'v>, first: Option<&'v SuiteName>) -> Vec<Case<'v>> {
    let verdict = subject.verdict;
    let words = Words::new(verdict);
    let finding = |finding: &'v Finding| {
        let failed = words::fails(verdict, subject.fail_on, finding);
        Case {
            suite: &finding.suite,
            name: case_name(finding),
            result: if failed {
                Outcome::Failed
            } else {
                Outcome::Skipped
            },
            message: if failed {
                words::headline(finding)
            } else {
                skipped_for(verdict, finding)
            },
            text: text::block(subject, &words, finding),
        }
    };
    let unchecked = |unchecked: &'v Unchecked| Case {
        suite: &unchecked.suite,
        name: "unchecked".into(),
        result: Outcome::Error,
        message: "unchecked: not the same as clean".into(),
        text: terminal(&unchecked.why).into_owned(),
    };
    let size = |case: &Case| case.text.len();
    let findings = ROOM.fill(verdict.findings.iter(), finding, size);
    let unchecked = ROOM.fill(verdict.unchecked.iter(), unchecked, size);
    let unreported = verdict.left_out;
    let left_out = findings.left_out + unchecked.left_out + unreported.findings;
    let not_shown = &verdict.findings[verdict.findings.len() - findings.left_out..];
    let hides_failures = unchecked.left_out > 0
        || verdict.is_gated() && unreported.fails(subject.fail_on)
        || not_shown
            .iter()
            .any(|one| words::fails(verdict, subject.fail_on, one));
    let bar = words::bar(verdict, subject.fail_on, subject.sources);
    let bar = bar.into_iter().zip(first.into_iter().cycle());
    let bar = bar.map(|(line, suite)| Case {
        suite,
        name: format!("{}: {}", line.what, line.text),
        result: if line.fails {
            Outcome::Failed
        } else {
            Outcome::Skipped
        },
        message: format!("{} {}", line.place, line.text),
        text: format!("{} {}", terminal(&line.place), terminal(&line.text)),
    });
    let mut cases: Vec<Case> = bar.collect();
    cases.extend(findings.entries);
    cases.extend(unchecked.entries);
    if let Some(suite) = first.filter(|_| left_out > 0) {
        let message = room::says(left_out, "case");
        cases.push(Case {
            suite,
            name: "left out".into(),
            result: if hides_failures {
                Outcome::Failed
            } else {
                Outcome::Skipped
            },
            text: message.clone(),
            message,
        });
    }
    // Consumers keep the history of a case by its name, so that no two of a suite may share one.
    let mut names: HashMap<(&SuiteName, String), u32> = HashMap::new();
    for case in &mut cases {
        let number = names.entry((case.suite, case.name.clone())).or_default();
        *number += 1;
        if *number > 1 {
            let _ = write!(case.name, " #{number}");
        }
    }
    cases
}

/// `default: example.com/shop/worker.(*Pool).run, chan receive (9c1185a5c5e9)`: without counts, so
/// that it is the same from run to run.
fn case_name(finding: &Finding) -> String {
    let stack = finding.stack();
    let state = stack.map(|stack| format!(", {}", stack.wait.state));
    let id = match &*finding.id {
        "" => String::new(),
        id => format!(" ({id})"),
    };
    let subject = words::subject(finding);
    format!(
        "{}: {subject}{}{id}",
        finding.rule.name,
        state.unwrap_or_default()
    )
}

/// Why a finding is no failure.
fn skipped_for(verdict: &Verdict, finding: &Finding) -> String {
    let command = verdict.command_of(&finding.suite);
    match command.and_then(CommandRun::not_gated) {
        _ if !finding.is_open() => format!(
            "{}: {}",
            finding.disposition.name(),
            words::reason(verdict, finding)
        ),
        Some(failed) => format!("not gated, {failed}"),
        None => format!("{}, which does not fail", finding.rule.severity.name()),
    }
}

fn suite(
    subject: &Subject,
    xml: &mut Writer<Vec<u8>>,
    number: usize,
    name: &SuiteName,
    cases: &[Case],
) -> Written<()> {
    let verdict = subject.verdict;
    let clean = Case {
        suite: name,
        name: "no goroutine leaks".into(),
        result: Outcome::Passed,
        message: String::new(),
        text: String::new(),
    };
    let clean = [clean];
    let cases = if cases.is_empty() { &clean } else { cases };
    let count = |result| {
        cases
            .iter()
            .filter(|case| case.result == result)
            .count()
            .to_string()
    };
    let plain = name.to_string();
    let escaped = terminal(&plain);
    // Both schemas want names of at least one character.
    let shown = if escaped.trim().is_empty() {
        "suite"
    } else {
        escaped.trim()
    };
    let remarks = remarks(subject, name, number);
    xml.create_element("testsuite")
        .with_attribute(("id", &*number.to_string()))
        .with_attribute(("name", shown))
        .with_attribute(("package", "leakgate"))
        .with_attribute(("tests", &*cases.len().to_string()))
        .with_attribute(("failures", &*count(Outcome::Failed)))
        .with_attribute(("errors", &*count(Outcome::Error)))
        .with_attribute(("skipped", &*count(Outcome::Skipped)))
        .with_attribute(("time", "0"))
        .with_attribute(("timestamp", "1970-01-01T00:00:00"))
        .with_attribute(("hostname", "localhost"))
        .write_inner_content(|xml| {
            xml.create_element("properties")
                .write_inner_content(|xml| {
                    xml.create_element("property")
                        .with_attribute(("name", "policy"))
                        .with_attribute(("value", &*terminal(&verdict.policy)))
                        .write_empty()?;
                    Ok(())
                })?;
            for one in cases {
                case(xml, shown, one)?;
            }
            xml.create_element("system-out")
                .write_text_content(BytesText::new(&remarks))?;
            xml.create_element("system-err").write_empty()?;
            Ok(())
        })?;
    Ok(())
}

fn case(xml: &mut Writer<Vec<u8>>, suite: &str, case: &Case) -> Written<()> {
    let name = terminal(&case.name);
    let element = xml
        .create_element("testcase")
        .with_attribute(("classname", suite))
        .with_attribute(("name", &*name))
        .with_attribute(("time", "0"));
    let (kind, element_name) = match case.result {
        Outcome::Passed => {
            element.write_empty()?;
            return Ok(());
        }
        Outcome::Skipped => (None, "skipped"),
        Outcome::Failed => (Some("leak"), "failure"),
        Outcome::Error => (Some("unchecked"), "error"),
    };
    element.write_inner_content(|xml| {
        let message = terminal(&case.message);
        let mut inner = xml
            .create_element(element_name)
            .with_attribute(("message", &*message));
        if let Some(kind) = kind {
            inner = inner.with_attribute(("type", kind));
        }
        inner.write_text_content(BytesText::new(&case.text))?;
        Ok(())
    })?;
    Ok(())
}

/// What a reader should know beside the cases. What concerns all suites is in the first.
fn remarks(subject: &Subject, suite: &SuiteName, number: usize) -> String {
    let verdict = subject.verdict;
    let mut lines: Vec<String> = Vec::new();
    let run = verdict.suites.iter().filter(|one| one.name == *suite);
    lines.extend(
        run.filter_map(|one| one.run.as_ref())
            .map(ToString::to_string),
    );
    let notes = verdict.notes.iter().filter(|note| note.suite == *suite);
    lines.extend(notes.map(|note| format!("note: {}", note.text)));
    let moved = verdict.moved.iter().filter(|moved| moved.suite == *suite);
    lines.extend(moved.map(|moved| {
        let how = moved.pairing.name();
        format!(
            "{how}: {} -> {}, before {}, after {}",
            moved.id_before, moved.id, moved.before, moved.after
        )
    }));
    let skipped = verdict
        .skipped
        .iter()
        .filter(|one| one.suite == *suite && one.reason != SkipReason::TookProfile);
    lines.extend(skipped.map(|skipped| {
        let why = words::skip_reason(skipped);
        format!("left out: {} {why}", skipped.count)
    }));
    if number == 0 {
        lines.extend(words::remarks(verdict).into_iter().map(|remark| {
            let Remark {
                what, place, text, ..
            } = remark;
            format!("{what}: {place} {text}")
        }));
        lines.push(words::summary(verdict, subject.fail_on));
    }
    lines
        .iter()
        .map(|line| terminal(line))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::render;
    use crate::report::sample;

    #[test]
    fn the_sample() {
        insta::assert_snapshot!(sample::with(render));
    }

    #[test]
    fn no_two_cases_of_a_suite_share_a_name() {
        let mut verdict = sample::verdict();
        verdict.findings.extend_from_within(..);
        verdict.unchecked.extend_from_within(..);
        let rendered = sample::of(&verdict, render);
        let document = roxmltree::Document::parse(&rendered).unwrap();
        let cases = || {
            document
                .descendants()
                .filter(|one| one.has_tag_name("testcase"))
        };
        let names: BTreeSet<_> = cases()
            .map(|case| (case.attribute("classname"), case.attribute("name")))
            .collect();
        assert_eq!((cases().count(), names.len()), (13, 13));
    }

    #[test]
    fn a_parser_reads_it_back_and_finds_no_element_of_a_stranger() {
        let rendered = sample::with(render);
        sample::assert_harmless(&rendered);
        let document = roxmltree::Document::parse(&rendered).unwrap();
        let names = |name: &str| {
            document
                .descendants()
                .filter(|one| one.has_tag_name(name))
                .count()
        };
        assert_eq!(names("testsuite"), 4);
        assert_eq!(
            (
                names("testcase"),
                names("failure"),
                names("skipped"),
                names("error")
            ),
            (7, 2, 2, 2)
        );
        assert_eq!(names("script"), 0);
        for node in document.descendants() {
            node.text().into_iter().for_each(sample::assert_harmless);
            node.attributes()
                .for_each(|attribute| sample::assert_harmless(attribute.value()));
        }
    }
}
