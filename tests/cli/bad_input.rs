//! Files that cannot be judged: each has a message that says how to fix it, and exit code 3.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::made::Made;
use crate::support::{Leakgate, Ran, profile, special};

fn check_after(after: &Path) -> Ran {
    Leakgate::check()
        .arg(profile("go1.27", "send-abandoned", "before"))
        .arg(after)
        .run()
}

/// Checks that `after` cannot be judged, with this message and this fix.
fn assert_unusable(after: &Path, message: &str, fix: &str) {
    let ran = check_after(after);
    assert_eq!(ran.code, 3, "{}: {}", after.display(), ran.stdout);
    let line = format!("  {}: {message}. {fix}", after.display());
    assert!(ran.has(&line), "expected\n{line}\nin\n{}", ran.stdout);
    ran.prints("0 of 1 suite checked");
}

const CAPTURE: &str = "Capture /debug/pprof/goroutine without a debug parameter, or call pprof.Lookup(\"goroutine\").WriteTo(file, 0).";
const CUT: &str =
    "The file was cut off or damaged: capture it again, and write to a temporary name first.";
const DAMAGED: &str = "The file is damaged: capture it again.";
const DELTA: &str = "Capture without ?seconds= and do not subtract with pprof -base: leakgate compares two whole profiles.";

#[test]
fn real_files_of_another_kind_are_recognized() {
    for (file, message, fix) in [
        (
            "heap.pb.gz",
            "field 1 (sample_type) at byte 10: a profile of alloc_objects, alloc_space, inuse_objects, inuse_space, not of goroutines",
            CAPTURE,
        ),
        (
            "cpu.pb.gz",
            "field 1 (sample_type) at byte 10: a profile of samples, cpu, not of goroutines",
            CAPTURE,
        ),
        (
            "not-found.txt",
            "text, not a profile; it begins with \"404 page not found\"",
            CAPTURE,
        ),
        (
            "empty.pb.gz",
            "the profile is empty",
            "The capture wrote nothing: check the step that should have written this file.",
        ),
        (
            "truncated.pb.gz",
            "the gzip stream ends early, after 408 bytes of profile",
            CUT,
        ),
    ] {
        assert_unusable(&special(file), message, fix);
    }
}

#[test]
fn delta_profiles_are_rejected_whether_they_shrink_or_only_grow() {
    for file in ["delta.pb.gz", "delta-self.pb.gz", "delta-growing.pb.gz"] {
        let ran = check_after(&special(file));
        assert_eq!(ran.code, 3, "{file}");
        assert!(
            ran.has("(duration_nanos) at byte"),
            "{file}: {}",
            ran.stdout
        );
        assert!(
            ran.has(&format!(
                "a delta profile: it holds differences, not counts. {DELTA}"
            )),
            "{file}: {}",
            ran.stdout
        );
    }
}

#[test]
fn padding_and_several_gzip_members_are_read_and_padding_is_reported() {
    for (file, note) in [
        ("two-members.pb.gz", None),
        ("inflated.pb", None),
        (
            "padded.pb.gz",
            Some("512 zero bytes of padding after the gzip stream"),
        ),
    ] {
        let ran = check_after(&special(file));
        assert_eq!(ran.code, 1, "{file}: {}", ran.stdout);
        assert_eq!(ran.has("padding"), note.is_some(), "{file}");
        assert!(ran.has(note.unwrap_or_default()), "{file}: {}", ran.stdout);
    }
}

#[test]
fn a_path_that_does_not_exist_is_missing_evidence() {
    let why = "it does not exist: check the path, and that the step which captures it ran";
    check_after(Path::new("nowhere.pb.gz"))
        .exits(3)
        .prints(&format!("UNCHECKED nowhere.pb.gz\n  {why}"));
    Leakgate::check()
        .arg("profiles-of-the-last-step")
        .run()
        .exits(3);
    Leakgate::check()
        .args(&["testdata", "profiles-of-head"])
        .run()
        .exits(3);
}

#[test]
fn swapped_files_and_the_same_file_twice_are_no_evidence() {
    let (before, after) = (
        profile("go1.27", "send-abandoned", "before"),
        profile("go1.27", "send-abandoned", "after"),
    );
    for (first, second, why) in [
        (&after, &before, "are they swapped?"),
        (&after, &after, "two captures never do"),
    ] {
        Leakgate::check()
            .arg(first)
            .arg(second)
            .run()
            .exits(3)
            .prints(why);
    }
    // A glob sorts a10 before a9.
    Leakgate::check()
        .arg(&before)
        .arg(&after)
        .arg(&before)
        .run()
        .exits(3);
}

