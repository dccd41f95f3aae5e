//! What can be said of a policy, and of the baseline beside it, without a profile.

use jiff::civil::Date;

use super::text::lines::{closing, policy_remark};
use super::words::{self, Remark};
use crate::baseline::Baseline;
use crate::escape::terminal;
use crate::plural::plural;
use crate::policy::{Exception, Policy};

/// A review, for a person.
#[derive(Debug)]
pub struct Review {
    /// A line for each warning, and one that counts them. With colours.
    pub text: String,
    /// How many warnings there are.
    pub warnings: usize,
}

/// Reviews a policy and the baseline beside it on a day; `strict` says whether warnings fail.
pub fn review(policy: &Policy, baseline: Option<&Baseline>, today: Date, strict: bool) -> Review {
    let place = |line: Option<u32>| words::line_of(&policy.name, line);
    let allows = policy.exception_flaws(today);
    let of_allows = allows.iter().map(|(exception, flaw)| Remark {
        what: "allow",
        place: place(Exception::line(exception)),
        text: words::of_exception(&policy.name, flaw),
        owner: exception.owner.as_deref(),
    });
    let rules = policy.rule_flaws();
    let of_rules = rules.iter().map(|(rule, flaw)| Remark {
        what: "rule",
        place: place(rule.line),
        text: words::of_rule(&policy.name, rule, flaw),
        owner: None,
    });
    let of_baseline = baseline.map(|baseline| words::without_profile(baseline, policy, today));
    let remarks = of_allows.chain(of_rules);
    let remarks: Vec<Remark> = remarks.chain(of_baseline.into_iter().flatten()).collect();
    let lines: String = remarks.iter().map(policy_remark).collect();
    let warnings = remarks.len();
    let fails = strict && warnings > 0;
    let files = [Some(&policy.name), baseline.map(|baseline| &baseline.name)];
    let files: Vec<&str> = files.into_iter().flatten().map(String::as_str).collect();
    let why = if fails { " (--strict)" } else { "" };
    let counted = plural(warnings as u64, "warning");
    let says = format!("{counted}{why} in {}", files.join(" and "));
    Review {
        text: lines + &closing(!fails, &terminal(&says)),
        warnings,
    }
}
