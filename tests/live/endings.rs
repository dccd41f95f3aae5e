//! How leakgate ends if the command fails, or removes files that leakgate needs.

use std::fs;

use crate::support::{Ran, go, gos, scratch, scratch_of};

/// `leakgate run -- sh -c SCRIPT` in a module that leaks, with reports below `reports/`.
fn script(folder: &tempfile::TempDir, script: &str) -> Ran {
    let ran = go()
        .at(&folder.path().join("leaky"))
        .env("TMPDIR", folder.path().join("tmp"))
        .report("reports/report.json")
        .flag("--report=junit=reports/junit.xml")
        .run_script(script);
    let left: Vec<_> = fs::read_dir(folder.path().join("tmp")).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    ran
}

fn module() -> tempfile::TempDir {
    scratch_of(&["leaky"], &[("tmp/.keep", "")])
}

#[test]
fn the_exit_code_of_a_failed_command_wins_whatever_it_removed() {
    for removed in [
        "rm -rf \"$LEAKGATE_DIR\"",
        "rm -rf reports && : > reports",
        "rm -rf \"$LEAKGATE_DIR\" reports && : > reports",
    ] {
        let ran = script(&module(), &format!("go test .; {removed}; exit 7"));
        assert_eq!(ran.code, 7, "{removed}: {}", ran.said());
    }
}

#[test]
fn a_command_that_removes_the_captured_profiles_is_unchecked_and_never_clean() {
    let ran = script(&module(), "go test . && rm -rf \"$LEAKGATE_DIR\"").exits(3);
    let unchecked = ran.report["unchecked"][0]["why"].as_str().unwrap();
    assert!(unchecked.starts_with("the command removed "), "{unchecked}");
    script(&module(), "go test . && rm -rf \"$LEAKGATE_DIR/suites\"").exits(3);
}

#[test]
fn a_command_that_failed_before_any_test_is_not_reported_as_failed_tests() {
    let broken = scratch(&[
        ("go.mod", "modul example.com/x\n"),
        ("x_test.go", "package x\n"),
    ]);
    for command in ["go tset ./...", "go test ./...", "false"] {
        let ran = go().at(broken.path()).run(command);
        assert_ne!(ran.code, 0, "{}", ran.said());
        ran.says("before any test ran");
        assert!(!ran.stderr.contains("tests failed"), "{}", ran.stderr);
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_in_place_of_a_note_is_reported_and_never_waited_for() {
    let folder = module();
    let kept = folder.path().join("kept");
    let keep = format!("--keep={}", kept.display());
    go().at(&folder.path().join("leaky"))
        .flag(&keep)
        .run("go test .")
        .exits(1);
    let suites = fs::read_dir(kept.join("suites/example.com/leaky")).unwrap();
    let suite = suites.map(|entry| entry.unwrap().path()).next().unwrap();
    for (note, said) in [
        (
            suite.join("end.json"),
            "its end.json cannot be read: it is a named pipe",
        ),
        (
            suite.join("suite.json"),
            "its suite.json cannot be read: it is a named pipe",
        ),
        (
            kept.join("run.json"),
            "its run.json cannot be read: it is a named pipe",
        ),
    ] {
        let text = fs::read(&note).unwrap();
        fs::remove_file(&note).unwrap();
        let made = std::process::Command::new("mkfifo")
            .arg(&note)
            .status()
            .unwrap();
        assert!(made.success());
        let ran = go().at(folder.path()).check(&["kept"]);
        assert!(ran.stdout.contains(said), "{}", ran.said());
        assert_ne!(ran.code, 0, "{}", ran.said());
        fs::remove_file(&note).unwrap();
        fs::write(&note, text).unwrap();
    }
}

#[test]
fn a_goroutine_that_panics_after_all_tests_is_named_as_the_reason() {
    for go in gos() {
        go.run("go test ./afterwards")
            .exits(1)
            .unchecked_because("example.com/run/afterwards", "all its tests had ended");
    }
}
