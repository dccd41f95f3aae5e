//! What a team should know about the lines of its policy.

use crate::plural::plural;
use crate::policy::{Exception, Rule, Source};
use crate::verdict::{AllowUse, RuleUse, Verdict};

/// Where a rule is: `leakgate.yml:12`.
pub(in crate::report) fn rule_place(verdict: &Verdict, rule: &Rule) -> String {
    line_of_policy(verdict, rule.line)
}

/// `leakgate.yml:12`, or the file alone for what it leaves unsaid.
pub(super) fn line_of_policy(verdict: &Verdict, line: Option<u32>) -> String {
    match line {
        Some(line) => format!("{}:{line}", verdict.policy),
        None => verdict.policy.clone(),
    }
}

/// Where an exception is: its line in the policy or in the baseline, or its name in the built-in list.
pub(in crate::report) fn allow_place(verdict: &Verdict, allow: &AllowUse) -> String {
    exception_place(verdict, &allow.exception)
}

pub(super) fn exception_place(verdict: &Verdict, exception: &Exception) -> String {
    match (exception.source, &verdict.baseline) {
        (Source::Policy { line }, _) => line_of_policy(verdict, Some(line)),
        (Source::Baseline { line }, Some(baseline)) => format!("{}:{line}", baseline.name),
        (Source::Baseline { .. }, None) => "the baseline".to_owned(),
        (Source::Builtin, _) => {
            format!("built-in {}", exception.name.as_deref().unwrap_or_default())
        }
    }
}

/// Something that a team should know of a line of its policy.
pub(in crate::report) struct Remark<'v> {
    /// `allow`, `rule`, `baseline` or `stale`.
    pub(in crate::report) what: &'static str,
    /// `leakgate.yml:12`.
    pub(in crate::report) place: String,
    /// What to know, as the rest of a sentence.
    pub(in crate::report) text: String,
    /// Who answers for it.
    pub(in crate::report) owner: Option<&'v str>,
}

/// What a team should know of the lines of its policy, exceptions first.
pub(in crate::report) fn remarks(verdict: &Verdict) -> Vec<Remark<'_>> {
    let allows = verdict.allows.iter().flat_map(|allow| {
        let remarks = allow_remarks(allow).into_iter();
        remarks.map(|text| Remark {
            what: "allow",
            place: allow_place(verdict, allow),
            text,
            owner: allow.exception.owner.as_deref(),
        })
    });
    let rules = verdict.rules.iter().filter_map(|rule| {
        let name = &rule.rule.name;
        let text = match rule {
            RuleUse { unused: true, .. } => {
                format!("{name} matches no goroutine, before or after: are its names spelt as in the code?")
            }
            RuleUse { shadowed: true, .. } => {
                format!("{name} is never reached: earlier rules take all that it matches")
            }
            _ => return None,
        };
        Some(Remark {
            what: "rule",
            place: rule_place(verdict, &rule.rule),
            text,
            owner: None,
        })
    });
    let baseline = verdict.baseline.iter().flat_map(super::baseline::remarks);
    allows.chain(rules).chain(baseline).collect()
}

/// What a team should know of an exception: that it can go, ends soon, has ended, or covers too
/// much.
fn allow_remarks(allow: &AllowUse) -> Vec<String> {
    let days = plural(allow.days_left.unwrap_or(0), "day");
    let remarks = [
        (
            allow.is_expired(),
            "has expired: fix the leak, or set a later date".to_owned(),
        ),
        (allow.expires_soon(), format!("expires in {days}")),
        (
            allow.unused && !allow.is_expired(),
            "matched nothing: remove it if the leak is gone".to_owned(),
        ),
        (
            allow.shadowed && !allow.is_expired(),
            "is never reached: earlier exceptions take all that it matches".to_owned(),
        ),
        (
            allow.is_broad(),
            "accepts any goroutine that waits in this way: match its root or home instead"
                .to_owned(),
        ),
    ];
    let remarks = remarks.into_iter().filter(|(holds, _)| *holds);
    remarks.map(|(_, remark)| remark).collect()
}
