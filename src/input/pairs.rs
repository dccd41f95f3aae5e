//! Which files of a directory belong together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The files of one suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// How reports name the suite.
    pub suite: String,
    /// The profile taken first.
    pub before: PathBuf,
    /// Those taken after, oldest first; at least one.
    pub afters: Vec<PathBuf>,
    /// Go's own leak profile, taken with the last of them.
    pub proven: Option<PathBuf>,
}

/// What a directory holds: suites, and files that are no part of one with the reason.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Sorted by name.
    pub suites: Vec<Files>,
    /// A suite's name and why it cannot be checked; sorted.
    pub incomplete: Vec<(String, String)>,
}

/// A directory that cannot be listed.
#[derive(Debug, thiserror::Error)]
#[error("{}: cannot be listed: {source}", .path.display())]
pub struct ListError {
    path: PathBuf,
    source: std::io::Error,
}

/// The endings of a profile's file name.
const ENDINGS: [&str; 6] = [".pb.gz", ".pprof.gz", ".pb", ".pprof", ".prof", ".gz"];

/// Finds the pairs in a directory and those below it: `before.pb.gz` with `after.pb.gz`, and `NAME-before.pb.gz` with
/// `NAME-after.pb.gz`; `proven.pb.gz` beside them is Go's leak profile.
///
/// # Errors
/// A directory that cannot be listed.
pub fn pair_directory(directory: &Path) -> Result<Found, ListError> {
    let mut sides: BTreeMap<String, BTreeMap<&str, PathBuf>> = BTreeMap::new();
    let mut found = Found::default();
    for (name, path) in profiles_below(directory)? {
        let stem = without_ending(&name);
        let side = ["before", "after", "proven"].into_iter().find_map(|side| {
            let prefix = stem.strip_suffix(side)?;
            (prefix.is_empty() || prefix.ends_with(['/', '-', '_', '.'])).then_some((side, prefix))
        });
        let Some((side, prefix)) = side else {
            let why = "its name ends neither in before nor in after, so it belongs to no pair: rename or move it";
            found.incomplete.push((name, why.into()));
            continue;
        };
        let suite = match prefix.trim_end_matches(['/', '-', '_', '.']) {
            "" => directory.display().to_string(),
            suite => suite.to_owned(),
        };
        if let Some(other) = sides
            .entry(suite.clone())
            .or_default()
            .insert(side, path.clone())
        {
            let why = format!(
                "both {} and {} are its {side} profile",
                other.display(),
                path.display()
            );
            found.incomplete.push((suite, why));
        }
    }
    for (suite, mut files) in sides {
        match (files.remove("before"), files.remove("after")) {
            (Some(before), Some(after)) => {
                found.suites.push(Files {
                    suite,
                    before,
                    afters: vec![after],
                    proven: files.remove("proven"),
                });
            }
            (before, _) => {
                let missing = if before.is_some() { "after" } else { "before" };
                found.incomplete.push((suite, missing_partner(missing)));
            }
        }
    }
    // A suite with two files for one side is told above, and not judged by one of them.
    found.suites.retain(|files| {
        found
            .incomplete
            .iter()
            .all(|(suite, _)| *suite != files.suite)
    });
    found.incomplete.sort();
    Ok(found)
}

/// Pairs files of the same name in two directories and those below them.
///
/// # Errors
/// A directory that cannot be listed.
pub fn pair_directories(before: &Path, after: &Path) -> Result<Found, ListError> {
    let mut befores: BTreeMap<String, PathBuf> = profiles_below(before)?.into_iter().collect();
    let mut found = Found::default();
    for (name, path) in profiles_below(after)? {
        match befores.remove(&name) {
            Some(before) => {
                found.suites.push(Files {
                    suite: without_ending(&name).to_owned(),
                    before,
                    afters: vec![path],
                    proven: None,
                });
            }
            None => found.incomplete.push((name, missing_partner("before"))),
        }
    }
    found.incomplete.extend(
        befores
            .into_keys()
            .map(|name| (name, missing_partner("after"))),
    );
    found.incomplete.sort();
    Ok(found)
}

fn missing_partner(side: &str) -> String {
    format!(
        "its {side} profile is missing: check the step that captures it, or that the process lived long enough"
    )
}

fn without_ending(name: &str) -> &str {
    ENDINGS
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name)
}

/// The profiles in a directory and those below it, by their path inside it with `/`, sorted. Links to directories are not
/// followed.
fn profiles_below(directory: &Path) -> Result<Vec<(String, PathBuf)>, ListError> {
    let mut profiles = Vec::new();
    let mut open = vec![(String::new(), directory.to_owned())];
    while let Some((prefix, path)) = open.pop() {
        let error = |source| ListError {
            path: path.clone(),
            source,
        };
        for entry in std::fs::read_dir(&path).map_err(error)? {
            let entry = entry.map_err(error)?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type().map_err(error)?.is_dir() {
                open.push((format!("{name}/"), entry.path()));
            } else if ENDINGS.iter().any(|ending| name.ends_with(ending)) {
                profiles.push((name, entry.path()));
            }
        }
    }
    profiles.sort();
    Ok(profiles)
}
