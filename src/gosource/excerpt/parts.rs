//! An excerpt taken apart, for a report that is read again later.

use std::ops::Range;

use super::Excerpt;
use super::fit::printable;

/// What an excerpt is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// The 1-based number of the first line.
    pub first: u32,
    /// Which of the lines is meant, 0-based.
    pub meant: usize,
    /// The lines, harmless and within their columns.
    pub lines: Vec<String>,
    /// What of the line is meant, in bytes.
    pub span: Range<usize>,
}

impl Excerpt {
    /// What it is made of.
    pub fn parts(&self) -> Parts {
        Parts {
            first: self.first,
            meant: self.meant,
            lines: self.lines.clone(),
            span: self.span.clone(),
        }
    }

    /// Puts one together again. What a stranger wrote into the lines is made harmless; `None` where
    /// the line that is meant is not there.
    pub fn of_parts(parts: &Parts) -> Option<Self> {
        let lines = parts.lines.iter();
        let lines = lines.map(|line| printable(&line.chars().collect::<Vec<_>>()));
        let lines: Vec<String> = lines.collect();
        let line = lines.get(parts.meant)?;
        let inside = |at: usize| {
            (0..=at.min(line.len()))
                .rev()
                .find(|at| line.is_char_boundary(*at))
        };
        let end = inside(parts.span.end)?;
        let start = inside(parts.span.start)?.min(end);
        Some(Self {
            first: parts.first,
            meant: parts.meant,
            span: start..end,
            lines,
        })
    }
}
