//! Writing a goroutine profile.

use std::borrow::Cow;
use std::collections::HashMap;

use prost::encoding::{WireType, encode_key, encode_varint};

use crate::profile::fact;

/// What is known of a goroutine beside its stack and its labels. Empty where it is not.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Known<'a> {
    /// Its number.
    pub(super) id: u64,
    /// What it does, in the words of its header.
    pub(super) state: &'a str,
    /// Whole minutes.
    pub(super) waited_minutes: u32,
    /// The number of the goroutine that started it.
    pub(super) created_by: u64,
    /// The function with the `go` statement, and where it stands.
    pub(super) creator: &'a str,
    /// The channel or lock it waits for.
    pub(super) waits_on: &'a str,
    /// Whether Go proved that it waits forever.
    pub(super) leaked: bool,
}

/// A profile in the making. Goroutines of which all is equal but their numbers are one sample,
/// which keeps the number of the first.
#[derive(Default)]
pub(super) struct Builder<'t> {
    strings: Strings<'t>,
    functions: HashMap<(u32, u32), u32>,
    locations: HashMap<(&'t str, &'t str, u32), u32>,
    /// The fields of both, in the order of their ids.
    tables: Vec<u8>,
    stack: Vec<u32>,
    samples: HashMap<Box<[u32]>, usize>,
    /// Of each sample: how many goroutines, and two numbers of the first.
    firsts: Vec<First>,
}

struct First {
    count: i64,
    id: u64,
    created_by: u64,
}

/// A table of strings, in the order of their first use; the first is empty.
struct Strings<'t> {
    known: HashMap<Cow<'t, str>, u32>,
    /// The fields, encoded.
    table: Vec<u8>,
}

impl Default for Strings<'_> {
    fn default() -> Self {
        let mut strings = Self {
            known: HashMap::new(),
            table: Vec::new(),
        };
        strings.borrowed("");
        strings
    }
}

impl<'t> Strings<'t> {
    fn borrowed(&mut self, text: &'t str) -> u32 {
        match self.known.get(text) {
            Some(&known) => known,
            None => self.add(text.into()),
        }
    }

    fn owned(&mut self, text: &str) -> u32 {
        match self.known.get(text) {
            Some(&known) => known,
            None => self.add(text.to_owned().into()),
        }
    }

    fn add(&mut self, text: Cow<'t, str>) -> u32 {
        let next = index32(self.known.len());
        bytes_field(tag::STRING_TABLE, text.as_bytes(), &mut self.table);
        self.known.insert(text, next);
        next
    }
}

/// Field numbers of `perftools.profiles.Profile` and of its messages.
mod tag {
    pub(super) const SAMPLE_TYPE: u32 = 1;
    pub(super) const SAMPLE: u32 = 2;
    pub(super) const LOCATION: u32 = 4;
    pub(super) const FUNCTION: u32 = 5;
    pub(super) const STRING_TABLE: u32 = 6;
    pub(super) const COMMENT: u32 = 13;
}

/// The numbers of a sample's key behind its stack and before its labels.
const FACTS: usize = 5;

impl<'t> Builder<'t> {
    /// Adds a frame to the stack of the next sample, from the leaf on.
    pub(super) fn frame(&mut self, function: &'t str, file: &'t str, line: u32) {
        let place = (function, file, line);
        let location = match self.locations.get(&place) {
            Some(&known) => known,
            None => self.location(place),
        };
        self.stack.push(location);
    }

    fn location(&mut self, place: (&'t str, &'t str, u32)) -> u32 {
        let (function, file, line) = place;
        let names = (self.strings.borrowed(function), self.strings.borrowed(file));
        let next = index32(self.functions.len()) + 1;
        let id = *self.functions.entry(names).or_insert(next);
        if id == next {
            let fields = [(1, id), (2, names.0), (4, names.1)];
            bytes_field(tag::FUNCTION, &numbers(&fields), &mut self.tables);
        }
        let location = index32(self.locations.len()) + 1;
        let mut fields = numbers(&[(1, location)]);
        bytes_field(4, &numbers(&[(1, id), (2, line)]), &mut fields);
        bytes_field(tag::LOCATION, &fields, &mut self.tables);
        self.locations.insert(place, location);
        location
    }

