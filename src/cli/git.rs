//! Asking git, and taking files out of it. Nothing is written into a repository: no worktree, no
//! hook, no lock that a crash would leave behind.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, bail};

use super::config;

/// A repository, by the folder at its root.
#[derive(Debug)]
pub(super) struct Repository {
    pub(super) root: PathBuf,
}

impl Repository {
    /// The one that a folder lies in.
    ///
    /// # Errors
    /// No git, or no repository.
    pub(super) fn around(here: &Path) -> anyhow::Result<Self> {
        let root = text(command(here).args(["rev-parse", "--show-toplevel"]))?;
        Ok(Self { root: root.into() })
    }

    /// The commit that a name stands for.
    ///
    /// # Errors
    /// None in this clone.
    pub(super) fn commit(&self, name: &str) -> anyhow::Result<String> {
        if name.starts_with('-') {
            bail!("{name} is no name of a commit");
        }
        let name = format!("{name}^{{commit}}");
        text(self.git().args(["rev-parse", "--verify", "--quiet", &name]))
    }

    /// The newest commit that is in the history of both; `None` where this clone holds none.
    pub(super) fn merge_base(&self, one: &str, other: &str) -> Option<String> {
        text(self.git().args(["merge-base", one, other])).ok()
    }

    /// Whether this clone holds only a part of the history.
    pub(super) fn is_shallow(&self) -> bool {
        let says = text(self.git().args(["rev-parse", "--is-shallow-repository"]));
        says.is_ok_and(|says| says == "true")
    }

    /// Whether the files are those of the commit, with none beside them.
    pub(super) fn is_clean(&self) -> bool {
        text(self.git().args(["status", "--porcelain"])).is_ok_and(|says| says.is_empty())
    }

    /// Whether git knows a file, by its path from the root.
    pub(super) fn knows(&self, path: &Path) -> bool {
        let mut git = self.git();
        git.args(["ls-files", "--error-unmatch", "--"]).arg(path);
        run(&mut git).is_ok()
    }

    /// A file of a commit, by its path from the root; `None` where the commit has none.
    pub(super) fn file(&self, commit: &str, path: &Path) -> Option<String> {
        let object = format!("{commit}:{}", path.to_str()?.replace('\\', "/"));
        let output = run(self.git().args(["cat-file", "blob", &object])).ok()?;
        String::from_utf8(output.stdout).ok()
    }

    /// Writes the files of a commit into a folder, those of submodules too, as far as the commits of
    /// these are here; gives those that are not. `index` is where git may keep its list of them.
    ///
    /// # Errors
    /// A full disk, or a clone that does not hold all files.
    pub(super) fn write(
        &self,
        commit: &str,
        folder: &Path,
        index: &Path,
    ) -> anyhow::Result<Vec<PathBuf>> {
        let mut prefix = folder.as_os_str().to_owned();
        prefix.push("/");
        let git = || {
            let mut git = self.git();
            git.args(["-c", "core.sparseCheckout=false"]);
            git.env("GIT_INDEX_FILE", index);
            // Line ends are those of the commit, not of the checkout (from git 2.41 on).
            git.env("GIT_ATTR_SOURCE", commit);
            git
        };
        run(git().args(["read-tree", commit]))?;
        let mut argument = OsStr::new("--prefix=").to_owned();
        argument.push(&prefix);
        run(git().args(["checkout-index", "--all"]).arg(argument))?;
        let mut absent = Vec::new();
        for (path, commit) in self.submodules(commit)? {
            let below = Self {
                root: self.root.join(&path),
            };
            let is_there = config::is_repository_root(&below.root) && below.commit(&commit).is_ok();
            if !is_there {
                absent.push(path);
                continue;
            }
            let index = index.with_extension(&commit);
            let missing = below.write(&commit, &folder.join(&path), &index)?;
            absent.extend(missing.into_iter().map(|below| path.join(below)));
        }
        Ok(absent)
    }

    /// The submodules of a commit, each with its commit.
    fn submodules(&self, commit: &str) -> anyhow::Result<Vec<(PathBuf, String)>> {
        let tree = run(self
            .git()
            .args(["ls-tree", "-r", "-z", "--full-tree", commit]))?;
        let tree = String::from_utf8_lossy(&tree.stdout);
        let submodules = tree.split('\0').filter_map(|entry| {
            // 160000 commit 5b1d3... <tab> path
            let (entry, path) = entry.strip_prefix("160000 commit ")?.split_once('\t')?;
            Some((PathBuf::from(path), entry.to_owned()))
        });
        Ok(submodules.collect())
    }

    fn git(&self) -> Command {
        command(&self.root)
    }
}

/// Variables that git sets for a hook.
pub(super) const OF_A_HOOK: [&str; 6] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
];

fn command(directory: &Path) -> Command {
    let mut git = Command::new("git");
    // No pager, no question, and the words of git in English.
    git.args([
        "--no-optional-locks",
        "-c",
        "core.hooksPath=/dev/null",
        "-C",
    ])
    .arg(directory)
    .stdin(Stdio::null());
    git.env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
    // A hook sets these for its own repository; here the folder says which one is meant.
    for variable in OF_A_HOOK {
        git.env_remove(variable);
    }
    git
}

/// What git prints, without the line break at its end.
fn text(git: &mut Command) -> anyhow::Result<String> {
    let output = run(git)?;
    let text = String::from_utf8(output.stdout).context("git prints a name that is not UTF-8")?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

fn run(git: &mut Command) -> anyhow::Result<Output> {
    let output = git.output().context("git cannot be run")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.trim();
        if said.is_empty() {
            bail!("git failed ({})", output.status);
        }
        bail!("git says: {}", said.replace('\n', "; "));
    }
    Ok(output)
}
