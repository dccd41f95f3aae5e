//! examples/testmain: one file to copy, for builds that cannot take an overlay.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Go, Ran, go, gos, has, packages, scratch};

fn example() -> PathBuf {
    packages().join("../../examples/testmain")
}

/// The file to copy, with another package clause.
fn copied(package: &str) -> String {
    let file = fs::read_to_string(example().join("leakgate_test.go")).unwrap();
    let clause = "\npackage offers_test\n";
    assert_eq!(file.matches(clause).count(), 1);
    file.replace(clause, &format!("\npackage {package}\n"))
}

/// A copy of the example in a scratch folder.
fn module() -> tempfile::TempDir {
    let folder = scratch(&[]);
    for entry in fs::read_dir(example()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    folder
}

/// A module of one package with the file in it, and this test.
fn package(test: &str) -> tempfile::TempDir {
    scratch(&[
        ("go.mod", "module example.com/own\n\ngo 1.21\n"),
        ("leakgate_test.go", &copied("own")),
        ("own_test.go", test),
    ])
}

/// Runs a test command that writes profiles, then `check` on them.
fn checked(go: &Go, folder: &Path, test: &str) -> Ran {
    let check = "leakgate check profiles --report=text --report=json=report.json";
    go.shell(
        folder,
        &format!("LEAKGATE_DIR=$PWD/profiles {test}\n{check}"),
    )
}

const LEAK: &[(&str, &[(&str, u64)])] =
    &[("example.com/testmain.First.func1", &[("TestFirst", 2)])];

#[test]
fn the_commands_of_the_readme_find_the_leak_and_name_its_test() {
    let readme = fs::read_to_string(example().join("README.md")).unwrap();
    for go in gos() {
        for test in ["go test -count=1 ./...", "./offers.test"] {
            let folder = module();
            let whole = format!("LEAKGATE_DIR=$PWD/profiles {test} && leakgate check profiles\n");
            assert!(readme.contains(&whole), "{whole}");
            let build = "go test -c -o offers.test .\n";
            assert!(readme.contains(build));
            go.shell(folder.path(), build).exits(0);
            go.shell(folder.path(), &whole).exits(1);
            let ran = checked(&go, folder.path(), "true");
            ran.finds(LEAK);
            assert_eq!(ran.suites(), ["example.com/testmain"]);
            let proven = &ran.report["findings"][0]["proven"];
            assert_eq!(proven.as_bool(), (go.minor() >= 27).then_some(true));
        }
    }
}

#[test]
fn the_makefile_forgets_what_an_earlier_run_left() {
    assert!(has("make"), "this test needs make");
    let folder = module();
    for _ in 0..2 {
        let ran = go().shell(folder.path(), "make leakcheck").exits(2);
        assert!(
            ran.stdout.contains("\nFAIL 1 violation ("),
            "{}",
            ran.said()
        );
    }
    // Without make, the earlier profiles are judged again.
    let again = checked(&go(), folder.path(), "go test -count=1 ./...");
    assert_eq!(
        again.suites(),
        ["example.com/testmain", "example.com/testmain (run 2)"]
    );
}

#[test]
fn a_package_without_a_leak_is_clean() {
    let folder =
        package("package own\n\nimport \"testing\"\n\nfunc TestNothing(t *testing.T) {}\n");
    for go in gos() {
        fs::remove_dir_all(folder.path().join("profiles")).ok();
        let ran = checked(&go, folder.path(), "go test -count=1 .").exits(0);
        assert_eq!(ran.suites(), ["example.com/own"]);
        let run = ran.report["suites"][0]["run"].to_string();
        assert!(run.contains("go1."), "{run}");
    }
}

#[test]
fn a_run_that_ended_early_is_unchecked() {
    let folder = package(
        "package own\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestExits(t *testing.T) { os.Exit(3) }\n",
    );
    for go in gos() {
        fs::remove_dir_all(folder.path().join("profiles")).ok();
        let ran = checked(&go, folder.path(), "go test -count=1 .").exits(3);
        let why = ran.unchecked("example.com/own");
        assert!(
            why.starts_with("the process ended early, so it has no after profile"),
            "{why}"
        );
    }
}

#[test]
fn profiles_that_cannot_be_written_fail_the_tests() {
    let folder =
        package("package own\n\nimport \"testing\"\n\nfunc TestNothing(t *testing.T) {}\n");
    fs::write(folder.path().join("file"), "").unwrap();
    for go in gos() {
        for (directory, message) in [
            ("$PWD/file", "not a directory"),
            ("profiles", "write an absolute path"),
        ] {
            let command = format!("LEAKGATE_DIR={directory} go test -count=1 .");
            let said = go.shell(folder.path(), &command).exits(1).stdout;
            assert!(
                said.contains("leakgate: ") && said.contains(message),
                "{said}"
            );
        }
    }
}

#[test]
fn a_testmain_of_the_package_calls_it() {
    let main = "package own\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc send(c chan int) { c <- 1 }\n\n\
                func TestMain(m *testing.M) { os.Exit(leakgateRun(m)) }\n\n\
                func TestLeaks(t *testing.T) { go send(make(chan int)) }\n";
    let own = "func TestMain(m *testing.M) {\n\tos.Exit(leakgateRun(m))\n}\n";
    let file = copied("own");
    assert_eq!(file.matches(own).count(), 1);
    for go in gos() {
        let folder = package(main);
        fs::write(
            folder.path().join("leakgate_test.go"),
            file.replace(own, ""),
        )
        .unwrap();
        let ran = checked(&go, folder.path(), "go test -count=1 .").exits(1);
        // Without leakgateTest it has no name.
        ran.finds(&[("example.com/own.send", &[])]);
    }
}

#[test]
fn under_leakgate_run_the_tests_are_captured_once() {
    for go in gos() {
        let folder = module();
        let ran = go.at(folder.path()).run("go test ./...").exits(1);
        ran.finds(LEAK);
        assert_eq!(ran.suites(), ["example.com/testmain"]);
    }
}
