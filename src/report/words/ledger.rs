//! The ledger of exceptions: what each accepts, how much of it is used, and until when.

use super::baseline::title;
use super::name;
use super::policy::allow_place;
use crate::policy::Max;
use crate::verdict::{AllowUse, EntryUse, Standing, Verdict};

/// A row of the ledger.
pub(in crate::report) struct Row<'v> {
    /// `leakgate.yml:12`.
    pub(in crate::report) place: String,
    /// What it matches, or of the baseline what it accepts.
    pub(in crate::report) what: String,
    /// `3 of 5`: the most goroutines that one suite had, of those that it accepts there.
    pub(in crate::report) used: String,
    /// The last day it holds; empty for a built-in one.
    pub(in crate::report) until: String,
    /// Who answers for it.
    pub(in crate::report) owner: &'v str,
    /// `at the maximum, expires soon`.
    pub(in crate::report) standing: String,
    /// Why it is accepted.
    pub(in crate::report) reason: &'v str,
}

/// The exceptions of the policy and of the baseline, in the order of their files; the built-in ones
/// that matched where `all` are asked for.
pub(in crate::report) fn ledger(verdict: &Verdict, all: bool) -> Vec<Row<'_>> {
    let allows = verdict.allows.iter();
    let allows = allows.filter(|allow| all || allow.is_own());
    let allows = allows.map(|allow| of_allow(verdict, allow));
    let entries = verdict.baseline.iter().flat_map(|baseline| {
        let entries = baseline.entries.iter();
        entries.map(|one| of_entry(&baseline.name, one))
    });
    allows.chain(entries).collect()
}

fn of_allow<'v>(verdict: &Verdict, allow: &'v AllowUse) -> Row<'v> {
    let exception = &allow.exception;
    let most = allow.most;
    Row {
        place: allow_place(verdict, allow),
        what: exception.matcher.to_string(),
        used: match &exception.max {
            Max::Count(max) => format!("{most} of {max}"),
            Max::Unlimited => most.to_string(),
            Max::AsManyAs(other) => format!("{most}, as {}", name(other)),
        },
        until: exception
            .expires
            .map(|day| day.to_string())
            .unwrap_or_default(),
        owner: exception.owner.as_deref().unwrap_or_default(),
        standing: standing(&allow.standing()),
        reason: &exception.reason,
    }
}

fn of_entry<'v>(file: &str, one: &'v EntryUse) -> Row<'v> {
    let entry = &one.entry;
    Row {
        place: format!("{file}:{}", entry.line),
        what: title(entry),
        used: match one.matched {
            Some(matched) => format!("{matched} of {}", entry.max),
            None => format!("? of {}", entry.max),
        },
        until: entry.expires.to_string(),
        owner: entry.owner.as_deref().unwrap_or_default(),
        standing: standing(&one.standing()),
        reason: &entry.reason,
    }
}

fn standing(standing: &[Standing]) -> String {
    let names: Vec<&str> = standing.iter().map(|one| one.name()).collect();
    names.join(", ")
}
