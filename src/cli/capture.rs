//! `leakgate capture`: from live services to files.

mod places;

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use clap::Args;

use super::service::Service;
use super::{Code, complain, duration};
use crate::capture::{self, Address, CaptureError, Captured, SHORTEST_PAUSE, Series, Source};
use crate::plural::plural;
use places::{Names, Place};

const EXIT_CODES: &str = "\
Exit codes:
  0  every profile was captured
  2  wrong usage, a file that cannot be written, or an internal error
  3  no usable evidence: a service cannot be reached, or did not answer with a goroutine profile";

/// What `capture` takes.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES, after_long_help = EXIT_CODES)]
pub(super) struct Capture {
    /// A service that imports net/http/pprof, such as `http://127.0.0.1:6060`;
    /// `/debug/pprof/goroutine` is added unless `/debug/pprof/` is in it. Several are instances of
    /// one service, and are captured at the same time.
    #[arg(required = true, value_name = "URL")]
    urls: Vec<String>,

    /// Where to write the profile, `-` for standard output; goroutine.pb.gz when not given. In a
    /// directory, and for several URLs it has to be one, files are named by host and port, so that
    /// `check` pairs two directories.
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,

    /// Capture until two captures in a row, at least 250ms apart, hold the same number of
    /// goroutines. After this time no more are begun, and the last is kept. 0s captures once.
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_settle)]
    settle: Duration,

    /// Capture again and again, this far apart, into NAME-0001.pb.gz and so on. Needs --for.
    #[arg(long, value_name = "TIME", requires = "lasting", conflicts_with = "settle", value_parser = duration::parse_some)]
    every: Option<Duration>,

    /// For how long to capture again and again.
    #[arg(long = "for", id = "lasting", value_name = "TIME", requires = "every", value_parser = duration::parse)]
    lasting: Option<Duration>,

    #[command(flatten)]
    service: Service,

    /// Refuse profiles larger than this many MiB, as they came or inflated.
    #[arg(long, value_name = "MIB", default_value_t = 512, value_parser = clap::value_parser!(u64).range(1..=4095))]
    max_size: u64,
}

fn parse_settle(argument: &str) -> Result<Duration, String> {
    let time = duration::parse(argument)?;
    if time.is_zero() || time >= SHORTEST_PAUSE {
        Ok(time)
    } else {
        Err("captures are at least 250ms apart: give more time, or 0s".into())
    }
}

pub(super) fn run(capture: &Capture) -> anyhow::Result<Code> {
    let options = capture.service.options(capture.max_size << 20)?;
    let mut sources = Vec::new();
    for url in &capture.urls {
        sources.push(Source::new(Address::parse(url)?, options.clone())?);
    }
    let output = capture.output.as_deref();
    if let (Some(every), Some(lasting)) = (capture.every, capture.lasting) {
        let [source] = &sources[..] else {
            bail!("--every captures one instance: start one capture for each URL");
        };
        let series = Series::new(every, lasting);
        let names = places::of_series(output, source.address(), series.total())?;
        return self::series(source, series, &names);
    }
    let addresses: Vec<&Address> = sources.iter().map(Source::address).collect();
    let places = places::of_instances(output, &addresses)?;
    let mut code = Code::Pass;
    for (place, captured) in places.iter().zip(capture_all(&sources, capture.settle)) {
        match captured {
            Ok((captured, note)) => keep(place, &captured, &note)?,
            Err(error) => {
                tell(&error);
                code = Code::NoEvidence;
            }
        }
    }
    Ok(code)
}

/// A capture, and what is to be said about it.
type Noted = (Captured, String);

/// Captures all instances at the same time; in the order of `sources`.
fn capture_all(sources: &[Source], budget: Duration) -> Vec<Result<Noted, CaptureError>> {
    thread::scope(|scope| {
        let captures: Vec<_> = sources
            .iter()
            .map(|source| scope.spawn(move || capture_one(source, budget)))
            .collect();
        captures
            .into_iter()
            .map(|capture| capture.join().expect("a capture does not panic"))
            .collect()
    })
}

fn capture_one(source: &Source, budget: Duration) -> Result<Noted, CaptureError> {
    if budget.is_zero() {
        return Ok((source.fetch()?, String::new()));
    }
    let settled = source.settled(budget)?;
    let took = settled.took.as_secs_f64();
    let note = if settled.is_still {
        format!(", settled after {took:.1} s")
    } else {
        format!(", not settled after {took:.1} s: their number still changes")
    };
    Ok((settled.captured, note))
}

/// Captures a series. Without its first capture there is none; a later one that fails is reported and
/// left out.
fn series(source: &Source, series: Series, names: &Names) -> anyhow::Result<Code> {
    let is_watched = std::io::stderr().is_terminal();
    let (count, mut kept, mut missed, mut failed) = (series.total(), 0_u32, 0, 0_u32);
    for due in series {
        missed += due.missed;
        match source.fetch() {
            Ok(captured) => {
                let path = names.path(due.number);
                write(&path, &captured)?;
                kept += 1;
                if is_watched {
                    say(&format!(
                        "{} of {count}: {}",
                        due.number,
                        line(&path.display().to_string(), &captured)
                    ));
                }
            }
            Err(error) => {
                tell(&error);
                failed += 1;
                if kept == 0 {
                    return Ok(Code::NoEvidence);
                }
            }
        }
    }
    let mut closing = format!("{} in {}", plural(kept, "capture"), names.pattern());
    if missed > 0 {
        closing = format!("{closing}, {missed} left out because the one before took too long");
    }
    if failed > 0 {
        closing = format!("{closing}, {failed} failed");
    }
    say(&closing);
    Ok(if failed > 0 {
        Code::NoEvidence
    } else {
        Code::Pass
    })
}

fn keep(place: &Place, captured: &Captured, note: &str) -> anyhow::Result<()> {
    match place {
        Place::StandardOutput => {
            let mut stdout = std::io::stdout().lock();
            stdout
                .write_all(&captured.bytes)
                .and_then(|()| stdout.flush())
                .context("standard output cannot be written")?;
            say(&format!("{}{note}", line("standard output", captured)));
        }
        Place::File(path) => {
            write(path, captured)?;
            say(&format!(
                "{}{note}",
                line(&path.display().to_string(), captured)
            ));
        }
    }
    Ok(())
}

fn write(path: &Path, captured: &Captured) -> anyhow::Result<()> {
    capture::store(path, &captured.bytes)
        .with_context(|| format!("the profile {} cannot be written", path.display()))
}

fn line(place: &str, captured: &Captured) -> String {
    format!("{place}: {}", plural(captured.goroutines, "goroutine"))
}

fn tell(error: &CaptureError) {
    complain(&anyhow!("{error}. {}", error.fix()));
}

/// Says what was done. Standard output may be the profile.
fn say(line: &str) {
    super::say(&format!("leakgate: {}", crate::escape::terminal(line)));
}
