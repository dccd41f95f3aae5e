//! `--self-test`: whether a leak would be found here, with this Go, these flags and this command.

use std::process::{Command, ExitCode, Stdio};

use anyhow::Context as _;
use serde_json::Value;

use crate::cli::accept::LARGEST_REPORT;
use crate::cli::{Code, Run, say};
use crate::files::read_regular;
use crate::go_names::PLANTED_TEST;
use crate::gotest::{Planted, Signals};

/// Runs leakgate as it was asked to, with one leak more.
///
/// # Errors
/// Whatever keeps the leak from being planted, or leakgate from running.
pub(super) fn run(run: &Run, signals: &Signals) -> anyhow::Result<ExitCode> {
    let folder = signals.temporary_folder("leakgate-self-test-")?;
    let planted = Planted::new(&run.command, folder.path())?;
    let report = folder.path().join("report.json");
    let program = std::env::current_exe().context("leakgate cannot find its own file")?;
    let arguments = std::env::args_os().skip(1);
    let arguments = arguments.take_while(|argument| argument != "--self-test");
    let more = std::env::args_os()
        .skip(1)
        .skip_while(|argument| argument != "--self-test");
    let mut again = Command::new(program);
    again
        .args(arguments)
        .arg(format!("--report=json={}", report.display()))
        .args(more.skip(1))
        .env("GOFLAGS", &planted.goflags)
        // A leak that nobody has is no annotation.
        .env_remove("GITHUB_ACTIONS")
        .stdin(Stdio::null());
    let status = again.status().context("leakgate cannot be started")?;
    let package = &planted.package;
    let text = read_regular(&report, LARGEST_REPORT);
    let report: Option<Value> = text
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok());
    let Some(report) = report else {
        say(&format!(
            "leakgate: self-test failed: leakgate wrote no report ({status})"
        ));
        return Ok(Code::NoEvidence.into());
    };
    let findings = report["findings"].as_array().into_iter().flatten();
    let mut found = findings.filter(|finding| finding["tests"][PLANTED_TEST].is_u64());
    Ok(match found.next() {
        Some(finding) if finding["disposition"] == "open" => {
            say(&format!(
                "leakgate: self-test passed: the leak planted into {package} was found, with its test"
            ));
            Code::Pass.into()
        }
        Some(finding) => {
            let reason = finding["reason"].as_str().unwrap_or_default();
            say(&format!(
                "leakgate: self-test failed: the leak planted into {package} was found, and is accepted: {reason}"
            ));
            Code::Violated.into()
        }
        None => {
            say(&format!(
                "leakgate: self-test failed: the leak planted into {package} was not found. Does the command test this package, \
                 and does -run leave its test out?"
            ));
            Code::NoEvidence.into()
        }
    })
}
