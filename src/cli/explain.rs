//! `leakgate explain`: what a word of a policy or of a report means.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use super::output::Destination;
use super::rendering::ColorArg;
use super::{Code, config, output, report};
use crate::policy::is_id;
use crate::report::Subject;
use crate::report::explain::Topics;
use crate::report::sources::Sources;
use crate::verdict::FailOn;

const EXIT_CODES: &str = "\
Exit codes:
  0  explained
  2  wrong usage, a name that is not known, or a policy or report that cannot be read";

/// What `explain` takes.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES, after_long_help = EXIT_CODES)]
pub(super) struct Explain {
    /// A rule of the policy, a state such as `chan send`, a built-in exception, a pattern such as
    /// `ticker without end`, or the id of a finding or of a cause. Without one, all that is known.
    #[arg(value_name = "ID")]
    name: Vec<String>,

    /// The JSON report that an id is from.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// The policy file. Without this, the one in force.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// When to colour the text.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorArg::Auto)]
    color: ColorArg,
}

pub(super) fn run(explain: &Explain) -> anyhow::Result<Code> {
    let policy = config::policy(explain.policy.as_deref())?;
    let read = explain.report.as_deref().map(report::read).transpose()?;
    let (verdict, name, reported) = match read {
        Some(read) => (Some(read.verdict), read.name, read.reported),
        None => Default::default(),
    };
    let sources = Sources::default().with_reported(reported);
    let path = explain.report.as_ref().map(|path| path.to_string_lossy());
    let report = verdict.as_ref().map(|verdict| Subject {
        verdict,
        fail_on: FailOn::Error,
        name: name.as_deref(),
        sources: &sources,
        saved_as: path.as_deref(),
    });
    let topics = Topics::new(&policy, report);
    let text = if explain.name.is_empty() {
        topics.list()
    } else {
        let name = explain.name.join(" ");
        match topics.explain(&name) {
            Ok(text) => text,
            Err(like) => bail!(unknown(&name, &like, report.is_some())),
        }
    };
    output::print_coloured(&text, explain.color.into(), Destination::Output)?;
    Ok(Code::Pass)
}

/// What to do about a name that is not known.
fn unknown(name: &str, like: &[String], has_report: bool) -> String {
    if is_id(name) && !has_report {
        return format!("{name} is an id of a report: name the report with --report report.json");
    }
    let like: Vec<String> = like.iter().map(|one| format!("`{one}`")).collect();
    let hint = match &like[..] {
        [] => "`leakgate explain` lists all that is known".to_owned(),
        like => format!("did you mean {}?", like.join(", ")),
    };
    format!("nothing is called `{name}`: {hint}")
}
