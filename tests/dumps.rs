//! Text dumps that real Go programs wrote, of every version, and damage to them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use leakgate::dump::{Dump, Gap, Problem, text_of};
use leakgate::profile::Profile;
use leakgate::snapshot::Snapshot;
use leakgate::translate::{Form, Unreadable, coarsen, translate};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata/dumps")
        .join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap()
}

/// The 15 ways of waiting that the program starts; the writer of a `RWMutex` waits for its Mutex.
const STARTED: [(&str, usize); 13] = [
    ("IO wait", 2),
    ("chan receive", 2),
    ("chan receive (nil chan)", 1),
    ("chan send", 1),
    ("chan send (nil chan)", 1),
    ("running", 1),
    ("select", 1),
    ("select (no cases)", 1),
    ("sleep", 1),
    ("sync.Cond.Wait", 1),
    ("sync.Mutex.Lock", 2),
    ("sync.RWMutex.RLock", 1),
    ("sync.WaitGroup.Wait", 1),
];

fn states<'t>(dump: &Dump<'t>) -> BTreeMap<&'t str, usize> {
    let mut states = BTreeMap::new();
    for goroutine in &dump.goroutines {
        *states.entry(goroutine.state).or_default() += 1;
    }
    states
}

#[test]
fn every_dump_of_every_version_is_read_whole() {
    let mut checked = 0;
    for version in 21..=27 {
        let folder = path(&format!("go1.{version}"));
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if name.contains("debug0") || name.contains("debug1") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let dump = Dump::parse(&text);
            let lines = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
            let at = path.display();
            assert_eq!(dump.remarks, [], "{at}");
            let headers = text.lines().filter(|line| {
                let number = line.strip_prefix("goroutine ");
                number.is_some_and(|rest| rest.starts_with(|one: char| one.is_ascii_digit()))
            });
            assert_eq!(dump.goroutines.len(), headers.count(), "{at}");
            let all = || dump.goroutines.iter();
            let ancestors: usize = all().map(|one| one.ancestors.len()).sum();
            assert_eq!(ancestors, lines("[originating"), "{at}");
            // Ancestors have creators too, except the main goroutine.
            let created = all().filter(|one| one.created.is_some()).count();
            let of_ancestors = all().flat_map(|one| &one.ancestors);
            let of_ancestors = of_ancestors.filter(|one| one.created.is_some()).count();
            assert_eq!(created + of_ancestors, lines("created by"), "{at}");
            let places = text.lines().filter(|line| line.starts_with('\t'));
            let places = places.filter(|line| line.contains(".go:") || line.contains(".s:"));
            let frames = all().map(|one| one.frames.len()).sum::<usize>();
            let of_ancestors = all().flat_map(|one| &one.ancestors);
            let of_ancestors = of_ancestors.map(|one| one.frames.len()).sum::<usize>();
            let expected = places.count() - lines("created by");
            assert_eq!(frames + of_ancestors, expected, "{at}");
            checked += 1;
        }
    }
    assert!(checked > 25, "only {checked} dumps");
}

#[test]
fn every_version_gives_the_same_states() {
    let expected = BTreeMap::from(STARTED);
    for version in 22..=27 {
        let name = if version == 27 {
            "ancestors.txt"
        } else {
            "debug2.txt"
        };
        let text = read(&format!("go1.{version}/{name}"));
        let mut states = states(&Dump::parse(&text));
        // Up to Go 1.24 it has no state of its own.
        if let Some(count) = states.remove("semacquire") {
            assert!(version < 25);
            states.insert("sync.WaitGroup.Wait", count);
        }
        assert_eq!(states, expected, "Go 1.{version}");
    }
}

#[test]
fn what_a_header_says_beside_the_state_is_read() {
    for version in ["1.26", "1.27"] {
        let text = read(&format!("go{version}/labels.txt"));
        let labels: Vec<_> = Dump::parse(&text)
            .goroutines
            .iter()
            .flat_map(|goroutine| goroutine.labels.clone())
            .collect();
        let expected = [
            ("leakgate.test", "TestA/b c"),
            ("quote", "a\"]:\n\u{e9}"),
            ("plain", "yes"),
        ];
        let expected = expected.map(|(key, value)| (key.into(), value.into()));
        assert_eq!(labels, expected, "Go {version}");
        let text = read(&format!("go{version}/leaked.txt"));
        let dump = Dump::parse(&text);
        let leaked = dump.goroutines.iter().filter(|goroutine| goroutine.leaked);
        let leaked: Vec<_> = leaked.map(|goroutine| goroutine.state).collect();
        assert_eq!(leaked, ["chan send"], "Go {version}");
    }
    for version in ["1.25", "1.27"] {
        let text = read(&format!("go{version}/bubble.txt"));
        let dump = Dump::parse(&text);
        assert_eq!(dump.remarks, [], "Go {version}");
        let mut states = dump.goroutines.iter().map(|one| one.state);
        assert!(
            !states.any(|state| state.contains("durable")),
            "Go {version}"
        );
    }
}

#[test]
fn elided_frames_and_threads_are_counted() {
    for version in ["1.21", "1.27"] {
        let text = read(&format!("go{version}/deep.txt"));
        let deep = &Dump::parse(&text).goroutines[1];
        let elided = deep.elided.unwrap();
        assert_eq!((elided.after, elided.frames), (50, Some(201)));
        assert_eq!(deep.frames.len(), 100);
        let text = read(&format!("go{version}/quit.txt"));
        let quit = Dump::parse(&text).goroutines;
        assert_eq!(quit[0].gap, Gap::Signal, "Go {version}");
        assert!(
            quit[1..]
                .iter()
                .all(|goroutine| goroutine.gap == Gap::Nothing)
        );
    }
}

