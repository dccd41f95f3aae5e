//! The conditions of a policy, alone: which goroutines they hold for.

use std::collections::BTreeMap;

use super::condition::{Condition, Matches, Patterns};
use crate::policy::Matcher;
use crate::snapshot::Snapshot;
use crate::stack::Frames;

/// Conditions that select goroutines.
#[derive(Debug)]
pub struct Filter {
    patterns: Patterns,
    condition: Condition,
}

impl Filter {
    /// Those of a matcher.
    pub fn new(matcher: &Matcher) -> Self {
        let mut patterns = Patterns::default();
        let condition = patterns.condition(matcher);
        Self {
            patterns,
            condition,
        }
    }

    /// The same, for the goroutines of one snapshot.
    pub fn on(&self, snapshot: &Snapshot) -> Selection<'_> {
        Selection {
            filter: self,
            matches: Matches::new(&self.patterns, snapshot),
        }
    }
}

/// Conditions for the goroutines of one snapshot.
pub struct Selection<'c> {
    filter: &'c Filter,
    matches: Matches,
}

impl Selection<'_> {
    /// Whether they hold for goroutines with this stack and these labels; `proven` as Go's own leak
    /// profile says.
    pub fn takes(
        &mut self,
        frames: &Frames,
        labels: &BTreeMap<String, String>,
        proven: Option<bool>,
    ) -> bool {
        let asked = self.matches.ask(&self.filter.patterns, "", frames, proven);
        self.filter.condition.holds(&asked, labels)
    }
}
