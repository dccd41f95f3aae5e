//! What test binaries can do: the packages of testdata/run, alone and several at once.

use std::collections::BTreeMap;

use crate::support::{go, gos, packages, scratch};

/// The leaks of the package `parallel`.
const PARALLEL: &[(&str, &[(&str, u64)])] = &[
    ("example.com/run/parallel.send", &[("TestSends", 3)]),
    (
        "example.com/run/parallel.wait",
        &[("TestWaits/one", 1), ("TestWaits/two", 1)],
    ),
];

#[test]
fn each_leak_of_parallel_tests_names_its_test_under_every_go() {
    for go in gos() {
        let ran = go.run("go test ./parallel").exits(1);
        ran.finds(PARALLEL);
        assert!(ran.stdout.starts_with("ok"), "{}", ran.stdout);
        ran.says("leakgate run -- go test -run '^TestSends$' example.com/run/parallel");
        let proven = &ran.report["findings"][0]["proven"];
        assert_eq!(proven.as_bool(), (go.minor() >= 27).then_some(true));
    }
}

#[test]
fn a_clean_package_is_clean_ten_times_out_of_ten() {
    for go in gos() {
        for _ in 0..10 {
            let ran = go.run("go test ./clean").exits(0);
            assert_eq!(ran.suites(), ["example.com/run/clean"]);
        }
    }
}

#[test]
fn a_test_that_hangs_is_named_with_what_its_goroutines_wait_for() {
    for go in gos() {
        let ran = go.run("go test -timeout=1s ./hang").exits(1);
        ran.unchecked_because(
            "example.com/run/hang",
            "timed out after 1s while TestHangs/inner ran",
        );
        let findings = ran.findings();
        assert_eq!(
            findings["example.com/run/hang.work"],
            [("TestHangs".to_owned(), 1)].into()
        );
        assert_eq!(
            findings["example.com/run/hang.TestHangs.func1"],
            [("TestHangs/inner".to_owned(), 1)].into()
        );
        ran.says("NOT GATED tests failed");
    }
}

#[test]
fn a_process_that_ends_inside_a_test_is_unchecked_and_names_the_test() {
    for go in gos() {
        for (package, test) in [
            ("panics", "TestPanics"),
            ("exits", "TestExits"),
            ("fatal", "TestFatal"),
            ("killed", "TestKilled"),
            ("twice", "TestEnds"),
        ] {
            let ran = go.run(&format!("go test ./{package}")).exits(1);
            ran.unchecked_because(
                &format!("example.com/run/{package}"),
                &format!("while {test} ran"),
            );
            assert_eq!(ran.report["outcome"], "no-evidence");
        }
    }
}

#[test]
fn a_testmain_that_runs_no_test_is_unchecked_though_it_succeeds() {
    for go in gos() {
        go.run("go test ./nomain")
            .exits(3)
            .unchecked_because("example.com/run/nomain", "m.Run");
    }
}

#[test]
fn goroutines_that_end_while_settling_are_not_findings() {
    for go in gos() {
        let ran = go.run("go test ./settles").exits(0);
        let run = &ran.report["suites"][0]["run"];
        assert_eq!(run["settled"], true, "{run}");
        let waited = run["settle_ms"].as_u64().unwrap();
        assert!((200..1000).contains(&waited), "{run}");
    }
}

#[test]
fn goroutines_that_no_test_started_are_unattributed() {
    for go in gos() {
        let ran = go.run("go test ./testmain").exits(1);
        ran.finds(&[("example.com/run/testmain.forget", &[])]);
        assert_eq!(ran.report["findings"][0]["growth"], 2);
        ran.says("unattributed (2)");
    }
}

#[test]
fn labels_of_the_code_are_reported_and_hide_no_test() {
    for go in gos() {
        let ran = go.run("go test ./labels").exits(1);
        ran.says("handler=/pay (1)");
        ran.finds(&[
            (
                "example.com/run/labels.TestKeepsBoth.func1.1",
                &[("TestKeepsBoth", 1)],
            ),
            // The runtime starts what a timer calls.
            ("example.com/run/labels.TestTimer.func1", &[]),
        ]);
        // Without the chain of calls, the label is all that there is.
        let ran = go
            .at(&packages())
            .flag("--no-origin")
            .run("go test ./labels");
        ran.finds(&[
            ("example.com/run/labels.TestKeepsBoth.func1.1", &[]),
            ("example.com/run/labels.TestTimer.func1", &[]),
        ]);
    }
}

