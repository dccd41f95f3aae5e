//! How a live service is asked for profiles: the flags that `capture` and `run --url` share.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::duration;
use crate::capture::{Headers, Options, Trust};

/// Holds a bearer token.
pub(super) const TOKEN: &str = "LEAKGATE_BEARER_TOKEN";

/// How to reach a service.
#[derive(Debug, Args)]
pub(super) struct Service {
    /// Send the headers in this file, one `Name: value` in a line. They go to no other host.
    #[arg(long, value_name = "FILE")]
    headers_file: Option<PathBuf>,

    /// Send the bearer token in this file, or else the one in the environment variable
    /// `LEAKGATE_BEARER_TOKEN`, which is not passed on to a command.
    #[arg(long, value_name = "FILE")]
    bearer_token_file: Option<PathBuf>,

    /// Trust only the CA certificates in this PEM file. Default: the system's.
    #[arg(long, value_name = "FILE")]
    cacert: Option<PathBuf>,

    /// Give up when there is no connection after this time.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration::parse_some)]
    connect_timeout: Duration,

    /// Give up when a profile is not there after this time, redirects included. A service under
    /// load may need some seconds.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration::parse_some)]
    timeout: Duration,
}

impl Service {
    /// `limit` is the size in bytes beyond which a profile is refused.
    pub(super) fn options(&self, limit: u64) -> anyhow::Result<Options> {
        let mut headers = match &self.headers_file {
            Some(path) => Headers::read(path)?,
            None => Headers::default(),
        };
        match (&self.bearer_token_file, std::env::var_os(TOKEN)) {
            (Some(path), _) => headers.read_bearer(path)?,
            // A secret that a CI does not hand out is an empty variable.
            (None, Some(token)) if !token.is_empty() => {
                headers.add_bearer(&token.to_string_lossy(), TOKEN)?;
            }
            _ => {}
        }
        Ok(Options {
            headers,
            trust: match &self.cacert {
                Some(path) => Trust::read(path)?,
                None => Trust::default(),
            },
            connect_timeout: self.connect_timeout,
            timeout: self.timeout,
            limit,
        })
    }
}
