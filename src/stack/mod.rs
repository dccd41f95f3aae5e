//! Stacks: what two of them must share to be the same goroutine's.
//!
//! A stack has three names for itself, each for its own purpose. The [`Key`] is equal for equal normalised function names,
//! leaf to root: it is made of hashes, in one pass, for every stack of a profile. The class ([`Frames::class`]) is equal
//! for the same source under any toolchain. The id ([`Frames::id`]) is the class in twelve hex digits, for people,
//! baselines and other tools.

mod name;

use sha2::{Digest as _, Sha256};
use xxhash_rust::xxh3::xxh3_64;

pub use name::{Name, class};

use crate::profile::{Line, Profile};
use crate::state::{self, Signature};

/// The fast identity of a stack: the sum over its frames of the 64-bit hash of the name times a number that depends on
/// the frame's depth. So it depends on the order of frames, but on no id or address, nor on how the compiler spread them
/// over locations. Two different stacks share a key with a chance of about 2^-64. Good within one run; for lasting names
/// see [`Frames::id`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(u128);

/// Sets the hash of a channel operation on a nil channel apart from that on a real one.
const NIL: u64 = 0xd1b5_4a32_d192_ed03;

/// How deep a stack the runtime keeps, leaf first: the fewest frames that a cut stack has, and the fewest inner ones that
/// it cannot have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DepthLimit {
    /// Up to Go 1.22.
    Frames32,
    /// From Go 1.23, where a wait that starts in `runtime.chanrecv` was seen with 129 frames. There
    /// `GODEBUG=profstackdepth` can raise it to 1024.
    Frames128,
    /// Not known: the profile does not show what wrote it.
    Unknown,
}

impl DepthLimit {
    fn limits(self) -> &'static [(usize, usize)] {
        match self {
            DepthLimit::Frames32 => &[(32, 32)],
            DepthLimit::Frames128 => &[(128, 129), (1024, 1025)],
            DepthLimit::Unknown => &[(32, 32), (128, 129), (1024, 1025)],
        }
    }
}

/// Of a cut stack, so many of its own frames are in every toolchain's profile: 32, less those of the longest wait.
const KEPT_OF_CUT: usize = 24;

/// Entry functions that nothing lies outside of, so that a stack which ends with one is whole at any depth.
const OUTERMOST: [&str; 2] = ["runtime.main", "testing.tRunner"];

/// The functions of one profile, each normalised once, and its frames, each hashed once.
#[derive(Debug)]
pub struct Symbols<'buf> {
    names: Vec<Name<'buf>>,
    /// The frames of each location; see [`LocationHash`].
    locations: Vec<LocationHash>,
    /// The frames of those locations that have several, innermost first.
    inlined: Vec<u64>,
}

/// The hash of a location's frame; or, for the few with several frames, where in [`Symbols::inlined`] these are.
#[derive(Debug, Clone, Copy)]
struct LocationHash(u64);

impl LocationHash {
    /// Set in the hash of every frame, and not in a place.
    const ONE_FRAME: u64 = 1 << 63;

    /// The most frames that a place can say. No stack with so many is accepted, so a larger number need not be kept.
    const MOST: usize = (1 << 24) - 1;

    fn place(first: usize, frames: usize) -> Self {
        Self((first as u64) << 24 | frames.min(Self::MOST) as u64)
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "both were indices into memory when they went in"
    )]
    fn several(self) -> std::ops::Range<usize> {
        let first = (self.0 >> 24) as usize;
        let frames = (self.0 & Self::MOST as u64) as usize;
        first..first + frames
    }
}

impl<'buf> Symbols<'buf> {
    /// Normalises and hashes every function name of `profile`, then every location.
    pub fn new(profile: &Profile<'buf>) -> Self {
        let names: Vec<_> = (0..profile.function_count())
            .map(|index| Name::new(profile.function_name(index)))
            .collect();
        let hashes: Vec<_> = names
            .iter()
            .map(|name| xxh3_64(name.as_str().as_bytes()))
            .collect();
        let on_channels: Vec<_> = names
            .iter()
            .map(|name| state::is_channel_operation(name.as_str()))
            .collect();
        let hash = |line: &Line| {
            let nil = on_channels[line.function]
                && state::is_nil_channel(names[line.function].as_str(), line.line);
            hashes[line.function] ^ if nil { NIL } else { 0 } | LocationHash::ONE_FRAME
        };
        let mut inlined = Vec::new();
        let mut locations = Vec::new();
        locations.reserve_exact(profile.location_count() + 1);
        for location in 0..=profile.location_count() {
            locations.push(match profile.lines_of(location) {
                [line] => LocationHash(hash(line)),
                lines => {
                    let first = inlined.len();
                    inlined.extend(lines.iter().map(hash));
                    LocationHash::place(first, lines.len())
                }
            });
        }
        Self {
            names,
            locations,
            inlined,
        }
    }

