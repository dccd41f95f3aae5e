//! `leakgate check` on text dumps, and on a dump beside a profile.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::made::Made;
use crate::support::{Leakgate, Ran, findings, repository, scratch, write};

/// Every form in which one process was captured.
const FORMS: [&str; 4] = ["debug0.pb.gz", "debug1.txt", "debug2.txt", "stack.txt"];

fn dump(name: &str) -> PathBuf {
    repository().join("testdata/dumps").join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(dump(name)).unwrap()
}

/// Checks two files of one Go version.
fn pair(version: &str, before: &str, after: &str) -> Leakgate {
    let file = |name| dump(&format!("go{version}/{name}"));
    Leakgate::check().arg(file(before)).arg(file(after))
}

/// Checks a text against the first capture of Go 1.27.
fn check_text(text: &str) -> Ran {
    let directory = scratch("after.txt", text);
    Leakgate::check()
        .arg(dump("go1.27/before-debug2.txt"))
        .arg(directory.path().join("after.txt"))
        .run()
}

#[test]
fn one_process_has_no_growth_between_any_two_forms() {
    for version in ["1.21", "1.27"] {
        for (one, other) in FORMS
            .iter()
            .flat_map(|one| FORMS.map(|other| (*one, other)))
        {
            for side in ["before", "after"] {
                if one == other {
                    continue;
                }
                let (one, other) = (format!("{side}-{one}"), format!("{side}-{other}"));
                let (code, report) = pair(version, &one, &other).json();
                assert_eq!(code, 0, "Go {version}, {one} and {other}: {report:#}");
                assert_eq!(report["moved"], serde_json::json!([]), "{one} and {other}");
                assert_eq!(report["totals"]["before"], report["totals"]["after"]);
            }
        }
    }
}

#[test]
fn a_leak_is_found_between_any_two_forms_under_the_id_that_profiles_give_it() {
    for version in ["1.21", "1.27"] {
        let (_, report) = pair(version, "before-debug0.pb.gz", "after-debug0.pb.gz").json();
        let leaks = |report: &serde_json::Value, with_state: bool| -> BTreeSet<_> {
            let findings = findings(report).iter();
            let known = findings.map(|finding| {
                let growth = finding["growth"].as_i64().unwrap();
                let root = finding["root"]["function"].as_str().unwrap().to_owned();
                let id = with_state.then(|| {
                    (
                        finding["state"].clone().to_string(),
                        finding["id"].to_string(),
                    )
                });
                (growth, root, id)
            });
            known.collect()
        };
        let expected = leaks(&report, true);
        let growths: Vec<_> = expected.iter().map(|leak| leak.0).collect();
        assert_eq!(growths, [2, 3, 4]);
        for (before, after) in FORMS
            .iter()
            .flat_map(|one| FORMS.map(|other| (*one, other)))
        {
            let sides = (format!("before-{before}"), format!("after-{after}"));
            let (code, report) = pair(version, &sides.0, &sides.1).json();
            assert_eq!(code, 1, "Go {version}, {sides:?}");
            // Whether it sends or receives is more than debug=1 says.
            let says_states = before != "debug1.txt" && after != "debug1.txt";
            let expected = if says_states {
                expected.clone()
            } else {
                leaks(
                    &pair(version, "before-debug0.pb.gz", "after-debug0.pb.gz")
                        .json()
                        .1,
                    false,
                )
            };
            assert_eq!(
                leaks(&report, says_states),
                expected,
                "Go {version}, {sides:?}"
            );
        }
    }
}

#[test]
fn what_a_dump_cannot_know_is_a_note() {
    pair("1.27", "before-debug2.txt", "after-debug2.txt")
        .run()
        .exits(1)
        .prints("a text dump: it hides the frames of the runtime");
    pair("1.27", "before-debug1.txt", "after-debug2.txt")
        .run()
        .exits(1)
        .prints("so all of these are `waiting`");
    pair("1.27", "before-debug2.txt", "deep.txt")
        .run()
        .exits(1)
        .prints("1 goroutine has more than 100 frames");
    pair("1.27", "before-debug2.txt", "crash.txt")
        .run()
        .exits(0)
        .prints("5 goroutines of the runtime are left out");
    pair("1.27", "before-debug2.txt", "crash.txt")
        .run()
        .prints("goroutine 1, in which the program crashed, is left out");
}

#[test]
fn a_dump_is_found_in_what_is_around_it() {
    let dump = read("go1.27/after-debug2.txt");
    let trace = "panic serving: boom\ngoroutine 99 [running]:\nmain.serve()\n\t/src/x.go:1 +0x1\ncreated by main.main in goroutine 1\n\t/src/x.go:2 +0x1\n\n";
    let docker: String = dump
        .lines()
        .map(|line| ["api-1  | ", line, "\n"].concat())
        .collect();
    let stamped = dump
        .lines()
        .map(|line| format!("2026-11-20T10:11:12.1234567Z {line}\r\n"));
    for text in [
        format!("=== RUN TestA\n\n{dump}exit status 2\nFAIL\tx\t1.2s\n"),
        docker,
        stamped.collect(),
        format!("{trace}a log line\n{dump}"),
    ] {
        let ran = check_text(&text).exits(1);
        ran.prints("3 violations (9 goroutines)");
        let has_trace = text.contains("panic serving");
        assert_eq!(ran.has("1 stack of a single goroutine"), has_trace);
    }
}

