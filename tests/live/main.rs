//! `leakgate run` around real Go modules, by every Go that is named.
//!
//! Needs Go: the one on the PATH, or those whose directories `LEAKGATE_TEST_GO` lists, parted as PATH is.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod again;
mod builds;
mod commands;
mod endings;
mod frameworks;
mod packages;
#[cfg(unix)]
mod path;
mod services;
#[cfg(unix)]
mod signals;
mod support;
mod testmain;
