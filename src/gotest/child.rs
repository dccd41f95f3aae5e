//! Running the command: its input and output pass through, and signals reach it.

use std::ffi::OsString;
use std::process::{Command, ExitStatus};

use anyhow::Context as _;

use super::Signals;

/// Runs a command with some variables of the environment set, or taken out, and waits for it. Gives
/// its process id, and how it ended.
///
/// # Errors
/// A command that cannot be started.
pub(super) fn run(
    command: &[OsString],
    environment: &[(&str, Option<OsString>)],
    signals: &mut Signals,
) -> anyhow::Result<(u32, ExitStatus)> {
    let (program, arguments) = command.split_first().context("no command is given")?;
    let mut child = Command::new(program);
    child.args(arguments);
    for (name, value) in environment {
        match value {
            Some(value) => child.env(name, value),
            None => child.env_remove(name),
        };
    }
    signals
        .run(&mut child)
        .with_context(|| format!("{} cannot be run", program.display()))
}
