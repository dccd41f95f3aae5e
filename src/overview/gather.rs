//! From samples to groups.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::pairs::stacks_of;
use super::{Counts, Creator, Example, Group, Overview, Query, Shared, State};
use crate::judge::Selection;
use crate::profile::{Facts, Kind};
use crate::snapshot::Snapshot;
use crate::stack::{Frame, Frames};
use crate::verdict::{Function, Place, Trace};

const SEND: &str = "chan send";
const RECEIVE: &str = "chan receive";
const SELECT: &str = "select";

/// Goroutines of the two files.
type Sides = [i64; 2];

/// What is known of the goroutines that share a name, while they are read.
#[derive(Default)]
struct Gathered {
    /// By number of the stack.
    counts: HashMap<usize, Sides>,
    states: BTreeMap<String, i64>,
    homes: BTreeMap<Place, i64>,
    creators: BTreeMap<Creator, i64>,
    waits_on: BTreeMap<(String, String), i64>,
    leaked: i64,
    longest: u32,
    /// The file, group and numbers of the one that has waited longest.
    example: Option<(usize, usize, Option<u64>, u32)>,
    /// Whether goroutines of the second file are among them: then only these are described.
    is_of_last: bool,
}

/// One sample, as it is counted.
struct Seen<'s, 'buf> {
    side: usize,
    group: usize,
    stack: usize,
    count: i64,
    state: String,
    frames: &'s Frames<'buf>,
    facts: Facts<'buf>,
}

pub(super) fn gather(snapshots: &[Snapshot], query: &Query) -> Overview {
    let stacks = stacks_of(snapshots);
    let mut all = All::default();
    // The last file first: what is in it is described as it is there.
    for (side, snapshot) in snapshots.iter().enumerate().rev() {
        all.read(snapshot, &stacks[side], side, query);
    }
    all.overview(snapshots, query)
}

#[derive(Default)]
struct All {
    groups: BTreeMap<Option<String>, Gathered>,
    states: BTreeMap<String, (HashMap<usize, Sides>, u32)>,
    /// Of each file, all goroutines that wait for something, whatever was asked for.
    waiting: [Waiting; 2],
    stacks: HashSet<usize>,
    /// Of each file, whether it says how long goroutines waited; `None` where it has none.
    knows_waits: [Option<bool>; 2],
}

impl All {
    fn read(&mut self, snapshot: &Snapshot, stacks: &[usize], side: usize, query: &Query) {
        let mut selection = query.filter.as_ref().map(|filter| filter.on(snapshot));
        let mut described: Vec<Option<Frames>> = vec![None; stacks.len()];
        for (group, at, count) in snapshot.samples() {
            let frames = described[group].get_or_insert_with(|| snapshot.frames(group));
            let facts = snapshot.facts(at);
            // Minutes are written where there are some, and a number wherever there is a header.
            *self.knows_waits[side].get_or_insert(false) |= facts.id.is_some();
            let state = state_of(frames, &facts);
            self.waiting[side].add(&facts, &state, count);
            if facts.waited_minutes < query.min_wait.unwrap_or(0) {
                continue;
            }
            let labels = snapshot.labels(at);
            let proven = Some(facts.leaked || snapshot.kind() == Kind::GoroutineLeak);
            let takes = |selection: &mut Selection| selection.takes(frames, &labels, proven);
            if !selection.as_mut().is_none_or(takes) {
                continue;
            }
            let name = query.by.of(frames, &state, &facts, &labels);
            let seen = Seen {
                side,
                group,
                stack: stacks[group],
                count,
                state,
                frames,
                facts,
            };
            self.add(name, &seen);
        }
    }

    fn add(&mut self, name: Option<String>, seen: &Seen) {
        self.stacks.insert(seen.stack);
        let (counts, longest) = self.states.entry(seen.state.clone()).or_default();
        counts.entry(seen.stack).or_default()[seen.side] += seen.count;
        *longest = (*longest).max(seen.facts.waited_minutes);
        self.groups.entry(name).or_default().add(seen);
    }

    fn overview(self, snapshots: &[Snapshot], query: &Query) -> Overview {
        let is_pair = snapshots.len() > 1;
        let counts_of = |sides: &HashMap<usize, Sides>| counts_of(sides, is_pair);
        let mut states: Vec<State> = self
            .states
            .into_iter()
            .map(|(name, (sides, longest_minutes))| State {
                name,
                counts: counts_of(&sides),
                longest_minutes,
            })
            .collect();
        states.sort_by_key(|state| Reverse(state.counts.total()));
        let mut counts = Counts::default();
        for state in &states {
            counts.add(state.counts);
        }
        let mut groups: Vec<(Counts, Option<String>, Gathered)> = self
            .groups
            .into_iter()
            .map(|(name, gathered)| (counts_of(&gathered.counts), name, gathered))
            .collect();
        // Of two files, what only the second has is what one looks for.
        groups.sort_by_key(|(counts, ..)| Reverse((counts.right, counts.left, counts.both)));
        let rest = groups.split_off(query.top.unwrap_or(groups.len()).min(groups.len()));
        let mut left_out = (rest.len(), Counts::default());
        for (counts, ..) in &rest {
            left_out.1.add(*counts);
        }
        let of_files = self.knows_waits.into_iter().take(snapshots.len());
        let waiting = &self.waiting;
        let described = groups.into_iter();
        let described = described
            .map(|(counts, name, gathered)| gathered.describe(name, counts, waiting, snapshots));
        Overview {
            is_pair,
            counts,
            stacks: self.stacks.len(),
            states,
            groups: described.collect(),
            left_out,
            knows_waits: of_files.map(|knows| knows.unwrap_or(true)).collect(),
            is_by_wait: query.min_wait.is_some_and(|minutes| minutes > 0),
        }
    }
}

