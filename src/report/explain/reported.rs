//! The causes and findings of a report, by their ids: the list of them. What there is to say of one is
//! what the text report says, whole.

use std::collections::HashSet;

use super::{Kind, Topic};
use crate::plural::plural;
use crate::report::Subject;
use crate::report::words::{base, name, subject};
use crate::verdict::{Cause, Finding};

/// One topic for each id, in the order of the report.
pub(super) fn topics(report: &Subject) -> Vec<Topic> {
    let verdict = report.verdict;
    let causes = verdict.causes.iter().map(of_cause);
    let topics = causes.chain(verdict.findings.iter().map(of_finding));
    let mut known = HashSet::new();
    topics
        .filter(|topic| known.insert((topic.kind, topic.name.clone())))
        .collect()
}

fn of_cause(cause: &Cause) -> Topic {
    Topic {
        kind: Kind::Cause,
        name: cause.id.clone(),
        gist: format!(
            "{} in {}: {}",
            name(base(&cause.opened.function().name)),
            name(&cause.suite.to_string()),
            plural(cause.goroutines, "goroutine")
        ),
        lines: Vec::new(),
    }
}

fn of_finding(finding: &Finding) -> Topic {
    Topic {
        kind: Kind::Finding,
        name: finding.id.clone(),
        gist: format!(
            "{} in {}, per {}",
            base(&subject(finding)),
            name(&finding.suite.to_string()),
            finding.rule.per.name()
        ),
        lines: Vec::new(),
    }
}