    /// Hashes a stack; `None` for one without a frame.
    #[inline]
    pub fn hash(&self, stack: &[u32]) -> Option<Hashed> {
        let mut key = 0_u128;
        let mut depth = Depth::default();
        for &location in stack {
            let LocationHash(hash) = self.locations[location as usize];
            if hash & LocationHash::ONE_FRAME != 0 {
                key = key.wrapping_add(product(hash, depth.frames));
                depth.outermost = 1;
                depth.frames += 1;
            } else {
                let frames = &self.inlined[LocationHash(hash).several()];
                for (inner, &hash) in frames.iter().enumerate() {
                    key = key.wrapping_add(product(hash, depth.frames + inner));
                }
                depth.outermost = frames.len();
                depth.frames += frames.len();
            }
        }
        (depth.frames > 0).then_some(Hashed {
            key: Key(key),
            depth,
        })
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

/// What a frame adds to a key. No product waits for the one before, which makes this cheap.
#[inline]
fn product(hash: u64, depth: usize) -> u128 {
    let multiplier = match MULTIPLIERS.get(depth) {
        Some(multiplier) => *multiplier,
        None => multiplier(depth as u64),
    };
    u128::from(hash) * u128::from(multiplier)
}

/// Multipliers for stacks of a usual depth.
static MULTIPLIERS: [u64; 256] = {
    let mut multipliers = [0; 256];
    let mut depth = 0;
    while depth < multipliers.len() {
        multipliers[depth] = multiplier(depth as u64);
        depth += 1;
    }
    multipliers
};

/// An odd number with well-mixed bits for every depth, by the finaliser of `SplitMix64`.
const fn multiplier(depth: u64) -> u64 {
    let mixed = (depth + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ mixed >> 31) | 1
}

/// The depth of a stack, as far as it tells whether Go cut it.
///
/// The limit counts frames, but the location in which it is reached is kept whole, with all that is inlined there: a cut
/// stack reaches the limit with its outermost location and not before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Depth {
    /// All frames.
    pub frames: usize,
    /// Those of the outermost location.
    pub outermost: usize,
}

impl Depth {
    /// Frames without those of the outermost location.
    pub fn inner(self) -> usize {
        self.frames - self.outermost
    }

    /// Whether a stack of this depth was cut in some profile; [`Depth::is_cut`] tells for a given one.
    pub fn may_be_cut(self) -> bool {
        self.is_cut(DepthLimit::Unknown, 0)
    }

    /// Whether a stack of this depth was cut, in a profile whose stacks have up to `deepest` inner frames: a deeper stack
    /// shows that the limit was another.
    pub fn is_cut(self, limit: DepthLimit, deepest: usize) -> bool {
        let mut limits = limit.limits().iter();
        limits.any(|&(limit, past)| limit <= self.frames && self.inner() < past && deepest < past)
    }
}

/// One frame, resolved for reading.
#[derive(Debug, Clone)]
pub struct Frame<'buf> {
    /// Index of the function in its profile.
    pub index: usize,
    /// The function.
    pub function: Name<'buf>,
    /// Its file as the profile gives it.
    pub file: &'buf [u8],
    /// 1-based; 0 when unknown.
    pub line: u32,
}

/// A whole stack, resolved for reading: leaf first, never empty.
#[derive(Debug, Clone)]
pub struct Frames<'buf> {
    frames: Vec<Frame<'buf>>,
    cut: bool,
}

