//! What `leakgate run` captured, judged when the command has ended, or later from the directory that was kept.

use super::gate::Gate;
use crate::gotest::Collected;
use crate::input::Found;
use crate::policy::Policy;
use crate::verdict::{CommandRun, Note, Unchecked, Verdict};

/// Judges what test binaries left, and `others` that were captured around the same command.
pub(super) fn judge(gate: &Gate, policy: &Policy, collected: Collected, others: Found) -> Verdict {
    let mut found = collected.found;
    found.suites.extend(others.suites);
    found.incomplete.extend(others.incomplete);
    let mut verdict = gate.judge(policy, found);
    let Some(command) = collected.command else {
        return verdict;
    };
    let nothing_told = verdict.totals.suites == 0 && verdict.unchecked.is_empty();
    if nothing_told && command.failed.is_none() {
        let why = if verdict.totals.without_tests + collected.listed > 0 {
            "no test ran in it, so nothing was checked: does -run match any?"
        } else if !collected.packages_without_tests.is_empty() {
            "none of its packages has a test, so nothing was checked"
        } else {
            "no go test ran under leakgate in it, so nothing was checked: does it run `go test`, with the go command of the \
             PATH, and without a -overlay of its own?"
        };
        verdict.unchecked.push(Unchecked {
            suite: command.line.clone(),
            why: why.into(),
        });
    }
    let notes = command.notes.into_iter().map(|text| Note {
        suite: command.line.clone(),
        text,
    });
    verdict.notes.extend(notes);
    verdict.command = Some(CommandRun {
        gated: command.failed.is_none() || policy.gate_failed_tests,
        failed: command.failed,
        ran_tests: command.ran_tests,
        without_tests: collected.packages_without_tests.len() as u64 + verdict.totals.without_tests,
        children: collected.children,
    });
    verdict
}
