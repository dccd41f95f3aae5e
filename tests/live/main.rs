//! `leakgate run` on real Go modules.
//!
//! Needs Go: the one on the PATH, or all those whose `bin` directories are in `LEAKGATE_TEST_GO`,
//! separated as in PATH.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod again;
mod base;
mod baseline;
mod builds;
mod causes;
mod commands;
mod confirm;
mod endings;
mod frameworks;
mod merging;
mod packages;
#[cfg(unix)]
mod path;
mod self_test;
mod services;
#[cfg(unix)]
mod signals;
mod support;
mod testmain;
