//! Policies: what they allow, where they are found, and what is said about a wrong one.

use serde_json::{Value, json};

use crate::support::{Leakgate, profile, scratch, special};

/// Judges a captured leak by a policy.
fn judge(policy: &str, leak: &str) -> (i32, Value) {
    let directory = scratch("leakgate.yml", policy);
    Leakgate::check()
        .dir(directory.path())
        .pair("go1.27", leak)
        .json()
}

/// Judges the parallel test run, whose eleven goroutines carry two tests' names, by a policy.
fn judge_tests(policy: &str) -> (i32, Value) {
    let directory = scratch("leakgate.yml", policy);
    Leakgate::check()
        .dir(directory.path())
        .arg(special("test-before.pb.gz"))
        .arg(special("test-after.pb.gz"))
        .json()
}

fn rules(rules: &str) -> String {
    format!("version: 1\nrules:\n{rules}")
}

/// Rule, key, before, after and allowed of every finding.
fn findings(report: &Value) -> Vec<(String, String, i64, i64, i64)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let number = |value: &Value| value.as_i64().unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|one| {
            (
                text(&one["rule"]),
                text(&one["key"]),
                number(&one["before"]),
                number(&one["after"]),
                number(&one["allowed"]),
            )
        })
        .collect()
}

fn found(
    rule: &str,
    key: &str,
    before: i64,
    after: i64,
    allowed: i64,
) -> (String, String, i64, i64, i64) {
    (rule.into(), key.into(), before, after, allowed)
}

#[test]
fn the_first_rule_that_matches_a_stack_decides() {
    let lenient = "  - { name: lenient, match: { state: chan send }, limit: { growth: 3 } }\n";
    let strict = "  - { name: strict, match: { root: main.* }, limit: { growth: 2 } }\n";
    assert_eq!(
        judge(&rules(&(lenient.to_owned() + strict)), "send-abandoned").0,
        0
    );
    let (code, report) = judge(&rules(&(strict.to_owned() + lenient)), "send-abandoned");
    assert_eq!(
        (code, findings(&report)),
        (1, vec![found("strict", "", 0, 3, 2)])
    );
}

#[test]
fn every_match_key_selects_and_all_of_them_must_hold() {
    for (matcher, selects) in [
        ("root: main.sendAbandoned.func1", true),
        ("root: main.other", false),
        ("home: main.send*", true),
        ("any: runtime.chansend1", true),
        ("any: runtime.selectgo", false),
        ("state: chan send", true),
        ("package: main", true),
        ("package: example.com/*", false),
        ("root: main.*, state: chan receive", false),
        ("proven: true", false),
        ("test: TestX", false),
        ("label: { handler: /v2 }", false),
    ] {
        let policy = rules(&format!(
            "  - {{ name: it, match: {{ {matcher} }}, limit: {{ growth: 9 }} }}\n"
        ));
        assert_eq!(
            judge(&policy, "send-abandoned").0,
            i32::from(!selects),
            "{matcher}"
        );
    }
}

#[test]
fn a_rule_for_one_test_judges_only_the_goroutines_of_that_test() {
    let policy = rules("  - { name: known, match: { test: TestSearch }, limit: { growth: 5 } }\n");
    let (code, report) = judge_tests(&policy);
    assert_eq!(
        (code, findings(&report)),
        (1, vec![found("default", "", 0, 6, 0)])
    );
    assert_eq!(report["findings"][0]["tests"], json!({ "TestUpload": 6 }));
}

#[test]
fn an_exception_for_one_test_does_not_cover_another() {
    let policy = "version: 1\nallow:\n  - { match: { test: TestSearch }, max: 5, reason: known, expires: 2027-01-01 }\n";
    let (code, report) = judge_tests(policy);
    assert_eq!(code, 1);
    let dispositions: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["disposition"], &one["tests"]))
        .collect();
    assert_eq!(
        dispositions,
        [
            (&json!("open"), &json!({ "TestUpload": 6 })),
            (&json!("allowed"), &json!({ "TestSearch": 5 }))
        ]
    );
}

