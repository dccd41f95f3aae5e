//! Finding the repository around the current directory, its modules and its Go files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::report::sources::{Module, Sources};

/// Most entries of directories that are looked at: several times what the largest Go repositories have.
const MOST_ENTRIES: usize = 500_000;

/// Directories whose files are not the repository's own.
const SKIPPED: [&str; 2] = ["vendor", "node_modules"];

/// The repository around the current directory. What cannot be read is as if it were not there: reports then name fewer
/// files.
pub(super) fn find(policy: &str) -> Sources {
    let Ok(here) = std::env::current_dir() else {
        return Sources::default();
    };
    let workspace = variable("GITHUB_WORKSPACE").map(PathBuf::from);
    let root = root(&here, workspace.as_deref());
    let mut roots = vec![root.clone()];
    roots.extend(root.canonicalize());
    // The shell's way here may lead through a symbolic link, and the go command keeps to it.
    let logical = variable("PWD").map(PathBuf::from);
    let logical = logical.filter(|logical| same(logical, &here));
    roots.extend(logical.and_then(|logical| {
        let depth = here.strip_prefix(&root).ok()?.components().count();
        logical.ancestors().nth(depth).map(Path::to_owned)
    }));
    let mut walk = Walk::default();
    walk.directory(&root, "");
    // Of modules with one path, what is nearer to the root and no test data is the one that programs are built from.
    walk.modules.sort_by_key(|module| {
        let elements = module.directory.split('/');
        let test_data = elements.clone().any(|element| element == "testdata");
        (test_data, elements.count(), module.directory.clone())
    });
    let roots = roots.iter().map(|root| plain(root)).collect();
    let sources = Sources::new(roots, walk.modules, walk.files);
    // Its path may go up and down, or be absolute, and its place in the repository is one.
    let policy = here.join(policy).canonicalize().ok();
    let policy = policy.and_then(|path| sources.below_root(&plain(&path)));
    sources.with_policy(policy).with_link(link())
}

/// The root of the repository: the nearest directory upward with a `.git`, within the workspace where there is one, also
/// when it was checked out into a folder of that.
fn root(here: &Path, workspace: Option<&Path>) -> PathBuf {
    let inside =
        |directory: &&Path| workspace.is_none_or(|workspace| directory.starts_with(workspace));
    let is_root = |directory: &&Path| directory.join(".git").exists();
    let git = here.ancestors().take_while(inside).find(is_root);
    git.or(workspace).unwrap_or(here).to_owned()
}

#[derive(Default)]
struct Walk {
    modules: Vec<Module>,
    files: BTreeSet<String>,
    entries: usize,
}

impl Walk {
    /// Links are not followed, so that it ends.
    fn directory(&mut self, path: &Path, below: &str) {
        let Ok(entries) = std::fs::read_dir(path) else {
            return;
        };
        for entry in entries.flatten() {
            self.entries += 1;
            if self.entries > MOST_ENTRIES {
                return;
            }
            let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else {
                continue;
            };
            let inside = match below {
                "" => name.clone(),
                below => format!("{below}/{name}"),
            };
            if kind.is_dir() {
                if !name.starts_with('.') && !SKIPPED.contains(&&*name) {
                    self.directory(&entry.path(), &inside);
                }
            } else if name == "go.mod" {
                let module = std::fs::read_to_string(entry.path()).ok();
                let module = module.and_then(|text| module_path(&text));
                let directory = below.to_owned();
                self.modules
                    .extend(module.map(|path| Module { path, directory }));
            } else if Path::new(&name)
                .extension()
                .is_some_and(|extension| extension == "go")
            {
                self.files.insert(inside);
            }
        }
    }
}

/// Input: a go.mod, with a line `module example.com/shop // comment`
/// Output: `example.com/shop`
fn module_path(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let path = line.trim_start().strip_prefix("module")?;
        let path = path.strip_prefix([' ', '\t'])?;
        let path = path.split("//").next()?.trim().trim_matches(['"', '`']);
        (!path.is_empty()).then(|| path.to_owned())
    })
}

/// Where the CI's platform shows a file of the commit that is tested.
fn link() -> Option<String> {
    let github = || {
        let (server, repository) = (
            variable("GITHUB_SERVER_URL")?,
            variable("GITHUB_REPOSITORY")?,
        );
        Some(format!(
            "{server}/{repository}/blob/{}",
            variable("GITHUB_SHA")?
        ))
    };
    let gitlab = || {
        Some(format!(
            "{}/-/blob/{}",
            variable("CI_PROJECT_URL")?,
            variable("CI_COMMIT_SHA")?
        ))
    };
    github().or_else(gitlab)
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// Without the `\\?\` that Windows puts before canonical paths.
fn plain(path: &Path) -> String {
    let path = path.to_string_lossy();
    path.strip_prefix(r"\\?\").unwrap_or(&path).to_owned()
}
