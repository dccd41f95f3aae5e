//! The decoder against Go's own reading, and against damage.
//!
//! Beside each folder of profiles in testdata is a text of the same name: what `go tool pprof`
//! reads in them. leakgate must read the same, byte for byte.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use leakgate::evidence::{Profiles, Suite};
use leakgate::input::{DEFAULT_LIMIT, read};
use leakgate::judge::Judge;
use leakgate::policy::Policy;
use leakgate::profile::{Profile, Stack};
use leakgate::report::sources::Sources;
use leakgate::report::{Subject, json};
use leakgate::snapshot::Snapshot;
use leakgate::verdict::FailOn;

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

/// Every `.pb.gz` in a directory and those below it.
fn profiles(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(profiles(&path));
        } else if path.to_str().unwrap().ends_with(".pb.gz") {
            found.push(path);
        }
    }
    found
}

/// A profile in the form of `testdata/readable.awk`: a line with its name, kind and time, then for
/// each sample a line with its count and labels, and a line for each frame, leaf first.
fn readable(name: &str, profile: &Profile) -> String {
    let text = String::from_utf8_lossy;
    let time = jiff::Timestamp::from_nanosecond(profile.time_nanos().into()).unwrap();
    let time = time
        .to_string()
        .replace('T', " ")
        .replace('Z', " +0000 UTC");
    let mut out = format!("== {name} {}/count {time}\n", profile.kind().name());
    let mut stack = Stack::default();
    for &at in profile.samples() {
        let count = profile.read_sample(at, &mut stack).unwrap().count;
        write!(out, "{count}").unwrap();
        for label in profile.labels(at).unwrap() {
            write!(out, " {}:[{}]", label.key, label.value).unwrap();
        }
        out.push('\n');
        let lines = stack
            .locations()
            .iter()
            .flat_map(|&location| profile.lines_of(location as usize));
        for line in lines {
            let function = text(profile.function_name(line.function()));
            let file = text(profile.function_file(line.function()));
            writeln!(out, "\t{function} {file}:{}", line.line()).unwrap();
        }
    }
    out
}

#[test]
fn every_captured_profile_reads_as_gos_own_tool_reads_it() {
    let mut checked = 0;
    let entries = std::fs::read_dir(testdata().join("profiles")).unwrap();
    let entries = entries.map(|entry| entry.unwrap().path());
    for directory in entries.filter(|path| path.is_dir()) {
        let mut all: Vec<(String, PathBuf)> = profiles(&directory)
            .into_iter()
            .map(|path| {
                let name = path.strip_prefix(&directory).unwrap();
                (name.to_str().unwrap().replace('\\', "/"), path)
            })
            .collect();
        all.sort();
        let mut text = String::new();
        for (name, path) in &all {
            let bytes = read(path, DEFAULT_LIMIT).unwrap();
            text += &readable(name, &Profile::decode(&bytes.inflated).unwrap());
        }
        let expected = std::fs::read_to_string(format!("{}.txt", directory.display())).unwrap();
        assert_eq!(text, expected, "{}", directory.display());
        checked += all.len();
    }
    assert!(checked > 600, "{checked} profiles");
}

#[test]
fn every_special_profile_reads_as_gos_own_tool_reads_it_or_is_rejected() {
    let text = std::fs::read_to_string(testdata().join("special.txt")).unwrap();
    let (mut same, mut rejected) = (Vec::new(), Vec::new());
    for section in text.split("== ").skip(1) {
        let name = section.split(' ').next().unwrap();
        let bytes = read(&testdata().join("special").join(name), DEFAULT_LIMIT).unwrap();
        match Profile::decode(&bytes.inflated) {
            Ok(profile) => {
                assert_eq!(readable(name, &profile), format!("== {section}"));
                same.push(name);
            }
            Err(_) => rejected.push(name),
        }
    }
    assert_eq!(
        same,
        [
            "http-after.pb.gz",
            "http-before.pb.gz",
            "race-after.pb.gz",
            "race-before.pb.gz",
            "select-main-proven.pb.gz",
            "test-after.pb.gz",
            "test-before.pb.gz"
        ]
    );
    assert_eq!(
        rejected,
        [
            "cpu.pb.gz",
            "delta-growing.pb.gz",
            "delta-self.pb.gz",
            "delta.pb.gz",
            "heap.pb.gz"
        ]
    );
}

/// Reads damaged bytes and, if they can be read, compares them with the sound profile, as before
/// and as after, up to the report. The result does not matter, only that nothing panics. Returns
/// whether the bytes could be read.
fn survive(bytes: &[u8], sound: &Snapshot) -> bool {
    let Ok(damaged) = Profile::decode(bytes).and_then(Snapshot::group) else {
        return false;
    };
    let policy = Policy::default();
    let judge = Judge::new(&policy, jiff::civil::date(2026, 11, 20));
    for (before, after) in [(sound, &damaged), (&damaged, sound)] {
        let profiles = Profiles::new(before.clone(), vec![after.clone()], None);
        let judged = judge.suite(Suite::default(), &profiles);
        let verdict = judge.verdict(vec![judged], Vec::new(), None);
        let report = json::render(&Subject {
            verdict: &verdict,
            fail_on: FailOn::Error,
            name: None,
            sources: &Sources::default(),
            saved_as: None,
        });
        assert!(report.ends_with("}\n"));
    }
    true
}

#[test]
fn every_prefix_and_every_flipped_bit_gives_a_profile_or_an_error() {
    for name in [
        "profiles/go1.27/labelled/after",
        "profiles/go1.21/deep-recursion/after",
        "special/http-after",
    ] {
        let path = testdata().join(format!("{name}.pb.gz"));
        let whole = read(&path, DEFAULT_LIMIT).unwrap().inflated;
        let sound = Snapshot::group(Profile::decode(&whole).unwrap()).unwrap();
        assert!(survive(&whole, &sound));
        let mut usable = 0;
        for length in 0..whole.len() {
            usable += u32::from(survive(&whole[..length], &sound));
        }
        // A cut between two of the last fields leaves a valid message; most cuts do not.
        assert!(
            (usable as usize) < whole.len() / 8,
            "{name}: {usable} of {} prefixes read",
            whole.len()
        );
        let mut flipped = whole.clone();
        for bit in 0..whole.len() * 8 {
            flipped[bit / 8] ^= 1 << (bit % 8);
            survive(&flipped, &sound);
            flipped[bit / 8] ^= 1 << (bit % 8);
        }
    }
}
