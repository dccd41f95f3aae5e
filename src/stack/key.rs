//! The fast identity of a stack.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

use super::depth::Depth;
use super::name::Name;
use crate::profile::{Line, Profile};
use crate::state;

/// The fast identity of a stack: a polynomial over its frames, leaf first, whose coefficients are
/// the 64-bit hashes of their function names. So it depends on the order of frames, but on no id or
/// address, nor on how the compiler spread them over locations. Two different stacks share a key
/// with a chance of about 2^-60. Good within one run; for lasting names see [`super::Frames::id`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(u64);

/// Sets the hash of a channel operation on a nil channel apart from that on a real one.
const NIL: u64 = 0xd1b5_4a32_d192_ed03;

/// The functions of one profile, each normalised once, and its locations, each hashed once.
#[derive(Debug, Clone)]
pub struct Symbols<'buf> {
    names: Vec<Name<'buf>>,
    locations: Vec<LocationHash>,
    /// How many frames the locations have that have too many for a [`LocationHash`].
    many: HashMap<usize, usize>,
}

/// The polynomial over the frames of a location in the upper 60 bits, and how many frames it has in
/// the lower four: one number, because looking it up is most of what a frame costs.
#[derive(Debug, Clone, Copy)]
struct LocationHash(u64);

impl LocationHash {
    const FRAMES: u64 = 0xf;

    fn new(sum: u64, frames: usize) -> Self {
        Self(sum << 4 | Self::FRAMES.min(frames as u64))
    }

    /// As it goes into a key.
    fn sum(self) -> u64 {
        self.0 & !Self::FRAMES
    }

    /// `None` for too many to be kept here.
    fn frames(self) -> Option<usize> {
        let frames = self.0 & Self::FRAMES;
        (frames != Self::FRAMES).then_some(frames as usize)
    }
}

impl<'buf> Symbols<'buf> {
    /// Normalises and hashes every function name of `profile`, then every location.
    pub fn new(profile: &Profile<'buf>) -> Self {
        let names: Vec<_> = (0..profile.function_count())
            .map(|index| Name::new(profile.function_name(index)))
            .collect();
        let functions: Vec<_> = names
            .iter()
            .map(|name| {
                let name = name.as_str();
                (xxh3_64(name.as_bytes()), state::is_channel_operation(name))
            })
            .collect();
        let hash = |line: &Line| {
            let (hash, on_channel) = functions[line.function()];
            let nil =
                on_channel && state::is_nil_channel(names[line.function()].as_str(), line.line());
            hash ^ if nil { NIL } else { 0 }
        };
        let mut many = HashMap::new();
        let locations = (0..=profile.location_count()).map(|location| {
            let lines = profile.lines_of(location);
            let sum = lines.iter().rev().fold(0_u64, |sum, line| {
                sum.wrapping_mul(BASE).wrapping_add(hash(line))
            });
            let hash = LocationHash::new(sum, lines.len());
            if hash.frames().is_none() {
                many.insert(location, lines.len());
            }
            hash
        });
        Self {
            locations: locations.collect(),
            many,
            names,
        }
    }

    /// Hashes a stack; `None` for one without a frame.
    ///
    /// No product waits for the one before, and hardly any location has many frames: this runs for
    /// every frame.
    #[inline]
    pub fn hash(&self, stack: &[u32]) -> Option<Hashed> {
        let mut key = 0_u64;
        let mut depth = Depth::default();
        for &location in stack {
            let location = location as usize;
            let hash = self.locations[location];
            key = key.wrapping_add(hash.sum().wrapping_mul(power(depth.frames)));
            depth.outermost = hash.frames().unwrap_or_else(|| self.many[&location]);
            depth.frames += depth.outermost;
        }
        (depth.frames > 0).then_some(Hashed {
            key: Key(key),
            depth,
        })
    }

    /// How many locations at the outer end of a stack say where a goroutine began: those up to its
    /// second function that is neither runtime nor standard library, since the first may only have
    /// started it, and at most `common`.
    pub fn start_of(&self, profile: &Profile, stack: &[u32], common: usize) -> usize {
        let mut of_user = 0;
        let mut outermost = stack.iter().rev().take(common);
        let end = outermost.position(|&location| {
            let lines = profile.lines_of(location as usize).iter();
            let names = lines.map(|line| self.name(line.function()));
            of_user += names.filter(|name| !name.is_std()).count();
            of_user >= 2
        });
        end.map_or(common.min(stack.len()), |end| end + 1)
    }

    /// The name of a function.
    pub fn name(&self, function: usize) -> &Name<'buf> {
        &self.names[function]
    }

    /// All names, by function.
    pub fn names(&self) -> &[Name<'buf>] {
        &self.names
    }
}

/// A stack that was hashed.
#[derive(Debug, Clone, Copy)]
pub struct Hashed {
    /// Its key.
    pub key: Key,
    /// How deep it is.
    pub depth: Depth,
}

/// Where the polynomial is taken: 5 modulo 8, so that its powers have the longest period there is.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

/// The power of [`BASE`] that the frame at this depth is multiplied by.
#[inline]
fn power(depth: usize) -> u64 {
    match POWERS.get(depth) {
        Some(power) => *power,
        None => deep_power(depth),
    }
}

#[cold]
fn deep_power(depth: usize) -> u64 {
    BASE.wrapping_pow(u32::try_from(depth).unwrap_or(u32::MAX))
}

/// The powers for stacks of a usual depth.
static POWERS: [u64; 256] = {
    let mut powers = [1; 256];
    let mut depth = 1;
    while depth < powers.len() {
        powers[depth] = BASE.wrapping_mul(powers[depth - 1]);
        depth += 1;
    }
    powers
};
