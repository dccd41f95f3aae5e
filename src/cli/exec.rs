//! Becoming another program: a test binary that the go command starts through leakgate, or the go
//! command itself; see [`crate::gotest`].

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use anyhow::Context as _;
use clap::Args;

use crate::gotest::{self, Go, Variables};

/// A program and its arguments.
#[derive(Debug, Args)]
pub(super) struct Start {
    #[arg(required = true, last = true)]
    command: Vec<OsString>,
}

/// Notes the start, and becomes the program.
pub(super) fn run(start: &Start) -> anyhow::Result<ExitCode> {
    let (program, arguments) = start.command.split_first().context("no program is given")?;
    let mut command = Command::new(program);
    command.args(arguments);
    set(&mut command, gotest::note_start(program, arguments));
    become_it(&mut command).with_context(|| format!("{} cannot be run", program.display()))
}

/// Becomes the go command.
pub(super) fn run_go(go: &Go) -> anyhow::Result<ExitCode> {
    let mut command = Command::new(&go.program);
    command.args(&go.arguments);
    set(&mut command, go.variables.clone());
    become_it(&mut command).with_context(|| format!("{} cannot be run", go.program.display()))
}

fn set(command: &mut Command, variables: Variables) {
    for (name, value) in variables {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
}

/// The same process goes on as the program, so that signals and its end are its own.
#[cfg(unix)]
fn become_it(command: &mut Command) -> std::io::Result<ExitCode> {
    Err(std::os::unix::process::CommandExt::exec(command))
}

/// Where a process cannot become another, `run` does not ask for this.
#[cfg(not(unix))]
fn become_it(command: &mut Command) -> std::io::Result<ExitCode> {
    let code = command.status()?.code();
    Ok(ExitCode::from(
        code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1),
    ))
}
