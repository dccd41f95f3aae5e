//! leakgate as users run it: the binary, mostly on profiles that real Go programs wrote.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bad_input;
mod baseline;
mod capture;
mod directories;
mod dumps;
mod explain;
mod init;
mod leaks;
mod ledger;
mod made;
mod matching;
mod merging;
mod packaging;
mod platforms;
mod policies;
mod policy_check;
mod policy_test;
mod reports;
mod schema;
mod server;
mod show;
mod support;