#[test]
fn rules_can_count_by_total_state_root_test_package_and_label() {
    let lenient = "version: 1\ndefaults: { limit: { growth: 99 } }\nrules:\n";
    for (per, expected) in [
        ("total", vec![found("sum", "", 0, 5, 1)]),
        (
            "state",
            vec![
                found("sum", "chan receive (nil chan)", 0, 3, 1),
                found("sum", "chan send (nil chan)", 0, 2, 1),
            ],
        ),
        (
            "root",
            vec![
                found("sum", "main.(*bus).listen", 0, 3, 1),
                found("sum", "main.(*bus).publish", 0, 2, 1),
            ],
        ),
        ("package", vec![found("sum", "main", 0, 5, 1)]),
    ] {
        let (code, report) = judge(
            &format!("{lenient}  - {{ name: sum, per: {per}, limit: {{ growth: 1 }} }}\n"),
            "nil-channel",
        );
        assert_eq!((code, findings(&report)), (1, expected), "{per}");
    }
    let (_, report) = judge_tests(&format!(
        "{lenient}  - {{ name: sum, per: test, limit: {{ count: 5 }} }}\n"
    ));
    assert_eq!(findings(&report), [found("sum", "TestUpload", 0, 6, 5)]);
    let by_label = format!(
        "{lenient}  - {{ name: sum, per: {{ label: leakgate.test }}, limit: {{ count: 5 }} }}\n"
    );
    assert_eq!(
        findings(&judge_tests(&by_label).1),
        [found("sum", "TestUpload", 0, 6, 5)]
    );
}

#[test]
fn a_sum_names_the_places_that_grew_most() {
    let (_, report) = judge(
        "version: 1\ndefaults: { limit: { growth: 99 } }\nrules: [{ name: sum, per: total, limit: { growth: 1 } }]\n",
        "nil-channel",
    );
    assert_eq!(
        report["findings"][0]["reason"],
        "most of it: main.(*bus).listen +3, main.(*bus).publish +2"
    );
}

#[test]
fn what_an_exception_covers_is_left_out_of_sums() {
    let policy = "version: 1\nrules: [{ name: sum, per: total, limit: { growth: 0 } }]\n\
                  allow: [{ match: { root: main.sendAbandoned.func1 }, max: 3, reason: known, expires: 2027-01-01 }]\n";
    assert_eq!(judge(policy, "send-abandoned").0, 0);
}

#[test]
fn growth_percent_and_ceiling_add_up_as_documented() {
    // The same profile on both sides has 25 goroutines before and after.
    let at_25 = |limit: &str| {
        let policy = scratch(
            "leakgate.yml",
            &rules(&format!(
                "  - {{ name: it, match: {{ root: main.deliver }}, limit: {limit} }}\n"
            )),
        );
        let after = profile("go1.27", "loop-unbounded", "after");
        Leakgate::check()
            .dir(policy.path())
            .arg(&after)
            .arg(&after)
            .json()
    };
    assert_eq!(at_25("{ growth: 0 }").0, 0);
    assert_eq!(at_25("{ count: 25 }").0, 0);
    let (code, report) = at_25("{ growth: 3, percent: 50, count: 24 }");
    assert_eq!(
        (code, findings(&report)),
        (1, vec![found("it", "", 25, 25, 24)])
    );
    assert_eq!(
        report["findings"][0]["allowed_sum"],
        "25 + growth 3 or 50 percent; ceiling 24"
    );
    let (code, report) = judge(
        &rules("  - { name: it, limit: { percent: 100 } }\n"),
        "send-abandoned",
    );
    assert_eq!(
        (code, findings(&report)),
        (1, vec![found("it", "", 0, 3, 0)])
    );
}

#[test]
fn an_exception_covers_up_to_its_max_and_then_nothing() {
    let policy = |max: i64| {
        format!(
            "version: 1\nallow: [{{ match: {{ root: main.sendAbandoned.func1 }}, max: {max}, reason: known, expires: 2027-01-01 }}]\n"
        )
    };
    assert_eq!(judge(&policy(3), "send-abandoned").0, 0);
    let (code, report) = judge(&policy(2), "send-abandoned");
    assert_eq!(code, 1);
    assert_eq!(report["findings"][0]["disposition"], "open");
    assert_eq!(
        report["findings"][0]["reason"],
        "more than the 2 that leakgate.yml:2 accepts: known"
    );
}

#[test]
fn an_exception_holds_on_its_last_day_and_not_on_the_next() {
    let directory = scratch(
        "leakgate.yml",
        "version: 1\nallow: [{ match: { root: main.sendAbandoned.func1 }, max: 3, reason: known, expires: 2026-12-01 }]\n",
    );
    let on = |day: &str| {
        Leakgate::check_on(day)
            .dir(directory.path())
            .pair("go1.27", "send-abandoned")
            .json()
    };
    assert_eq!(on("2026-12-01").0, 0);
    let (code, report) = on("2026-12-02");
    assert_eq!(code, 1);
    assert_eq!(report["findings"][0]["disposition"], "expired");
    assert_eq!(
        report["findings"][0]["reason"],
        "accepted until 2026-12-01 (leakgate.yml:2): known"
    );
    assert_eq!(report["allows"][0]["expired"], true);
}

