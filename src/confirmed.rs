//! What running tests again says of the goroutines that they leave.
//!
//! Tests may run several times in one process, by `go test -count`: each time is a round. And they may
//! run in several processes. A leak grows with every round. What a process starts once, when it is
//! first needed, is there after the first round and does not grow. Both are alike in a single run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// With fewer rounds than this in one process, what is there after the first alone may as well have
/// come by chance.
const FEWEST_ROUNDS: u32 = 3;

/// What goroutines of one stack do when their tests run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Class {
    /// More of them come each time.
    #[serde(rename = "grows with every run")]
    EveryRun,
    /// They come in every process, but only once in each.
    #[serde(rename = "once per process")]
    OncePerProcess,
    /// They come in some runs.
    #[serde(rename = "comes and goes")]
    ComesAndGoes,
    /// They came once, and not again.
    #[serde(rename = "not seen again")]
    NotSeenAgain,
}

impl Class {
    /// All, the gravest first.
    pub const ALL: [Self; 4] = [
        Self::EveryRun,
        Self::OncePerProcess,
        Self::ComesAndGoes,
        Self::NotSeenAgain,
    ];

    /// The words for it, in policies and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::EveryRun => "grows with every run",
            Self::OncePerProcess => "once per process",
            Self::ComesAndGoes => "comes and goes",
            Self::NotSeenAgain => "not seen again",
        }
    }

    /// What was seen.
    pub fn means(self) -> &'static str {
        match self {
            Self::EveryRun => "more goroutines came with each run of their tests in one process",
            Self::OncePerProcess => "they came in every process, but only with the first run",
            Self::ComesAndGoes => "they came in some runs of their tests, and not in others",
            Self::NotSeenAgain => "they came once, and in no run after that",
        }
    }

    /// What that mostly is.
    pub fn usually(self) -> &'static str {
        match self {
            Self::EveryRun => "a leak",
            Self::OncePerProcess => {
                "a pool or a cache that something starts when it is first needed, and that ends with the process"
            }
            Self::ComesAndGoes => "a leak on some paths, or a goroutine that had no time to end",
            Self::NotSeenAgain => {
                "a goroutine that had no time to end, or one that needs other tests to run before its own"
            }
        }
    }
}

/// What was run several times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// Rounds of the tests in one process.
    #[serde(rename = "runs")]
    Run,
    /// Processes.
    #[serde(rename = "processes")]
    Process,
}

impl Unit {
    /// The word for several of them.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Run => "runs",
            Self::Process => "processes",
        }
    }
}

/// How a class was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmed {
    /// What they do.
    pub class: Class,
    /// How many runs had them.
    pub seen: u32,
    /// Of how many.
    pub of: u32,
    /// What a run is.
    #[serde(rename = "counted")]
    pub unit: Unit,
    /// How many goroutines came with each run that had them: the fewest, and the most.
    pub each: Option<(i64, i64)>,
}

/// The goroutines of one stack in one process, in which their tests ran several times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rounds {
    /// How many came in each round, counted from 1; rounds without any are left out.
    pub by_round: BTreeMap<u32, i64>,
    /// How many came in all; more than the sum where the round of some is not known.
    pub total: i64,
    /// How many rounds there were.
    pub of: u32,
}

impl Rounds {
    /// Whether the round of each goroutine is known.
    fn is_complete(&self) -> bool {
        self.total <= self.by_round.values().sum()
    }

    /// How many rounds had some; where the round of some is not known, at most so many.
    fn seen(&self) -> u32 {
        let known = i64::try_from(self.by_round.len()).unwrap_or(i64::MAX);
        let most = if self.is_complete() {
            known
        } else {
            self.total.clamp(known, i64::from(self.of).max(known))
        };
        u32::try_from(most).unwrap_or(u32::MAX)
    }

    /// Whether they come with every round. Others whose round is not known take nothing back.
    pub fn grows(&self) -> bool {
        self.of > 1 && (1..=self.of).all(|round| self.by_round.contains_key(&round))
    }

    fn is_first_only(&self) -> bool {
        self.is_complete() && self.by_round.keys().eq([&1])
    }

    /// Whether goroutines whose rounds are not known are no more than one run leaves.
    fn is_within(&self, most: i64) -> bool {
        !self.is_complete() && self.total <= most
    }

    /// Whether they are as many as if at least so many had come in each round.
    fn come_to(&self, fewest: i64) -> bool {
        !self.is_complete() && self.total >= fewest.saturating_mul(i64::from(self.of))
    }

    /// What rounds alone can tell: nothing where the round of some goroutine is not known, or where
    /// there were too few.
    pub fn confirmed(&self) -> Option<Confirmed> {
        if self.of < FEWEST_ROUNDS {
            return None;
        }
        let class = if self.grows() {
            Class::EveryRun
        } else if self.by_round.is_empty() || !self.is_complete() {
            return None;
        } else if self.is_first_only() {
            Class::OncePerProcess
        } else {
            Class::ComesAndGoes
        };
        Some(self.of_class(class))
    }

    fn of_class(&self, class: Class) -> Confirmed {
        Confirmed {
            class,
            seen: self.seen(),
            of: self.of,
            unit: Unit::Run,
            each: range(&self.by_round.values().copied().collect::<Vec<_>>()),
        }
    }
}

