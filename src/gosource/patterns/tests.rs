//! Every pattern against a real leak that has it and a real one that looks alike, both in
//! testdata/patterns: state, functions and lines come from their profiles.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{PATTERNS, Seen, Spot};
use crate::gosource::{Package, Point};
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
        let spots = own.clone().map(|(frame, file)| Spot {
            file,
            line: frame.line,
        });
        let spots: Vec<Spot> = spots.collect();
        let own: Vec<&str> = own.map(|(frame, _)| frame.function.local()).collect();
        assert_that_lines_agree(&package, &spots, &own, frames.state());
        let started = started
            .as_ref()
            .map(|(file, line)| Spot { file, line: *line });
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

/// Each frame of a real profile lies where the source says, and calls the next inner one.
fn assert_that_lines_agree(package: &Package, spots: &[Spot], functions: &[&str], state: &str) {
    for (index, (spot, function)) in spots.iter().zip(functions).enumerate() {
        let point = match index {
            0 => Point::Wait { state, called: "" },
            _ => Point::Call(functions[index - 1]),
        };
        // What is given as a value is called by another name.
        let is_value = index > 0 && functions[index - 1].contains(".func");
        let excerpt = package.excerpt(spot.file, spot.line, function, point);
        assert!(excerpt.is_some() || is_value, "{function} {spot:?}");
    }
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
    let states = crate::state::all_states();
    for state in PATTERNS.iter().flat_map(|pattern| pattern.states) {
        assert!(states.contains(state), "{state}");
    }
    let root = folder("", "");
    let folders = std::fs::read_dir(root).unwrap().filter_map(|entry| {
        let entry = entry.unwrap();
        let is_folder = entry.file_type().unwrap().is_dir();
        is_folder.then(|| entry.file_name().into_string().unwrap())
    });
    assert_eq!(folders.collect::<BTreeSet<_>>(), examples);
}

/// The example of the pattern that a goroutine has which waits at the line with a text.
fn named(state: &str, at: &str, source: &str) -> Option<&'static str> {
    let text = format!("package p\nimport \"context\"\n{source}");
    let package = Package::parse([("p.go", text)]);
    let (file, line) = line_with(&package, at).unwrap();
    let spot = Spot { file: &file, line };
    let seen = Seen {
        state,
        root: "",
        frames: &[spot],
        started: None,
        count: 1,
    };
    package.pattern(&seen).map(|pattern| pattern.example)
}

#[test]
fn a_cancel_function_that_is_kept_is_not_missing() {
    let source = |cancel: &str| {
        format!(
            "func (p *P) Start() {{\n{cancel}\ngo p.run(ctx)\n}}\n\
             func (p *P) run(ctx context.Context) {{\n<-ctx.Done()\n}}\n"
        )
    };
    for (cancel, expected) in [
        ("ctx, _ := context.WithCancel(c)", Some("missing-cancel")),
        (
            "ctx, cancel := context.WithCancel(c)\n_ = cancel",
            Some("missing-cancel"),
        ),
        (
            "ctx, cancel := context.WithCancel(c)\np.cancel = cancel",
            None,
        ),
        (
            "var ctx context.Context\nctx, p.cancel = context.WithCancel(c)",
            None,
        ),
        ("ctx, cancel := context.WithCancel(c)\nkeep(cancel)", None),
        ("ctx, cancel := context.WithCancel(c)\ndefer cancel()", None),
        ("ctx, cancel := context.WithTimeout(c, d)\n_ = cancel", None),
    ] {
        let found = named("chan receive", "<-ctx.Done()", &source(cancel));
        assert_eq!(found, expected, "{cancel}");
    }
}

#[test]
fn a_lock_that_somebody_else_gives_back_is_not_kept() {
    for (body, expected) in [
        (
            "s.mu.Lock()\nif x {\nreturn\n}\ns.mu.Unlock()",
            Some("lock-held"),
        ),
        (
            "s.mu.Lock()\nif x {\ns.stopAndUnlock()\nreturn\n}\ns.mu.Unlock()",
            None,
        ),
        (
            "s.mu.Lock()\nif x {\ns.mu.Unlock()\nreturn\n}\ns.mu.Unlock()",
            None,
        ),
        ("s.mu.Lock()\ndefer s.mu.Unlock()\nif x {\nreturn\n}", None),
        ("s.mu.Lock()\nreturn", None),
        ("if x {\ns.mu.Lock()\ns.n++\ns.mu.Unlock()\n}\nreturn", None),
    ] {
        let source = format!(
            "func (s *S) A() {{\n{body}\n}}\nfunc (s *S) B() {{\ns.mu.Lock() // b\ns.mu.Unlock()\n}}\n"
        );
        assert_eq!(
            named("sync.Mutex.Lock", "// b", &source),
            expected,
            "{body}"
        );
    }
}

#[test]
fn a_function_that_locks_for_others_says_so_by_its_name() {
    let body = "mu.Lock() // a\nif x {\nreturn\n}\nmu.Unlock()";
    for (name, expected) in [("A", Some("lock-held")), ("lockForAppend", None)] {
        let source = format!("func {name}() {{\n{body}\n}}\n");
        assert_eq!(named("sync.Mutex.Lock", "// a", &source), expected);
    }
}

#[test]
fn a_lock_is_taken_twice_only_when_it_is_surely_held() {
    for (body, expected) in [
        ("mu.Lock()\nf()\nmu.Lock() // b", Some("lock-twice")),
        (
            "mu.Lock()\ndefer mu.Unlock()\nmu.Lock() // b",
            Some("lock-twice"),
        ),
        ("mu.Lock()\nmu.Unlock()\nmu.Lock() // b", None),
        ("if x {\nmu.Lock()\n}\nmu.Lock() // b", None),
        (
            "mu.Lock()\ngo func() { mu.Unlock() }()\nmu.Lock() // b",
            None,
        ),
        ("mu.Lock(ctx)\nmu.Lock(ctx) // b", None),
        ("s.mu.Lock()\ns = next(s)\ns.mu.Lock() // b", None),
    ] {
        let source = format!("func A() {{\n{body}\n}}\n");
        assert_eq!(
            named("sync.Mutex.Lock", "// b", &source),
            expected,
            "{body}"
        );
    }
}

#[test]
fn a_group_is_short_only_when_nobody_else_can_be_done() {
    for (body, expected) in [
        ("wg.Add(2)\ngo func() { wg.Done() }()", Some("waitgroup")),
        ("wg.Add(1)\ngo func() { wg.Done() }()", None),
        ("wg.Add(2)\nhook = func() { wg.Done() }", None),
        (
            "wg.Add(2)\nfor range 2 {\ngo func() { wg.Done() }()\n}",
            None,
        ),
        ("wg.Add(1)\nserver.Started = wg.Done", None),
        ("wg.Add(1)\ngo work(&wg)", None),
        (
            "wg.Add(1)\ngo func() {\nif x {\nwg.Done()\nreturn\n}\nwg.Done()\n}()",
            None,
        ),
        (
            "wg.Add(1)\ngo func() {\nif x {\nreturn\n}\nwg.Done()\n}()",
            Some("waitgroup"),
        ),
        (
            "wg.Add(1)\ngo func() {\ndefer wg.Done()\nif x {\nreturn\n}\n}()",
            None,
        ),
    ] {
        let source = format!("func A() {{\nvar wg sync.WaitGroup\n{body}\nwg.Wait()\n}}\n");
        assert_eq!(
            named("sync.WaitGroup.Wait", "wg.Wait()", &source),
            expected,
            "{body}"
        );
    }
}
