//! The rules in force.

use super::{Kind, Topic};
use crate::policy::{Per, Policy, Rule, Severity};
use crate::report::words::{limit_sum, line_of};

/// An example is easier to follow than a formula: so many goroutines were there before.
const EXAMPLE: i64 = 10;

pub(super) fn topics(policy: &Policy) -> impl Iterator<Item = Topic> {
    let rules = policy.rules.iter().chain([&policy.default_rule]);
    rules.map(|rule| topic(policy, rule))
}

fn topic(policy: &Policy, rule: &Rule) -> Topic {
    let matches = match (rule.matcher.is_empty(), &rule.per) {
        (false, _) => rule.matcher.to_string(),
        (true, Per::Stack) => "every stack that no rule before it matches".to_owned(),
        (true, _) => "every goroutine".to_owned(),
    };
    let counts = match &rule.per {
        Per::Stack => "each stack by itself: the first rule that matches it decides".to_owned(),
        Per::Total => "all of these together; each stack has its own limit besides".to_owned(),
        per => format!(
            "all of one {} together; each stack has its own limit besides",
            per.name()
        ),
    };
    let severity = match rule.severity {
        Severity::Error => "error: fails the build",
        Severity::Warning => "warning: fails the build only with --fail-on warning",
    };
    let sum = format!(
        "{}: of {EXAMPLE} before, {} may be there after ({})",
        rule.limit,
        rule.limit.allowed(EXAMPLE),
        limit_sum(&rule.limit, EXAMPLE)
    );
    let mut lines = vec![
        ("place", line_of(&policy.name, rule.line)),
        ("matches", matches),
        ("counts", counts),
        ("limit", sum),
        ("severity", severity.to_owned()),
    ];
    lines.extend(rule.message.clone().map(|message| ("message", message)));
    Topic {
        kind: Kind::Rule,
        name: rule.name.clone(),
        gist: format!("{}, per {}", rule.limit, rule.per.name()),
        lines,
    }
}
