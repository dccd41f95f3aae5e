//! From a verdict to text, one file a format. Renderers write to no file and know no clock.

pub mod cases;
pub mod explain;
pub mod github;
pub mod gitlab;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod ndjson;
pub mod outputs;
pub mod overview;
pub mod review;
mod room;
pub mod sarif;
pub mod sources;
pub mod text;
mod words;

#[cfg(test)]
mod sample;

use std::collections::BTreeSet;

use self::sources::Sources;
use crate::escape;
use crate::evidence::SuiteName;
use crate::verdict::{FailOn, Verdict};

/// What a report is about. The formats that point into a repository, or are found again by a name,
/// take this.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'v> {
    /// What was found.
    pub verdict: &'v Verdict,
    /// What counts as a failure.
    pub fail_on: FailOn,
    /// What this run is called; `None` for the name of the only suite, or "all".
    pub name: Option<&'v str>,
    /// Where the code lies.
    pub sources: &'v Sources,
    /// The JSON report that is written too, for commands that read it; `None` where there is none, or
    /// where its path means nothing to who reads this.
    pub saved_as: Option<&'v str>,
}

impl Subject<'_> {
    /// The name by which a pull request comment, or the results of a code scan, are found and
    /// replaced the next time. It is the same from run to run as long as the suites are.
    fn slug(&self) -> String {
        let verdict = self.verdict;
        let judged = verdict.suites.iter().map(|suite| &suite.name);
        let unchecked = verdict.unchecked.iter().map(|unchecked| &unchecked.suite);
        let suites: BTreeSet<&SuiteName> = judged.chain(unchecked).collect();
        let only = suites.first().filter(|_| suites.len() == 1);
        // Which packages a command tests changes from commit to commit.
        let only = only.filter(|_| verdict.command.is_none());
        let only = only.map(ToString::to_string);
        escape::slug(self.name.or(only.as_deref()).unwrap_or("all"))
    }
}
