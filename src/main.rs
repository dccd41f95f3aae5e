//! The `leakgate` binary: parse, run, exit code.

use std::process::ExitCode;

use clap::Parser as _;
use leakgate::cli::{self, Cli};

fn main() -> ExitCode {
    cli::exit_on_panic();
    let done = cli::stand_in_for_go().unwrap_or_else(|| cli::run(&Cli::parse()));
    match done {
        Ok(code) => code,
        Err(error) => {
            cli::complain(&error);
            cli::Code::Unusable.into()
        }
    }
}
