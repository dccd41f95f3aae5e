//! What the report shows together: a cause, or one stack in all of its suites.

use std::collections::{HashMap, HashSet};

use super::Text;
use crate::report::words::{self, Label, Tests, Together, Unit};
use crate::verdict::{Finding, Place};

/// What is shown together.
pub(super) enum Block<'v> {
    Cause(Together<'v>),
    /// One stack, in each of its suites.
    Stack(Vec<&'v Finding>),
}

impl<'v> Text<'_, 'v> {
    /// The causes, and the findings without one, those of one stack in several suites together; in
    /// the order of the first finding of each.
    pub(super) fn blocks(&self) -> Vec<Block<'v>> {
        let mut blocks: Vec<Block> = Vec::new();
        let (mut known, mut suites) = (HashMap::new(), HashSet::new());
        for unit in words::units(self.subject.verdict) {
            let finding = match unit {
                Unit::Single(finding) => finding,
                Unit::Cause(together) => {
                    blocks.push(Block::Cause(together));
                    continue;
                }
            };
            let key = (&finding.id, &finding.rule.name);
            let block: usize = *known.entry(key).or_insert(blocks.len());
            // All of a block are like its first. Twice in one suite are two stacks that only look
            // alike.
            let is_of_new_suite = suites.insert((block, &finding.suite));
            match blocks.get_mut(block) {
                Some(Block::Stack(same))
                    if is_of_new_suite && self.can_be_one(same[0], finding) =>
                {
                    same.push(finding);
                }
                Some(_) | None => blocks.push(Block::Stack(vec![finding])),
            }
        }
        blocks
    }

    /// Whether all that is said about two findings is the same, but for what each suite has of its
    /// own.
    fn can_be_one(&self, one: &Finding, other: &Finding) -> bool {
        let lines = |finding| -> Vec<_> {
            let lines = self.words.lines(finding, Tests::TopLevel).into_iter();
            let own = [Label::Test, Label::Allow, Label::Again];
            lines.filter(|line| !own.contains(&line.label)).collect()
        };
        are_same_stack(one, other) && lines(one) == lines(other)
    }
}

/// Whether two findings of one id have one stack: closures of one function share an id.
fn are_same_stack(one: &Finding, other: &Finding) -> bool {
    let (Some(stack), Some(other_stack)) = (one.stack(), other.stack()) else {
        return false;
    };
    let (frames, others) = (stack.trace.frames(), other_stack.trace.frames());
    let is_same =
        |(one, other): (&Place, &Place)| one.name() == other.name() && one.line == other.line;
    frames.len() == others.len() && frames.iter().zip(others).all(is_same)
}
