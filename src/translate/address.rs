//! The channel or lock that a goroutine waits for.

use crate::dump::Frame;

/// The functions that wait for the object in their first argument.
const CHANNELS: [&str; 2] = ["runtime.chansend", "runtime.chanrecv"];
const LOCKS: [&str; 7] = [
    "runtime.semacquire1",
    "sync.runtime_notifyListWait",
    "sync.(*Mutex).lockSlow",
    "internal/sync.(*Mutex).lockSlow",
    "sync.(*WaitGroup).Wait",
    "sync.(*RWMutex).RLock",
    "sync.(*Cond).Wait",
];

/// What a goroutine waits for, by its address. A dump shows that of a channel only with the
/// runtime's own frames, which a crash with `GOTRACEBACK=system` has.
///
/// Input: `sync.runtime_SemacquireMutex(0x0?, ..)`, `sync.(*Mutex).lockSlow(0xc000196000)`
/// Output: `lock 0xc000196000`
pub(super) fn waits_on(frames: &[Frame]) -> Option<String> {
    let inner = frames.iter().take_while(|frame| {
        let starts = ["runtime.", "sync.", "internal/sync."];
        starts.iter().any(|start| frame.function.starts_with(start))
    });
    let of = |frame: &Frame| {
        let what = match frame.function {
            function if CHANNELS.contains(&function) => "channel",
            function if LOCKS.contains(&function) => "lock",
            _ => return None,
        };
        let address = frame.arguments.split(',').next()?;
        // One with a question mark may have been overwritten.
        let digits = address.strip_prefix("0x")?;
        let is_sure = digits != "0" && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_sure.then(|| format!("{what} {address}"))
    };
    // The outermost is the lock itself, and the inner ones are parts of it.
    inner.filter_map(of).last()
}