/// What several runs tell: the rounds of one process, and how many goroutines came in each of other
/// processes, in which the tests ran once. What [grows](Rounds::grows) needs none of these.
///
/// `None` where the runs do not tell: too few of them, or no rounds for what comes in every process.
pub fn of_runs(rounds: Option<&Rounds>, alone: &[i64]) -> Option<Confirmed> {
    let there: Vec<i64> = alone.iter().copied().filter(|&count| count > 0).collect();
    let (some, always) = (!there.is_empty(), there.len() == alone.len());
    let processes = |class| {
        Some(Confirmed {
            class,
            seen: u32::try_from(there.len()).unwrap_or(u32::MAX),
            of: u32::try_from(alone.len()).unwrap_or(u32::MAX),
            unit: Unit::Process,
            each: range(&there),
        })
    };
    let Some(rounds) = rounds else {
        return match (some, always) {
            (_, true) => None,
            (true, false) => processes(Class::ComesAndGoes),
            (false, false) => processes(Class::NotSeenAgain),
        };
    };
    let of_rounds = |class| Some(rounds.of_class(class));
    if rounds.grows() {
        return of_rounds(Class::EveryRun);
    }
    if alone.is_empty() {
        return match rounds.total {
            0 => of_rounds(Class::NotSeenAgain),
            _ => rounds.confirmed(),
        };
    }
    match range(&there) {
        None if rounds.total > 0 => of_rounds(Class::ComesAndGoes),
        None => processes(Class::NotSeenAgain),
        Some(_) if !always => processes(Class::ComesAndGoes),
        Some((_, most)) if rounds.is_first_only() || rounds.is_within(most) => {
            processes(Class::OncePerProcess)
        }
        Some((fewest, most)) if rounds.come_to(fewest) => Some(Confirmed {
            seen: rounds.of,
            each: Some((fewest, most)),
            ..rounds.of_class(Class::EveryRun)
        }),
        Some(_) => of_rounds(Class::ComesAndGoes),
    }
}

fn range(counts: &[i64]) -> Option<(i64, i64)> {
    Some((*counts.iter().min()?, *counts.iter().max()?))
}

#[cfg(test)]
mod tests {
    use super::{Class, Confirmed, Rounds, of_runs};

    /// Goroutines by round, and how many more whose round is not known.
    fn rounds(by_round: &[i64], others: i64) -> Rounds {
        let counted = (1..).zip(by_round.iter().copied());
        Rounds {
            by_round: counted.filter(|&(_, count)| count > 0).collect(),
            total: by_round.iter().sum::<i64>() + others,
            of: u32::try_from(by_round.len()).unwrap(),
        }
    }

    fn class(confirmed: Option<Confirmed>) -> Option<(Class, u32, u32)> {
        confirmed.map(|confirmed| (confirmed.class, confirmed.seen, confirmed.of))
    }

    #[test]
    fn rounds_of_one_process_tell_a_leak_from_what_is_started_once() {
        let told = |by_round: &[i64]| class(rounds(by_round, 0).confirmed());
        assert_eq!(told(&[2, 2, 2]), Some((Class::EveryRun, 3, 3)));
        assert_eq!(told(&[1, 3, 2]), Some((Class::EveryRun, 3, 3)));
        assert_eq!(told(&[8, 0, 0]), Some((Class::OncePerProcess, 1, 3)));
        assert_eq!(told(&[0, 1, 0]), Some((Class::ComesAndGoes, 1, 3)));
        assert_eq!(told(&[1, 0, 1, 1]), Some((Class::ComesAndGoes, 3, 4)));
    }

    #[test]
    fn two_rounds_or_goroutines_of_no_round_tell_nothing() {
        assert_eq!(rounds(&[1, 0], 0).confirmed(), None);
        assert_eq!(rounds(&[1, 0, 0], 1).confirmed(), None);
        assert_eq!(rounds(&[0, 0, 0], 0).confirmed(), None);
        assert_eq!(
            class(rounds(&[1, 1, 1], 1).confirmed()),
            Some((Class::EveryRun, 3, 3))
        );
    }

    #[test]
    fn processes_decide_where_rounds_do_not_grow() {
        let told =
            |by_round: &[i64], alone: &[i64]| class(of_runs(Some(&rounds(by_round, 0)), alone));
        assert_eq!(told(&[2, 2], &[]), Some((Class::EveryRun, 2, 2)));
        assert_eq!(told(&[4, 0], &[4, 4]), Some((Class::OncePerProcess, 2, 2)));
        assert_eq!(told(&[4, 0], &[4, 0, 4]), Some((Class::ComesAndGoes, 2, 3)));
        assert_eq!(told(&[0, 1], &[0, 0]), Some((Class::ComesAndGoes, 1, 2)));
        assert_eq!(
            told(&[1, 0, 1], &[1, 1, 1]),
            Some((Class::ComesAndGoes, 2, 3))
        );
        assert_eq!(told(&[0, 0], &[0, 0]), Some((Class::NotSeenAgain, 0, 2)));
    }

    #[test]
    fn goroutines_of_no_round_are_counted_against_one_run() {
        let told = |others, alone: &[i64]| class(of_runs(Some(&rounds(&[0; 5], others)), alone));
        assert_eq!(told(5, &[1, 1]), Some((Class::EveryRun, 5, 5)));
        assert_eq!(told(8, &[8, 8]), Some((Class::OncePerProcess, 2, 2)));
        assert_eq!(told(3, &[1, 1]), Some((Class::ComesAndGoes, 3, 5)));
    }

    #[test]
    fn without_rounds_only_what_is_missing_somewhere_is_known() {
        assert_eq!(class(of_runs(None, &[1, 1])), None);
        assert_eq!(class(of_runs(None, &[])), None);
        assert_eq!(
            class(of_runs(None, &[1, 0])),
            Some((Class::ComesAndGoes, 1, 2))
        );
        assert_eq!(
            class(of_runs(None, &[0, 0])),
            Some((Class::NotSeenAgain, 0, 2))
        );
    }
}
