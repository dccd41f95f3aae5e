//! Writing reports: where each goes, and in which colours.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anstream::{AutoStream, ColorChoice};
use anyhow::{Context as _, bail};

use super::sources::{self, Extent};
use crate::report::sources::Reported;
use crate::report::text::Detail;
use crate::report::{Subject, github, gitlab, json, junit, markdown, ndjson, outputs, sarif, text};
use crate::verdict::{FailOn, Finding, Verdict};

/// A report that was asked for.
#[derive(Debug, Clone)]
pub(super) struct Report {
    format: Format,
    /// `None` for the terminal.
    path: Option<PathBuf>,
}

/// Where reports without a path go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Destination {
    Output,
    /// Standard error, where standard output is another command's.
    Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Text,
    Json,
    Markdown,
    Comment,
    Github,
    Sarif,
    Junit,
    Gitlab,
    Ndjson,
    Outputs,
}

/// Every format and its name.
const FORMATS: [(&str, Format); 10] = [
    ("text", Format::Text),
    ("json", Format::Json),
    ("markdown", Format::Markdown),
    ("comment", Format::Comment),
    ("github", Format::Github),
    ("sarif", Format::Sarif),
    ("junit", Format::Junit),
    ("gitlab", Format::Gitlab),
    ("ndjson", Format::Ndjson),
    ("outputs", Format::Outputs),
];

/// How to write what was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style<'a> {
    pub(super) fail_on: FailOn,
    pub(super) detail: Detail,
    pub(super) color: ColorChoice,
    /// What the run is called.
    pub(super) name: Option<&'a str>,
}

impl Report {
    /// Input: `json=report.json`, or `json` for standard output.
    pub(super) fn parse(argument: &str) -> Result<Self, String> {
        let (name, path) = match argument.split_once('=') {
            Some((_, "")) => return Err("the path after `=` is empty".into()),
            Some((name, path)) => (name, Some(PathBuf::from(path))),
            None => (argument, None),
        };
        match FORMATS.iter().find(|(known, _)| *known == name) {
            Some(&(_, format)) => Ok(Self { format, path }),
            None => Err(format!(
                "unknown format; known are {}",
                FORMATS.map(|(name, _)| name).join(", ")
            )),
        }
    }

    fn render(&self, subject: &Subject, detail: Detail) -> String {
        match self.format {
            Format::Text => text::render(subject, detail),
            Format::Json => json::render(subject),
            Format::Markdown => markdown::render(subject, markdown::SUMMARY),
            Format::Comment => markdown::render(subject, markdown::COMMENT),
            Format::Github => github::render(subject, detail),
            Format::Sarif => sarif::render(subject),
            Format::Junit => junit::render(subject),
            Format::Gitlab => gitlab::render(subject),
            Format::Ndjson => ndjson::render(subject),
            Format::Outputs => outputs::render(subject.verdict, subject.fail_on),
        }
    }

    fn is_coloured(&self) -> bool {
        matches!(self.format, Format::Text | Format::Github)
    }

    /// What it needs to know of the repository.
    fn extent(&self, verdict: &Verdict) -> Extent {
        match self.format {
            // No walk through the repository for what is printed every time.
            Format::Text if verdict.findings.iter().any(Finding::is_open) => Extent::Checkout,
            Format::Text | Format::Outputs => Extent::Nothing,
            Format::Json | Format::Ndjson => Extent::Named,
            _ => Extent::Everything,
        }
    }
}

/// Refuses reports that would run into each other or cannot be written, and makes the folders that
/// they are to be in: before the command of `run`, which may take an hour, and not after.
///
/// # Errors
/// Two reports for one destination, or a path that cannot be written. What is in the file already
/// stays as it is.
pub(super) fn check_destinations(reports: &[Report]) -> anyhow::Result<()> {
    let place = |report: &Report| {
        report
            .path
            .as_ref()
            .map(|path| std::path::absolute(path).ok())
    };
    for (index, report) in reports.iter().enumerate() {
        if reports[..index]
            .iter()
            .any(|other| place(other) == place(report))
        {
            match &report.path {
                Some(path) => bail!(
                    "two reports would be written to {}: give each a path of its own",
                    path.display()
                ),
                None => {
                    bail!("two reports would be written to the same place: give all but one a path")
                }
            }
        }
    }
    for path in reports.iter().filter_map(|report| report.path.as_ref()) {
        try_out(path).with_context(|| unwritable(path))?;
    }
    Ok(())
}

/// Opens a file for writing and leaves it as it was. What is no file, such as `/dev/stdout`, shows
/// only later what it takes: a pipe that was opened and closed would have been read to its end.
fn try_out(path: &Path) -> io::Result<()> {
    make_folder(path)?;
    if path
        .metadata()
        .is_ok_and(|it| !it.is_file() && !it.is_dir())
    {
        return Ok(());
    }
    let is_new = path.symlink_metadata().is_err();
    open(OpenOptions::new().append(true).create(true), path)?;
    // An empty report would look like one that says nothing was found.
    if is_new {
        std::fs::remove_file(path)
    } else {
        Ok(())
    }
}

/// Opens what a report is written to. A pipe that nobody reads is an error at once; one that
/// somebody reads is written to as fast as they do.
fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    {
        use nix::fcntl::{FcntlArg, OFlag, fcntl};
        use std::os::unix::fs::OpenOptionsExt as _;
        let file = options.custom_flags(OFlag::O_NONBLOCK.bits()).open(path)?;
        let flags = OFlag::from_bits_retain(fcntl(&file, FcntlArg::F_GETFL)?);
        fcntl(&file, FcntlArg::F_SETFL(flags - OFlag::O_NONBLOCK))?;
        Ok(file)
    }
    #[cfg(not(unix))]
    options.open(path)
}

