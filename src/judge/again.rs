//! What is known of the goroutines of a suite from running its tests several times.

use std::collections::BTreeMap;

use super::row_part::RowPart;
use crate::confirmed::{Confirmed, Rounds};
use crate::evidence;
use crate::go_names::runs_once;
use crate::snapshot::ROUND_LABEL;

/// What is known of one suite.
pub(super) struct Again {
    /// How often its tests ran in its process; 1 where that tells nothing.
    rounds: u32,
    /// What later runs showed, by the id of the stack.
    confirmed: BTreeMap<String, Confirmed>,
}

impl Again {
    pub(super) fn of(suite: &evidence::Suite) -> Self {
        // A round that failed may leave what it would have ended.
        let passed = suite.run.as_ref().filter(|run| run.exit_code == Some(0));
        Self {
            rounds: passed.map_or(1, |run| run.rounds),
            confirmed: suite.confirmed.clone(),
        }
    }

    /// In which rounds goroutines of these parts of a stack came.
    pub(super) fn rounds(&self, parts: &[RowPart]) -> Option<Rounds> {
        if self.rounds < 2 {
            return None;
        }
        let mut rounds = Rounds {
            of: self.rounds,
            ..Rounds::default()
        };
        for part in parts.iter().filter(|part| part.growth() > 0) {
            rounds.total += part.growth();
            let later = part.labels.get(ROUND_LABEL);
            let round = match later.map(|round| round.parse().ok()) {
                Some(round) => round,
                // The first one has no label of its own; but nor has what runs in no round.
                None => (!part.test().is_empty() && !runs_once(part.test())).then_some(1),
            };
            if let Some(round) = round {
                *rounds.by_round.entry(round).or_default() += part.growth();
            }
        }
        Some(rounds)
    }

    /// What later runs showed of a stack, or else the rounds of this one.
    pub(super) fn confirmed(&self, id: &str, rounds: Option<&Rounds>) -> Option<Confirmed> {
        let told = self.confirmed.get(id).cloned();
        told.or_else(|| rounds?.confirmed())
    }
}
