//! What the go command says of itself, and how to make it use the overlay.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use super::Variables;
use super::command::writes_files;
use super::exec_flag;
use super::flags;
use super::overlay::{self, Overlay};
use crate::files::read_regular;

/// An overlay of more bytes than this is refused: it names files, and holds none.
const LARGEST_OVERLAY: u64 = 64 << 20;

/// There is no go command to ask.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be run: `leakgate run` needs Go on the PATH", .go.display())]
pub(super) struct NoGo {
    go: PathBuf,
    source: std::io::Error,
}

/// The value of GOFLAGS that makes test binaries capture.
#[derive(Debug)]
pub(super) struct GoFlags {
    pub(super) text: String,
    /// Why test binaries that are built otherwise go unnoticed, if so.
    pub(super) unguarded: Option<&'static str>,
}

/// A go command and its settings in the current directory, where a go.mod may ask for another
/// toolchain.
#[derive(Debug)]
pub(super) struct Toolchain {
    environment: Environment,
    /// Where it is run; empty for the current directory.
    directory: PathBuf,
    /// Where its files are replaced: GOROOT, or another name for it.
    root: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Environment {
    goroot: PathBuf,
    goflags: String,
    gocache: PathBuf,
    gomodcache: PathBuf,
    gohostos: String,
    gohostarch: String,
    goos: String,
    goarch: String,
}

impl Environment {
    /// Where instrumented files are kept. In Go's own cache, which is this user's and lasts.
    fn cache(&self) -> PathBuf {
        self.gocache.join("leakgate")
    }

    /// Where to replace files of this Go. A toolchain that the go command has downloaded lies in
    /// the module cache, where it replaces nothing: that one gets another name, by a link.
    fn root(&self) -> anyhow::Result<PathBuf> {
        let Some(name) = self
            .goroot
            .strip_prefix(&self.gomodcache)
            .ok()
            .and_then(Path::file_name)
        else {
            return Ok(self.goroot.clone());
        };
        let links = self.cache().join("toolchains");
        let link = links.join(name);
        if fs::read_link(&link).is_ok_and(|target| target == self.goroot) {
            return Ok(link);
        }
        let error = || {
            format!(
                "{} lies in the module cache, where no file can be replaced, and cannot be linked to from {}",
                self.goroot.display(),
                link.display()
            )
        };
        fs::create_dir_all(&links).with_context(error)?;
        // Another run may make the same link at the same time.
        let _ = fs::remove_file(&link);
        match link_to(&self.goroot, &link) {
            Err(problem) if problem.kind() == std::io::ErrorKind::AlreadyExists => {}
            made => made.with_context(error)?,
        }
        Ok(link)
    }

