//! The flag by which the go command starts every test binary through leakgate.

use std::fs;

/// The hidden command that starts a test binary.
pub const COMMAND: &str = "start-test-binary";

/// The flag for GOFLAGS; `None` when the path of leakgate cannot be written there, or no process
/// can become another.
pub(super) fn flag() -> Option<String> {
    let leakgate = std::env::current_exe().ok().filter(|_| cfg!(unix))?;
    let leakgate = fs::canonicalize(leakgate).ok()?;
    let path = leakgate.to_str()?;
    // It is split like GOFLAGS once more, inside the quotes that it gets there.
    if path.contains(['\'', '"']) {
        return None;
    }
    Some(format!("-exec='{path}' {COMMAND} --"))
}
