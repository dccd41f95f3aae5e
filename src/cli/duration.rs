//! Lengths of time as they are written on a command line.

use std::time::Duration;

use jiff::SignedDuration;

/// Input: `5s`, `500ms`, `2m`, `1m30s`
pub(super) fn parse(argument: &str) -> Result<Duration, String> {
    let parsed: Result<SignedDuration, _> = argument.parse();
    parsed
        .ok()
        .and_then(|time| Duration::try_from(time).ok())
        .ok_or_else(|| "a length of time is written like 500ms, 5s or 2m".into())
}

/// The same, without 0.
pub(super) fn parse_some(argument: &str) -> Result<Duration, String> {
    match parse(argument)? {
        Duration::ZERO => Err("0 is not enough".into()),
        time => Ok(time),
    }
}
