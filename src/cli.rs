//! The command line: its types, and the only place that wires the stages together.

mod accept;
mod capture;
mod check;
mod code;
mod completions;
mod config;
mod duration;
mod exec;
mod explain;
mod gate;
mod git;
mod init;
mod judge_files;
mod limit;
mod man;
mod output;
mod policy;
mod rendering;
mod report;
mod run;
mod service;
mod show;
mod sources;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::escape;
use crate::gotest;
use crate::verdict::Outcome;
use clap::{Args, Parser, Subcommand, value_parser};
use gate::Gate;
use service::Service;

const EXIT_CODES: &str = "\
Exit codes:
  0  pass
  1  the policy is violated
  2  wrong usage, a bad policy file, or an internal error
  3  no usable evidence: a profile is missing, cut off, or not a goroutine profile";

const RUN_EXIT_CODES: &str = "\
Exit codes:
  the command's own, when it failed; then nothing is gated unless the policy says gate-failed-tests
  0  pass
  1  the policy is violated
  2  wrong usage, a bad policy file, or an internal error
  3  no usable evidence: no test binary ran, one ended early, or this Go is not known";

const SHOW_EXIT_CODES: &str = "\
Exit codes:
  0  shown
  2  wrong usage, or an internal error
  3  a file cannot be read, or is no goroutine profile and no whole dump";

const ACCEPT_EXIT_CODES: &str = "\
Exit codes:
  0  the baseline is as it should be
  2  wrong usage, or a report or a baseline that cannot be read";

/// Catch goroutine leaks in the pull request that brings them: compares goroutine profiles taken
/// before and after, and fails when counts grow past a policy.
#[derive(Debug, Parser)]
#[command(name = "leakgate", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a command that runs go tests, capture around each test binary without a change to any
    /// code, and judge the growth.
    Run(Run),
    /// Compare profiles that were captured already, and judge the growth.
    Check(Check),
    /// Fetch the goroutine profile of a live service that imports net/http/pprof, to compare it
    /// later with `check`.
    Capture(capture::Capture),
    /// Say what the goroutines of a profile or of a text dump are, in one screen.
    Show(show::Show),
    /// Accept what leaks already, until a date: writes the baseline from JSON reports.
    #[command(after_help = ACCEPT_EXIT_CODES)]
    Accept(accept::Accept),
    /// Explain a word of a policy or of a report: what it means, why it comes up, and how to fix it.
    Explain(explain::Explain),
    /// Put the JSON reports of several runs together, such as the jobs of a build matrix, and report
    /// them as one.
    #[command(after_help = EXIT_CODES, after_long_help = EXIT_CODES)]
    Report(report::Report),
    /// Write a first policy, and the job for your CI.
    Init(init::Init),
    /// Show, check and describe policies.
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Print the completions for a shell.
    Completions(completions::Completions),
    /// Print the manual page, or write those of all commands.
    Man(man::Man),
    /// Starts a test binary for `run`.
    #[command(name = gotest::START_COMMAND, hide = true)]
    Start(exec::Start),
}

/// What `check` takes.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES, after_long_help = EXIT_CODES)]
struct Check {
    /// BEFORE and AFTER: two profiles, or two directories with files of the same names, or what
    /// `run --keep` left of a base build and of a head build. Or one directory, of `run --keep` or
    /// one that holds pairs such as `shop/before.pb.gz` and `shop/after.pb.gz`. Of several AFTER
    /// files, oldest first, the last is judged. A file may also be a text dump: `debug=2`, a crash,
    /// or the log of a test that timed out.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Go's own leak profile (`goroutineleak`), taken together with AFTER: findings that it holds
    /// are marked as proven. In a directory of pairs, a `proven.pb.gz` beside a pair is read by
    /// itself.
    #[arg(long, value_name = "FILE")]
    proven: Option<PathBuf>,

    #[command(flatten)]
    gate: Gate,
}

/// What `run` takes.
#[derive(Debug, Args)]
#[command(after_help = RUN_EXIT_CODES, after_long_help = RUN_EXIT_CODES)]
struct Run {
    /// The command and its arguments: `go test ./...`, or anything that runs go tests, such as
    /// `make test`. All from its first word on is the command's; `--` may stand before it.
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    command: Vec<OsString>,

