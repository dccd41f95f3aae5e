//! `leakgate policy`: what a policy may hold.

use anyhow::Context as _;
use clap::Subcommand;

use super::{Code, output};
use crate::baseline;
use crate::policy;

#[derive(Debug, Subcommand)]
pub(super) enum Policy {
    /// Print the JSON Schema of policy files, for editors and validators.
    Schema {
        /// That of baseline files instead.
        #[arg(long)]
        baseline: bool,
    },
}

pub(super) fn run(command: &Policy) -> anyhow::Result<Code> {
    match command {
        Policy::Schema { baseline } => {
            let schema = if *baseline {
                baseline::schema()
            } else {
                policy::schema()
            };
            let mut text = serde_json::to_string_pretty(&schema)
                .context("the schema cannot be written as JSON")?;
            text.push('\n');
            output::print(&text)?;
        }
    }
    Ok(Code::Pass)
}
