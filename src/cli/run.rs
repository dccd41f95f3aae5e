//! `leakgate run`: captures around a command, then judges.

mod services;

use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus};

use anyhow::{Context as _, bail};

use super::gate::Gate;
use super::output::Destination;
use super::{Code, Run, complain, service};
use crate::gotest::{Prepared, Quiet, Ran, Signals, UnknownGo};
use crate::policy::{BUILTIN_ALLOWS, Bound, Policy};
use crate::verdict::{CommandRun, Verdict};
use services::Services;

pub(super) fn run(run: &Run) -> anyhow::Result<ExitCode> {
    run.gate.check_reports()?;
    let policy = run.gate.policy()?;
    let services = Services::new(run)?;
    let mut signals = Signals::watch().context("signals cannot be watched")?;
    let capture = Capture::new(run, &signals)?;
    let quiet = quiet(&policy, &run.gate);
    let prepared = match Prepared::new(&run.command, &capture.path, run.settle, &quiet) {
        // A service may be driven by anything; what keeps go tests from being captured is told.
        Err(error) if !run.urls.is_empty() => {
            complain(&error.context("go tests in the command are not captured"));
            Prepared::nothing()
        }
        Err(error) if error.is::<UnknownGo>() => {
            complain(&error);
            return Ok(Code::NoEvidence.into());
        }
        prepared => prepared?,
    };
    if let Err(error) = services.before(&capture.path) {
        complain(&error.context("the command was not run: there would be nothing to compare with"));
        return Ok(Code::NoEvidence.into());
    }
    let mut ran =
        prepared
            .without(service::TOKEN)
            .run(&run.command, &capture.path, &mut signals)?;
    let status = ran.status;
    services.after(run.settle, &capture.path, &mut ran.collected.found);
    let verdict = judge(run, &policy, ran);
    let code = run.gate.report_to(&verdict, Destination::Error)?;
    Ok(if status.success() {
        code.into()
    } else {
        failure(status)
    })
}

/// Where test binaries write to: a directory that goes with leakgate, or one that is kept.
struct Capture {
    path: PathBuf,
    /// Removes the directory once it is dropped.
    _temporary: Option<tempfile::TempDir>,
}

impl Capture {
    fn new(run: &Run, signals: &Signals) -> anyhow::Result<Self> {
        let Some(keep) = &run.keep else {
            let temporary = signals.temporary_directory("leakgate-");
            let temporary = temporary.context("no temporary directory can be made")?;
            return Ok(Self {
                path: temporary.path().to_owned(),
                _temporary: Some(temporary),
            });
        };
        let error = || format!("{} cannot be used to keep profiles in", keep.display());
        std::fs::create_dir_all(keep).with_context(error)?;
        if std::fs::read_dir(keep)
            .with_context(error)?
            .next()
            .is_some()
        {
            bail!(
                "{} is not empty: what an earlier run left there would be judged once more",
                keep.display()
            );
        }
        Ok(Self {
            path: std::path::absolute(keep).with_context(error)?,
            _temporary: None,
        })
    }
}

/// What is accepted anyway and can be told by functions alone: no test binary waits for it to end.
fn quiet(policy: &Policy, gate: &Gate) -> Vec<Quiet> {
    let owned = |patterns: &[&str]| patterns.iter().map(ToString::to_string).collect();
    let builtin = BUILTIN_ALLOWS.iter().filter(|_| policy.builtin_allow);
    let builtin = builtin.map(|entry| Quiet {
        max: match entry.bound {
            Bound::Count(count) => count,
            // Whether there are too many of these is for the judge to say.
            Bound::Unbounded | Bound::AsMany(_) => i64::from(u16::MAX),
        },
        root: owned(entry.root),
        any: owned(entry.any),
        without: owned(entry.without),
    });
    let today = gate.today();
    let own = policy.allows.iter().filter(|allow| {
        let matcher = &allow.matcher;
        let by_functions =
            matcher.root.is_some() || matcher.home.is_some() || matcher.any.is_some();
        by_functions && !matcher.asks_for_labels() && allow.expires >= today
    });
    let own = own.map(|allow| {
        let texts = |patterns: [&Option<_>; 2]| {
            patterns
                .into_iter()
                .flatten()
                .map(ToString::to_string)
                .collect()
        };
        Quiet {
            max: allow.max,
            root: texts([&allow.matcher.root, &None]),
            any: texts([&allow.matcher.home, &allow.matcher.any]),
            without: Vec::new(),
        }
    });
    own.chain(builtin).collect()
}

fn judge(run: &Run, policy: &Policy, ran: Ran) -> Verdict {
    let Ran {
        status,
        mut collected,
        packages_without_tests,
    } = ran;
    let found = &mut collected.found;
    if found.suites.is_empty() && found.incomplete.is_empty() && status.success() {
        let command: Vec<_> = run
            .command
            .iter()
            .map(|word| word.to_string_lossy())
            .collect();
        let why = if !collected.without_tests.is_empty() {
            "no test ran in it, so nothing was checked: does -run match any?"
        } else if !packages_without_tests.is_empty() {
            "none of its packages has a test, so nothing was checked"
        } else {
            "no go test ran under leakgate in it, so nothing was checked: does it run `go test`, with the go command of the \
             PATH, and without a -overlay or GOFLAGS of its own?"
        };
        found.incomplete.push((command.join(" "), why.into()));
    }
    let mut verdict = run.gate.judge(policy, collected.found);
    verdict.command = Some(CommandRun {
        failed: (!status.success()).then(|| how_it_failed(status)),
        gated: status.success() || policy.gate_failed_tests,
        without_tests: (packages_without_tests.len() + collected.without_tests.len()) as u64,
        children: collected.children,
    });
    verdict
}

fn how_it_failed(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("the command ended with exit code {code}"),
        None => format!("the command was ended by a signal ({status})"),
    }
}

/// The command's own exit code, or 128 and the number of the signal that ended it, as shells have it.
fn failure(status: ExitStatus) -> ExitCode {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal: Option<i32> = None;
    let code = status.code().or(signal.map(|signal| 128 + signal));
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
