//! The command under `leakgate run`: its input and output, its environment, and kept profiles.

use std::io::Write as _;
use std::process::Stdio;

use crate::support::{go, gos, has, packages, scratch, scratch_of};

#[test]
fn input_output_and_exit_code_are_the_commands_own() {
    let folder = scratch(&[]);
    let mut leakgate = go().command(env!("CARGO_BIN_EXE_leakgate"), folder.path());
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
    let script = go().at(folder.path()).run("sh test.sh").exits(1);
    assert_eq!(script.suites(), ["example.com/one", "example.com/two"]);
    assert!(has("make"), "this test needs make");
    let make = go().at(folder.path()).run("make test").exits(1);
    assert_eq!(make.suites(), ["example.com/one"]);
}

#[test]
fn a_command_that_does_not_exist_is_wrong_usage() {
    go().run("no-such-command")
        .exits(2)
        .says("no-such-command cannot be run");
}

#[test]
fn check_judges_kept_profiles_the_same() {
    let folder = scratch(&[]);
    let kept = folder.path().join("kept");
    let keep = format!("--keep={}", kept.display());
    let go = go();
    let ran = go
        .at(&packages())
        .flag(&keep)
        .run("go test ./parallel ./clean")
        .exits(1);
    let checked = go.at(folder.path()).check(&["kept"]).exits(1);
    assert_eq!(checked.findings(), ran.findings());
    assert_eq!(checked.suites(), ran.suites());
    go.at(&packages())
        .flag(&keep)
        .run("go test ./clean")
        .exits(2)
        .says("is not empty");
}

#[test]
fn a_head_is_compared_with_what_its_base_leaked() {
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
    let keep = |keep: &str| go().at(&module).flag("--fail-on=never").flag(keep);
    keep("--keep=../base").run("go test .").exits(0);
    std::fs::rename(
        folder.path().join("new_test.go"),
        module.join("new_test.go"),
    )
    .unwrap();
    let ran = keep("--keep=../head").run("go test ./...");
    assert_eq!(ran.findings().len(), 3, "{}", ran.said());
    let check = |profiles: &[&str]| go().at(folder.path()).check(profiles);
    let compared = check(&["base", "head"]).exits(1);
    compared.finds(&[
        ("example.com/leaky.more", &[("TestMore", 1)]),
        ("example.com/leaky/sub.more", &[("TestMore", 1)]),
    ]);
    let note = compared.report["notes"][0]["text"].as_str().unwrap();
    assert!(
        note.contains("1 suite that the base does not have"),
        "{note}"
    );
    check(&["leaky", "head"]).exits(2);
}

#[test]
fn what_hangs_in_a_base_that_timed_out_hides_nothing_in_the_head() {
    let leaks = "package leaky\n\nimport \"testing\"\n\nfunc more(c chan int) { c <- 1 }\n\n\
                 func TestMore(t *testing.T) { go more(make(chan int)) }\n";
    let hangs =
        "package leaky\n\nimport \"testing\"\n\nfunc TestHang(t *testing.T) { select {} }\n";
    let folder = scratch_of(&["leaky"], &[("leaky/more_test.go", leaks)]);
    let module = folder.path().join("leaky");
    let keep = |keep: &str| go().at(&module).flag("--fail-on=never").flag(keep);
    std::fs::write(module.join("z_test.go"), hangs).unwrap();
    keep("--keep=../base").run("go test -run=More|Hang -timeout=2s .");
    std::fs::remove_file(module.join("z_test.go")).unwrap();
    keep("--keep=../head").run("go test -run=More .").exits(0);
    let compared = go().at(folder.path()).check(&["base", "head"]).exits(1);
    compared.finds(&[("example.com/leaky.more", &[("TestMore", 1)])]);
    let notes = compared.report["notes"].to_string();
    let why = "since the base could not be checked: its tests timed out after 2s";
    assert!(notes.contains(why), "{notes}");
}

#[test]
fn kept_profiles_record_that_the_command_failed() {
    let folder = scratch_of(
        &["leaky", "broken"],
        &[(
            "broken/more_test.go",
            "package leaky\n\nvar x int = nothing\n",
        )],
    );
    let kept = folder.path().join("kept");
    let keep = format!("--keep={}", kept.display());
    let ran = go()
        .at(folder.path())
        .flag(&keep)
        .run_script("(cd broken && go test ./...); (cd leaky && go test .)")
        .exits(1);
    let why = "no test binary of it was seen, though the command succeeded";
    assert!(ran.unchecked("example.com/broken").contains(why));
    let ran = go()
        .at(folder.path())
        .flag(format!("{keep}/failed"))
        .run_script("cd leaky && go test . && false")
        .exits(1);
    ran.says("NOT GATED");
    let checked = go().at(folder.path()).check(&["kept/failed"]);
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
        go.at(folder.path())
            .run("make test")
            .exits(1)
            .finds(&[("example.com/leaky.send", &[("TestLeaks", 1)])])
            .checked_all();
    }
}

