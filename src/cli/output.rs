//! Writing reports: where each goes, and in which colours.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anstream::{AutoStream, ColorChoice};
use anyhow::{Context as _, bail};

use crate::report::text::Detail;
use crate::report::{json, text};
use crate::verdict::{FailOn, Verdict};

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
}

/// Every format and its name.
const FORMATS: [(&str, Format); 2] = [("text", Format::Text), ("json", Format::Json)];

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

    fn render(&self, verdict: &Verdict, fail_on: FailOn, detail: Detail) -> String {
        match self.format {
            Format::Text => text::render(verdict, fail_on, detail),
            Format::Json => json::render(verdict, fail_on),
        }
    }
}

/// Refuses reports that would run into each other.
///
/// # Errors
/// Two reports for one destination.
pub(super) fn check_destinations(reports: &[Report]) -> anyhow::Result<()> {
    for (index, report) in reports.iter().enumerate() {
        if reports[..index]
            .iter()
            .any(|other| other.path == report.path)
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
    Ok(())
}

/// Writes every report, and the text when no other report without a path takes its place.
///
/// # Errors
/// A file or standard output that cannot be written. A reader that closed the pipe is no error.
pub(super) fn write(
    reports: &[Report],
    verdict: &Verdict,
    fail_on: FailOn,
    detail: Detail,
    color: ColorChoice,
    destination: Destination,
) -> anyhow::Result<()> {
    let text = Report {
        format: Format::Text,
        path: None,
    };
    let implied = reports
        .iter()
        .all(|report| report.path.is_some())
        .then_some(&text);
    for report in reports.iter().chain(implied) {
        let rendered = report.render(verdict, fail_on, detail);
        match (&report.path, report.format) {
            (Some(path), Format::Text) => write_file(path, &plain(&rendered))?,
            (Some(path), Format::Json) => write_file(path, &rendered)?,
            (None, Format::Text) if !destination.is_coloured(color) => {
                destination.print(&plain(&rendered))?;
            }
            (None, _) => destination.print(&rendered)?,
        }
    }
    Ok(())
}

/// Prints what is no report: a schema, a script, a manual page.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    Destination::Output.print(text)
}

fn plain(rendered: &str) -> String {
    anstream::adapter::strip_str(rendered).to_string()
}

fn write_file(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text)
        .with_context(|| format!("the report {} cannot be written", path.display()))
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
                (stderr.write_all(text.as_bytes()), "error")
            }
        };
        match printed {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            done => done.with_context(|| format!("standard {name} cannot be written")),
        }
    }
}
