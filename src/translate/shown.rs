//! Which frames of a goroutine a translated stack keeps.

use crate::go_names::RUNNING_MAIN;
use crate::stack::is_shown;

/// The entry functions of the goroutines that run finalizers and cleanups. Up to Go 1.24 a dump
/// does not show the first.
pub(super) const CLEANERS: [&str; 3] = [
    "runtime.runfinq",
    "runtime.runFinalizers",
    "runtime.runCleanups",
];

/// Entry functions in the runtime of goroutines that are the program's to Go: the main one, those of
/// `iter.Pull`, and those in which JavaScript calls Go.
pub(super) const OF_PROGRAM: [&str; 3] = [
    RUNNING_MAIN,
    "runtime.corostart",
    "runtime.handleAsyncEvent",
];

/// As which Go prints [`PANIC`].
pub(super) const PRINTED_PANIC: &str = "panic";
/// Runs deferred functions while a goroutine panics.
pub(super) const PANIC: &str = "runtime.gopanic";

/// The outermost frame of every goroutine, which profiles leave out.
pub(super) const GOEXIT: &str = "runtime.goexit";

/// Whether a translated stack keeps a frame: what a dump shows, what it shows only in the middle of
/// a stack, and the entry functions that are put back where a dump hides them.
pub(super) fn is_kept(function: &str) -> bool {
    is_shown(function)
        || function == RUNNING_MAIN
        || function == PANIC
        || CLEANERS.contains(&function)
}

/// Whether a frame at the inner end of a stack is one of the runtime's own that dumps hide there.
pub(super) fn is_hidden_leaf(function: &str) -> bool {
    function == PANIC || !is_kept(function)
}

/// Whether a function is the runtime's or of a package that the runtime itself uses. Assembly, and
/// what Go prints for `panic`, have no package.
pub(super) fn is_in_runtime(function: &str) -> bool {
    let packages = ["runtime.", "runtime/internal/", "internal/"];
    !function.contains('.') || packages.iter().any(|start| function.starts_with(start))
}
