//! Every leak of testdata is found under every toolchain, with the right count, state, root and
//! home, and every clean twin is clean. The expected values are in `testdata/expected.tsv`,
//! which was written from the source of the programs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::{Leakgate, TOOLCHAINS, findings, profile, repository, scratch, special};

/// One leaking stack: how many goroutines, in which state, and its root and home (`-` for none).
type Leak = (i64, String, String, String);

fn expected() -> BTreeMap<String, BTreeSet<Leak>> {
    let table = std::fs::read_to_string(repository().join("testdata/expected.tsv")).unwrap();
    let mut leaks: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for row in table.lines().skip(1) {
        let [leak, count, state, root, home] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("bad row: {row}")
        };
        let found = (
            count.parse().unwrap(),
            state.to_owned(),
            root.to_owned(),
            home.to_owned(),
        );
        leaks.entry(leak.to_owned()).or_default().insert(found);
    }
    assert!(leaks.len() >= 27, "the table is short");
    leaks
}

/// Before Go 1.27, one name contains the function that its creator was inlined into.
fn as_go_1_27_names_it(function: &str) -> String {
    function.replace("main.closureInClosure.newHandler.", "main.newHandler.")
}

fn found(report: &Value) -> BTreeSet<Leak> {
    let function = |place: &Value| {
        place["function"]
            .as_str()
            .map_or("-".into(), as_go_1_27_names_it)
    };
    let findings = findings(report).iter();
    findings
        .map(|finding| {
            assert_eq!(finding["rule"], "default");
            assert_eq!(finding["disposition"], "open");
            assert_eq!(finding["before"], 0);
            let count = finding["growth"].as_i64().unwrap();
            let state = finding["state"].as_str().unwrap().to_owned();
            (
                count,
                state,
                function(&finding["root"]),
                function(&finding["home"]),
            )
        })
        .collect()
}

#[test]
fn every_leak_is_found_with_its_count_state_root_and_home_under_every_toolchain() {
    for go in TOOLCHAINS {
        for (leak, stacks) in expected() {
            let (code, report) = Leakgate::check().pair(go, &leak).json();
            assert_eq!((code, found(&report)), (1, stacks), "{go} {leak}");
        }
    }
}

#[test]
fn every_clean_twin_passes_under_every_toolchain() {
    for go in TOOLCHAINS {
        for (leak, _) in expected() {
            let (code, report) = Leakgate::check().pair(go, &format!("{leak}-clean")).json();
            assert_eq!(
                (code, &report["outcome"]),
                (0, &"pass".into()),
                "{go} {leak}"
            );
            assert_eq!(report["findings"], serde_json::json!([]), "{go} {leak}");
        }
    }
}

#[test]
fn the_same_leak_has_the_same_id_under_every_toolchain() {
    for (leak, _) in expected() {
        let ids = TOOLCHAINS.map(|go| {
            let (_, report) = Leakgate::check().pair(go, &leak).json();
            let findings = findings(&report).iter();
            findings
                .map(|finding| finding["id"].as_str().unwrap().to_owned())
                .collect::<BTreeSet<_>>()
        });
        assert!(ids.iter().all(|other| *other == ids[0]), "{leak}: {ids:?}");
        assert!(
            ids[0]
                .iter()
                .all(|id| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_hexdigit())),
            "{ids:?}"
        );
    }
}

#[test]
fn an_id_is_the_sha256_of_state_and_classes_so_that_anyone_can_compute_it() {
    // printf 'chan send\nmain.newHandler.func' | sha256sum | cut -c1-12
    let (_, report) = Leakgate::check()
        .pair("go1.21", "closure-in-closure")
        .json();
    assert_eq!(report["findings"][0]["id"], "d4c3fb9f5d7e");
}

#[test]
fn goroutines_that_were_there_before_are_found_again_under_another_toolchain() {
    for (leak, stacks) in expected() {
        for (old, new) in [
            ("go1.21", "go1.27"),
            ("go1.27", "go1.21"),
            ("go1.23", "go1.25"),
        ] {
            let (code, report) = Leakgate::check()
                .arg(profile(old, &leak, "after"))
                .arg(profile(new, &leak, "after"))
                .json();
            assert_eq!(code, 0, "{leak} {old} {new}: {:#}", report["findings"]);
            let goroutines: i64 = stacks.iter().map(|stack| stack.0).sum();
            assert_eq!(
                report["totals"]["after"].as_i64().unwrap(),
                goroutines + 1,
                "{leak}"
            );
        }
    }
}

#[test]
fn a_stack_that_toolchains_name_differently_is_reported_as_renamed() {
    for leak in [
        "closure-in-closure",
        "mutex-unlocked",
        "waitgroup-undone",
        "deep-recursion",
    ] {
        let (_, report) = Leakgate::check()
            .arg(profile("go1.21", leak, "after"))
            .arg(profile("go1.27", leak, "after"))
            .json();
        assert_eq!(report["moved"][0]["pairing"], "renamed", "{leak}");
        assert_eq!(
            report["moved"][0]["id"], report["moved"][0]["id_before"],
            "{leak}"
        );
    }
}

#[test]
fn growth_across_toolchains_is_only_the_growth() {
    // Two leaks: one was there before under another name, and only the other one is new.
    let (code, report) = Leakgate::check()
        .arg(profile("go1.21", "closure-in-closure", "after"))
        .arg(profile("go1.27", "mutex-unlocked", "after"))
        .json();
    assert_eq!(code, 1);
    assert_eq!(findings(&report).len(), 1);
    assert_eq!(report["findings"][0]["growth"], 5);
    assert_eq!(report["findings"][0]["pairing"], "unpaired");
}

