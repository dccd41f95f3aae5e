//! What every format says of a finding, in the same words. Names are as the profile has them: each format makes them
//! harmless in its own way.

mod accept;
mod again;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::plural;
use crate::diff::Pairing;
use crate::evidence::SuiteName;
use crate::policy::Severity;
use crate::verdict::{AllowUse, CommandRun, FailOn, Finding, Outcome, Place, RuleUse, Verdict};
pub(super) use accept::Accept;
use accept::Entries;
use again::Reruns;

/// So many tests are named; a report for programs has all of them.
const MOST_TESTS: usize = 20;

/// Facts that take more than the finding itself.
pub(super) struct Facts<'v> {
    verdict: &'v Verdict,
    entries: Entries<'v>,
    reruns: Reruns<'v>,
    /// The suites that are test binaries.
    of_tests: HashSet<&'v SuiteName>,
}

impl<'v> Facts<'v> {
    pub(super) fn new(verdict: &'v Verdict) -> Self {
        Self {
            verdict,
            entries: Entries::new(verdict),
            reruns: again::reruns(verdict),
            of_tests: verdict
                .suites
                .iter()
                .filter(|suite| suite.run.is_some())
                .map(|suite| &suite.name)
                .collect(),
        }
    }

    /// Which tests started the goroutines, and how many each.
    pub(super) fn tests(&self, finding: &Finding) -> Option<String> {
        let of_run = self.of_tests.contains(&finding.suite) && !finding.stack.is_empty();
        if finding.tests.is_empty() && !of_run {
            return None;
        }
        let tests = finding.tests.iter();
        let mut tests: Vec<_> = tests
            .take(MOST_TESTS)
            .map(|(test, count)| format!("{} ({count})", name(test)))
            .collect();
        if let more @ 1.. = finding.tests.len().saturating_sub(MOST_TESTS) {
            tests.push(format!("and {}", plural(more as u64, "more test")));
        }
        if finding.shared && !tests.is_empty() {
            return Some(format!(
                "shared: whichever test needs it first starts it, here {}",
                tests.join(", ")
            ));
        }
        let total = match finding.growth() {
            growth @ 1.. => growth,
            _ => finding.after,
        };
        match total - finding.tests.values().sum::<i64>() {
            others @ 1.. if of_run => tests.push(format!(
                "unattributed ({others}): TestMain, time.AfterFunc, or labels of the code's own"
            )),
            others @ 1.. => tests.push(format!("no test ({others})")),
            _ => {}
        }
        Some(tests.join(", "))
    }

    /// What tells each finding from all others, in the order of the verdict: 32 hex digits that depend neither on lines
    /// nor on counts. Stacks that share their id, such as closures of one function, are numbered.
    pub(super) fn fingerprints(&self) -> impl ExactSizeIterator<Item = String> {
        let mut seen: HashMap<String, u32> = HashMap::new();
        let findings = self.verdict.findings.iter();
        findings.map(move |finding| {
            let what = [
                &*finding.suite.to_string(),
                &finding.rule,
                &finding.per,
                &finding.key,
                &finding.id,
            ]
            .join("\0");
            let number = seen.entry(what.clone()).or_default();
            *number += 1;
            fingerprint(&[&what, &number.to_string()])
        })
    }
}

/// 32 hex digits of the SHA-256 of these.
pub(super) fn fingerprint(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\0"));
    digest.iter().take(16).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// "5 more goroutines than before".
pub(super) fn headline(finding: &Finding) -> String {
    match finding.growth() {
        0 => format!(
            "{}, as many as before, and too many",
            plural(finding.after, "goroutine")
        ),
        growth if growth < 0 => format!(
            "{}, fewer than before, and too many",
            plural(finding.after, "goroutine")
        ),
        1 => "1 more goroutine than before".into(),
        growth => format!("{growth} more goroutines than before"),
    }
}

/// "before 2, after 42, allowed 5 (2 + growth 3; ceiling 64)".
pub(super) fn counts(finding: &Finding) -> String {
    let Finding {
        before,
        after,
        allowed,
        sum,
        ..
    } = finding;
    format!("before {before}, after {after}, allowed {allowed} ({sum})")
}

/// What Go's leak profile says of it, when there was one.
pub(super) fn proof(finding: &Finding) -> Option<String> {
    Some(match finding.proven? {
        0 => "not proven by the garbage collector".into(),
        proven if proven < finding.after => {
            format!("{proven} of them proven by the garbage collector")
        }
        _ => "proven by the garbage collector".into(),
    })
}

/// A name that is not too long for people: of one that is, its start and its end. A stranger's may have any length.
pub(super) fn name(name: &str) -> Cow<'_, str> {
    const HEAD: usize = 240;
    const TAIL: usize = 80;
    let length = name.chars().count();
    if length <= HEAD + TAIL {
        return Cow::Borrowed(name);
    }
    let head: String = name.chars().take(HEAD).collect();
    let tail: String = name.chars().skip(length - TAIL).collect();
    Cow::Owned(format!("{head}...{tail}"))
}

