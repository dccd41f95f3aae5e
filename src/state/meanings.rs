//! What each state is, for a person who meets it for the first time.

/// A state, in the words of Go's goroutine dumps.
pub(super) struct Meaning {
    /// As in the table of signatures.
    pub(super) state: &'static str,
    /// What a goroutine in it does, as the rest of a sentence.
    pub(super) means: &'static str,
    /// When it goes on, as the rest of a sentence.
    pub(super) ends: &'static str,
}

const fn row(state: &'static str, means: &'static str, ends: &'static str) -> Meaning {
    Meaning { state, means, ends }
}

/// One row a state; a test holds them to the table of signatures.
pub(super) static MEANINGS: &[Meaning] = &[
    row(
        "finalizer blocked",
        "runs finalizers or cleanups for the garbage collector, and one of them waits",
        "when that one returns; until then no other finalizer runs",
    ),
    row(
        "chan send (nil chan)",
        "sends on a channel that is nil",
        "never",
    ),
    row(
        "chan send",
        "sends on a channel that has no room, and nobody receives",
        "when another goroutine receives",
    ),
    row(
        "chan receive (nil chan)",
        "receives from a channel that is nil",
        "never",
    ),
    row(
        "chan receive",
        "receives from a channel that is open and empty",
        "when a value is sent, or the channel is closed",
    ),
    row(
        "select",
        "waits in a select without a default case",
        "when one of its cases can go on",
    ),
    row("select (no cases)", "is in an empty select {}", "never"),
    row(
        "sync.WaitGroup.Wait",
        "waits for the counter of a WaitGroup to reach zero",
        "when Done was called as often as Add counted",
    ),
    row(
        "sync.RWMutex.RLock",
        "waits to lock a RWMutex for reading",
        "when the writer that holds the lock, or waits for it, has unlocked it",
    ),
    row(
        "sync.RWMutex.Lock",
        "waits to lock a RWMutex for writing",
        "when every reader and writer has unlocked it",
    ),
    row(
        "sync.Mutex.Lock",
        "waits to lock a Mutex",
        "when its holder unlocks it",
    ),
    row(
        "semacquire",
        "waits for a semaphore inside the runtime or the standard library",
        "when another goroutine releases it",
    ),
    row(
        "sync.Cond.Wait",
        "waits for a condition variable",
        "when Signal wakes this goroutine, or Broadcast wakes all",
    ),
    row("sleep", "is in time.Sleep", "when the time is over"),
    row(
        "IO wait",
        "waits for a connection, a listener or a pipe to be ready",
        "when it is ready, at its deadline, or when it is closed",
    ),
    row(
        "syscall",
        "is inside a system call or C code",
        "when the call returns",
    ),
    row(
        "coroutine",
        "is an iterator of iter.Pull between two values",
        "when it is used up, or its stop function is called",
    ),
    row(
        "exiting",
        "has returned from its entry function",
        "by itself, at once",
    ),
    row(
        "running",
        "was not waiting when the profile was taken",
        "when its entry function returns",
    ),
    row(
        "waiting",
        "is parked in the runtime in a way that leakgate does not know",
        "when what it waits for happens",
    ),
];
