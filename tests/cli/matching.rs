//! Matching the stacks of two profiles: the same, renamed, moved, new and gone.

use serde_json::{Value, json};

use crate::made::{Made, check, check_in};
use crate::support::{Leakgate, findings, profile};

/// Pairing, before and after of each stack that matched another one.
fn moved(report: &Value) -> Vec<(&str, i64, i64)> {
    let moved = report["moved"].as_array().unwrap().iter();
    moved
        .map(|one| {
            (
                one["pairing"].as_str().unwrap(),
                one["before"].as_i64().unwrap(),
                one["after"].as_i64().unwrap(),
            )
        })
        .collect()
}

const WAIT: &str = "runtime.chanrecv1 runtime.chanrecv runtime.gopark";

#[test]
fn a_stack_with_one_changed_frame_is_the_same_goroutine_moved() {
    let (code, report) = check(
        Made::new().goroutines(
            4,
            &format!("app.Serve app.loop app.step app.turn app.wait app.old {WAIT}"),
        ),
        Made::new().goroutines(
            6,
            &format!("app.Serve app.loop app.step app.turn app.wait app.new {WAIT}"),
        ),
    );
    assert_eq!(code, 1);
    assert_eq!(moved(&report), [("near", 4, 6)]);
    let finding = &report["findings"][0];
    assert_eq!(
        (
            &finding["growth"],
            &finding["pairing"],
            &finding["similarity"]
        ),
        (&json!(2), &json!("near"), &json!(0.833))
    );
    assert_eq!(finding["stack_before"].as_array().unwrap().len(), 9);
}

/// A profile from net/http/pprof, with the goroutine that wrote it.
fn served() -> Made {
    Made::new().goroutines(
        1,
        "net/http.(*conn).serve net/http/pprof.Index runtime.pprof_goroutineProfileWithLabels",
    )
}

const READER: &str = "net/http.(*connReader).backgroundRead internal/poll.runtime_pollWait";

#[test]
fn the_connection_reader_of_a_capture_is_not_the_start_of_a_leak() {
    let leak = || served().goroutines(1, &format!("app.Serve {WAIT}"));
    for after in [leak().goroutines(1, ""), leak().goroutines(1, READER)] {
        let (code, report) = check(served().goroutines(1, ""), after);
        assert_eq!(code, 1, "{report:#}");
        let findings = findings(&report);
        assert_eq!(findings.len(), 1, "{report:#}");
    }
    let (code, _) = check(served().goroutines(2, ""), leak().goroutines(1, READER));
    assert_eq!(code, 0, "another one that had not run yet may be any");
    let (code, _) = check(
        served().goroutines(1, READER).goroutines(1, ""),
        leak().goroutines(1, READER),
    );
    assert_eq!(code, 0, "the reader had run");
}

#[test]
fn goroutines_that_had_not_run_yet_are_the_start_of_unlabelled_ones() {
    let late = || Made::new().goroutines(2, "");
    let (code, report) = check(
        late(),
        Made::new().goroutines(2, &format!("app.Serve {WAIT}")),
    );
    assert_eq!(code, 0, "{report:#}");
    assert!(
        report["notes"][0]["text"]
            .as_str()
            .unwrap()
            .starts_with("2 goroutines of the before profile had not run yet"),
        "{report:#}"
    );
    let (_, report) = check(
        late(),
        Made::new().goroutines(5, &format!("app.Serve {WAIT}")),
    );
    assert_eq!(
        (
            &report["findings"][0]["before"],
            &report["findings"][0]["after"]
        ),
        (&json!(2), &json!(5))
    );
    let labelled = Made::new().labelled(
        2,
        &format!("app.Serve {WAIT}"),
        &[("leakgate.test", "TestA")],
    );
    assert_eq!(
        check(late(), labelled).0,
        1,
        "a labelled goroutine was started by its test"
    );
}

#[test]
fn too_many_new_and_gone_stacks_to_compare_are_reported() {
    let many = |name: &str| {
        (0..3000).fold(Made::new(), |made, number| {
            made.goroutines(1, &format!("app.Serve app.{name}{number} app.b app.{name}{number} app.d app.{name}{number} {WAIT}"))
        })
    };
    let (code, report) = check(many("old"), many("new"));
    assert_eq!(code, 1);
    assert_eq!(findings(&report).len(), 3000);
    assert!(
        report["notes"][0]["text"]
            .as_str()
            .unwrap()
            .contains("were not compared with every new stack"),
        "{}",
        report["notes"]
    );
}

