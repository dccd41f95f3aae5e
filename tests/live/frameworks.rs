//! What the frameworks of Go tests leave behind in every test binary, and leaks beside it. Their modules come from the module
//! proxy.

use std::collections::BTreeMap;

use crate::support::{Ran, gos, packages};

/// A leaking package below testdata/frameworks, and the test that its finding names.
const LEAKS: [(&str, &str); 9] = [
    ("ginkgo/leaky", "TestSuite"),
    ("gocheck/leaky", "Test"),
    ("grpc/leaky", "TestForgetsToClose"),
    ("http1/leaky", "TestForgetsToClose"),
    ("http2/leaky", "TestForgetsToClose"),
    ("sql/leaky", "TestForgetsToClose"),
    ("sql/leakytx", "TestForgetsToFinish"),
    ("testify/leaky", "TestWorkerSuite/TestForgotten"),
    ("xhttp2/leaky", "TestForgetsToClose"),
];

/// The roots of open findings with their tests, by package.
fn found(ran: &Ran) -> BTreeMap<&str, Vec<(&str, Vec<&str>)>> {
    let findings = ran.report["findings"].as_array();
    let findings = findings.unwrap_or_else(|| panic!("{}", ran.said()));
    let mut found: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for finding in findings {
        if finding["disposition"] == "open" {
            let suite = finding["suite"].as_str().unwrap();
            let root = finding["root"]["function"].as_str().unwrap();
            let tests = finding["tests"].as_object().unwrap().keys();
            let tests = tests.map(String::as_str).collect();
            let package = suite.strip_prefix("example.com/frameworks/").unwrap();
            found.entry(package).or_default().push((root, tests));
        }
    }
    found
}

#[test]
fn clean_packages_have_no_finding_and_their_leaking_twins_name_the_test() {
    let frameworks = packages().join("../frameworks");
    for go in gos() {
        for _ in 0..3 {
            let ran = go.run_in(&frameworks, &[], &["go", "test", "./..."]);
            assert_eq!(ran.code, 1, "{}", ran.said());
            assert_eq!(
                ran.report["unchecked"],
                serde_json::json!([]),
                "{}",
                ran.said()
            );
            let found = found(&ran);
            let packages: Vec<&str> = found.keys().copied().collect();
            assert_eq!(
                packages,
                LEAKS.map(|(package, _)| package),
                "{}",
                ran.said()
            );
            for (package, test) in LEAKS {
                let findings = &found[package];
                let named = findings.iter().any(|(_, tests)| tests == &[test]);
                assert!(named, "{package}: {findings:?}");
            }
            // A stream in flight is its test's, whichever test dialled the connection.
            for package in ["http2/leaky", "xhttp2/leaky"] {
                let mut streams = found[package]
                    .iter()
                    .filter(|(root, _)| root.ends_with(".doRequest"));
                let tests = streams.next().map(|(_, tests)| tests);
                assert_eq!(tests, Some(&vec!["TestForgetsToClose"]), "{found:?}");
            }
            // Of what three parts of a connection leave, the two halves of the client's end are one test's.
            let client = found["http1/leaky"]
                .iter()
                .filter(|(root, _)| root.contains("persistConn"));
            let client: Vec<_> = client.map(|(_, tests)| tests.clone()).collect();
            assert_eq!(client, vec![vec!["TestForgetsToClose"]; 2], "{found:?}");
        }
    }
}
