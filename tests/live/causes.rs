//! Which call started what stays, and what would have ended it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Ran, gos, packages, scratch};

/// A cause: what was called, in which kind of statement, and the lines of the tests with their code.
fn causes(ran: &Ran) -> BTreeMap<String, Vec<String>> {
    let text = std::fs::read_to_string(packages().join("causes/store_test.go")).unwrap();
    let code = |line: &Value| {
        let line = usize::try_from(line.as_u64().unwrap()).unwrap();
        text.lines().nth(line - 1).unwrap().trim().to_owned()
    };
    let name = |cause: &Value| {
        let function = cause["call"]["function"].as_str().unwrap();
        let kind = cause["call"]["kind"].as_str().unwrap();
        format!("{kind} {}", function.rsplit('/').next().unwrap())
    };
    let causes = ran.list("causes").iter();
    let lines = causes.map(|cause| {
        let sites = cause["sites"].as_array().unwrap().iter();
        let line = |site: &Value| format!("{} {}", site["goroutines"], code(&site["line"]));
        let mut lines: Vec<_> = sites.map(line).collect();
        lines.sort();
        (name(cause), lines)
    });
    lines.collect()
}

fn cause<'r>(ran: &'r Ran, function: &str) -> &'r Value {
    let mut causes = ran.list("causes").iter();
    let found = causes.find(|cause| {
        let name = cause["call"]["function"].as_str().unwrap();
        name.ends_with(function)
    });
    found.unwrap_or_else(|| panic!("no cause {function} in {}", ran.said()))
}

#[test]
fn each_call_whose_goroutines_stay_is_named_with_the_lines_of_its_tests() {
    for go in gos() {
        let ran = go.run("go test ./causes").exits(1);
        let open = [
            "2 Open()",
            "2 Open()",
            "2 Open()",
            "2 newStore(t)",
            "6 Open()",
        ];
        let expected = [
            ("call causes.(*Store).flush", vec!["1 go s.flush()"]),
            ("call causes.Count", vec!["2 Count()"]),
            ("call causes.Open", open.to_vec()),
            ("call causes.Warm", vec!["4 Warm(4)"]),
            (
                "call httptest.NewServer",
                vec!["1 httptest.NewServer(http.NotFoundHandler())"],
            ),
            (
                "go statement causes.TestStarts",
                vec!["1 go func() { select {} }()"],
            ),
        ];
        let expected = expected.map(|(name, lines)| {
            let lines = lines.into_iter().map(str::to_owned);
            (name.to_owned(), lines.collect::<Vec<_>>())
        });
        assert_eq!(causes(&ran), BTreeMap::from(expected), "{}", ran.said());
        let tests = cause(&ran, "causes.Open")["tests"].as_object().unwrap();
        let tests: Vec<_> = tests
            .iter()
            .map(|(test, count)| format!("{test} {count}"))
            .collect();
        assert_eq!(
            tests,
            [
                "TestCleared 2",
                "TestDo 2",
                "TestForgotten 2",
                "TestHelper 2",
                "TestTable/one 2",
                "TestTable/three 2",
                "TestTable/two 2"
            ]
        );
    }
}

#[test]
fn what_ends_it_is_taken_from_a_test_that_does() {
    for go in gos() {
        let ran = go.run("go test ./causes").exits(1);
        let open = cause(&ran, "causes.Open");
        assert_eq!(open["closers"][0], "call (*causes.Store).Shutdown");
        assert_eq!(open["closed_by"]["test"], "TestClosed");
        assert_eq!(open["findings"].as_array().unwrap().len(), 2);
        ran.says(
            "call (*causes.Store).Shutdown, as TestClosed does at testdata/run/causes/store_test.go:46",
        );
        let count = cause(&ran, "causes.Count");
        assert_eq!(count["inside"], "example.com/run/causes.Open");
        assert_eq!(count["closers"][0], "call (*causes.Store).Shutdown");
        assert_eq!(count["leaks_at_every_call"], true);
        assert_eq!(cause(&ran, "causes.Warm")["leaks_at_every_call"], true);
        let server = cause(&ran, "httptest.NewServer");
        assert_eq!(server["closers"][0], "call (*httptest.Server).Close");
    }
}

#[test]
fn without_origins_findings_are_as_they_were_and_have_no_cause() {
    for go in gos() {
        let ran = go
            .at(&packages())
            .flag("--no-origin")
            .run("go test ./causes")
            .exits(1);
        assert!(ran.list("causes").is_empty(), "{}", ran.said());
        let findings = ran.list("findings").iter();
        let growth: i64 = findings.map(|one| one["growth"].as_i64().unwrap()).sum();
        assert_eq!(growth, 23);
    }
}

