//! `leakgate show`: what the goroutines of a file are.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::{Args, ValueEnum};

use super::limit::Limit;
use super::output::{self, Destination};
use super::rendering::ColorArg;
use super::{Code, SHOW_EXIT_CODES, complain, duration, judge_files};
use crate::input::{Bytes, InputError};
use crate::judge::Filter;
use crate::overview::{self, By, Query};
use crate::plural::plural;
use crate::policy::Matcher;
use crate::profile::Profile;
use crate::report::overview::{File, Shown, json, markdown, text};
use crate::snapshot::Snapshot;
use crate::translate::Form;

/// What `show` takes.
#[derive(Debug, Args)]
#[command(after_help = SHOW_EXIT_CODES, after_long_help = SHOW_EXIT_CODES)]
pub(super) struct Show {
    /// A profile or a text dump: `debug=2`, `debug=1`, a crash, or a log with one in it. Of two
    /// files, what is only in the left one, in both, and only in the right one.
    #[arg(required = true, num_args = 1..=2, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// What goroutines of one group have in common: root, home, state, creator, package, stack,
    /// waits-on (the channel or lock), test, or label:KEY.
    #[arg(long, value_name = "WHAT", default_value = "root")]
    by: By,

    /// How many groups to describe, those with most goroutines; 0 for all.
    #[arg(long, value_name = "N", default_value_t = 5)]
    top: usize,

    /// Only goroutines that this matches, in the words of a policy's `match`: 'state: chan send',
    /// or '{ root: "example.com/shop*", without: "*.Close" }'.
    #[arg(long = "where", value_name = "MATCH")]
    matching: Option<String>,

    /// Only goroutines that have waited at least this long, as in 10m or 2h. Only text dumps say
    /// how long, in whole minutes.
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    min_wait: Option<Duration>,

    /// Show the whole stack of each example in the text. JSON always holds it.
    #[arg(long)]
    full: bool,

    /// The form: text, json or markdown.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = FormatArg::Text)]
    report: FormatArg,

    #[command(flatten)]
    limit: Limit,

    /// When to colour the text.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorArg::Auto)]
    color: ColorArg,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    /// For a person.
    Text,
    /// For a program.
    Json,
    /// For an issue or a chat.
    Markdown,
}

pub(super) fn run(show: &Show) -> anyhow::Result<Code> {
    let query = query(show)?;
    let bytes = match read(show) {
        Ok(bytes) => bytes,
        Err(error) => return Ok(unreadable(&error)),
    };
    let mut snapshots = Vec::new();
    for (path, bytes) in show.files.iter().zip(&bytes) {
        let grouped = Profile::decode(&bytes.inflated).and_then(Snapshot::group);
        match grouped {
            Ok(snapshot) => snapshots.push(snapshot),
            Err(error) => {
                return Ok(unreadable(&InputError {
                    path: path.clone(),
                    problem: error.into(),
                }));
            }
        }
    }
    let files: Vec<File> = show
        .files
        .iter()
        .zip(&bytes)
        .zip(&snapshots)
        .map(file)
        .collect();
    let overview = overview::of(&snapshots, &query);
    let shown = Shown {
        files: &files,
        by: &query.by.name(),
        filters: &filters(show),
        overview: &overview,
        full: show.full,
    };
    let rendered = match show.report {
        FormatArg::Text => text::render(&shown),
        FormatArg::Json => json::render(&shown),
        FormatArg::Markdown => markdown::render(&shown),
    };
    output::print_coloured(&rendered, show.color.into(), Destination::Output)?;
    Ok(Code::Pass)
}

fn query(show: &Show) -> anyhow::Result<Query> {
    let matcher = show.matching.as_ref();
    let matcher = matcher
        .map(|text| Matcher::parse("--where", text))
        .transpose();
    let matcher = matcher.context("--where is not understood")?;
    if let Some(matcher) = &matcher {
        ensure!(
            matcher.suite.is_empty(),
            "--where has `suite`, and what is shown has none: leave that key out"
        );
        ensure!(
            !matcher.is_empty(),
            "--where asks for nothing: name a key, as in --where 'state: chan send', or leave it out"
        );
    }
    ensure!(
        !show.full || show.report == FormatArg::Text,
        "--full is for --report text: json holds whole stacks without it, and markdown has no room for them"
    );
    Ok(Query {
        by: show.by.clone(),
        top: Some(show.top).filter(|&top| top > 0),
        filter: matcher.as_ref().map(Filter::new),
        min_wait: show.min_wait.map(minutes),
    })
}

/// A time in whole minutes, rounded up: dumps give the minutes that are over.
fn minutes(time: Duration) -> u32 {
    u32::try_from(time.as_nanos().div_ceil(60_000_000_000)).unwrap_or(u32::MAX)
}

/// What was asked of goroutines, for a reader.
fn filters(show: &Show) -> Vec<String> {
    let matching = show.matching.as_ref().map(|text| format!("--where {text}"));
    let min_wait = show.min_wait.map(minutes);
    let min_wait = min_wait.map(|minutes| format!("--min-wait {minutes}m"));
    matching.into_iter().chain(min_wait).collect()
}

/// The files, in the form of the one that says least.
fn read(show: &Show) -> Result<Vec<Bytes>, InputError> {
    let paths: Vec<_> = show.files.iter().map(PathBuf::as_path).collect();
    let mut bytes = judge_files::read_all(&paths, show.limit.bytes())?;
    judge_files::level(&paths, &mut bytes)?;
    Ok(bytes)
}

fn file(((path, bytes), snapshot): ((&PathBuf, &Bytes), &Snapshot)) -> File {
    let mut notes = bytes.notes.clone();
    notes.extend(bytes.doubt.map(str::to_owned));
    // What a dump says less than a profile matters where the two are compared.
    let limits = bytes.form.limits().filter(|_| bytes.form == Form::Counts);
    notes.extend(limits.map(str::to_owned));
    if snapshot.frameless > 0 {
        notes.push(format!(
            "left out: {} without a stack, not yet run",
            plural(snapshot.frameless, "goroutine")
        ));
    }
    File {
        name: path.display().to_string(),
        goroutines: snapshot.total,
        notes,
    }
}

fn unreadable(error: &InputError) -> Code {
    complain(&anyhow::anyhow!("{error}. {}", error.fix()));
    Code::NoEvidence
}
