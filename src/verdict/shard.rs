//! What a verdict knows of the runs that it is put together from.

use std::ops::AddAssign;
use std::sync::Arc;

use super::{FailOn, Finding};
use crate::policy::Severity;

/// One of several runs, such as a job of a build matrix.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    /// What it is called; no two have one name.
    pub name: Arc<str>,
    /// How its policy is named in reports.
    pub policy: String,
    /// Version of the built-in exceptions that it knew; `None` where they were switched off.
    pub builtin_version: Option<u32>,
    /// How its baseline is named; `None` where none was in force.
    pub baseline: Option<String>,
    /// The command that leakgate ran in it.
    pub command: Option<CommandRun>,
}

/// A command that was run between the captures.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommandRun {
    /// How it failed: tests that fail may leave goroutines behind that no leak of theirs explains.
    pub failed: Option<String>,
    /// The commit that it was compared with, as it was named.
    pub base: Option<String>,
    /// Whether a test binary was started before it ended.
    pub ran_tests: bool,
    /// Whether its findings count.
    pub gated: bool,
    /// Packages in which no test ran.
    pub without_tests: u64,
    /// Processes that test binaries started as copies of themselves, which are not judged.
    pub children: u64,
}

impl CommandRun {
    /// Why what was found around it does not count: how it failed.
    pub fn not_gated(&self) -> Option<String> {
        let failed = self.failed.as_deref().filter(|_| !self.gated)?;
        Some(if self.ran_tests {
            format!("tests failed, {failed}")
        } else {
            format!("{failed} before any test ran")
        })
    }
}

/// What a report had no room for. It counts all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LeftOut {
    /// Findings, of any kind.
    pub findings: usize,
    /// Open findings of severity error among these.
    pub violations: usize,
    /// Open findings of severity warning among these.
    pub warnings: usize,
    /// Findings among these that the baseline covers.
    pub accepted: usize,
    /// Causes.
    pub causes: usize,
    /// Stacks that were matched with one of another name or path.
    pub moved: usize,
}

impl LeftOut {
    /// That these were left out.
    pub fn of(findings: &[Finding]) -> Self {
        let open = |severity| {
            let open = findings.iter().filter(|one| one.is_open());
            open.filter(|one| one.rule.severity == severity).count()
        };
        let accepted = findings.iter().filter(|one| one.accepted().is_some());
        Self {
            findings: findings.len(),
            violations: open(Severity::Error),
            warnings: open(Severity::Warning),
            accepted: accepted.count(),
            ..Self::default()
        }
    }

    /// Open findings of a severity.
    pub fn open(&self, severity: Severity) -> usize {
        match severity {
            Severity::Error => self.violations,
            Severity::Warning => self.warnings,
        }
    }

    /// Whether one of the findings fails the build.
    pub fn fails(&self, fail_on: FailOn) -> bool {
        match fail_on {
            FailOn::Error | FailOn::Loosened => self.violations > 0,
            FailOn::Warning => self.violations + self.warnings > 0,
            FailOn::Never => false,
        }
    }
}

impl AddAssign for LeftOut {
    fn add_assign(&mut self, other: Self) {
        let sum = usize::saturating_add;
        *self = Self {
            findings: sum(self.findings, other.findings),
            violations: sum(self.violations, other.violations),
            warnings: sum(self.warnings, other.warnings),
            accepted: sum(self.accepted, other.accepted),
            causes: sum(self.causes, other.causes),
            moved: sum(self.moved, other.moved),
        };
    }
}
