//! What a verdict says about its evidence: stacks that moved, goroutines left out, remarks.

use super::stacks::Stacks;
use crate::diff::Diff;
use crate::evidence::SuiteName;
use crate::plural::plural;
use crate::profile::Kind;
use crate::snapshot::Snapshot;
use crate::verdict::{Moved, Side, SkipReason, Skipped};

/// Goroutines without a frame that an after profile may have more than before: the connection that
/// a profile is fetched through may not have started to read yet.
const FRAMELESS: i64 = 1;

/// Stacks that were matched with another one: reported even where nothing grew, since a match can
/// hide a new goroutine.
pub(super) fn moved(suite: &SuiteName, diff: &Diff, stacks: &mut Stacks) -> Vec<Moved> {
    let rows = diff.moved();
    let mut moved: Vec<_> = rows.filter_map(|row| stacks.moved(suite, &row)).collect();
    moved.sort_by(|one, other| order_of_moved(one).cmp(&order_of_moved(other)));
    moved
}

fn order_of_moved(moved: &Moved) -> impl Ord {
    (&moved.id, moved.before, moved.after, &moved.stack)
}

/// Growth that cannot be judged, since nothing is known of the goroutines.
pub(super) fn unchecked(diff: &Diff) -> Option<String> {
    let more = diff.after.frameless - diff.before.frameless;
    (diff.after.kind() == Kind::Goroutine && more > FRAMELESS).then(|| {
        format!(
            "{more} more goroutines than before had no frame in the after profile: they had not run yet, so their \
             function is unknown. Capture after the program has settled for a moment."
        )
    })
}

/// Goroutines that the judgement left out.
pub(super) fn skipped(suite: &SuiteName, diff: &Diff) -> Vec<Skipped> {
    let sides = [(Side::Before, diff.before), (Side::After, diff.after)];
    let counted = sides.into_iter().flat_map(|(side, snapshot)| {
        [
            (snapshot.capturing, side, SkipReason::TookProfile),
            (snapshot.frameless, side, SkipReason::NoFrame),
        ]
    });
    let present = counted.filter(|(count, ..)| *count > 0);
    present
        .map(|(count, side, reason)| Skipped {
            suite: suite.clone(),
            count,
            side,
            reason,
        })
        .collect()
}

pub(super) fn notes(diff: &Diff, proven: Option<&Snapshot>) -> Vec<String> {
    let mut texts = diff.notes.clone();
    for (side, snapshot) in [("before", diff.before), ("after", diff.after)] {
        if snapshot.cut > 0 {
            let stacks = match snapshot.cut {
                1 => format!("1 stack of the {side} profile is cut"),
                cut => format!("{cut} stacks of the {side} profile are cut"),
            };
            texts.push(format!(
                "{stacks}, with the root lost; capture with GODEBUG=profstackdepth=1024 (Go 1.23 and later)"
            ));
        }
    }
    let missing: i64 = proven.map_or(0, |proven| {
        let in_after = |key| diff.after.find(key).map_or(0, |group| group.count);
        proven
            .groups()
            .iter()
            .map(|group| (group.count - in_after(group.key)).max(0))
            .sum()
    });
    if missing > 0 {
        texts.push(format!(
            "the after profile lacks {} of the proven profile: were both taken from one process, the proven one right \
             after the other?",
            plural(missing, "goroutine")
        ));
    }
    texts
}
