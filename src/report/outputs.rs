//! `outputs`: how it ended, as `key=value` lines: what a CI step hands on to the steps after it, or
//! to shell scripts.
//!
//! The lines can be appended to `$GITHUB_OUTPUT` as they are, or kept as a dotenv file: they hold
//! fixed words and numbers alone, nothing that a profile, a path or a command could choose.

use crate::policy::Severity;
use crate::verdict::{FailOn, Outcome, Verdict};

/// Renders a verdict.
///
/// Output: `result=fail`, `violations=2`, `warnings=1`, `allowed=0`, `accepted=0`, `loosened=0`,
/// `unchecked=0`, each on a line. The result is `pass`,
/// `fail`, `no-evidence`, or `not-gated` where the command failed and what was found does not
/// count. Violations and warnings are the open findings of severity error and warning, whatever
/// `fail_on` is; allowed are findings that something covers, accepted those of them that the
/// baseline does; loosened is what lets more pass than on the base branch; unchecked are suites.
pub fn render(verdict: &Verdict, fail_on: FailOn) -> String {
    let result = match verdict.outcome(fail_on) {
        Outcome::NoEvidence if verdict.not_gated().is_some() => "not-gated",
        outcome => outcome.name(),
    };
    let allowed = verdict.findings.iter().filter(|one| !one.is_open()).count();
    format!(
        "result={result}\nviolations={}\nwarnings={}\nallowed={allowed}\naccepted={}\nloosened={}\nunchecked={}\n",
        verdict.count(Severity::Error),
        verdict.count(Severity::Warning),
        verdict.accepted_count(),
        verdict.loosened.len(),
        verdict.unchecked.len(),
    )
}
