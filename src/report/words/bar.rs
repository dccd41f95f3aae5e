//! What is wrong with the bar itself, before what was found: a policy or a baseline that lets more
//! pass than before, and, where it may not be wider than needed, a baseline that is.

use super::baseline::title;
use super::policy::{exception_place, line_of_policy};
use super::{Verdict, name};
use crate::policy::{Exception, Rule};
use crate::report::sources::{Sources, Spot};
use crate::verdict::{FailOn, Loosened, Looser};

/// One thing that is wrong with it.
pub(in crate::report) struct BarLine {
    /// `loosened` or `stale`.
    pub(in crate::report) what: &'static str,
    /// `leakgate.baseline.yml:12`.
    pub(in crate::report) place: String,
    /// The same in the repository, where it is known.
    pub(in crate::report) spot: Option<Spot>,
    /// What to know, as the rest of a sentence.
    pub(in crate::report) text: String,
    /// Whether it fails the build.
    pub(in crate::report) fails: bool,
}

/// All of them, in the order of the files.
pub(in crate::report) fn bar(
    verdict: &Verdict,
    fail_on: FailOn,
    sources: &Sources,
) -> Vec<BarLine> {
    let fails = verdict.is_too_loose(fail_on) && verdict.is_gated();
    let loosened = verdict.loosened.iter().map(|one| {
        let (place, spot, text) = loosening(verdict, one, sources);
        BarLine {
            what: "loosened",
            place,
            spot,
            text,
            fails,
        }
    });
    let strict = verdict.baseline.iter().filter(|baseline| baseline.strict);
    let strict = strict.filter(|_| fail_on != FailOn::Never);
    let stale = strict.flat_map(|baseline| {
        baseline.stale().map(|one| BarLine {
            what: "stale",
            place: format!("{}:{}", baseline.name, one.entry.line),
            spot: sources.of_baseline(one.entry.line),
            text: format!(
                "{}: its leak is gone, so take it out: leakgate accept --prune REPORT.json",
                title(&one.entry)
            ),
            fails: verdict.is_gated(),
        })
    });
    loosened.chain(stale).collect()
}

/// Where something is loosened, by name and in the repository, and how, as the rest of a sentence.
pub(in crate::report) fn loosening(
    verdict: &Verdict,
    loosened: &Loosened,
    sources: &Sources,
) -> (String, Option<Spot>, String) {
    let of_rule = |rule: &Rule, text: String| {
        let place = line_of_policy(verdict, rule.line);
        (place, sources.rule(rule), text)
    };
    let of_file = |text: &str| {
        let place = line_of_policy(verdict, None);
        (place, sources.of_policy(0), text.to_owned())
    };
    match loosened {
        Loosened::Entry {
            file,
            entry,
            looser,
        } => (
            format!("{file}:{}", entry.line),
            sources.of_baseline(entry.line),
            format!(
                "accepts {} of {}{}: {}",
                entry.max,
                title(entry),
                was(looser, &entry.expires.to_string()),
                name(&entry.reason)
            ),
        ),
        Loosened::Exception { exception, looser } => (
            exception_place(verdict, exception),
            exception.line().and_then(|line| sources.of_policy(line)),
            of_exception(exception, looser),
        ),
        Loosened::Limit { rule, from } => of_rule(
            rule,
            format!("{} allows {}, and allowed {}", rule.name, rule.limit, from),
        ),
        Loosened::Severity(rule) => of_rule(rule, format!("{} only warns now", rule.name)),
        Loosened::Match(rule) => of_rule(
            rule,
            format!("{} is about other goroutines than before", rule.name),
        ),
        Loosened::Order(rule) => of_rule(
            rule,
            format!("{} comes before a stricter rule now", rule.name),
        ),
        Loosened::NewRule(rule) => of_rule(
            rule,
            format!("{} is new, and allows {}", rule.name, rule.limit),
        ),
        Loosened::RuleRemoved(rule) => of_file(&format!("the rule {} is gone", rule.name)),
        Loosened::BuiltinAllowed => of_file("the built-in list is in force now"),
        Loosened::FailedTestsNotGated => {
            of_file("findings of a failed command do not count any more")
        }
    }
}

fn of_exception(exception: &Exception, looser: &Looser) -> String {
    let expires = exception.expires.map(|day| day.to_string());
    let was = was(looser, &expires.unwrap_or_default());
    format!(
        "accepts {}{was}: {}",
        exception.max,
        name(&exception.reason)
    )
}

/// How it was before.
fn was(looser: &Looser, expires: &str) -> String {
    match looser {
        Looser::New => ", and did not before".to_owned(),
        Looser::RaisedFrom(max) => format!(", before only {max}"),
        Looser::Earlier => ", and one that accepts less was before it".to_owned(),
        Looser::ExtendedFrom(day) => format!(" until {expires}, before until {day}"),
    }
}
