//! `leakgate run` around real Go modules, by every Go that is named.
//!
//! Needs Go: the one on the PATH, or those whose directories `LEAKGATE_TEST_GO` lists, parted as PATH is.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod builds;
mod commands;
mod packages;
mod services;
#[cfg(unix)]
mod signals;
mod support;
mod testmain;
