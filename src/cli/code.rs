//! Reads the Go files that explain where goroutines come from.

use std::path::{Path, PathBuf};

use super::sources;
use crate::evidence::Code;
use crate::files::read_regular;

/// More folders than this explain nothing to a person.
const MOST_FOLDERS: usize = 50;

/// More entries of one folder are not looked at.
const MOST_ENTRIES: usize = 10_000;

/// Files of more bytes than this are written by programs.
const LARGEST: u64 = 1 << 20;

/// More bytes than this are not read, of all files together.
const MOST_BYTES: usize = 16 << 20;

/// The sources of folders that a dump names, as far as they lie in the repository or in the cache of
/// modules: a dump may be a stranger's. What cannot be read is as if it were not there, and reports
/// then give less advice.
pub(super) fn read(folders: Vec<String>) -> Code {
    let mut code = Code::default();
    let roots = roots();
    let mut left = MOST_BYTES;
    let is_inside = |folder: &String| {
        let folder = Path::new(folder);
        let has_parent = folder.components().any(|part| part.as_os_str() == "..");
        !has_parent && roots.iter().any(|root| folder.starts_with(root))
    };
    let inside = folders.into_iter().filter(is_inside);
    for folder in inside.take(MOST_FOLDERS) {
        let mut files = Vec::new();
        for path in go_files(Path::new(&folder)) {
            let Ok(bytes) = read_regular(&path, LARGEST) else {
                continue;
            };
            left = left.saturating_sub(bytes.len());
            if left == 0 {
                return code;
            }
            let text = String::from_utf8_lossy(&bytes).into_owned();
            files.push((path.display().to_string(), text));
        }
        if !files.is_empty() {
            code.add(folder, files);
        }
    }
    code
}

/// In the order of their names, so that a bound cuts them alike everywhere.
fn go_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let paths = entries
        .take(MOST_ENTRIES)
        .flatten()
        .map(|entry| entry.path());
    let is_go = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "go");
    let mut files: Vec<PathBuf> = paths.filter(is_go).collect();
    files.sort_unstable();
    files
}

/// The repository, and where the go command keeps modules.
fn roots() -> Vec<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let of_gopath = variable("GOPATH").or_else(|| {
        let home = std::env::home_dir()?;
        Some(home.join("go").into_os_string())
    });
    let paths = of_gopath.iter().flat_map(std::env::split_paths);
    let modules = paths.map(|path| path.join("pkg").join("mod"));
    let modules = modules.chain(variable("GOMODCACHE").map(PathBuf::from));
    let mut roots: Vec<PathBuf> = modules.collect();
    roots.extend(sources::roots());
    // An empty or relative root would hold everything.
    roots.retain(|root| root.is_absolute() && root.parent().is_some());
    roots
}
