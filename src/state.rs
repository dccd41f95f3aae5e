//! What a goroutine waits for, read off its leaf frames: a goroutine profile in protobuf form does not say it.
//!
//! [`SIGNATURES`] is the whole knowledge, one row a way of waiting, as seen in profiles of Go 1.21 to 1.27; [`signature_of`]
//! only looks rows up. The words are those of Go's own goroutine dumps (`debug=2`).

/// One way of waiting: how its leaf frames look, what usually causes it and what usually mends it.
#[derive(Debug)]
pub struct Signature {
    /// The state, in the words of Go's goroutine dumps.
    pub state: &'static str,
    /// What usually leaves a goroutine there.
    pub cause: &'static str,
    /// What usually mends it.
    pub remedy: &'static str,
    /// The first frame that is no mere parking (see [`PARKING`]). A `*` at the end stands for any rest.
    leaf: &'static [&'static str],
    /// A frame that must stand further out; empty when the leaf says enough.
    outer: &'static [&'static str],
    /// For a channel operation: whether it is on a nil channel, told by the line inside the runtime.
    nil: Option<bool>,
}

/// Frames that every wait has in front.
const PARKING: &[&str] = &["runtime.gopark", "runtime.goparkunlock"];

/// Below this line `runtime.chansend` parks for a nil channel (165 to 181 in Go 1.21 to 1.27), above it for a real one
/// (259 and more).
const CHANSEND_NIL_BELOW: u32 = 220;

/// Below this line `runtime.chanrecv` parks for a nil channel (469 to 536 in Go 1.21 to 1.27), above it for a real one
/// (583 and more).
const CHANRECV_NIL_BELOW: u32 = 560;

/// Whether a frame is a channel operation on a nil channel. The frames of both kinds have the same names, so this is the
/// one place where a line is part of what a stack is.
pub fn is_nil_channel(function: &str, line: u32) -> bool {
    match function {
        "runtime.chansend" => (1..CHANSEND_NIL_BELOW).contains(&line),
        "runtime.chanrecv" => (1..CHANRECV_NIL_BELOW).contains(&line),
        _ => false,
    }
}

/// Whether [`is_nil_channel`] can be true for this function.
pub fn is_channel_operation(function: &str) -> bool {
    matches!(function, "runtime.chansend" | "runtime.chanrecv")
}

/// Looks up how a goroutine with these frames (function and 1-based line, leaf first) waits.
///
/// A stack that is parked nowhere is `running`; one that is parked where no row fits is `waiting`.
pub fn signature_of<'f>(
    frames: impl Iterator<Item = (&'f str, u32)> + Clone,
) -> &'static Signature {
    let (mut rest, mut parked) = (frames, false);
    let (leaf, line) = loop {
        match rest.next() {
            None => return &OTHER,
            Some((function, _)) if PARKING.contains(&function) => parked = true,
            Some(frame) => break frame,
        }
    };
    let fits = |signature: &&Signature| {
        signature.leaf.iter().any(|pattern| matches(pattern, leaf))
            && (signature.outer.is_empty()
                || rest.clone().any(|(function, _)| {
                    signature
                        .outer
                        .iter()
                        .any(|pattern| matches(pattern, function))
                }))
            && signature
                .nil
                .is_none_or(|nil| nil == is_nil_channel(leaf, line))
    };
    let found = SIGNATURES.iter().find(fits);
    found.unwrap_or(if parked { &OTHER } else { &RUNNING })
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
    nil: None,
};

/// Parked in a way that no row knows.
static OTHER: Signature = Signature {
    state: "waiting",
    cause: "it is parked in the runtime in a way that leakgate does not know",
    remedy: "look at the stack: the frames below the runtime's say who waits",
    leaf: &[],
    outer: &[],
    nil: None,
};

