//! `gitlab`: [code quality], which GitLab shows in merge requests, as far as the base branch does
//! not have it too.
//!
//! [code quality]: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format

use serde::Serialize;

use super::Subject;
use super::room::{self, Room};
use super::sources::Spot;
use super::words::{self, BarLine, Label, Line, Tests, Words};
use crate::escape::{self, terminal};
use crate::evidence::Unchecked;
use crate::policy::Severity;
use crate::verdict::Finding;

/// For findings, and as much for what is unchecked.
const ROOM: Room = Room {
    entries: 5000,
    bytes: 16 << 20,
};

/// The lines about a finding that an issue has room for.
const SHOWN: [Label; 4] = [Label::Test, Label::State, Label::Note, Label::Fix];

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

/// Renders a verdict. What is allowed is of severity `info`.
pub fn render(subject: &Subject) -> String {
    let verdict = subject.verdict;
    let words = Words::new(verdict);
    let findings = verdict.findings.iter().zip(words.fingerprints());
    let size = |issue: &Issue| issue.description.len();
    let unchecked = verdict.unchecked.iter();
    let unchecked = ROOM.fill(unchecked, |one| of_unchecked(subject, one), size);
    let of_finding = |(finding, print)| of_finding(subject, &words, finding, print);
    let findings = ROOM.fill(findings, of_finding, size);
    let unreported = verdict.left_out.findings;
    let left_out = findings.left_out + unchecked.left_out + unreported;
    let more = of_left_out(subject, left_out);
    let issues = findings.entries.into_iter().chain(unchecked.entries);
    let bar = words::bar(verdict, subject.fail_on, subject.sources);
    let bar = bar.into_iter().map(|line| of_bar(subject, line));
    let issues: Vec<Issue> = bar.chain(issues).chain(more).collect();
    let plain = serde_json::to_string_pretty(&issues).expect("it holds nothing that JSON cannot");
    escape::json(&plain) + "\n"
}

fn of_finding(subject: &Subject, words: &Words, finding: &Finding, fingerprint: String) -> Issue {
    let severity = match finding.rule.severity {
        _ if !finding.is_open() => "info",
        _ if !subject.verdict.is_gated_in(&finding.suite) => "minor",
        Severity::Error => "major",
        Severity::Warning => "minor",
    };
    let mut description = format!("{}: {}", words::subject(finding), words::headline(finding));
    // An issue is one line: what it takes to act on it is in the other reports.
    let lines = words.lines(finding, Tests::TopLevel).into_iter();
    for Line { label, text, .. } in lines.filter(|line| SHOWN.contains(&line.label)) {
        description = format!("{description}. {}: {text}", label.word());
    }
    let spot = subject.sources.spot(finding);
    Issue {
        description: terminal(&description).into_owned(),
        check_name: format!("leakgate/{}", terminal(&finding.rule.name)),
        fingerprint,
        severity,
        location: location(&spot.unwrap_or_else(|| subject.sources.somewhere())),
    }
}

fn of_bar(subject: &Subject, line: BarLine) -> Issue {
    let description = format!("{}: {} {}", line.what, line.place, line.text);
    Issue {
        description: terminal(&description).into_owned(),
        check_name: format!("leakgate/{}", line.what),
        fingerprint: words::fingerprint(&[line.what, &line.text]),
        severity: if line.fails { "major" } else { "minor" },
        location: location(&line.spot.unwrap_or_else(|| subject.sources.somewhere())),
    }
}

fn of_unchecked(subject: &Subject, unchecked: &Unchecked) -> Issue {
    let Unchecked { suite, why } = unchecked;
    Issue {
        description: terminal(&format!("{suite} is unchecked: {why}")).into_owned(),
        check_name: "leakgate/unchecked".into(),
        fingerprint: words::fingerprint(&["unchecked", &suite.to_string(), why]),
        severity: "major",
        location: location(&subject.sources.somewhere()),
    }
}

/// What there is no room for: one issue says so.
fn of_left_out(subject: &Subject, left_out: usize) -> Option<Issue> {
    let issue = Issue {
        description: room::says(left_out, "issue"),
        check_name: "leakgate/left-out".into(),
        fingerprint: words::fingerprint(&["left out"]),
        severity: "major",
        location: location(&subject.sources.somewhere()),
    };
    (left_out > 0).then_some(issue)
}

fn location(spot: &Spot) -> Location {
    let begin = spot.line.max(1);
    Location {
        path: terminal(&spot.path).into_owned(),
        lines: Lines { begin },
    }
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
    fn every_issue_is_harmless_and_has_a_fingerprint_of_its_own() {
        let rendered = sample::with(render);
        sample::assert_harmless(&rendered);
        let issues: Vec<serde_json::Value> = serde_json::from_str(&rendered).unwrap();
        let prints: BTreeSet<&str> = issues
            .iter()
            .filter_map(|one| one["fingerprint"].as_str())
            .collect();
        assert_eq!((issues.len(), prints.len()), (6, 6));
        for issue in &issues {
            sample::assert_harmless(issue["description"].as_str().unwrap());
            sample::assert_harmless(issue["location"]["path"].as_str().unwrap());
            assert!(issue["location"]["lines"]["begin"].as_u64().unwrap() > 0);
        }
    }
}
