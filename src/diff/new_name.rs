//! The fourth step: the same goroutine, of which one function has another name.
//!
//! What has another name may be another goroutine, so all else has to be equal: the state, the other
//! frames, the package and the receiver of the function, the tests, and the counts. Where two could
//! be meant, none is; nor where no test started them, as two handlers of one server may look alike.

use std::collections::{BTreeMap, HashMap, HashSet};

use xxhash_rust::xxh3::Xxh3;

use super::renamed::Classes;
use super::{Pair, Pairing, Unpaired};
use crate::snapshot::TEST_LABEL;

/// So many pairs that may be meant are named.
const MOST_NAMED: usize = 5;

/// With more groups than these that have no partner, none is.
const FEW: usize = 200;

/// Groups that are equal but for one function, which is another one in each.
#[derive(Default)]
struct Alike {
    gone: Vec<usize>,
    new: Vec<usize>,
}

/// Pairs groups that can only be meant by each other; the notes name others that may be.
pub(super) fn pair(before: &Classes, after: &Classes, left: &Unpaired) -> (Vec<Pair>, Vec<String>) {
    let mut alike: HashMap<u64, Alike> = HashMap::new();
    // Where much has changed, nobody reads what may be meant.
    let names_more = left.gone.len() + left.new.len() <= FEW;
    let is_asked = |classes: &Classes, group: &&usize| names_more || is_of_tests(classes, **group);
    for &gone in left.gone.iter().filter(|gone| is_asked(before, gone)) {
        for key in keys(before, gone) {
            alike.entry(key).or_default().gone.push(gone);
        }
    }
    for &new in left.new.iter().filter(|new| is_asked(after, new)) {
        for key in keys(after, new) {
            if let Some(alike) = alike.get_mut(&key) {
                alike.new.push(new);
            }
        }
    }
    let mut partners: BTreeMap<usize, HashSet<usize>> = BTreeMap::new();
    let mut claims: HashMap<usize, HashSet<usize>> = HashMap::new();
    for alike in alike.into_values() {
        for &new in &alike.new {
            partners.entry(new).or_default().extend(&alike.gone);
            for &gone in &alike.gone {
                claims.entry(gone).or_default().insert(new);
            }
        }
    }
    let (mut pairs, mut notes) = (Vec::new(), Vec::new());
    for (new, gones) in partners {
        let mut gones: Vec<usize> = gones.into_iter().collect();
        gones.sort_unstable();
        match gones[..] {
            [gone] if claims[&gone].len() == 1 && is_of_tests(after, new) => pairs.push(Pair {
                gone,
                new,
                pairing: Pairing::NewName,
            }),
            [gone, ..] if notes.len() < MOST_NAMED => notes.push(format!(
                "{} perhaps renamed: it may be {}, {} before and 0 now",
                after.home(new),
                before.home(gone),
                before.count(gone)
            )),
            _ => {}
        }
    }
    (pairs, notes)
}

/// Whether tests started all goroutines of a group.
fn is_of_tests(classes: &Classes, group: usize) -> bool {
    let portions = classes.snapshot().portions(group);
    portions
        .iter()
        .all(|portion| portion.labels.contains_key(TEST_LABEL))
}

/// A key for each function of a group: equal for groups that differ in the name of that one alone.
fn keys(classes: &Classes, group: usize) -> Vec<u64> {
    let Some((state, frames)) = classes.of_whole_stack(group) else {
        return Vec::new();
    };
    let mut tests: BTreeMap<String, i64> = BTreeMap::new();
    for portion in classes.snapshot().portions(group) {
        if let Some(test) = portion.labels.get(TEST_LABEL) {
            *tests.entry(test.clone()).or_default() += portion.count;
        }
    }
    let functions: HashSet<u64> = frames.iter().copied().collect();
    let keys = functions.into_iter().map(|renamed| {
        let mut key = Xxh3::new();
        key.update(state.as_bytes());
        key.update(&classes.count(group).to_le_bytes());
        for (test, count) in &tests {
            key.update(test.as_bytes());
            key.update(&count.to_le_bytes());
        }
        for &frame in &frames {
            let is_it = frame == renamed;
            let name = if is_it { classes.owner(frame) } else { frame };
            key.update(&[u8::from(is_it)]);
            key.update(&name.to_le_bytes());
        }
        key.digest()
    });
    keys.collect()
}
