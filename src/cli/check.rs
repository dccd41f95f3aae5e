//! `leakgate check`: judges profiles that were captured earlier.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use super::Check;
use super::output::Destination;
use crate::evidence::{Evidence, Files, Suite, Unchecked};
use crate::gotest::{self, Collected};
use crate::input;
use crate::report::sources::Reported;

pub(super) fn run(check: &Check) -> anyhow::Result<ExitCode> {
    let gate = &check.gate;
    gate.rendering.check()?;
    let mut evidence = find(check)?;
    if evidence.is_empty() {
        let why = "no profile is in it, so nothing was checked";
        let nothing = Unchecked::new(check.paths[0].display().to_string(), why);
        evidence.unchecked.push(nothing);
    }
    let bar = gate.bar(false)?;
    // A run ends as its command did, when that failed; a comparison of two runs is no run.
    let code = evidence.command.as_ref().map_or(0, |command| command.code);
    let failed = Some(code).filter(|&code| check.paths.len() == 1 && code != 0);
    let verdict = gate.judge(&bar, evidence);
    let code = gate
        .rendering
        .write(&verdict, Reported::default(), Destination::Output)?;
    Ok(failed.map_or(code.into(), ExitCode::from))
}

/// The suites that the paths mean. A path that does not exist is missing evidence, whatever it was
/// to be.
fn find(check: &Check) -> anyhow::Result<Evidence> {
    let missing = check.paths.iter().filter(|path| !path.exists());
    let why = "it does not exist: check the path, and that the step which captures it ran";
    let unchecked: Vec<_> = missing
        .map(|path| Unchecked::new(path.display().to_string(), why))
        .collect();
    if !unchecked.is_empty() {
        return Ok(Evidence {
            unchecked,
            ..Evidence::default()
        });
    }
    let directories = check.paths.iter().filter(|path| path.is_dir()).count();
    if directories > 0 && check.proven.is_some() {
        bail!(
            "--proven is for two files; in a directory of pairs, a proven.pb.gz beside a pair is read"
        );
    }
    match (&check.paths[..], directories) {
        ([directory], 1) => of_directory(directory),
        ([before, after], 2) => two_directories(before, after),
        ([file], 0) => {
            bail!(
                "only {} is given: a check needs a profile from before and one from after",
                file.display()
            )
        }
        ([before, afters @ ..], 0) => {
            let name = check.gate.rendering.suite.clone();
            let name = name.unwrap_or_else(|| afters[afters.len() - 1].display().to_string());
            let suite = Suite {
                name: name.into(),
                files: Files {
                    before: before.clone(),
                    afters: afters.to_vec(),
                    proven: check.proven.clone(),
                    dump: None,
                    own_before: None,
                },
                ..Suite::default()
            };
            Ok(Evidence {
                suites: vec![suite],
                ..Evidence::default()
            })
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
        return Ok(input::pair_directories(before, after)?);
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
    Ok(head.against(&base))
}

/// The suites of a directory: what `leakgate run --keep`, or a `TestMain` that captures, left
/// there, and the pairs of profiles beside it, such as those of services.
fn of_directory(directory: &Path) -> anyhow::Result<Evidence> {
    with_pairs(collect(directory)?, directory)
}

fn with_pairs(collected: Collected, directory: &Path) -> anyhow::Result<Evidence> {
    let mut evidence = collected.evidence;
    evidence.extend(input::pair_directory(directory, &collected.folders)?);
    Ok(evidence)
}

fn collect(directory: &Path) -> anyhow::Result<Collected> {
    gotest::collect(directory).with_context(|| format!("{}: cannot be listed", directory.display()))
}
