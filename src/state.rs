//! What a goroutine waits for, read off its leaf frames: a goroutine profile in protobuf form does
//! not say it.
//!
//! The table of signatures is the whole knowledge, one row a way of waiting, as seen in profiles of
//! Go 1.21 to 1.27;
//! [`state_of`] only looks rows up. The words are those of Go's own goroutine dumps (`debug=2`).

mod explained;
mod meanings;
mod owned;
mod signatures;

use std::borrow::Cow;

use crate::go_names::{CHANNEL_RECEIVE, CHANNEL_SEND, PARKING};
pub use explained::{Explained, Way, explained};
use owned::OWNED;
use signatures::SIGNATURES;

/// One way of waiting: how its leaf frames look, what usually causes it and what usually fixes it.
#[derive(Debug)]
struct Signature {
    /// The state, in the words of Go's goroutine dumps.
    state: &'static str,
    /// What usually leaves a goroutine there.
    cause: &'static str,
    /// What usually fixes it.
    remedy: &'static str,
    /// The first frame that is no mere parking (see [`PARKING`]). A `*` at the end matches any
    /// rest.
    leaf: &'static [&'static str],
    /// A frame that must stand further out; empty when the leaf says enough.
    outer: &'static [&'static str],
    /// The entry function; empty when any will do.
    root: &'static [&'static str],
    /// For a channel operation: whether it is on a nil channel, known by the line inside the
    /// runtime.
    nil: Option<bool>,
}

/// Below this line `runtime.chansend` parks for a nil channel (165 to 181 in Go 1.21 to 1.27),
/// above it for a real one (259 and more).
const CHANSEND_NIL_BELOW: u32 = 220;

/// Below this line `runtime.chanrecv` parks for a nil channel (469 to 536 in Go 1.21 to 1.27),
/// above it for a real one (583 and more).
const CHANRECV_NIL_BELOW: u32 = 560;

/// Whether a frame is a channel operation on a nil channel. The frames of both kinds have the same
/// names, so this is the one place where a line is part of what a stack is.
pub fn is_nil_channel(function: &str, line: u32) -> bool {
    match function {
        CHANNEL_SEND => (1..CHANSEND_NIL_BELOW).contains(&line),
        CHANNEL_RECEIVE => (1..CHANRECV_NIL_BELOW).contains(&line),
        _ => false,
    }
}

/// Whether [`is_nil_channel`] can be true for this function.
pub fn is_channel_operation(function: &str) -> bool {
    matches!(function, CHANNEL_SEND | CHANNEL_RECEIVE)
}

/// The row that fits.
fn signature_of<'f>(frames: impl Iterator<Item = (&'f str, u32)> + Clone) -> &'static Signature {
    let (mut rest, mut parked) = (frames, false);
    let (leaf, line) = loop {
        match rest.next() {
            None => return &OTHER,
            Some((function, _)) if PARKING.contains(&function) => parked = true,
            Some(frame) => break frame,
        }
    };
    let root = rest.clone().last().map_or(leaf, |(function, _)| function);
    let is_one_of = |patterns: &[&str], function: &str| {
        patterns.iter().any(|pattern| matches(pattern, function))
    };
    let fits = |signature: &&Signature| {
        is_one_of(signature.leaf, leaf)
            && (signature.root.is_empty() || is_one_of(signature.root, root))
            && (signature.outer.is_empty()
                || rest
                    .clone()
                    .any(|(function, _)| is_one_of(signature.outer, function)))
            && signature
                .nil
                .is_none_or(|nil| nil == is_nil_channel(leaf, line))
    };
    let found = SIGNATURES.iter().find(fits);
    found.unwrap_or(if parked { &OTHER } else { &RUNNING })
}

/// What a goroutine waits for, why, and what usually fixes it. These are words of the tables here, or
/// those of a report that another version wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// The state, in the words of Go's goroutine dumps.
    pub state: Cow<'static, str>,
    /// What usually leaves a goroutine there.
    pub cause: Cow<'static, str>,
    /// What usually fixes it.
    pub remedy: Cow<'static, str>,
}

