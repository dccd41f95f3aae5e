//! Where a frame of a stack or of a chain is, as somebody asks about it.

/// A line of a profile or of a dump.
#[derive(Debug, Clone, Copy)]
pub struct Spot<'a> {
    /// The file; only its name counts.
    pub file: &'a str,
    /// 1-based.
    pub line: u32,
}
