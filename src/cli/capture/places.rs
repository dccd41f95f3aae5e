//! Where captures go.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::capture::Address;
use crate::input::ENDINGS;

/// The name of the one capture of a call that gives none.
const USUAL: &str = "goroutine.pb.gz";

/// What a profile's name ends in when nothing else is given.
const ENDING: &str = ".pb.gz";

/// Where one capture goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    StandardOutput,
    File(PathBuf),
}

/// Where the capture of each instance goes.
///
/// # Errors
/// Two captures in one place, or a place that is none.
pub(super) fn of_instances(
    output: Option<&Path>,
    addresses: &[&Address],
) -> anyhow::Result<Vec<Place>> {
    match (output, addresses) {
        (Some(output), [_]) if output == Path::new("-") => Ok(vec![Place::StandardOutput]),
        (_, [address]) => Ok(vec![Place::File(one(output, address)?)]),
        (None, _) => bail!("several URLs give several files: name a directory for them with -o"),
        (Some(output), _) => {
            if output == Path::new("-") || (output.exists() && !output.is_dir()) {
                bail!(
                    "{} is no directory, and several URLs give several files: name a directory with -o",
                    output.display()
                );
            }
            create(output)?;
            let mut places = Vec::new();
            for address in addresses {
                let place = Place::File(inside(output, address));
                if places.contains(&place) {
                    bail!(
                        "two of the URLs would be written to {}: name each instance once",
                        inside(output, address).display()
                    );
                }
                places.push(place);
            }
            Ok(places)
        }
    }
}

/// The names of a series.
#[derive(Debug)]
pub(super) struct Names {
    folder: PathBuf,
    stem: String,
    ending: &'static str,
    /// How many digits a number has, so that names sort as the captures do.
    width: usize,
}

/// Where the captures of a series go.
///
/// # Errors
/// A place that is none, or one that holds captures of an earlier series: together they would be
/// read as one.
pub(super) fn of_series(
    output: Option<&Path>,
    address: &Address,
    count: u32,
) -> anyhow::Result<Names> {
    if output == Some(Path::new("-")) {
        bail!("a series is several files: name one after which they are called with -o");
    }
    let path = one(output, address)?;
    let name = path.file_name().unwrap_or_default();
    let Some(name) = name.to_str().filter(|name| !name.is_empty()) else {
        bail!("{}: a series cannot be called after this", path.display());
    };
    let ending = ENDINGS.iter().find(|ending| name.ends_with(*ending));
    let names = Names {
        folder: path.parent().unwrap_or(Path::new("")).to_owned(),
        stem: ending
            .map_or(name, |ending| &name[..name.len() - ending.len()])
            .to_owned(),
        ending: ending.unwrap_or(&ENDING),
        width: count.to_string().len().max(4),
    };
    if let Some(earlier) = names.earlier()? {
        bail!(
            "{earlier} is of an earlier series, and would be read as a part of this one: remove it, or choose another name \
             with -o"
        );
    }
    Ok(names)
}

impl Names {
    /// The file of one capture, numbered from 1.
    pub(super) fn path(&self, number: u32) -> PathBuf {
        let Self {
            stem,
            ending,
            width,
            ..
        } = self;
        self.folder.join(format!("{stem}-{number:0width$}{ending}"))
    }

    /// What a shell calls all of them.
    pub(super) fn pattern(&self) -> String {
        let name = format!("{}-*{}", self.stem, self.ending);
        self.folder.join(name).display().to_string()
    }

    /// A file that is called as one of the series.
    fn earlier(&self) -> anyhow::Result<Option<String>> {
        let folder = if self.folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            &self.folder
        };
        let failed = || format!("{} cannot be listed", folder.display());
        let mut earlier = None;
        for entry in std::fs::read_dir(folder).with_context(failed)? {
            let name = entry.with_context(failed)?.file_name();
            let number = name
                .to_str()
                .and_then(|name| name.strip_prefix(&self.stem)?.strip_prefix('-'))
                .and_then(|name| name.strip_suffix(self.ending));
            let is_number =
                |text: &str| text.len() > 3 && text.bytes().all(|byte| byte.is_ascii_digit());
            if number.is_some_and(is_number) {
                // The first in order, whatever order the folder is listed in.
                let name = self.folder.join(name).display().to_string();
                earlier = earlier.into_iter().chain([name]).min();
            }
        }
        Ok(earlier)
    }
}

/// The file of one instance: as it was named, or named by the instance in a directory.
fn one(output: Option<&Path>, address: &Address) -> anyhow::Result<PathBuf> {
    let Some(output) = output else {
        return Ok(USUAL.into());
    };
    if output.is_dir() || output.as_os_str().as_encoded_bytes().ends_with(b"/") {
        create(output)?;
        return Ok(inside(output, address));
    }
    match output.parent() {
        Some(folder) if folder != Path::new("") && !folder.is_dir() => bail!(
            "the directory {} does not exist: create it first",
            folder.display()
        ),
        _ => Ok(output.to_owned()),
    }
}

fn inside(folder: &Path, address: &Address) -> PathBuf {
    folder.join(format!("{}{ENDING}", address.name()))
}

fn create(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("the directory {} cannot be made", folder.display()))
}
