//! Checks the direction of imports: values flow from bytes to text, and pure stages use no edge.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// For each module of the crate, the ones it may use.
const MAY_USE: &[(&str, &[&str])] = &[
    ("profile", &[]),
    ("dump", &[]),
    ("state", &["go_names"]),
    ("escape", &[]),
    ("go_names", &[]),
    ("confirmed", &[]),
    ("files", &[]),
    ("plural", &[]),
    ("gosource", &["escape"]),
    ("stack", &["go_names", "profile", "state"]),
    ("snapshot", &["go_names", "profile", "stack"]),
    ("diff", &["go_names", "plural", "stack", "snapshot"]),
    ("policy", &["confirmed", "escape", "go_names", "state"]),
    ("baseline", &["escape", "policy"]),
    ("cases", &["policy", "state", "verdict"]),
    ("origin", &["dump", "go_names", "snapshot", "stack"]),
    (
        "evidence",
        &[
            "confirmed",
            "dump",
            "gosource",
            "origin",
            "profile",
            "snapshot",
            "stack",
        ],
    ),
    (
        "verdict",
        &[
            "baseline",
            "confirmed",
            "diff",
            "evidence",
            "gosource",
            "origin",
            "policy",
            "stack",
            "state",
        ],
    ),
    (
        "judge",
        &[
            "baseline",
            "confirmed",
            "diff",
            "evidence",
            "go_names",
            "gosource",
            "origin",
            "plural",
            "policy",
            "profile",
            "snapshot",
            "stack",
            "verdict",
        ],
    ),
    (
        "overview",
        &["diff", "judge", "profile", "snapshot", "stack", "verdict"],
    ),
    (
        "report",
        &[
            "baseline",
            "cases",
            "confirmed",
            "diff",
            "escape",
            "evidence",
            "go_names",
            "gosource",
            "origin",
            "overview",
            "plural",
            "policy",
            "stack",
            "state",
            "verdict",
        ],
    ),
    (
        "translate",
        &["dump", "go_names", "profile", "stack", "state"],
    ),
    (
        "input",
        &["dump", "evidence", "files", "profile", "translate"],
    ),
    (
        "capture",
        &[
            "escape", "files", "go_names", "input", "profile", "snapshot",
        ],
    ),
    (
        "gotest",
        &[
            "baseline",
            "confirmed",
            "evidence",
            "files",
            "go_names",
            "policy",
        ],
    ),
    (
        "cli",
        &[
            "baseline",
            "capture",
            "cases",
            "confirmed",
            "dump",
            "escape",
            "evidence",
            "files",
            "go_names",
            "gotest",
            "input",
            "judge",
            "overview",
            "plural",
            "policy",
            "profile",
            "report",
            "snapshot",
            "translate",
            "verdict",
        ],
    ),
];

/// What only the edges may use.
const EDGES: [&str; 5] = ["files", "input", "gotest", "capture", "cli"];
const EFFECTS: [&str; 6] = [
    "std::fs",
    "std::env",
    "std::io",
    "std::thread",
    "std::time",
    "Timestamp::now",
];

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The module at the top of the crate that a file belongs to: `diff` for `src/diff/near.rs`.
fn module_of(source: &Path, file: &Path) -> String {
    let inside = file.strip_prefix(source).unwrap();
    inside
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_str()
        .unwrap()
        .trim_end_matches(".rs")
        .to_owned()
}

#[test]
fn no_module_uses_one_that_lies_downstream() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut seen = BTreeSet::new();
    for file in sources(&source) {
        let module = module_of(&source, &file);
        // Test code is not part of the program.
        if module == "testing" || file.ends_with("tests.rs") {
            continue;
        }
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == module) else {
            assert!(
                ["lib", "main"].contains(&module.as_str()),
                "{} is not in the table",
                file.display()
            );
            continue;
        };
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            for used in line.split("crate::").skip(1) {
                let used: String = used
                    .chars()
                    .take_while(|character| character.is_alphanumeric() || *character == '_')
                    .collect();
                let fine = used == module || allowed.contains(&used.as_str());
                assert!(fine, "{} may not use crate::{used}: {line}", file.display());
                seen.insert((module.clone(), used));
            }
            let pure = !EDGES.contains(&module.as_str());
            // Only a type, which code that writes to memory uses too.
            let line = line.replace("std::io::Result", "");
            let effect = EFFECTS.iter().find(|effect| line.contains(*effect));
            assert!(
                !pure || effect.is_none(),
                "{} is pure and may not use {}: {line}",
                file.display(),
                effect.unwrap()
            );
        }
    }
    for (module, allowed) in MAY_USE {
        for used in *allowed {
            let is_used = seen.contains(&((*module).to_owned(), (*used).to_owned()));
            assert!(is_used, "{module} need not be allowed to use crate::{used}");
        }
    }
}