#[test]
fn exceptions_that_end_soon_match_nothing_or_match_too_much_are_told_at_their_line() {
    let directory = scratch(
        "leakgate.yml",
        "version: 1
allow:
  - { match: { root: main.sendAbandoned.func1 }, max: 3, reason: known, expires: 2026-12-04, owner: '@a' }
  - { match: { root: main.gone }, max: 1, reason: gone, expires: 2027-12-01 }
  - { match: { any: time.Sleep }, max: 1, reason: wide, expires: 2027-12-01 }
",
    );
    let ran = Leakgate::check()
        .dir(directory.path())
        .pair("go1.27", "send-abandoned")
        .run();
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    for line in [
        "allow    leakgate.yml:3 expires in 14 days (@a)",
        "allow    leakgate.yml:4 matched nothing: remove it if the leak is gone",
        "allow    leakgate.yml:5 accepts any goroutine that waits in this way: match its root or home instead",
        "1 allowed (1 to expire, the first in 14 days)",
    ] {
        assert!(ran.stdout.contains(line), "{line}\n{}", ran.stdout);
    }
}

#[test]
fn the_built_in_exceptions_can_be_switched_off() {
    assert_eq!(judge("version: 1\n", "keep-alive-idle").0, 0);
    assert_eq!(
        judge("version: 1\nbuiltin-allow: false\n", "keep-alive-idle").0,
        1
    );
}

#[test]
fn a_policy_is_found_upward_to_the_root_of_the_repository() {
    let allow = "version: 1\ndefaults: { limit: { growth: 99 } }\n";
    for name in ["leakgate.yml", ".leakgate.yml", ".github/leakgate.yml"] {
        let directory = scratch(name, allow);
        let below = directory.path().join("a/b");
        std::fs::create_dir_all(&below).unwrap();
        assert_eq!(
            Leakgate::check()
                .dir(&below)
                .pair("go1.27", "send-abandoned")
                .run()
                .code,
            0,
            "{name}"
        );
        std::fs::create_dir(below.join(".git")).unwrap();
        assert_eq!(
            Leakgate::check()
                .dir(&below)
                .pair("go1.27", "send-abandoned")
                .run()
                .code,
            1,
            "{name} above .git"
        );
    }
}

#[test]
fn a_policy_in_the_home_directory_is_not_read() {
    let home = scratch(
        "leakgate.yml",
        "version: 1\ndefaults: { limit: { growth: 99 } }\n",
    );
    let project = home.path().join("project");
    std::fs::create_dir(&project).unwrap();
    let ran = Leakgate::check()
        .env("HOME", home.path())
        .dir(&project)
        .pair("go1.27", "send-abandoned")
        .run();
    assert_eq!(ran.code, 1);
}

#[test]
fn two_policies_in_one_directory_and_one_of_a_wrong_name_are_errors() {
    let directory = scratch("leakgate.yml", "version: 1\n");
    std::fs::write(directory.path().join(".leakgate.yml"), "version: 1\n").unwrap();
    let ran = Leakgate::check()
        .dir(directory.path())
        .pair("go1.27", "send-abandoned")
        .run();
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr
            .contains("two policy files, and only one can hold"),
        "{}",
        ran.stderr
    );
    let directory = scratch("leakgate.yaml", "version: 1\n");
    let ran = Leakgate::check()
        .dir(directory.path())
        .pair("go1.27", "send-abandoned")
        .run();
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("would not be read: rename it to"),
        "{}",
        ran.stderr
    );
}

/// Judges by a wrong policy and gives what is said of it.
fn error(policy: &str) -> String {
    let directory = scratch("leakgate.yml", policy);
    let ran = Leakgate::check()
        .dir(directory.path())
        .pair("go1.27", "send-abandoned")
        .run();
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{policy}");
    ran.stderr
}

