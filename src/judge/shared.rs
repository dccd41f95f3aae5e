//! Goroutines that a whole process shares.

use crate::go_names::{BUFFER_PEEK, CLIENT_READER, CLIENT_WRITER, SIGNAL_LOOP};
use crate::stack::Frames;

/// Whether a goroutine serves all tests of a process, so that the one whose label it carries is not
/// the one to blame. The writer of a connection stands alike in all of them: it is a test's where
/// there are unread bodies.
pub(super) fn is_shared(frames: &Frames, has_unread_bodies: impl FnOnce() -> bool) -> bool {
    match root(frames) {
        CLIENT_READER => !is_unread_body(frames),
        CLIENT_WRITER => !has_unread_bodies(),
        SIGNAL_LOOP => true,
        _ => false,
    }
}

/// Whether a goroutine reads a connection whose response was not read to its end, or not closed.
pub(super) fn is_unread_body(frames: &Frames) -> bool {
    let is_idle = || {
        frames
            .as_slice()
            .iter()
            .any(|frame| frame.function.as_str() == BUFFER_PEEK)
    };
    root(frames) == CLIENT_READER && !is_idle()
}

/// The entry function; empty for a stack that was cut.
fn root<'f>(frames: &'f Frames) -> &'f str {
    frames.root().map_or("", |root| root.function.as_str())
}
