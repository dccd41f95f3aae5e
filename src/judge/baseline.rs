//! The baseline while suites are judged: which findings each entry covers.
//!
//! It comes last: what the policy allows is no finding of the baseline any more. An entry covers the
//! findings with its id in its suite, if these have at most `max` goroutines together. An entry that
//! has none may be of code that has moved since: see [`Likeness`].

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::civil::Date;

use crate::baseline::{About, Baseline, Entry};
use crate::evidence::SuiteName;
use crate::policy::Exception;
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

/// How a stack is like that of an entry with another id, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    /// Its home, its root or both have new names: with those of the entry in their place, the stack
    /// has the id of the entry. As what has another name may be another goroutine, packages,
    /// receivers and the count have to be the same.
    Renamed,
    /// The root and the home are the same, and what lies between them, or the state, is not.
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

    /// The baseline itself.
    pub(super) fn baseline(&self) -> &'p Baseline {
        self.baseline
    }

    /// Says of each finding of a suite that counts what the baseline makes of it.
    pub(super) fn cover(&self, suite: &SuiteName, findings: &mut [Finding], today: Date) -> Held {
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
        for (index, of) in self.moved(&idle, findings) {
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
        let is_new = |finding: &&Finding| matches!(finding.disposition, Disposition::Open);
        let mut ids: BTreeMap<&str, usize> = BTreeMap::new();
        for finding in findings.iter().filter(is_new) {
            *ids.entry(&finding.id).or_default() += 1;
        }
        let new = findings.iter().enumerate();
        let new = new.filter(|(_, one)| is_new(one) && ids[&*one.id] == 1);
        let mut alike: Vec<(Likeness, usize, usize)> = Vec::new();
        for (of, finding) in new {
            let Some(stack) = finding.stack() else {
                continue;
            };
            for &index in idle {
                let entry = &self.baseline.entries[index];
                let likeness = Likeness::of(entry, stack, finding.after);
                alike.extend(likeness.map(|likeness| (likeness, index, of)));
            }
        }
        alike.sort_unstable();
        let mut taken: Vec<(usize, usize)> = Vec::new();
        for likeness in [Likeness::Renamed, Likeness::Moved] {
            let is_free = |(one, index, of): &&(Likeness, usize, usize)| {
                *one == likeness && !taken.iter().any(|(i, o)| i == index || o == of)
            };
            let free: Vec<_> = alike.iter().filter(is_free).collect();
            let is_only = |(_, index, of): &&&(Likeness, usize, usize)| {
                free.iter().filter(|one| one.1 == *index).count() == 1
                    && free.iter().filter(|one| one.2 == *of).count() == 1
            };
            let only = free.iter().filter(is_only);
            let only: Vec<_> = only.map(|(_, index, of)| (*index, *of)).collect();
            taken.extend(only);
        }
        taken
    }

    /// What became of the baseline in all suites; `held` has the most that a suite has of each entry,
    /// and nothing for one whose suite was not judged as a whole.
    pub(super) fn result(&self, held: &HashMap<usize, i64>, today: Date) -> verdict::Baseline {
        let entries = self.baseline.entries.iter().enumerate();
        let entries = entries.map(|(index, entry)| EntryUse {
            matched: held.get(&index).copied(),
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
    /// How a stack of so many goroutines is like that of an entry, if it is and the entry covers as
    /// many.
    fn of(entry: &Entry, stack: &Stack, count: i64) -> Option<Self> {
        let About::Stack { root, home } = &entry.about else {
            return None;
        };
        if count > entry.max || stack.trace.elided() > 0 {
            return None;
        }
        let class_of = |name: &Option<String>| {
            let name = name.as_ref()?;
            Some(class(&Name::new(name.as_bytes())))
        };
        let (root, home) = (class_of(root), class_of(home));
        let now = |place: &Option<Place>| {
            let place = place.as_ref()?;
            Some(class(&Name::new(place.name().as_bytes())))
        };
        let (root_now, home_now) = (now(&stack.root), now(&stack.home));
        if home.is_some() && (&root, &home) == (&root_now, &home_now) {
            return Some(Likeness::Moved);
        }
        // A stack that was cut, or that has no user code, is known by too little.
        let (root, home) = (root?, home?);
        let (root_now, home_now) = (root_now?, home_now?);
        let is_same_owner = |one: &str, other: &str| owner(one) == owner(other);
        if !is_same_owner(&root, &root_now)
            || !is_same_owner(&home, &home_now)
            || count != entry.max
        {
            return None;
        }
        let own = own_of(stack.trace.frames(), false, Place::is_std, |_| false);
        let classes = own
            .iter()
            .map(|place| class(&Name::new(place.name().as_bytes())));
        let mut classes: Vec<String> = classes.collect();
        let first = classes.iter().position(|class| *class == home_now)?;
        let last = classes.len() - 1;
        classes[first] = home;
        classes[last] = root;
        let text = format!("{}\n{}", stack.wait.state, classes.join("\n"));
        (id_of(&text) == entry.id).then_some(Likeness::Renamed)
    }
}
