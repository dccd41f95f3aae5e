//! Line by line through a dump.

use super::frame::{Line, Place, classify, place};
use super::{Ancestor, Created, Elided, Frame, Gap, Goroutine, Problem, Remark, header, prefix};

/// What the message of a crash begins with.
const CRASHES: [&str; 2] = ["panic: ", "fatal error: "];

/// Calls `take` with every goroutine of a text, in its order, and gives what could not be read.
/// Time is linear in the text, and only one goroutine is held.
pub fn each<'t>(text: &'t str, take: impl FnMut(Goroutine<'t>)) -> Vec<Remark> {
    let mut reader = Reader {
        take,
        number: 0,
        prefix: "",
        open: None,
        between: Between::default(),
        ended: None,
        remarks: Vec::new(),
    };
    let (mut start, mut last) = (0, "");
    for end in memchr::memchr_iter(b'\n', text.as_bytes()) {
        reader.line(&text[start..end]);
        start = end + 1;
    }
    if start < text.len() {
        last = &text[start..];
        reader.line(last);
    }
    reader.finish(last);
    reader.remarks
}

/// What was read of a text so far.
struct Reader<'t, T> {
    take: T,
    /// The line that was read last, 1-based.
    number: usize,
    /// What stands before each line of the open goroutine.
    prefix: &'t str,
    open: Option<Open<'t>>,
    /// What was there since the last goroutine.
    between: Between,
    /// The goroutine that an empty line ended, while nothing else was there since.
    ended: Option<Ended>,
    remarks: Vec<Remark>,
}

/// A goroutine that an empty line ended, perhaps too early.
#[derive(Clone, Copy)]
struct Ended {
    /// Whether its creator was there, behind which only ancestors come.
    has_creator: bool,
    /// The line of a function or a creator behind it, whose place is still to come.
    function: Option<usize>,
}

/// A goroutine whose end was not seen yet.
struct Open<'t> {
    goroutine: Goroutine<'t>,
    /// A line whose place is still to come, and its number.
    pending: Option<(Line<'t>, usize)>,
    /// The first line since the last one of the stack that is none.
    other_text: Option<usize>,
    /// What kind of text that is.
    between: Between,
}

/// The text since the last line of a stack.
#[derive(Default, Clone, Copy)]
struct Between {
    gap: Gap,
    /// Whether a `-----` is in it.
    has_rule: bool,
}

