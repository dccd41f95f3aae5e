//! The profiles of a suite: decoded, grouped, and checked to be what their places say.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

use rayon::prelude::*;

use super::{Code, Suite, Unchecked, code};
use crate::dump::Dump;
use crate::origin::Origins;
use crate::profile::{Kind, Profile};
use crate::snapshot::Snapshot;

/// Below this many bytes, starting a thread costs more than it saves.
const WORTH_A_THREAD: usize = 1 << 20;

/// The profiles of a suite, ready to be compared.
#[derive(Debug)]
pub struct Profiles<'b> {
    /// Taken first.
    pub before: Snapshot<'b>,
    /// Taken after it, oldest first; at least one.
    pub afters: Vec<Snapshot<'b>>,
    /// Go's own leak profile.
    pub proven: Option<Snapshot<'b>>,
    /// Where two runs of tests are compared: what each had before its own tests.
    pub own_before: Option<OwnBefore<'b>>,
    /// Where the goroutines of the last after profile come from, as far as it is known.
    pub origins: Origins,
    /// The sources that explain these.
    pub code: Code,
}

/// What two runs of tests had before their own tests.
#[derive(Debug)]
pub struct OwnBefore<'b> {
    /// Of the run that [`Profiles::before`] is the end of.
    pub of_base: Snapshot<'b>,
    /// Of the run that is judged.
    pub of_head: Snapshot<'b>,
}

impl<'b> Profiles<'b> {
    /// Profiles of which nothing else is known.
    pub fn new(
        before: Snapshot<'b>,
        afters: Vec<Snapshot<'b>>,
        proven: Option<Snapshot<'b>>,
    ) -> Self {
        Self {
            before,
            afters,
            proven,
            own_before: None,
            origins: Origins::default(),
            code: Code::default(),
        }
    }

    /// Decodes and groups the bytes of a suite's files, in the order of
    /// [`super::Files::profiles`]; large ones at the same time.
    ///
    /// # Errors
    /// A damaged profile, or profiles that cannot be compared: of different kinds, equal, or in the
    /// wrong order.
    pub fn group(suite: &Suite, bytes: &[&'b [u8]]) -> Result<Self, Unchecked> {
        let large = bytes.iter().filter(|bytes| bytes.len() > WORTH_A_THREAD);
        let group = |index: usize| group(suite, index, bytes[index]);
        let grouped: Result<Vec<_>, Unchecked> = if large.count() > 1 {
            (0..bytes.len()).into_par_iter().map(group).collect()
        } else {
            (0..bytes.len()).map(group).collect()
        };
        let mut snapshots = grouped?;
        let own_before = match &suite.files.own_before {
            Some(_) => snapshots.pop().zip(snapshots.pop()),
            None => None,
        };
        let proven = suite.files.proven.as_ref().and_then(|_| snapshots.pop());
        let before = snapshots.remove(0);
        let mut profiles = Self::new(before, snapshots, proven);
        profiles.own_before = own_before.map(|(of_head, of_base)| OwnBefore { of_base, of_head });
        let before_and_afters = &bytes[..=profiles.afters.len()];
        let problem = profiles
            .kind_problem()
            .or_else(|| equal_bytes_problem(before_and_afters))
            .or_else(|| profiles.order_problem(suite.around_tests));
        match problem {
            Some(why) => Err(Unchecked::new(suite.name.clone(), why)),
            None => Ok(profiles),
        }
    }

    /// Adds what a dump of all goroutines says about the last after profile: who started them, and so
    /// the tests of those that carry no test's label.
    #[must_use]
    pub fn with_dump(mut self, dump: &Dump, suite: &Suite) -> Self {
        self.origins = Origins::new(dump, &suite.starters, self.after());
        if let Some(after) = self.afters.last_mut() {
            let tests = |key| {
                let origins = self.origins.of(key).iter();
                origins.map(|origin| (origin.test.as_ref(), origin.count))
            };
            after.attribute(tests);
        }
        self
    }

    /// The folders whose sources would explain the goroutines that are more than before, those of
    /// most chains first. The standard library needs none.
    pub fn folders(&self) -> Vec<String> {
        let before = |key| self.before.find(key).map_or(0, |group| group.count);
        let groups = self.after().groups().iter();
        let grown = groups.filter(|group| group.count > before(group.key));
        let places = grown.flat_map(|group| self.origins.places(group.key));
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for folder in places
            .filter(|place| !place.is_std())
            .filter_map(code::folder)
        {
            *counts.entry(folder).or_default() += 1;
        }
        let mut folders: Vec<_> = counts.into_iter().collect();
        folders.sort_by_key(|(_, count)| Reverse(*count));
        folders
            .into_iter()
            .map(|(folder, _)| folder.to_owned())
            .collect()
    }

    /// The last of the after profiles: the one that is judged.
    pub fn after(&self) -> &Snapshot<'b> {
        self.afters.last().expect("there is at least one")
    }

