//! Finding and reading the policy file.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::policy::{FILE_NAMES, Policy};

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
    let bytes = std::fs::read(&path)
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

/// The policy file of the nearest directory that has one, from `start` upward, up to the root of the repository. The home
/// directory and those above it are never looked at: a file there would judge every project of its owner.
fn nearest(start: &Path, home: Option<&Path>) -> anyhow::Result<Option<PathBuf>> {
    for directory in start.ancestors() {
        if home.is_some_and(|home| home.starts_with(directory)) {
            break;
        }
        let present: Vec<PathBuf> = FILE_NAMES
            .iter()
            .map(|name| directory.join(name))
            .filter(|path| path.is_file())
            .collect();
        if let [first, second, ..] = &present[..] {
            bail!(
                "two policy files, and only one can hold: {} and {}; remove one",
                first.display(),
                second.display()
            );
        }
        let misnamed = FILE_NAMES
            .iter()
            .map(|name| directory.join(name).with_extension("yaml"))
            .find(|path| path.is_file());
        if let Some(misnamed) = misnamed {
            let name = misnamed.with_extension("yml");
            bail!(
                "{} would not be read: rename it to {}",
                misnamed.display(),
                name.display()
            );
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

fn home() -> Option<PathBuf> {
    std::env::home_dir().filter(|home| home.is_absolute() && home.parent().is_some())
}