#[test]
fn what_a_crash_repeats_thread_by_thread_is_counted_once() {
    for version in ["1.21", "1.27"] {
        let text = read(&format!("go{version}/threads.txt"));
        let dump = Dump::parse(&text);
        let threads = dump.goroutines.iter();
        let threads: Vec<_> = threads.filter(|one| one.gap == Gap::NextThread).collect();
        let rules = text.lines().filter(|line| *line == "-----").count();
        assert_eq!(threads.len(), rules, "Go {version}");
        let repeated = threads.iter().filter(|one| one.state == "syscall");
        assert_eq!(repeated.count(), 2, "Go {version}");
        let translated = translate(&text).unwrap().unwrap();
        let snapshot = Snapshot::group(Profile::decode(&translated.bytes).unwrap()).unwrap();
        let mut counts: Vec<_> = snapshot.groups().iter().map(|group| group.count).collect();
        counts.sort_unstable();
        // main, two that run, two in system calls, and three that send.
        assert_eq!(
            (snapshot.total, counts),
            (8, vec![1, 2, 2, 3]),
            "Go {version}"
        );
        assert_eq!(translated.doubt, None);
    }
}

#[test]
fn a_goroutine_of_iter_pull_is_kept_and_idle_ones_of_the_runtime_are_left_out() {
    for version in ["1.26", "1.27"] {
        let text = read(&format!("go{version}/coroutine.txt"));
        let translated = translate(&text).unwrap().unwrap();
        // Among them those that run finalizers and cleanups, which have none to run.
        let note = "5 goroutines of the runtime are left out, as profiles have none";
        assert_eq!(translated.notes, [note], "Go {version}");
        let snapshot = Snapshot::group(Profile::decode(&translated.bytes).unwrap()).unwrap();
        assert_eq!(snapshot.total, 2, "Go {version}");
        let all = (0..snapshot.groups().len()).map(|group| snapshot.frames(group));
        let mut waiting = all.filter(|frames| frames.state() == "coroutine");
        let frames = waiting.next().unwrap();
        let home = frames.home().unwrap().function.as_str();
        assert_eq!(home, "main.numbers", "Go {version}");
    }
}

#[test]
fn two_dumps_of_any_forms_are_several_whatever_stands_between_them() {
    let forms = [
        "before-debug1.txt",
        "before-debug2.txt",
        "quit.txt",
        "threads.txt",
    ];
    for version in ["1.21", "1.27"] {
        let file = |name: &str| read(&format!("go{version}/{name}"));
        let pairs = forms
            .iter()
            .flat_map(|one| forms.map(|other| (*one, other)));
        for ((one, other), between) in pairs.flat_map(|pair| {
            ["", "-----\n\n", "a log line\n", "\n-----\nlog\n\n"].map(|between| (pair, between))
        }) {
            let start = file(one) + "\n" + between;
            let text = start.clone() + &file(other);
            let error = translate(&text).unwrap_err();
            let Unreadable::Several { dumps: 2, line } = error else {
                panic!("{one}, {between:?} and {other}: {error}");
            };
            let inside = line - start.lines().count();
            assert!(
                (1..=4).contains(&inside),
                "{one}, {between:?} and {other}: {error}"
            );
        }
    }
}

/// Reads damaged text, up to the snapshot. Nothing may panic, and no more goroutines be found than
/// there are headers.
fn survive(bytes: &[u8]) -> Vec<Problem> {
    let text = text_of(bytes);
    let dump = Dump::parse(&text);
    assert!(dump.goroutines.len() <= text.matches("goroutine ").count());
    if let Ok(Some(translated)) = translate(&text) {
        let profile = Profile::decode(&translated.bytes).unwrap();
        let snapshot = Snapshot::group(profile).unwrap();
        assert!(usize::try_from(snapshot.total).unwrap() <= dump.goroutines.len());
        assert!(coarsen(&translated.bytes, Form::Counts).is_ok());
    }
    dump.remarks.iter().map(|remark| remark.problem).collect()
}

#[test]
fn every_prefix_and_every_flipped_bit_is_read_without_a_panic() {
    for name in ["go1.27/labels.txt", "go1.26/leaked.txt", "go1.27/deep.txt"] {
        let whole = std::fs::read(path(name)).unwrap();
        assert_eq!(survive(&whole), [], "{name}");
        let mut unseen = Vec::new();
        let start = text_of(&whole).find("goroutine ").unwrap();
        for length in start + 1..whole.len() {
            if !survive(&whole[..length]).iter().any(|one| one.is_damage()) {
                unseen.push(length);
            }
        }
        // Only at the end of a goroutine does a dump look whole that is not.
        let text = text_of(&whole);
        for length in unseen {
            let ends = text[..length].ends_with('\n');
            let blank = text[..length].trim_end().len() + 2 >= length;
            assert!(ends && blank, "{name}: {:?}", &text[..length]);
        }
        let mut flipped = whole.clone();
        for bit in 0..whole.len().min(500) * 8 {
            flipped[bit / 8] ^= 1 << (bit % 8);
            survive(&flipped);
            flipped[bit / 8] ^= 1 << (bit % 8);
        }
    }
    let counts = std::fs::read(path("go1.27/before-debug1.txt")).unwrap();
    for bit in 0..counts.len().min(500) * 8 {
        let mut flipped = counts.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let translated = translate(&text_of(&flipped));
        if let Ok(Some(translated)) = translated {
            let profile = Profile::decode(&translated.bytes);
            assert!(profile.and_then(Snapshot::group).is_ok());
        }
    }
}
