//! Puts the verdicts of several runs together: the shards of a build matrix.
//!
//! The result is the same for any order of the verdicts, and for any way of putting some together
//! first: what each run found is kept and only sorted again, and what is said of the same policy or
//! baseline by several is joined by operations that do not care about order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{AllowUse, Baseline, CommandRun, EntryUse, RuleUse, Shard, Verdict};
use crate::evidence::{SuiteName, Unchecked};

/// Why runs that were expected are not there.
const MISSING: &str =
    "the other reports are missing: a job may have ended before leakgate wrote its own";

/// Two verdicts hold the same shard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("two of them are of a run that is called {shard}")]
pub struct SameShard {
    /// What both are called.
    pub shard: Arc<str>,
    /// The places of the two among those that were given, 0-based, ascending.
    pub at: [usize; 2],
}

/// Puts verdicts together. Each comes with what its run is called, unless it was put together itself:
/// then its runs have names. One alone stays as it is.
///
/// # Errors
/// Two runs of one name, which could not be told apart.
pub fn merge(verdicts: Vec<(Arc<str>, Verdict)>) -> Result<Verdict, SameShard> {
    if let [(_, alone)] = &verdicts[..] {
        return Ok(alone.clone());
    }
    let mut known: BTreeMap<Arc<str>, usize> = BTreeMap::new();
    let mut merged = Verdict::default();
    for (at, (name, verdict)) in verdicts.into_iter().enumerate() {
        let verdict = if verdict.shards.is_empty() {
            of_shard(verdict, &name)
        } else {
            verdict
        };
        for shard in &verdict.shards {
            if let Some(first) = known.insert(shard.name.clone(), at) {
                let shard = shard.name.clone();
                let at = [first, at];
                return Err(SameShard { shard, at });
            }
        }
        merged.add(verdict);
    }
    merged.finish();
    Ok(merged)
}

impl Verdict {
    /// Says that there should be so many runs: where there are fewer, the others are unchecked.
    #[must_use]
    pub fn expecting(mut self, runs: usize) -> Self {
        let there = self.shards.len().max(1);
        if there < runs {
            let missing = Unchecked::new(format!("{there} of {runs} shards"), MISSING);
            self.unchecked.push(missing);
            self.unchecked.sort();
        }
        self
    }
}

/// The verdict of a single run, as that of a shard.
fn of_shard(mut verdict: Verdict, name: &Arc<str>) -> Verdict {
    let command = verdict.command.take();
    let is_gated = command.as_ref().is_none_or(|command| command.gated);
    if verdict.totals.suites == 0 && verdict.unchecked.is_empty() && is_gated {
        // Beside others that judged something, it would look clean.
        let nothing = Unchecked::new(&**name, "nothing was judged in this shard");
        verdict.unchecked.push(nothing);
    }
    let baseline = verdict.baseline.as_ref();
    if !is_gated {
        // Nothing of it counts, wherever it is counted.
        verdict.left_out.violations = 0;
        verdict.left_out.warnings = 0;
    }
    verdict.shards = vec![Shard {
        name: name.clone(),
        policy: verdict.policy.clone(),
        builtin_version: verdict.builtin_version,
        baseline: baseline.map(|baseline| baseline.name.clone()),
        command,
    }];
    verdict.rename(|suite| suite.in_shard(name, false));
    verdict
}