#[test]
fn a_spec_and_a_method_of_a_suite_are_named_by_their_lines() {
    let frameworks = packages().join("../frameworks");
    for go in gos() {
        let ran = go
            .at(&frameworks)
            .run("go test ./errgroup/leaky ./ginkgo/leaky ./testify/leaky")
            .exits(1);
        let sites = ran.list("causes").iter().flat_map(|cause| {
            let sites = cause["sites"].as_array().unwrap().iter();
            sites.map(|site| {
                let function = site["function"].as_str().unwrap();
                // Go 1.22 gave the closures of package variables another name.
                function
                    .rsplit('/')
                    .next()
                    .unwrap()
                    .replace("glob..", "init.")
            })
        });
        let mut sites: Vec<_> = sites.collect();
        sites.sort_unstable();
        assert_eq!(
            sites,
            [
                "leaky.(*WorkerSuite).TestForgotten",
                "leaky.TestForgotten",
                "leaky.init.func1.2"
            ]
        );
    }
}

#[test]
fn goroutines_of_chains_that_are_hard_to_read_are_all_there() {
    for go in gos() {
        let ran = go.run("go test ./chains").exits(1);
        // A queue that an example opens, and each of the tests.
        let queue = &ran.findings()["example.com/run/chains.(*Queue).run"];
        let tests: Vec<_> = queue
            .iter()
            .map(|(test, count)| format!("{test} {count}"))
            .collect();
        assert_eq!(
            tests,
            [
                "ExampleNew 1",
                "TestDefer 1",
                "TestLoop 3",
                "TestParallel/one 1",
                "TestParallel/two 1",
                "TestShort 1"
            ]
        );
        // What TestMain started is nobody's, whatever ran on its goroutine.
        let stays = &ran.findings()["example.com/run/chains.stay"];
        let stays: Vec<_> = stays
            .iter()
            .map(|(test, count)| format!("{test} {count}"))
            .collect();
        assert_eq!(stays, ["TestOne 1"], "{}", ran.said());
        // Two closures of one function share an id, and are counted once each.
        let pair = cause(&ran, "chains.Pair");
        assert_eq!(pair["goroutines"], 4);
        assert_eq!(pair["findings"].as_array().unwrap().len(), 1);
        // Every goroutine is with a cause, or with what has none.
        let sum = |list: &str, key: &str| {
            let all = ran.list(list).iter();
            all.map(|one| one[key].as_i64().unwrap()).sum::<i64>()
        };
        let of_causes = sum("causes", "goroutines");
        let without = sum("findings", "without_cause");
        assert_eq!(
            of_causes + without,
            sum("findings", "growth"),
            "{}",
            ran.said()
        );
    }
}

#[test]
fn an_exception_for_one_test_covers_no_other_that_the_chain_names() {
    let policy = "version: 1\nallow: [{ match: { test: TestLoop }, max: 3, reason: known, expires: 2199-12-31 }]\n";
    let folder = scratch(&[("policy.yml", policy)]);
    let policy = folder.path().join("policy.yml");
    for go in gos() {
        let ran = go
            .at(&packages())
            .flag(format!("--policy={}", policy.display()));
        let ran = ran.run("go test ./chains").exits(1);
        for cause in ran.list("causes") {
            assert!(cause["tests"].get("TestLoop").is_none(), "{cause}");
        }
    }
}

#[test]
fn goroutines_of_both_rounds_of_a_testmain_have_their_cause() {
    let code = "package rounds\n\nfunc Open() { go wait(make(chan int)) }\n\n\
                func wait(c chan int) { <-c }\n";
    let tests = "package rounds\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\n\
                 func TestMain(m *testing.M) {\n\tm.Run()\n\tos.Exit(m.Run())\n}\n\n\
                 func TestOpen(t *testing.T) { Open() }\n";
    let folder = scratch(&[
        ("go.mod", "module example.com/rounds\n\ngo 1.21\n"),
        ("rounds.go", code),
        ("rounds_test.go", tests),
    ]);
    for go in gos() {
        let ran = go.at(folder.path()).run("go test .").exits(1);
        let open = cause(&ran, "rounds.Open");
        assert_eq!(open["goroutines"], 2, "{open}");
        assert_eq!(open["tests"]["TestOpen"], 2, "{open}");
    }
}

#[test]
fn tests_and_what_they_start_see_the_users_godebug() {
    for go in gos() {
        go.at(&packages()).run("go test ./godebug").exits(0);
        for godebug in ["http2client=0", "tracebackancestors=2,gctrace=0"] {
            let ran = go.at(&packages());
            let ran = ran.env("GODEBUG", godebug).env("WANT_GODEBUG", godebug);
            ran.run("go test ./godebug").exits(0);
        }
        let script = "GODEBUG=http2server=0 WANT_GODEBUG=http2server=0 go test ./godebug";
        go.run_script(script).exits(0);
        // What go statements cost is measured without the chains.
        let ran = go
            .run("go test -run=^$ -bench=. -benchtime=2x ./godebug")
            .exits(1);
        assert!(ran.list("causes").is_empty(), "{}", ran.said());
    }
}