/// What stands in the place of the frames that a stack is shown without.
pub(super) fn gap(frames: usize) -> String {
    format!("... {} left out ...", plural(frames as u64, "frame"))
}

/// How the stack before differs, for one that was matched though it is not equal.
pub(super) fn was(finding: &Finding) -> Option<String> {
    match finding.pairing {
        Some(Pairing::Renamed) => Some("renamed: the same source under another build".to_owned()),
        Some(Pairing::Near(similarity)) => Some(format!(
            "moved: {:.0} percent of the frames before",
            similarity.ratio() * 100.0
        )),
        _ => None,
    }
}

/// `worker/pool.go:57`: the last two elements of the path say enough, and are the same on every machine.
pub(super) fn short(place: &Place) -> String {
    let mut elements = place.file.rsplit(['/', '\\']);
    let file = name(elements.next().unwrap_or_default());
    let line = place.line;
    match elements.next().filter(|directory| !directory.is_empty()) {
        Some(directory) => format!("{}/{file}:{line}", name(directory)),
        None => format!("{file}:{line}"),
    }
}

/// What to call the goroutines: the function where they wait or began, or what was counted together.
pub(super) fn subject(finding: &Finding) -> String {
    let place = finding.home.as_ref().or(finding.root.as_ref());
    match place.or(finding.stack.last()) {
        Some(Place { function, .. }) => name(function).into_owned(),
        None if finding.per == "total" => "all goroutines".into(),
        None if finding.key.is_empty() => finding.per.clone(),
        None => format!("{} {}", finding.per, name(&finding.key)),
    }
}

/// Whether a finding is one of those that make the verdict a failure.
pub(super) fn fails(verdict: &Verdict, fail_on: FailOn, finding: &Finding) -> bool {
    verdict.not_gated().is_none() && fail_on.counts(finding)
}

/// Where an exception stands: its line in the policy, or its name among the built-in ones.
pub(super) fn allow_place(verdict: &Verdict, allow: &AllowUse) -> String {
    match (allow.exception.line(), &allow.exception.name) {
        (Some(line), _) => format!("{}:{line}", verdict.policy),
        (None, name) => format!("built-in {}", name.as_deref().unwrap_or_default()),
    }
}

/// Something that a team should know of a line of its policy.
pub(super) struct Remark<'v> {
    /// `allow` or `rule`.
    pub(super) what: &'static str,
    /// `leakgate.yml:12`.
    pub(super) place: String,
    /// What to know, as the rest of a sentence.
    pub(super) text: String,
    /// Who answers for it.
    pub(super) owner: Option<&'v str>,
}

/// What a team should know of the lines of its policy, exceptions first.
pub(super) fn remarks(verdict: &Verdict) -> Vec<Remark<'_>> {
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
        let name = &rule.name;
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
            place: format!("{}:{}", verdict.policy, rule.line),
            text,
            owner: None,
        })
    });
    allows.chain(rules).collect()
}

