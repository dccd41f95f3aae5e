//! `leakgate report`: the runs of a build matrix, as one.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{go, scratch};

/// A package whose test leaves goroutines in this function.
fn leaky(function: &str) -> String {
    format!(
        "package x\n\nimport \"testing\"\n\nfunc {function}() {{\n\tmake(chan int) <- 1\n}}\n\n\
         func TestX(t *testing.T) {{\n\tgo {function}()\n}}\n"
    )
}

#[test]
fn a_leak_planted_into_one_shard_is_named_in_the_report_of_all() {
    let planted = leaky("planted");
    let clean = "package x\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) {}\n";
    let module = scratch(&[
        ("go.mod", "module example.com/shop\n\ngo 1.21\n"),
        ("a/a_test.go", clean),
        ("b/b_test.go", &planted),
        ("c/c_test.go", clean),
    ]);
    let run = |shard: &str| {
        let line =
            format!("leakgate run --settle 300ms --report json={shard}.json -- go test ./{shard}");
        go().shell(module.path(), &line)
    };
    run("a").exits(0);
    run("b").exits(1);
    run("c").exits(0);
    let all = "leakgate report --expect 3 --report text --report json=report.json a.json b.json c.json >&2";
    let ran = go().shell(module.path(), all).exits(1);
    ran.says("suite example.com/shop/b in shard b");
    ran.says("1 violation (1 goroutine), ");
    ran.says("leakgate run -- go test -run '^TestX$' example.com/shop/b");
    assert_eq!(ran.report["findings"].as_array().unwrap().len(), 1);
    assert_eq!(
        ran.report["findings"][0]["home"]["function"],
        "example.com/shop/b.planted"
    );
    // One whose tests fail does not count, and is no pass either.
    let fails = "package x\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) { t.Fail() }\n";
    fs::write(module.path().join("b/b_test.go"), fails).unwrap();
    run("b").exits(1);
    let ran = go().shell(module.path(), all).exits(3);
    ran.says("NOT GATED b: tests failed");
}

/// Every format that goes to a file.
const FORMATS: [&str; 8] = [
    "json", "text", "markdown", "comment", "sarif", "junit", "gitlab", "ndjson",
];

#[test]
fn the_report_of_a_run_with_causes_and_sources_is_what_the_run_wrote() {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/leaky");
    let folder = tempfile::tempdir().unwrap();
    let in_every_format = |name: &str| {
        let folder = folder.path().join(name);
        let formats = FORMATS.map(|one| format!("--report {one}={}", folder.join(one).display()));
        formats.join(" ")
    };
    let line = format!("leakgate run {} -- go test ./...", in_every_format("run"));
    go().shell(&shop, &line).exits(1);
    let json = folder.path().join("run/json");
    let report: Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    assert!(
        !report["causes"][0]["excerpts"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    // There, and where no sources are.
    for (name, directory) in [("here", &*shop), ("elsewhere", folder.path())] {
        let line = format!(
            "leakgate report {} {}",
            in_every_format(name),
            json.display()
        );
        go().shell(directory, &line).exits(1);
        for format in FORMATS {
            let read = |name: &str| fs::read_to_string(folder.path().join(name).join(format));
            assert!(
                read(name).unwrap() == read("run").unwrap(),
                "{format} {name}"
            );
        }
    }
}