/// The ways of waiting; the first row that fits counts.
pub static SIGNATURES: &[Signature] = &[
    Signature {
        state: "finalizer blocked",
        cause: "a finalizer or cleanup waits, and every later one in the process waits behind it",
        remedy: "never block in a finalizer: start a goroutine from it, or call Close instead",
        leaf: &[
            "runtime.*",
            "sync.*",
            "internal/*",
            "syscall.*",
            "time.Sleep",
        ],
        outer: &[
            "runtime.runfinq",
            "runtime.runFinalizers",
            "runtime.runCleanups",
        ],
        nil: None,
    },
    Signature {
        state: "chan send (nil chan)",
        cause: "the channel was never made",
        remedy: "make the channel before the goroutine starts",
        leaf: &["runtime.chansend"],
        outer: &[],
        nil: Some(true),
    },
    Signature {
        state: "chan send",
        cause: "the receiver returned early, or there are more senders than receives",
        remedy: "give the channel room for every sender, or select on ctx.Done() beside the send",
        leaf: &["runtime.chansend"],
        outer: &[],
        nil: None,
    },
    Signature {
        state: "chan receive (nil chan)",
        cause: "the channel was never made, or it is the Done channel of a context that cannot be cancelled",
        remedy: "make the channel before the goroutine starts, or pass a context that can be cancelled",
        leaf: &["runtime.chanrecv"],
        outer: &[],
        nil: Some(true),
    },
    Signature {
        state: "chan receive",
        cause: "the sender is gone, the channel is never closed, or the context is never cancelled",
        remedy: "close the channel when the last sender is done, or call cancel",
        leaf: &["runtime.chanrecv"],
        outer: &[],
        nil: None,
    },
    Signature {
        state: "select",
        cause: "no case of the select ever becomes ready: there is no way out of the loop, or a body or connection is not closed",
        remedy: "add a case <-ctx.Done(), or call the Close or Shutdown that ends it",
        leaf: &["runtime.selectgo"],
        outer: &[],
        nil: None,
    },
    Signature {
        state: "select (no cases)",
        cause: "select {} parks for ever, on purpose",
        remedy: "wait for a context instead, or allow it if it is meant to live",
        leaf: &["runtime.block"],
        outer: &[],
        nil: None,
    },
    Signature {
        state: "sync.WaitGroup.Wait",
        cause: "an Add without its Done: often a child that is stuck itself",
        remedy: "look at the children first; defer Done at the top of each",
        leaf: &["runtime.semacquire1"],
        outer: &["sync.runtime_SemacquireWaitGroup", "sync.(*WaitGroup).Wait"],
        nil: None,
    },
    Signature {
        state: "sync.RWMutex.RLock",
        cause: "a writer holds the lock or waits for it, often behind a reader that locks twice",
        remedy: "do not nest RLock; defer RUnlock",
        leaf: &["runtime.semacquire1"],
        outer: &["sync.runtime_SemacquireRWMutexR"],
        nil: None,
    },
    Signature {
        state: "sync.RWMutex.Lock",
        cause: "a reader or writer holds the lock and does not let it go",
        remedy: "defer RUnlock and Unlock right after locking",
        leaf: &["runtime.semacquire1"],
        outer: &["sync.runtime_SemacquireRWMutex"],
        nil: None,
    },
    Signature {
        state: "sync.Mutex.Lock",
        cause: "the holder returned or panicked without Unlock, or two goroutines lock in opposite order",
        remedy: "defer Unlock right after Lock; take locks in one order everywhere",
        leaf: &["runtime.semacquire1"],
        outer: &[
            "sync.runtime_SemacquireMutex",
            "internal/sync.runtime_SemacquireMutex",
        ],
        nil: None,
    },
    Signature {
        state: "semacquire",
        cause: "it waits for a semaphore of the runtime or of the standard library",
        remedy: "look at the frames below: they say which lock or connection is held",
        leaf: &["runtime.semacquire1"],
        outer: &[],
        nil: None,
    },
    Signature {
        state: "sync.Cond.Wait",
        cause: "nobody calls Signal or Broadcast at shutdown",
        remedy: "call Broadcast, under the lock, when closing",
        leaf: &["sync.runtime_notifyListWait"],
        outer: &[],
        nil: None,
    },
    Signature {
        state: "sleep",
        cause: "a retry or poll loop without a way to stop; the garbage collector's leak profile cannot see it",
        remedy: "wait on a timer and ctx.Done() instead of time.Sleep",
        leaf: &["time.Sleep"],
        outer: &[],
        nil: None,
    },
    Signature {
        state: "IO wait",
        cause: "a listener is still open",
        remedy: "call Shutdown or Close on the server or listener",
        leaf: &["runtime.netpollblock"],
        outer: &["internal/poll.(*FD).Accept"],
        nil: None,
    },
    Signature {
        state: "IO wait",
        cause: "an HTTP connection is kept open and idle for the next request",
        remedy: "call CloseIdleConnections on the client or transport",
        leaf: &["runtime.netpollblock"],
        outer: &["net/http.(*persistConn).readLoop"],
        nil: None,
    },
    Signature {
        state: "IO wait",
        cause: "a connection, pipe or response body is not closed, and has no deadline",
        remedy: "close it, or set a deadline",
        leaf: &["runtime.netpollblock"],
        outer: &[],
        nil: None,
    },
    Signature {
        state: "syscall",
        cause: "a signal.Notify is in force: the one goroutine that the process keeps for it",
        remedy: "nothing: it lives as long as the process",
        leaf: &["runtime.notetsleepg"],
        outer: &["os/signal.signal_recv"],
        nil: None,
    },
    Signature {
        state: "syscall",
        cause: "a child process has not ended",
        remedy: "kill the child and Wait for it, with a context that has a deadline",
        leaf: &[
            "syscall.*",
            "internal/runtime/syscall*",
            "runtime/internal/syscall*",
            "internal/syscall/*",
        ],
        outer: &["os.(*Process).*"],
        nil: None,
    },
    Signature {
        state: "syscall",
        cause: "it is inside a system call or C code that does not return",
        remedy: "close the file it works on, or give the call a deadline",
        leaf: &[
            "syscall.*",
            "internal/runtime/syscall*",
            "runtime/internal/syscall*",
            "internal/syscall/*",
            "runtime.notetsleepg",
            "runtime.cgocall",
        ],
        outer: &[],
        nil: None,
    },
    Signature {
        state: "coroutine",
        cause: "an iterator of iter.Pull was neither used up nor stopped",
        remedy: "defer the stop function that iter.Pull returns",
        leaf: &["runtime.coroswitch*", "runtime.corostart"],
        outer: &[],
        nil: None,
    },
    Signature {
        state: "exiting",
        cause: "it was ending when the profile was taken",
        remedy: "take the after profile a little later",
        leaf: &["runtime.goexit1", "runtime.goexit0"],
        outer: &[],
        nil: None,
    },
    Signature {
        state: "running",
        cause: RUNNING.cause,
        remedy: RUNNING.remedy,
        leaf: &[
            "runtime.asyncPreempt*",
            "runtime.Gosched",
            "runtime.goschedImpl",
        ],
        outer: &[],
        nil: None,
    },
];

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
    fn every_signature_can_be_reached() {
        // A row whose leaf and outer frames an earlier row takes would be dead data.
        for (index, signature) in SIGNATURES.iter().enumerate() {
            let leaf = signature
                .leaf
                .last()
                .unwrap()
                .trim_end_matches('*')
                .to_owned();
            let outer = signature
                .outer
                .last()
                .map(|outer| outer.trim_end_matches('*').to_owned());
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
