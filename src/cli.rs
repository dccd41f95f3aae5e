//! The command line: its types, and the only place that wires the stages together.

mod capture;
mod check;
mod config;
mod duration;
mod output;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;

use crate::report::escape;
use crate::verdict::{FailOn, Outcome};
pub use output::Report;

const EXIT_CODES: &str = "\
Exit codes:
  0  pass
  1  the policy is violated
  2  wrong usage, a bad policy file, or an internal error
  3  no usable evidence: a profile is missing, cut off, or not a goroutine profile";

/// Catch goroutine leaks in the pull request that brings them: compares goroutine profiles taken before and after, and
/// fails when counts grow past a policy.
#[derive(Debug, Parser)]
#[command(name = "leakgate", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compare profiles that were captured already, and judge the growth.
    Check(Check),
    /// Fetch the goroutine profile of a live service that imports net/http/pprof, for `check` to compare.
    Capture(capture::Capture),
}

/// What `check` takes.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES, after_long_help = EXIT_CODES)]
struct Check {
    /// BEFORE and AFTER: two profiles, or two directories with files of the same names. Or one directory that holds
    /// pairs such as `shop/before.pb.gz` and `shop/after.pb.gz`. Of several AFTER files, oldest first, the last is judged.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Go's own leak profile (`goroutineleak`), taken together with AFTER: findings that it holds are marked as
    /// proven. In a directory of pairs, a `proven.pb.gz` beside a pair is read by itself.
    #[arg(long, value_name = "FILE")]
    proven: Option<PathBuf>,

    /// The policy file. Without this, the nearest leakgate.yml, .leakgate.yml or .github/leakgate.yml from here upward to
    /// the root of the repository; without one, no stack may grow.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Write a report, `text` or `json`; repeatable. Without a path it goes to standard output instead of the text.
    #[arg(long = "report", value_name = "FORMAT[=PATH]", value_parser = Report::parse)]
    reports: Vec<Report>,

    /// What counts as a violation for the exit code.
    #[arg(long, value_name = "SEVERITY", value_enum, default_value_t = FailOnArg::Error)]
    fail_on: FailOnArg,

    /// How reports name the suite, when two files are compared. Otherwise the path of the last AFTER.
    #[arg(long, value_name = "NAME")]
    suite: Option<String>,

    /// Judge as on this day (UTC), as in 2027-03-31: exceptions expire by it. Otherwise today.
    #[arg(long, value_name = "DATE")]
    now: Option<Date>,

    /// Refuse profiles larger than this many MiB once inflated.
    #[arg(long, value_name = "MIB", default_value_t = 512, value_parser = clap::value_parser!(u64).range(1..=4095))]
    max_inflated: u64,

    /// Print the closing line only.
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,

    /// Print the whole stacks of findings, moved stacks frame by frame, and every exception that matched.
    #[arg(short, long)]
    verbose: bool,

    /// When to colour the text.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorArg::Auto)]
    color: ColorArg,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FailOnArg {
    /// Violations of severity error.
    Error,
    /// Those of severity warning too.
    Warning,
    /// None: the report is still written, and missing evidence is still an error.
    Never,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ColorArg {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl From<FailOnArg> for FailOn {
    fn from(argument: FailOnArg) -> Self {
        match argument {
            FailOnArg::Error => FailOn::Error,
            FailOnArg::Warning => FailOn::Warning,
            FailOnArg::Never => FailOn::Never,
        }
    }
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
pub fn run(cli: &Cli) -> anyhow::Result<Code> {
    match &cli.command {
        Command::Check(check) => check::run(check),
        Command::Capture(capture) => capture::run(capture),
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

/// Prints an error and what it was in, in one line for each cause.
#[expect(
    clippy::print_stderr,
    reason = "the one place where errors reach the user"
)]
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
            eprintln!("{}{line}", if index == 0 { prefix } else { "" });
        }
    }
}
