//! `--confirm`: the tests that leave goroutines run again, several times, which tells a leak from what
//! a process starts once and from what comes by chance.
//!
//! First they run several times in one process. What grows with each of these rounds needs no more;
//! for the rest, they run alone in as many processes.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::again::{self, Interrupted, last_lines, note};
use crate::cli::{Run, judge_files, say};
use crate::confirmed::{Rounds, of_runs};
use crate::escape::terminal;
use crate::evidence::{Ending, Evidence, Rerun, Suite, SuiteName};
use crate::go_names::top_level_test;
use crate::gotest::{Accepted, Options, Signals};
use crate::judge::Judge;
use crate::plural::plural;
use crate::policy::Policy;
use crate::verdict::{CommandRun, Finding, Verdict};

/// How to run tests again, and how long.
struct Confirm<'r> {
    run: &'r Run,
    accepted: &'r Accepted,
    times: u32,
    /// When no more time is left for the suite that is looked at.
    until: Instant,
    /// Where the profiles of these runs go, each into a folder with its number.
    profiles: PathBuf,
    /// How many there were.
    runs: u32,
}

/// Why a run tells nothing.
enum Silent {
    /// The time was over.
    Late,
    /// Something else.
    Because(String),
}

impl Silent {
    fn says(&self) -> String {
        match self {
            Self::Late => "its share of --confirm-time was used up, so give it more".to_owned(),
            Self::Because(why) => why.clone(),
        }
    }
}

/// What one run left.
#[derive(Default)]
struct Left {
    /// Goroutines of each stack, by its id.
    stacks: BTreeMap<String, Rounds>,
    /// The ids of the stacks that begin with each function.
    by_root: BTreeMap<String, BTreeSet<String>>,
    /// Tests and subtests that skipped themselves.
    skipped: BTreeSet<String>,
    /// How often the tests ran.
    rounds: u32,
}

impl Left {
    /// Goroutines of a finding; `None` where its tests skipped themselves, or where goroutines with the
    /// same root stand where none of the findings `known` by their ids is: a loop may be anywhere.
    fn of(&self, finding: &Finding, known: &BTreeSet<&str>) -> Option<Rounds> {
        if let Some(rounds) = self.stacks.get(&finding.id) {
            return Some(rounds.clone());
        }
        let is_skipped = |test: &String| {
            [test.as_str(), top_level_test(test)]
                .iter()
                .any(|name| self.skipped.contains(*name))
        };
        let root = finding.stack().and_then(|stack| stack.root.as_ref());
        let with_root = root.and_then(|root| self.by_root.get(root.name()));
        let is_elsewhere = with_root.is_some_and(|ids| ids.iter().any(|id| !known.contains(&**id)));
        (!finding.tests.keys().all(is_skipped) && !is_elsewhere).then(|| Rounds {
            of: self.rounds,
            ..Rounds::default()
        })
    }
}

/// Runs the tests of what counts in `verdict` again, `times` each, for at most the time that `run` has
/// for it, and adds what that showed to the suites of `evidence`.
///
/// # Errors
/// No place for profiles, or a signal meanwhile.
pub(super) fn confirm(
    (run, times): (&Run, u32),
    accepted: &Accepted,
    (mut evidence, verdict): (Evidence, &Verdict),
    signals: &mut Signals,
) -> anyhow::Result<Evidence> {
    let is_gated = |command: &CommandRun| command.gated;
    if !verdict.command.as_ref().is_some_and(is_gated) {
        return Ok(evidence);
    }
    let folder = signals.temporary_folder("leakgate-confirm-")?;
    let begun = Instant::now();
    let mut confirm = Confirm {
        run,
        accepted,
        times,
        until: begun,
        profiles: folder.path().to_owned(),
        runs: 0,
    };
    let mut asked: BTreeMap<&SuiteName, Vec<&Finding>> = BTreeMap::new();
    for finding in verdict.findings.iter().filter(|finding| is_asked(finding)) {
        asked.entry(&finding.suite).or_default().push(finding);
    }
    let mut notes = Vec::new();
    for suite in &mut evidence.suites {
        let suites = u32::try_from(asked.len()).unwrap_or(u32::MAX);
        let Some(open) = asked.remove(&suite.name) else {
            continue;
        };
        // What one suite does not need is for those after it.
        let time = run.confirm_time.saturating_sub(begun.elapsed());
        confirm.until = Instant::now() + time / suites;
        let silent = confirm.suite(suite, &open, signals)?;
        let untold = open
            .iter()
            .filter(|one| !suite.confirmed.contains_key(&one.id))
            .count();
        if untold > 0 {
            let why = silent.unwrap_or_else(|| {
                Silent::Because(
                    "its tests skipped themselves or ran only once, or its goroutines were at another place"
                        .to_owned(),
                )
            });
            let why = why.says();
            notes.push(format!(
                "--confirm could not classify {} in {}: {why}",
                plural(untold as u64, "finding"),
                suite.name
            ));
        }
    }
    for text in notes {
        note(&mut evidence, text);
    }
    Ok(evidence)
}

/// Whether a finding counts, and its tests are known.
fn is_asked(finding: &Finding) -> bool {
    finding.is_open() && finding.stack().is_some() && !finding.tests.is_empty()
}