    /// How long each test binary may wait for goroutines to end once its tests are over, as in
    /// 500ms, 3s or 1m. The wait ends as soon as none is left that was not there before and is not accepted.
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = duration::parse)]
    settle: Duration,

    /// Do not note by which calls goroutines were started. This leaves GODEBUG's tracebackancestors
    /// alone; findings then show no cause.
    #[arg(long)]
    no_origin: bool,

    /// Count only what the tests leave more than at REV: where there are findings, the command runs
    /// once more at the commit that this branch and REV have in common, with the packages that have
    /// findings only. REV is a branch, a tag or a commit, as in origin/main.
    #[arg(long, value_name = "REV")]
    base: Option<String>,

    /// Where there are findings, run their tests again, and only these: N times in one process, and
    /// alone in N processes. Each finding then says whether it grows with every run, comes once per
    /// process, comes and goes, or was not seen again. What counts is decided by the policy alone.
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(2..=100))]
    confirm: Option<u32>,

    /// Begin no run for `--confirm` after this time, and end the one that goes on.
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = duration::parse_some, requires = "confirm")]
    confirm_time: Duration,

    /// Plant one leak into the first package with tests, and see whether it is found: with this
    /// command, this Go, these flags and this policy. No file of yours is changed.
    #[arg(long, conflicts_with_all = ["base", "confirm", "keep", "urls"])]
    self_test: bool,

    /// Capture a live service around the command too, once it has settled: before, and after, for
    /// at most `--settle`. Repeatable, for the instances of one service.
    #[arg(long = "url", value_name = "URL")]
    urls: Vec<String>,

    #[command(flatten)]
    service: Service,

    /// Keep the profiles in this directory, which must be empty or not exist: for `leakgate check`,
    /// for `go tool pprof`, or as an artifact. With `--base`, in the folders `head` and `base` of it.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,

    #[command(flatten)]
    gate: Gate,
}

/// How the process ends. "It leaks" and "it could not be checked" are never the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The policy holds.
    Pass = 0,
    /// The policy is violated.
    Violated = 1,
    /// Wrong usage, a bad policy, or an internal error.
    Unusable = 2,
    /// No usable evidence.
    NoEvidence = 3,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        ExitCode::from(code as u8)
    }
}

impl From<Outcome> for Code {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Pass => Code::Pass,
            Outcome::Fail => Code::Violated,
            Outcome::NoEvidence => Code::NoEvidence,
        }
    }
}

/// Runs what was asked for.
///
/// # Errors
/// Whatever keeps leakgate from judging at all; missing evidence is no error but a [`Code`].
pub fn run(cli: &Cli) -> anyhow::Result<ExitCode> {
    match &cli.command {
        Command::Check(check) => check::run(check),
        Command::Run(run) => run::run(run),
        Command::Capture(capture) => Ok(capture::run(capture)?.into()),
        Command::Show(show) => Ok(show::run(show)?.into()),
        Command::Accept(accept) => Ok(accept::run(accept)?.into()),
        Command::Explain(explain) => Ok(explain::run(explain)?.into()),
        Command::Report(report) => Ok(report::run(report)?.into()),
        Command::Init(init) => Ok(init::run(init)?.into()),
        Command::Policy(policy) => Ok(policy::run(policy)?.into()),
        Command::Completions(completions) => Ok(completions::run(completions)?.into()),
        Command::Man(man) => Ok(man::run(man)?.into()),
        Command::Start(start) => exec::run(start),
    }
}

/// Goes on as the go command, when `leakgate run` has put this program in its place.
///
/// # Errors
/// A go command that is missing or cannot be started.
pub fn stand_in_for_go() -> Option<anyhow::Result<ExitCode>> {
    match gotest::called_as_go() {
        Ok(None) => None,
        Ok(Some(go)) => Some(exec::run_go(&go)),
        Err(error) => Some(Err(error)),
    }
}

/// Makes an internal error end with [`Code::Unusable`] too: a crash must not look like a verdict.
pub fn exit_on_panic() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        complain(&anyhow::anyhow!(
            "this is a bug in leakgate: please report it with the message above"
        ));
        #[expect(
            clippy::exit,
            reason = "other threads may be at work, and nothing they find would be whole"
        )]
        std::process::exit(Code::Unusable as i32);
    }));
}

/// Prints a line on standard error, where it can: an error that nobody can hear of must not become
/// another one.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Prints an error and what it was in, in one line for each cause.
pub fn complain(error: &anyhow::Error) {
    for (depth, cause) in error.chain().enumerate() {
        let prefix = if depth == 0 {
            "leakgate: "
        } else {
            "  because "
        };
        for (index, line) in cause.to_string().lines().enumerate() {
            // A file name or a line of a policy may hold anything; tabs stay for the caret's sake.
            let line = line
                .split('\t')
                .map(escape::terminal)
                .collect::<Vec<_>>()
                .join("\t");
            say(&format!("{}{line}", if index == 0 { prefix } else { "" }));
        }
    }
}
