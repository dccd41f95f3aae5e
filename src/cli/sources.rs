//! Finding the repository around the current directory, its modules and its Go files.

use std::collections::{BTreeSet, HashSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use ignore::{DirEntry, WalkBuilder};

use super::config;
use crate::files::read_regular;
use crate::report::sources::{Module, Sources};
use crate::verdict::Verdict;

/// Most entries of directories that are looked at: several times what the largest Go repositories
/// have.
const MOST_ENTRIES: usize = 500_000;

/// A go.mod of more bytes than this is none.
const LARGEST_GO_MOD: u64 = 16 << 20;

/// Directories whose files are not the repository's own.
const SKIPPED: [&str; 2] = ["vendor", "node_modules"];

/// The modules of a Go toolchain.
const STANDARD_LIBRARY: [&str; 2] = ["std", "cmd"];

/// How much of the repository reports need to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Extent {
    Nothing,
    /// Where the functions of the verdict are, if the program was built in this checkout.
    Checkout,
    /// The same, wherever it was built.
    Named,
    /// Its modules too.
    Everything,
}

/// The repository around the current directory. What cannot be read is as if it were not there:
/// reports then name fewer files.
pub(super) fn find(verdict: &Verdict, extent: Extent) -> Sources {
    if extent == Extent::Nothing {
        return Sources::default();
    }
    let Ok(here) = std::env::current_dir() else {
        return Sources::default();
    };
    let workspace = variable("GITHUB_WORKSPACE").map(PathBuf::from);
    let root = root(&here, workspace.as_deref());
    let roots = names_of(&root, &here);
    let roots: Vec<String> = roots.iter().map(|root| plain(root)).collect();
    let bare = Sources::new(roots.clone(), Vec::new(), BTreeSet::new());
    let (named, all) = named(verdict, &root, &bare);
    let mut walk = match extent {
        Extent::Checkout => named,
        Extent::Named if all => named,
        // A walk takes a while where a repository holds much beside its code.
        _ => {
            let mut walk = Walk::new(&root);
            // What git ignores is code all the same where a stack names it.
            walk.files.extend(named.files);
            walk
        }
    };
    // Of modules with one path, what is nearer to the root and no test data is the one that
    // programs are built from.
    walk.modules.sort_by_key(|module| {
        let elements = module.directory.split('/');
        let test_data = elements.clone().any(|element| element == "testdata");
        (test_data, elements.count(), module.directory.clone())
    });
    let sources = Sources::new(roots, walk.modules, walk.files);
    // Its path may go up and down, or be absolute, and its place in the repository is one.
    let place = |name: &str| {
        let path = here.join(name).canonicalize().ok()?;
        sources.below_root(&plain(&path))
    };
    let baseline = verdict.baseline.as_ref();
    let baseline = baseline.and_then(|baseline| place(&baseline.name));
    let policy = place(&verdict.policy);
    sources
        .with_policy(policy)
        .with_baseline(baseline)
        .with_link(link())
}

/// The files that a verdict names by their path in this very checkout, and whether these are all.
fn named(verdict: &Verdict, root: &Path, roots: &Sources) -> (Walk, bool) {
    let mut seen = HashSet::new();
    let (mut named, mut all) = (Walk::default(), true);
    for place in verdict.places() {
        if !seen.insert(Arc::as_ptr(&place.function)) || roots.is_outside(place) {
            continue;
        }
        let Some(file) = roots.below_root(place.file()) else {
            all = false;
            continue;
        };
        let mut components = Path::new(&file).components();
        let is_below = components.all(|one| matches!(one, Component::Normal(_)));
        let is_skipped = file.split('/').any(|name| !is_own_name(name));
        if is_below && !is_skipped && root.join(&file).is_file() {
            named.files.insert(file);
        }
    }
    (named, all)
}

/// The root of the repository: the nearest directory upward with a `.git`, within the workspace
/// where there is one, also when it was checked out into a folder of that.
fn root(here: &Path, workspace: Option<&Path>) -> PathBuf {
    let inside =
        |directory: &&Path| workspace.is_none_or(|workspace| directory.starts_with(workspace));
    let is_root = |directory: &&Path| config::is_repository_root(directory);
    let git = here.ancestors().take_while(inside).find(is_root);
    git.or(workspace).unwrap_or(here).to_owned()
}

/// The paths that the root of the repository around the current directory goes by.
pub(super) fn roots() -> Vec<PathBuf> {
    let Ok(here) = std::env::current_dir() else {
        return Vec::new();
    };
    let workspace = variable("GITHUB_WORKSPACE").map(PathBuf::from);
    names_of(&root(&here, workspace.as_deref()), &here)
}

/// A root, and what it is called without links or by the shell.
fn names_of(root: &Path, here: &Path) -> Vec<PathBuf> {
    let mut roots = vec![root.to_owned()];
    roots.extend(root.canonicalize());
    // The shell's way here may lead through a symbolic link, and the go command keeps to it.
    let logical = variable("PWD").map(PathBuf::from);
    let logical = logical.filter(|logical| same(logical, here));
    roots.extend(logical.and_then(|logical| {
        let depth = here.strip_prefix(root).ok()?.components().count();
        logical.ancestors().nth(depth).map(Path::to_owned)
    }));
    roots
}

