//! The text of a goroutine dump: what `runtime.Stack(buf, true)`, `/debug/pprof/goroutine?debug=2`,
//! a crash, SIGQUIT and the timeout of `go test` write, in Go 1.21 to 1.27.
//!
//! A dump is read as it is found: in a test log, behind the timestamps of a CI platform, with
//! CRLF or colours. [`text_of`] makes text of the bytes, and [`Dump::parse`] reads the goroutines,
//! which borrow from it; [`counts`] reads the older form, `debug=1`. What is damaged is kept as far as it can be read and gets a [`Remark`]
//! with its line: a goroutine that vanished would make a leak look clean.
//!
//! ```
//! use leakgate::dump::Dump;
//!
//! let text = "goroutine 8 [chan send, 3 minutes]:\n\
//!             main.(*Store).loop(0xc000012345)\n\
//!             \t/src/store.go:18 +0x2c\n\
//!             created by main.(*Store).run in goroutine 7\n\
//!             \t/src/store.go:13 +0x59\n";
//! let dump = Dump::parse(text);
//! let goroutine = &dump.goroutines[0];
//! assert_eq!((goroutine.id, goroutine.state, goroutine.waited_minutes), (8, "chan send", 3));
//! assert_eq!(goroutine.frames[0].function, "main.(*Store).loop");
//! assert_eq!(goroutine.created.unwrap().by, Some(7));
//! assert!(dump.remarks.is_empty());
//! ```

mod counts;
mod frame;
mod header;
mod labels;
mod prefix;
mod reader;
mod test_json;
#[cfg(test)]
mod tests;
mod text;

pub use counts::{Counted, Counts, counts};
pub use labels::Label;
pub use reader::each;
pub use text::text_of;

/// All goroutines of a dump.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Dump<'t> {
    /// In the order of the text.
    pub goroutines: Vec<Goroutine<'t>>,
    /// What could not be read, in the order of the text.
    pub remarks: Vec<Remark>,
}

impl<'t> Dump<'t> {
    /// Reads all goroutines of a text. To read many without holding them, see [`each`].
    pub fn parse(text: &'t str) -> Self {
        let mut goroutines = Vec::new();
        let remarks = each(text, |goroutine| goroutines.push(goroutine));
        Self {
            goroutines,
            remarks,
        }
    }
}

/// One goroutine of a dump.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Goroutine<'t> {
    /// Its number; 0 for the stack on which a thread schedules, which is no goroutine.
    pub id: u64,
    /// What the runtime says it does, as in the brackets and without what follows it:
    /// `chan send`, `select (no cases)`, `running`.
    pub state: &'t str,
    /// Whole minutes that it has waited; 0 for less than one, or when it is not known.
    pub waited_minutes: u32,
    /// Whether it called `runtime.LockOSThread`.
    pub locked_to_thread: bool,
    /// Whether the garbage collector proved that it waits forever (Go 1.26 and later).
    pub leaked: bool,
    /// Its pprof labels, in the order of the text (Go 1.26 and later).
    pub labels: Vec<Label<'t>>,
    /// Its frames, leaf first. Those of the runtime itself are hidden, except in crashes with
    /// `GOTRACEBACK=system` or `crash`.
    pub frames: Vec<Frame<'t>>,
    /// Frames that the runtime left out of the middle.
    pub elided: Option<Elided>,
    /// Whether it ran on another thread, so that the runtime could not read its stack.
    pub stack_unavailable: bool,
    /// The `go` statement that started it; none for the main goroutine and some of the runtime's.
    pub created: Option<Created<'t>>,
    /// Who started it, nearest first; only with `GODEBUG=tracebackancestors=N`.
    pub ancestors: Vec<Ancestor<'t>>,
    /// The line of its header in the text, 1-based.
    pub line: usize,
    /// What stands between it and the goroutine before it.
    pub gap: Gap,
}

/// What stands before a goroutine.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    /// The goroutine before it, or the start of the text.
    #[default]
    Nothing,
    /// Text that belongs to no goroutine.
    OtherText,
    /// The message of a panic or a fatal error, after which the runtime writes the goroutine that
    /// it ended in first.
    Crash,
    /// The message of a signal, after which the runtime writes all goroutines.
    Signal,
    /// A `-----` and then the message of a signal, with which a crashing program goes on to its
    /// next thread, whose goroutine it may have shown already.
    NextThread,
}

/// One frame of a stack.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'t> {
    /// The function as Go writes it, without arguments: `main.(*T).Run`, `main.F[...]`,
    /// `gopkg.in/yaml%2ev3.Marshal`; `panic` stands for `runtime.gopanic`.
    pub function: &'t str,
    /// Its file as Go writes it; empty when unknown.
    pub file: &'t str,
    /// The line in the file, 1-based; 0 when unknown.
    pub line: u32,
    /// The arguments as the runtime prints them, without parentheses: `0xc000012345, {0x1, 0x2}`;
    /// `...` for a function that was inlined.
    pub arguments: &'t str,
}

/// Where frames were left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elided {
    /// How many of the printed frames are further in.
    pub after: usize,
    /// How many were left out; `None` when the runtime does not say.
    pub frames: Option<u32>,
}

/// The `go` statement that started a goroutine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Created<'t> {
    /// The function with the `go` statement.
    pub function: &'t str,
    /// Its file; empty when unknown.
    pub file: &'t str,
    /// The line of the `go` statement, 1-based; 0 when unknown.
    pub line: u32,
    /// The goroutine that ran it. An ancestor's own creator is the next ancestor instead.
    pub by: Option<u64>,
}

/// A goroutine that started another, as it was at that moment.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Ancestor<'t> {
    /// Its number.
    pub id: u64,
    /// Its frames, leaf first. Each line is that of the return address: the call's own, or that
    /// of what comes after it.
    pub frames: Vec<Frame<'t>>,
    /// Frames that were left out: there are 50 at most.
    pub elided: Option<Elided>,
    /// The `go` statement that started it.
    pub created: Option<Created<'t>>,
}

/// Something in a dump that could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remark {
    /// The line in the text, 1-based.
    pub line: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What can be wrong in a dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The text ends inside of a goroutine: those after it are missing.
    #[error("the dump ends in the middle of a goroutine")]
    Cut,
    /// The header of a goroutine that is not whole.
    #[error("the header of a goroutine is damaged")]
    Header,
    /// A goroutine without any frame.
    #[error("a goroutine without a frame")]
    NoFrames,
    /// A function, or a creator, without its file and line.
    #[error("a frame without its file and line")]
    NoPlace,
    /// An empty line inside of a stack, as some logs put them in: what follows it is lost.
    #[error("an empty line in the middle of a stack, which goes on here")]
    Split,
    /// Other text in the middle of a goroutine; what follows it was read.
    #[error("other text in the middle of a goroutine")]
    OtherText,
}

impl Problem {
    /// What a person can do about it, as a full sentence.
    pub fn fix(self) -> &'static str {
        match self {
            Self::Cut => {
                "Capture it again, whole: debug=2 stops at 64 MiB, runtime.Stack at the end of its buffer. The protobuf form \
                 (no debug parameter) has no such limit."
            }
            Self::Header | Self::NoFrames | Self::NoPlace => {
                "Lines were lost there or mixed with others: capture it again, into a file that nothing else writes to."
            }
            Self::Split => {
                "Take out the empty lines that the log put into its stacks; those between goroutines stay."
            }
            Self::OtherText => "Nothing: it was read around that text.",
        }
    }

    /// Whether something of the dump is lost or may be.
    pub fn is_damage(self) -> bool {
        self != Self::OtherText
    }
}
