//! `leakgate init`: a first policy, and the job for a CI. Nothing that is there already is touched.

mod branch;
mod job;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;

use super::{Code, config, output};
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
    next: &'static str,
}

pub(super) fn run(init: &Init) -> anyhow::Result<Code> {
    let mut cis = init.ci.clone();
    cis.sort_unstable();
    cis.dedup();
    let here = config::here()?;
    let branch = branch::default_branch(&here);
    let needs_newer_go = names_an_old_go(&here);
    let text_of = |ci: &Ci| ci.job().text_for(branch.as_deref(), needs_newer_go);
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
    refuse(&here, !cis.is_empty())?;
    let kept = config::in_force(&here)?;
    let mut files = Vec::new();
    if kept.is_none() {
        files.push(Planned {
            path: POLICY_NAME.into(),
            text: POLICY.to_owned(),
            next: "no goroutine may be left; try it: leakgate run -- go test ./...",
        });
    }
    files.extend(cis.iter().map(|ci| {
        let job = ci.job();
        Planned {
            path: job.path.into(),
            text: text_of(ci),
            next: job.next,
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
fn refuse(here: &Path, with_jobs: bool) -> anyhow::Result<()> {
    if config::is_never_read(here) {
        bail!(
            "{} is the home directory or above it, where no policy is read: run this in your module",
            here.display()
        );
    }
    if let Some(policy) = config::in_force(here)?.filter(|_| !with_jobs) {
        bail!(
            "a policy is there already, and nothing was written: {}; edit that one, or copy it here for a policy of this \
             directory's own",
            policy.display()
        );
    }
    let root = here
        .ancestors()
        .find(|directory| directory.join(".git").exists());
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