/// What a team should know of an exception: that it can go, ends soon, has ended, or covers too much.
fn allow_remarks(allow: &AllowUse) -> Vec<String> {
    let days = plural(allow.days_left.unwrap_or(0), "day");
    let remarks = [
        (
            allow.is_expired(),
            "has expired: fix it, or accept it anew with a later date".to_owned(),
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

/// The word that a report ends or begins with.
pub(super) fn result(verdict: &Verdict, fail_on: FailOn) -> &'static str {
    match verdict.outcome(fail_on) {
        _ if verdict.not_gated().is_some() => "NOT GATED",
        Outcome::Pass if fail_on == FailOn::Never && has_open(verdict) => {
            "NOT GATED (--fail-on never)"
        }
        Outcome::Pass => "PASS",
        Outcome::Fail => "FAIL",
        Outcome::NoEvidence => "UNCHECKED",
    }
}

fn has_open(verdict: &Verdict) -> bool {
    verdict.findings.iter().any(Finding::is_open)
}

/// `3 violations (24 goroutines)`: the open findings of a severity, and by how many goroutines their stacks grew.
fn counted(verdict: &Verdict, severity: Severity, noun: &str) -> String {
    let open = verdict.findings.iter();
    let open = open.filter(|finding| finding.is_open() && finding.severity == severity);
    // A sum counts goroutines that stand in findings of their own.
    let of_stacks = open.filter(|finding| !finding.stack.is_empty());
    let goroutines = of_stacks
        .map(|finding| finding.growth().max(0))
        .fold(0_i64, i64::saturating_add);
    let findings = plural(verdict.count(severity) as u64, noun);
    match goroutines {
        0 => findings,
        goroutines => format!("{findings} ({})", plural(goroutines, "goroutine")),
    }
}

/// All that a glance should give: `1 violation (5 goroutines), 0 warnings, 2 allowed, 812 stacks in 41 suites`.
pub(super) fn summary(verdict: &Verdict) -> String {
    let mut parts = vec![
        counted(verdict, Severity::Error, "violation"),
        counted(verdict, Severity::Warning, "warning"),
    ];
    let covered = verdict
        .findings
        .iter()
        .filter(|finding| !finding.is_open())
        .count();
    let soon: Vec<i64> = verdict
        .allows
        .iter()
        .filter(|allow| allow.expires_soon())
        .filter_map(|allow| allow.days_left)
        .collect();
    match soon.iter().min() {
        Some(&days) => parts.push(format!(
            "{covered} allowed ({} to expire, the first in {})",
            soon.len(),
            plural(days, "day")
        )),
        None if covered > 0 => parts.push(format!("{covered} allowed")),
        None => {}
    }
    let totals = verdict.totals;
    let stacks = plural(totals.stacks, "stack");
    parts.push(match (totals.suites, verdict.unchecked.len()) {
        (1, 0) => format!(
            "{stacks}, {} before and {} after",
            plural(totals.before, "goroutine"),
            totals.after
        ),
        (suites, _) => format!("{stacks} in {}", plural(suites, "suite")),
    });
    if !verdict.unchecked.is_empty() {
        parts.push(format!(
            "{} unchecked",
            plural(verdict.unchecked.len() as u64, "suite")
        ));
    }
    if let Some(command) = &verdict.command {
        parts.extend(aside(command));
    }
    let why = verdict.not_gated().map(|failed| format!("{failed}: "));
    format!("{}{}", why.unwrap_or_default(), parts.join(", "))
}

/// What ran beside the suites.
fn aside(command: &CommandRun) -> impl Iterator<Item = String> {
    let CommandRun {
        without_tests,
        children,
        ..
    } = *command;
    let without =
        (without_tests > 0).then(|| format!("{} without tests", plural(without_tests, "package")));
    let children = (children > 0).then(|| match children {
        1 => "1 child process of a test not judged".to_owned(),
        children => format!("{children} child processes of tests not judged"),
    });
    without.into_iter().chain(children)
}

/// What built-in exceptions cover, in one line: `4 goroutines by the built-in list: signal-loop, test-runner`.
pub(super) fn benign(findings: &[&Finding]) -> Option<String> {
    let names: BTreeSet<&str> = findings
        .iter()
        .filter_map(|finding| finding.builtin.as_deref())
        .collect();
    let names: Vec<&str> = names.into_iter().collect();
    let growth = findings.iter().map(|finding| finding.growth().max(0));
    let goroutines = growth.fold(0_i64, i64::saturating_add);
    (!names.is_empty()).then(|| {
        let goroutines = plural(goroutines, "goroutine");
        format!("{goroutines} by the built-in list: {}", names.join(", "))
    })
}

/// Goroutines that were left out, summed by the reason: `2 had no frame in the after profile`. Those that took a profile, which
/// every profile has, only where `all` are asked for.
pub(super) fn left_out(verdict: &Verdict, all: bool) -> Vec<String> {
    let mut by_reason: Vec<(&str, i64)> = Vec::new();
    let skipped = verdict.skipped.iter();
    for skipped in skipped.filter(|skipped| all || !skipped.took_it) {
        match by_reason
            .iter_mut()
            .find(|(reason, _)| *reason == skipped.why)
        {
            Some((_, sum)) => *sum += skipped.count,
            None => by_reason.push((&skipped.why, skipped.count)),
        }
    }
    let told = by_reason
        .iter()
        .map(|(why, count)| format!("{count} {why}"));
    told.collect()
}

/// Whether there is more than one suite, so that each has to be named.
pub(super) fn several(verdict: &Verdict) -> bool {
    verdict.totals.suites + verdict.unchecked.len() as u64 > 1
}
