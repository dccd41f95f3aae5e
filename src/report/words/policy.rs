//! What a team should know about the lines of its policy.

use crate::plural::plural;
use crate::policy::{Exception, ExceptionFlaw, Rule, RuleFlaw, Source};
use crate::verdict::{AllowUse, Verdict};

/// Where a rule is: `leakgate.yml:12`.
pub(in crate::report) fn rule_place(verdict: &Verdict, rule: &Rule) -> String {
    line_of_policy(verdict, rule.line)
}

/// `leakgate.yml:12`, or the file alone for what it leaves unsaid.
pub(super) fn line_of_policy(verdict: &Verdict, line: Option<u32>) -> String {
    line_of(&verdict.policy, line)
}

/// The same for a policy of this name.
pub(in crate::report) fn line_of(policy: &str, line: Option<u32>) -> String {
    match line {
        Some(line) => format!("{policy}:{line}"),
        None => policy.to_owned(),
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
    /// `allow`, `rule`, `baseline`, `stale`, `shards` or `left out`.
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
        let flaws = allow.flaws().into_iter();
        flaws.map(|flaw| Remark {
            what: "allow",
            place: allow_place(verdict, allow),
            text: of_exception(&verdict.policy, &flaw),
            owner: allow.exception.owner.as_deref(),
        })
    });
    let rules = verdict.rules.iter().filter_map(|rule| {
        Some(Remark {
            what: "rule",
            place: rule_place(verdict, &rule.rule),
            text: of_rule(&verdict.policy, &rule.rule, &rule.flaw()?),
            owner: None,
        })
    });
    let baseline = verdict.baseline.iter().flat_map(super::baseline::remarks);
    let shards = super::shards::remarks(verdict);
    allows.chain(rules).chain(baseline).chain(shards).collect()
}

/// What is said of an exception of this policy, as the rest of a sentence: that it can go, ends
/// soon, has ended, or covers too much.
pub(in crate::report) fn of_exception(policy: &str, flaw: &ExceptionFlaw) -> String {
    match flaw {
        ExceptionFlaw::Expired => "has expired: fix the leak, or set a later date".to_owned(),
        ExceptionFlaw::ExpiresIn(days) => format!("expires in {}", plural(*days, "day")),
        ExceptionFlaw::Unused => "matched nothing: remove it if the leak is gone".to_owned(),
        ExceptionFlaw::Shadowed(by) => {
            let by = by.as_ref().and_then(|by| by.line());
            let by = by.map(|line| format!("{policy}:{line} takes"));
            let by = by.unwrap_or_else(|| "earlier exceptions take".to_owned());
            format!("is never reached: {by} all that it matches")
        }
        ExceptionFlaw::Contradiction => CONTRADICTION.to_owned(),
        ExceptionFlaw::Broad => {
            "accepts any goroutine that waits in this way: match its root or home instead"
                .to_owned()
        }
        ExceptionFlaw::NamesNoCode => {
            "accepts any goroutine of a package, suite or label: match its root or home too"
                .to_owned()
        }
    }
}

/// What is said of a rule of this policy, as the rest of a sentence.
pub(in crate::report) fn of_rule(policy: &str, rule: &Rule, flaw: &RuleFlaw) -> String {
    let name = super::name(&rule.name);
    match flaw {
        RuleFlaw::Unused => {
            format!(
                "{name} matches no goroutine, before or after: are its names spelt as in the code?"
            )
        }
        RuleFlaw::Shadowed(by) => {
            let by = by.as_ref().and_then(|by| by.line);
            let by = by.map(|line| format!("{policy}:{line} takes"));
            let by = by.unwrap_or_else(|| "earlier rules take".to_owned());
            format!("{name} is never reached: {by} all that it matches")
        }
        RuleFlaw::Contradiction => format!("{name} {CONTRADICTION}"),
    }
}

const CONTRADICTION: &str = "can match nothing: `without` excludes all that it asks for";
