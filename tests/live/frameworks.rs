//! Test frameworks: the goroutines that they leave behind are not findings, and real leaks beside
//! them are. Their modules come from the module proxy.

use std::collections::BTreeMap;

use crate::support::{Ran, gos, packages};

/// A leaking package below testdata/frameworks, and its findings: the end of the root's name, the
/// number of goroutines, and the test that the finding names.
type Leak = (&'static str, &'static [(&'static str, i64, &'static str)]);

/// A stream of an HTTP/2 connection has the name of its own test, whichever test dialled.
const HTTP2: &[(&str, i64, &str)] = &[
    ("(*conn).serve", 1, ""),
    ("ClientConn).readLoop", 1, "TestCloses"),
    ("lientStream).doRequest", 1, "TestForgetsToClose"),
    ("serverConn).readFrames", 1, ""),
    ("serverConn).runHandler", 1, ""),
];

const LEAKS: [Leak; 10] = [
    (
        "errgroup/leaky",
        &[("(*Group).Go.func1", 1, "TestForgotten")],
    ),
    ("ginkgo/leaky", &[("leaky.work", 1, "TestSuite")]),
    ("gocheck/leaky", &[("leaky.work", 1, "Test")]),
    (
        "grpc/leaky",
        &[
            ("(*Server).handleRawConn.func1", 1, ""),
            ("(*CallbackSerializer).run", 3, "TestForgetsToClose"),
            ("(*http2Client).reader", 1, "TestForgetsToClose"),
            ("(*http2Server).keepalive", 1, ""),
            ("NewServerTransport.func2", 1, ""),
            ("newHTTP2Client.func6", 1, "TestForgetsToClose"),
        ],
    ),
    (
        "http1/leaky",
        &[
            ("(*conn).serve", 1, ""),
            ("(*persistConn).readLoop", 1, "TestForgetsToClose"),
            ("(*persistConn).writeLoop", 1, "TestForgetsToClose"),
        ],
    ),
    ("http2/leaky", HTTP2),
    (
        "sql/leaky",
        &[("(*DB).connectionOpener", 1, "TestForgetsToClose")],
    ),
    (
        "sql/leakytx",
        &[("(*Tx).awaitDone", 1, "TestForgetsToFinish")],
    ),
    (
        "testify/leaky",
        &[("leaky.work", 1, "TestWorkerSuite/TestForgotten")],
    ),
    ("xhttp2/leaky", HTTP2),
];

/// Root, growth and tests of the open findings of each package, sorted by root without its path.
fn found(ran: &Ran) -> BTreeMap<&str, Vec<(&str, i64, String)>> {
    let findings = ran.report["findings"].as_array();
    let findings = findings.unwrap_or_else(|| panic!("{}", ran.said()));
    let mut found: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for finding in findings.iter().filter(|one| one["disposition"] == "open") {
        let suite = finding["suite"].as_str().unwrap();
        let root = finding["root"]["function"].as_str().unwrap();
        let tests = finding["tests"].as_object().unwrap().keys();
        let tests: Vec<_> = tests.map(String::as_str).collect();
        let package = suite.strip_prefix("example.com/frameworks/").unwrap();
        let growth = finding["growth"].as_i64().unwrap();
        found
            .entry(package)
            .or_default()
            .push((root, growth, tests.join(",")));
    }
    for findings in found.values_mut() {
        findings.sort_by_key(|(root, ..)| root.rsplit('/').next());
    }
    found
}

#[test]
fn clean_packages_have_no_finding_and_their_leaking_twins_name_the_test() {
    let frameworks = packages().join("../frameworks");
    for go in gos() {
        for _ in 0..3 {
            let ran = go.at(&frameworks).run("go test ./...").exits(1);
            ran.checked_all();
            let found = found(&ran);
            let packages: Vec<&str> = found.keys().copied().collect();
            assert_eq!(
                packages,
                LEAKS.map(|(package, _)| package),
                "{}",
                ran.said()
            );
            for (package, expected) in LEAKS {
                let findings = &found[package];
                assert_eq!(findings.len(), expected.len(), "{package}: {findings:?}");
                for ((root, growth, tests), (end, count, test)) in findings.iter().zip(expected) {
                    let is = root.ends_with(end) && growth == count && tests == test;
                    assert!(is, "{package}: {findings:?}");
                }
            }
        }
    }
}
