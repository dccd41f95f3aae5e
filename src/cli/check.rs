//! `leakgate check`: profiles that were captured already.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use super::{Check, captured};
use crate::gotest::{self, Collected};
use crate::input::{self, Files, Found};

pub(super) fn run(check: &Check) -> anyhow::Result<ExitCode> {
    let gate = &check.gate;
    gate.check_reports()?;
    let mut evidence = find(check)?;
    if let Evidence::Files(found) = &mut evidence
        && found.suites.is_empty()
        && found.incomplete.is_empty()
    {
        let suite = check.paths[0].display().to_string();
        let why = "no profile is in it, so nothing was checked".into();
        found.incomplete.push((suite, why));
    }
    let policy = gate.policy()?;
    let mut failed = None;
    let verdict = match evidence {
        Evidence::Files(found) => gate.judge(&policy, found),
        Evidence::Run(collected) => {
            // A run ends as its command did, when that failed; a comparison of two runs is no run.
            let command = collected.command.as_ref();
            let command = command.filter(|command| check.paths.len() == 1 && command.code != 0);
            failed = command.map(|command| command.code);
            captured::judge(gate, &policy, collected, Found::default())
        }
    };
    let code = gate.report(&verdict)?;
    Ok(failed.map_or(code.into(), ExitCode::from))
}

/// What the paths hold.
enum Evidence {
    Files(Found),
    /// What `leakgate run --keep` left in a directory, or a `TestMain` that captures.
    Run(Collected),
}

impl From<Found> for Evidence {
    fn from(found: Found) -> Self {
        Self::Files(found)
    }
}

/// The suites that the paths mean. A path that does not exist is missing evidence, whatever it was to be.
fn find(check: &Check) -> anyhow::Result<Evidence> {
    let missing = check.paths.iter().filter(|path| !path.exists());
    let why = "it does not exist: check the path, and that the step which captures it ran";
    let incomplete: Vec<_> = missing
        .map(|path| (path.display().to_string(), why.to_owned()))
        .collect();
    if !incomplete.is_empty() {
        let found = Found {
            suites: Vec::new(),
            incomplete,
        };
        return Ok(found.into());
    }
    let directories = check.paths.iter().filter(|path| path.is_dir()).count();
    if directories > 0 && check.proven.is_some() {
        bail!(
            "--proven is for two files; in a directory of pairs, a proven.pb.gz beside a pair is read"
        );
    }
    match (&check.paths[..], directories) {
        ([directory], 1) => directory_of_suites(directory),
        ([before, after], 2) => two_directories(before, after),
        ([file], 0) => {
            bail!(
                "only {} is given: a check needs a profile from before and one from after",
                file.display()
            )
        }
        ([before, afters @ ..], 0) => {
            let suite = check
                .gate
                .suite
                .clone()
                .unwrap_or_else(|| afters[afters.len() - 1].display().to_string());
            let files = Files {
                suite,
                before: before.clone(),
                afters: afters.to_vec(),
                proven: check.proven.clone(),
                ..Files::default()
            };
            let found = Found {
                suites: vec![files],
                incomplete: Vec::new(),
            };
            Ok(found.into())
        }
        _ => bail!(
            "files and directories are mixed, or there are more than two directories: give two files or two directories"
        ),
    }
}

/// Two directories with files of the same names, or what `leakgate run --keep` left of two builds.
fn two_directories(before: &Path, after: &Path) -> anyhow::Result<Evidence> {
    let (base, head) = (collect(before)?, collect(after)?);
    if base.is_empty() && head.is_empty() {
        return Ok(input::pair_directories(before, after)?.into());
    }
    for (directory, collected) in [(before, &base), (after, &head)] {
        if collected.is_empty() {
            bail!(
                "{} holds what `leakgate run --keep` left, and {} does not: give two such directories, or two with files of \
                 the same names",
                if directory == before { after } else { before }.display(),
                directory.display()
            );
        }
    }
    let (base, head) = (with_pairs(base, before)?, with_pairs(head, after)?);
    Ok(Evidence::Run(head.against(&base)))
}

/// The suites of a directory: what `leakgate run --keep` left there, and pairs of profiles by their names.
fn directory_of_suites(directory: &Path) -> anyhow::Result<Evidence> {
    let collected = collect(directory)?;
    if collected.is_empty() {
        return Ok(input::pair_directory(directory, &collected.folders)?.into());
    }
    Ok(Evidence::Run(with_pairs(collected, directory)?))
}

/// Adds the pairs of profiles that lie beside what a run left, such as those of services.
fn with_pairs(mut collected: Collected, directory: &Path) -> anyhow::Result<Collected> {
    let pairs = input::pair_directory(directory, &collected.folders)?;
    collected.found.suites.extend(pairs.suites);
    collected.found.incomplete.extend(pairs.incomplete);
    Ok(collected)
}

fn collect(directory: &Path) -> anyhow::Result<Collected> {
    gotest::collect(directory).with_context(|| format!("{}: cannot be listed", directory.display()))
}
