//! The largest file that is read, the same for every command.

use clap::Args;

use crate::input::DEFAULT_LIMIT;

/// How much is read of one file.
#[derive(Debug, Args)]
pub(super) struct Limit {
    /// Refuse files larger than this many MiB once inflated.
    #[arg(long, value_name = "MIB", default_value_t = DEFAULT_LIMIT >> 20, value_parser = clap::value_parser!(u64).range(1..=4095))]
    max_inflated: u64,
}

impl Limit {
    /// In bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.max_inflated << 20
    }
}
