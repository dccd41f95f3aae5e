//! Finding and reading the policy file and the baseline.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::baseline::{self, Baseline};
use crate::files::{name_of, read_regular};
use crate::policy::{self, Policy};

/// Reads the policy that was named, or the nearest one, or gives the built-in one.
///
/// # Errors
/// A file that cannot be read or understood, or two in one directory.
pub(super) fn policy(named: Option<&Path>) -> anyhow::Result<Policy> {
    let found = match named {
        Some(path) => Some(path.to_owned()),
        None => in_force(&here()?)?,
    };
    let Some(path) = found else {
        return Ok(Policy::default());
    };
    let text = read_text(&path, "policy", policy::LARGEST)?;
    Ok(Policy::parse(&path, &text)?)
}

/// Reads the policy that is in force in a directory, or gives the built-in one.
///
/// # Errors
/// A file that cannot be read or understood, or two in one directory.
pub(super) fn policy_in(directory: &Path) -> anyhow::Result<Policy> {
    let directory = std::path::absolute(directory)
        .with_context(|| format!("{} cannot be found", directory.display()))?;
    let here = here()?;
    match in_force(&directory)? {
        None => Ok(Policy::default()),
        Some(path) => {
            let path = directory.join(path);
            // As messages name it: from here, where it lies below.
            policy(Some(path.strip_prefix(&here).unwrap_or(&path)))
        }
    }
}

/// Reads the baseline that was named, or the nearest one.
///
/// # Errors
/// A file that cannot be read or understood, or two in one directory.
pub(super) fn baseline(named: Option<&Path>) -> anyhow::Result<Option<Baseline>> {
    let found = match named {
        Some(path) => Some(path.to_owned()),
        None => baseline_in_force(&here()?)?,
    };
    let Some(path) = found else {
        return Ok(None);
    };
    let text = read_text(&path, "baseline", baseline::LARGEST)?;
    Ok(Some(Baseline::parse(&path, &text)?))
}

/// Reads the baseline of a base branch. An empty file is that of a branch that has none.
///
/// # Errors
/// A file that cannot be read or understood.
pub(super) fn baseline_of_base(path: &Path) -> anyhow::Result<Option<Baseline>> {
    let text = read_text(path, "baseline", baseline::LARGEST)?;
    Ok(Some(if text.trim().is_empty() {
        Baseline::default()
    } else {
        Baseline::parse(path, &text)?
    }))
}

/// Reads a file of at most so many bytes; `what` is what messages call it.
pub(super) fn read_text(path: &Path, what: &str, largest: u64) -> anyhow::Result<String> {
    let bytes = read_regular(path, largest)
        .with_context(|| format!("the {what} {} cannot be read", path.display()))?;
    String::from_utf8(bytes).map_err(|error| {
        anyhow::anyhow!(
            "the {what} {} is not UTF-8: byte {} is wrong",
            path.display(),
            error.utf8_error().valid_up_to()
        )
    })
}

/// The day that it is (UTC).
pub(super) fn today() -> Date {
    jiff::Timestamp::now().to_zoned(TimeZone::UTC).date()
}

/// The directory that leakgate was started in.
pub(super) fn here() -> anyhow::Result<PathBuf> {
    std::env::current_dir().context("the current directory cannot be found")
}

/// The policy file that is read in this directory, relative to it where it lies in it.
///
/// # Errors
/// Two in one directory, or one whose name ends in `.yaml`.
pub(super) fn in_force(here: &Path) -> anyhow::Result<Option<PathBuf>> {
    nearest(POLICY, here, home().as_deref())
}

/// The same for the baseline.
pub(super) fn baseline_in_force(here: &Path) -> anyhow::Result<Option<PathBuf>> {
    nearest(BASELINE, here, home().as_deref())
}

/// The root of the repository that a directory lies in.
pub(super) fn repository_root(here: &Path) -> Option<&Path> {
    here.ancestors()
        .find(|directory| is_repository_root(directory))
}

/// Whether a directory is the root of a repository, or of a worktree of one.
pub(super) fn is_repository_root(directory: &Path) -> bool {
    directory.join(".git").exists()
}

/// Whether a policy in this directory is never read: in the home directory and those above it.
pub(super) fn is_never_read(directory: &Path) -> bool {
    home().is_some_and(|home| home.starts_with(directory))
}

/// A kind of file that is looked for.
#[derive(Clone, Copy)]
struct Kind {
    /// What messages call one, and two.
    name: [&'static str; 2],
    /// The names that it may have in a directory.
    file_names: &'static [&'static str],
}

const POLICY: Kind = Kind {
    name: ["policy", "two policy files"],
    file_names: &policy::FILE_NAMES,
};

const BASELINE: Kind = Kind {
    name: ["baseline", "two baselines"],
    file_names: &baseline::FILE_NAMES,
};

/// The file of the nearest directory that has one, from `start` upward, up to the root of the
/// repository; relative to `start` where it lies in it. The home directory and those above it are
/// never looked at: a file there would judge every project of its owner.
fn nearest(kind: Kind, start: &Path, home: Option<&Path>) -> anyhow::Result<Option<PathBuf>> {
    for directory in start.ancestors() {
        if home.is_some_and(|home| home.starts_with(directory)) {
            break;
        }
        let mut present = Vec::new();
        for name in kind.file_names {
            let path = directory.join(name);
            if is_there(kind, &path)? {
                present.push(path);
            }
        }
        if let [first, second, ..] = &present[..] {
            bail!(
                "{}, and only one can hold: {} and {}; remove one",
                kind.name[1],
                first.display(),
                second.display()
            );
        }
        for name in kind.file_names {
            let misnamed = directory.join(name).with_extension("yaml");
            if misnamed.symlink_metadata().is_ok() {
                bail!(
                    "{} would not be read: rename it to {}",
                    misnamed.display(),
                    directory.join(name).display()
                );
            }
        }
        if let Some(path) = present.into_iter().next() {
            let inside = path.strip_prefix(start).map(Path::to_owned);
            return Ok(Some(inside.unwrap_or(path)));
        }
        if is_repository_root(directory) {
            break;
        }
    }
    Ok(None)
}

/// Whether a file of this kind is at this path.
///
/// # Errors
/// One that cannot be read. To pass over it would mean to judge by another one, further up, than
/// its author thinks.
fn is_there(kind: Kind, path: &Path) -> anyhow::Result<bool> {
    let absent = |error: &std::io::Error| {
        matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
    };
    let entry = match path.symlink_metadata() {
        Err(error) if absent(&error) => return Ok(false),
        entry => entry.with_context(|| format!("{} cannot be looked at", path.display()))?,
    };
    let file_type = match path.metadata() {
        Err(error) if absent(&error) => entry.file_type(),
        file => file
            .with_context(|| format!("{} cannot be looked at", path.display()))?
            .file_type(),
    };
    if file_type.is_file() {
        return Ok(true);
    }
    let what = kind.name[0];
    bail!(
        "the {what} {} is {}, not a regular file: put a {what} there, or remove it",
        path.display(),
        name_of(file_type)
    )
}

fn home() -> Option<PathBuf> {
    std::env::home_dir().filter(|home| home.is_absolute() && home.parent().is_some())
}
