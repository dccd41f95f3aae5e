//! `leakgate man`: manual pages, out of the command line's own help.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, CommandFactory as _};

use super::{Cli, Code, output};

#[derive(Debug, Args)]
pub(super) struct Man {
    /// Write the pages of all commands into this directory, as leakgate.1, leakgate-run.1 and so
    /// on; it is made where it is missing. Without this, leakgate.1 is printed.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(man: &Man) -> anyhow::Result<Code> {
    // A page for the command that prints help would hold nothing.
    let command = Cli::command().disable_help_subcommand(true);
    if let Some(directory) = &man.out {
        std::fs::create_dir_all(directory)
            .and_then(|()| clap_mangen::generate_to(command, directory))
            .with_context(|| format!("{}: no pages can be written there", directory.display()))?;
    } else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command)
            .render(&mut page)
            .context("the page cannot be made")?;
        output::print(&String::from_utf8_lossy(&page))?;
    }
    Ok(Code::Pass)
}
