//! Every pattern against a real leak that has it and a real one that looks alike, both in
//! testdata/patterns: state, functions and lines come from their profiles.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{PATTERNS, Seen, Spot};
use crate::gosource::Package;
use crate::input;
use crate::profile::Profile;
use crate::snapshot::Snapshot;

/// Where the line of this package that was at work when a goroutine started is not found by the
/// goroutine's own frames: what is written on it. A chain of calls would say it.
const STARTED: [(&str, &str); 3] = [
    ("body", "client.Get("),
    ("pool", "sql.OpenDB("),
    ("spawn", "go handleOne("),
];

fn folder(example: &str, kind: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/patterns");
    root.join(example).join(kind)
}

fn package(folder: &Path) -> Package {
    let files = std::fs::read_dir(folder).unwrap().filter_map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name()?.to_str()?.to_owned();
        let is_go = path.extension().is_some_and(|extension| extension == "go");
        is_go.then(|| (name, std::fs::read_to_string(&path).unwrap()))
    });
    Package::parse(files)
}

/// The line of a package with a text.
fn line_with(package: &Package, text: &str) -> Option<(String, u32)> {
    package.files.iter().find_map(|file| {
        let at = file.text.lines().position(|line| line.contains(text))?;
        Some((file.path.clone(), u32::try_from(at + 1).ok()?))
    })
}

/// The names of the patterns of all goroutines that a program left.
fn said(example: &str, kind: &str) -> BTreeSet<&'static str> {
    let folder = folder(example, kind);
    let package = package(&folder);
    let import = format!("example.com/patterns/{example}/{kind}");
    let bytes = input::read(&folder.join("after.pb.gz"), input::DEFAULT_LIMIT).unwrap();
    let snapshot = Snapshot::group(Profile::decode(&bytes.inflated).unwrap()).unwrap();
    let marked = STARTED.iter().find(|(name, _)| *name == example);
    let started = marked.and_then(|(_, text)| line_with(&package, text));
    let groups = snapshot.groups().iter().enumerate();
    let names = groups.filter_map(|(index, group)| {
        let frames = snapshot.frames(index);
        let files: Vec<String> = frames
            .as_slice()
            .iter()
            .map(|frame| String::from_utf8_lossy(frame.file).into_owned())
            .collect();
        let own = frames.as_slice().iter().zip(&files);
        let own = own.filter(|(frame, _)| frame.function.package() == import);
        let spots = own.map(|(frame, file)| Spot {
            function: frame.function.local(),
            file,
            line: frame.line,
        });
        let spots: Vec<Spot> = spots.collect();
        let started = started.as_ref().map(|(file, line)| Spot {
            function: "",
            file,
            line: *line,
        });
        let pattern = package.pattern(&Seen {
            state: frames.state(),
            root: frames.root().map_or("", |root| root.function.as_str()),
            frames: &spots,
            started,
            count: u64::try_from(group.count).unwrap(),
        });
        pattern.map(|pattern| pattern.example)
    });
    names.collect()
}

#[test]
fn every_pattern_is_said_of_its_leak_and_not_of_the_one_that_looks_alike() {
    let mut wrong = Vec::new();
    for pattern in PATTERNS {
        let leak = said(pattern.example, "leak");
        if leak != BTreeSet::from([pattern.example]) {
            wrong.push(format!("{}: leak says {leak:?}", pattern.example));
        }
        // One of these has another pattern instead.
        let alike = said(pattern.example, "alike");
        let expected = match pattern.example {
            "senders" => BTreeSet::from(["early-return"]),
            _ => BTreeSet::new(),
        };
        if alike != expected {
            wrong.push(format!("{}: alike says {alike:?}", pattern.example));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_pattern_has_its_own_name_and_examples() {
    let names: BTreeSet<&str> = PATTERNS.iter().map(|pattern| pattern.name).collect();
    assert_eq!(names.len(), PATTERNS.len());
    let examples: BTreeSet<String> = PATTERNS.iter().map(|it| it.example.to_owned()).collect();
    let root = folder("", "");
    let folders = std::fs::read_dir(root).unwrap().filter_map(|entry| {
        let entry = entry.unwrap();
        let is_folder = entry.file_type().unwrap().is_dir();
        is_folder.then(|| entry.file_name().into_string().unwrap())
    });
    assert_eq!(folders.collect::<BTreeSet<_>>(), examples);
}
