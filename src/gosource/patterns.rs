//! Leaks that have a name: the patterns that people are taught.
//!
//! Each is a row of a table with a function that decides by the syntax tree. A pattern is said only
//! when the source leaves little doubt: no pattern is better than a wrong one. Each row has a Go
//! package in `testdata/patterns` that leaks this way, and one that looks alike and does not; the
//! tests read both, with their real profiles.

mod channels;
mod locks;
mod loops;
mod names;
mod open;
mod scene;
#[cfg(test)]
mod tests;

use super::Package;
use super::spot::Spot;
use scene::Scene;

/// What a profile and its chains say about goroutines that share a stack.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// What they wait for, in the words of Go's dumps: `chan send`.
    pub state: &'a str,
    /// Their entry function, whole: `net/http.(*persistConn).readLoop`.
    pub root: &'a str,
    /// The frames of this package, innermost first: the first is where they wait. Empty when all of
    /// them are of others.
    pub frames: &'a [Spot<'a>],
    /// The innermost line of this package that was at work when they started: a `go` statement, or
    /// a call of a library. Where it is not known, the source may say it.
    pub started: Option<Spot<'a>>,
    /// How many goroutines share the stack.
    pub count: u64,
}

/// A leak that has a name.
#[derive(Debug)]
pub struct Pattern {
    /// What people call it.
    pub name: &'static str,
    /// What went wrong, as a sentence about this code.
    pub says: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// The folder of its examples, in `testdata/patterns`.
    pub example: &'static str,
    /// Whether it stays whatever is closed or stopped: only the code of its loop helps.
    pub is_endless: bool,
    /// The states in which it waits, in the words of Go's dumps; empty for any.
    pub states: &'static [&'static str],
    is_it: fn(&Seen, &Scene) -> bool,
}

impl Pattern {
    /// The one that is called so.
    pub fn named(name: &str) -> Option<&'static Self> {
        PATTERNS.iter().find(|pattern| pattern.name == name)
    }
}

impl Package {
    /// The pattern that a goroutine of this package leaks by, if the source says so.
    ///
    /// Input: `chan send` at `loaded <- x`, in a function that may return before `<-loaded`
    /// Output: early return
    pub fn pattern(&self, seen: &Seen) -> Option<&'static Pattern> {
        let scene = Scene::of(self, seen);
        PATTERNS.iter().find(|pattern| {
            let may_be = pattern.states.is_empty() || pattern.states.contains(&seen.state);
            may_be && (pattern.is_it)(seen, &scene)
        })
    }
}

/// All patterns, the more special first.
pub fn patterns() -> &'static [Pattern] {
    PATTERNS
}

const SEND: &[&str] = &["chan send"];
const RECEIVE: &[&str] = &["chan receive"];
const WAITS: &[&str] = &["chan receive", "select"];
const NIL: &[&str] = &["chan send (nil chan)", "chan receive (nil chan)"];
const LOCK: &[&str] = &["sync.Mutex.Lock", "sync.RWMutex.Lock", "sync.RWMutex.RLock"];

/// All patterns, the more special first: the first that fits is said.
static PATTERNS: &[Pattern] = &[
    Pattern {
        name: "nil channel",
        says: "the channel was declared and never made, so nothing can be sent or received",
        fix: "make the channel before the goroutine starts",
        example: "nil-channel",
        is_endless: false,
        states: NIL,
        is_it: channels::nil_channel,
    },
    Pattern {
        name: "many senders, one receive",
        says: "every goroutine sends, but only one value is received: the others wait forever",
        fix: "give the channel room for every sender, or receive once for each",
        example: "senders",
        is_endless: false,
        states: SEND,
        is_it: channels::senders,
    },
    Pattern {
        name: "timeout leak",
        says: "the receiver gave up by another case, and the sender does not watch for that",
        fix: "give the channel room for one value, or select on ctx.Done() beside the send",
        example: "timeout",
        is_endless: false,
        states: SEND,
        is_it: channels::timeout,
    },
    Pattern {
        name: "early return before receive",
        says: "the function returned before it received, so the send waits forever",
        fix: "give the channel room for one value, or receive before every return",
        example: "early-return",
        is_endless: false,
        states: SEND,
        is_it: channels::early_return,
    },
    Pattern {
        name: "missing cancel",
        says: "the goroutine waits for a context whose cancel function is never called",
        fix: "keep the cancel function that context.WithCancel returns, and call it",
        example: "missing-cancel",
        is_endless: false,
        states: WAITS,
        is_it: channels::missing_cancel,
    },
    Pattern {
        name: "ticker without end",
        says: "the loop waits for the next tick and has no other way out; Stop does not end it",
        fix: "select on ctx.Done() beside the ticker, return there, and defer ticker.Stop()",
        example: "ticker",
        is_endless: true,
        states: WAITS,
        is_it: loops::ticker,
    },
    Pattern {
        name: "range without close",
        says: "the loop ranges over a channel that nothing closes",
        fix: "close the channel after the last value is sent",
        example: "range-without-close",
        is_endless: false,
        states: RECEIVE,
        is_it: channels::range_without_close,
    },
    Pattern {
        name: "WaitGroup short of Done",
        says: "a worker can return without Done, or Add counts more than Done",
        fix: "defer wg.Done() as the first statement of each worker",
        example: "waitgroup",
        is_endless: false,
        states: &["sync.WaitGroup.Wait"],
        is_it: locks::wait_group,
    },
    Pattern {
        name: "the same lock twice",
        says: "the goroutine holds this lock already and waits for itself",
        fix: "lock in the exported method only, and call a helper that expects the lock",
        example: "lock-twice",
        is_endless: false,
        states: LOCK,
        is_it: locks::lock_twice,
    },
    Pattern {
        name: "lock kept by a return",
        says: "a function can return with this lock locked, and then nobody unlocks it",
        fix: "defer the Unlock right after the Lock",
        example: "lock-held",
        is_endless: false,
        states: LOCK,
        is_it: locks::lock_held,
    },
    Pattern {
        name: "body not closed",
        says: "only this function has the response, and it does not close the body",
        fix: "defer resp.Body.Close() after checking the error",
        example: "body",
        is_endless: false,
        // A connection in IO wait is idle: its body was read to the end.
        states: &["select"],
        is_it: open::body,
    },
    Pattern {
        name: "server not shut down",
        says: "the server runs in the background, and no other code can reach it to shut it down",
        fix: "return the server or a stop function, and call Shutdown or Close",
        example: "server",
        is_endless: false,
        states: &[],
        is_it: open::server,
    },
    Pattern {
        name: "pool not closed",
        says: "only this function has the pool that it opens, and it does not close it",
        fix: "defer Close right after opening it, or open one pool for the whole program",
        example: "pool",
        is_endless: false,
        states: &[],
        is_it: open::pool,
    },
    Pattern {
        name: "loop without exit",
        says: "the goroutine loops forever: its loop has no return and no break",
        fix: "add a case <-ctx.Done() that returns",
        example: "loop",
        is_endless: true,
        states: &[],
        is_it: loops::loop_without_exit,
    },
    Pattern {
        name: "unbounded spawn",
        says: "each item that comes in starts a goroutine, and nothing limits how many run",
        fix: "limit them: errgroup with SetLimit, a semaphore, or a fixed number of workers",
        example: "spawn",
        is_endless: false,
        states: &[],
        is_it: loops::unbounded,
    },
];
