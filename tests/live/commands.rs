//! The command that is run: what reaches it, what comes back, and what is kept.

use std::io::Write as _;
use std::process::Stdio;

use crate::support::{Ran, expected, go, has, packages, scratch, scratch_of};

#[test]
fn input_output_and_exit_code_are_the_commands_own() {
    let folder = scratch(&[]);
    let mut leakgate = go().leakgate(folder.path());
    leakgate
        .args(["run", "--", "sh", "-c", "cat; echo problem >&2; exit 7"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = leakgate.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"through\0\xff")
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(7));
    assert_eq!(output.stdout, b"through\0\xff");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.starts_with("problem\n"), "{stderr}");
    assert!(stderr.contains("NOT GATED"), "{stderr}");
}

#[test]
fn make_and_scripts_are_covered() {
    let folder = scratch_of(
        &["one", "two"],
        &[
            ("Makefile", "test:\n\tcd one && go test ./...\n"),
            (
                "test.sh",
                "set -e\n(cd one && go test ./...)\n(cd two && go test ./...)\n",
            ),
        ],
    );
    let script = go().run_in(folder.path(), &[], &["sh", "test.sh"]);
    assert_eq!(script.code, 1, "{}", script.said());
    assert_eq!(script.suites(), ["example.com/one", "example.com/two"]);
    assert!(has("make"), "this test needs make");
    let make = go().run_in(folder.path(), &[], &["make", "test"]);
    assert_eq!(make.code, 1, "{}", make.said());
    assert_eq!(make.suites(), ["example.com/one"]);
}

#[test]
fn a_command_that_is_not_there_is_wrong_usage() {
    let ran = go().run(&["no-such-command"]);
    assert_eq!(ran.code, 2, "{}", ran.said());
    assert!(
        ran.stderr.contains("no-such-command cannot be run"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_is_kept_is_judged_alike_by_check() {
    let folder = scratch(&[]);
    let kept = folder.path().join("kept");
    let keep = format!("--keep={}", kept.display());
    let go = go();
    let ran = go.run_in(
        &packages(),
        &[&keep],
        &["go", "test", "./parallel", "./clean"],
    );
    assert_eq!(ran.code, 1, "{}", ran.said());
    let output = go
        .leakgate(folder.path())
        .args(["check", "kept", "--report=json=report.json"])
        .output()
        .unwrap();
    let checked = Ran::new(&output, &folder.path().join("report.json"));
    assert_eq!(checked.code, 1, "{}", checked.said());
    assert_eq!(checked.findings(), ran.findings());
    assert_eq!(checked.suites(), ran.suites());
    let again = go.run_in(&packages(), &[&keep], &["go", "test", "./clean"]);
    assert_eq!(again.code, 2, "{}", again.said());
    assert!(again.stderr.contains("is not empty"), "{}", again.stderr);
}

#[test]
fn a_policy_may_gate_though_tests_failed() {
    let folder = scratch_of(
        &["leaky"],
        &[
            (
                "leaky/leakgate.yml",
                "version: 1\ngate-failed-tests: true\n",
            ),
            (
                "leaky/fails_test.go",
                "package leaky\n\nimport \"testing\"\n\nfunc TestFails(t *testing.T) { t.Fail() }\n",
            ),
        ],
    );
    let ran = go().run_in(&folder.path().join("leaky"), &[], &["go", "test", "."]);
    assert_eq!(ran.code, 1, "{}", ran.said());
    assert_eq!(ran.report["outcome"], "fail");
    assert_eq!(
        ran.findings(),
        expected(&[("example.com/leaky.send", &[("TestLeaks", 1)])])
    );
    let shown = go().run_in(
        &folder.path().join("leaky"),
        &["--policy=/dev/null"],
        &["go", "test", "."],
    );
    assert_eq!(shown.code, 2, "{}", shown.said());
}

#[test]
fn an_accepted_leak_passes_and_is_not_waited_for() {
    let policy = "version: 1\nallow:\n  - match: { root: example.com/leaky.send }\n    max: 1\n    reason: known\n    expires: 2199-12-31\n";
    let folder = scratch_of(&["leaky"], &[("leaky/leakgate.yml", policy)]);
    let ran = go().run_in(&folder.path().join("leaky"), &[], &["go", "test", "."]);
    assert_eq!(ran.code, 0, "{}", ran.said());
    let told = ran.report["suites"][0]["run"].as_str().unwrap();
    let waited: u32 = told
        .split("settled in ")
        .nth(1)
        .unwrap()
        .trim_end_matches(" ms")
        .parse()
        .unwrap();
    assert!(waited < 1000, "{told}");
}

#[test]
fn a_token_for_leakgate_does_not_reach_the_command() {
    let folder = scratch(&[]);
    let output = go()
        .leakgate(folder.path())
        .env("LEAKGATE_BEARER_TOKEN", "hush")
        .args(["run", "--", "sh", "-c", "echo token=$LEAKGATE_BEARER_TOKEN"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "token=\n");
}
