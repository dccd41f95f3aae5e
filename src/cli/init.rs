//! `leakgate init`: a first policy, and the job for a CI. Nothing that is there already is touched.

mod branch;
mod job;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::{Code, accept, config, output};
use crate::baseline;
use crate::files::{read_regular, stage};
use job::Ci;

/// The policy that it writes.
const POLICY: &str = include_str!("../../examples/minimal/leakgate.yml");
const POLICY_NAME: &str = "leakgate.yml";

/// A go.mod of more bytes is not looked at.
const LARGEST_GO_MOD: u64 = 16 << 20;

#[derive(Debug, Args)]
pub(super) struct Init {
    /// Write the job for this CI too; repeatable.
    #[arg(long, value_name = "CI", value_enum)]
    ci: Vec<Ci>,

    /// With `--ci github`: write the job that counts only what a pull request adds to the leaks of its
    /// base. With the others, add `--base REV` to the command of the job.
    #[arg(long, requires = "ci", conflicts_with = "baseline")]
    base: bool,

    /// Write a baseline of these JSON reports too: their findings pass until a date. Of several, the
    /// highest count of each finding is taken.
    #[arg(long, value_name = "REPORT.json", num_args = 1.., conflicts_with = "print")]
    baseline: Vec<String>,

    /// The last day (UTC) of the baseline, as in 2027-03-31. Without this, in half a year.
    #[arg(long, value_name = "DATE", requires = "baseline")]
    expires: Option<Date>,

    /// Write nothing, and print the job of `--ci`, or the policy without it: to paste into files
    /// that you have.
    #[arg(long)]
    print: bool,
}

/// A file to write.
struct Planned {
    path: PathBuf,
    text: String,
    /// What to do with it.
    next: String,
}

pub(super) fn run(init: &Init) -> anyhow::Result<Code> {
    let mut cis = init.ci.clone();
    cis.sort_unstable();
    cis.dedup();
    let here = config::here()?;
    let branch = branch::default_branch(&here);
    let needs_newer_go = names_an_old_go(&here);
    if init.base && cis != [Ci::Github] {
        bail!(
            "--base goes with --ci github: for another CI, add --base REV to the command of its job"
        );
    }
    let job_of = |ci: &Ci| {
        if init.base {
            job::base_and_head()
        } else {
            ci.job()
        }
    };
    let text_of = |ci: &Ci| job_of(ci).text_for(branch.as_deref(), needs_newer_go);
    if init.print {
        let jobs: Vec<_> = cis.iter().map(text_of).collect();
        let text = if jobs.is_empty() {
            POLICY.to_owned()
        } else {
            jobs.join("\n")
        };
        output::print(&text)?;
        return Ok(Code::Pass);
    }
    refuse(&here, !cis.is_empty(), !init.baseline.is_empty())?;
    let kept = config::in_force(&here)?;
    let mut files = Vec::new();
    if kept.is_none() {
        files.push(Planned {
            path: POLICY_NAME.into(),
            text: POLICY.to_owned(),
            next: "no stack may grow; try it: leakgate run -- go test ./...".to_owned(),
        });
    }
    files.extend(baseline(init, kept.as_deref())?);
    files.extend(cis.iter().map(|ci| {
        let job = job_of(ci);
        Planned {
            path: job.path.into(),
            text: text_of(ci),
            next: job.next.to_owned(),
        }
    }));
    write_all(&files)?;
    if let Some(policy) = kept {
        output::print(&format!("kept {}, which is in force\n", policy.display()))?;
    }
    for file in &files {
        output::print(&format!("wrote {}: {}\n", file.path.display(), file.next))?;
    }
    Ok(Code::Pass)
}

/// What leaks already, where reports of it are given. The file stands beside the policy.
fn baseline(init: &Init, policy: Option<&Path>) -> anyhow::Result<Option<Planned>> {
    if init.baseline.is_empty() {
        return Ok(None);
    }
    let expires = match init.expires {
        Some(expires) => expires,
        None => config::today()
            .checked_add(6.months())
            .context("the calendar ends")?,
    };
    let reason = "Known when leakgate was adopted.";
    let (text, entries) = accept::baseline_of(&init.baseline, reason, expires)?;
    let known = match entries {
        0 => return Ok(None),
        1 => "1 finding passes".to_owned(),
        entries => format!("{entries} findings pass"),
    };
    let name = baseline::FILE_NAMES[0];
    Ok(Some(Planned {
        path: policy.map_or_else(|| name.into(), |policy| policy.with_file_name(name)),
        text,
        next: format!("{known} until {expires}, and every new one fails"),
    }))
}

/// Whether go.mod asks for a Go before 1.21, the first that leakgate knows.
fn names_an_old_go(here: &Path) -> bool {
    let text = read_regular(&here.join("go.mod"), LARGEST_GO_MOD).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let mut versions = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("go 1."));
    let minor = versions
        .next()
        .and_then(|rest| rest.split('.').next()?.parse::<u32>().ok());
    minor.is_some_and(|minor| minor < 21)
}

/// Refuses to write where what is written would not be read, or would take the place of what is.
fn refuse(here: &Path, with_jobs: bool, with_baseline: bool) -> anyhow::Result<()> {
    if config::is_never_read(here) {
        bail!(
            "{} is the home directory or above it, where no policy is read: run this in your module",
            here.display()
        );
    }
    if let Some(policy) = config::in_force(here)?.filter(|_| !with_jobs && !with_baseline) {
        bail!(
            "a policy is there already, and nothing was written: {}; edit that one, or copy it here for a policy of this \
             directory's own",
            policy.display()
        );
    }
    if let Some(baseline) = config::baseline_in_force(here)?.filter(|_| with_baseline) {
        bail!(
            "a baseline is there already, and nothing was written: {}; add to it with leakgate accept",
            baseline.display()
        );
    }
    let root = config::repository_root(here);
    if let Some(root) = root.filter(|root| with_jobs && *root != here) {
        bail!(
            "a CI reads its files in the root of the repository: run this in {}",
            root.display()
        );
    }
    Ok(())
}

/// Writes all files, or none.
fn write_all(files: &[Planned]) -> anyhow::Result<()> {
    // A link that leads nowhere is something too.
    let present: Vec<_> = files
        .iter()
        .filter(|file| file.path.symlink_metadata().is_ok())
        .map(|file| file.path.display().to_string())
        .collect();
    if !present.is_empty() {
        bail!(
            "{} is there already, and nothing was written: add --print to have the job, and paste it there",
            present.join(" and ")
        );
    }
    let mut staged = Vec::new();
    for file in files {
        let error = || format!("{} cannot be written", file.path.display());
        if let Some(folder) = file.path.parent() {
            std::fs::create_dir_all(folder).with_context(error)?;
        }
        let temporary = stage(&file.path, file.text.as_bytes()).with_context(error)?;
        staged.push((temporary, file));
    }
    let mut written: Vec<&Path> = Vec::new();
    for (temporary, file) in staged {
        if let Err(error) = temporary.persist_noclobber(&file.path) {
            for path in written {
                // Made a moment ago by this very call; what cannot be taken back is in the
                // error all the same.
                let _ = std::fs::remove_file(path);
            }
            return Err(error.error)
                .with_context(|| format!("{} cannot be written", file.path.display()));
        }
        written.push(&file.path);
    }
    Ok(())
}