/// What a goroutine with these frames (function and 1-based line, leaf first) waits for;
/// `is_moving` says that it was somewhere else whenever it was looked at.
///
/// A stack that is parked nowhere is `running`; one that is parked where no row fits is `waiting`.
pub fn state_of<'f>(
    frames: impl Iterator<Item = (&'f str, u32)> + Clone,
    is_moving: bool,
) -> &'static str {
    signature(frames, is_moving).state
}

/// The same, with its usual cause and what usually fixes it: where the frames are a library's, the
/// object to close.
pub fn wait_of<'f>(frames: impl Iterator<Item = (&'f str, u32)> + Clone, is_moving: bool) -> Wait {
    let signature = signature(frames.clone(), is_moving);
    let functions = frames.map(|(function, _)| function);
    let is_one_of = |patterns: &[&str], function: &str| {
        patterns.iter().any(|pattern| matches(pattern, function))
    };
    let root = functions.clone().last().unwrap_or_default();
    let owned = OWNED.iter().find(|owned| {
        is_one_of(owned.root, root)
            && (owned.any.is_empty() || functions.clone().any(|one| is_one_of(owned.any, one)))
    });
    let (cause, remedy) = owned.map_or((signature.cause, signature.remedy), |owned| {
        (owned.cause, owned.remedy)
    });
    Wait {
        state: signature.state.into(),
        cause: cause.into(),
        remedy: remedy.into(),
    }
}

fn signature<'f>(
    frames: impl Iterator<Item = (&'f str, u32)> + Clone,
    is_moving: bool,
) -> &'static Signature {
    if is_moving {
        &MOVING
    } else {
        signature_of(frames)
    }
}

/// Every state there is, each once, in the order of the table.
pub fn all_states() -> Vec<&'static str> {
    let mut states = Vec::new();
    for signature in SIGNATURES.iter().chain([&RUNNING, &OTHER]) {
        if !states.contains(&signature.state) {
            states.push(signature.state);
        }
    }
    states
}

fn matches(pattern: &str, function: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => function.starts_with(prefix),
        None => pattern == function,
    }
}

/// Not parked: user code, or the runtime on its behalf, was at work when the profile was taken.
static RUNNING: Signature = Signature {
    state: "running",
    cause: "it was at work when the profile was taken: a busy loop, or simply active",
    remedy: "take the after profile later; if it is still there, give the loop a way out",
    leaf: &[],
    outer: &[],
    root: &[],
    nil: None,
};

/// Looked at several times, and somewhere else each time.
static MOVING: Signature = Signature {
    state: RUNNING.state,
    cause: "it was at work, and somewhere else whenever it was looked at: a loop that hardly ever waits for anything",
    remedy: "give the loop a way out: a case <-ctx.Done(), or a flag that each round looks at",
    leaf: &[],
    outer: &[],
    root: &[],
    nil: None,
};

/// Parked in a way that no row knows.
static OTHER: Signature = Signature {
    state: "waiting",
    cause: "it is parked in the runtime in a way that leakgate does not know",
    remedy: "look at the stack: the frames below the runtime's say who waits",
    leaf: &[],
    outer: &[],
    root: &[],
    nil: None,
};

#[cfg(test)]
mod tests {
    use super::*;

