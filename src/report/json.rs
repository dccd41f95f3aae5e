//! `json`: the whole verdict for other programs, in the form `leakgate.report/1`, and back.
//!
//! The structs here are the form. They are not those of [`crate::verdict`], so that the inside can
//! change and the form cannot: a key may be added within version 1, but none is renamed, removed or
//! left out. `schema/report.v1.json` describes it; the tests hold every report to that file. The same
//! structs are written and read, so that a key cannot be of the one only by mistake: those that follow
//! from others are marked as not read.

mod baseline;
mod cause;
mod ending;
mod exception;
mod finding;
mod loosened;
mod place;
mod read;
mod remarks;
mod rule;
mod suite;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::Subject;
use super::room::{MOST_FINDINGS, Room};
use super::sources::Sources;
use super::words::Words;
use crate::escape;
use crate::evidence::SuiteName;
use crate::policy::Severity;
use crate::verdict::{self, Verdict};
use finding::{Finding, finding};
use place::Paths;
use read::Reading;
pub use read::{Read, ReadError, read};
use remarks::{Moved, Note, Skipped, Unchecked};

/// What the key `schema` says.
const SCHEMA: &str = "leakgate.report/1";

#[derive(Serialize, Deserialize)]
struct Report<'v> {
    schema: Cow<'v, str>,
    name: Option<Cow<'v, str>>,
    #[serde(skip_deserializing)]
    outcome: &'static str,
    #[serde(skip_deserializing)]
    fail_on: &'static str,
    policy: Cow<'v, str>,
    builtin_version: Option<u32>,
    totals: Totals,
    causes: Vec<cause::Cause<'v>>,
    findings: Vec<Finding<'v>>,
    moved: Vec<Moved<'v>>,
    loosened: Vec<loosened::Loosened<'v>>,
    allows: Vec<exception::Allow<'v>>,
    baseline: Option<baseline::Baseline<'v>>,
    rules: Vec<rule::RuleUse<'v>>,
    unchecked: Vec<Unchecked<'v>>,
    skipped: Vec<Skipped<'v>>,
    notes: Vec<Note<'v>>,
    suites: Vec<suite::Suite<'v>>,
    command: Option<suite::Command<'v>>,
    shards: Vec<suite::Shard<'v>>,
    repository: Repository<'v>,
    left_out: LeftOut,
}

/// How many entries there was no room for.
#[derive(Serialize, Deserialize)]
struct LeftOut {
    causes: usize,
    findings: usize,
    moved: usize,
    /// Of the findings: open ones of severity error, and of severity warning.
    violations: usize,
    warnings: usize,
    /// Of the findings: those that the baseline covers.
    accepted: usize,
}

/// For findings, and as much for moved stacks: the bytes are those of their text without
/// indentation.
const ROOM: Room = Room {
    entries: MOST_FINDINGS,
    bytes: 64 << 20,
};

#[derive(Serialize, Deserialize)]
struct Totals {
    before: i64,
    after: i64,
    stacks: u64,
    suites: u64,
    without_tests: u64,
    /// Held against the findings when a report is read.
    violations: usize,
    warnings: usize,
    accepted: usize,
}

/// What is below the root of the repository beside its code.
#[derive(Serialize, Deserialize)]
struct Repository<'v> {
    policy: Option<Cow<'v, str>>,
    baseline: Option<Cow<'v, str>>,
    link: Option<Cow<'v, str>>,
}

/// Renders a verdict, indented, with a newline at the end.
pub fn render(subject: &Subject) -> String {
    let plain = serde_json::to_string_pretty(&report(subject))
        .expect("the report holds nothing that JSON cannot");
    escape::json(&plain) + "\n"
}

fn report<'v>(subject: &Subject<'v>) -> Report<'v> {
    let (verdict, fail_on) = (subject.verdict, subject.fail_on);
    let words = Words::new(verdict);
    let paths = Paths::new(subject.sources);
    let size = |bytes: serde_json::Result<Vec<u8>>| bytes.map_or(usize::MAX, |bytes| bytes.len());
    let findings = ROOM.fill(
        verdict.findings.iter(),
        |one| finding(subject, &words, &paths, one),
        |one| size(serde_json::to_vec(one)),
    );
    let mut of_causes: HashMap<(&SuiteName, &str), Vec<&str>> = HashMap::new();
    for one in &verdict.findings {
        for (cause, _) in &one.causes {
            let ids = of_causes.entry((&one.suite, &**cause)).or_default();
            ids.push(&one.id);
        }
    }
    let causes = ROOM.fill(
        verdict.causes.iter(),
        |one| {
            let findings = of_causes.get(&(&one.suite, &*one.id));
            cause::cause(&paths, one, findings.map_or(&[], Vec::as_slice))
        },
        |one| size(serde_json::to_vec(one)),
    );
    let moved = ROOM.fill(
        verdict.moved.iter(),
        |one| remarks::moved(&paths, one),
        |one| size(serde_json::to_vec(one)),
    );
    let left_out = {
        let mut left_out = verdict.left_out;
        left_out += verdict::LeftOut {
            causes: causes.left_out,
            moved: moved.left_out,
            ..verdict::LeftOut::of(&verdict.findings[findings.entries.len()..])
        };
        left_out
    };
    Report {
        schema: SCHEMA.into(),
        name: subject.name.map(Cow::from),
        outcome: verdict.outcome(fail_on).name(),
        fail_on: fail_on.name(),
        policy: (&verdict.policy).into(),
        builtin_version: verdict.builtin_version,
        totals: totals(verdict),
        causes: causes.entries,
        findings: findings.entries,
        moved: moved.entries,
        loosened: verdict
            .loosened
            .iter()
            .map(|one| loosened::loosened(subject, one))
            .collect(),
        allows: verdict.allows.iter().map(exception::allow).collect(),
        baseline: verdict.baseline.as_ref().map(baseline::baseline),
        rules: verdict.rules.iter().map(rule::rule_use).collect(),
        unchecked: verdict.unchecked.iter().map(remarks::unchecked).collect(),
        skipped: verdict.skipped.iter().map(remarks::skipped).collect(),
        notes: verdict.notes.iter().map(remarks::note).collect(),
        suites: verdict.suites.iter().map(suite::suite).collect(),
        command: verdict.command.as_ref().map(suite::command),
        shards: verdict.shards.iter().map(suite::shard).collect(),
        repository: repository(subject.sources),
        left_out: LeftOut {
            causes: left_out.causes,
            findings: left_out.findings,
            moved: left_out.moved,
            violations: left_out.violations,
            warnings: left_out.warnings,
            accepted: left_out.accepted,
        },
    }
}

