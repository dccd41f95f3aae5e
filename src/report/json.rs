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
use super::words::{self, Words};
use crate::escape;
use crate::evidence::{self, SuiteName};
use crate::policy::Severity;
use crate::verdict::{self, Side, SkipReason, Verdict};
use finding::{Finding, finding, read_pairing, similarity};
use place::{Paths, Place, places, read_trace};
use read::Reading;
pub use read::{Read, ReadError, read};
use suite::Name;

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
    #[serde(skip_deserializing)]
    violations: usize,
    #[serde(skip_deserializing)]
    warnings: usize,
    #[serde(skip_deserializing)]
    accepted: usize,
}

/// What is below the root of the repository beside its code.
#[derive(Serialize, Deserialize)]
struct Repository<'v> {
    policy: Option<Cow<'v, str>>,
    baseline: Option<Cow<'v, str>>,
    link: Option<Cow<'v, str>>,
}

#[derive(Serialize, Deserialize)]
struct Moved<'v> {
    #[serde(flatten)]
    suite: Name<'v>,
    id_before: Cow<'v, str>,
    id: Cow<'v, str>,
    pairing: Cow<'v, str>,
    new_name: bool,
    similarity: Option<f64>,
    #[serde(deserialize_with = "read::count")]
    before: i64,
    #[serde(deserialize_with = "read::count")]
    after: i64,
    stack_before: Vec<Place<'v>>,
    stack_before_elided: usize,
    stack: Vec<Place<'v>>,
    stack_elided: usize,
}

#[derive(Serialize, Deserialize)]
struct Unchecked<'v> {
    #[serde(flatten)]
    suite: Name<'v>,
    why: Cow<'v, str>,
}

#[derive(Serialize, Deserialize)]
struct Skipped<'v> {
    #[serde(flatten)]
    suite: Name<'v>,
    #[serde(deserialize_with = "read::count")]
    count: i64,
    #[serde(skip_deserializing)]
    why: &'static str,
    /// `before` or `after`.
    side: Cow<'v, str>,
    /// `took-profile` or `no-frame`.
    reason: Cow<'v, str>,
}

#[derive(Serialize, Deserialize)]
struct Note<'v> {
    #[serde(flatten)]
    suite: Name<'v>,
    text: Cow<'v, str>,
}

/// The word for each side.
const SIDES: [(&str, Side); 2] = [("before", Side::Before), ("after", Side::After)];

/// The word for each reason.
const REASONS: [(&str, SkipReason); 2] = [
    ("took-profile", SkipReason::TookProfile),
    ("no-frame", SkipReason::NoFrame),
];

fn word_for<T: PartialEq>(what: &T, words: &[(&'static str, T)]) -> Cow<'static, str> {
    let found = words.iter().find(|(_, known)| known == what);
    found.map_or("", |(word, _)| word).into()
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
        |one| moved(&paths, one),
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
        unchecked: verdict.unchecked.iter().map(unchecked).collect(),
        skipped: verdict.skipped.iter().map(skipped).collect(),
        notes: verdict.notes.iter().map(note).collect(),
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

fn moved<'v>(paths: &Paths<'v>, moved: &'v verdict::Moved) -> Moved<'v> {
    Moved {
        suite: suite::name(&moved.suite),
        id_before: (&moved.id_before).into(),
        id: (&moved.id).into(),
        pairing: moved.pairing.name().into(),
        new_name: moved.pairing == crate::diff::Pairing::NewName,
        similarity: similarity(moved.pairing),
        before: moved.before,
        after: moved.after,
        stack_before: places(paths, moved.stack_before.frames()),
        stack_before_elided: moved.stack_before.elided(),
        stack: places(paths, moved.stack.frames()),
        stack_elided: moved.stack.elided(),
    }
}

fn unchecked(one: &evidence::Unchecked) -> Unchecked<'_> {
    Unchecked {
        suite: suite::name(&one.suite),
        why: (&one.why).into(),
    }
}

/// The words for how an exception stands.
fn status(standing: &[verdict::Standing]) -> Vec<&'static str> {
    standing.iter().map(|one| one.name()).collect()
}

fn skipped(one: &verdict::Skipped) -> Skipped<'_> {
    Skipped {
        suite: suite::name(&one.suite),
        count: one.count,
        why: words::skip_reason(one),
        side: word_for(&one.side, &SIDES),
        reason: word_for(&one.reason, &REASONS),
    }
}

fn note(one: &verdict::Note) -> Note<'_> {
    Note {
        suite: suite::name(&one.suite),
        text: (&one.text).into(),
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
        let unchecked = self.unchecked.into_iter().map(|one| evidence::Unchecked {
            suite: reading.suite(&one.suite),
            why: one.why.into_owned(),
        });
        let unchecked = unchecked.collect();
        let notes = self.notes.into_iter().map(|one| verdict::Note {
            suite: reading.suite(&one.suite),
            text: one.text.into_owned(),
        });
        let notes = notes.collect();
        let loosened = self.loosened.into_iter().map(loosened::Loosened::read);
        let allows = self.allows.into_iter().map(exception::Allow::read);
        let rules = self.rules.into_iter().map(rule::RuleUse::read);
        let shards = self.shards.into_iter().map(suite::Shard::read);
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

impl Moved<'_> {
    fn read(self, reading: &mut Reading) -> Result<verdict::Moved, ReadError> {
        Ok(verdict::Moved {
            suite: reading.suite(&self.suite),
            id_before: self.id_before.into_owned(),
            id: self.id.into_owned(),
            pairing: read_pairing(&self.pairing, self.new_name, self.similarity)?,
            before: self.before,
            after: self.after,
            stack_before: read_trace(self.stack_before, self.stack_before_elided, reading)?,
            stack: read_trace(self.stack, self.stack_elided, reading)?,
        })
    }
}

impl Skipped<'_> {
    fn read(self, reading: &mut Reading) -> Result<verdict::Skipped, ReadError> {
        Ok(verdict::Skipped {
            suite: reading.suite(&self.suite),
            count: self.count,
            side: read::word("side", &self.side, &SIDES)?,
            reason: read::word("reason", &self.reason, &REASONS)?,
        })
    }
}
