//! Where files are by what reports say that were written before.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::verdict::Function;

/// What reports that were written before say of a repository, which need not be here.
#[derive(Debug, Clone, Default)]
pub struct Reported {
    /// The files of functions below its root.
    pub paths: BTreeMap<Arc<Function>, String>,
    /// Other files below its root, by the names that compilers gave them.
    pub files: BTreeMap<String, String>,
    /// The policy below its root.
    pub policy: Option<String>,
    /// The baseline below its root.
    pub baseline: Option<String>,
    /// What to put before a path to link to it.
    pub link: Option<String>,
}

impl Reported {
    /// Adds what another report says, in any order: of two answers the same one is taken each time.
    pub fn add(&mut self, other: Self) {
        add(&mut self.paths, other.paths);
        add(&mut self.files, other.files);
        let first = |one: Option<String>, other: Option<String>| one.into_iter().chain(other).min();
        self.policy = first(self.policy.take(), other.policy);
        self.baseline = first(self.baseline.take(), other.baseline);
        self.link = first(self.link.take(), other.link);
    }
}

fn add<K: Ord>(known: &mut BTreeMap<K, String>, other: BTreeMap<K, String>) {
    for (key, path) in other {
        match known.get_mut(&key) {
            Some(known) => *known = path.min(std::mem::take(known)),
            None => drop(known.insert(key, path)),
        }
    }
}
