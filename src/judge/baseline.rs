//! The baseline while suites are judged: which findings each entry covers.
//!
//! It comes last: what the policy allows is no finding of the baseline any more. An entry covers the
//! findings with its id in its suite, if these have at most `max` goroutines together. An entry that
//! has none may be of code that has moved since: see [`Likeness`].

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::civil::Date;

use crate::baseline::{About, Baseline, Entry};
use crate::evidence::SuiteName;
use crate::policy::Exception;
use crate::snapshot::Snapshot;
use crate::stack::{Name, class, id_of, own_of, owner};
use crate::verdict::{self, Disposition, EntryUse, Finding, Place, Stack};

/// A baseline, ready to be asked.
#[derive(Debug)]
pub(super) struct InForce<'p> {
    baseline: &'p Baseline,
    /// Whether an entry that nothing needs fails the build.
    strict: bool,
    /// The exception that each entry is, in their order.
    exceptions: Vec<Arc<Exception>>,
    /// The entries of each suite, by their places.
    by_suite: HashMap<&'p str, Vec<usize>>,
}

/// What the entries of one suite were held against: the place of each, with its goroutines.
pub(super) type Held = Vec<(usize, i64)>;

/// How a stack is like that of an entry with another id, the surest first. As what is alike may still
/// be another goroutine, packages, receivers and the count have to be the same in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    /// Its home, its root or both have new names: with those of the entry in their place, the stack
    /// has the id of the entry.
    Renamed,
    /// The root and the home are the very same, and what lies between them, or the state, is not.
    Moved,
}

impl<'p> InForce<'p> {
    pub(super) fn new(baseline: &'p Baseline, strict: bool) -> Self {
        let mut by_suite: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, entry) in baseline.entries.iter().enumerate() {
            by_suite.entry(&entry.suite).or_default().push(index);
        }
        let exceptions = baseline.entries.iter();
        Self {
            baseline,
            strict,
            exceptions: exceptions
                .map(|entry| Arc::new(entry.exception()))
                .collect(),
            by_suite,
        }
    }

    /// Says of each finding of a suite that counts what the baseline makes of it. `seen` is its last
    /// profile, where the suite was judged as a whole.
    pub(super) fn cover(
        &self,
        suite: &SuiteName,
        findings: &mut [Finding],
        seen: Option<&Snapshot>,
        today: Date,
    ) -> Held {
        let Some(entries) = self.by_suite.get(suite.subject()) else {
            return Held::new();
        };
        let mut by_id: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, finding) in findings.iter().enumerate() {
            by_id.entry(finding.id.clone()).or_default().push(at);
        }
        let mut held = Held::new();
        let mut idle = Vec::new();
        for &index in entries {
            let entry = &self.baseline.entries[index];
            let Some(of_id) = by_id.get(&entry.id) else {
                idle.push(index);
                continue;
            };
            let of_entry = || of_id.iter().filter(|at| is_of(entry, &findings[**at]));
            let count = of_entry().map(|at| findings[*at].after);
            let count = count.fold(0, i64::saturating_add);
            for at in of_entry().copied().collect::<Vec<_>>() {
                findings[at].disposition = self.disposition(index, count, today);
            }
            held.push((index, count));
        }
        let is_new = |one: &Finding| matches!(one.disposition, Disposition::Open);
        let mut moved = Vec::new();
        if let Some(after) = seen.filter(|_| !idle.is_empty() && findings.iter().any(is_new)) {
            // A stack that is still there has not moved, though there may be no finding of it.
            let there = (0..after.groups().len()).map(|group| after.frames(group).id());
            let there: HashSet<String> = there.collect();
            let is_gone = |index: &&usize| !there.contains(&self.baseline.entries[**index].id);
            let gone: Vec<usize> = idle.iter().filter(is_gone).copied().collect();
            moved = self.moved(&gone, findings);
        }
        for (index, of) in moved {
            let count = findings[of].after;
            findings[of].disposition = self.disposition(index, count, today);
            idle.retain(|one| *one != index);
            held.push((index, count));
        }
        held.extend(idle.into_iter().map(|index| (index, 0)));
        held
    }

    fn disposition(&self, index: usize, count: i64, today: Date) -> Disposition {
        let exception = self.exceptions[index].clone();
        if exception.is_expired(today) {
            Disposition::Expired(exception)
        } else if count <= self.baseline.entries[index].max {
            Disposition::Allowed(exception)
        } else {
            Disposition::Exceeded(exception)
        }
    }

    /// Which findings are those of entries without any, as their code has moved: each entry with one
    /// finding at most, and each finding with one entry. What could be either is neither.
    fn moved(&self, idle: &[usize], findings: &[Finding]) -> Vec<(usize, usize)> {
        let entry = |index: usize| &self.baseline.entries[index];
        // Both kinds of likeness keep the owners of root and home, and the count.
        let mut by_names: HashMap<[String; 2], Vec<usize>> = HashMap::new();
        for &index in idle {
            if let Some(owners) = owners_of_entry(entry(index)) {
                by_names.entry(owners).or_default().push(index);
            }
        }
        let mut alike: BTreeMap<Likeness, Vec<(usize, usize)>> = BTreeMap::new();
        for (of, finding) in findings.iter().enumerate() {
            let Some(stack) = finding.stack() else {
                continue;
            };
            let is_open = matches!(finding.disposition, Disposition::Open);
            let entries = owners(stack).and_then(|owners| by_names.get(&owners));
            for &index in entries.into_iter().flatten().filter(|_| is_open) {
                if entry(index).max == finding.after
                    && let Some(likeness) = Likeness::of(entry(index), stack)
                {
                    alike.entry(likeness).or_default().push((index, of));
                }
            }
        }
        let (mut taken, mut entries, mut found) = (Vec::new(), HashSet::new(), HashSet::new());
        for alike in alike.into_values() {
            let free =
                |(index, of): &(usize, usize)| !entries.contains(index) && !found.contains(of);
            let free: Vec<_> = alike.into_iter().filter(free).collect();
            let (mut of_entry, mut of_finding) = (HashMap::new(), HashMap::new());
            for (index, of) in &free {
                *of_entry.entry(*index).or_insert(0) += 1;
                *of_finding.entry(*of).or_insert(0) += 1;
            }
            for (index, of) in free {
                if of_entry[&index] == 1 && of_finding[&of] == 1 {
                    entries.insert(index);
                    found.insert(of);
                    taken.push((index, of));
                }
            }
        }
        taken
    }

    /// What became of the baseline in all suites; `held` has, of each entry whose suite was judged, the
    /// most goroutines that a run had, and whether one was judged as a whole.
    pub(super) fn result(
        &self,
        held: &HashMap<usize, (i64, bool)>,
        today: Date,
    ) -> verdict::Baseline {
        let entries = self.baseline.entries.iter().enumerate();
        let entries = entries.map(|(index, entry)| EntryUse {
            matched: held.get(&index).map(|(most, _)| *most),
            whole: held.get(&index).is_some_and(|(_, whole)| *whole),
            days_left: self.exceptions[index].days_left(today).unwrap_or(0),
            entry: entry.clone(),
        });
        verdict::Baseline {
            name: self.baseline.name.clone(),
            strict: self.strict,
            entries: entries.collect(),
            repeated: self.baseline.repeated.clone(),
        }
    }
}