#[test]
fn what_a_process_shares_is_not_blamed_on_the_test_that_needed_it_first() {
    for go in gos() {
        let ran = go.run("go test ./shared");
        let findings = ran.report["findings"].as_array().unwrap();
        let shared = findings.iter().filter(|finding| finding["shared"] == true);
        let roots: Vec<_> = shared
            .map(|finding| finding["root"]["function"].as_str().unwrap())
            .collect();
        assert!(
            roots.contains(&"net/http.(*persistConn).readLoop"),
            "{}",
            ran.said()
        );
        assert!(
            roots.contains(&"net/http.(*persistConn).writeLoop"),
            "{}",
            ran.said()
        );
        assert!(roots.contains(&"os/signal.loop"), "{}", ran.said());
        ran.says("shared: whichever test needs it first starts it, here TestFirst");
    }
}

#[test]
fn examples_benchmarks_fuzz_seeds_and_subtests_are_named() {
    for go in gos() {
        let ran = go.run("go test -bench=. -benchtime=1x ./kinds").exits(1);
        let found = ran.findings();
        let tests: Vec<&str> = found
            .values()
            .flat_map(|tests| tests.keys().map(String::as_str))
            .collect();
        for test in [
            "BenchmarkForget/inner",
            "Example_forget",
            "FuzzForget/seed#0",
            "TestForget/a_b/ü",
        ] {
            assert!(tests.contains(&test), "{test}: {}", ran.said());
        }
    }
}

#[test]
fn a_test_binary_that_a_test_starts_again_is_reported_and_not_judged() {
    for go in gos() {
        let ran = go.run("go test ./child").exits(0);
        assert_eq!(ran.suites(), ["example.com/run/child"]);
        ran.says("1 child process of a test not judged");
    }
}

#[test]
fn nothing_that_ran_is_missing_when_several_packages_run() {
    for go in gos() {
        let ran = go
            .run("go test ./parallel ./clean ./notests ./settles")
            .exits(1);
        assert_eq!(
            ran.suites(),
            [
                "example.com/run/clean",
                "example.com/run/parallel",
                "example.com/run/settles"
            ]
        );
        ran.finds(PARALLEL);
        ran.says("3 of 3 test packages checked, 1 package without tests");
    }
}

#[test]
fn a_package_that_does_not_build_is_unchecked_and_the_others_are_reported() {
    go().run("go test ./parallel ./broken")
        .exits(1)
        .unchecked_because("example.com/run/broken", "build failed")
        .finds(PARALLEL)
        .says("NOT GATED tests failed");
}

#[test]
fn a_run_in_which_no_test_ran_is_no_evidence() {
    for (command, why) in [
        ("go test ./notests", "none of its packages has a test"),
        ("go test -run=TestNone ./parallel", "does -run match any"),
        ("go version", "no go test ran under leakgate"),
        ("go test -list=. ./parallel", "no test ran in it"),
    ] {
        let ran = go().run(command).exits(3);
        assert!(ran.stderr.contains(why), "{command:?}: {}", ran.said());
    }
}

#[test]
fn a_result_is_never_taken_from_the_cache() {
    for go in gos() {
        for _ in 0..2 {
            let ran = go.run("go test ./parallel").exits(1);
            assert!(!ran.stdout.contains("(cached)"), "{}", ran.stdout);
        }
    }
}

#[test]
fn a_package_that_is_tested_twice_is_two_suites() {
    let ran = go()
        .run_script("go test -count=1 ./clean && go test -count=1 ./clean")
        .exits(0);
    assert_eq!(
        ran.suites(),
        ["example.com/run/clean", "example.com/run/clean (run 2)"]
    );
}

#[test]
fn the_example_leaks_as_its_readme_says() {
    let leaky = packages().join("../../examples/leaky");
    for go in gos() {
        go.at(&leaky).run("go test ./...").exits(1).finds(&[
            (
                "example.com/leaky/checkout.(*Till).Pay.func1",
                &[("TestPay/bank_is_slow", 3), ("TestPayTwice", 2)],
            ),
            (
                "example.com/leaky/checkout.(*Stock).Reserve",
                &[("TestReserveSoldOut", 4)],
            ),
            (
                "net/http.(*persistConn).readLoop",
                &[("TestPriceUnknown", 3)],
            ),
            (
                "net/http.(*persistConn).writeLoop",
                &[("TestPriceUnknown", 3)],
            ),
            (
                "example.com/leaky/catalog.(*Cache).refresh",
                &[("TestCache", 1)],
            ),
            (
                "example.com/leaky/worker.(*Pool).work",
                &[("TestThumbs/one_item", 4), ("TestThumbs/two_items", 4)],
            ),
        ]);
    }
}

