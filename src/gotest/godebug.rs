//! GODEBUG: what leakgate asks of the runtime of a test binary, beside what the user does.
//!
//! The runtime reads these settings when a process starts. The shim then puts back what the user
//! has, so that neither the tests nor what they start see any other.

use std::ffi::OsString;

use super::{Capturing, Variables};

pub(super) const NAME: &str = "GODEBUG";

/// GODEBUG as the user has it, while leakgate's is in its place.
const OF_USER: &str = "LEAKGATE_GODEBUG";

/// Deep stacks, so that they keep their root, and no labels in tracebacks, which Go 1.27 would show
/// the tests. What Go 1.27.3 has read of the latter stays off when the shim puts GODEBUG back: it
/// resets such a setting to 0, whatever its default is.
const ALWAYS: [&str; 2] = ["profstackdepth=1024", "tracebacklabels=0"];

/// The calls by which each goroutine was started, up to ten goroutines back.
const ANCESTORS: &str = "tracebackancestors=10";

/// For the go command and all that it starts, where GODEBUG would be this.
pub(super) fn variables(is: Option<String>) -> Variables {
    with(&of_user_in(is), &ALWAYS)
}

/// For a test binary that is started with these arguments.
pub(super) fn of_test_binary(arguments: &[OsString]) -> Variables {
    // A benchmark measures what its go statements cost.
    let is_benchmark = |argument: &OsString| {
        let argument = argument.to_string_lossy();
        argument.starts_with("-test.bench=") && argument != "-test.bench="
    };
    let [depth, labels] = ALWAYS;
    if std::env::var_os(Capturing::ORIGIN).is_some() && !arguments.iter().any(is_benchmark) {
        with(&of_user(), &[depth, labels, ANCESTORS])
    } else {
        with(&of_user(), &ALWAYS)
    }
}

/// Whether this value is one that leakgate sets where the user has `of_user`.
pub(super) fn is_ours(value: &str, of_user: &str) -> bool {
    value == merged(of_user, &ALWAYS)
}

fn of_user() -> String {
    of_user_in(std::env::var(NAME).ok())
}

fn of_user_in(is: Option<String>) -> String {
    let is = is.unwrap_or_default();
    // A script may have changed it since.
    match std::env::var(OF_USER) {
        Ok(of_user) if is_ours(&is, &of_user) => of_user,
        _ => is,
    }
}

fn with(of_user: &str, settings: &[&str]) -> Variables {
    vec![
        (NAME, Some(merged(of_user, settings).into())),
        (OF_USER, Some(of_user.into())),
    ]
}

/// What the user says of a setting stays.
///
/// Input: `http2client=0,profstackdepth=64`
/// Output: `http2client=0,profstackdepth=64,tracebacklabels=0`
fn merged(of_user: &str, settings: &[&str]) -> String {
    let mut merged: Vec<&str> = Some(of_user)
        .into_iter()
        .filter(|set| !set.is_empty())
        .collect();
    for setting in settings {
        let (name, _) = setting.split_once('=').unwrap_or((setting, ""));
        let mut given = of_user.split(',').filter_map(|set| set.split_once('='));
        if !given.any(|(given, _)| given == name) {
            merged.push(setting);
        }
    }
    merged.join(",")
}