/// The goroutines of one file that wait for something.
#[derive(Default)]
struct Waiting {
    /// By channel or lock, and by state.
    known: HashMap<String, BTreeMap<String, i64>>,
    has_select: bool,
    /// The states of those that wait for a channel that the file does not name.
    unnamed: HashSet<String>,
}

impl Waiting {
    fn add(&mut self, facts: &Facts, state: &str, count: i64) {
        if let Some(object) = &facts.waits_on {
            let states = self.known.entry(object.clone().into_owned()).or_default();
            *states.entry(state.to_owned()).or_default() += count;
        } else if state == SELECT {
            self.has_select = true;
        } else if opposite_of(state).is_some() {
            self.unnamed.insert(state.to_owned());
        }
    }

    fn shared(&self, object: String, state: String, count: i64) -> Shared {
        let states = self.known.get(&object);
        let of = |state: &str| states.and_then(|states| states.get(state)).copied();
        let all: i64 = states.map_or(0, |states| states.values().sum());
        let opposite = opposite_of(&state);
        Shared {
            in_file: of(&state).unwrap_or(count),
            others: all - count,
            opposite: opposite.and_then(of).unwrap_or(0),
            may_have_more: opposite
                .is_some_and(|opposite| self.has_select || self.unnamed.contains(opposite)),
            object,
            state,
            count,
        }
    }
}

/// What the partner of a goroutine does that waits for a channel.
fn opposite_of(state: &str) -> Option<&'static str> {
    match state {
        SEND => Some(RECEIVE),
        RECEIVE => Some(SEND),
        _ => None,
    }
}

/// Goroutines of several stacks; of a single file all are `right`.
fn counts_of(sides: &HashMap<usize, Sides>, is_pair: bool) -> Counts {
    let mut counts = Counts::default();
    let mut stacks: Vec<_> = sides.iter().collect();
    stacks.sort_unstable();
    for (_, &[first, second]) in stacks {
        let (left, right) = if is_pair { (first, second) } else { (0, first) };
        counts.add(Counts::of(left, right));
    }
    counts
}

/// The state that frames tell, or the words of the dump where they do not tell it.
fn state_of(frames: &Frames, facts: &Facts) -> String {
    let derived = frames.state();
    let is_vague = ["waiting", "running"].contains(&derived);
    let words = facts.state.as_deref().filter(|_| is_vague);
    words.unwrap_or(derived).to_owned()
}

fn place_of(frame: &Frame) -> Place {
    Place {
        function: Arc::new(Function {
            name: frame.function.as_str().into(),
            file: String::from_utf8_lossy(frame.file).into(),
        }),
        line: frame.line,
    }
}

impl Gathered {
    fn add(&mut self, seen: &Seen) {
        self.counts.entry(seen.stack).or_default()[seen.side] += seen.count;
        let is_last = seen.side > 0;
        self.is_of_last |= is_last;
        if self.is_of_last && !is_last {
            return;
        }
        let facts = &seen.facts;
        *self.states.entry(seen.state.clone()).or_default() += seen.count;
        if let Some(home) = seen.frames.home() {
            *self.homes.entry(place_of(home)).or_default() += seen.count;
        }
        if let Some(creator) = super::by::creator_of(facts) {
            *self.creators.entry(creator).or_default() += seen.count;
        }
        if let Some(object) = &facts.waits_on {
            let key = (object.clone().into_owned(), seen.state.clone());
            *self.waits_on.entry(key).or_default() += seen.count;
        }
        self.leaked += if facts.leaked { seen.count } else { 0 };
        self.longest = self.longest.max(facts.waited_minutes);
        let is_longer =
            |&(_, _, _, longest): &(usize, usize, Option<u64>, u32)| facts.waited_minutes > longest;
        if self.example.as_ref().is_none_or(is_longer) {
            self.example = Some((seen.side, seen.group, facts.id, facts.waited_minutes));
        }
    }

    fn describe(
        self,
        name: Option<String>,
        counts: Counts,
        waiting: &[Waiting; 2],
        snapshots: &[Snapshot],
    ) -> Group {
        let waiting = &waiting[usize::from(self.is_of_last)];
        let shared = self.waits_on.into_iter().filter(|&(_, count)| count > 1);
        let shared = shared.map(|((object, state), count)| waiting.shared(object, state, count));
        let mut shared: Vec<Shared> = shared.collect();
        shared.sort_by_key(|shared| Reverse(shared.count));
        let example = self.example.map(|(side, group, id, waited_minutes)| {
            let frames = snapshots[side].frames(group);
            let all = frames.as_slice();
            let is_inner = |frame: &&Frame| match frames.home() {
                Some(_) => frame.function.is_std(),
                None => frame.function.package() == "runtime",
            };
            let inner = all.iter().take_while(is_inner).count();
            Example {
                inner: if inner < all.len() { inner } else { 0 },
                id,
                waited_minutes,
                stack: frames.id(),
                trace: Trace::new(all.len(), |depth| place_of(&all[depth])),
            }
        });
        Group {
            name,
            counts,
            states: most_first(self.states),
            longest_minutes: self.longest,
            homes: most_first(self.homes),
            creators: most_first(self.creators),
            shared,
            leaked: self.leaked,
            example: example.unwrap_or_default(),
        }
    }
}

fn most_first<T>(counts: BTreeMap<T, i64>) -> Vec<(T, i64)> {
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|&(_, count)| Reverse(count));
    counts
}