#[test]
fn a_package_that_ran_once_does_not_excuse_a_later_run_that_did_not() {
    let folder = scratch_of(
        &["leaky"],
        &[(
            "leaky/later_test.go",
            "//go:build later\n\npackage leaky\n\nvar x int = nothing\n",
        )],
    );
    let script = "go test -run=None . && (go test -tags=later . || true)";
    go().at(&folder.path().join("leaky"))
        .run_script(script)
        .exits(3)
        .unchecked_because(
            "example.com/leaky",
            "was to run it 2 times and ran it 1 times",
        );
}

#[test]
fn a_script_may_list_tests_before_it_runs_them() {
    let script = "go test -run \"$(go test -list . ./clean | grep ^Test | head -n 1)\" ./clean";
    go().run_script(script).exits(0);
}

#[test]
fn a_go_wrapper_finds_the_next_go_on_the_path() {
    let shim = "#!/bin/bash\nhere=$(dirname \"$0\")\nfor d in ${PATH//:/ }; do\n\
                  [ \"$d\" != \"$here\" ] && [ -x \"$d/go\" ] && exec \"$d/go\" \"$@\"\ndone\n";
    let folder = scratch_of(&["leaky"], &[("shims/go", shim)]);
    let go = go();
    let program = folder.path().join("shims/go");
    let mut mode = std::fs::metadata(&program).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o755);
    std::fs::set_permissions(&program, mode).unwrap();
    // The shim splits the PATH at blanks, so its own folder must not have any in its path.
    let plain = tempfile::tempdir().unwrap();
    std::fs::rename(&program, plain.path().join("go")).unwrap();
    let path = go.path(&[plain.path()]);
    go.at(&folder.path().join("leaky"))
        .env("PATH", path)
        .run_script("go version && go test .")
        .exits(1)
        .finds(&[("example.com/leaky.send", &[("TestLeaks", 1)])]);
}

#[test]
fn a_run_inside_a_run_is_judged_by_the_inner_one() {
    let folder = scratch_of(&["leaky"], &[]);
    let leakgate = env!("CARGO_BIN_EXE_leakgate");
    let inner =
        format!("{leakgate} run --settle=1s --report=json=inner.json -- go test . || test $? = 1");
    go().at(&folder.path().join("leaky"))
        .run_script(&inner)
        .exits(3);
    let inner = std::fs::read(folder.path().join("leaky/inner.json")).unwrap();
    let inner: serde_json::Value = serde_json::from_slice(&inner).unwrap();
    assert_eq!(inner["outcome"], "fail");
    assert_eq!(inner["unchecked"], serde_json::json!([]));
}

#[test]
fn a_go_test_that_another_go_command_starts_is_captured() {
    for go in gos() {
        for command in [
            "go run ./launches ./forges",
            "go generate ./launches",
            "env -i PATH=\"$PATH\" HOME=\"$HOME\" GOTOOLCHAIN=local go run ./launches ./forges",
        ] {
            go.run_script(&format!("go test ./clean && {command}"))
                .exits(1)
                .finds(&[("example.com/run/forges.leak", &[("TestForges", 1)])]);
        }
    }
}

#[test]
fn a_go_that_is_called_by_its_path_needs_none_on_the_path() {
    let call = "go=$(command -v go) && env -i HOME=\"$HOME\" PATH=/usr/bin:/bin GOTOOLCHAIN=local \"$go\" test ./forges";
    go().run_script(call)
        .exits(1)
        .finds(&[("example.com/run/forges.leak", &[("TestForges", 1)])]);
}

#[test]
fn a_package_that_does_not_exist_is_unchecked() {
    go().run_script("go test ./clean ./gone | cat")
        .exits(3)
        .unchecked_because("./gone", "the go command cannot load it");
}

