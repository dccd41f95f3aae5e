//! The branch that a repository's pull requests go to.

use std::path::{Path, PathBuf};

use crate::files::read_regular;

/// Files of git that are looked at are small, but for the list of packed branches.
const LARGEST: u64 = 16 << 20;

/// The default branch of the repository whose root this is, as far as git's own files tell: what
/// the remote calls its HEAD, or else `main` or `master` where there is one, or else the current
/// branch.
pub(super) fn default_branch(root: &Path) -> Option<String> {
    let git = git_folder(root)?;
    let target = |file: &str, below: &str| {
        let text = read(&git.join(file))?;
        let branch = text.trim().strip_prefix("ref: ")?.strip_prefix(below)?;
        Some(branch.to_owned())
    };
    target("refs/remotes/origin/HEAD", "refs/remotes/origin/").or_else(|| {
        let current = target("HEAD", "refs/heads/")?;
        let packed = read(&git.join("packed-refs")).unwrap_or_default();
        let is_there = |branch: &&str| {
            let name = format!("refs/heads/{branch}");
            let is_packed = packed
                .lines()
                .any(|line| line.ends_with(&format!(" {name}")));
            *branch == current || is_packed || git.join(name).is_file()
        };
        let usual = ["main", "master"].into_iter().find(is_there);
        Some(usual.map_or(current, str::to_owned))
    })
}

/// Where git keeps the branches: `.git`, or what a `.git` file of a worktree leads to.
fn git_folder(root: &Path) -> Option<PathBuf> {
    let git = root.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let text = read(&git)?;
    let of_worktree = root.join(text.trim().strip_prefix("gitdir: ")?);
    Some(match read(&of_worktree.join("commondir")) {
        Some(common) => of_worktree.join(common.trim()),
        None => of_worktree,
    })
}

fn read(path: &Path) -> Option<String> {
    String::from_utf8(read_regular(path, LARGEST).ok()?).ok()
}
