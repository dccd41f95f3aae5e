//! How much of a verdict a report has room for.
//!
//! A report that grows with its input without a bound is of no use to anybody: a person does not
//! read it, and a platform refuses it. So each format takes its findings in the order of the
//! verdict, the gravest first, until its room is used up, and says how many it left out. The counts
//! and the outcome are those of all findings in any case.

use crate::plural::plural;

/// "90000 more findings are left out; --report json=FILE holds the first 10000"
pub(super) fn says(left_out: usize, noun: &str) -> String {
    let what = plural(left_out as u64, &format!("more {noun}"));
    let are = if left_out == 1 { "is" } else { "are" };
    format!("{what} {are} left out; --report json=FILE holds the first {MOST_FINDINGS}")
}

/// Findings of a JSON report, which has the most room of all.
pub(super) const MOST_FINDINGS: usize = 10_000;

/// Room for so many entries, and so many bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) entries: usize,
    pub(super) bytes: usize,
}

impl Room {
    /// Renders items until the room is used up, and tells how many were left out.
    ///
    /// `size` gives the bytes that an entry takes in the report.
    pub(super) fn fill<I, T>(
        self,
        items: impl ExactSizeIterator<Item = I>,
        mut render: impl FnMut(I) -> T,
        size: impl Fn(&T) -> usize,
    ) -> Filled<T> {
        let (total, mut bytes, mut entries) = (items.len(), 0_usize, Vec::new());
        for item in items.take(self.entries) {
            let entry = render(item);
            bytes = bytes.saturating_add(size(&entry));
            if bytes > self.bytes {
                break;
            }
            entries.push(entry);
        }
        Filled {
            left_out: total - entries.len(),
            entries,
        }
    }
}

/// What there was room for.
#[derive(Debug)]
pub(super) struct Filled<T> {
    pub(super) entries: Vec<T>,
    pub(super) left_out: usize,
}

#[cfg(test)]
mod tests {
    use super::Room;

    #[test]
    fn what_there_is_no_room_for_is_counted() {
        let items = ["one", "two", "three", "four"];
        let fill = |entries, bytes| {
            let filled =
                Room { entries, bytes }.fill(items.iter(), |item| *item, |item| item.len());
            (filled.entries.len(), filled.left_out)
        };
        assert_eq!(fill(9, 99), (4, 0));
        assert_eq!(fill(3, 99), (3, 1));
        assert_eq!(fill(9, 10), (2, 2));
        assert_eq!(fill(9, 2), (0, 4));
    }
}
