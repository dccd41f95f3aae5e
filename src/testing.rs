//! For unit tests of the pure stages: snapshots and diffs written as a few lines of text.

#[path = "../tests/made/profile.rs"]
mod profile;

use crate::profile::Profile;
use crate::snapshot::Snapshot;
use crate::stack::Frames;

pub(crate) use profile::Made;

/// How a stack ends whose frames do not say it: it waits to receive from a channel.
const RECEIVE: &str = " runtime.chanrecv runtime.gopark";

/// A snapshot of the stacks in `text`, one a line: a count, labels in braces, the frames with the
/// root first.
///
/// Input: `2 {leakgate.test=TestA} app.Serve app.wait`
pub(crate) fn snapshot(text: &str) -> Snapshot<'static> {
    grouped(Made::new().lines(&waiting(text)))
}

/// The same for goroutines that Go's garbage collector proved to leak.
pub(crate) fn proven(text: &str) -> Snapshot<'static> {
    grouped(Made::of("goroutineleak").lines(&waiting(text)))
}

pub(crate) fn grouped(made: Made) -> Snapshot<'static> {
    // A test may keep what it reads for as long as it runs.
    let bytes = made.encode().leak();
    Snapshot::group(Profile::decode(bytes).expect("it decodes")).expect("it can be grouped")
}

/// Adds the wait to every stack that does not say how it ends. One without frames has none.
fn waiting(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let has_frames = line
            .split_whitespace()
            .any(|word| word.contains('.') && !word.contains('='));
        let wait = if has_frames && !line.contains("runtime") {
            RECEIVE
        } else {
            ""
        };
        format!("{line}{wait}\n")
    });
    lines.collect()
}

/// A stack as tests write it, without the frames of its wait.
pub(crate) fn written(frames: &Frames) -> String {
    let functions = frames
        .as_slice()
        .iter()
        .rev()
        .map(|frame| frame.function.as_str());
    let functions: Vec<_> = functions
        .filter(|function| !RECEIVE.contains(function))
        .collect();
    functions.join(" ")
}