impl<'buf> Frames<'buf> {
    /// Resolves a stack; for `limit` and `deepest` see [`Depth::is_cut`].
    pub fn new(
        profile: &Profile<'buf>,
        symbols: &Symbols<'buf>,
        stack: &[u32],
        limit: DepthLimit,
        deepest: usize,
    ) -> Self {
        let frames: Vec<Frame> = stack
            .iter()
            .flat_map(|&location| profile.lines_of(location as usize))
            .map(|line| Frame {
                index: line.function,
                function: symbols.name(line.function).clone(),
                file: profile.function_file(line.function),
                line: line.line,
            })
            .collect();
        let depth = symbols
            .hash(stack)
            .map_or_else(Depth::default, |stack| stack.depth);
        let whole = frames
            .last()
            .is_some_and(|frame| OUTERMOST.contains(&frame.function.as_str()));
        Self {
            cut: !whole && depth.is_cut(limit, deepest),
            frames,
        }
    }

    /// The frames, leaf first.
    pub fn as_slice(&self) -> &[Frame<'buf>] {
        &self.frames
    }

    /// Whether the runtime kept only the leaf-most frames, so that the root is unknown.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// The goroutine's entry function; `None` when the stack was cut before it.
    pub fn root(&self) -> Option<&Frame<'buf>> {
        self.frames.last().filter(|_| !self.cut)
    }

    /// Where user code waits: the innermost frame that is neither runtime nor standard library.
    pub fn home(&self) -> Option<&Frame<'buf>> {
        self.frames.iter().find(|frame| !frame.function.is_std())
    }

    /// The frame whose package the goroutine belongs to: its home, or its outermost frame when all is standard library.
    pub fn owner(&self) -> Option<&Frame<'buf>> {
        self.home().or(self.frames.last())
    }

    /// The package that the goroutine belongs to.
    pub fn package(&self) -> &str {
        self.owner().map_or("", |frame| frame.function.package())
    }

    /// How it waits.
    pub fn signature(&self) -> &'static Signature {
        state::signature_of(
            self.frames
                .iter()
                .map(|frame| (frame.function.as_str(), frame.line)),
        )
    }

    /// The frames that tell what a goroutine is: those of user code and the root. What lies between and around them is the
    /// standard library's, and changes from one Go release to the next. A stack of the standard library alone is told by
    /// all its frames but those of the wait. Of a stack that was cut, only the frames that every toolchain keeps count.
    pub fn own(&self) -> Vec<&Frame<'buf>> {
        let root = self.frames.len().saturating_sub(1);
        let mut own: Vec<_> = if self.home().is_some() {
            let frames = self.frames.iter().enumerate();
            let kept = frames.filter(|(index, frame)| *index == root || !frame.function.is_std());
            kept.map(|(_, frame)| frame).collect()
        } else {
            let waits = self
                .frames
                .iter()
                .take_while(|frame| is_wait(frame.function.as_str()))
                .count();
            self.frames[waits.min(root)..].iter().collect()
        };
        if self.cut {
            own.truncate(KEPT_OF_CUT);
        }
        own
    }

    /// What is left of a stack when all that only the toolchain chooses is set aside: its state, then the class of each of
    /// its own frames, leaf first, one a line.
    pub fn class(&self) -> String {
        let own = self.own().into_iter();
        own.fold(self.signature().state.to_owned(), |text, frame| {
            text + "\n" + &class(&frame.function)
        })
    }

    /// The stack's name in twelve hex digits: the start of the SHA-256 of [`Frames::class`]. The same on every machine,
    /// with every supported toolchain and in every release of leakgate.
    pub fn id(&self) -> String {
        id_of(&self.class())
    }
}

/// Twelve hex digits of the SHA-256 of `text`.
pub fn id_of(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let first_48_bits = digest
        .iter()
        .take(6)
        .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    format!("{first_48_bits:012x}")
}

/// Whether a frame near the leaf is a part of the wait, which toolchains spell differently, and not of what waits.
fn is_wait(function: &str) -> bool {
    ["runtime.", "sync.", "internal/", "syscall."]
        .iter()
        .any(|prefix| function.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::LocationHash;

    #[test]
    fn a_location_of_absurdly_many_frames_never_looks_like_one_of_none() {
        for frames in [2, LocationHash::MOST, LocationHash::MOST + 1, 1 << 25] {
            let kept = LocationHash::place(7, frames).several();
            assert_eq!(
                (kept.start, kept.len()),
                (7, frames.min(LocationHash::MOST))
            );
        }
    }
}