    /// Whether what is built runs on this machine as it is.
    fn is_native(&self) -> bool {
        self.goos == self.gohostos && self.goarch == self.gohostarch
    }
}

impl Toolchain {
    /// Asks `go`, in `directory` where one is given, with these variables set.
    pub(super) fn ask(
        go: &OsStr,
        directory: Option<&Path>,
        environment: &[(String, String)],
    ) -> anyhow::Result<Self> {
        let mut command = Command::new(go);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        command.args(["env", "-json", "GOROOT", "GOFLAGS", "GOCACHE", "GOMODCACHE"]);
        command.args(["GOHOSTOS", "GOHOSTARCH", "GOOS", "GOARCH"]);
        if let Some(directory) = directory {
            command.current_dir(directory);
        }
        let output = command.output().map_err(|source| NoGo {
            go: go.into(),
            source,
        })?;
        if !output.status.success() {
            bail!(
                "`{} env` failed: {}",
                go.display(),
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        let environment: Environment = serde_json::from_slice(&output.stdout)
            .with_context(|| format!("`{} env` gave no JSON that leakgate knows", go.display()))?;
        if !environment.gocache.is_absolute() {
            bail!(
                "GOCACHE is {}, which is no absolute path: leakgate keeps its overlay in Go's build cache, and go test needs one \
                 too. Unset GOCACHE, or name a folder by its whole path.",
                environment.gocache.display()
            );
        }
        let root = environment.root()?;
        Ok(Self {
            environment,
            directory: directory.unwrap_or(Path::new("")).to_owned(),
            root,
        })
    }

    /// What a command needs beside GOFLAGS, where this toolchain is used under another name.
    pub(super) fn variables(&self) -> anyhow::Result<Variables> {
        if self.root == self.environment.goroot {
            return Ok(Vec::new());
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let first = std::iter::once(self.root.join("bin"));
        let path = std::env::join_paths(first.chain(std::env::split_paths(&path)))?;
        Ok(vec![
            ("GOROOT", Some(self.root.clone().into())),
            ("PATH", Some(path)),
        ])
    }

    /// The value of GOFLAGS under which every go command that it reaches builds test binaries with
    /// the shim; unless it `writes`, without flags that write files.
    ///
    /// # Errors
    /// A Go whose package testing the shim does not fit into, or an overlay of the user's that
    /// replaces the same files.
    pub(super) fn goflags(&self, writes: bool) -> anyhow::Result<GoFlags> {
        let flags = flags::split(&self.environment.goflags)
            .context("GOFLAGS holds a quote that is not closed")?;
        let is_overlay = |flag: &&String| flags::value_of(flag, "overlay").is_some();
        // Of several, the go command takes the last.
        let of_user = flags.iter().rev().find(is_overlay);
        let mut overlay = of_user.map_or_else(
            || Ok(Overlay::default()),
            |flag| read(flag, &self.directory),
        )?;
        let files = overlay::instrumented(&self.root)?;
        for (path, stored) in overlay::store(&self.cache(), &files)? {
            // What an outer leakgate has put there is the same, or of another release.
            if let Some(other) = overlay.replace.insert(path.clone(), stored)
                && !Path::new(&other).starts_with(self.cache())
            {
                bail!(
                    "the overlay in GOFLAGS replaces {path} by {other}, and so does leakgate: take it out, or capture by a \
                     TestMain (examples/testmain)"
                );
            }
        }
        let text = serde_json::to_string_pretty(&overlay)?;
        let stored = overlay::store_one(&self.cache(), Path::new("overlay.json"), &text)?;
        let guard = exec_flag::flag();
        let is_ours = |flag: &&String| is_overlay(flag) || Some(*flag) == guard.as_ref();
        let kept: Vec<String> = flags
            .iter()
            .filter(|flag| !is_ours(flag) && (writes || !writes_files(flag)))
            .cloned()
            .collect();
        // A user's own -exec starts the binaries where they can run; nothing may come between.
        let has_exec = kept
            .iter()
            .any(|flag| flags::value_of(flag, "exec").is_some());
        let unguarded = if has_exec {
            Some("GOFLAGS holds an -exec of its own")
        } else if !self.environment.is_native() {
            Some("they are built for another platform")
        } else if guard.is_none() {
            Some("they cannot be started through leakgate here")
        } else {
            None
        };
        let guard = guard.filter(|_| unguarded.is_none());
        let ours = [format!("-overlay={}", stored.display())];
        let all: Vec<String> = kept.into_iter().chain(ours).chain(guard).collect();
        let text = flags::join(&all)
            .context("GOFLAGS would need both kinds of quotes: the build cache's path holds one")?;
        Ok(GoFlags { text, unguarded })
    }

    /// GOFLAGS as the go command takes it, wherever it is set.
    pub(super) fn flags_of_user(&self) -> &str {
        &self.environment.goflags
    }

    fn cache(&self) -> PathBuf {
        self.environment.cache()
    }
}

#[cfg(unix)]
fn link_to(target: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(windows)]
fn link_to(target: &Path, link: &Path) -> std::io::Result<()> {
    std::os::windows::fs::symlink_dir(target, link)
}

/// The overlay that a flag names, with its paths made absolute: they are meant from where the go
/// command runs.
fn read(flag: &str, directory: &Path) -> anyhow::Result<Overlay> {
    let path = flags::value_of(flag, "overlay").unwrap_or_default();
    let error = || format!("the overlay {path} that GOFLAGS names cannot be read");
    let text = read_regular(&directory.join(path), LARGEST_OVERLAY).with_context(error)?;
    let overlay: Overlay = serde_json::from_slice(&text).with_context(error)?;
    let absolute = |path: &str| -> anyhow::Result<String> {
        // An empty path means no file at all.
        Ok(match path {
            "" => String::new(),
            path => std::path::absolute(directory.join(path))?
                .display()
                .to_string(),
        })
    };
    let mut replace = BTreeMap::new();
    for (from, to) in &overlay.replace {
        replace.insert(absolute(from)?, absolute(to)?);
    }
    Ok(Overlay { replace })
}
