//! Evidence: what there is to judge, where it came from, and how far it can be trusted.
//!
//! Files of any origin end up here: what test binaries left, pairs of profiles in a directory, and
//! captures of live services. Judging needs to know no more than this.

mod code;
mod name;
mod profiles;
mod rerun;
mod test_run;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

pub use code::Code;
pub use name::SuiteName;
pub use profiles::{OwnBefore, Profiles};
pub use rerun::Rerun;
pub use test_run::{Ending, TestRun};

use crate::confirmed::Confirmed;

/// All that one verdict is about.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// What can be judged.
    pub suites: Vec<Suite>,
    /// What cannot be, and why.
    pub unchecked: Vec<Unchecked>,
    /// The command that leakgate ran; `None` for profiles that were captured otherwise.
    pub command: Option<Command>,
}

/// Profiles of one process, or of two builds of it, and what is known about them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suite {
    /// What reports call it.
    pub name: SuiteName,
    /// Its profiles.
    pub files: Files,
    /// Whether both sides are of one test binary, before and after its tests.
    pub around_tests: bool,
    /// Whether its before profile is what another run left: then what both left is no finding.
    pub against_run: bool,
    /// Samples of the last after profile whose goroutines were never twice in one place, by their
    /// position: how many of the outermost locations were always the same.
    pub moving: BTreeMap<usize, usize>,
    /// The same of its before profile, where that is what another run left.
    pub moving_before: BTreeMap<usize, usize>,
    /// The tests whose goroutines the dump names, by the id of that goroutine.
    pub starters: BTreeMap<u64, String>,
    /// What the test binary said about its run; `None` for a service.
    pub run: Option<TestRun>,
    /// How its tests are run again; `None` where that is not known.
    pub rerun: Option<Rerun>,
    /// Its tests and subtests that skipped themselves each time.
    pub skipped: BTreeSet<String>,
    /// What running its tests again showed, by the id of the stack.
    pub confirmed: BTreeMap<String, Confirmed>,
    /// Why it is incomplete, though it is worth judging.
    pub doubt: Option<String>,
    /// Remarks for a reader of the report.
    pub notes: Vec<String>,
}

/// The profiles of a suite.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    /// Taken first.
    pub before: PathBuf,
    /// Taken after it, oldest first; at least one.
    pub afters: Vec<PathBuf>,
    /// Go's own leak profile, taken with the last of them.
    pub proven: Option<PathBuf>,
    /// Where two runs of tests are compared: what each had before its own tests, the base first. `before`
    /// and `afters` are what both had after them.
    pub own_before: Option<[PathBuf; 2]>,
    /// The text of all goroutines, taken with the last of them too.
    pub dump: Option<PathBuf>,
}

impl Files {
    /// The profiles: before, afters, proven, and those of before their own tests.
    pub fn profiles(&self) -> Vec<&Path> {
        let before = std::iter::once(&self.before);
        let paths = before.chain(&self.afters).chain(&self.proven);
        let paths = paths.chain(self.own_before.iter().flatten());
        paths.map(PathBuf::as_path).collect()
    }
}

/// Something that could not be checked, which is never the same as clean.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unchecked {
    /// A suite, or the file or command that would have given one.
    pub suite: SuiteName,
    /// What is missing or wrong, and what to do about it.
    pub why: String,
}

impl Unchecked {
    /// A thing that could not be checked, and why.
    pub fn new(suite: impl Into<SuiteName>, why: impl Into<String>) -> Self {
        Self {
            suite: suite.into(),
            why: why.into(),
        }
    }
}

/// A command that was run between the captures.
#[derive(Debug, Clone)]
pub struct Command {
    /// The command and its arguments, separated by spaces.
    pub line: String,
    /// What a shell would report: its exit code, or 128 plus the number of a signal.
    pub code: u8,
    /// How it failed.
    pub failed: Option<String>,
    /// Whether a test binary was started.
    pub ran_tests: bool,
    /// The commit that it was compared with, as it was named.
    pub base: Option<String>,
    /// Test binaries that were started only to list their tests.
    pub listed: u64,
    /// Processes that test binaries started as copies of themselves.
    pub children: u64,
    /// Packages that have no test files.
    pub packages_without_tests: BTreeSet<String>,
    /// Remarks for a reader of the report.
    pub notes: Vec<String>,
}

