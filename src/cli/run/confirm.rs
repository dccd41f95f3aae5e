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
pub(super) struct Confirm<'r> {
    run: &'r Run,
    accepted: &'r Accepted,
    times: u32,
    /// When no more time is left for the suite that is looked at.
    until: Instant,
    /// Where the profiles of these runs go.
    profiles: PathBuf,
    runs: u32,
}

/// Why the tests of a suite tell nothing.
enum Silent {
    /// The time was over.
    Late,
    /// Something else.
    Because(String),
}

/// What one run left of each stack, by its id.
type Left = BTreeMap<String, Rounds>;

/// What all runs of a suite left.
struct Told {
    times: u32,
    /// Of the one in which the tests ran several times; `None` where they cannot.
    together: Option<Left>,
    /// Of those in which they ran once.
    alone: Vec<Left>,
}

impl Told {
    /// In which rounds goroutines of a stack came.
    fn rounds(&self, id: &str) -> Option<Rounds> {
        let none = || Rounds {
            of: self.times,
            ..Rounds::default()
        };
        let left = self.together.as_ref()?;
        Some(left.get(id).cloned().unwrap_or_else(none))
    }

    /// How many came in each run alone.
    fn alone(&self, id: &str) -> Vec<i64> {
        let counts = self.alone.iter().map(|left| left.get(id));
        counts
            .map(|left| left.map_or(0, |left| left.total))
            .collect()
    }

    /// Whether a stack grows with every round, so that nothing else has to be known.
    fn grows(&self, id: &str) -> bool {
        self.rounds(id).is_some_and(|rounds| rounds.grows())
    }
}

/// Runs the tests of what counts in `verdict` again, `times` each, for at most the time that `run` has
/// for it, and adds what that told to the suites of `evidence`.
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
        let left = u32::try_from(asked.len()).unwrap_or(u32::MAX);
        let Some(open) = asked.remove(&suite.name) else {
            continue;
        };
        // What one suite does not need is for those after it.
        let time = run.confirm_time.saturating_sub(begun.elapsed());
        confirm.until = Instant::now() + time / left;
        match confirm.suite(suite, &open, signals)? {
            Ok(()) => {}
            Err(Silent::Late) => notes.push(format!(
                "the tests of {} did not run again {times} times: its share of --confirm-time was over",
                suite.name
            )),
            Err(Silent::Because(why)) => notes.push(format!(
                "running the tests of {} again told nothing: {why}",
                suite.name
            )),
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
    fn suite(
        &mut self,
        suite: &mut Suite,
        findings: &[&Finding],
        signals: &mut Signals,
    ) -> anyhow::Result<Result<(), Silent>> {
        let because = |why: &str| Ok(Err(Silent::Because(why.to_owned())));
        let Some(rerun) = suite.rerun.clone() else {
            return because("how they were run is not known");
        };
        match &suite.run {
            None => return because("they are no go tests"),
            Some(run) if matches!(run.ending, Ending::TimedOut { .. }) => {
                return because("they hung, and would hang again");
            }
            Some(_) => {}
        }
        let tests = || findings.iter().flat_map(|finding| finding.tests.keys());
        let is_shared = |finding: &&Finding| finding.stack().is_some_and(|stack| stack.shared);
        let tests: BTreeSet<&str> = if findings.iter().any(is_shared) {
            // What is shared is started by whichever test comes first.
            BTreeSet::new()
        } else {
            tests().map(|test| top_level_test(test)).collect()
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
        let together = match self.once(again, self.times, signals)? {
            Err(Silent::Late) => return Ok(Err(Silent::Late)),
            // Some tests cannot run twice in one process.
            together => together.ok(),
        };
        let mut told = Told {
            times: self.times,
            together,
            alone: Vec::new(),
        };
        let is_clear = findings.iter().all(|finding| told.grows(&finding.id));
        let runs = if is_clear { 0 } else { self.times };
        let mut cut_short = None;
        for _ in 0..runs {
            match self.once(again, 1, signals)? {
                Ok(left) => told.alone.push(left),
                Err(why) => {
                    cut_short = Some(why);
                    break;
                }
            }
        }
        for finding in findings {
            let (id, mut alone) = (&finding.id, told.alone(&finding.id));
            if alone.len() < 2 {
                alone.clear(); // once is nothing to go by
            }
            if let Some(confirmed) = of_runs(told.rounds(id).as_ref(), &alone) {
                suite.confirmed.insert(id.clone(), confirmed);
            }
        }
        Ok(cut_short.map_or(Ok(()), Err))
    }

    /// Runs tests again, so many times in one process.
    fn once(
        &mut self,
        (rerun, tests, subject): (&Rerun, &BTreeSet<&str>, &str),
        times: u32,
        signals: &mut Signals,
    ) -> anyhow::Result<Result<Left, Silent>> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left < Duration::from_secs(1) {
            return Ok(Err(Silent::Late));
        }
        let flags = [
            format!("-count={times}"),
            format!("-timeout={}s", left.as_secs()),
        ];
        let command: Vec<OsString> = rerun
            .of_tests(tests, &flags)
            .into_iter()
            .map(OsString::from)
            .collect();
        let directory = rerun.directory.as_ref().map(Path::new);
        let options = Options {
            directory,
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
        let evidence = Evidence {
            command: None,
            ..evidence
        };
        let verdict = judge_files::verdict(&judge, evidence, self.run.gate.limit());
        let mut suites = verdict.suites.iter();
        let suite = suites.find(|suite| suite.name.subject() == subject)?;
        let run = suite.run.as_ref()?;
        if !verdict.unchecked.is_empty() || run.exit_code != Some(0) {
            return None;
        }
        let mut left = Left::new();
        for finding in &verdict.findings {
            let rounds = left.entry(finding.id.clone()).or_insert_with(|| Rounds {
                of: run.rounds,
                ..Rounds::default()
            });
            rounds.total += finding.growth();
            for (round, count) in finding.rounds.iter().flat_map(|rounds| &rounds.by_round) {
                *rounds.by_round.entry(*round).or_default() += count;
            }
        }
        Some(left)
    }
}
