//! Running the command: its input and output pass through, and signals reach it.

use std::ffi::OsString;
use std::fs::File;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::Context as _;

use super::Signals;

/// Runs a command with some variables of the environment set, or taken out, and waits for it. Gives
/// its process id, and how it ended. It runs in `directory`, or in the current one. With a `log` it
/// reads nothing, and what it prints is written there.
///
/// # Errors
/// A command that cannot be started.
pub(super) fn run(
    command: &[OsString],
    environment: &[(&str, Option<OsString>)],
    directory: Option<&Path>,
    log: Option<&File>,
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
    if let Some(directory) = directory {
        child.current_dir(directory);
    }
    if let Some(log) = log {
        let copy = || -> anyhow::Result<Stdio> { Ok(log.try_clone()?.into()) };
        child.stdin(Stdio::null()).stdout(copy()?).stderr(copy()?);
    }
    signals
        .run(&mut child)
        .with_context(|| format!("{} cannot be run", program.display()))
}