impl<'t, T: FnMut(Goroutine<'t>)> Reader<'t, T> {
    fn line(&mut self, line: &'t str) {
        self.number += 1;
        let bare = prefix::strip(line, self.prefix).trim();
        let Some(open) = &mut self.open else {
            if !self.header(line) && !bare.is_empty() {
                self.note_split(bare);
                self.between.add(bare);
            }
            return;
        };
        if let Some(place) = open.pending.and_then(|_| place(bare))
            && open.settle(place)
        {
            open.note_other_text(&mut self.remarks);
            return;
        }
        if bare.is_empty() {
            let ended = Ended {
                has_creator: open.has_creator(),
                function: None,
            };
            self.close();
            self.ended = Some(ended);
            return;
        }
        match classify(bare) {
            Line::Other(other) => {
                if self.header(line) {
                    return;
                }
                let Some(open) = &mut self.open else { return };
                open.between.add(other);
                if open.is_waiting_for_place() {
                    open.other_text.get_or_insert(self.number);
                } else {
                    // Perhaps a C function: the next line tells.
                    open.drop_pending();
                    open.pending = Some((Line::Other(other), self.number));
                }
            }
            known => open.add(known, self.number, &mut self.remarks),
        }
    }

    /// Reads the header of a goroutine, which then is open; false for any other line.
    fn header(&mut self, line: &'t str) -> bool {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let bare = prefix::strip(line, self.prefix);
        let trimmed = bare.trim_start();
        // A damaged header is known only at the start of a line, after its prefix.
        let found = header::find(trimmed)
            .map(|header| (header.at + line.len() - trimmed.len(), header))
            .or_else(|| header::find(line).map(|header| (header.at, header)));
        let Some((at, header)) = found else {
            return false;
        };
        self.close();
        self.ended = None;
        self.prefix = &line[..at];
        if !header.is_whole {
            self.remark(self.number, Problem::Header);
        }
        self.open = Some(Open {
            goroutine: Goroutine {
                line: self.number,
                gap: std::mem::take(&mut self.between).gap,
                ..header.goroutine
            },
            pending: None,
            other_text: None,
            between: Between::default(),
        });
        true
    }

    /// Says that a stack goes on behind an empty line. A function alone may be any text: with its
    /// place it is a frame.
    fn note_split(&mut self, bare: &str) {
        let Some(ended) = self.ended.take() else {
            return;
        };
        if let Some(line) = ended.function {
            if place(bare).is_some() {
                self.remark(line, Problem::Split);
            }
            return;
        }
        match classify(bare) {
            Line::Ancestor(_) | Line::Elided(_) => self.remark(self.number, Problem::Split),
            Line::Function { .. } | Line::Created { .. } if !ended.has_creator => {
                self.ended = Some(Ended {
                    function: Some(self.number),
                    ..ended
                });
            }
            _ => {}
        }
    }

    /// Hands the open goroutine over.
    fn close(&mut self) {
        let Some(mut open) = self.open.take() else {
            return;
        };
        open.drop_pending();
        open.keep_pending(&mut self.remarks);
        if open.other_text.is_some() {
            self.between = open.between;
        }
        let goroutine = open.goroutine;
        if goroutine.frames.is_empty() && !goroutine.stack_unavailable {
            self.remark(goroutine.line, Problem::NoFrames);
        }
        (self.take)(goroutine);
    }

    /// Ends the text, whose last line has no end when `unended` is not empty.
    fn finish(&mut self, unended: &str) {
        let word = header::WORD.trim_end();
        let bare = prefix::strip(unended, self.prefix).trim();
        let may_be_header = !bare.is_empty() && word.starts_with(bare) || bare.starts_with(word);
        let is_cut = match &self.open {
            Some(open) => !unended.is_empty() || open.lacks_its_end(),
            None => may_be_header,
        };
        self.close();
        if is_cut {
            self.remark(self.number, Problem::Cut);
        }
    }

    fn remark(&mut self, line: usize, problem: Problem) {
        self.remarks.push(Remark { line, problem });
    }
}

impl Between {
    /// Adds a line outside of a stack.
    ///
    /// Input: `-----`, `SIGQUIT: quit`, `PC=0x46e1a1 m=3 sigcode=0`
    /// Output: [`Gap::NextThread`]; without the `-----`, [`Gap::Signal`]
    ///
    /// Input: `panic: assignment to entry in nil map`
    /// Output: [`Gap::Crash`]
    fn add(&mut self, line: &str) {
        self.has_rule |= line == "-----";
        let is_signal = line.contains("PC=0x") && line.contains(" sigcode=");
        // What stands before it in a log is not known before the first goroutine.
        let is_message = |start: &str| {
            let at = memchr::memmem::find(line.as_bytes(), start.as_bytes());
            at.is_some_and(|at| at == 0 || line.as_bytes()[at - 1].is_ascii_whitespace())
        };
        let gap = match (is_signal, self.has_rule) {
            (true, true) => Gap::NextThread,
            (true, false) => Gap::Signal,
            (false, _) if CRASHES.into_iter().any(is_message) => Gap::Crash,
            (false, _) => Gap::OtherText,
        };
        self.gap = self.gap.max(gap);
    }
}

impl<'t> Open<'t> {
    /// Whether the creator was there, of the goroutine or of the ancestor that is being read.
    fn has_creator(&self) -> bool {
        let created = match self.goroutine.ancestors.last() {
            Some(ancestor) => ancestor.created,
            None => self.goroutine.created,
        };
        created.is_some()
    }

