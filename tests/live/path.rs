//! The `go` that a script finds on its PATH.

use std::os::unix::fs::PermissionsExt as _;

use std::path::PathBuf;

use crate::support::{Go, Ran, go, gos, scratch, scratch_of};

fn is_leak(ran: &Ran) {
    assert_eq!(ran.code, 1, "{}", ran.said());
    ran.finds(&[("example.com/leaky.send", &[("TestLeaks", 1)])]);
    ran.checked_all();
}

/// `leakgate run -- sh -c SCRIPT` in a module that leaks, with these folders first on its PATH.
fn script(go: &Go, folder: &tempfile::TempDir, first: &[&str], script: &str) -> Ran {
    let first: Vec<_> = first.iter().map(|name| folder.path().join(name)).collect();
    let first: Vec<_> = first.iter().map(PathBuf::as_path).collect();
    go.at(&folder.path().join("leaky"))
        .env("PATH", go.path(&first))
        .run_script(script)
}

#[test]
fn a_script_may_empty_its_environment() {
    for go in gos() {
        let folder = scratch_of(&["leaky"], &[]);
        let emptied = "env -i PATH=\"$PATH\" HOME=\"$HOME\" GOTOOLCHAIN=local go test .";
        is_leak(&script(&go, &folder, &[], emptied));
        // Other subcommands run the real go.
        let version =
            "env -i PATH=\"$PATH\" go version && env -i PATH=\"$PATH\" HOME=\"$HOME\" go vet .";
        let ran = script(&go, &folder, &[], version);
        assert!(ran.stdout.starts_with("go version go1."), "{}", ran.said());
        assert_eq!(ran.code, 3, "{}", ran.said());
    }
}

#[test]
fn a_file_called_go_that_is_not_executable_is_skipped_as_a_shell_does() {
    let folder = scratch_of(&["leaky"], &[("first/go", "not a program\n")]);
    let file = folder.path().join("first/go");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    is_leak(&script(&go(), &folder, &["first"], "go test ."));
}

#[test]
fn what_a_test_runs_with_an_empty_environment_is_not_covered() {
    let test = "package outer\n\nimport (\n\t\"os\"\n\t\"os/exec\"\n\t\"testing\"\n)\n\n\
                func TestTool(t *testing.T) {\n\
                \tcmd := exec.Command(\"go\", \"test\", \".\")\n\
                \tcmd.Dir = \"../leaky\"\n\
                \tcmd.Env = []string{\"PATH=\" + os.Getenv(\"PATH\"), \"HOME=\" + os.Getenv(\"HOME\")}\n\
                \tif out, err := cmd.CombinedOutput(); err != nil {\n\t\tt.Fatal(err, string(out))\n\t}\n}\n";
    let outer = [
        ("outer/go.mod", "module example.com/outer\n\ngo 1.21\n"),
        ("outer/outer_test.go", test),
    ];
    let folder = scratch_of(&["leaky"], &outer);
    let ran = script(&go(), &folder, &[], "cd ../outer && go test .").exits(0);
    assert_eq!(ran.suites(), ["example.com/outer"]);
}

#[test]
fn a_cache_that_is_not_an_absolute_path_is_rejected_and_nothing_is_written() {
    let folder = scratch_of(&["leaky"], &[]);
    for cache in ["off", "some/where"] {
        go().at(&folder.path().join("leaky"))
            .env("GOCACHE", cache)
            .run("go test .")
            .exits(2)
            .says("GOCACHE");
        let entries = std::fs::read_dir(folder.path().join("leaky")).unwrap();
        assert_eq!(entries.count(), 2, "go.mod and the test");
    }
}

#[test]
fn a_custom_test_flag_ends_the_list_of_packages_as_it_does_for_go() {
    let test = "package own\n\nimport (\n\t\"flag\"\n\t\"testing\"\n)\n\n\
                var update = flag.Bool(\"update\", false, \"\")\n\n\
                func TestClean(t *testing.T) { t.Log(*update) }\n";
    let folder = scratch(&[
        ("go.mod", "module example.com/own\n\ngo 1.21\n"),
        ("own_test.go", test),
        (
            "sub/sub_test.go",
            &test.replace("package own", "package sub"),
        ),
    ]);
    for (command, suites) in [
        // Here ./... is an argument of the tests, so go tests this directory only.
        ("go test -update=1 ./...", vec!["example.com/own"]),
        (
            "go test ./... -update",
            vec!["example.com/own", "example.com/own/sub"],
        ),
    ] {
        let ran = go().at(folder.path()).run(command).exits(0);
        assert_eq!(ran.suites(), suites);
        ran.checked_all();
    }
}