    fn state(frames: &[(&str, u32)]) -> &'static str {
        signature_of(frames.iter().copied()).state
    }

    #[test]
    fn nil_channels_are_told_by_the_line_inside_the_runtime() {
        let park = ("runtime.gopark", 400);
        assert_eq!(
            state(&[park, ("runtime.chansend", 165)]),
            "chan send (nil chan)"
        );
        assert_eq!(state(&[park, ("runtime.chansend", 259)]), "chan send");
        assert_eq!(
            state(&[park, ("runtime.chanrecv", 536)]),
            "chan receive (nil chan)"
        );
        assert_eq!(state(&[park, ("runtime.chanrecv", 583)]), "chan receive");
    }

    #[test]
    fn code_that_is_not_parked_is_running_and_an_unknown_park_is_said_to_be_one() {
        assert_eq!(state(&[("main.spin", 3), ("main.main", 9)]), "running");
        assert_eq!(
            state(&[
                ("runtime.gopark", 1),
                ("runtime.somethingNew", 2),
                ("main.main", 9)
            ]),
            "waiting"
        );
        assert_eq!(state(&[]), "waiting");
    }

    #[test]
    fn a_finalizer_that_waits_is_no_ordinary_wait() {
        let frames = [
            ("runtime.gopark", 1),
            ("runtime.chansend", 300),
            ("main.(*T).close", 3),
            ("runtime.runFinalizers", 9),
        ];
        assert_eq!(state(&frames), "finalizer blocked");
    }

    #[test]
    fn what_a_library_left_open_is_named() {
        let park = ("runtime.gopark", 400);
        let wait = |frames: &[(&'static str, u32)]| wait_of(frames.iter().copied(), false);
        for (frames, state, remedy) in [
            (
                &[
                    park,
                    ("runtime.selectgo", 1),
                    ("database/sql.(*DB).connectionOpener", 2),
                ][..],
                "select",
                "(*sql.DB).Close",
            ),
            (
                &[
                    park,
                    ("runtime.netpollblock", 1),
                    ("bufio.(*Reader).Peek", 1),
                    ("net/http.(*persistConn).readLoop", 2),
                ],
                "IO wait",
                "CloseIdleConnections",
            ),
            (
                &[
                    park,
                    ("runtime.selectgo", 1),
                    ("net/http.(*persistConn).readLoop", 2),
                ],
                "select",
                "resp.Body.Close()",
            ),
            (
                &[
                    park,
                    ("runtime.selectgo", 1),
                    (
                        "google.golang.org/grpc/internal/grpcsync.(*CallbackSerializer).run",
                        2,
                    ),
                ],
                "select",
                "(*grpc.ClientConn).Close",
            ),
            (
                &[
                    park,
                    ("runtime.selectgo", 1),
                    ("github.com/quic-go/quic-go.(*Conn).run", 2),
                ],
                "select",
                "CloseWithError",
            ),
            (
                &[park, ("runtime.chanrecv", 600), ("main.tick", 2)],
                "chan receive",
                "Ticker.Stop",
            ),
            (&[("time.Sleep", 1), ("main.nap", 2)], "sleep", "--settle"),
            (
                &[
                    park,
                    ("runtime.semacquire1", 1),
                    ("internal/sync.runtime_SemacquireMutex", 1),
                    ("sync.(*Once).doSlow", 1),
                    ("main.load", 2),
                ],
                "sync.Mutex.Lock",
                "its own Once",
            ),
        ] {
            let wait = wait(frames);
            assert_eq!(wait.state, state);
            assert!(wait.remedy.contains(remedy), "{}", wait.remedy);
        }
    }

    #[test]
    fn every_row_of_a_library_can_be_reached() {
        for owned in OWNED {
            let plain = |pattern: &&'static str| pattern.trim_end_matches('*');
            let root = owned.root.last().map(plain).unwrap();
            let any = owned.any.last().map(plain);
            let frames: Vec<(&str, u32)> = any
                .into_iter()
                .chain([root])
                .map(|name| (name, 9))
                .collect();
            let found = wait_of(frames.iter().copied(), false);
            assert_eq!(found.cause, owned.cause);
        }
    }

    #[test]
    fn every_signature_can_be_reached() {
        // A row whose leaf and outer frames an earlier row takes would be dead data.
        for (index, signature) in SIGNATURES.iter().enumerate() {
            let leaf = signature
                .leaf
                .last()
                .unwrap()
                .trim_end_matches('*')
                .to_owned();
            let outer = signature.outer.last().or(signature.root.last());
            let outer = outer.map(|outer| outer.trim_end_matches('*').to_owned());
            let line = if signature.nil == Some(true) { 1 } else { 9999 };
            let frames: Vec<(&str, u32)> = std::iter::once((leaf.as_str(), line))
                .chain(outer.as_deref().map(|outer| (outer, 1)))
                .collect();
            let found = signature_of(frames.iter().copied());
            assert!(
                std::ptr::eq(found, &raw const SIGNATURES[index]),
                "row {index} ({}) is hidden by ({})",
                signature.cause,
                found.cause
            );
        }
    }
}
