//! Ways to build and to select tests: flags, settings, modules.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Go, Ran, go, gos, has, scratch_of, text_of};

/// Checks that the test of a leaky module leaked, see [`scratch_of`].
fn is_leak_of(ran: &Ran, module: &str) {
    assert_eq!(ran.code, 1, "{}", ran.said());
    ran.finds(&[(&format!("example.com/{module}.send"), &[("TestLeaks", 1)])]);
}

#[test]
fn flags_of_go_test_do_not_change_the_findings() {
    for go in gos() {
        let mut all = vec![
            "-cover",
            "-coverpkg=./...",
            "-shuffle=on",
            "-json",
            "-trimpath",
            "-v",
            "-p=1",
            "-cpu=1,2",
        ];
        if has("gcc") {
            all.push("-race");
        } else {
            let in_ci = std::env::var_os("CI").is_some();
            assert!(!in_ci, "-race needs gcc, and a CI is to try it");
        }
        for flag in all {
            let ran = go.run(&format!("go test {flag} ./parallel"));
            assert_eq!(ran.code, 1, "{flag}: {}", ran.said());
            let homes: Vec<_> = ran.findings().into_keys().collect();
            assert_eq!(
                homes,
                [
                    "example.com/run/parallel.send",
                    "example.com/run/parallel.wait"
                ],
                "{flag}"
            );
        }
    }
}

#[test]
fn count_repeats_the_leak_and_run_selects_tests() {
    go().run("go test -count=2 -run=TestSends ./parallel")
        .finds(&[("example.com/run/parallel.send", &[("TestSends", 6)])]);
}

#[test]
fn json_of_go_test_passes_through_untouched() {
    let ran = go().run("go test -json ./parallel");
    assert!(!ran.stdout.is_empty());
    for line in ran.stdout.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(event["Action"].is_string(), "{line}");
    }
}

#[test]
fn cgo_may_be_off() {
    let folder = scratch_of(&["leaky"], &[]);
    let leakgate = go().at(&folder.path().join("leaky"));
    let ran = leakgate.env("CGO_ENABLED", "0").run("go test .");
    is_leak_of(&ran, "leaky");
}

#[test]
fn goflags_of_the_user_apply() {
    let folder = scratch_of(&["leaky"], &[("leaky/tagged_test.go", TAGGED)]);
    let flags = "'-ldflags=-X example.com/leaky.word=set' -tags=extra";
    for go in gos() {
        let leakgate = go.at(&folder.path().join("leaky"));
        let ran = leakgate.env("GOFLAGS", flags).run("go test .");
        is_leak_of(&ran, "leaky");
    }
}

/// Fails unless the test binary was built with the tag and the linker flag.
const TAGGED: &str = "//go:build extra\n\npackage leaky\n\nimport \"testing\"\n\nvar word string\n\n\
                      func TestWord(t *testing.T) {\n\tif word == \"\" {\n\t\tt.Fatal(word)\n\t}\n}\n";

fn with_overlay(go: &Go, folder: &Path, overlay: &str) -> Ran {
    fs::write(folder.join("overlay.json"), overlay).unwrap();
    go.at(&folder.join("leaky"))
        .env("GOFLAGS", "-overlay=../overlay.json")
        .run("go test .")
}

#[test]
fn an_overlay_of_the_user_is_merged() {
    let other = "package leaky\n\nimport \"testing\"\n\nfunc other(c chan int) { c <- 1 }\n\n\
                 func TestLeaks(t *testing.T) { go other(make(chan int)) }\n";
    let folder = scratch_of(&["leaky"], &[("other_test.go", other)]);
    for go in gos() {
        with_overlay(
            &go,
            folder.path(),
            r#"{"Replace": {"leaky_test.go": "../other_test.go"}}"#,
        )
        .finds(&[("example.com/leaky.other", &[("TestLeaks", 1)])]);
    }
}

#[test]
fn an_overlay_of_package_testing_or_as_a_flag_is_rejected() {
    let folder = scratch_of(&["leaky"], &[]);
    let go = go();
    go.at(folder.path())
        .run("go test -overlay x.json .")
        .exits(2)
        .says("put it into GOFLAGS");
    let root = text_of(go.command("go", folder.path()), &["env", "GOROOT"]);
    let overlay = format!(
        r#"{{"Replace": {{"{}/src/testing/testing.go": "x.go"}}}}"#,
        root.trim()
    );
    with_overlay(&go, folder.path(), &overlay)
        .exits(2)
        .says("so does leakgate");
}

