//! The decoder against another one, and against damage.
//!
//! Every profile of testdata has its readable form beside it, which Go's own pprof tool wrote: what leakgate reads from
//! the one must be what stands in the other.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use leakgate::evidence::{Profiles, Suite};
use leakgate::input::{DEFAULT_LIMIT, read};
use leakgate::judge::Judge;
use leakgate::policy::Policy;
use leakgate::profile::{Profile, Stack};
use leakgate::report::json;
use leakgate::snapshot::Snapshot;
use leakgate::verdict::FailOn;

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every `.pb.gz` in a directory and those below it, with its readable form, sorted.
fn profiles(directory: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(profiles(&path));
        } else if let Some(stem) = path.to_str().unwrap().strip_suffix(".pb.gz") {
            let readable = std::fs::read_to_string(format!("{stem}.raw.txt")).unwrap();
            found.push((path.clone(), readable));
        }
    }
    found.sort();
    found
}

/// Goroutines by stack: each frame as its function, file and line, leaf first.
type Counts = BTreeMap<Vec<String>, i64>;

fn decoded(profile: &Profile) -> Counts {
    let mut counts = Counts::new();
    let mut stack = Stack::default();
    for &at in profile.samples() {
        let count = profile.read_sample(at, &mut stack).unwrap().count;
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let lines = stack
            .locations()
            .iter()
            .flat_map(|&location| profile.lines_of(location as usize));
        let frames = lines.map(|line| {
            format!(
                "{} {}:{}",
                text(profile.function_name(line.function())),
                text(profile.function_file(line.function())),
                line.line()
            )
        });
        *counts.entry(frames.collect()).or_default() += count;
    }
    counts
}

/// Input: `          3: 1 2 3 4` under "Samples:", `     1: 0x439f8d M=1 runtime.gopark runtime/proc.go:398:0 s=381` under
/// "Locations", where further lines of one location stand below it, indented.
fn readable(text: &str) -> Counts {
    let (samples, locations) = text.split_once("\nLocations\n").unwrap();
    let mut frames: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let mut current = 0;
    for line in locations.lines().take_while(|line| *line != "Mappings") {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        if let Some(id) = words[0].strip_suffix(':').and_then(|id| id.parse().ok()) {
            current = id;
            words.drain(..3);
        }
        let place = words[1].rsplit_once(':').unwrap().0;
        frames
            .entry(current)
            .or_default()
            .push(format!("{} {place}", words[0]));
    }
    let mut counts = Counts::new();
    for line in samples
        .lines()
        .skip_while(|line| !line.contains("/count"))
        .skip(1)
    {
        let Some((count, ids)) = line.split_once(": ").or(line.split_once(':')) else {
            continue;
        };
        let Ok(count) = count.trim().parse::<i64>() else {
            continue;
        };
        let stack = ids
            .split_whitespace()
            .flat_map(|id| frames[&id.parse().unwrap()].clone());
        *counts.entry(stack.collect()).or_default() += count;
    }
    counts
}

#[test]
fn every_captured_profile_reads_as_gos_own_tool_reads_it() {
    let all = profiles(&repository().join("testdata/profiles"));
    assert!(all.len() > 600, "{} profiles", all.len());
    for (path, text) in all {
        let bytes = read(&path, DEFAULT_LIMIT).unwrap();
        let profile = Profile::decode(&bytes.inflated).unwrap();
        assert_eq!(decoded(&profile), readable(&text), "{}", path.display());
    }
}

/// Reads damaged bytes as far as they go: to a report against the sound ones, on either side. What they give does not
/// matter; that it ends, without a panic, does.
fn survive(bytes: &[u8], sound: &Snapshot) -> bool {
    let Ok(damaged) = Profile::decode(bytes).and_then(Snapshot::group) else {
        return false;
    };
    let policy = Policy::default();
    let judge = Judge::new(&policy, jiff::civil::date(2026, 11, 20));
    for (before, after) in [(sound, &damaged), (&damaged, sound)] {
        let profiles = Profiles {
            before: before.clone(),
            afters: vec![after.clone()],
            proven: None,
        };
        let judged = judge.suite(Suite::default(), &profiles);
        let verdict = judge.verdict(vec![judged], Vec::new(), None);
        assert!(json::render(&verdict, FailOn::Error).ends_with("}\n"));
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
        let whole = read(
            &repository().join(format!("testdata/{name}.pb.gz")),
            DEFAULT_LIMIT,
        )
        .unwrap()
        .inflated;
        let sound = Snapshot::group(Profile::decode(&whole).unwrap()).unwrap();
        assert!(survive(&whole, &sound));
        let mut usable = 0;
        for length in 0..whole.len() {
            usable += u32::from(survive(&whole[..length], &sound));
        }
        // A cut between two of the last fields leaves a sound message; most cuts do not.
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