    /// Whether a function or a creator came and its place did not.
    fn is_waiting_for_place(&self) -> bool {
        matches!(
            self.pending,
            Some((Line::Function { .. } | Line::Created { .. }, _))
        )
    }

    /// What was perhaps a C function is other text.
    fn drop_pending(&mut self) {
        if let Some((Line::Other(_), number)) = self.pending {
            self.other_text.get_or_insert(number);
            self.pending = None;
        }
    }

    /// Gives the pending line its place; false when the two do not belong together.
    fn settle(&mut self, place: Place<'t>) -> bool {
        let Some((pending, _)) = self.pending else {
            return false;
        };
        if matches!(pending, Line::Other(_)) && !place.is_c {
            return false;
        }
        self.pending = None;
        self.push(pending, place.file, place.line);
        true
    }

    /// Keeps a function or creator whose place never came.
    fn keep_pending(&mut self, remarks: &mut Vec<Remark>) {
        if let Some((pending, line)) = self.pending.take() {
            let problem = Problem::NoPlace;
            remarks.push(Remark { line, problem });
            self.push(pending, "", 0);
        }
    }

    /// Says that there was other text in the middle, now that the stack goes on.
    fn note_other_text(&mut self, remarks: &mut Vec<Remark>) {
        if let Some(line) = self.other_text.take() {
            let problem = Problem::OtherText;
            remarks.push(Remark { line, problem });
            self.between = Between::default();
        }
    }

    /// Adds a line of the stack.
    fn add(&mut self, line: Line<'t>, number: usize, remarks: &mut Vec<Remark>) {
        self.drop_pending();
        self.keep_pending(remarks);
        if matches!(line, Line::Function { .. } | Line::Created { .. }) {
            self.pending = Some((line, number));
            return;
        }
        self.note_other_text(remarks);
        match line {
            Line::Ancestor(id) => self.goroutine.ancestors.push(Ancestor {
                id,
                ..Ancestor::default()
            }),
            Line::Elided(frames) => self.elide(frames),
            Line::Unavailable => self.goroutine.stack_unavailable = true,
            _ => self.push(Line::Other("non-Go function"), "", 0),
        }
    }

    /// Adds a frame or a creator to the goroutine, or to the ancestor that is being read.
    fn push(&mut self, line: Line<'t>, file: &'t str, number: u32) {
        let (frames, creator) = match self.goroutine.ancestors.last_mut() {
            Some(ancestor) => (&mut ancestor.frames, &mut ancestor.created),
            None => (&mut self.goroutine.frames, &mut self.goroutine.created),
        };
        let (function, arguments) = match line {
            Line::Created { name, by } => {
                *creator = Some(Created {
                    function: name,
                    file,
                    line: number,
                    by,
                });
                return;
            }
            Line::Function { name, arguments } => (name, arguments),
            Line::Other(name) => (name, ""),
            _ => return,
        };
        frames.push(Frame {
            function,
            file,
            line: number,
            arguments,
        });
    }

    fn elide(&mut self, frames: Option<u32>) {
        let (known, elided) = match self.goroutine.ancestors.last_mut() {
            Some(ancestor) => (ancestor.frames.len(), &mut ancestor.elided),
            None => (self.goroutine.frames.len(), &mut self.goroutine.elided),
        };
        *elided = Some(Elided {
            after: known,
            frames,
        });
    }

    /// Whether this cannot be the end of a dump: a goroutine ends with its creator, except the main
    /// one, those that the runtime starts, and those of calls from C, which are locked.
    fn lacks_its_end(&self) -> bool {
        let Goroutine {
            id,
            created,
            frames,
            locked_to_thread,
            ..
        } = &self.goroutine;
        let root = frames.last().map_or("", |frame| frame.function);
        *id > 1 && created.is_none() && !locked_to_thread && !root.starts_with("runtime.")
    }
}
