//! The legacy form, `debug=1`: stacks with the number of goroutines that have each.

use super::{Frame, Problem, Remark, frame, header, labels, prefix};

/// A goroutine profile at `debug=1`.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Counts<'t> {
    /// `goroutine` or `goroutineleak`.
    pub kind: &'t str,
    /// Goroutines, by its first line.
    pub total: i64,
    /// The stacks, in the order of the text: most goroutines first.
    pub stacks: Vec<Counted<'t>>,
    /// The lines where the dumps of the text begin, 1-based: this one, and any other in either
    /// form, of which the stacks are not read or are mixed with these.
    pub begins: Vec<usize>,
    /// What could not be read.
    pub remarks: Vec<Remark>,
}

/// A stack and how many goroutines have it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Counted<'t> {
    /// Goroutines.
    pub count: i64,
    /// Their pprof labels.
    pub labels: Vec<labels::Label<'t>>,
    /// The frames, leaf first. Those of the runtime at the inner end are hidden, so that most of
    /// what a goroutine waits for is not said.
    pub frames: Vec<Frame<'t>>,
    /// Whether frames are hidden at the inner end.
    pub is_hidden: bool,
    /// The innermost program counter.
    leaf: &'t str,
}

/// Reads the profile at `debug=1` that a text holds; `None` when it holds none.
///
/// Input:
/// ```text
/// goroutine profile: total 3
/// 3 @ 0x43a2b6 0x40a2d9 0x4eadba 0x4670a1
/// # labels: {"k":"v"}
/// #    0x4eadb9    main.send+0x19    /src/main.go:32
/// ```
/// Output: 3 goroutines in `main.send`, with frames hidden and the label `k`
pub fn counts(text: &str) -> Option<Counts<'_>> {
    let (at, kind, total) = memchr::memmem::find_iter(text.as_bytes(), TOTAL)
        .find_map(|at| Some((at, kind_before(text, at)?, total_after(&text[at..])?)))?;
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let before = &text[start..at - kind.len()];
    let mut counts = Counts {
        kind,
        total,
        begins: begins(text),
        ..Counts::default()
    };
    let first = memchr::memchr_iter(b'\n', &text.as_bytes()[..at]).count() + 1;
    let mut is_open = false;
    for (index, line) in text[at..].lines().enumerate().skip(1) {
        let line = prefix::strip(line, before).trim();
        let remark = |problem| Remark {
            line: first + index,
            problem,
        };
        if line.is_empty() {
            is_open = false;
        } else if let Some(stack) = start_of_stack(line) {
            counts.stacks.push(stack);
            is_open = true;
        } else if let (Some(rest), Some(stack)) = (line.strip_prefix('#'), counts.stacks.last_mut())
        {
            if add(rest.trim_start(), stack).is_none() {
                counts.remarks.push(remark(Problem::NoPlace));
            }
        } else if is_open {
            counts.remarks.push(remark(Problem::OtherText));
        }
    }
    if !text.ends_with('\n') && is_open {
        let line = text.lines().count();
        let problem = Problem::Cut;
        counts.remarks.push(Remark { line, problem });
    }
    Some(counts)
}

/// The lines where the dumps of a text begin. Goroutines with a header that follow each other are
/// counted as one dump.
fn begins(text: &str) -> Vec<usize> {
    let finder = memchr::memmem::Finder::new(TOTAL);
    let mut begins = Vec::new();
    let mut is_in_goroutines = false;
    for (index, line) in text.lines().enumerate() {
        let mut totals = finder.find_iter(line.as_bytes());
        let is_total =
            totals.any(|at| kind_before(line, at).is_some() && total_after(&line[at..]).is_some());
        let is_goroutine = || header::find(line).is_some_and(|header| header.is_whole);
        if is_total || (!is_in_goroutines && is_goroutine()) {
            begins.push(index + 1);
            is_in_goroutines = !is_total;
        }
    }
    begins
}

const TOTAL: &[u8] = b" profile: total ";

fn kind_before(text: &str, at: usize) -> Option<&str> {
    let kinds = ["goroutineleak", "goroutine"];
    let length = kinds
        .iter()
        .find(|kind| text[..at].ends_with(*kind))
        .map(|kind| kind.len())?;
    Some(&text[at - length..at])
}

fn total_after(text: &str) -> Option<i64> {
    let rest = text.get(TOTAL.len()..)?;
    let end = rest.find(|character: char| !character.is_ascii_digit());
    let (digits, rest) = rest.split_at(end.unwrap_or(rest.len()));
    let is_end = rest.is_empty() || rest.starts_with(['\n', '\r', ' ']);
    digits.parse().ok().filter(|_| is_end)
}

