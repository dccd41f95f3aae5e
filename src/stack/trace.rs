//! Stacks as reports show them.

use std::sync::Arc;

use super::name::Name;

/// A place in the source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The function that it lies in; one value for all places of one function.
    pub function: Arc<Function>,
    /// 1-based; 0 when unknown.
    pub line: u32,
}

/// A function of a profile.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Function {
    /// Its name, normalised.
    pub name: Box<str>,
    /// Its file, as the profile gives it.
    pub file: Box<str>,
}

impl Place {
    /// The name of its function.
    pub fn name(&self) -> &str {
        &self.function.name
    }

    /// Whether its function belongs to the Go runtime or the standard library.
    pub fn is_std(&self) -> bool {
        Name::new(self.name().as_bytes()).is_std()
    }

    /// Its file, as the profile gives it.
    pub fn file(&self) -> &str {
        &self.function.file
    }
}

/// The frames of a stack, leaf first. Of a very deep one only its two ends.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trace {
    frames: Vec<Place>,
    elided: usize,
}

impl Trace {
    /// So many frames are kept at each end; Go's own dumps keep fifty.
    pub const KEPT: usize = 100;

    /// A stack of `depth` frames; `place` gives each that is kept, by how far it is from the leaf.
    pub fn new(depth: usize, mut place: impl FnMut(usize) -> Place) -> Self {
        let elided = depth.saturating_sub(2 * Self::KEPT);
        let head = if elided > 0 { Self::KEPT } else { depth };
        let frames = (0..head).chain(head + elided..depth).map(&mut place);
        Self {
            frames: frames.collect(),
            elided,
        }
    }

    /// A stack of which these frames were kept, leaf first, and `elided` left out. `None` where that
    /// cannot be: frames are left out behind the first [`Trace::KEPT`], and as many are kept behind
    /// them.
    pub fn of_kept(frames: Vec<Place>, elided: usize) -> Option<Self> {
        let is_whole = elided == 0 || frames.len() == 2 * Self::KEPT;
        is_whole.then_some(Self { frames, elided })
    }

    /// The frames that were kept, leaf first.
    pub fn frames(&self) -> &[Place] {
        &self.frames
    }

    /// How many frames were left out, behind the first [`Trace::KEPT`].
    pub fn elided(&self) -> usize {
        self.elided
    }

    /// The frames, with `gap` in the place of those that were left out: it is given how many these
    /// are.
    pub fn map<T>(&self, frame: impl FnMut(&Place) -> T, gap: impl FnOnce(usize) -> T) -> Vec<T> {
        let mut entries: Vec<T> = self.frames.iter().map(frame).collect();
        if self.elided > 0 {
            entries.insert(Self::KEPT, gap(self.elided));
        }
        entries
    }

    /// The outermost frame.
    pub fn last(&self) -> Option<&Place> {
        self.frames.last()
    }

    /// Whether it has no frame.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }
}
