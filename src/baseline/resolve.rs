//! A baseline that git could not merge.

use std::collections::HashSet;
use std::path::Path;

use super::{Baseline, Entry};
use crate::policy::PolicyErrors;

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
    /// Entries of which the sides say other things, such as a reason, with an equal `max`: one side's
    /// were kept, those that end first.
    pub reworded: Vec<(String, String)>,
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

/// Whether git writes such a line where it could not merge.
pub fn is_marker(line: &str) -> bool {
    marker(line).is_some()
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
pub fn resolve(path: &Path, text: &str) -> Result<Resolved, PolicyErrors> {
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
        out
    };
    let has_base = text.lines().any(|line| marker(line) == Some(Part::Base));
    let base = has_base.then(|| keys(&side(Part::Base)));
    let ours = Baseline::parse(path, &side(Part::Ours))?;
    let theirs = Baseline::parse(path, &side(Part::Theirs))?;
    let mut resolved = Resolved {
        baseline: Baseline {
            name: ours.name.clone(),
            head: ours.head.clone(),
            ..Baseline::default()
        },
        lowered: 0,
        one_sided: Vec::new(),
        reworded: Vec::new(),
    };
    for (side, other) in [(&ours, &theirs), (&theirs, &ours)] {
        for entry in &side.entries {
            resolved.take(entry, other.find(&entry.id, &entry.suite), base.as_ref());
        }
    }
    resolved.lowered += ours.repeated.len().max(theirs.repeated.len());
    Ok(resolved)
}

/// The ids and suites of a text, as far as they are there: with `zdiff3`, what both sides have at the
/// ends of a conflict is not in it, so that the common text is no whole file.
fn keys(text: &str) -> HashSet<(String, String)> {
    let value = |line: &str, keys: &[&str]| -> Option<String> {
        let rest = keys
            .iter()
            .find_map(|key| line.trim_start().strip_prefix(key))?;
        serde_yaml::from_str(rest.trim()).ok()
    };
    let (mut id, mut found) = (None, HashSet::new());
    for line in text.lines() {
        if let Some(next) = value(line, &["- stack: ", "- sum: "]) {
            id = Some(next);
        } else if let Some(suite) = value(line, &["suite: "]) {
            found.extend(id.take().map(|id| (id, suite)));
        }
    }
    found
}

impl Resolved {
    /// Takes an entry of one side; `there` is the other side's, and `base` what both come from.
    fn take(
        &mut self,
        entry: &Entry,
        there: Option<&Entry>,
        base: Option<&HashSet<(String, String)>>,
    ) {
        if self.baseline.find(&entry.id, &entry.suite).is_some() {
            return;
        }
        let of = (entry.id.clone(), entry.suite.clone());
        match (there, base) {
            (Some(there), _) => {
                let strictness = |one: &Entry| (one.max, one.expires);
                let stricter = strictness(there) < strictness(entry);
                self.lowered += usize::from(there.max != entry.max);
                let terms = |one: &Entry| (one.expires, one.reason.clone(), one.owner.clone());
                if there.max == entry.max && terms(there) != terms(entry) {
                    self.reworded.push(of);
                }
                self.baseline
                    .insert(if stricter { there } else { entry }.clone());
            }
            // The other side has removed it.
            (None, Some(base)) if base.contains(&of) => {}
            (None, Some(_)) => self.baseline.insert(entry.clone()),
            (None, None) => {
                self.one_sided.push(of);
                self.baseline.insert(entry.clone());
            }
        }
    }
}
