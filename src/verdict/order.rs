//! The order of what a verdict holds.

use std::cmp::Reverse;

use super::{Cause, Disposition, Finding, Subject, Verdict};

impl Verdict {
    /// Puts findings, causes, suites and what is unchecked in their order. What has one place in it
    /// stays as it was.
    pub fn sort(&mut self) {
        self.unchecked.sort();
        let suites = &mut self.suites;
        suites.sort_by(|one, other| one.name.cmp(&other.name));
        let findings = &mut self.findings;
        findings.sort_by(|one, other| order(one).cmp(&order(other)));
        let causes = &mut self.causes;
        causes.sort_by(|one, other| order_of_cause(one).cmp(&order_of_cause(other)));
    }
}

fn order_of_cause(cause: &Cause) -> impl Ord {
    (Reverse(cause.goroutines), &cause.suite, &cause.opened)
}

/// The order of findings: what counts first, then the gravest, then the largest; the rest only
/// makes it one order.
fn order(finding: &Finding) -> impl Ord {
    let key = match &finding.subject {
        Subject::Stack(_) => None,
        Subject::Sum(sum) => sum.key.as_deref(),
    };
    (
        (
            !finding.is_open(),
            Reverse(finding.rule.severity),
            Reverse(finding.growth()),
            matches!(finding.disposition, Disposition::Expired(_)),
        ),
        (&finding.suite, &finding.rule.name, &finding.id, key),
        finding.stack().map(|stack| &stack.trace),
    )
}
