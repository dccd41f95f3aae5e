//! `leakgate explain`: the words of policies and reports.

use crate::support::{Leakgate, Ran, scratch, write};

const POLICY: &str = "version: 1
rules:
  - name: total
    per: total
    severity: warning
    limit: { growth: 5, percent: 20, count: 500 }
    message: Look for what every test opens.
  - { name: select, match: { state: select, home: app.* }, limit: { growth: 1 } }
";

fn explain(arguments: &[&str]) -> Ran {
    let directory = scratch("leakgate.yml", POLICY);
    Leakgate::new(&["explain"])
        .args(arguments)
        .dir(directory.path())
        .run()
}

#[test]
fn a_rule_says_what_it_matches_and_what_its_limit_comes_to() {
    insta::assert_snapshot!(explain(&["total"]).exits(0).stdout);
}

#[test]
fn a_name_of_two_things_explains_both() {
    insta::assert_snapshot!(explain(&["select"]).exits(0).stdout);
}

#[test]
fn states_built_in_exceptions_and_patterns_are_explained() {
    let said = [
        explain(&["chan", "send"]),
        explain(&["SYNC.MUTEX.LOCK"]),
        explain(&["http-keep-alive-write"]),
        explain(&["ticker without end"]),
    ];
    let said: Vec<String> = said.into_iter().map(|ran| ran.exits(0).stdout).collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn without_a_name_all_that_is_known_is_listed() {
    insta::assert_snapshot!(explain(&[]).exits(0).stdout);
}

#[test]
fn an_unknown_name_is_an_error_with_those_that_are_like_it() {
    let ran = explain(&["chan", "sned"]).exits(2);
    assert_eq!(
        ran.stderr,
        "leakgate: nothing is called `chan sned`: did you mean `chan send`?\n"
    );
    explain(&["qqqqqqqqqqqqqqqqqqqqqqq"])
        .exits(2)
        .complains("`leakgate explain` lists all that is known");
    explain(&["58843f3eee26"])
        .exits(2)
        .complains("58843f3eee26 is an id of a report: name the report with --report report.json");
}

#[test]
fn the_ids_of_a_report_are_explained_from_the_file_alone() {
    let directory = tempfile::tempdir().unwrap();
    let report = directory.path().join("report.json");
    let said = Leakgate::check()
        .pair("go1.27", "send-abandoned")
        .args(&["--suite", "shop", "--report", "json"])
        .run();
    write(&report, said.exits(1).stdout);
    let explain = |id: &str| {
        Leakgate::new(&["explain", id, "--report", "report.json"])
            .dir(directory.path())
            .run()
    };
    let ran = explain("58843f3eee26").exits(0);
    insta::assert_snapshot!(ran.stdout);
    explain("58843f3eee27")
        .exits(2)
        .complains("did you mean `58843f3eee26`?");
    write(&report, "{\"schema\": \"leakgate.report/9\"}");
    explain("58843f3eee26")
        .exits(2)
        .complains("leakgate.report/9");
}

#[test]
fn what_a_report_holds_steers_no_terminal() {
    let directory = tempfile::tempdir().unwrap();
    let report = directory.path().join("report.json");
    let said = Leakgate::check()
        .pair("go1.27", "send-abandoned")
        .args(&["--report", "json"])
        .run();
    let hostile = said
        .stdout
        .replace("main.sendAbandoned", "::error::\\u001b[31mx\\u202e");
    write(&report, hostile);
    let ran = Leakgate::new(&["explain", "58843f3eee26", "--report", "report.json"])
        .dir(directory.path())
        .run()
        .exits(0);
    assert!(
        !ran.stdout.contains(['\u{1b}', '\u{202e}']),
        "{}",
        ran.stdout
    );
    let lines = ran.stdout.lines().map(str::trim_start);
    assert!(
        lines.clone().all(|line| !line.starts_with("::")),
        "{}",
        ran.stdout
    );
}
