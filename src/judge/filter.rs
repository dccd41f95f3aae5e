//! The conditions of a policy, alone: which goroutines they hold for.

use std::collections::BTreeMap;

use super::matching::{Conditions, Matches};
use crate::policy::Matcher;
use crate::snapshot::Snapshot;
use crate::stack::Frames;

/// Conditions that select goroutines.
#[derive(Debug)]
pub struct Filter {
    conditions: Conditions,
}

impl Filter {
    /// Those of a matcher.
    pub fn new(matcher: &Matcher) -> Self {
        Self {
            conditions: Conditions::of(matcher),
        }
    }

    /// The same, for the goroutines of one snapshot.
    pub fn on(&self, snapshot: &Snapshot) -> Selection<'_> {
        Selection {
            conditions: &self.conditions,
            matches: Matches::new(&self.conditions, snapshot),
        }
    }
}

/// Conditions for the goroutines of one snapshot.
pub struct Selection<'c> {
    conditions: &'c Conditions,
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
        let subject = self.matches.subject(self.conditions, "", frames, proven);
        self.conditions.rules(&subject, labels).next().is_some()
    }
}