/// Input: `3 @ 0x43a2b6 0x40a2d9`
fn start_of_stack(line: &str) -> Option<Counted<'_>> {
    let (count, addresses) = line.split_once(" @")?;
    Some(Counted {
        count: count.parse().ok().filter(|count| *count >= 0)?,
        leaf: addresses
            .split_ascii_whitespace()
            .next()
            .unwrap_or_default(),
        ..Counted::default()
    })
}

/// Adds a line without its `#` to a stack.
///
/// Input: `labels: {"k":"v"}`, or `0x4eadb9    main.send+0x19    /src/main.go:32`, with tabs
fn add<'t>(line: &'t str, stack: &mut Counted<'t>) -> Option<()> {
    if let Some(labels) = line.strip_prefix("labels: {") {
        let (labels, _) = labels::read(labels, ":")?;
        stack.labels = labels;
        return Some(());
    }
    let (address, rest) = first_word(line);
    let (function, place) = first_word(rest);
    if !address.starts_with("0x") {
        return None;
    }
    // An address that nobody could name has no place.
    let place = match function {
        "" => None,
        _ => Some(frame::place(place)?),
    };
    let end = function.rfind("+0x").unwrap_or(function.len());
    if stack.frames.is_empty() {
        stack.is_hidden = !is_at(address, stack.leaf);
    }
    stack.frames.push(Frame {
        function: &function[..end],
        file: place.map_or("", |place| place.file),
        line: place.map_or(0, |place| place.line),
        arguments: "",
    });
    Some(())
}

/// A column and those behind it: tabs stand between them, or the spaces that replaced them.
fn first_word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(['\t', ' ']).unwrap_or((text, ""));
    (word, rest.trim_start())
}

/// Whether a frame is at a program counter: a return address is the byte behind its call.
fn is_at(address: &str, counter: &str) -> bool {
    let number = |text: &str| u64::from_str_radix(text.strip_prefix("0x")?, 16).ok();
    let (Some(address), Some(counter)) = (number(address), number(counter)) else {
        return false;
    };
    address == counter || address.checked_add(1) == Some(counter)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "goroutine profile: total 5\n\
        3 @ 0x43a2b6 0x40a2d9 0x4eadba 0x4670a1\n\
        # labels: {\"k\":\"v\", \"q\":\"a\\\"b\"}\n\
        #\t0x4eadb9\tmain.send+0x19\t/src/main.go:32\n\
        #\t0x4eadc9\tmain.(*queue[...]).drain+0x19\t\t/src/a b.go:9\n\n\
        2 @ 0x43a2b6 0x1\n\
        #\t0x43a2b6\tmain.spin+0x19\t/src/main.go:40\n\
        #\t0x0\n\n";

    #[test]
    fn stacks_are_read_with_their_counts() {
        let prefixed: String = TEXT.lines().fold(String::new(), |text, line| {
            text + "2026-11-20T10:11:12Z " + line + "\r\n"
        });
        for text in [TEXT, &format!("log\n{prefixed}")] {
            let counts = counts(text).unwrap();
            assert_eq!((counts.kind, counts.total), ("goroutine", 5));
            assert_eq!(counts.remarks, []);
            assert_eq!(counts.begins.len(), 1);
            let [send, spin] = &counts.stacks[..] else {
                panic!("{counts:?}");
            };
            assert_eq!((send.count, send.is_hidden), (3, true));
            assert_eq!(send.labels[1], ("q".into(), "a\"b".into()));
            assert_eq!(send.frames[1].function, "main.(*queue[...]).drain");
            assert_eq!(
                (send.frames[1].file, send.frames[1].line),
                ("/src/a b.go", 9)
            );
            assert_eq!((spin.count, spin.is_hidden), (2, false));
            assert_eq!(spin.frames[1].function, "");
        }
    }

    #[test]
    fn other_dumps_of_the_text_are_found() {
        let goroutines =
            "goroutine 1 [running]:\nmain.main()\n\t/x.go:1 +0x1\n\ngoroutine 7 [select]:\n";
        let leaked = TEXT.replace("goroutine profile", "goroutineleak profile");
        for (text, begins) in [
            (format!("{TEXT}{goroutines}"), vec![1, 11]),
            (
                format!("{goroutines}log\n{TEXT}{goroutines}"),
                vec![1, 7, 17],
            ),
            (format!("{TEXT}{leaked}"), vec![1, 11]),
            (
                format!("{TEXT}2026/11/20 in goroutine 7 [it hangs\n"),
                vec![1],
            ),
        ] {
            assert_eq!(counts(&text).unwrap().begins, begins, "{text}");
        }
    }

    #[test]
    fn what_is_damaged_is_reported() {
        assert_eq!(counts("goroutine 1 [running]:\n"), None);
        let cut = &TEXT[..TEXT.find("drain").unwrap()];
        let remarks = counts(cut).unwrap().remarks;
        let problems: Vec<_> = remarks.iter().map(|one| (one.line, one.problem)).collect();
        assert_eq!(problems, [(5, Problem::NoPlace), (5, Problem::Cut)]);
    }
}
