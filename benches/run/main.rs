//! What `leakgate run` costs around packages whose tests are trivial, against plain `go test`.
//!
//! Needs Go on the PATH. It writes modules of its own, warms the build cache for both, runs them in
//! turn (A, B, A, B) and prints medians as Markdown. Milliseconds are those of one machine at one
//! hour; the difference is what counts.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context as _, ensure};

/// Rounds of each comparison.
const ROUNDS: usize = 25;

/// Packages of each module.
const PACKAGES: [usize; 2] = [1, 10];

/// How much more a package may take, in milliseconds.
const TARGET: f64 = 30.0;

fn main() -> ExitCode {
    if std::env::args().nth(1).is_none() {
        say(
            "Nothing is measured without --bench, which cargo bench gives and cargo test does not.",
        );
        return ExitCode::SUCCESS;
    }
    match bench() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn bench() -> anyhow::Result<()> {
    say(
        "| packages | `go test` ms | `leakgate run -- go test` ms | more, ms a package | target |\n|---|---|---|---|---|",
    );
    for packages in PACKAGES {
        let folder = tempfile::tempdir()?;
        write_module(folder.path(), packages)?;
        // A result from the cache would not run at all, and leakgate never takes one.
        let plain = ["go", "test", "-count=1", "./..."];
        let gated = [
            [env!("CARGO_BIN_EXE_leakgate"), "run", "--"].as_slice(),
            plain.as_slice(),
        ]
        .concat();
        let mut times = [Vec::new(), Vec::new()];
        for round in 0..=ROUNDS {
            for (command, times) in [plain.as_slice(), &gated].into_iter().zip(&mut times) {
                let took = run(command, folder.path())?;
                // The first round fills the build cache.
                if round > 0 {
                    times.push(took);
                }
            }
        }
        let [plain, gated] = times.map(median);
        let more = (gated - plain) / f64::from(u32::try_from(packages)?);
        say(&format!(
            "| {packages} | {plain:.0} | {gated:.0} | **{more:.1}** | <= {TARGET} |"
        ));
    }
    Ok(())
}

/// Packages with three tests each that take no time.
fn write_module(folder: &Path, packages: usize) -> anyhow::Result<()> {
    fs::write(
        folder.join("go.mod"),
        "module example.com/trivial\n\ngo 1.21\n",
    )?;
    for package in 0..packages {
        let directory = folder.join(format!("p{package}"));
        fs::create_dir(&directory)?;
        let tests = "func TestOne(t *testing.T) {}\nfunc TestTwo(t *testing.T) {}\nfunc TestThree(t *testing.T) {}\n";
        let text = format!("package p{package}\n\nimport \"testing\"\n\n{tests}");
        fs::write(directory.join("trivial_test.go"), text)?;
    }
    Ok(())
}

/// Wall time in milliseconds.
fn run(command: &[&str], directory: &Path) -> anyhow::Result<f64> {
    let (program, arguments) = command.split_first().context("no command")?;
    let begin = Instant::now();
    let output = Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{program} cannot be run"))?;
    let took = begin.elapsed();
    ensure!(
        output.status.success(),
        "{command:?} failed: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(took.as_secs_f64() * 1e3)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

#[expect(clippy::print_stdout, reason = "the result of the benchmark")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "why there is no result")]
fn complain(error: &anyhow::Error) {
    eprintln!("run: {error:#}");
}