#[test]
fn equal_bytes_are_no_evidence_even_without_a_process_to_compare() {
    // A profile without mappings, as on macOS and Windows, does not show which process it is from.
    let directory = tempfile::tempdir().unwrap();
    let made = || Made::new().goroutines(9, "app.Serve runtime.selectgo runtime.gopark");
    let one = made().write(&directory.path().join("one.pb"));
    let other = made().write(&directory.path().join("other.pb"));
    let later = made().taken(1).write(&directory.path().join("later.pb"));
    assert_eq!(Leakgate::check().arg(&one).arg(&later).run().code, 0);
    for afters in [vec![&one], vec![&other], vec![&later, &other]] {
        let check = Leakgate::check().arg(&one);
        afters
            .into_iter()
            .fold(check, Leakgate::arg)
            .run()
            .exits(3)
            .prints("they hold the same bytes");
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_or_a_device_is_not_a_profile_and_never_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let fifo = directory.path().join("after.pb.gz");
    crate::support::pipe(&fifo);
    for (after, what) in [
        (&*fifo, "a named pipe"),
        (Path::new("/dev/zero"), "a device"),
    ] {
        let ran = check_after(after).exits(3);
        let said = format!("it is {what}, not a regular file");
        assert!(ran.has(&said), "{}", ran.stdout);
    }
    let before = profile("go1.27", "send-abandoned", "before");
    std::fs::copy(before, directory.path().join("before.pb.gz")).unwrap();
    Leakgate::check()
        .arg(directory.path())
        .run()
        .exits(3)
        .prints("it is a named pipe");
}

#[test]
fn many_goroutines_that_had_not_run_yet_are_not_clean() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, made: Made| made.write(&directory.path().join(name));
    let serve = || Made::new().goroutines(1, "app.Serve runtime.selectgo runtime.gopark");
    let before = write("before.pb", serve());
    let one = write("one.pb", serve().goroutines(1, ""));
    let ten = write("ten.pb", serve().goroutines(10, ""));
    assert_eq!(
        Leakgate::check().arg(&before).arg(&one).run().code,
        0,
        "the connection of a capture"
    );
    Leakgate::check()
        .arg(&before)
        .arg(&ten)
        .run()
        .exits(3)
        .prints("10 more goroutines than before had no frame in the after profile");
}

#[test]
fn a_leak_profile_is_not_compared_with_a_goroutine_profile() {
    check_after(&profile("go1.27", "send-abandoned", "proven"))
        .exits(3)
        .prints("before is a goroutine profile and after a goroutineleak profile");
    Leakgate::check()
        .pair("go1.27", "send-abandoned")
        .arg("--proven")
        .arg(profile("go1.27", "send-abandoned", "after"))
        .run()
        .exits(3)
        .prints("the proven profile is a goroutine profile");
}

#[test]
fn a_gzip_bomb_is_rejected_at_the_limit() {
    let directory = tempfile::tempdir().unwrap();
    let bomb = directory.path().join("bomb.pb.gz");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![0; 3 << 20]).unwrap();
    std::fs::write(&bomb, encoder.finish().unwrap()).unwrap();
    let before = profile("go1.27", "send-abandoned", "before");
    Leakgate::check()
        .args(&["--max-inflated", "2"])
        .arg(before)
        .arg(&bomb)
        .run()
        .exits(3).prints("bomb.pb.gz: it inflates to more than 2097152 bytes. If a profile of yours really is that large, raise --max-inflated.");
}

/// Profiles with one thing wrong. No real program writes them, so they are made by hand.
mod hand_made {
    use super::*;
    use crate::made::{message, numbers};

    /// The parts of a profile; each can be replaced.
    struct Parts {
        samples: Vec<Vec<u8>>,
        locations: Vec<Vec<u8>>,
        functions: Vec<Vec<u8>>,
        strings: Vec<&'static str>,
    }

    /// A valid profile: one goroutine in `main.main`.
    fn sound() -> Parts {
        let mut location = numbers(&[(1, 1)]);
        message(4, &numbers(&[(1, 1), (2, 10)]), &mut location);
        Parts {
            samples: vec![numbers(&[(1, 1), (2, 1)])],
            locations: vec![location],
            functions: vec![numbers(&[(1, 1), (2, 3), (4, 4)])],
            strings: vec!["", "goroutine", "count", "main.main", "main.go"],
        }
    }

    fn encode(parts: &Parts) -> Vec<u8> {
        let mut out = Vec::new();
        message(1, &numbers(&[(1, 1), (2, 2)]), &mut out);
        parts
            .samples
            .iter()
            .for_each(|sample| message(2, sample, &mut out));
        parts
            .locations
            .iter()
            .for_each(|location| message(4, location, &mut out));
        parts
            .functions
            .iter()
            .for_each(|function| message(5, function, &mut out));
        parts
            .strings
            .iter()
            .for_each(|string| message(6, string.as_bytes(), &mut out));
        out
    }

