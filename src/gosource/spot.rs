//! A frame of a stack or of a chain, as somebody asks about it.

/// A frame.
#[derive(Debug, Clone, Copy)]
pub struct Spot<'a> {
    /// The function without its package, as a stack spells it.
    pub function: &'a str,
    /// The file; only its name counts.
    pub file: &'a str,
    /// 1-based.
    pub line: u32,
}
