//! Lines of a Go file.

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceLine {
    /// The path, as the package was given it.
    pub file: String,
    /// 1-based.
    pub line: u32,
}

/// Where the lines of a text begin. The parser counts in characters, not in bytes.
#[derive(Debug)]
pub(super) struct Lines {
    /// In characters, ascending; the first is 0.
    starts: Vec<usize>,
}

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        let breaks = text
            .chars()
            .enumerate()
            .filter(|(_, character)| *character == '\n');
        let starts = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1));
        Self {
            starts: starts.collect(),
        }
    }

    /// The 1-based line of an offset in characters.
    pub(super) fn line_of(&self, position: usize) -> u32 {
        let line = self.starts.partition_point(|start| *start <= position);
        u32::try_from(line).unwrap_or(u32::MAX)
    }

    /// Where a 1-based line begins, in characters; where the text ends for one that it has not.
    pub(super) fn start_of(&self, line: u32) -> usize {
        let index = usize::try_from(line).unwrap_or(usize::MAX);
        let start = self
            .starts
            .get(index.saturating_sub(1))
            .or(self.starts.last());
        start.copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn offsets_count_characters_and_lines_count_from_one() {
        let lines = Lines::of("größe\nb\n\nd");
        let found = [0, 5, 6, 7, 8, 9, 99].map(|position| lines.line_of(position));
        assert_eq!(found, [1, 1, 2, 2, 3, 4, 4]);
    }
}