#[test]
fn background_loops_that_moved_on_are_still_the_same() {
    for go in gos() {
        let ran = go.run("go test ./background").exits(0);
        let note = ran.report["notes"][0]["text"].as_str().unwrap();
        assert!(
            note.ends_with("2 goroutines that no test started"),
            "{note}"
        );
        assert_eq!(ran.report["suites"][0]["run"]["settled"], true);
    }
}

#[test]
fn a_goroutine_that_ended_does_not_excuse_a_new_one_that_runs_something_else() {
    for go in gos() {
        let ran = go.run("go test ./warm").exits(1);
        ran.finds(&[("example.com/run/warm.forget", &[])]);
        assert_eq!(ran.report["findings"][0]["growth"], 3);
    }
}

#[test]
fn an_example_that_panics_is_unchecked_though_the_exit_code_hides_it() {
    for go in gos() {
        go.run("go test ./examplepanics")
            .exits(3)
            .unchecked_because("example.com/run/examplepanics", "while Example ran");
    }
}

#[test]
fn a_test_binary_that_ends_before_its_tests_says_so() {
    for go in gos() {
        go.run_script("go test ./initpanics || true")
            .exits(3)
            .says("UNCHECKED example.com/run/initpanics")
            .says("ended before its tests began");
    }
}

#[test]
fn goroutines_that_never_settle_are_reported_as_unsettled() {
    let ran = go().run("go test ./parallel");
    let run = &ran.report["suites"][0]["run"];
    assert_eq!(run["settled"], false, "{run}");
    assert!(run["settle_ms"].as_u64().unwrap() >= 1000, "{run}");
    assert_eq!(run["tests"], 6, "{run}");
}

#[test]
fn a_response_that_nobody_read_is_its_tests_own_leak() {
    let leaky = packages().join("../../examples/leaky");
    let ran = go().at(&leaky).run("go test ./catalog");
    let findings = ran.report["findings"].as_array().unwrap();
    let of_client = findings.iter().filter(|finding| {
        let root = finding["root"]["function"].as_str().unwrap();
        root.starts_with("net/http.(*persistConn).")
    });
    let shared: Vec<_> = of_client
        .map(|finding| (&finding["shared"], &finding["tests"]))
        .collect();
    let tests = serde_json::json!({ "TestPriceUnknown": 3 });
    assert_eq!(
        shared,
        [(&false.into(), &tests), (&false.into(), &tests)],
        "{}",
        ran.said()
    );
}

#[test]
fn a_leak_does_not_hide_behind_one_of_the_same_stack_that_ended() {
    for go in gos() {
        go.run("go test ./replaced")
            .exits(1)
            .finds(&[("example.com/run/replaced.(*pool).loop", &[("TestLeaks", 1)])]);
    }
}

#[test]
fn a_server_shared_by_all_tests_may_keep_an_idle_connection() {
    for go in gos() {
        go.run("go test ./server").exits(0);
    }
}

#[test]
fn test_files_named_on_the_command_line_are_a_suite_too() {
    for go in gos() {
        let ran = go.run("go test parallel/parallel_test.go").exits(1);
        assert_eq!(ran.suites().len(), 1, "{}", ran.said());
        assert_eq!(
            ran.report["unchecked"].as_array().unwrap().len(),
            0,
            "{}",
            ran.said()
        );
    }
}

#[test]
fn a_test_that_closes_what_it_did_not_open_passes_as_it_does_without_leakgate() {
    for go in gos() {
        for _ in 0..3 {
            let ran = go.run("go test -count=1 -timeout=0 ./closes").exits(0);
            assert_eq!(ran.suites(), ["example.com/run/closes"]);
        }
        // The alarm of the timeout has started the runtime's poller, and the test closes that too.
        // The process can die of this at any point, so it gets some tries.
        let survived = (0..10).find_map(|_| {
            let ran = go.run("go test -count=1 ./closes");
            ran.stdout.starts_with("ok").then_some(ran)
        });
        survived.unwrap().exits(3).unchecked_because(
            "example.com/run/closes",
            "closed descriptors that belong to Go's runtime",
        );
    }
}

#[test]
fn a_test_cannot_make_its_leak_look_as_if_it_had_been_there_before() {
    for go in gos() {
        go.run("go test ./forges")
            .exits(1)
            .finds(&[("example.com/run/forges.leak", &[("TestForges", 1)])]);
    }
}