/// Whether an entry is about a finding that counts.
fn is_of(entry: &Entry, finding: &Finding) -> bool {
    let is_stack = matches!(entry.about, About::Stack { .. });
    entry.id == finding.id && is_stack == finding.stack().is_some() && finding.is_open()
}

impl Likeness {
    /// How a stack is like that of an entry, if it is.
    fn of(entry: &Entry, stack: &Stack) -> Option<Self> {
        let (root, home) = names_of_entry(entry)?;
        let (root_now, home_now) = names(stack)?;
        if (root, home) == (root_now, home_now) {
            return Some(Likeness::Moved);
        }
        if stack.trace.elided() > 0 {
            return None;
        }
        let own = own_of(stack.trace.frames(), false, Place::is_std, |_| false);
        let classes = own.iter().map(|place| class_of(place.name()));
        let mut classes: Vec<String> = classes.collect();
        let home_now = class_of(home_now);
        let first = classes.iter().position(|class| *class == home_now)?;
        let last = classes.len() - 1;
        classes[first] = class_of(home);
        classes[last] = class_of(root);
        let text = format!("{}\n{}", stack.wait.state, classes.join("\n"));
        (id_of(&text) == entry.id).then_some(Likeness::Renamed)
    }
}

/// The root and the home of the stack of an entry. One that was cut, or that has no user code, is
/// known by too little.
fn names_of_entry(entry: &Entry) -> Option<(&str, &str)> {
    match &entry.about {
        About::Stack {
            root: Some(root),
            home: Some(home),
        } => Some((root, home)),
        _ => None,
    }
}

/// The same of a stack.
fn names(stack: &Stack) -> Option<(&str, &str)> {
    Some((stack.root.as_ref()?.name(), stack.home.as_ref()?.name()))
}

/// The packages and receivers of these.
fn owners_of_entry(entry: &Entry) -> Option<[String; 2]> {
    let (root, home) = names_of_entry(entry)?;
    Some([root, home].map(|name| owner(&class_of(name)).to_owned()))
}

fn owners(stack: &Stack) -> Option<[String; 2]> {
    let (root, home) = names(stack)?;
    Some([root, home].map(|name| owner(&class_of(name)).to_owned()))
}

fn class_of(name: &str) -> String {
    class(&Name::new(name.as_bytes()))
}
