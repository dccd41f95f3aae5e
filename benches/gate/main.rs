//! Compares leakgate with the least that any gate must do, inflating both profiles, and with `pprof
//! -top -diff_base`.
//!
//! It makes its own profiles, byte for byte as Go writes them, runs whole processes in turn (A, B,
//! A, B) and prints the medians as Markdown, each beside its target. Ratios are what counts:
//! milliseconds are those of one machine at one hour. Slow numbers are no failure; this is a
//! benchmark, not a test.
//!
//! | module | does |
//! |---|---|
//! | [`program`], [`names`], [`random`] | a made-up Go program, always the same |
//! | [`profile`] | its goroutines before and after |
//! | [`encode`] | writes them as Go's `runtime/pprof` does |
//! | [`pair`] | puts the files where they are wanted |
//! | [`measure`] | runs processes and says what they cost |
//! | [`contest`] | who is compared on what, and the tables |

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    reason = "all that is counted here stays far below two thousand million"
)]

mod contest;
mod encode;
mod measure;
mod names;
mod options;
mod pair;
mod profile;
mod program;
mod random;

use std::process::ExitCode;

use contest::Contest;
use options::Options;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    if arguments.is_empty() {
        say(
            "Nothing is measured without --bench, which cargo bench gives and cargo test does not.",
        );
        return ExitCode::SUCCESS;
    }
    let done = measure::play(&arguments).unwrap_or_else(|| bench(std::env::args().skip(1)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn bench(arguments: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let Some(options) = Options::parse(arguments)? else {
        say(options::HELP);
        return Ok(());
    };
    match &options.write {
        Some(directory) => contest::write(&options, directory),
        None => Contest::new(options)?.run(),
    }
}

#[expect(clippy::print_stdout, reason = "the result of the benchmark")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "why there is no result")]
fn complain(error: &anyhow::Error) {
    eprintln!("gate: {error:#}");
}