fn make_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), std::fs::create_dir_all)
}

/// The command of `run` may have cleaned up the folder that was made before it.
fn write_file(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    let written = make_folder(path)
        .and_then(|()| open(&mut options, path))
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| unwritable(path))
}

fn unwritable(path: &Path) -> String {
    format!("the report {} cannot be written", path.display())
}

/// What GitHub Actions gets without being asked.
pub(super) struct Actions {
    /// Annotations, in place of the text.
    annotations: bool,
    /// The file that becomes the summary of the job.
    summary: Option<PathBuf>,
}

impl Actions {
    /// As the environment says; `summary` is whether it is wanted.
    pub(super) fn from_environment(summary: bool) -> Self {
        let annotations = std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true");
        let file = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|file| !file.is_empty());
        Self {
            annotations,
            summary: file.map(PathBuf::from).filter(|_| annotations && summary),
        }
    }
}

/// Writes every report, and the text when no other report without a path takes its place. In GitHub
/// Actions the text comes with annotations, and the summary of the job is written too. `reported` is
/// what reports that were read say of the repository.
///
/// # Errors
/// A file or standard output that cannot be written: the first of them, once all else is written. A
/// reader that closed the pipe is no error.
pub(super) fn write(
    reports: &[Report],
    verdict: &Verdict,
    reported: Reported,
    style: Style,
    destination: Destination,
    actions: &Actions,
) -> anyhow::Result<()> {
    let implied = Report {
        format: if actions.annotations {
            Format::Github
        } else {
            Format::Text
        },
        path: None,
    };
    let implied = reports
        .iter()
        .all(|report| report.path.is_some())
        .then_some(&implied);
    let all = || reports.iter().chain(implied);
    let summary = actions.summary.iter().map(|_| Extent::Everything);
    let extents = all().map(|report| report.extent(verdict)).chain(summary);
    let extent = extents.max().unwrap_or(Extent::Nothing);
    let sources = sources::find(verdict, extent).with_reported(reported);
    // A path from the root is one of this machine.
    let saved_as = reports
        .iter()
        .filter(|report| report.format == Format::Json)
        .find_map(|report| report.path.as_ref().filter(|path| path.is_relative()));
    let saved_as = saved_as.and_then(|path| path.to_str().map(str::to_owned));
    let subject = Subject {
        verdict,
        fail_on: style.fail_on,
        name: style.name,
        sources: &sources,
        saved_as: saved_as.as_deref(),
    };
    let mut result = Ok(());
    for report in all() {
        let rendered = report.render(&subject, style.detail);
        let coloured = report.path.is_none() && destination.is_coloured(style.color);
        let rendered = if report.is_coloured() && !coloured {
            plain(&rendered)
        } else {
            rendered
        };
        let written = match &report.path {
            Some(path) => write_file(path, &rendered),
            None => destination.print(&rendered),
        };
        result = result.and(written);
    }
    if let Some(path) = &actions.summary {
        let written = append_summary(path, &subject);
        result = result.and(written.with_context(|| {
            format!(
                "the summary of the job, {}, cannot be written",
                path.display()
            )
        }));
    }
    result
}

/// Adds to what the step has put into its summary already.
fn append_summary(path: &Path, subject: &Subject) -> io::Result<()> {
    let mut file = open(OpenOptions::new().append(true).create(true), path)?;
    let there = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    let summary = markdown::render(subject, markdown::SUMMARY.saturating_sub(there));
    file.write_all(format!("{summary}\n").as_bytes())
}

/// Prints what is no report: a schema, a script, a manual page.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    Destination::Output.print(text)
}

/// Prints a text with colours, or without them where they are not wanted.
pub(super) fn print_coloured(
    text: &str,
    color: ColorChoice,
    destination: Destination,
) -> anyhow::Result<()> {
    if destination.is_coloured(color) {
        destination.print(text)
    } else {
        destination.print(&plain(text))
    }
}

fn plain(rendered: &str) -> String {
    anstream::adapter::strip_str(rendered).to_string()
}

impl Destination {
    /// Whether it gets colours; `NO_COLOR` and its kin are looked at.
    fn is_coloured(self, color: ColorChoice) -> bool {
        match (color, self) {
            (ColorChoice::Never, _) => false,
            (ColorChoice::Always | ColorChoice::AlwaysAnsi, _) => true,
            (ColorChoice::Auto, Destination::Output) => {
                AutoStream::choice(&std::io::stdout()) != ColorChoice::Never
            }
            (ColorChoice::Auto, Destination::Error) => {
                AutoStream::choice(&std::io::stderr()) != ColorChoice::Never
            }
        }
    }

    fn print(self, text: &str) -> anyhow::Result<()> {
        let (printed, name) = match self {
            Destination::Output => {
                let mut stdout = AutoStream::always(std::io::stdout().lock());
                let printed = stdout.write_all(text.as_bytes());
                (printed.and_then(|()| stdout.flush()), "output")
            }
            Destination::Error => {
                let mut stderr = AutoStream::always(std::io::stderr().lock());
                // What the command wrote last may have no end of line.
                let printed = stderr.write_all(b"\n");
                (
                    printed.and_then(|()| stderr.write_all(text.as_bytes())),
                    "error",
                )
            }
        };
        match printed {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            done => done.with_context(|| format!("standard {name} cannot be written")),
        }
    }
}