    fn write(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("made.pb");
        std::fs::write(&path, bytes).unwrap();
        (directory, path)
    }

    fn assert_rejected(change: impl FnOnce(&mut Parts), message: &str, fix: &str) {
        let mut parts = sound();
        change(&mut parts);
        let (_directory, path) = write(&encode(&parts));
        assert_unusable(&path, message, fix);
    }

    #[test]
    fn the_sound_one_is_judged() {
        let (_directory, path) = write(&encode(&sound()));
        assert_eq!(check_after(&path).code, 1);
    }

    #[test]
    fn ids_and_indices_out_of_range_are_rejected_at_their_place() {
        assert_rejected(
            |parts| parts.samples.push(numbers(&[(1, 9), (2, 1)])),
            "field 2 (sample) at byte 14: location id 9 is not among the 1 locations",
            DAMAGED,
        );
        assert_rejected(
            |parts| parts.samples.push(numbers(&[(1, 1 + (1 << 32)), (2, 1)])),
            "field 2 (sample) at byte 14: location id 4294967297 is not among the 1 locations",
            DAMAGED,
        );
        assert_rejected(
            |parts| parts.functions.clear(),
            "field 4 (location) at byte 12: function id 1 is not among the 0 functions",
            DAMAGED,
        );
        assert_rejected(
            |parts| parts.functions[0] = numbers(&[(1, 1), (2, 77), (4, 4)]),
            "field 5 (function) at byte 22: string index 77 is past the table of 5",
            DAMAGED,
        );
        assert_rejected(
            |parts| parts.functions[0] = numbers(&[(1, 1), (2, u64::MAX), (4, 4)]),
            "field 5 (function) at byte 22: string index -1 is past the table of 5",
            DAMAGED,
        );
        assert_rejected(
            |parts| parts.locations.push(parts.locations[0].clone()),
            "field 4 (location) at byte 22: id 1 is given twice: two profiles in one file, or a damaged one",
            "Pass each profile as a file of its own, or capture it again.",
        );
    }

    #[test]
    fn a_label_past_the_string_table_is_rejected() {
        assert_rejected(
            |parts| message(3, &numbers(&[(1, 3), (2, 99)]), &mut parts.samples[0]),
            "field 2 (sample) at byte 8: string index 99 is past the table of 5",
            DAMAGED,
        );
    }

    #[test]
    fn impossible_counts_are_rejected() {
        assert_rejected(
            |parts| parts.samples[0] = numbers(&[(1, 1), (2, (-3_i64).cast_unsigned())]),
            "field 2 (sample) at byte 8: the count is -3: a delta profile, or a damaged one",
            DELTA,
        );
        assert_rejected(
            |parts| parts.samples[0] = numbers(&[(1, 1), (2, 1), (2, 1)]),
            "field 2 (sample) at byte 8: the sample has 2 values instead of 1",
            DAMAGED,
        );
        assert_rejected(
            |parts| {
                parts.samples[0] = numbers(&[(1, 1), (2, i64::MAX.cast_unsigned())]);
                parts.samples.push(numbers(&[(1, 1), (2, 1)]));
            },
            "the counts add up to more than 64 bits hold",
            DAMAGED,
        );
    }

    #[test]
    fn a_length_past_the_end_means_a_truncated_file() {
        let mut bytes = encode(&sound());
        bytes.truncate(bytes.len() - 3);
        let (_directory, path) = write(&bytes);
        assert_unusable(
            &path,
            "field 6 (string_table) at byte 61: 7 bytes are announced, but the data ends at byte 67",
            CUT,
        );
    }

    #[test]
    fn bytes_that_are_not_protobuf_are_rejected() {
        let (_directory, path) = write(&[0xff; 40]);
        assert_unusable(&path, "byte 0: invalid varint", DAMAGED);
        let (_directory, path) = write(b"<!DOCTYPE html>\n<title>Sign in</title>\n");
        assert_unusable(&path, "a web page, not a profile", CAPTURE);
        let mut garbage = GzEncoder::new(Vec::new(), Compression::fast());
        garbage.write_all(&encode(&sound())).unwrap();
        let mut garbage = garbage.finish().unwrap();
        garbage.extend_from_slice(b"tail");
        let (_directory, path) = write(&garbage);
        assert_unusable(
            &path,
            "after the gzip stream come 4 bytes that are neither zero padding nor another gzip stream",
            CUT,
        );
    }

    #[test]
    fn one_sample_for_each_goroutine_is_summed() {
        // CockroachDB writes its profiles in this way.
        let mut parts = sound();
        parts.samples = vec![numbers(&[(1, 1), (2, 1)]); 40];
        let (_directory, path) = write(&encode(&parts));
        check_after(&path).prints("before 0, after 40,");
    }