impl Evidence {
    /// Whether there is nothing to say: no suite, nothing that could not be checked, no command.
    pub fn is_empty(&self) -> bool {
        self.suites.is_empty() && self.unchecked.is_empty() && self.command.is_none()
    }

    /// Adds what another source has.
    pub fn extend(&mut self, other: Evidence) {
        self.suites.extend(other.suites);
        self.unchecked.extend(other.unchecked);
        self.command = self.command.take().or(other.command);
    }

    /// The same for some suites; the others are as they were.
    #[must_use]
    pub fn against_in(self, base: &Self, suites: &BTreeSet<SuiteName>) -> Self {
        let (compared, mut others) = self
            .suites
            .into_iter()
            .partition(|suite| suites.contains(&suite.name));
        let compared = Self {
            suites: compared,
            ..Self::default()
        };
        let of_base = base.suites.iter().map(|suite| &suite.name);
        let unchecked = base.unchecked.iter().map(|unchecked| &unchecked.suite);
        let known: BTreeSet<&SuiteName> = of_base.chain(unchecked).collect();
        let mut compared = compared.against(base).suites;
        for suite in compared
            .iter_mut()
            .filter(|suite| !known.contains(&suite.name))
        {
            let note = "the base has no such tests, so all that these leave is new";
            suite.notes.push(note.to_owned());
        }
        others.append(&mut compared);
        Self {
            suites: others,
            ..self
        }
    }

    /// This run compared with the run of another build: the last after profile of each suite of
    /// `base` becomes the before profile here. A suite that only this run has keeps its own, and so
    /// does one that the base could not check, or whose tests failed there: whatever hung there would
    /// hide growth here.
    #[must_use]
    pub fn against(mut self, base: &Self) -> Self {
        let has_failed = |suite: &Suite| {
            let code = suite.run.as_ref().and_then(|run| run.exit_code);
            code.is_some_and(|code| code != 0)
        };
        let is_whole = |suite: &&Suite| suite.doubt.is_none() && !has_failed(suite);
        let checked = base.suites.iter().filter(is_whole);
        let checked: HashMap<&SuiteName, (&Suite, &PathBuf)> = checked
            .filter_map(|suite| Some((&suite.name, (suite, suite.files.afters.last()?))))
            .collect();
        let unchecked = base.unchecked.iter();
        let unchecked = unchecked.map(|unchecked| (&unchecked.suite, &*unchecked.why));
        let doubted = base.suites.iter();
        let doubted = doubted.filter_map(|suite| {
            let failed = has_failed(suite)
                .then_some("its tests failed, and what they left could hide growth here");
            Some((&suite.name, suite.doubt.as_deref().or(failed)?))
        });
        let unchecked: HashMap<&SuiteName, &str> = unchecked.chain(doubted).collect();
        let mut own = 0;
        for suite in &mut self.suites {
            if let Some((base, after)) = checked.get(&suite.name) {
                let own = std::mem::replace(&mut suite.files.before, (*after).clone());
                // What was there before any test is no test's, and may be other goroutines now.
                suite.files.own_before = (suite.around_tests && base.around_tests)
                    .then(|| [base.files.before.clone(), own]);
                suite.around_tests = false;
                suite.moving_before.clone_from(&base.moving);
                suite.against_run = true;
            } else if let Some(why) = unchecked.get(&suite.name) {
                suite.notes.push(format!(
                    "compared with what was there before its own tests, since the base could not be checked: {}",
                    why.trim_end_matches('.')
                ));
            } else {
                own += 1;
            }
        }
        let heads: BTreeSet<&SuiteName> = self.suites.iter().map(|suite| &suite.name).collect();
        let only_base = base
            .suites
            .iter()
            .filter(|suite| !heads.contains(&suite.name));
        let only_base = only_base.count();
        if let Some(command) = self.command.as_mut().filter(|_| only_base > 0) {
            let suites = if only_base == 1 {
                "1 suite of the base was".into()
            } else {
                format!("{only_base} suites of the base were")
            };
            command.notes.push(format!("{suites} not run here"));
        }
        if let Some(command) = self.command.as_mut().filter(|_| own > 0) {
            let suites = if own == 1 {
                "1 suite that the base does not have is".into()
            } else {
                format!("{own} suites that the base does not have are")
            };
            let note = format!("{suites} compared with what was there before the tests");
            command.notes.push(note);
        }
        self
    }
}