#[test]
fn a_wrong_policy_is_shown_with_its_line_a_caret_and_the_nearest_name() {
    let wrong = [
        "version: 1\nrules:\n  - name: a\n    limt: { growth: 1 }\n",
        "version: 1\nrules:\n  - name: a\n    match: { root: x, rot: y }\n    limit: { growth: 1 }\n",
        "version: 1\nrule: []\n",
        "version: 1\nrules:\n  - name: a\n    match: { state: chan sned }\n    limit: { growth: 1 }\n",
        "version: 1\nrules:\n  - name: a\n    per: totl\n    limit: { growth: 1 }\n",
        "version: 1\nrules:\n  - name: a\n    per: { labl: x }\n    limit: { growth: 1 }\n",
        "version: 1\nrules:\n  - name: a\n    limit: { growth: many }\n",
        "version: 1\nrules:\n  - name: a\n    limit: { growth: -1 }\n",
        "version: 1\nrules:\n  - name: a\n    limit: {}\n",
        "version: 1\nrules:\n  - name: a\n    per: total\n",
        "version: 1\nrules:\n  - name: a\n    limit: { rising: 3 }\n",
        "version: 1\nrules:\n  - { name: a, limit: { growth: 1 } }\n  - { name: a, limit: { growth: 2 } }\n",
        "version: 1\nrules:\n  - match: { root: x }\n    limit: { growth: 1 }\n",
        "version: 1\ndefaults: { severity: eror }\n",
        "version: 1\nallow:\n  - { match: { root: x }, max: 1, reason: y, expires: 2027-02-30 }\n",
        "version: 1\nallow:\n  - { match: { root: x }, max: 0, reason: y, expires: 2027-02-20 }\n",
        "version: 1\nallow:\n  - { match: { root: x }, max: 1, reason: ' ', expires: 2027-02-20 }\n",
        "version: 1\nallow:\n  - { match: {}, max: 1, reason: y, expires: 2027-02-20 }\n",
        "version: 1\nallow:\n  - { match: { root: x }, max: 1, expires: 2027-02-20 }\n",
        "version: 2\n",
        "rules: []\n",
        "",
        "version: 1\nversion: 1\n",
        "version: 1\nrules:\n  - name: a\n    match: { label: { k: v, k: w } }\n    limit: { growth: 1 }\n",
        "version: 1\nrules:\n  - name: a\n    match: { root: *.Run }\n    limit: { growth: 1 }\n",
        "version: 1\nrules: &a\n  - name: x\n    limit: { growth: 1 }\nallow: *a\n",
        "version: 1\n---\nversion: 1\n",
        "version: 1\nrules: [\n",
        "- version\n",
    ];
    let said: Vec<String> = wrong.iter().map(|policy| error(policy)).collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn a_policy_made_to_be_slow_is_refused_at_once() {
    let said = error(&format!("version: 1\nrules: {}", "[".repeat(100_000)));
    assert!(said.contains("nested more than 16 deep"), "{said}");
    let said = error(&format!("version: 1\nrules: {}", "{a: ".repeat(100_000)));
    assert!(said.contains("nested more than 16 deep"), "{said}");
    let bomb: String = (0..9)
        .map(|level| {
            format!(
                "a{level}: &a{level} [{}]\n",
                vec![format!("*a{}", level + 1); 9].join(", ")
            )
        })
        .collect();
    let said = error(&format!("version: 1\na9: &a9 x\n{bomb}"));
    assert!(said.contains("YAML aliases are not read here"), "{said}");
    let said = error(&" ".repeat(2 << 20));
    assert!(said.contains("larger than 1048576 bytes"), "{said}");
}

#[test]
fn the_example_policy_is_the_one_in_the_readme_and_is_understood() {
    let repository = crate::support::repository();
    let example = std::fs::read_to_string(repository.join("examples/leakgate.yml")).unwrap();
    let readme = std::fs::read_to_string(repository.join("README.md")).unwrap();
    let (_, policy) = example.split_once('\n').unwrap();
    assert!(
        readme.contains(policy),
        "README shows another policy than examples/leakgate.yml"
    );
    let ran = Leakgate::check()
        .args(&["--policy", "examples/leakgate.yml"])
        .pair("go1.27", "send-abandoned-clean")
        .run();
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn the_report_in_the_readme_is_a_real_one() {
    let readme = std::fs::read_to_string(crate::support::repository().join("README.md")).unwrap();
    let ran = Leakgate::check()
        .arg("testdata/profiles/go1.27/mutex-unlocked")
        .run();
    assert!(
        readme.contains(&ran.stdout),
        "README shows another report than\n{}",
        ran.stdout
    );
}
