//! The `leakgate` binary: parse, run, exit code.

use std::process::ExitCode;

use clap::Parser as _;
use leakgate::cli::{self, Cli};

fn main() -> ExitCode {
    cli::exit_on_panic();
    match cli::run(&Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            cli::complain(&error);
            cli::Code::Unusable.into()
        }
    }
}
