//! `leakgate policy test`: the cases beside a policy.

use std::path::Path;

use serde_json::Value;

use crate::support::{Leakgate, Ran, assert_fits, copy, repository, scratch, write};

const POLICY: &str = "version: 1
allow:
  - { match: { root: main.sendAbandoned.func1 }, max: 3, reason: known, expires: 2027-01-01 }
";

/// Cases that share a pair of profiles in which three goroutines send.
fn cases(cases: &str) -> tempfile::TempDir {
    let directory = scratch("leakgate.yml", POLICY);
    for side in ["before", "after"] {
        let path = directory.path().join(format!("profiles/{side}.pb.gz"));
        copy("send-abandoned", side, &path);
    }
    let cases = cases.replace(
        "PAIR",
        "before: profiles/before.pb.gz, after: profiles/after.pb.gz, today: 2026-11-20",
    );
    let text = format!("version: 1\ncases:\n{cases}");
    write(&directory.path().join("leakgate.test.yml"), text);
    directory
}

fn test(directory: &Path, arguments: &[&str]) -> Ran {
    Leakgate::new(&["policy", "test"])
        .args(arguments)
        .dir(directory)
        .run()
}

#[test]
fn the_example_passes() {
    let example = repository().join("examples/policy-test");
    let ran = test(&example, &[]).exits(0);
    insta::assert_snapshot!(ran.stdout);
    // From elsewhere too, with the policy that lies beside it.
    let ran = test(&repository(), &["examples/policy-test/leakgate.test.yml"]).exits(0);
    ran.prints("PASS 5 of 5 cases passed");
    let text = std::fs::read_to_string(example.join("leakgate.test.yml")).unwrap();
    let value: Value = serde_yaml::from_str(&text).unwrap();
    assert_fits(&value, "policy-test.v1.json");
}

#[test]
fn a_case_that_fails_shows_what_is_expected_and_what_is_found() {
    let directory = cases(
        "  - { name: it leaks, PAIR, pass: false, findings: [{ root: main.other }, { state: chan send, count: 4 }] }
  - { name: nothing is there, PAIR, pass: true, findings: [] }
  - { name: it is as it should be, PAIR, pass: true, findings: [{ disposition: allowed }] }
  - { name: what is found is not asked, PAIR, pass: true }
",
    );
    let ran = test(directory.path(), &[]).exits(1);
    insta::assert_snapshot!(ran.stdout);
}

#[test]
fn a_wide_policy_fails_the_case_that_a_narrow_one_passes() {
    let directory = cases("  - { name: others are found, PAIR, pass: false }\n");
    let narrow = POLICY.replace("main.sendAbandoned.func1", "main.other");
    let narrow = scratch("narrow.yml", &narrow);
    let narrow = narrow.path().join("narrow.yml");
    test(
        directory.path(),
        &["--policy", narrow.to_str().unwrap(), "leakgate.test.yml"],
    )
    .exits(0);
    test(directory.path(), &["--policy", "leakgate.yml"])
        .exits(1)
        .prints("expected the policy to be violated, and it holds");
}

#[test]
fn each_finding_stands_for_one_that_is_expected() {
    let directory = cases(
        "  - { name: twice, PAIR, pass: true, findings: [{ state: chan send }, { rule: default }] }\n",
    );
    test(directory.path(), &[])
        .exits(1)
        .prints("missing  rule: default (leakgate.test.yml:3)");
    // The general one makes room for the special one.
    let directory = scratch("leakgate.yml", "version: 1\n");
    let profiles = repository().join("testdata/profiles/go1.27/nil-channel");
    let text = format!(
        "version: 1\ncases: [{{ name: both, before: {0}/before.pb.gz, after: {0}/after.pb.gz, pass: false, \
         findings: [{{ rule: default }}, {{ root: main.(*bus).listen }}] }}]\n",
        profiles.display()
    );
    write(&directory.path().join("leakgate.test.yml"), text);
    test(directory.path(), &[]).exits(0);
}

#[test]
fn a_profile_that_is_not_there_is_no_pass_and_no_failure() {
    let directory = cases("  - { name: lost, before: a.pb.gz, after: b.pb.gz, pass: true }\n");
    test(directory.path(), &[])
        .exits(3)
        .prints("UNCHECKED lost")
        .prints("a.pb.gz: cannot be read")
        .prints("FAIL 0 of 1 case passed, 1 could not be judged");
}

#[test]
fn a_wrong_file_is_an_error_with_all_its_places() {
    let directory = cases(
        "  - { nam: a, PAIR, pass: true }
  - { name: b, before: '', after: [], pass: maybe, today: 2026-13-01 }
  - { name: b, PAIR, pass: true, findings: [{ stat: x }, {}, { state: chan sned }, { disposition: closed }] }
",
    );
    let ran = test(directory.path(), &[]).exits(2);
    insta::assert_snapshot!(ran.stderr);
    let directory = cases("  []\n");
    test(directory.path(), &[])
        .exits(2)
        .complains("there is no case, so nothing is tested");
    let empty = scratch("leakgate.yml", POLICY);
    test(empty.path(), &[])
        .exits(2)
        .complains("there is no leakgate.test.yml: write cases there, or name their file");
    write(
        &empty.path().join("leakgate.test.yml"),
        "version: 1\ncases: []\n",
    );
    write(&empty.path().join("leakgate.yml"), "version: 1\nrule: []\n");
    test(empty.path(), &[])
        .exits(2)
        .complains("leakgate.yml:2:1: unknown key `rule`");
}

#[test]
fn the_schema_of_cases_is_the_one_in_the_repository_and_refuses_what_the_parser_refuses() {
    let printed = Leakgate::new(&["policy", "schema", "--tests"])
        .run()
        .exits(0);
    let path = repository().join("schema/policy-test.v1.json");
    let committed = std::fs::read_to_string(path).unwrap();
    assert!(
        printed.stdout == committed,
        "run: cargo run -- policy schema --tests > schema/policy-test.v1.json"
    );
    let validator = jsonschema::validator_for(&serde_json::from_str(&committed).unwrap()).unwrap();
    let refuses = |case: &str| {
        let text = format!("version: 1\ncases: [{{ {case} }}]\n");
        let value: Value = serde_yaml::from_str(&text).unwrap();
        let refused = leakgate::cases::parse(Path::new("leakgate.test.yml"), &text).is_err();
        assert_eq!(refused, !validator.is_valid(&value), "{text}");
        refused
    };
    for case in [
        "name: a, before: b, after: c, pass: true",
        "name: a, before: b, after: [c, d], proven: e, suite: f, today: 2027-03-31, pass: false",
        "name: a, before: b, after: c, pass: true, findings: []",
        "name: a, before: b, after: c, pass: true, findings: [{ rule: d, count: 0, disposition: open }]",
    ] {
        assert!(!refuses(case), "{case}");
    }
    for case in [
        "before: b, after: c, pass: true",
        "name: ' ', before: b, after: c, pass: true",
        "name: a, after: c, pass: true",
        "name: a, before: b, pass: true",
        "name: a, before: b, after: [], pass: true",
        "name: a, before: b, after: c",
        "name: a, before: b, after: c, pass: maybe",
        "name: a, before: b, after: c, pass: true, today: tomorrow",
        "name: a, before: b, after: c, pass: true, findings: [{}]",
        "name: a, before: b, after: c, pass: true, findings: [{ state: x }]",
        "name: a, before: b, after: c, pass: true, findings: [{ count: -1 }]",
        "name: a, before: b, after: c, pass: true, findings: [{ disposition: exceeded }]",
    ] {
        assert!(refuses(case), "{case}");
    }
}