    #[test]
    fn ids_in_any_order_and_of_any_size_are_resolved() {
        let mut parts = sound();
        let mut location = numbers(&[(1, u64::MAX)]);
        message(4, &numbers(&[(1, 1 << 40), (2, 10)]), &mut location);
        parts.locations = vec![location];
        parts.functions = vec![numbers(&[(1, 1 << 40), (2, 3), (4, 4)])];
        parts.samples = vec![numbers(&[(1, u64::MAX), (2, 2)])];
        let (_directory, path) = write(&encode(&parts));
        check_after(&path).prints("home     main.main");
    }

    #[test]
    fn a_profile_without_goroutines_is_no_evidence() {
        let mut parts = sound();
        parts.samples.clear();
        let (_directory, path) = write(&encode(&parts));
        check_after(&path)
            .exits(3)
            .prints("one of the profiles is empty");
    }

    #[test]
    fn an_address_without_a_name_is_still_a_frame() {
        let mut parts = sound();
        parts.locations = vec![numbers(&[(1, 1)])];
        let (_directory, path) = write(&encode(&parts));
        assert_eq!(check_after(&path).code, 1);
        let (_other, sound) = write(&encode(&sound()));
        assert_eq!(Leakgate::check().arg(&path).arg(sound).run().code, 1);
    }

    #[test]
    fn a_stack_too_deep_to_be_real_is_rejected() {
        let mut parts = sound();
        for _ in 0..999 {
            message(4, &numbers(&[(1, 1), (2, 10)]), &mut parts.locations[0]);
        }
        parts.samples[0] = [(1, 1); 100]
            .iter()
            .flat_map(|field| numbers(&[*field]))
            .chain(numbers(&[(2, 1)]))
            .collect();
        assert_rejected(
            |all| *all = parts,
            "a stack of more than 8192 frames: no goroutine is so deep",
            DAMAGED,
        );
    }

    #[test]
    fn too_many_inlined_functions_at_one_place_are_rejected() {
        let mut parts = sound();
        for _ in 0..1024 {
            message(4, &numbers(&[(1, 1), (2, 10)]), &mut parts.locations[0]);
        }
        assert_rejected(
            |all| *all = parts,
            "field 4 (location) at byte 12: more than 1024 functions are inlined at one place: no compiler does that",
            DAMAGED,
        );
    }

    #[test]
    fn a_very_deep_stack_is_shown_by_its_two_ends() {
        let mut parts = sound();
        for _ in 0..999 {
            message(4, &numbers(&[(1, 1), (2, 10)]), &mut parts.locations[0]);
        }
        let (_directory, path) = write(&encode(&parts));
        let (code, report) = Leakgate::check()
            .arg(profile("go1.27", "send-abandoned", "before"))
            .arg(&path)
            .json();
        let finding = &report["findings"][0];
        let shown = finding["stack"].as_array().unwrap().len();
        assert_eq!((code, shown), (1, 200));
        assert_eq!(finding["stack_elided"], 800);
        Leakgate::check()
            .arg(profile("go1.27", "send-abandoned", "before"))
            .arg(&path)
            .arg("-v")
            .run()
            .prints("... 800 frames left out ...");
    }

    #[test]
    fn a_very_long_name_is_shown_by_its_two_ends() {
        let name = format!("main.{}.func1", "x".repeat(70_000)).leak();
        let mut parts = sound();
        parts.strings[3] = name;
        let (_directory, path) = write(&encode(&parts));
        let ran = check_after(&path).exits(1);
        assert!(ran.stdout.len() < 5_000, "{}", ran.stdout.len());
        ran.prints("main.xxx").prints("xxx.func1");
    }

    #[test]
    fn a_hostile_name_is_harmless_on_a_terminal_and_in_json() {
        let mut parts = sound();
        parts.strings[3] = "main.a|b%<script>::error::\u{1b}[2J\r\n\u{202e}\u{7f}\u{9b}x";
        let (_directory, path) = write(&encode(&parts));
        let ran = check_after(&path);
        assert!(
            ran.has(r"main.a|b%<script>::error::\u{1b}[2J\u{d}\u{a}\u{202e}\u{7f}\u{9b}x"),
            "{}",
            ran.stdout
        );
        assert!(!ran.stdout.contains(['\u{1b}', '\r', '\u{202e}']));
        let json = Leakgate::check()
            .arg(profile("go1.27", "send-abandoned", "before"))
            .arg(&path);
        let json = json.args(&["--report", "json"]).run().stdout;
        assert!(!json.contains(['\u{1b}', '\r', '\u{202e}', '\u{7f}', '\u{9b}']));
        let report: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(report["findings"][0]["root"]["function"], parts.strings[3]);
    }
}
