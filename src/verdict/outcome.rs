//! How a verdict ends.

use super::{Baseline, CommandRun, Finding, Verdict};
use crate::evidence::SuiteName;
use crate::policy::Severity;

/// How a verdict ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing violates the policy.
    Pass,
    /// The policy is violated.
    Fail,
    /// Something could not be checked, and nothing else failed.
    NoEvidence,
}

impl Outcome {
    /// The word for it in the JSON report.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Pass => "pass",
            Outcome::Fail => "fail",
            Outcome::NoEvidence => "no-evidence",
        }
    }
}

/// The least grave violation that fails a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailOn {
    /// Errors only.
    Error,
    /// Warnings too.
    Warning,
    /// Errors, and a policy or a baseline that lets more pass than that of the base branch.
    Loosened,
    /// Nothing.
    Never,
}

impl FailOn {
    /// Whether a finding fails the build: nothing covers it, and it is grave enough.
    pub fn counts(self, finding: &Finding) -> bool {
        finding.is_open()
            && match self {
                FailOn::Error | FailOn::Loosened => finding.rule.severity == Severity::Error,
                FailOn::Warning => true,
                FailOn::Never => false,
            }
    }

    /// The word for it on the command line and in the JSON report.
    pub fn name(self) -> &'static str {
        match self {
            FailOn::Error => "error",
            FailOn::Warning => "warning",
            FailOn::Loosened => "loosened",
            FailOn::Never => "never",
        }
    }
}

impl Verdict {
    /// How it ends. Only violations that nothing covers count, and `fail_on` says which of them; those
    /// of a shard whose command failed do not.
    pub fn outcome(&self, fail_on: FailOn) -> Outcome {
        let counts =
            |finding: &Finding| fail_on.counts(finding) && self.is_gated_in(&finding.suite);
        let is_violated = || {
            self.findings.iter().any(counts)
                || self.left_out.fails(fail_on)
                || self.is_too_wide(fail_on)
                || self.is_too_loose(fail_on)
        };
        if self.is_gated() && is_violated() {
            Outcome::Fail
        } else if !self.is_gated_everywhere()
            || !self.unchecked.is_empty()
            || self.totals.suites == 0
        {
            Outcome::NoEvidence
        } else {
            Outcome::Pass
        }
    }

    /// Whether the baseline has stale entries, and that fails the build.
    pub fn is_too_wide(&self, fail_on: FailOn) -> bool {
        if fail_on == FailOn::Never {
            return false;
        }
        let strict = self.baseline.iter().filter(|baseline| baseline.strict);
        strict.flat_map(Baseline::stale).next().is_some()
    }

    /// Whether something lets more pass than before, and that fails the build.
    pub fn is_too_loose(&self, fail_on: FailOn) -> bool {
        fail_on == FailOn::Loosened && !self.loosened.is_empty()
    }

    /// The command that a suite was captured around.
    pub fn command_of(&self, suite: &SuiteName) -> Option<&CommandRun> {
        let shard = suite.shard();
        let shard = shard.and_then(|name| self.shards.iter().find(|one| one.name == *name));
        shard.map_or(self.command.as_ref(), |shard| shard.command.as_ref())
    }

    /// Whether anything that was found can count.
    pub fn is_gated(&self) -> bool {
        self.shards.is_empty() && self.is_gated_everywhere()
            || self
                .shards
                .iter()
                .any(|shard| is_gated(shard.command.as_ref()))
    }

    /// Whether all that was found can count.
    fn is_gated_everywhere(&self) -> bool {
        is_gated(self.command.as_ref())
    }

    /// Whether what was found in a suite can count.
    pub fn is_gated_in(&self, suite: &SuiteName) -> bool {
        is_gated(self.command_of(suite))
    }

    /// Why what was found does not count, or that of a shard: how the command failed. Where there are
    /// shards, each is named.
    pub fn not_gated(&self) -> Option<String> {
        if self.shards.is_empty() {
            return self.command.as_ref()?.not_gated();
        }
        let shards = self.shards.iter().filter_map(|shard| {
            let failed = shard.command.as_ref()?.not_gated()?;
            Some(format!("{}: {failed}", shard.name))
        });
        let failed: Vec<String> = shards.collect();
        (!failed.is_empty()).then(|| failed.join("; "))
    }

    /// Open findings of a severity, with those that a report had no room for.
    pub fn count(&self, severity: Severity) -> usize {
        let open = self.findings.iter().filter(|one| one.is_open());
        let open = open.filter(|one| one.rule.severity == severity).count();
        open.saturating_add(self.left_out.open(severity))
    }
}

fn is_gated(command: Option<&CommandRun>) -> bool {
    command.is_none_or(|command| command.gated)
}
