//! `leakgate policy`: what a policy may hold.

use anyhow::Context as _;
use clap::Subcommand;

use super::{Code, output};
use crate::policy;

#[derive(Debug, Subcommand)]
pub(super) enum Policy {
    /// Print the JSON Schema of policy files, for editors and validators.
    Schema,
}

pub(super) fn run(command: &Policy) -> anyhow::Result<Code> {
    match command {
        Policy::Schema => {
            let mut text = serde_json::to_string_pretty(&policy::schema())
                .context("the schema cannot be written as JSON")?;
            text.push('\n');
            output::print(&text)?;
        }
    }
    Ok(Code::Pass)
}
