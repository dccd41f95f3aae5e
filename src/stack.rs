//! Stacks: what two of them must share to be the same goroutine's.
//!
//! A stack has three names for itself, each for its own purpose. The [`Key`] is equal for equal
//! normalised function names, leaf to root: it is made of hashes, in one pass, for every stack of a
//! profile. The class ([`Frames::class`]) is equal for the same source under any toolchain. The id
//! ([`Frames::id`]) is the class in twelve hex digits, for people, baselines and other tools.

mod depth;
mod key;
mod name;
mod shown;
mod trace;

use sha2::{Digest as _, Sha256};

pub use depth::{Depth, DepthLimit};
pub use key::{Hashed, Key, Symbols};
pub use name::{Name, class, owner, without_type_arguments};
pub use shown::{ShownKey, is_shown};
pub use trace::{Function, Place, Trace};

use crate::go_names::OUTERMOST;
use crate::profile::Profile;
use crate::state::{self, Wait};

/// Of a cut stack, so many of its own frames are in every toolchain's profile: 32, less those of
/// the longest wait.
const KEPT_OF_CUT: usize = 24;

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
    all: Vec<Frame<'buf>>,
    cut: bool,
    moving: bool,
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
                index: line.function(),
                function: symbols.name(line.function()).clone(),
                file: profile.function_file(line.function()),
                line: line.line(),
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
            moving: false,
            all: frames,
        }
    }

    /// Says that these are only the outermost frames of goroutines that stood somewhere else inside
    /// of them whenever they were looked at.
    #[must_use]
    pub fn of_moving(mut self) -> Self {
        self.moving = true;
        self
    }

    /// The frames, leaf first.
    pub fn as_slice(&self) -> &[Frame<'buf>] {
        &self.all
    }

    /// Whether the runtime kept only the leaf-most frames, so that the root is unknown.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// The goroutine's entry function; `None` when the stack was cut before it.
    pub fn root(&self) -> Option<&Frame<'buf>> {
        self.all.last().filter(|_| !self.cut)
    }

    /// Where user code waits: the innermost frame that is neither runtime nor standard library.
    pub fn home(&self) -> Option<&Frame<'buf>> {
        self.all.iter().find(|frame| !frame.function.is_std())
    }

    /// The frame whose package the goroutine belongs to: its home, or its outermost frame when all
    /// is standard library.
    pub fn owner(&self) -> Option<&Frame<'buf>> {
        self.home().or(self.all.last())
    }

    /// The package that the goroutine belongs to.
    pub fn package(&self) -> &str {
        self.owner().map_or("", |frame| frame.function.package())
    }

    /// What it waits for, in the words of Go's goroutine dumps.
    pub fn state(&self) -> &'static str {
        state::state_of(self.functions(), self.moving)
    }

    /// The same, with the usual cause and what usually fixes it.
    pub fn wait(&self) -> Wait {
        state::wait_of(self.functions(), self.moving)
    }

    /// The functions with their lines, leaf first.
    fn functions(&self) -> impl Iterator<Item = (&str, u32)> + Clone {
        let frames = self.all.iter();
        frames.map(|frame| (frame.function.as_str(), frame.line))
    }

    /// The frames that tell what a goroutine is: those of user code and the root. What lies between
    /// and around them is the standard library's, and changes from one Go release to the next. A
    /// stack of the standard library alone is known by all its frames but those of the wait. Of a
    /// stack that was cut, only the frames that every toolchain keeps count.
    pub fn own(&self) -> Vec<&Frame<'buf>> {
        own_of(
            &self.all,
            self.cut,
            |frame| frame.function.is_std(),
            |frame| is_wait(frame.function.as_str()),
        )
    }

    /// What is left of a stack when all that only the toolchain chooses is set aside: its state,
    /// then the class of each of its own frames, leaf first, one a line.
    pub fn class(&self) -> String {
        self.class_by(|frame| class(&frame.function))
    }

    /// The same, with the classes of functions from `of`, which may know them already.
    pub fn class_by<T: AsRef<str>>(&self, mut of: impl FnMut(&Frame<'buf>) -> T) -> String {
        let mut text = self.state().to_owned();
        for frame in self.own() {
            text.push('\n');
            text.push_str(of(frame).as_ref());
        }
        text
    }

    /// The stack's name in twelve hex digits: the start of the SHA-256 of [`Frames::class`]. The
    /// same on every machine, with every supported toolchain and in every release of leakgate.
    pub fn id(&self) -> String {
        id_of(&self.class())
    }
}

/// The same for frames of any kind, leaf first.
pub fn own_of<T>(
    frames: &[T],
    is_cut: bool,
    is_std: impl Fn(&T) -> bool,
    is_wait: impl Fn(&T) -> bool,
) -> Vec<&T> {
    let root = frames.len().saturating_sub(1);
    let mut own: Vec<_> = if frames.iter().any(|frame| !is_std(frame)) {
        let frames = frames.iter().enumerate();
        let kept = frames.filter(|(index, frame)| *index == root || !is_std(frame));
        kept.map(|(_, frame)| frame).collect()
    } else {
        let waits = frames.iter().take_while(|frame| is_wait(frame)).count();
        frames[waits.min(root)..].iter().collect()
    };
    if is_cut {
        own.truncate(KEPT_OF_CUT);
    }
    own
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

/// Whether a frame near the leaf is a part of the wait, which toolchains spell differently, and not
/// of what waits.
fn is_wait(function: &str) -> bool {
    ["runtime.", "sync.", "internal/", "syscall."]
        .iter()
        .any(|prefix| function.starts_with(prefix))
}