#[test]
fn an_accepted_leak_of_one_suite_hurries_no_other() {
    let go = go();
    let root = "example.com/run/slowly.(*conn).loop";
    for matches in [
        format!("{{ suite: example.com/run/other, root: {root} }}"),
        format!("{{ stack: 0123456789ab, root: {root} }}"),
    ] {
        let policy = format!(
            "version: 1\nallow: [{{ match: {matches}, max: 1, reason: known, expires: 2199-12-31 }}]\n"
        );
        let folder = scratch(&[("policy.yml", &policy)]);
        let policy = folder.path().join("policy.yml");
        go.at(&packages())
            .flag(format!("--policy={}", policy.display()))
            .run("go test ./slowly")
            .exits(0)
            .checked_all();
        // Nor does it keep what is accepted in this one from being known.
        let ran = go
            .at(&packages())
            .flag(format!("--policy={}", policy.display()))
            .run("go test ./notified");
        assert_eq!(ran.report["suites"][0]["run"]["settled"], true);
    }
}

#[test]
fn a_custom_exec_flag_is_reported() {
    let folder = scratch_of(&["leaky"], &[]);
    let ran = go()
        .at(&folder.path().join("leaky"))
        .env("GOFLAGS", "-exec=env")
        .run("go test .")
        .exits(1);
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
    let ran = go()
        .at(&folder.path().join("leaky"))
        .run("go test .")
        .exits(1);
    assert_eq!(ran.report["outcome"], "fail");
    ran.finds(&[("example.com/leaky.send", &[("TestLeaks", 1)])]);
    go().at(&folder.path().join("leaky"))
        .flag("--policy=/dev/null")
        .run("go test .")
        .exits(2);
}

#[test]
fn an_accepted_leak_passes_and_is_not_waited_for() {
    let policy = "version: 1\nallow:\n  - match: { root: example.com/leaky.send }\n    max: 1\n    reason: known\n    expires: 2199-12-31\n";
    let folder = scratch_of(&["leaky"], &[("leaky/leakgate.yml", policy)]);
    let ran = go()
        .at(&folder.path().join("leaky"))
        .run("go test .")
        .exits(0);
    let run = &ran.report["suites"][0]["run"];
    assert_eq!(run["settled"], true, "{run}");
    assert!(run["settle_ms"].as_u64().unwrap() < 1000, "{run}");
}

#[test]
fn a_token_for_leakgate_does_not_reach_the_command() {
    let folder = scratch(&[]);
    let ran = go()
        .at(folder.path())
        .env("LEAKGATE_BEARER_TOKEN", "hush")
        .run_script("echo token=$LEAKGATE_BEARER_TOKEN");
    assert_eq!(ran.stdout, "token=\n");
}

#[test]
fn a_module_that_is_removed_after_its_tests_is_judged() {
    let folder = scratch_of(&["gone"], &[]);
    let script = "set -e; d=$(mktemp -d); cp -r gone/. \"$d\"; cd \"$d\"; go test ./... || true; rm -rf \"$d\"";
    let ran = go().at(folder.path()).run_script(script).exits(1);
    assert_eq!(ran.suites(), ["example.com/gone"]);
}

#[test]
fn packages_are_listed_with_the_variables_that_their_tests_were_run_with() {
    let folder = scratch_of(&["one", "two"], &[("go.work", "go 1.21\n\nuse ./one\n")]);
    for script in [
        "cd two && GOWORK=off go test ./...",
        "cd two && env -i PATH=\"$PATH\" HOME=\"$HOME\" GOWORK=off go test ./...",
    ] {
        let ran = go().at(folder.path()).run_script(script).exits(1);
        assert_eq!(ran.suites(), ["example.com/two"]);
    }
}

#[test]
fn what_a_command_and_its_tests_build_is_built_without_leakgate() {
    for flags in ["", "-mod=mod -tags=slow"] {
        let ran = go()
            .at(&packages())
            .env("GOENV", "off")
            .env("GOFLAGS", flags)
            .env("FLAGS_OF_USER", flags)
            .run_script("go env GOFLAGS && go test ./environment")
            .exits(0);
        assert!(
            ran.stdout.starts_with(&format!("{flags}\n")),
            "{}",
            ran.said()
        );
    }
}

#[test]
fn the_injected_code_builds_for_other_systems() {
    let folder = scratch_of(&["leaky"], &[]);
    let go = go();
    for (system, processor) in [("windows", "amd64"), ("darwin", "arm64"), ("js", "wasm")] {
        let script = format!("cd leaky && GOOS={system} GOARCH={processor} go test -c -o built .");
        let ran = go.at(folder.path()).run_script(&script);
        // No test ran, but the build worked.
        assert_eq!(ran.code, 3, "{system}: {}", ran.said());
        assert!(
            folder.path().join("leaky/built").exists(),
            "{system}: {}",
            ran.said()
        );
        std::fs::remove_file(folder.path().join("leaky/built")).unwrap();
    }
}
