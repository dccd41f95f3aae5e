//! `leakgate explain`: what a word of a policy or of a report means.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;

use super::output::Destination;
use super::rendering::ColorArg;
use super::{Code, config, output};
use crate::files::read_regular;
use crate::policy::is_id;
use crate::report::explain::{Reported, Topics};

/// A report of more bytes than this is rejected: leakgate writes none.
const LARGEST: u64 = 256 << 20;

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
    let report = explain.report.as_ref().map(|path| {
        let name = path.display().to_string();
        let bytes = read_regular(path, LARGEST);
        let bytes = bytes.with_context(|| format!("the report {name} cannot be read"))?;
        Reported::parse(&name, &bytes).with_context(|| format!("the report {name} cannot be read"))
    });
    let report = report.transpose()?;
    let topics = Topics::new(&policy, report.as_ref());
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