#[test]
fn a_goroutine_that_moves_late_and_stays_there_is_not_a_loop() {
    for go in gos() {
        let ran = go.at(&packages()).run("go test ./stays");
        ran.finds(&[("example.com/run/stays.send", &[("TestSendsLate", 6)])]);
        let finding = &ran.report["findings"][0];
        assert_eq!(finding["state"], "chan send", "{}", ran.said());
        if go.minor() >= 27 {
            assert_eq!(finding["proven_count"], 6, "{}", ran.said());
        }
    }
}

#[cfg(unix)]
#[test]
fn a_test_that_puts_a_pipe_where_leakgate_writes_delays_nothing() {
    for go in gos() {
        let ran = go.run("go test -timeout=60s ./pipes").exits(0);
        assert_eq!(ran.suites(), ["example.com/run/pipes"]);
    }
}

#[test]
fn a_busy_loop_is_running_and_matches_wherever_it_happens_to_be() {
    for go in gos() {
        let spins = || go.at(&packages());
        let ran = spins().run("go test ./spins").exits(1);
        let findings = ran.report["findings"].as_array().unwrap();
        let found: BTreeMap<&str, &str> = findings
            .iter()
            .map(|finding| {
                let home = finding["home"]["function"].as_str().unwrap();
                (home, finding["state"].as_str().unwrap())
            })
            .collect();
        let states = [
            ("example.com/run/spins.spin", "running"),
            ("example.com/run/spins.tick", "chan receive"),
        ];
        assert_eq!(found, states.into(), "{}", ran.said());
        ran.says("loop without exit");
        // The offered entries match again, wherever the loop happens to be then.
        let entries: Vec<String> = ran
            .entries()
            .iter()
            .map(|entry| {
                let filled = "reason: x, expires: 2199-12-31";
                format!(
                    "  {}\n",
                    entry.replace("reason: \"...\", expires: ...", filled)
                )
            })
            .collect();
        let policy = format!("version: 1\nallow:\n{}", entries.concat());
        let folder = scratch(&[("policy.yml", &policy)]);
        let flag = format!("--policy={}", folder.path().join("policy.yml").display());
        for _ in 0..3 {
            let ran = spins().flag(&flag).run("go test ./spins");
            assert_eq!(ran.code, 0, "{policy}{}", ran.said());
        }
    }
}

#[test]
fn the_profile_that_was_looked_at_last_is_judged() {
    let policy = "version: 1\nallow:\n  - match: { root: example.com/run/late.starts }\n    max: 1\n    reason: x\n    expires: 2199-12-31\n";
    let folder = scratch(&[("policy.yml", policy)]);
    let flag = format!("--policy={}", folder.path().join("policy.yml").display());
    for go in gos() {
        for _ in 0..6 {
            let ran = go
                .at(&packages())
                .flag(&flag)
                .run("go test ./late")
                .exits(0);
            assert_eq!(ran.report["suites"][0]["run"]["settled"], true);
        }
    }
}

#[test]
fn what_is_left_may_log_and_fail_for_a_test_that_is_over() {
    for go in gos() {
        let ran = go.run("go test ./talks").exits(1);
        // The tests passed, as they do without leakgate, and what they left is found.
        assert!(ran.stdout.starts_with("ok"), "{}", ran.said());
        let mut tests = vec!["TestFails", "TestLogs", "TestStops/inner"];
        if go.minor() >= 25 {
            tests.push("TestWrites");
        }
        let findings = ran.findings();
        let found: Vec<&String> = findings["example.com/run/talks.talk"].keys().collect();
        assert_eq!(found, tests, "{}", ran.said());
    }
}

#[test]
fn where_a_process_goes_on_after_its_tests_a_late_failure_is_one() {
    let test = "package shop\n\nimport (\n\t\"os\"\n\t\"testing\"\n\t\"time\"\n)\n\n\
                func TestMain(m *testing.M) {\n\tcode := m.Run()\n\ttime.Sleep(time.Second)\n\tos.Exit(code)\n}\n\n\
                func TestAsks(t *testing.T) {\n\tgo func() {\n\t\ttime.Sleep(300 * time.Millisecond)\n\t\t\
                t.Error(\"the answer was wrong\")\n\t}()\n}\n";
    let module = scratch(&[
        ("go.mod", "module example.com/shop\n\ngo 1.21\n"),
        ("shop_test.go", test),
    ]);
    for go in gos() {
        // As without leakgate.
        let ran = go.at(module.path()).run("go test .").exits(1);
        let said = "in goroutine after TestAsks has completed";
        assert!(ran.said().contains(said), "{}", ran.said());
    }
}

#[test]
fn a_package_that_empties_its_environment_is_checked() {
    for go in gos() {
        let ran = go.run("go test ./clears").exits(0);
        assert_eq!(ran.suites(), ["example.com/run/clears"]);
    }
}
