//! A baseline that git could not merge.

use std::path::Path;

use super::{Baseline, Entry};
use crate::policy::PolicyError;

/// A baseline out of two sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// What both sides come to.
    pub baseline: Baseline,
    /// Entries with two values of `max`, of which the smaller was kept.
    pub lowered: usize,
    /// Entries that only one side has, by id and suite, and that were kept: the other side may have
    /// removed them.
    pub one_sided: Vec<(String, String)>,
}

/// A part of a file with conflicts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Both,
    Ours,
    Base,
    Theirs,
}

/// The first line that begins or ends a conflict, with its index.
pub(super) fn first_marker(text: &str) -> Option<(usize, &str)> {
    let mut lines = text.lines().enumerate();
    lines.find(|(_, line)| matches!(marker(line), Some(Part::Ours | Part::Both)))
}

/// What follows a line that git writes where it could not merge.
fn marker(line: &str) -> Option<Part> {
    let is = |mark: &str| {
        let rest = line.strip_prefix(mark);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    [
        ("<<<<<<<", Part::Ours),
        ("|||||||", Part::Base),
        ("=======", Part::Theirs),
        (">>>>>>>", Part::Both),
    ]
    .into_iter()
    .find_map(|(mark, part)| is(mark).then_some(part))
}

/// Reads both sides of a file, and the one that both come from where git gives it, and puts them
/// together: of two values of `max` the smaller counts, and an entry that one side removed is gone.
/// Without the common one it is not known who removed and who added: then both sides' entries stay.
/// A file without a conflict is both sides at once.
///
/// # Errors
/// A side that is no baseline.
pub fn resolve(path: &Path, text: &str) -> Result<Resolved, PolicyError> {
    let side = |side: Part| {
        let mut part = Part::Both;
        let mut out = String::new();
        for line in text.lines() {
            match marker(line) {
                Some(next) => part = next,
                None if part == Part::Both || part == side => {
                    out.push_str(line);
                    out.push('\n');
                }
                None => {}
            }
        }
        Baseline::parse(path, &out)
    };
    let has_base = text.lines().any(|line| marker(line) == Some(Part::Base));
    let mut base = has_base.then(|| side(Part::Base)).transpose()?;
    let (ours, theirs) = (side(Part::Ours)?, side(Part::Theirs)?);
    let mut resolved = Resolved {
        baseline: Baseline {
            name: ours.name.clone(),
            ..Baseline::default()
        },
        lowered: ours.repeated.len(),
        one_sided: Vec::new(),
    };
    for (side, mut other) in [(&ours, theirs.clone()), (&theirs, ours.clone())] {
        for entry in &side.entries {
            let there = other.find(&entry.id, &entry.suite).cloned();
            resolved.take(entry, there.as_ref(), base.as_mut());
        }
    }
    Ok(resolved)
}

impl Resolved {
    /// Takes an entry of one side; `there` is the other side's.
    fn take(&mut self, entry: &Entry, there: Option<&Entry>, base: Option<&mut Baseline>) {
        if self.baseline.find(&entry.id, &entry.suite).is_some() {
            return;
        }
        let Some(there) = there else {
            match base.map(|base| base.find(&entry.id, &entry.suite).is_some()) {
                Some(true) => {}
                known => {
                    if known.is_none() {
                        let of = (entry.id.clone(), entry.suite.clone());
                        self.one_sided.push(of);
                    }
                    self.baseline.insert(entry.clone());
                }
            }
            return;
        };
        let smaller = if there.max < entry.max { there } else { entry };
        self.lowered += usize::from(there.max != entry.max);
        self.baseline.insert(smaller.clone());
    }
}