impl Confirm<'_> {
    /// Runs the tests of findings again, and adds what that showed to their suite; or says what kept it
    /// from telling all.
    fn suite(
        &mut self,
        suite: &mut Suite,
        findings: &[&Finding],
        signals: &mut Signals,
    ) -> anyhow::Result<Option<Silent>> {
        let because = |why: &str| Ok(Some(Silent::Because(why.to_owned())));
        let Some(rerun) = suite.rerun.clone() else {
            return because("it is not known how its tests were run");
        };
        match &suite.run {
            None => return because("it is not a go test"),
            Some(run) if matches!(run.ending, Ending::TimedOut { .. }) => {
                return because("its tests hung");
            }
            Some(_) => {}
        }
        let is_shared = |finding: &&Finding| finding.stack().is_some_and(|stack| stack.shared);
        let tests: BTreeSet<&str> = if findings.iter().any(is_shared) {
            // What is shared is started by whichever test comes first.
            BTreeSet::new()
        } else {
            let tests = findings.iter().flat_map(|finding| finding.tests.keys());
            tests.map(|test| top_level_test(test)).collect()
        };
        let subject = suite.name.subject().to_owned();
        say(&terminal(&format!(
            "leakgate: running {} of {subject} again, {} times",
            match tests.len() {
                0 => "the tests".to_owned(),
                count => plural(count as u64, "test"),
            },
            self.times
        )));
        let again = (&rerun, &tests, &*subject);
        let (together, mut silent) = match self.once(again, self.times, signals)? {
            Err(Silent::Late) => return Ok(Some(Silent::Late)),
            // Some tests cannot run twice in one process.
            Err(why) => (None, Some(why)),
            Ok(left) => (Some(left).filter(|left| left.rounds > 1), None),
        };
        let known: BTreeSet<&str> = findings.iter().map(|finding| &*finding.id).collect();
        let rounds = |finding: &Finding| together.as_ref()?.of(finding, &known);
        let grows = |finding: &&Finding| rounds(finding).is_some_and(|rounds| rounds.grows());
        let mut alone: Vec<Left> = Vec::new();
        let runs = if findings.iter().all(grows) {
            0
        } else {
            self.times
        };
        for _ in 0..runs {
            match self.once(again, 1, signals)? {
                Ok(left) => alone.push(left),
                Err(why) => {
                    silent = Some(why);
                    break;
                }
            }
        }
        for finding in findings {
            let counts = alone.iter().filter_map(|left| left.of(finding, &known));
            let mut counts: Vec<i64> = counts.map(|rounds| rounds.total).collect();
            if counts.len() < 2 {
                counts.clear(); // once is nothing to go by
            }
            if let Some(confirmed) = of_runs(rounds(finding).as_ref(), &counts) {
                suite.confirmed.insert(finding.id.clone(), confirmed);
            }
        }
        Ok(silent)
    }

    /// Runs tests again, so many times in one process.
    fn once(
        &mut self,
        (rerun, tests, subject): (&Rerun, &BTreeSet<&str>, &str),
        times: u32,
        signals: &mut Signals,
    ) -> anyhow::Result<Result<Left, Silent>> {
        let time = self.until.saturating_duration_since(Instant::now());
        if time < Duration::from_secs(1) {
            return Ok(Err(Silent::Late));
        }
        let flags = [
            format!("-count={times}"),
            format!("-timeout={}s", time.as_secs()),
        ];
        let command: Vec<OsString> = rerun
            .of_tests(tests, &flags)
            .into_iter()
            .map(OsString::from)
            .collect();
        let directory = rerun.directory.as_ref().map(Path::new);
        let options = Options {
            directory,
            writes: false,
            environment: &rerun.environment,
            settle: self.run.settle,
            origin: false,
        };
        self.runs += 1;
        let profiles = self.profiles.join(self.runs.to_string());
        let captured = again::capture(&command, (options, &[]), self.accepted, &profiles, signals);
        let evidence = match captured {
            Ok(collected) => collected.evidence,
            Err(error) if error.is::<Interrupted>() => return Err(error),
            Err(error) => return Ok(Err(Silent::Because(format!("{error:#}")))),
        };
        Ok(self.left(evidence, subject).ok_or_else(|| {
            if Instant::now() >= self.until {
                Silent::Late
            } else {
                Silent::Because(last_lines(&profiles))
            }
        }))
    }

    /// What a run left of each stack, whatever the policy allows; `None` where its tests failed or could
    /// not be checked.
    fn left(&self, evidence: Evidence, subject: &str) -> Option<Left> {
        let policy = Policy {
            exceptions: Vec::new(),
            ..Policy::default()
        };
        let judge = Judge::new(&policy, self.accepted.today);
        let of_subject = evidence.suites.iter();
        let mut of_subject = of_subject.filter(|suite| suite.name.subject() == subject);
        let suite = of_subject.next()?;
        let run = suite.run.clone().filter(|run| run.exit_code == Some(0))?;
        let mut left = Left {
            rounds: run.rounds,
            skipped: suite.skipped.clone(),
            ..Left::default()
        };
        let evidence = Evidence {
            command: None,
            ..evidence
        };
        let verdict = judge_files::verdict(&judge, evidence, self.run.gate.limit());
        if !verdict.unchecked.is_empty() || verdict.suites.is_empty() {
            return None;
        }
        for finding in &verdict.findings {
            if let Some(root) = finding.stack().and_then(|stack| stack.root.as_ref()) {
                let with_root = left.by_root.entry(root.name().to_owned()).or_default();
                with_root.insert(finding.id.clone());
            }
            let none = || Rounds {
                of: run.rounds,
                ..Rounds::default()
            };
            let rounds = left.stacks.entry(finding.id.clone()).or_insert_with(none);
            rounds.total += finding.growth();
            for (round, count) in finding.rounds.iter().flat_map(|rounds| &rounds.by_round) {
                *rounds.by_round.entry(*round).or_default() += count;
            }
        }
        Some(left)
    }
}