#[test]
fn the_breakdown_by_label_is_kept() {
    let (_, report) = check(
        Made::new().goroutines(1, "app.other"),
        Made::new().lines(
            "2 {handler=/v1 leakgate.test=TestA} app.Serve app.wait
             1 {handler=} app.Serve app.wait
             4 app.Serve app.wait",
        ),
    );
    let finding = &report["findings"][0];
    assert_eq!(finding["after"], 7);
    assert_eq!(finding["tests"], json!({ "TestA": 2 }));
    assert_eq!(finding["labels"], json!({ "handler": { "": 1, "/v1": 2 } }));
}

#[test]
fn a_moved_stack_is_listed_with_the_frames_that_changed() {
    let directory = tempfile::tempdir().unwrap();
    let stack =
        |last: &str| format!("app.Serve app.loop app.step app.turn app.wait app.{last} {WAIT}");
    let before = Made::new().goroutines(4, &stack("old"));
    let after = Made::new().goroutines(4, &stack("new"));
    check_in(directory.path(), before, after)
        .arg("-v")
        .run()
        .exits(0)
        .prints("before 4, after 4  app.Serve\n           - app.old\n           + app.new\n");
}

#[test]
fn in_one_process_a_closure_that_ended_is_no_excuse_for_another() {
    // Captured profiles: one process before and after, with a stack of the same class in both.
    let name = |go: &str, side: &str| profile(go, "closure-in-closure", side);
    let (_, across) = {
        let (code, report) = Leakgate::check()
            .arg(name("go1.21", "after"))
            .arg(name("go1.27", "after"))
            .json();
        (code, report)
    };
    assert_eq!(moved(&across), [("renamed", 6, 6)], "two builds");
    let (_, within) = Leakgate::check()
        .arg(name("go1.27", "before"))
        .arg(name("go1.27", "after"))
        .json();
    assert_eq!(within["findings"][0]["pairing"], "unpaired", "one process");
}

#[test]
fn an_innocent_test_that_was_there_before_is_not_blamed() {
    let stack = format!("app.Serve {WAIT}");
    let innocent = || Made::new().labelled(1, &stack, &[("leakgate.test", "TestInnocent")]);
    let (_, report) = check(innocent(), innocent().goroutines(50, &stack));
    assert_eq!(report["findings"][0]["growth"], 50);
    assert_eq!(report["findings"][0]["tests"], json!({}));
}

#[test]
fn a_whole_stack_of_32_frames_is_not_cut_where_go_keeps_128() {
    let frames: Vec<String> = (0..29).map(|depth| format!("app.f{depth}")).collect();
    let stack = format!("{} {WAIT}", frames.join(" "));
    let writer =
        "runtime.main runtime.pprof_goroutineProfileWithLabels runtime.goroutineProfileWithLabels";
    let old = "runtime.main runtime/pprof.runtime_goroutineProfileWithLabels runtime.goroutineProfileWithLabels";
    let root = |writer: &str| {
        let before = Made::new().goroutines(1, writer);
        let (_, report) = check(
            before,
            Made::new().goroutines(1, writer).goroutines(2, &stack),
        );
        report["findings"][0]["root"]["function"].clone()
    };
    assert_eq!(root(writer), "app.f0");
    assert_eq!(
        root(old),
        Value::Null,
        "up to Go 1.22 the root may lie further out"
    );
}

#[test]
fn profiles_large_enough_for_threads_are_judged_like_small_ones() {
    // More than a megabyte each: 30,000 stacks of 20 frames, of 150 functions.
    let large = || {
        let mut state = 7_u64;
        (0..30_000).fold(Made::new(), |made, _| {
            let mut next = || {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                format!("app.f{}", (state >> 33) % 150)
            };
            let frames: Vec<_> = (0..20).map(|_| next()).collect();
            made.goroutines(2, &frames.join(" "))
        })
    };
    let (code, report) = check(large(), large().goroutines(5, &format!("app.leak {WAIT}")));
    assert_eq!((code, &report["totals"]["before"]), (1, &json!(60_000)));
    assert_eq!(findings(&report).len(), 1);
    assert_eq!(report["findings"][0]["growth"], 5);
}
