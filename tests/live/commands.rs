//! The command that is run: what reaches it, what comes back, and what is kept.

use std::io::Write as _;
use std::process::Stdio;

use crate::support::{Ran, expected, go, gos, has, packages, scratch, scratch_of};

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
fn a_head_is_held_against_what_its_base_left() {
    let more = "package leaky\n\nimport \"testing\"\n\nfunc more(c chan int) { c <- 1 }\n\n\
                func TestMore(t *testing.T) { go more(make(chan int)) }\n";
    let folder = scratch_of(
        &["leaky"],
        &[
            ("new_test.go", more),
            ("leaky/sub/sub_test.go", &more.replace("leaky", "sub")),
        ],
    );
    let module = folder.path().join("leaky");
    let base = ["--keep=../base", "--fail-on=never"];
    let ran = go().run_in(&module, &base, &["go", "test", "."]);
    assert_eq!(ran.code, 0, "{}", ran.said());
    std::fs::rename(
        folder.path().join("new_test.go"),
        module.join("new_test.go"),
    )
    .unwrap();
    let head = ["--keep=../head", "--fail-on=never"];
    let ran = go().run_in(&module, &head, &["go", "test", "./..."]);
    assert_eq!(ran.findings().len(), 3, "{}", ran.said());
    let output = go()
        .leakgate(folder.path())
        .args(["check", "base", "head", "--report=json=report.json"])
        .output()
        .unwrap();
    let compared = Ran::new(&output, &folder.path().join("report.json"));
    assert_eq!(compared.code, 1, "{}", compared.said());
    assert_eq!(
        compared.findings(),
        expected(&[
            ("example.com/leaky.more", &[("TestMore", 1)]),
            ("example.com/leaky/sub.more", &[("TestMore", 1)])
        ])
    );
    let note = compared.report["notes"][0]["text"].as_str().unwrap();
    assert!(note.contains("1 suite that the base has not"), "{note}");
    let mixed = go()
        .leakgate(folder.path())
        .args(["check", "leaky", "head"])
        .output()
        .unwrap();
    assert_eq!(mixed.status.code(), Some(2));
}

#[test]
fn what_is_kept_says_that_the_command_failed_too() {
    let folder = scratch_of(
        &["leaky", "broken"],
        &[(
            "broken/more_test.go",
            "package leaky\n\nvar x int = nothing\n",
        )],
    );
    let kept = folder.path().join("kept");
    let keep = format!("--keep={}", kept.display());
    let ran = go().run_in(
        folder.path(),
        &[&keep],
        &[
            "sh",
            "-c",
            "(cd broken && go test ./...); (cd leaky && go test .)",
        ],
    );
    assert_eq!(ran.code, 1, "{}", ran.said());
    let why = "no test binary of it was seen, though the command succeeded";
    assert!(ran.unchecked("example.com/broken").contains(why));
    let ran = go().run_in(
        folder.path(),
        &[&format!("{keep}/failed")],
        &["sh", "-c", "cd leaky && go test . && false"],
    );
    assert_eq!(ran.code, 1, "{}", ran.said());
    assert!(ran.stderr.contains("NOT GATED"), "{}", ran.said());
    let output = go()
        .leakgate(folder.path())
        .args(["check", "kept/failed", "--report=json=report.json"])
        .output()
        .unwrap();
    let checked = Ran::new(&output, &folder.path().join("report.json"));
    assert_eq!(checked.code, ran.code, "{}", checked.said());
    assert_eq!(checked.report["command"], ran.report["command"]);
    assert_eq!(checked.findings(), ran.findings());
}

#[test]
fn a_makefile_may_set_goflags_of_its_own() {
    let folder = scratch_of(
        &["leaky"],
        &[(
            "Makefile",
            "test:\n\tcd leaky && GOFLAGS=-mod=mod GODEBUG= go test ./...\n",
        )],
    );
    for go in gos() {
        let ran = go.run_in(folder.path(), &[], &["make", "test"]);
        assert_eq!(ran.code, 1, "{}", ran.said());
        assert_eq!(
            ran.findings(),
            expected(&[("example.com/leaky.send", &[("TestLeaks", 1)])])
        );
        assert_eq!(
            ran.report["unchecked"],
            serde_json::json!([]),
            "{}",
            ran.said()
        );
    }
}

#[test]
fn a_package_that_ran_once_excuses_no_later_run_of_it_that_did_not() {
    let folder = scratch_of(
        &["leaky"],
        &[(
            "leaky/later_test.go",
            "//go:build later\n\npackage leaky\n\nvar x int = nothing\n",
        )],
    );
    let script = "go test -run=None . && (go test -tags=later . || true)";
    let ran = go().run_in(&folder.path().join("leaky"), &[], &["sh", "-c", script]);
    assert_eq!(ran.code, 3, "{}", ran.said());
    let why = ran.unchecked("example.com/leaky");
    assert!(
        why.contains("was to run it 2 times, and 1 test binaries"),
        "{why}"
    );
}

#[test]
fn a_script_may_list_tests_before_it_runs_them() {
    let script = "go test -run \"$(go test -list . ./clean | grep ^Test | head -n 1)\" ./clean";
    let ran = go().run(&["sh", "-c", script]);
    assert_eq!(ran.code, 0, "{}", ran.said());
}

