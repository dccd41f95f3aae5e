//! Running go tests once more, without showing what they print.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::Path;

use crate::cli::service;
use crate::evidence::Evidence;
use crate::files::read_regular;
use crate::gotest::{self, Accepted, Collected, Options, Prepared, Signals};

/// What the command prints goes there, beside the profiles.
const LOG: &str = "output.log";

/// A signal has ended the command, and so it ends leakgate, with what a shell would report.
#[derive(Debug, thiserror::Error)]
#[error("leakgate was interrupted while tests ran again")]
pub(super) struct Interrupted(pub(super) u8);

/// Runs a command and gives what its test binaries left in `profiles`. It does not see the variables
/// in `without`.
///
/// # Errors
/// A command that cannot capture, or cannot be started; [`Interrupted`].
pub(super) fn capture(
    command: &[OsString],
    (options, without): (Options, &[&'static str]),
    accepted: &Accepted,
    profiles: &Path,
    signals: &mut Signals,
) -> anyhow::Result<Collected> {
    fs::create_dir_all(profiles)?;
    let log = File::create(profiles.join(LOG))?;
    let prepared = Prepared::new(command, profiles, options, accepted, signals)?;
    let mut prepared = prepared.without(service::TOKEN);
    for variable in without {
        prepared = prepared.without(variable);
    }
    prepared.run(command, Some(&log), profiles, signals)?;
    if let Some(code) = signals.interrupted() {
        return Err(Interrupted(code).into());
    }
    Ok(gotest::collect(profiles)?)
}

/// The end of what the command printed.
pub(super) fn last_lines(profiles: &Path) -> String {
    let text = read_regular(&profiles.join(LOG), 64 << 20).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(5)..].join(" / ")
}

/// Adds a remark about the command.
pub(super) fn note(evidence: &mut Evidence, text: String) {
    if let Some(command) = &mut evidence.command {
        command.notes.push(text);
    }
}
