//! What the go command says of itself, and how it is told to use the overlay.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use super::flags;
use super::overlay::{self, Overlay};

/// A go command and its settings in the current directory, where a go.mod may ask for another toolchain.
#[derive(Debug)]
pub(super) struct Toolchain {
    environment: Environment,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Environment {
    goroot: PathBuf,
    goflags: String,
    gocache: PathBuf,
    gomodcache: PathBuf,
}

impl Toolchain {
    /// Asks `go`, in `directory` where one is given.
    pub(super) fn ask(go: &OsStr, directory: Option<&Path>) -> anyhow::Result<Self> {
        let mut command = Command::new(go);
        command.args(["env", "-json", "GOROOT", "GOFLAGS", "GOCACHE", "GOMODCACHE"]);
        if let Some(directory) = directory {
            command.current_dir(directory);
        }
        let output = command.output().with_context(|| {
            format!(
                "{} cannot be run: `leakgate run` needs Go on the PATH",
                go.display()
            )
        })?;
        if !output.status.success() {
            bail!(
                "`{} env` failed: {}",
                go.display(),
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        let environment = serde_json::from_slice(&output.stdout)
            .with_context(|| format!("`{} env` gave no JSON that leakgate knows", go.display()))?;
        Ok(Self { environment })
    }

    /// The value of GOFLAGS under which every go command that it reaches builds test binaries with the shim.
    ///
    /// # Errors
    /// A Go whose package testing the shim does not fit into, or an overlay of the user's that replaces the same files.
    pub(super) fn goflags(&self) -> anyhow::Result<String> {
        let Environment {
            goroot, goflags, ..
        } = &self.environment;
        let flags = flags::split(goflags).context("GOFLAGS holds a quote that is not closed")?;
        let is_overlay = |flag: &&String| flags::value_of(flag, "overlay").is_some();
        // Of several, the go command takes the last.
        let of_user = flags.iter().rev().find(is_overlay);
        let mut overlay = of_user.map_or_else(|| Ok(Overlay::default()), |flag| read(flag))?;
        let mut files = overlay::instrumented(goroot)?;
        for other in self.other_roots() {
            // One that leakgate does not know is only in the way when a module asks for it, and then no suite comes.
            files.extend(overlay::instrumented(&other).unwrap_or_default());
        }
        for (path, stored) in overlay::store(&self.cache(), &files)? {
            if let Some(other) = overlay.replace.insert(path.clone(), stored) {
                bail!(
                    "the overlay in GOFLAGS replaces {path} by {other}, and so does leakgate: take it out, or capture by a \
                     TestMain (examples/testmain)"
                );
            }
        }
        let text = serde_json::to_string_pretty(&overlay)?;
        let stored = overlay::store_one(&self.cache(), Path::new("overlay.json"), &text)?;
        let kept = flags.iter().filter(|flag| !is_overlay(flag)).cloned();
        let ours = format!("-overlay={}", stored.display());
        flags::join(&kept.chain([ours]).collect::<Vec<_>>())
            .context("GOFLAGS would need both kinds of quotes: the build cache's path holds one")
    }

    /// Where instrumented files are kept. Beside Go's own cache, which is this user's and lasts.
    fn cache(&self) -> PathBuf {
        self.environment.gocache.join("leakgate")
    }

    /// The toolchains that a module somewhere below may switch to: all that were downloaded.
    fn other_roots(&self) -> Vec<PathBuf> {
        let downloads = self.environment.gomodcache.join("golang.org");
        let entries = fs::read_dir(downloads).into_iter().flatten().flatten();
        let mut roots: Vec<PathBuf> = entries
            .filter(|entry| {
                let name = entry.file_name();
                name.to_string_lossy().starts_with("toolchain@")
            })
            .map(|entry| entry.path())
            .filter(|root| *root != self.environment.goroot)
            .collect();
        roots.sort();
        roots
    }
}

/// The overlay that a flag names, with its paths made absolute: they are meant from where the go command runs.
fn read(flag: &str) -> anyhow::Result<Overlay> {
    let path = flags::value_of(flag, "overlay").unwrap_or_default();
    let error = || format!("the overlay {path} that GOFLAGS names cannot be read");
    let text = fs::read_to_string(path).with_context(error)?;
    let overlay: Overlay = serde_json::from_str(&text).with_context(error)?;
    let absolute = |path: &str| -> anyhow::Result<String> {
        // An empty path stands for no file at all.
        Ok(match path {
            "" => String::new(),
            path => std::path::absolute(path)?.display().to_string(),
        })
    };
    let mut replace = BTreeMap::new();
    for (from, to) in &overlay.replace {
        replace.insert(absolute(from)?, absolute(to)?);
    }
    Ok(Overlay { replace })
}
