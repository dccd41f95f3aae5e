//! The line that runs the tests of a finding again.

use std::path::Path;
use std::process::Command;

use crate::support::{Go, Ran, go, scratch};

const TAGGED: &str = "//go:build slow\n\npackage shop\n\nimport (\n\t\"flag\"\n\t\"testing\"\n)\n\n\
                      var deep = flag.Bool(\"deep\", false, \"\")\n\n\
                      func send(c chan int) { c <- 1 }\n\n\
                      func TestOther(t *testing.T) {}\n\n\
                      func TestSends(t *testing.T) {\n\tif *deep {\n\t\tgo send(make(chan int))\n\t}\n}\n";

fn module() -> tempfile::TempDir {
    scratch(&[
        ("go.mod", "module example.com/shop\n\ngo 1.21\n"),
        ("cart/cart_test.go", TAGGED),
        ("cart/cart.go", "package shop\n"),
        (
            "Makefile",
            "test:\n\tcd cart && GOFLAGS=-tags=slow CGO_ENABLED=0 go test . -deep\n",
        ),
    ])
}

/// Runs a line in a shell, with leakgate on its PATH, and gives its exit code and what it said, the report's JSON behind it.
fn shell(go: &Go, directory: &Path, line: &str) -> (Option<i32>, String) {
    let line = line.replace(
        "leakgate run ",
        "leakgate run --report json=report.json --report text ",
    );
    let leakgate = Path::new(env!("CARGO_BIN_EXE_leakgate")).parent().unwrap();
    let path = go.path();
    let first = std::iter::once(leakgate.to_owned());
    let path = std::env::join_paths(first.chain(std::env::split_paths(&path))).unwrap();
    let ran = Command::new("sh")
        .args(["-c", &line])
        .current_dir(directory)
        .env("PATH", path)
        .env("GOTOOLCHAIN", "local")
        .env("GOFLAGS", "")
        .env_remove("GITHUB_ACTIONS")
        .output()
        .unwrap();
    let report = ["report.json", "cart/report.json"].map(|path| directory.join(path));
    let report = report
        .iter()
        .find_map(|path| std::fs::read_to_string(path).ok());
    let said = String::from_utf8_lossy(&ran.stderr);
    (ran.status.code(), format!("{said}{}", report.unwrap()))
}

#[test]
fn it_runs_from_the_directory_it_names_and_finds_the_leak_again() {
    let go = go();
    let race = ["go", "test", "-race", "-tags", "slow", "./cart", "-deep"];
    let tagged = [
        "go",
        "-C",
        "cart",
        "test",
        "-tags=slow",
        "-ldflags=-X main.v=1 -s",
        ".",
        "-args",
        "-deep",
    ];
    let lines: [(&[&str], &str); 3] = [
        (
            &race,
            "leakgate run -- go test -race '-tags=slow' -run '^TestSends$' example.com/shop/cart -deep",
        ),
        (
            &tagged,
            "leakgate run -- go -C cart test '-tags=slow' '-ldflags=-X main.v=1 -s' -run '^TestSends$' example.com/shop/cart -args -deep",
        ),
        (
            &["make", "test"],
            "cd cart && CGO_ENABLED=0 GOFLAGS='-tags=slow' leakgate run -- go test -run '^TestSends$' example.com/shop/cart -deep",
        ),
    ];
    for (command, expected) in lines {
        let folder = module();
        let ran: Ran = go.run_in(folder.path(), &[], command);
        assert_eq!(ran.code, 1, "{}", ran.said());
        let again = ran
            .stderr
            .lines()
            .find_map(|line| line.strip_prefix("  again    "));
        let again = again.unwrap_or_else(|| panic!("{}", ran.said()));
        assert_eq!(again, expected, "{}", ran.said());
        let (code, said) = shell(&go, folder.path(), again);
        assert_eq!(code, Some(1), "{said}");
        assert!(
            said.contains("home     example.com/shop/cart.send"),
            "{said}"
        );
        // Two tests are in the package.
        assert!(said.contains("\"tests\": 1,"), "{said}");
    }
}

#[test]
fn files_that_were_named_are_named_again() {
    let folder = module();
    let go = go();
    let ran = go.run_in(
        folder.path(),
        &[],
        &["go", "test", "-tags=slow", "cart/cart_test.go", "-deep"],
    );
    let again = ran
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix("  again    "));
    let again = again.unwrap_or_else(|| panic!("{}", ran.said()));
    assert_eq!(
        again,
        "leakgate run -- go test '-tags=slow' -run '^TestSends$' cart/cart_test.go -deep"
    );
    assert_eq!(shell(&go, folder.path(), again).0, Some(1));
}
