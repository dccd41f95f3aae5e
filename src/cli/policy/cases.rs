//! `leakgate policy test`: judges the cases beside a policy.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;
use jiff::civil::Date;

use super::super::limit::Limit;
use super::super::output::Destination;
use super::super::rendering::ColorArg;
use super::super::{Code, config, judge_files, output};
use crate::cases::{self, Case, compare};
use crate::evidence::{Evidence, Files, Suite};
use crate::judge::Judge;
use crate::policy::Policy;
use crate::report::cases::{Tally, case as render};
use crate::verdict::Verdict;

const EXIT_CODES: &str = "\
Exit codes:
  0  every case is as it says
  1  a case is not
  2  wrong usage, or a policy or a file of cases that cannot be read
  3  a profile of a case cannot be judged";

/// What `policy test` takes.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES, after_long_help = EXIT_CODES)]
pub(in crate::cli) struct Test {
    /// Files of cases. Without one, leakgate.test.yml beside the policy in force.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// The policy that is tested. Without this, the one in force in the folder of each file.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// The day (UTC) of cases that give none, as in 2027-03-31. Otherwise today.
    #[arg(long, value_name = "DATE")]
    now: Option<Date>,

    #[command(flatten)]
    limit: Limit,

    /// When to colour the text.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorArg::Auto)]
    color: ColorArg,
}

impl Test {
    pub(super) fn run(&self) -> anyhow::Result<Code> {
        let files = if self.files.is_empty() {
            vec![beside(self.policy.as_deref())?]
        } else {
            self.files.clone()
        };
        // All that is wrong with a file is said before anything is judged.
        let mut read = Vec::new();
        for file in &files {
            let text = config::read_text(file, "file of cases", cases::LARGEST)?;
            let policy = match &self.policy {
                Some(policy) => config::policy(Some(policy))?,
                None => config::policy_in(folder(file))?,
            };
            read.push((
                file.display().to_string(),
                policy,
                cases::parse(file, &text)?,
            ));
        }
        let (mut text, mut tally) = (String::new(), Tally::default());
        for (file, policy, cases) in &read {
            for case in cases {
                let verdict = self.judge(policy, case);
                let comparison = compare(case, &verdict);
                tally.add(&comparison);
                text.push_str(&render(file, case, &comparison));
            }
        }
        text.push_str(&tally.text());
        output::print_coloured(&text, self.color.into(), Destination::Output)?;
        Ok(match tally {
            Tally { failed: 1.., .. } => Code::Violated,
            Tally { unchecked: 1.., .. } => Code::NoEvidence,
            _ => Code::Pass,
        })
    }

    /// The verdict on the profiles of a case, as `check` comes to it.
    fn judge(&self, policy: &Policy, case: &Case) -> Verdict {
        let today = case.today.or(self.now).unwrap_or_else(config::today);
        let judge = Judge::new(policy, today);
        let last = case.afters.last().map(|after| after.display().to_string());
        let suite = Suite {
            name: case.suite.clone().or(last).unwrap_or_default().into(),
            files: Files {
                before: case.before.clone(),
                afters: case.afters.clone(),
                proven: case.proven.clone(),
                ..Files::default()
            },
            ..Suite::default()
        };
        let evidence = Evidence {
            suites: vec![suite],
            ..Evidence::default()
        };
        judge_files::verdict(&judge, evidence, self.limit.bytes())
    }
}

/// The file of cases beside the policy.
fn beside(policy: Option<&Path>) -> anyhow::Result<PathBuf> {
    let here = config::here()?;
    let policy = match policy {
        Some(policy) => Some(policy.to_owned()),
        None => config::in_force(&here)?,
    };
    let file = match &policy {
        Some(policy) => policy.with_file_name(cases::FILE_NAME),
        None => PathBuf::from(cases::FILE_NAME),
    };
    if !file.exists() {
        bail!(
            "there is no {}: write cases there, or name their file",
            file.display()
        );
    }
    Ok(file)
}

/// The folder that a file lies in.
fn folder(file: &Path) -> &Path {
    let folder = file.parent().unwrap_or(Path::new(""));
    if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    }
}