impl Verdict {
    /// Adds what others found; lists are sorted later.
    fn add(&mut self, other: Verdict) {
        let totals = &mut self.totals;
        totals.before = totals.before.saturating_add(other.totals.before);
        totals.after = totals.after.saturating_add(other.totals.after);
        totals.stacks = totals.stacks.saturating_add(other.totals.stacks);
        totals.suites = totals.suites.saturating_add(other.totals.suites);
        totals.without_tests = totals
            .without_tests
            .saturating_add(other.totals.without_tests);
        self.left_out += other.left_out;
        self.findings.extend(other.findings);
        self.causes.extend(other.causes);
        self.moved.extend(other.moved);
        self.loosened.extend(other.loosened);
        // What was missing then may be there now.
        let unchecked = other.unchecked.into_iter();
        self.unchecked
            .extend(unchecked.filter(|one| one.why != MISSING));
        self.skipped.extend(other.skipped);
        self.notes.extend(other.notes);
        self.suites.extend(other.suites);
        self.shards.extend(other.shards);
        let allows = std::mem::take(&mut self.allows).into_iter();
        self.allows = joined(
            allows.chain(other.allows),
            |one| one.exception.clone(),
            add_allow,
        );
        let rules = std::mem::take(&mut self.rules).into_iter();
        let key = |one: &RuleUse| (one.rule.line, one.rule.clone());
        self.rules = joined(rules.chain(other.rules), key, add_rule);
        self.baseline = match (self.baseline.take(), other.baseline) {
            (Some(one), Some(other)) => Some(add_baseline(one, other)),
            (one, other) => one.or(other),
        };
    }

    /// Sorts, and says what follows from all shards together.
    fn finish(&mut self) {
        self.shards.sort();
        self.mark_doubles();
        self.sort();
        // Of each shard in its own order.
        self.moved
            .sort_by(|one, other| one.suite.shard().cmp(&other.suite.shard()));
        self.skipped
            .sort_by(|one, other| one.suite.shard().cmp(&other.suite.shard()));
        self.notes
            .sort_by(|one, other| one.suite.shard().cmp(&other.suite.shard()));
        self.loosened.sort();
        self.loosened.dedup();
        let shards = || self.shards.iter();
        let policy = names(shards().map(|shard| &*shard.policy));
        let baseline = names(shards().filter_map(|shard| shard.baseline.as_deref()));
        let builtin_version = shards().map(|shard| shard.builtin_version).max();
        let commands = shards().filter_map(|shard| Some((&shard.name, shard.command.as_ref()?)));
        let command = add_commands(&commands.collect::<Vec<_>>());
        self.policy = policy;
        let doubted = self.doubted();
        if let Some(of_all) = &mut self.baseline {
            of_all.name = baseline;
            for one in &mut of_all.entries {
                // What a shard did not judge as a whole may be needed there.
                one.whole &= !doubted.contains(&one.entry.suite);
            }
        }
        self.builtin_version = builtin_version.flatten();
        self.command = command;
    }

    /// What was tested, of which a shard had no run with all tests and without a failure.
    fn doubted(&self) -> BTreeSet<String> {
        let mut whole: BTreeMap<(&str, Option<&Arc<str>>), bool> = BTreeMap::new();
        for suite in &self.suites {
            let of_shard = (suite.name.subject(), suite.name.shard());
            *whole.entry(of_shard).or_default() |= suite.whole;
        }
        for one in &self.unchecked {
            whole
                .entry((one.suite.subject(), one.suite.shard()))
                .or_default();
        }
        let doubted = whole.into_iter().filter(|(_, whole)| !whole);
        doubted
            .map(|((subject, _), _)| subject.to_owned())
            .collect()
    }

    /// Shows the shard in the names of suites that several shards ran.
    fn mark_doubles(&mut self) {
        let mut shards: BTreeMap<String, BTreeSet<Arc<str>>> = BTreeMap::new();
        let judged = self.suites.iter().map(|suite| &suite.name);
        let unchecked = self.unchecked.iter().map(|unchecked| &unchecked.suite);
        let noted = self.notes.iter().map(|note| &note.suite);
        for name in judged.chain(unchecked).chain(noted) {
            let of_subject = shards.entry(name.subject().to_owned()).or_default();
            of_subject.extend(name.shard().cloned());
        }
        self.rename(|name| {
            let of_subject = shards.get(name.subject());
            let is_shown = of_subject.is_some_and(|shards| shards.len() > 1);
            name.shard()
                .map_or_else(|| name.clone(), |shard| name.in_shard(shard, is_shown))
        });
    }