#[test]
fn a_workspace_a_vendored_module_and_another_directory_are_covered() {
    for go in gos() {
        let folder = scratch_of(
            &["one", "two"],
            &[
                ("go.work", "go 1.21\n\nuse (\n\t./one\n\t./two\n)\n"),
                (
                    "user/go.mod",
                    "module example.com/user\n\ngo 1.21\n\nrequire example.com/lib v0.0.0\n\nreplace example.com/lib => ../lib\n",
                ),
                (
                    "user/user_test.go",
                    "package user\n\nimport (\n\t\"testing\"\n\n\t\"example.com/lib\"\n)\n\nfunc TestLeaks(t *testing.T) { lib.Leak() }\n",
                ),
                (
                    "user/vendor/modules.txt",
                    "# example.com/lib v0.0.0 => ../lib\n## explicit; go 1.21\nexample.com/lib\n# example.com/lib => ../lib\n",
                ),
                (
                    "user/vendor/example.com/lib/lib.go",
                    "package lib\n\nfunc Leak() { go send(make(chan int)) }\n\nfunc send(c chan int) { c <- 1 }\n",
                ),
            ],
        );
        let both = go.at(folder.path()).run("go test ./one ./two").exits(1);
        assert_eq!(both.suites(), ["example.com/one", "example.com/two"]);
        let ran = go
            .at(folder.path())
            .env("GOWORK", "off")
            .run("go -C user test -mod=vendor ./...");
        is_leak_of(&ran, "lib");
    }
}

#[test]
fn an_unknown_go_version_is_no_evidence() {
    let folder = scratch_of(
        &["leaky"],
        &[
            ("root/go/src/testing/testing.go", "package testing\n"),
            (
                "bin/go",
                "#!/bin/sh\nsed \"s|@|$ROOT|\" <<'E'\n{\"GOROOT\": \"@/go\",\n\"GOCACHE\": \"@\",\n\"GOMODCACHE\": \"@/mod\",\n\"GOFLAGS\": \"\",\n\
                 \"GOHOSTOS\": \"linux\", \"GOHOSTARCH\": \"amd64\", \"GOOS\": \"linux\", \"GOARCH\": \"amd64\"}\nE\n",
            ),
        ],
    );
    let root = folder.path().join("root");
    let go = folder.path().join("bin/go");
    Command::new("chmod").arg("+x").arg(&go).status().unwrap();
    crate::support::go()
        .at(folder.path())
        .env("ROOT", &root)
        .run_words(&[go.to_str().unwrap(), "test", "./..."])
        .exits(3)
        .says("testing.go should have one line")
        .says("examples/testmain");
}

/// All files below a folder, with their contents.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(contents(&path));
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    files
}

#[test]
fn leakgate_changes_neither_the_module_nor_the_build_cache_of_plain_go_test() {
    for go in gos() {
        let folder = scratch_of(&["leaky"], &[]);
        let module = folder.path().join("leaky");
        let plain = || {
            let go = go.command(go.bin().join("go"), &module);
            text_of(go, &["test", "."])
        };
        assert!(!plain().contains("(cached)"));
        assert!(plain().contains("(cached)"));
        let before = contents(folder.path());
        is_leak_of(&go.at(&module).run("go test ."), "leaky");
        assert_eq!(contents(folder.path()), before);
        // Go uses its cache as if leakgate had not run.
        assert!(plain().contains("(cached)"));
    }
}

#[test]
fn a_test_binary_built_without_leakgate_is_unchecked_and_never_missing() {
    let folder = scratch_of(&["leaky"], &[("overlay.json", "{}")]);
    let module = folder.path().join("leaky");
    for go in gos() {
        go.at(&module)
            .run_script("go test -overlay=../overlay.json .")
            .exits(3)
            .says("UNCHECKED leaky.test in ")
            .says("put it into GOFLAGS")
            .says("was not captured");
    }
    // Another Go than the one on the PATH.
    if let [first, .., last] = &gos()[..] {
        let command = format!("{}/go test .", first.bin().display());
        last.at(&module)
            .run_script(&command)
            .exits(3)
            .says("was not captured");
    }
}

#[test]
fn programs_that_go_run_starts_are_left_alone() {
    go().run_script("go run ./service get http://127.0.0.1:1; go test ./clean")
        .exits(0)
        .says("connection refused");
}

#[test]
fn a_go_in_the_module_cache_is_covered_too() {
    // The go command downloads a Go to there if a go.mod needs it.
    let folder = scratch_of(&["leaky"], &[]);
    for go in gos() {
        let root = go.bin().parent().unwrap();
        let ran = go
            .at(&folder.path().join("leaky"))
            .env("GOMODCACHE", root.parent().unwrap())
            .run("go test .");
        is_leak_of(&ran, "leaky");
    }
}
