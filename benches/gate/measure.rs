//! What a process costs: its CPU time, its wall time, and the most memory it held.
//!
//! Every run goes through a process in between, this program again, which runs one command and
//! reports what its children used: the operating system knows the peak memory of all children
//! together only.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail, ensure};
use flate2::bufread::GzDecoder;

/// First argument: run the command that follows and report its cost.
const MEASURE: &str = "--measure";

/// First argument: inflate the files that follow and do nothing else.
const INFLATE: &str = "--inflate";

/// The cost of one process, or the median of several.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Cost {
    /// User and system, in milliseconds.
    pub(crate) cpu: f64,
    /// In milliseconds.
    pub(crate) wall: f64,
    /// The most memory that was resident, in MiB.
    pub(crate) memory: f64,
}

/// A command to measure.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    program: PathBuf,
    arguments: Vec<OsString>,
    directory: PathBuf,
}

impl Subject {
    /// A program, run in `directory`.
    pub(crate) fn new(
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
        directory: &Path,
    ) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Self {
            program: program.into(),
            arguments,
            directory: directory.to_owned(),
        }
    }

    /// Inflating `files` and nothing else.
    pub(crate) fn floor(files: &[&Path], directory: &Path) -> anyhow::Result<Self> {
        let arguments = [INFLATE.into()]
            .into_iter()
            .chain(files.iter().map(Into::into));
        Ok(Self::new(
            this_program()?,
            arguments.collect::<Vec<OsString>>(),
            directory,
        ))
    }

    /// Runs it once.
    pub(crate) fn run(&self) -> anyhow::Result<Cost> {
        let output = Command::new(this_program()?)
            .arg(MEASURE)
            .arg(&self.program)
            .args(&self.arguments)
            .current_dir(&self.directory)
            .stderr(Stdio::inherit())
            .output()?;
        ensure!(output.status.success(), "{self:?} cannot be measured");
        let report = String::from_utf8(output.stdout)?;
        let numbers: Vec<f64> = report
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        match numbers[..] {
            [cpu, wall, memory] => Ok(Cost { cpu, wall, memory }),
            _ => bail!("not a report: {report:?}"),
        }
    }
}

/// Runs all subjects in turn, each so many times, and gives the medians of each. What else the
/// machine does hits all alike.
pub(crate) fn compare(subjects: &[(&Subject, usize)]) -> anyhow::Result<Vec<Cost>> {
    let mut costs = vec![Vec::new(); subjects.len()];
    let most = subjects
        .iter()
        .map(|&(_, rounds)| rounds)
        .max()
        .unwrap_or(0);
    for round in 0..most {
        for ((subject, rounds), costs) in subjects.iter().zip(&mut costs) {
            if round < *rounds {
                costs.push(subject.run()?);
            }
        }
    }
    Ok(costs.iter().map(|costs| median(costs)).collect())
}

fn median(costs: &[Cost]) -> Cost {
    let middle = |of: fn(&Cost) -> f64| {
        let mut values: Vec<f64> = costs.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        let half = values.len() / 2;
        if values.len() % 2 == 1 {
            values[half]
        } else {
            f64::midpoint(values[half - 1], values[half])
        }
    };
    Cost {
        cpu: middle(|cost| cost.cpu),
        wall: middle(|cost| cost.wall),
        memory: middle(|cost| cost.memory),
    }
}

/// Plays one of the parts above when `arguments` ask for it; `None` when this is the benchmark
/// itself.
pub(crate) fn play(arguments: &[OsString]) -> Option<anyhow::Result<()>> {
    match arguments.split_first() {
        Some((part, command)) if part == MEASURE => Some(measure(command)),
        Some((part, files)) if part == INFLATE => Some(inflate(files)),
        _ => None,
    }
}

#[expect(clippy::print_stdout, reason = "the benchmark reads it")]
fn measure(command: &[OsString]) -> anyhow::Result<()> {
    let (program, arguments) = command.split_first().context("a command is missing")?;
    let begin = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .status()
        .with_context(|| format!("{} cannot be run", program.display()))?;
    let wall = begin.elapsed();
    // leakgate ends with 1 when there is growth, and here there always is.
    ensure!(
        matches!(status.code(), Some(0 | 1)),
        "{command:?} ended with {status}"
    );
    let (cpu, memory) = used_by_children()?;
    println!("{cpu} {} {memory}", wall.as_secs_f64() * 1e3);
    Ok(())
}

/// CPU time of all children in milliseconds, and the most that one of them held, in MiB.
#[cfg(unix)]
fn used_by_children() -> anyhow::Result<(f64, f64)> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike as _;

    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cpu = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    // In KiB, but in bytes on macOS.
    let unit = f64::from(if cfg!(target_os = "macos") {
        1 << 20
    } else {
        1 << 10
    });
    Ok((cpu as f64 / 1e3, usage.max_rss() as f64 / unit))
}

#[cfg(not(unix))]
fn used_by_children() -> anyhow::Result<(f64, f64)> {
    bail!("this system does not tell what a process used")
}

/// The floor: each file into a buffer that is reserved exactly, all of them kept.
fn inflate(files: &[OsString]) -> anyhow::Result<()> {
    let mut buffers = Vec::new();
    for file in files {
        let mut gzipped = Vec::new();
        File::open(file)?.read_to_end(&mut gzipped)?;
        let size = gzipped.last_chunk().context("too short for a gzip file")?;
        let size = u32::from_le_bytes(*size) as usize;
        let mut buffer = Vec::new();
        // One byte more shows the end without growing.
        buffer.reserve_exact(size + 1);
        GzDecoder::new(&gzipped[..]).read_to_end(&mut buffer)?;
        ensure!(
            buffer.len() == size,
            "{} does not inflate to its size",
            file.display()
        );
        buffers.push(buffer);
    }
    std::hint::black_box(&buffers);
    Ok(())
}

fn this_program() -> anyhow::Result<PathBuf> {
    std::env::current_exe().context("this program cannot be found")
}