#[test]
fn a_test_that_timed_out_is_read_from_a_log_and_from_its_events() {
    let log = read("go1.27/timeout.log");
    let events: Vec<String> = log
        .lines()
        .map(|line| {
            let event = serde_json::json!({ "Action": "output", "Package": "a", "Output": format!("{line}\n") });
            event.to_string() + "\n"
        })
        .collect();
    let directory = scratch("log.txt", &log);
    write(&directory.path().join("events.json"), events.concat());
    for file in ["log.txt", "events.json"] {
        let show = Leakgate::new(&["show"]).arg(directory.path().join(file));
        let ran = show.run().exits(0);
        ran.prints("11 goroutines in 5 stacks");
        ran.prints("4 wait for one lock");
    }
}

#[test]
fn pairs_of_a_directory_may_be_text_where_no_profile_is() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    write(&file("shop/before.txt"), read("go1.27/before-debug2.txt"));
    write(&file("shop/after.log"), read("go1.27/after-debug2.txt"));
    write(&file("cart/before.txt"), "for people");
    write(&file("notes.txt"), "for people");
    for side in ["before", "after"] {
        let profile = std::fs::read(dump(&format!("go1.27/{side}-debug0.pb.gz"))).unwrap();
        write(&file(&format!("cart/{side}.pb.gz")), profile);
    }
    let (code, report) = Leakgate::check().arg(directory.path()).json();
    assert_eq!((code, &report["totals"]["suites"]), (1, &2.into()));
    assert_eq!(report["unchecked"], serde_json::json!([]));
    assert_eq!(findings(&report).len(), 6);
}

#[test]
fn a_dump_that_is_not_whole_is_unchecked() {
    const SEVERAL: &str = "it holds 2 dumps, of which the second begins at line";
    let dump = read("go1.27/after-debug2.txt");
    let counts = read("go1.27/after-debug1.txt");
    let cut = &dump[..dump.len() / 2];
    let short = counts.replacen("total 26", "total 27", 1);
    let two = format!("{dump}\n{dump}");
    let ruled = format!("{}\n-----\n\n{dump}", read("go1.27/before-debug2.txt"));
    let both = format!(
        "{}log\n{}",
        read("go1.27/before-debug1.txt"),
        read("go1.27/quit.txt")
    );
    let twice = format!("{}log\n{counts}", read("go1.27/before-debug1.txt"));
    let created = dump.find("created by main.").unwrap();
    let split = [&dump[..created], "\n", &dump[created..]].concat();
    let trace = "goroutine 1 [running]:\nmain.main()\n\t/x.go:1 +0x1\n";
    let traces = format!("{trace}log\n{trace}log\n");
    for (text, problem, fix) in [
        (
            cut,
            "the dump ends in the middle of a goroutine",
            "debug=2 stops at 64 MiB",
        ),
        (
            &short,
            "it announces 27 goroutines and holds 26",
            "Stacks are missing: capture it again, whole",
        ),
        (
            &split,
            "an empty line in the middle of a stack",
            "Take out the empty lines",
        ),
        (&two, SEVERAL, "Keep one dump a file"),
        (&ruled, SEVERAL, "Keep one dump a file"),
        (&both, SEVERAL, "Keep one dump a file"),
        (&twice, SEVERAL, "Keep one dump a file"),
        (
            &traces,
            "it holds 2 stacks of single goroutines",
            "GOTRACEBACK=all",
        ),
    ] {
        let ran = check_text(text).exits(3);
        ran.prints(problem);
        ran.prints(fix);
    }
}

#[test]
fn a_part_of_a_dump_is_unchecked_and_can_be_shown() {
    let dump = read("go1.27/after-debug2.txt");
    let (first, rest) = dump.split_once("\n\n").unwrap();
    let panic = format!("panic: boom\n\n{first}\nexit status 2\n");
    for (text, doubt) in [
        (rest, "goroutine 1 is not in it"),
        (&*panic, "only one goroutine is in it"),
    ] {
        check_text(text).exits(3).prints(doubt);
        let directory = scratch("part.txt", text);
        let show = Leakgate::new(&["show"]).arg(directory.path().join("part.txt"));
        show.run().exits(0).prints(doubt);
    }
    // A program may have no other goroutine.
    check_text(&format!("{first}\n")).exits(0);
}

#[test]
fn the_labels_that_a_dump_or_cockroachdb_adds_are_no_labels_of_the_program() {
    let profile = |state: &str| {
        let labels = [
            ("go::goroutine_state", state),
            ("go::goroutine", state),
            ("k", "v"),
        ];
        let frames = "main.run main.work runtime.chansend1 runtime.chansend runtime.gopark";
        let made = Made::new().goroutines(1, "runtime.main main.main");
        made.labelled(2, frames, &labels).encode()
    };
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    write(&file("before.pb"), profile("one"));
    write(&file("after.pb"), profile("another"));
    let policy = "version: 1\nrules:\n  - name: by-label\n    match: { label: { \"go::goroutine_state\": \"*\" } }\n    limit: { count: 0 }\n";
    write(&file("policy.yml"), policy);
    Leakgate::check()
        .arg(file("before.pb"))
        .arg(file("after.pb"))
        .arg("--policy")
        .arg(file("policy.yml"))
        .run()
        .exits(0);
}