#[test]
fn an_idle_keep_alive_connection_is_allowed_and_reported() {
    for go in TOOLCHAINS {
        let (code, report) = Leakgate::check().pair(go, "keep-alive-idle").json();
        assert_eq!(code, 0, "{go}");
        let allowed: BTreeSet<_> = report["allows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|allow| allow["builtin"].as_str().unwrap())
            .collect();
        assert_eq!(
            allowed,
            BTreeSet::from(["http-keep-alive-read", "http-keep-alive-write"]),
            "{go}"
        );
        let dispositions: Vec<_> = findings(&report)
            .iter()
            .map(|finding| &finding["disposition"])
            .collect();
        assert_eq!(dispositions, ["allowed", "allowed"], "{go}");
    }
}

#[test]
fn a_policy_that_allows_each_leak_passes_and_says_why() {
    for (leak, stacks) in expected() {
        let allows: Vec<String> = stacks
            .iter()
            .map(|(count, _, root, home)| {
                let (key, function) = if root == "-" { ("home", home) } else { ("root", root) };
                format!("  - match: {{ {key}: {function:?} }}\n    max: {count}\n    reason: known since {leak}\n    expires: 2027-03-31\n")
            })
            .collect();
        let policy = scratch(
            "leakgate.yml",
            &format!("version: 1\nallow:\n{}", allows.concat()),
        );
        let (code, report) = Leakgate::check()
            .arg("--policy")
            .arg(policy.path().join("leakgate.yml"))
            .pair("go1.27", &leak)
            .json();
        assert_eq!(code, 0, "{leak}: {report:#}");
        for finding in findings(&report) {
            assert_eq!(finding["disposition"], "allowed", "{leak}");
            assert!(
                finding["reason"]
                    .as_str()
                    .unwrap()
                    .contains(&format!("known since {leak}")),
                "{finding:#}"
            );
        }
    }
}

#[test]
fn leaks_that_the_garbage_collector_proved_are_marked() {
    for (leak, proven) in [
        ("send-abandoned", true),
        ("mutex-unlocked", true),
        ("sleep-loop", false),
        ("ticker-unstopped", false),
    ] {
        for go in ["go1.26", "go1.27"] {
            let (code, report) = Leakgate::check()
                .arg("--proven")
                .arg(profile(go, leak, "proven"))
                .pair(go, leak)
                .json();
            assert_eq!(
                (code, &report["findings"][0]["proven"]),
                (1, &proven.into()),
                "{go} {leak}"
            );
        }
    }
    let (_, report) = Leakgate::check().pair("go1.27", "send-abandoned").json();
    assert_eq!(
        report["findings"][0]["proven"],
        Value::Null,
        "without a leak profile nothing is known"
    );
}

#[test]
fn two_leak_profiles_can_be_compared_and_all_their_goroutines_are_proven() {
    let (code, report) = Leakgate::check()
        .arg(profile("go1.27", "send-abandoned-clean", "proven"))
        .arg(profile("go1.27", "send-abandoned", "proven"))
        .json();
    assert_eq!((code, &report["findings"][0]["proven"]), (1, &true.into()));
}

#[test]
fn each_leak_of_a_parallel_test_run_names_its_test() {
    let (code, report) = Leakgate::check().special("test").json();
    assert_eq!(code, 1);
    assert_eq!(
        report["findings"][0]["tests"],
        serde_json::json!({ "TestSearch": 5, "TestUpload": 6 })
    );
}

#[test]
fn goroutines_of_one_stack_are_summed_over_their_labels() {
    let (_, report) = Leakgate::check().pair("go1.27", "labelled").json();
    let findings = findings(&report);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0]["after"], 6);
    assert_eq!(
        findings[0]["tests"],
        serde_json::json!({ "TestAlpha": 3, "TestBeta": 2 })
    );
}

#[test]
fn a_profile_fetched_over_http_blames_neither_its_handler_nor_its_connection() {
    let (code, report) = Leakgate::check().special("http").json();
    assert_eq!(code, 1);
    let open: Vec<_> = findings(&report)
        .iter()
        .filter(|finding| finding["disposition"] == "open")
        .collect();
    assert_eq!(open.len(), 1, "{open:#?}");
    assert_eq!(open[0]["growth"], 7);
}

#[test]
fn a_cut_stack_has_no_root_and_the_report_says_so() {
    for go in TOOLCHAINS {
        let ran = Leakgate::check().pair(go, "deep-recursion").run();
        assert!(
            ran.has("unknown: the stack was cut when it was captured"),
            "{go}: {}",
            ran.stdout
        );
        assert!(
            ran.has("1 stack of the after profile is cut"),
            "{go}: {}",
            ran.stdout
        );
    }
}

#[test]
fn goroutines_without_a_frame_are_left_out_and_counted() {
    let (_, report) = Leakgate::check()
        .arg(profile("go1.27", "send-abandoned-clean", "proven"))
        .arg(special("select-main-proven.pb.gz"))
        .json();
    let skipped = report["skipped"].as_array().unwrap();
    let frameless: Vec<_> = skipped
        .iter()
        .filter(|skipped| skipped["why"].as_str().unwrap().contains("no frame"))
        .collect();
    assert_eq!(frameless.len(), 1);
    assert_eq!(frameless[0]["count"], 1);
}

#[test]
fn a_race_build_is_read_like_any_other() {
    let (code, report) = Leakgate::check().special("race").json();
    assert_eq!(code, 1);
    assert_eq!(found(&report), expected()["closure-in-closure"]);
}
