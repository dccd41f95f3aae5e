//! Finding and reading the policy file.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::files::{name_of, read_regular};
use crate::policy::{FILE_NAMES, LARGEST, Policy};

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
    let bytes = read_regular(&path, LARGEST)
        .with_context(|| format!("the policy {} cannot be read", path.display()))?;
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            bail!(
                "the policy {} is not UTF-8: byte {} is wrong",
                path.display(),
                error.utf8_error().valid_up_to()
            )
        }
    };
    Ok(Policy::parse(&path, &text)?)
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
    let nearest = nearest(here, home().as_deref())?;
    Ok(nearest.map(|path| path.strip_prefix(here).map(Path::to_owned).unwrap_or(path)))
}

/// Whether a policy in this directory is never read: in the home directory and those above it.
pub(super) fn is_never_read(directory: &Path) -> bool {
    home().is_some_and(|home| home.starts_with(directory))
}

/// The policy file of the nearest directory that has one, from `start` upward, up to the root of
/// the repository. The home directory and those above it are never looked at: a file there would
/// judge every project of its owner.
fn nearest(start: &Path, home: Option<&Path>) -> anyhow::Result<Option<PathBuf>> {
    for directory in start.ancestors() {
        if home.is_some_and(|home| home.starts_with(directory)) {
            break;
        }
        let mut present = Vec::new();
        for name in FILE_NAMES {
            let path = directory.join(name);
            if is_there(&path)? {
                present.push(path);
            }
        }
        if let [first, second, ..] = &present[..] {
            bail!(
                "two policy files, and only one can hold: {} and {}; remove one",
                first.display(),
                second.display()
            );
        }
        for name in FILE_NAMES {
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
            return Ok(Some(path));
        }
        if directory.join(".git").exists() {
            break;
        }
    }
    Ok(None)
}

/// Whether a policy is at this path.
///
/// # Errors
/// A file that looks like a policy and cannot be read. To pass over it would mean to judge by
/// another policy, further up, than the author of this one thinks.
fn is_there(path: &Path) -> anyhow::Result<bool> {
    let absent = |error: &std::io::Error| {
        matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
    };
    let entry = match path.symlink_metadata() {
        Err(error) if absent(&error) => return Ok(false),
        entry => entry.with_context(|| format!("{} cannot be looked at", path.display()))?,
    };
    let kind = match path.metadata() {
        Err(error) if absent(&error) => entry.file_type(),
        file => file
            .with_context(|| format!("{} cannot be looked at", path.display()))?
            .file_type(),
    };
    if kind.is_file() {
        return Ok(true);
    }
    bail!(
        "the policy {} is {}, not a regular file: put a policy there, or remove it",
        path.display(),
        name_of(kind)
    )
}

fn home() -> Option<PathBuf> {
    std::env::home_dir().filter(|home| home.is_absolute() && home.parent().is_some())
}
