//! `leakgate completions`: for packagers, and for a shell's start-up file.

use clap::{Args, Command, CommandFactory as _};
use clap_complete::Shell;

use super::{Cli, Code, output};

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(completions: &Completions) -> anyhow::Result<Code> {
    let mut script = Vec::new();
    clap_complete::generate(
        completions.shell,
        &mut visible(),
        env!("CARGO_PKG_NAME"),
        &mut script,
    );
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(Code::Pass)
}

/// The command line without what `run` alone calls: the scripts would offer hidden commands too.
fn visible() -> Command {
    let all = Cli::command();
    let shown = all
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    Command::new(env!("CARGO_PKG_NAME"))
        .version(env!("CARGO_PKG_VERSION"))
        .subcommands(shown.cloned())
}
