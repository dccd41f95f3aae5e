//! Which files of a directory belong together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::evidence::{Evidence, Files, Suite, Unchecked};

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

/// The endings of text dumps, which are read where no profile in protobuf form has their place: a
/// text may also lie there for people.
const TEXT_ENDINGS: [&str; 3] = [".txt", ".log", ".dump"];

/// Finds the pairs in a directory and those below it: `before.pb.gz` with `after.pb.gz`, and
/// `NAME-before.pb.gz` with `NAME-after.pb.gz`; `proven.pb.gz` beside them is Go's leak profile. A
/// text dump, `before.txt`, takes the place of a profile that is not there.
/// What lies in one of the folders of `except` is left to whoever knows better.
///
/// # Errors
/// A directory that cannot be listed.
pub fn pair_directory(directory: &Path, except: &BTreeSet<PathBuf>) -> Result<Evidence, ListError> {
    let mut sides: BTreeMap<String, BTreeMap<&str, PathBuf>> = BTreeMap::new();
    let mut found = Evidence::default();
    let listed = profiles_below(directory)?;
    found.unchecked.extend(listed.strange);
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
            found.unchecked.push(Unchecked::new(name, why));
            continue;
        };
        let suite = match prefix.trim_end_matches(['/', '-', '_', '.']) {
            "" => directory.display().to_string(),
            suite => suite.to_owned(),
        };
        let files = sides.entry(suite.clone()).or_default();
        if is_text(&path) && files.get(side).is_some_and(|other| !is_text(other)) {
            continue;
        }
        let other = files.insert(side, path.clone());
        if let Some(other) = other.filter(|other| is_text(other) == is_text(&path)) {
            let why = format!(
                "both {} and {} are its {side} profile",
                other.display(),
                path.display()
            );
            found.unchecked.push(Unchecked::new(suite, why));
        }
    }
    for (suite, mut files) in sides {
        match (files.remove("before"), files.remove("after")) {
            (Some(before), Some(after)) => {
                found.suites.push(Suite {
                    name: suite.into(),
                    files: Files {
                        before,
                        afters: vec![after],
                        proven: files.remove("proven"),
                        dump: None,
                        own_before: None,
                    },
                    ..Suite::default()
                });
            }
            (before, _) => {
                let missing = if before.is_some() { "after" } else { "before" };
                found
                    .unchecked
                    .push(Unchecked::new(suite, missing_partner(missing)));
            }
        }
    }
    // A suite with two files for one side is unchecked already, and not judged by one of them.
    found.suites.retain(|suite| {
        let mut unchecked = found.unchecked.iter();
        unchecked.all(|unchecked| unchecked.suite != suite.name)
    });
    found.unchecked.sort();
    Ok(found)
}

/// Pairs files of the same name in two directories and those below them.
///
/// # Errors
/// A directory that cannot be listed.
pub fn pair_directories(before: &Path, after: &Path) -> Result<Evidence, ListError> {
    let (before, after) = (profiles_below(before)?, profiles_below(after)?);
    let mut befores: BTreeMap<String, PathBuf> = before.profiles.into_iter().collect();
    let mut found = Evidence::default();
    found
        .unchecked
        .extend(before.strange.into_iter().chain(after.strange));
    for (name, path) in after.profiles {
        if let Some(before) = befores.remove(&name) {
            found.suites.push(Suite {
                name: without_ending(&name).into(),
                files: Files {
                    before,
                    afters: vec![path],
                    proven: None,
                    dump: None,
                    own_before: None,
                },
                ..Suite::default()
            });
        } else {
            let missing = Unchecked::new(name, missing_partner("before"));
            found.unchecked.push(missing);
        }
    }
    let left = befores.into_keys();
    found
        .unchecked
        .extend(left.map(|name| Unchecked::new(name, missing_partner("after"))));
    found.unchecked.sort();
    Ok(found)
}

fn missing_partner(side: &str) -> String {
    format!(
        "its {side} profile is missing: check the step that captures it, or that the process lived long enough"
    )
}

fn is_text(path: &Path) -> bool {
    let small = path.to_string_lossy().to_ascii_lowercase();
    TEXT_ENDINGS.iter().any(|ending| small.ends_with(ending))
}

fn without_ending(name: &str) -> &str {
    let small = name.to_ascii_lowercase();
    let mut endings = ENDINGS.iter().chain(&TEXT_ENDINGS);
    let ending = endings.find(|ending| small.ends_with(*ending));
    ending.map_or(name, |ending| &name[..name.len() - ending.len()])
}

/// What a directory and those below it hold, by the path inside it, with `/`, sorted.
#[derive(Default)]
struct Listed {
    profiles: Vec<(String, PathBuf)>,
    /// What may be a profile and cannot be read as one, with the reason: it must not vanish.
    strange: Vec<Unchecked>,
}

/// Lists what looks like a profile. Links to directories are reported and not followed.
fn profiles_below(directory: &Path) -> Result<Listed, ListError> {
    let mut listed = Listed::default();
    for entry in WalkDir::new(directory).min_depth(1).sort_by_file_name() {
        let entry = entry.map_err(|error| ListError {
            path: error.path().unwrap_or(directory).to_owned(),
            source: error.into(),
        })?;
        if entry.file_type().is_dir() {
            continue;
        }
        let inside = entry.path().strip_prefix(directory);
        let inside = inside.unwrap_or(entry.path()).to_string_lossy();
        let name = inside.replace(std::path::MAIN_SEPARATOR, "/");
        let small = entry.file_name().to_string_lossy().to_ascii_lowercase();
        let stem = small.split('.').next().unwrap_or_default();
        let is_one_of = |endings: &[&str]| endings.iter().any(|ending| small.ends_with(ending));
        let sides = ["before", "after", "proven"];
        let has_side = sides.iter().any(|side| stem.ends_with(side));
        let mut strange = |why: String| listed.strange.push(Unchecked::new(&*name, why));
        if entry.file_name().to_str().is_none() {
            strange("its name is not UTF-8: rename it".to_owned());
        } else if entry.path().is_dir() {
            strange(
                "it is a link to a directory, which is not followed: name that directory"
                    .to_owned(),
            );
        } else if is_one_of(&ENDINGS) || (has_side && is_one_of(&TEXT_ENDINGS)) {
            listed.profiles.push((name, entry.into_path()));
        } else if has_side && !is_one_of(&OTHER_ENDINGS) {
            let endings = ENDINGS.join(", ");
            strange(format!("its name ends in none of {endings}: rename it"));
        }
    }
    listed.profiles.sort();
    listed.strange.sort();
    Ok(listed)
}
