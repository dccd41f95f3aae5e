//! The command of a finding that runs its tests again.

use std::path::Path;

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

/// Runs a line that a report offers, as a user would in a shell.
fn shell(go: &Go, directory: &Path, line: &str) -> Ran {
    let report = directory.join("report.json");
    let flags = format!("--report text --report 'json={}'", report.display());
    go.shell(
        directory,
        &line.replace("leakgate run ", &format!("leakgate run {flags} ")),
    )
}

/// The command of the text report that runs the tests again, with its line breaks, and the same on
/// one line, of the JSON report.
fn offered(ran: &Ran) -> (String, &str) {
    let (_, rest) = ran.stderr.split_once("\n  again    ").unwrap();
    let mut lines = rest.lines();
    let mut printed = lines.next().unwrap().to_owned();
    while printed.ends_with('\\') {
        printed = printed + "\n" + lines.next().unwrap();
    }
    let again = ran.report["findings"][0]["again"].as_str();
    (printed, again.unwrap_or_else(|| panic!("{}", ran.said())))
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
            "leakgate run -- go test -race -tags=slow -run '^TestSends$' example.com/shop/cart -deep",
        ),
        (
            &tagged,
            "leakgate run -- go -C cart test -tags=slow '-ldflags=-X main.v=1 -s' -run '^TestSends$' example.com/shop/cart -args -deep",
        ),
        (
            &["make", "test"],
            "cd cart && CGO_ENABLED=0 GOFLAGS=-tags=slow leakgate run -- go test -run '^TestSends$' example.com/shop/cart -deep",
        ),
    ];
    for (command, expected) in lines {
        let folder = module();
        let ran = go.at(folder.path()).run_words(command).exits(1);
        let (printed, again) = offered(&ran);
        assert_eq!(again, expected, "{}", ran.said());
        let ran = shell(&go, folder.path(), &printed).exits(1);
        ran.says("home     example.com/shop/cart.send");
        // The package has two tests.
        assert_eq!(ran.report["suites"][0]["run"]["tests"], 1);
    }
}

#[test]
fn test_files_named_on_the_command_line_are_named_again() {
    let folder = module();
    let go = go();
    let ran = go
        .at(folder.path())
        .run("go test -tags=slow cart/cart_test.go -deep");
    let (printed, again) = offered(&ran);
    assert_eq!(
        again,
        "leakgate run -- go test -tags=slow -run '^TestSends$' cart/cart_test.go -deep"
    );
    shell(&go, folder.path(), &printed).exits(1);
}
