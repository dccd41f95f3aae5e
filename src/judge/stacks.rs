//! The stacks of a suite as findings show them. A function that is in many stacks is kept once.

use std::cell::OnceCell;
use std::sync::Arc;

use crate::diff::{Diff, Pairing, Row};
use crate::evidence::{Profiles, SuiteName};
use crate::go_names::{BUFFER_PEEK, CLIENT_READER, CLIENT_WRITER, SIGNAL_LOOP};
use crate::origin::Origins;
use crate::profile::Kind;
use crate::snapshot::Snapshot;
use crate::stack::{Frame, Frames, class, id_of};
use crate::verdict::{Function, Moved, Place, Stack, Trace};

/// The stacks of a diff.
pub(super) struct Stacks<'j, 's, 'buf> {
    diff: &'j Diff<'s, 'buf>,
    proven: Option<&'j Snapshot<'buf>>,
    origins: &'j Origins,
    before: Functions,
    after: Functions,
    /// Whether more connections than before wait for a response to be read.
    unread_bodies: OnceCell<bool>,
}

/// The functions of one snapshot, as far as they were asked for.
struct Functions(Vec<Shown>);

/// A function of a snapshot.
#[derive(Clone, Default)]
struct Shown {
    function: Option<Arc<Function>>,
    class: Option<Arc<str>>,
}

impl<'j, 's, 'buf> Stacks<'j, 's, 'buf> {
    pub(super) fn new(diff: &'j Diff<'s, 'buf>, profiles: &'j Profiles<'buf>) -> Self {
        Self {
            diff,
            proven: profiles.proven.as_ref(),
            origins: &profiles.origins,
            before: Functions::new(diff.before),
            after: Functions::new(diff.after),
            unread_bodies: OnceCell::new(),
        }
    }

    /// How many goroutines of a row Go's leak profile holds; `None` when there is none to ask.
    pub(super) fn proven(&self, row: &Row) -> Option<i64> {
        if self.diff.after.kind() == Kind::GoroutineLeak {
            return Some(row.count_after);
        }
        let proven = self.proven?;
        let key = row.after.map(|group| self.diff.after.groups()[group].key);
        Some(
            key.and_then(|key| proven.find(key))
                .map_or(0, |group| group.count),
        )
    }

    /// The id of a row and its stack, which `frames` are.
    pub(super) fn of(&mut self, row: &Row, frames: &Frames) -> (String, Box<Stack>) {
        let proven = self.proven(row);
        // What the garbage collector proved is nobody's to share.
        let shared = proven.unwrap_or(0) == 0 && self.is_shared(frames);
        let trace_before = match (row.before, row.pairing) {
            (Some(before), Pairing::Renamed | Pairing::NewName | Pairing::Near(_)) => {
                Some(self.before.trace(&self.diff.before.frames(before)))
            }
            _ => None,
        };
        let functions = match row.after {
            Some(_) => &mut self.after,
            None => &mut self.before,
        };
        let stack = Stack {
            wait: frames.wait(),
            root: frames.root().map(|frame| functions.place(frame)),
            home: frames.home().map(|frame| functions.place(frame)),
            proven,
            shared,
            pairing: row.pairing,
            series: self.diff.series(row),
            origins: match row.after {
                Some(group) => self
                    .origins
                    .of(self.diff.after.groups()[group].key)
                    .to_vec(),
                None => Vec::new(),
            },
            pattern: None,
            trace: functions.trace(frames),
            trace_before,
        };
        (functions.id(frames), Box::new(stack))
    }

    /// A row whose sides are two different stacks.
    pub(super) fn moved(&mut self, suite: &SuiteName, row: &Row) -> Option<Moved> {
        let before = self.diff.before.frames(row.before?);
        let after = self.diff.after.frames(row.after?);
        Some(Moved {
            suite: suite.clone(),
            id_before: self.before.id(&before),
            id: self.after.id(&after),
            pairing: row.pairing,
            before: row.count_before,
            after: row.count_after,
            stack_before: self.before.trace(&before),
            stack: self.after.trace(&after),
        })
    }

    /// Whether a goroutine serves all tests of a process, so that the one whose label it carries is
    /// not the one to blame. The writer of a connection stands alike in all of them: it is a test's
    /// where there are unread bodies.
    fn is_shared(&self, frames: &Frames) -> bool {
        match root(frames) {
            CLIENT_READER => !is_unread_body(frames),
            CLIENT_WRITER => !self.has_unread_bodies(),
            SIGNAL_LOOP => true,
            _ => false,
        }
    }

    fn has_unread_bodies(&self) -> bool {
        *self.unread_bodies.get_or_init(|| {
            let mut grown = self.diff.rows().filter(|row| row.growth() > 0);
            grown.any(|row| {
                let (snapshot, group) = self.diff.shown(&row);
                is_unread_body(&snapshot.frames(group))
            })
        })
    }
}

/// Whether a goroutine reads a connection whose response was not read to its end, or not closed.
fn is_unread_body(frames: &Frames) -> bool {
    let is_idle = || {
        let mut frames = frames.as_slice().iter();
        frames.any(|frame| frame.function.as_str() == BUFFER_PEEK)
    };
    root(frames) == CLIENT_READER && !is_idle()
}

/// The entry function; empty for a stack that was cut.
fn root<'f>(frames: &'f Frames) -> &'f str {
    frames.root().map_or("", |root| root.function.as_str())
}

impl Functions {
    fn new(snapshot: &Snapshot) -> Self {
        Self(vec![Shown::default(); snapshot.symbols().names().len()])
    }

    /// The same as [`Frames::id`].
    fn id(&mut self, frames: &Frames) -> String {
        let class = frames.class_by(|frame| {
            let known = &mut self.0[frame.index].class;
            let class = known.get_or_insert_with(|| class(&frame.function).into());
            class.clone()
        });
        id_of(&class)
    }

    fn trace(&mut self, frames: &Frames) -> Trace {
        let frames = frames.as_slice();
        Trace::new(frames.len(), |index| self.place(&frames[index]))
    }

    fn place(&mut self, frame: &Frame) -> Place {
        let function = self.0[frame.index].function.get_or_insert_with(|| {
            Arc::new(Function {
                name: frame.function.as_str().into(),
                file: String::from_utf8_lossy(frame.file).into(),
            })
        });
        Place {
            function: function.clone(),
            line: frame.line,
        }
    }
}