    /// Gives every suite another name, wherever it is named.
    fn rename(&mut self, new: impl Fn(&SuiteName) -> SuiteName) {
        let findings = self.findings.iter_mut().map(|one| &mut one.suite);
        let causes = self.causes.iter_mut().map(|one| &mut one.suite);
        let moved = self.moved.iter_mut().map(|one| &mut one.suite);
        let unchecked = self.unchecked.iter_mut().map(|one| &mut one.suite);
        let skipped = self.skipped.iter_mut().map(|one| &mut one.suite);
        let notes = self.notes.iter_mut().map(|one| &mut one.suite);
        let suites = self.suites.iter_mut().map(|one| &mut one.name);
        let names = findings.chain(causes).chain(moved).chain(unchecked);
        for name in names.chain(skipped).chain(notes).chain(suites) {
            *name = new(name);
        }
    }
}

/// Different names, in their order.
fn names<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: BTreeSet<&str> = names.collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}

/// Joins what has one key, and puts all in the order of their keys.
fn joined<T, K: Ord>(
    all: impl Iterator<Item = T>,
    key: impl Fn(&T) -> K,
    join: impl Fn(T, &T) -> T,
) -> Vec<T> {
    let mut known: BTreeMap<K, T> = BTreeMap::new();
    for one in all {
        let key = key(&one);
        let one = match known.remove(&key) {
            Some(earlier) => join(earlier, &one),
            None => one,
        };
        known.insert(key, one);
    }
    known.into_values().collect()
}

/// What several shards say of one exception: it is unused or shadowed if it is so wherever something
/// is known of it.
fn add_allow(one: AllowUse, other: &AllowUse) -> AllowUse {
    let matched = one.matched.saturating_add(other.matched);
    let shadowed = matched == 0 && (one.shadowed || other.shadowed);
    AllowUse {
        matched,
        most: one.most.max(other.most),
        shadowed,
        unused: matched == 0 && !shadowed && (one.unused || other.unused),
        days_left: one.days_left.min(other.days_left),
        exception: one.exception,
    }
}

/// The same of one rule.
fn add_rule(one: RuleUse, other: &RuleUse) -> RuleUse {
    let reached = one.reached || other.reached;
    let shadowed = !reached && (one.shadowed || other.shadowed);
    RuleUse {
        reached,
        shadowed,
        unused: !reached && !shadowed && (one.unused || other.unused),
        rule: one.rule,
    }
}

/// What several shards say of one baseline. Of entries that differ, the stricter is shown.
fn add_baseline(one: Baseline, other: Baseline) -> Baseline {
    let entries = one.entries.into_iter().chain(other.entries);
    let key = |one: &EntryUse| (one.entry.id.clone(), one.entry.suite.clone());
    let join = |one: EntryUse, other: &EntryUse| EntryUse {
        matched: one.matched.max(other.matched),
        whole: one.whole || other.whole,
        days_left: one.days_left.min(other.days_left),
        entry: if (&one.entry.max, &one.entry) <= (&other.entry.max, &other.entry) {
            one.entry
        } else {
            other.entry.clone()
        },
    };
    let repeated = one.repeated.into_iter().chain(other.repeated);
    let repeated: BTreeSet<_> = repeated.collect();
    Baseline {
        name: one.name,
        strict: one.strict || other.strict,
        entries: joined(entries, key, join),
        repeated: repeated.into_iter().collect(),
    }
}

/// The commands of all shards as one: it counts only where each does, and fails where one does.
fn add_commands(commands: &[(&Arc<str>, &CommandRun)]) -> Option<CommandRun> {
    let all = || commands.iter().map(|(_, command)| *command);
    let failed = commands.iter();
    let failed = failed.filter_map(|(name, one)| Some(format!("{name}: {}", one.failed.as_ref()?)));
    let failed: Vec<String> = failed.collect();
    let base = names(all().filter_map(|one| one.base.as_deref()));
    let sum = |of: fn(&CommandRun) -> u64| all().map(of).fold(0, u64::saturating_add);
    (!commands.is_empty()).then(|| CommandRun {
        failed: (!failed.is_empty()).then(|| failed.join("; ")),
        base: (!base.is_empty()).then_some(base),
        ran_tests: all().any(|one| one.ran_tests),
        gated: all().all(|one| one.gated),
        without_tests: sum(|one| one.without_tests),
        children: sum(|one| one.children),
    })
}