    /// Ends a sample: `count` goroutines have the frames that were added since the last one.
    pub(super) fn sample<'l>(
        &mut self,
        count: i64,
        known: Known,
        labels: impl Iterator<Item = (&'l str, &'l str)>,
    ) {
        let frames = index32(self.stack.len());
        let mut key = std::mem::take(&mut self.stack);
        let facts = [
            self.strings.owned(known.state),
            known.waited_minutes,
            self.strings.owned(known.creator),
            self.strings.owned(known.waits_on),
            u32::from(known.leaked),
        ];
        debug_assert_eq!(facts.len(), FACTS);
        key.extend(facts);
        for (name, value) in labels {
            key.push(self.strings.owned(name));
            key.push(self.strings.owned(value));
        }
        key.push(frames);
        if let Some(&sample) = self.samples.get(&key[..]) {
            let first = &mut self.firsts[sample];
            first.count = first.count.saturating_add(count);
        } else {
            self.samples.insert(key.clone().into(), self.firsts.len());
            self.firsts.push(First {
                count,
                id: known.id,
                created_by: known.created_by,
            });
        }
        key.clear();
        self.stack = key;
    }

    /// Encodes the profile, of `goroutine` or of `goroutineleak`; `mark` tells it from others.
    pub(super) fn encode(mut self, kind: &str, mark: &str) -> Vec<u8> {
        let keys = [
            self.strings.owned(fact::ID),
            self.strings.owned(fact::CREATED_BY),
            self.strings.owned(fact::STATE),
            self.strings.owned(fact::WAIT_MINUTES),
            self.strings.owned(fact::CREATOR),
            self.strings.owned(fact::WAITS_ON),
            self.strings.owned(fact::LEAKED),
        ];
        let (kind, unit) = (self.strings.owned(kind), self.strings.owned("count"));
        let mark = self.strings.owned(mark);
        let mut out = Vec::with_capacity(self.tables.len() + self.strings.table.len() + 64);
        bytes_field(
            tag::SAMPLE_TYPE,
            &numbers(&[(1, kind), (2, unit)]),
            &mut out,
        );
        let mut samples: Vec<_> = self.samples.iter().map(|(key, &at)| (at, key)).collect();
        samples.sort_unstable_by_key(|&(at, _)| at);
        let mut message = Vec::new();
        for ((_, key), first) in samples.into_iter().zip(&self.firsts) {
            message.clear();
            sample(key, first, keys, &mut message);
            bytes_field(tag::SAMPLE, &message, &mut out);
        }
        out.extend(&self.tables);
        out.extend(&self.strings.table);
        number(tag::COMMENT, mark.into(), &mut out);
        out
    }
}

/// Writes the fields of a sample, of the key that [`Builder::sample`] made.
fn sample(key: &[u32], first: &First, names: [u32; 7], out: &mut Vec<u8>) {
    let [rest @ .., frames] = key else { return };
    let (stack, rest) = rest.split_at(*frames as usize);
    let (facts, labels) = rest.split_at(FACTS);
    for &location in stack {
        number(1, location.into(), out);
    }
    number(2, first.count.cast_unsigned(), out);
    let mut label = |name: u32, field: u32, value: u64| {
        let mut label = numbers(&[(1, name)]);
        number(field, value, &mut label);
        bytes_field(3, &label, out);
    };
    for pair in labels.chunks_exact(2) {
        label(pair[0], 2, pair[1].into());
    }
    let [
        id,
        created_by,
        state,
        wait_minutes,
        creator,
        waits_on,
        leaked,
    ] = names;
    let &[of_state, minutes, of_creator, of_object, is_leaked] = facts else {
        return;
    };
    // 2 is a string and 3 a number; what is not known has no label.
    for (name, field, value) in [
        (id, 3, first.id),
        (created_by, 3, first.created_by),
        (state, 2, of_state.into()),
        (wait_minutes, 3, minutes.into()),
        (creator, 2, of_creator.into()),
        (waits_on, 2, of_object.into()),
        (leaked, 3, is_leaked.into()),
    ] {
        if value != 0 {
            label(name, field, value);
        }
    }
}

fn number(tag: u32, value: u64, out: &mut Vec<u8>) {
    encode_key(tag, WireType::Varint, out);
    encode_varint(value, out);
}

fn numbers(fields: &[(u32, u32)]) -> Vec<u8> {
    let mut out = Vec::new();
    for &(tag, value) in fields {
        number(tag, value.into(), &mut out);
    }
    out
}

fn bytes_field(tag: u32, bytes: &[u8], out: &mut Vec<u8>) {
    encode_key(tag, WireType::LengthDelimited, out);
    encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn index32(index: usize) -> u32 {
    u32::try_from(index).expect("a text below 4 GiB has no more parts than that")
}
