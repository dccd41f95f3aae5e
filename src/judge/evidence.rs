//! What a verdict tells of its evidence: stacks that moved, goroutines left out, remarks.

use crate::diff::Diff;
use crate::verdict::{Moved, Note, Skipped};

/// Stacks that were matched with another one: told even where nothing grew, since a match can hide a new goroutine.
pub(super) fn moved(suite: &str, diff: &Diff) -> Vec<Moved> {
    let mut moved: Vec<_> = diff
        .moved()
        .filter_map(|row| {
            let (before, after) = (
                diff.before.frames(row.before?),
                diff.after.frames(row.after?),
            );
            let outermost = after.as_slice().last();
            Some(Moved {
                suite: suite.to_owned(),
                id_before: before.id(),
                id: after.id(),
                pairing: row.pairing,
                before: row.count_before,
                after: row.count_after,
                root: outermost
                    .map(|frame| frame.function.as_str().to_owned())
                    .unwrap_or_default(),
            })
        })
        .collect();
    moved.sort_by(|one, other| {
        (&one.root, &one.id, one.before, one.after).cmp(&(
            &other.root,
            &other.id,
            other.before,
            other.after,
        ))
    });
    moved
}

pub(super) fn skipped(suite: &str, diff: &Diff) -> Vec<Skipped> {
    let sides = [("before", diff.before), ("after", diff.after)];
    let reasons = sides.into_iter().flat_map(|(side, snapshot)| {
        [
            (snapshot.capturing, format!("took the {side} profile")),
            (
                snapshot.frameless,
                format!("had no frame in the {side} profile: not yet run, or on its way out"),
            ),
        ]
    });
    let present = reasons.filter(|&(count, _)| count > 0);
    present
        .map(|(count, why)| Skipped {
            suite: suite.to_owned(),
            count,
            why,
        })
        .collect()
}

pub(super) fn notes(suite: &str, diff: &Diff) -> Vec<Note> {
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
    texts
        .into_iter()
        .map(|text| Note {
            suite: suite.to_owned(),
            text,
        })
        .collect()
}