    /// Why profiles of these kinds cannot be compared.
    fn kind_problem(&self) -> Option<String> {
        let kind = self.before.kind();
        let other = self.afters.iter().find(|after| after.kind() != kind);
        if let Some(after) = other {
            return Some(format!(
                "before is a {} profile and after a {} profile: one counts all goroutines and the other only proven leaks. \
                 Capture the same kind twice.",
                kind.name(),
                after.kind().name()
            ));
        }
        let proven = self.proven.as_ref()?.kind();
        (proven != Kind::GoroutineLeak).then(|| {
            format!(
                "the proven profile is a {} profile: capture /debug/pprof/goroutineleak for it (Go 1.27, or 1.26 with its experiment).",
                proven.name()
            )
        })
    }

    /// Why the profiles cannot have been taken in this order; `of_one_process` where that is known
    /// without them.
    fn order_problem(&self, of_one_process: bool) -> Option<String> {
        let mut all = self.afters.iter().chain([&self.before]);
        if all.any(|snapshot| snapshot.total == 0 && snapshot.kind() == Kind::Goroutine) {
            return Some(
                "one of the profiles is empty, which that of a running process never is. Was it filtered? Compare profiles as \
                 they were captured."
                    .to_owned(),
            );
        }
        let earlier = std::iter::once(&self.before).chain(&self.afters);
        let swapped = earlier.zip(&self.afters).any(|(first, second)| {
            let (first, second) = (first.profile(), second.profile());
            // A base build may well be measured after a head build: only within one process does
            // the order say anything.
            (of_one_process || first.is_of_same_process(second))
                && first.time_nanos() != 0
                && second.time_nanos() <= first.time_nanos()
        });
        swapped.then(|| {
            "the after profile was not taken after the before profile of the same process: are they swapped?"
                .to_owned()
        })
    }
}

fn group<'b>(suite: &Suite, index: usize, bytes: &'b [u8]) -> Result<Snapshot<'b>, Unchecked> {
    let nothing = BTreeMap::new();
    let moving = match index {
        0 => &suite.moving_before,
        index if index == suite.files.afters.len() => &suite.moving,
        _ => &nothing,
    };
    Profile::decode(bytes)
        .and_then(|profile| Snapshot::group_moving(profile, moving))
        .map_err(|error| {
            let path = suite.files.profiles()[index].display();
            let why = format!("{path}: {error}. {}", error.fix());
            Unchecked::new(suite.name.clone(), why)
        })
}

/// Why profiles of equal bytes say nothing about what happened between them.
fn equal_bytes_problem(profiles: &[&[u8]]) -> Option<String> {
    let mut seen = HashSet::new();
    let mut profiles = profiles.iter();
    profiles.any(|profile| !seen.insert(profile)).then(|| {
        "two of its profiles are the same one: they hold the same bytes, and two captures never do. Capture once before and \
         once after."
            .to_owned()
    })
}