/// What a walk through the repository finds.
#[derive(Default)]
struct Walk {
    modules: Vec<Module>,
    files: BTreeSet<String>,
}

impl Walk {
    /// Links are not followed, so that it ends. A toolchain and a cache of modules that lie in the
    /// repository are none of its code, nor is what is hidden or ignored by git.
    fn new(root: &Path) -> Self {
        let mut walk = Self::default();
        let entries = WalkBuilder::new(root)
            .parents(false)
            .ignore(false)
            .git_global(false)
            .git_exclude(false)
            .require_git(false)
            .sort_by_file_name(Ord::cmp)
            .filter_entry(|entry| entry.depth() == 0 || is_own(entry))
            .build();
        // What cannot be read is as if it were not there.
        for entry in entries.take(MOST_ENTRIES).filter_map(Result::ok) {
            let Ok(inside) = entry.path().strip_prefix(root) else {
                continue;
            };
            let Some(inside) = inside.to_str() else {
                continue;
            };
            let inside = inside.replace(std::path::MAIN_SEPARATOR, "/");
            let (folder, name) = inside.rsplit_once('/').unwrap_or(("", &inside));
            if name == "go.mod" {
                let module = entry.path().parent().and_then(module_of);
                walk.modules.extend(module.map(|path| Module {
                    path,
                    directory: folder.to_owned(),
                }));
            } else if entry.file_type().is_some_and(|kind| kind.is_file())
                && name.strip_suffix(".go").is_some()
            {
                walk.files.insert(inside);
            }
        }
        walk
    }
}

/// Whether an entry may be of the repository's own code.
fn is_own(entry: &DirEntry) -> bool {
    if entry.file_type().is_none_or(|kind| !kind.is_dir()) {
        return true;
    }
    let Some(name) = entry.file_name().to_str() else {
        return false;
    };
    let is_toolchain = || {
        let module = module_of(entry.path());
        module.is_some_and(|path| STANDARD_LIBRARY.contains(&&*path))
    };
    is_own_name(name) && !is_toolchain()
}

fn is_own_name(name: &str) -> bool {
    !name.starts_with('.') && !name.contains("@v") && !SKIPPED.contains(&name)
}

/// The path of the module whose root a directory is.
fn module_of(directory: &Path) -> Option<String> {
    let go_mod = read_regular(&directory.join("go.mod"), LARGEST_GO_MOD).ok()?;
    module_path(&String::from_utf8_lossy(&go_mod))
}

/// Whether the module around a directory has tests of the package with this import path; `None` where it
/// is of another module, or there is none.
pub(super) fn has_tests(package: &str, directory: &Path) -> Option<bool> {
    let mut modules = directory.ancestors();
    let (root, path) = modules.find_map(|root| Some((root, module_of(root)?)))?;
    let below = package.strip_prefix(&*path)?;
    if !below.is_empty() && !below.starts_with('/') {
        return None;
    }
    let folder = root.join(below.trim_start_matches('/'));
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names = files.map(|file| file.file_name().to_string_lossy().into_owned());
    Some(names.any(|name| name.ends_with("_test.go")))
}

/// Input: a go.mod, with a line `module example.com/shop // comment`
/// Output: `example.com/shop`
fn module_path(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let path = line.trim_start().strip_prefix("module")?;
        let path = path.strip_prefix([' ', '\t'])?;
        let path = path.split("//").next()?.trim().trim_matches(['"', '`']);
        (!path.is_empty() && path != "(").then(|| path.to_owned())
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

#[cfg(test)]
mod tests {
    use super::{Walk, module_path};

    #[test]
    fn the_walk_finds_modules_and_files_and_leaves_out_what_is_not_the_repositorys() {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("go.mod", "module example.com/shop\n"),
            ("main.go", ""),
            ("notes.txt", ""),
            ("api/go.mod", "module example.com/shop/api\n"),
            ("api/v1/handler.go", ""),
            (".cache/x.go", ""),
            ("vendor/example.com/dep/dep.go", ""),
            ("web/node_modules/x/x.go", ""),
            ("go/src/go.mod", "module std\n"),
            ("go/src/runtime/proc.go", ""),
            ("pkg/mod/example.com/dep@v1.2.3/dep.go", ""),
        ] {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let walk = Walk::new(root.path());
        let files: Vec<&str> = walk.files.iter().map(String::as_str).collect();
        assert_eq!(files, ["api/v1/handler.go", "main.go"]);
        let mut modules: Vec<&str> = walk.modules.iter().map(|one| &*one.directory).collect();
        modules.sort_unstable();
        assert_eq!(modules, ["", "api"]);
    }

    #[test]
    fn a_module_line_is_read_as_go_reads_it() {
        for (text, path) in [
            (
                "// The shop.\nmodule example.com/shop // v2 soon\n",
                Some("example.com/shop"),
            ),
            (
                "module \t\"example.com/shop\"\r\n",
                Some("example.com/shop"),
            ),
            ("module (\n", None),
            ("modules example.com/shop\n", None),
            ("module\n", None),
        ] {
            assert_eq!(module_path(text).as_deref(), path, "{text:?}");
        }
    }
}
