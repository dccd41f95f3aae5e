//! Rules while a suite is judged.

use std::sync::Arc;

use super::condition::{Asked, Condition, Patterns};
use super::row_part::RowPart;
use super::tally::Tally;
use super::used::Used;
use crate::policy::{Per, Rule};
use crate::verdict::RuleUse;

/// A rule of the policy, ready to be asked.
#[derive(Debug)]
pub(super) struct InForce<'p> {
    rule: &'p Arc<Rule>,
    condition: Condition,
}

/// What a rule did in a suite.
pub(super) struct Ruling<'j, 'p> {
    of: &'j InForce<'p>,
    pub(super) used: Used<Rule>,
    /// What it adds up; `None` for one that judges stack by stack.
    tally: Option<Tally<'p>>,
}

impl<'p> InForce<'p> {
    /// All rules of a policy, in their order.
    pub(super) fn all(rules: &'p [Arc<Rule>], patterns: &mut Patterns) -> Vec<Self> {
        let in_force = rules.iter().map(|rule| Self {
            rule,
            condition: patterns.condition(&rule.matcher),
        });
        in_force.collect()
    }
}

impl<'j, 'p> Ruling<'j, 'p> {
    pub(super) fn new(of: &'j InForce<'p>) -> Self {
        let per = &of.rule.per;
        Self {
            of,
            used: Used::new(of.rule),
            tally: (*per != Per::Stack).then(|| Tally::new(per)),
        }
    }

    /// Judges a part of a stack that `exemption` matches, where the rule is about it. Gives the rule
    /// if it decides for this stack, which it does when none `decided` before it.
    pub(super) fn judge(
        &mut self,
        asked: &Asked,
        part: &RowPart,
        exemption: Option<usize>,
        decided: bool,
    ) -> Option<&'p Arc<Rule>> {
        if !self.of.condition.holds(asked, &part.labels) {
            return None;
        }
        let count = part.before.saturating_add(part.after);
        self.used.seen(count);
        if let Some(tally) = &mut self.tally {
            self.used.matched(count);
            tally.add(exemption, asked.frames(), part);
            return None;
        }
        (!decided).then(|| {
            self.used.matched(count);
            self.of.rule
        })
    }

    /// The rule with what it added up, if it does, and what it did.
    pub(super) fn finish(self) -> (Option<(&'p Arc<Rule>, Tally<'p>)>, Used<Rule>) {
        let rule = self.of.rule;
        (self.tally.map(|tally| (rule, tally)), self.used)
    }
}

/// The result of a rule, over all suites; `None` for one that no file holds.
pub(super) fn use_of(used: Used<Rule>) -> Option<RuleUse> {
    used.what.line.map(|_| RuleUse {
        reached: used.matched > 0,
        unused: used.is_unused() && used.what.matcher.has_names(),
        shadowed: used.is_shadowed(),
        rule: used.what,
    })
}