fn totals(verdict: &Verdict) -> Totals {
    Totals {
        before: verdict.totals.before,
        after: verdict.totals.after,
        stacks: verdict.totals.stacks,
        suites: verdict.totals.suites,
        without_tests: verdict.totals.without_tests,
        violations: verdict.count(Severity::Error),
        warnings: verdict.count(Severity::Warning),
        accepted: verdict.accepted_count(),
    }
}

fn repository(sources: &Sources) -> Repository<'_> {
    let [policy, baseline, link] = sources.surroundings().map(|one| one.map(Cow::from));
    Repository {
        policy,
        baseline,
        link,
    }
}

impl Report<'_> {
    fn read(self) -> Result<Read, ReadError> {
        let mut reading = Reading::default();
        let reading = &mut reading;
        // First, since the rest names them.
        let suites = self.suites.into_iter();
        let suites = suites.map(|one| one.read(reading));
        let suites = suites.collect::<Result<_, _>>()?;
        let causes = self.causes.into_iter().map(|one| one.read(reading));
        let causes = causes.collect::<Result<_, _>>()?;
        let findings = self.findings.into_iter().map(|one| one.read(reading));
        let findings = findings.collect::<Result<_, _>>()?;
        let moved = self.moved.into_iter().map(|one| one.read(reading));
        let moved = moved.collect::<Result<_, _>>()?;
        let skipped = self.skipped.into_iter().map(|one| one.read(reading));
        let skipped = skipped.collect::<Result<_, _>>()?;
        let unchecked = self.unchecked.into_iter().map(|one| one.read(reading));
        let unchecked = unchecked.collect();
        let notes = self.notes.into_iter().map(|one| one.read(reading));
        let notes = notes.collect();
        let loosened = self.loosened.into_iter().map(loosened::Loosened::read);
        let allows = self.allows.into_iter().map(exception::Allow::read);
        let rules = self.rules.into_iter().map(rule::RuleUse::read);
        let shards = self.shards.into_iter().map(suite::Shard::read);
        let Totals {
            suites: of_suites,
            violations,
            warnings,
            accepted,
            ..
        } = self.totals;
        let verdict = Verdict {
            policy: self.policy.into_owned(),
            builtin_version: self.builtin_version,
            totals: self.totals.read(),
            findings,
            causes,
            moved,
            allows: allows.collect::<Result<_, _>>()?,
            baseline: self.baseline.map(baseline::Baseline::read).transpose()?,
            loosened: loosened.collect::<Result<_, _>>()?,
            rules: rules.collect::<Result<_, _>>()?,
            unchecked,
            skipped,
            notes,
            suites,
            command: self.command.map(suite::Command::read),
            shards: shards.collect(),
            left_out: self.left_out.read(),
        };
        // What was taken out of a report would look clean.
        let counted = [
            ("suites", of_suites, verdict.suites.len()),
            (
                "violations",
                violations as u64,
                verdict.count(Severity::Error),
            ),
            (
                "warnings",
                warnings as u64,
                verdict.count(Severity::Warning),
            ),
            ("accepted", accepted as u64, verdict.accepted_count()),
        ];
        for (what, total, found) in counted {
            if total != found as u64 {
                return Err(ReadError::Totals { what, total, found });
            }
        }
        let mut reported = std::mem::take(&mut reading.reported);
        reported.policy = self.repository.policy.map(Cow::into_owned);
        reported.baseline = self.repository.baseline.map(Cow::into_owned);
        reported.link = self.repository.link.map(Cow::into_owned);
        Ok(Read {
            verdict,
            name: self.name.map(Cow::into_owned),
            reported,
        })
    }
}

impl Totals {
    fn read(self) -> verdict::Totals {
        verdict::Totals {
            before: self.before,
            after: self.after,
            stacks: self.stacks,
            suites: self.suites,
            without_tests: self.without_tests,
        }
    }
}

impl LeftOut {
    fn read(self) -> verdict::LeftOut {
        verdict::LeftOut {
            findings: self.findings,
            violations: self.violations,
            warnings: self.warnings,
            accepted: self.accepted,
            causes: self.causes,
            moved: self.moved,
        }
    }
}
