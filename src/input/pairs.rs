//! Which files of a directory belong together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::verdict::{Rerun, TestRun};

/// The files of one suite.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    /// How reports name the suite.
    pub suite: String,
    /// The profile taken first.
    pub before: PathBuf,
    /// Those taken after, oldest first; at least one.
    pub afters: Vec<PathBuf>,
    /// Go's own leak profile, taken with the last of them.
    pub proven: Option<PathBuf>,
    /// Why they are no whole evidence, though they are worth being looked at.
    pub doubt: Option<String>,
    /// Whether both sides are of one test binary, before and after its tests.
    pub around_tests: bool,
    /// Samples of the last after profile whose goroutines were always somewhere else, by their position: how many of the
    /// outermost locations were always the same.
    pub moving: BTreeMap<usize, usize>,
    /// What the test binary told of itself.
    pub run: Option<TestRun>,
    /// How its tests are run again.
    pub rerun: Option<Rerun>,
    /// What else a reader of the report should know.
    pub notes: Vec<String>,
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
#[error("{}: cannot be listed", .path.display())]
pub struct ListError {
    path: PathBuf,
    source: std::io::Error,
}

/// The endings of a profile's file name, in small letters; longer ones first.
pub const ENDINGS: [&str; 6] = [".pb.gz", ".pprof.gz", ".pb", ".pprof", ".prof", ".gz"];

/// The endings of files that may lie beside profiles and are none.
const OTHER_ENDINGS: [&str; 11] = [
    ".txt", ".json", ".md", ".log", ".yml", ".yaml", ".html", ".svg", ".xml", ".sarif", ".go",
];

/// Finds the pairs in a directory and those below it: `before.pb.gz` with `after.pb.gz`, and `NAME-before.pb.gz` with
/// `NAME-after.pb.gz`; `proven.pb.gz` beside them is Go's leak profile. What lies in one of the folders of `except` is
/// left to whoever knows better.
///
/// # Errors
/// A directory that cannot be listed.
pub fn pair_directory(directory: &Path, except: &BTreeSet<PathBuf>) -> Result<Found, ListError> {
    let mut sides: BTreeMap<String, BTreeMap<&str, PathBuf>> = BTreeMap::new();
    let mut found = Found::default();
    let listed = profiles_below(directory)?;
    found.incomplete.extend(listed.strange);
    for (name, path) in listed.profiles {
        if path.parent().is_some_and(|folder| except.contains(folder)) {
            continue;
        }
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
                    ..Files::default()
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
    let (before, after) = (profiles_below(before)?, profiles_below(after)?);
    let mut befores: BTreeMap<String, PathBuf> = before.profiles.into_iter().collect();
    let mut found = Found::default();
    found
        .incomplete
        .extend(before.strange.into_iter().chain(after.strange));
    for (name, path) in after.profiles {
        match befores.remove(&name) {
            Some(before) => {
                found.suites.push(Files {
                    suite: without_ending(&name).to_owned(),
                    before,
                    afters: vec![path],
                    ..Files::default()
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
    let small = name.to_ascii_lowercase();
    let ending = ENDINGS.iter().find(|ending| small.ends_with(*ending));
    ending.map_or(name, |ending| &name[..name.len() - ending.len()])
}

/// What a directory and those below it hold, by the path inside it, with `/`, sorted.
#[derive(Default)]
struct Listed {
    profiles: Vec<(String, PathBuf)>,
    /// What may be a profile and cannot be read as one, with the reason: it must not vanish.
    strange: Vec<(String, String)>,
}

/// Lists what looks like a profile. Links to directories are told and not followed.
fn profiles_below(directory: &Path) -> Result<Listed, ListError> {
    let mut listed = Listed::default();
    let mut open = vec![(String::new(), directory.to_owned())];
    while let Some((prefix, path)) = open.pop() {
        let error = |source| ListError {
            path: path.clone(),
            source,
        };
        for entry in std::fs::read_dir(&path).map_err(error)? {
            let entry = entry.map_err(error)?;
            let Ok(file_name) = entry.file_name().into_string() else {
                let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
                listed
                    .strange
                    .push((name, "its name is not UTF-8: rename it".into()));
                continue;
            };
            let (name, small) = (
                format!("{prefix}{file_name}"),
                file_name.to_ascii_lowercase(),
            );
            let stem = small.split('.').next().unwrap_or_default();
            if entry.file_type().map_err(error)?.is_dir() {
                open.push((format!("{name}/"), entry.path()));
            } else if entry.path().is_dir() {
                listed.strange.push((
                    name,
                    "it is a link to a directory, which is not followed: name that directory"
                        .into(),
                ));
            } else if ENDINGS.iter().any(|ending| small.ends_with(ending)) {
                listed.profiles.push((name, entry.path()));
            } else if ["before", "after", "proven"]
                .iter()
                .any(|side| stem.ends_with(side))
                && !OTHER_ENDINGS.iter().any(|ending| small.ends_with(ending))
            {
                let why = format!("its name ends in none of {}: rename it", ENDINGS.join(", "));
                listed.strange.push((name, why));
            }
        }
    }
    listed.profiles.sort();
    listed.strange.sort();
    Ok(listed)
}
