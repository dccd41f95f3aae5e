//! Which frames of a goroutine a dump shows.

use crate::go_names::RUNNING_MAIN;

/// The entry functions of the goroutines that run finalizers and cleanups. Up to Go 1.24 a dump
/// does not show the first.
pub(super) const CLEANERS: [&str; 3] = [
    "runtime.runfinq",
    "runtime.runFinalizers",
    "runtime.runCleanups",
];

/// As which Go prints [`PANIC`].
pub(super) const PRINTED_PANIC: &str = "panic";
/// Runs deferred functions while a goroutine panics.
pub(super) const PANIC: &str = "runtime.gopanic";

/// The outermost frame of every goroutine, which profiles leave out.
pub(super) const GOEXIT: &str = "runtime.goexit";

/// Whether a dump shows a function in the middle of a stack; crashes with all frames show more.
///
/// The main goroutine's and the cleaners' entry functions are counted as shown, because they are
/// put back where a dump hides them.
pub(super) fn is_shown(function: &str) -> bool {
    if function == RUNNING_MAIN || function == PANIC || CLEANERS.contains(&function) {
        return true;
    }
    let last = function.rsplit('.').next().unwrap_or_default();
    if is_wrapper(last) {
        return false;
    }
    match function.strip_prefix("runtime.") {
        Some(local) => is_exported(local),
        None => function.contains('.'),
    }
}

/// Whether a frame at the inner end of a stack is one of the runtime's own that dumps hide there.
pub(super) fn is_hidden_leaf(function: &str) -> bool {
    function == PANIC || !is_shown(function)
}

/// The functions that the compiler makes for `go f(x)` and `defer f(x)`.
fn is_wrapper(segment: &str) -> bool {
    ["gowrap", "deferwrap"].iter().any(|word| {
        segment
            .strip_prefix(word)
            .is_some_and(|tail| !tail.is_empty() && tail.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// Whether a function of the runtime, and its receiver's type, begin with a capital.
///
/// Input: `(*Func).Entry`, `Gosched`
fn is_exported(local: &str) -> bool {
    let segments = local
        .split('.')
        .map(|segment| segment.trim_start_matches(['(', '*']));
    let mut segments = segments.filter(|segment| !segment.is_empty());
    segments.all(|segment| segment.starts_with(|first: char| first.is_ascii_uppercase()))
}