#[test]
fn a_go_that_looks_for_the_next_one_on_the_path_comes_to_it() {
    let shim = "#!/bin/bash\nhere=$(dirname \"$0\")\nfor d in ${PATH//:/ }; do\n\
                  [ \"$d\" != \"$here\" ] && [ -x \"$d/go\" ] && exec \"$d/go\" \"$@\"\ndone\n";
    let folder = scratch_of(&["leaky"], &[("shims/go", shim)]);
    let go = go();
    let program = folder.path().join("shims/go");
    let mut mode = std::fs::metadata(&program).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o755);
    std::fs::set_permissions(&program, mode).unwrap();
    // The shim splits the PATH at blanks, so it lies in a folder without any.
    let plain = tempfile::tempdir().unwrap();
    std::fs::rename(&program, plain.path().join("go")).unwrap();
    let paths = std::iter::once(plain.path().to_owned());
    let path = go.path();
    let path = std::env::join_paths(paths.chain(std::env::split_paths(&path))).unwrap();
    let output = go
        .leakgate(&folder.path().join("leaky"))
        .env("PATH", path)
        .args([
            "run",
            "--settle=1s",
            "--report=json=../report.json",
            "--",
            "sh",
            "-c",
            "go version && go test .",
        ])
        .output()
        .unwrap();
    let ran = Ran::new(&output, &folder.path().join("report.json"));
    assert_eq!(ran.code, 1, "{}", ran.said());
    assert_eq!(
        ran.findings(),
        expected(&[("example.com/leaky.send", &[("TestLeaks", 1)])])
    );
}

#[test]
fn a_run_inside_a_run_is_judged_by_the_inner_one() {
    let folder = scratch_of(&["leaky"], &[]);
    let leakgate = env!("CARGO_BIN_EXE_leakgate");
    let inner =
        format!("{leakgate} run --settle=1s --report=json=inner.json -- go test . || test $? = 1");
    let ran = go().run_in(&folder.path().join("leaky"), &[], &["sh", "-c", &inner]);
    assert_eq!(ran.code, 3, "{}", ran.said());
    let inner = std::fs::read(folder.path().join("leaky/inner.json")).unwrap();
    let inner: serde_json::Value = serde_json::from_slice(&inner).unwrap();
    assert_eq!(inner["outcome"], "fail");
}

#[test]
fn an_exec_of_the_users_own_is_told() {
    let folder = scratch_of(&["leaky"], &[]);
    let json = folder.path().join("report.json");
    let output = go()
        .leakgate(&folder.path().join("leaky"))
        .env("GOFLAGS", "-exec=env")
        .args([
            "run",
            "--settle=1s",
            "--report=json=../report.json",
            "--",
            "go",
            "test",
            ".",
        ])
        .output()
        .unwrap();
    let ran = Ran::new(&output, &json);
    assert_eq!(ran.code, 1, "{}", ran.said());
    let note = ran.report["notes"][0]["text"].as_str().unwrap();
    assert!(note.contains("GOFLAGS holds an -exec of its own"), "{note}");
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
    let told = &ran.report["suites"][0]["run"];
    assert_eq!(told["settled"], true, "{told}");
    assert!(told["settle_ms"].as_u64().unwrap() < 1000, "{told}");
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

#[test]
fn a_module_that_is_gone_after_its_tests_is_judged() {
    let folder = scratch_of(&["gone"], &[]);
    let script = "set -e; d=$(mktemp -d); cp -r gone/. \"$d\"; cd \"$d\"; go test ./... || true; rm -rf \"$d\"";
    let ran = go().run_in(folder.path(), &[], &["sh", "-c", script]);
    assert_eq!(ran.code, 1, "{}", ran.said());
    assert_eq!(ran.suites(), ["example.com/gone"]);
}

#[test]
fn packages_are_listed_with_the_variables_that_their_tests_were_run_with() {
    let folder = scratch_of(&["one", "two"], &[("go.work", "go 1.21\n\nuse ./one\n")]);
    for script in [
        "cd two && GOWORK=off go test ./...",
        "cd two && env -i PATH=\"$PATH\" HOME=\"$HOME\" GOWORK=off go test ./...",
    ] {
        let ran = go().run_in(folder.path(), &[], &["sh", "-c", script]);
        assert_eq!(ran.code, 1, "{}", ran.said());
        assert_eq!(ran.suites(), ["example.com/two"]);
    }
}

#[test]
fn what_a_command_and_its_tests_build_is_built_without_leakgate() {
    for flags in ["", "-mod=mod -tags=slow"] {
        let mut leakgate = go().leakgate(&packages());
        leakgate.env("GOENV", "off");
        leakgate.env("GOFLAGS", flags).env("FLAGS_OF_USER", flags);
        let script = "go env GOFLAGS && go test ./environment";
        let output = leakgate
            .args(["run", "--", "sh", "-c", script])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.starts_with(&format!("{flags}\n")), "{said}");
        assert_eq!(output.status.code(), Some(0), "{said}");
    }
}

#[test]
fn what_is_put_into_packages_builds_for_other_systems() {
    let folder = scratch_of(&["leaky"], &[]);
    let go = go();
    for (system, processor) in [("windows", "amd64"), ("darwin", "arm64"), ("js", "wasm")] {
        let script = format!("cd leaky && GOOS={system} GOARCH={processor} go test -c -o built .");
        let ran = go.run_in(folder.path(), &[], &["sh", "-c", &script]);
        // Nothing was tested, and it was built.
        assert_eq!(ran.code, 3, "{system}: {}", ran.said());
        assert!(
            folder.path().join("leaky/built").exists(),
            "{system}: {}",
            ran.said()
        );
        std::fs::remove_file(folder.path().join("leaky/built")).unwrap();
    }
}
