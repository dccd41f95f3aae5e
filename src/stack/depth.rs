//! How deep a stack is, and whether that means that Go cut it.

/// How deep a stack the runtime keeps, leaf first: the fewest frames that a cut stack has, and the
/// fewest inner ones that it cannot have.
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

/// The depth of a stack, as far as it tells whether Go cut it.
///
/// The limit counts frames, but the location in which it is reached is kept whole, with all that is
/// inlined there: a cut stack reaches the limit with its outermost location and not before.
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

    /// Whether a stack of this depth was cut in some profile; [`Depth::is_cut`] tells for a given
    /// one.
    pub fn may_be_cut(self) -> bool {
        self.is_cut(DepthLimit::Unknown, 0)
    }

    /// Whether a stack of this depth was cut, in a profile whose stacks have up to `deepest` inner
    /// frames: a deeper stack shows that the limit was another.
    pub fn is_cut(self, limit: DepthLimit, deepest: usize) -> bool {
        let mut limits = limit.limits().iter();
        limits.any(|&(limit, past)| limit <= self.frames && self.inner() < past && deepest < past)
    }
}
