//! Policies: what they allow, where they are found, and the messages about wrong ones.

use std::path::Path;

use serde_json::{Value, json};

use crate::made::{self, Made};
#[cfg(unix)]
use crate::support::pipe;
use crate::support::{Leakgate, Ran, findings, policy_of, profile, scratch};

/// `leakgate check` of a captured leak in a directory, with the policy that applies there.
fn check_in(directory: &Path, leak: &str) -> Leakgate {
    Leakgate::check().dir(directory).pair("go1.27", leak)
}

/// Judges a captured leak by a policy.
fn judge(policy: &str, leak: &str) -> (i32, Value) {
    let directory = scratch("leakgate.yml", policy);
    check_in(directory.path(), leak).json()
}

/// The same, as text.
fn judge_as_text(policy: &str, leak: &str) -> Ran {
    let directory = scratch("leakgate.yml", policy);
    check_in(directory.path(), leak).run()
}

/// Judges the parallel test run, in which two tests leak eleven goroutines, by a policy.
fn judge_tests(policy: &str) -> (i32, Value) {
    let directory = scratch("leakgate.yml", policy);
    Leakgate::check()
        .dir(directory.path())
        .special("test")
        .json()
}

fn rules(rules: &str) -> String {
    format!("version: 1\nrules:\n{rules}")
}

/// Rule, key, before, after and allowed of every finding.
fn limits(report: &Value) -> Vec<(String, String, i64, i64, i64)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let number = |value: &Value| value.as_i64().unwrap();
    let findings = findings(report).iter();
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
        (code, limits(&report)),
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
        ("confirmed: grows with every run", false),
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
        (code, limits(&report)),
        (1, vec![found("default", "", 0, 6, 0)])
    );
    assert_eq!(report["findings"][0]["tests"], json!({ "TestUpload": 6 }));
}

#[test]
fn an_exception_for_one_test_does_not_cover_another() {
    let policy = "version: 1\nallow:\n  - { match: { test: TestSearch }, max: 5, reason: known, expires: 2027-01-01 }\n";
    let (code, report) = judge_tests(policy);
    assert_eq!(code, 1);
    let dispositions: Vec<_> = findings(&report)
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
        assert_eq!((code, limits(&report)), (1, expected), "{per}");
    }
    let (_, report) = judge_tests(&format!(
        "{lenient}  - {{ name: sum, per: test, limit: {{ count: 5 }} }}\n"
    ));
    assert_eq!(limits(&report), [found("sum", "TestUpload", 0, 6, 5)]);
    let by_label = format!(
        "{lenient}  - {{ name: sum, per: {{ label: leakgate.test }}, limit: {{ count: 5 }} }}\n"
    );
    assert_eq!(
        limits(&judge_tests(&by_label).1),
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
    // Two runs of one leak: 25 goroutines before and after.
    let at_25 = |limit: &str| {
        let policy = scratch(
            "leakgate.yml",
            &rules(&format!(
                "  - {{ name: it, match: {{ root: main.deliver }}, limit: {limit} }}\n"
            )),
        );
        let at = |go: &str| profile(go, "loop-unbounded", "after");
        Leakgate::check()
            .dir(policy.path())
            .arg(at("go1.25"))
            .arg(at("go1.27"))
            .json()
    };
    assert_eq!(at_25("{ growth: 0 }").0, 0);
    assert_eq!(at_25("{ count: 25 }").0, 0);
    let (code, report) = at_25("{ growth: 3, percent: 50, count: 24 }");
    assert_eq!(
        (code, limits(&report)),
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
    assert_eq!((code, limits(&report)), (1, vec![found("it", "", 0, 3, 0)]));
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
        "no longer accepted, since 2026-12-01 is over (leakgate.yml:2): known"
    );
    assert_eq!(report["allows"][0]["expired"], true);
}

#[test]
fn exceptions_that_end_soon_match_nothing_or_match_too_much_are_reported_at_their_line() {
    let policy = "version: 1
allow:
  - { match: { root: main.sendAbandoned.func1 }, max: 3, reason: known, expires: 2026-12-04, owner: '@a' }
  - { match: { root: main.gone }, max: 1, reason: gone, expires: 2027-12-01 }
  - { match: { any: time.Sleep }, max: 1, reason: wide, expires: 2027-12-01 }
";
    let ran = judge_as_text(policy, "send-abandoned").exits(0);
    for line in [
        "allow    leakgate.yml:3 expires in 14 days (@a)",
        "allow    leakgate.yml:4 matched nothing: remove it if the leak is gone",
        "allow    leakgate.yml:5 accepts any goroutine that waits in this way: match its root or home instead",
        "1 allowed (1 to expire, the first in 14 days)",
    ] {
        assert!(ran.has(line), "{line}\n{}", ran.stdout);
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
        assert_eq!(check_in(&below, "send-abandoned").run().code, 0, "{name}");
        std::fs::create_dir(below.join(".git")).unwrap();
        assert_eq!(
            check_in(&below, "send-abandoned").run().code,
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
    Leakgate::check()
        .env("HOME", home.path())
        .dir(&project)
        .pair("go1.27", "send-abandoned")
        .run()
        .exits(1);
}

#[test]
fn two_policies_in_one_directory_and_one_of_a_wrong_name_are_errors() {
    let directory = scratch("leakgate.yml", "version: 1\n");
    std::fs::write(directory.path().join(".leakgate.yml"), "version: 1\n").unwrap();
    check_in(directory.path(), "send-abandoned")
        .run()
        .exits(2)
        .complains("two policy files, and only one can hold");
    let directory = scratch("leakgate.yaml", "version: 1\n");
    check_in(directory.path(), "send-abandoned")
        .run()
        .exits(2)
        .complains("would not be read: rename it to");
}

/// The message about a wrong policy.
fn error(policy: &str) -> String {
    let ran = judge_as_text(policy, "send-abandoned");
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
        "version: 1\nallow:\n  - { match: { root: x }, max: 1, reason: y, expires: 2027-02-20T00:00 }\n",
        "version: 1\nallow:\n  - { match: { root: x }, max: 1, reason: ..., expires: 2027-02-20 }\n",
        "version: 1\nallow:\n  - { match: { root: x }, max: 0, reason: y, expires: 2027-02-20 }\n",
        "version: 1\nallow:\n  - { match: { root: x }, max: 1, reason: ' ', expires: 2027-02-20 }\n",
        "version: 1\nallow:\n  - { match: {}, max: 1, reason: y, expires: 2027-02-20 }\n",
        "version: 1\nallow:\n  - { match: { root: x }, max: 1, expires: 2027-02-20 }\n",
        "version: 1\nallow:\n  - { match: { root: x }, max: 1, reason: y }\n",
        "version: 1\nallow:\n  - { match: { root: [] }, max: 1, reason: y, expires: 2027-02-20 }\n",
        "version: 1\nallow:\n  - { match: { root: x }, max: unlimited, reason: y, expires: 2027-02-20 }\n",
        "version: 1\nallow:\n  - { match: { root: x }, max: { as-many-as: z }, reason: y, expires: 2027-02-20 }\n",
        "version: 1\nbuiltin-version: 9\n",
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
fn a_policy_made_to_be_slow_is_rejected_at_once() {
    let said = error(&format!("version: 1\nrules: {}", "[".repeat(100_000)));
    assert!(said.contains("nested more than 16 deep"), "{said}");
    let said = error(&format!("version: 1\nrules: {}", "{a: ".repeat(100_000)));
    assert!(said.contains("nested more than 16 deep"), "{said}");
    let bomb: Vec<String> = (0..9)
        .map(|level| {
            format!(
                "a{level}: &a{level} [{}]\n",
                vec![format!("*a{}", level + 1); 9].join(", ")
            )
        })
        .collect();
    let said = error(&format!("version: 1\na9: &a9 x\n{}", bomb.concat()));
    assert!(said.contains("YAML aliases are not read here"), "{said}");
    let said = error(&" ".repeat(2 << 20));
    assert!(said.contains("larger than 1048576 bytes"), "{said}");
}

#[test]
fn the_example_policy_is_the_one_in_the_documentation_and_is_understood() {
    let repository = crate::support::repository();
    let example = std::fs::read_to_string(repository.join("examples/leakgate.yml")).unwrap();
    let page = std::fs::read_to_string(repository.join("docs/policy.md")).unwrap();
    let (_, policy) = example.split_once('\n').unwrap();
    assert!(
        page.contains(policy),
        "docs/policy.md shows another policy than examples/leakgate.yml"
    );
    let ran = Leakgate::check()
        .args(&["--policy", "examples/leakgate.yml"])
        .pair("go1.27", "send-abandoned-clean")
        .run();
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
}

/// Judges two hand-made profiles by a policy.
fn judge_made(policy: &str, before: Made, after: Made) -> (i32, Value) {
    let directory = scratch("leakgate.yml", policy);
    made::check_in(directory.path(), before, after).json()
}

/// The same, as text.
fn judge_made_as_text(policy: &str, before: Made, after: Made) -> Ran {
    let directory = scratch("leakgate.yml", policy);
    made::check_in(directory.path(), before, after).run()
}

const READ: &str = "net/http.(*persistConn).readLoop bufio.(*Reader).Peek internal/poll.(*FD).Read runtime.netpollblock runtime.gopark";
const READ_TLS: &str = "net/http.(*persistConn).readLoop bufio.(*Reader).Peek crypto/tls.(*Conn).Read runtime.netpollblock runtime.gopark";
const WRITE: &str = "net/http.(*persistConn).writeLoop runtime.selectgo runtime.gopark";

#[test]
fn a_built_in_exception_counts_growth_and_no_unrelated_line_of_a_policy_changes_that() {
    let before = || Made::new().goroutines(2, READ).goroutines(2, WRITE);
    let after = || before().goroutines(1, READ_TLS).goroutines(1, WRITE);
    let unrelated = "version: 1\nallow: [{ match: { root: app.unrelated }, max: 1, reason: x, expires: 2027-01-01 }]\n";
    for policy in ["version: 1\n", unrelated] {
        assert_eq!(judge_made(policy, before(), after()).0, 0, "{policy}");
    }
}

#[test]
fn one_half_of_a_connection_is_allowed_as_often_as_the_other_half() {
    let other = || Made::new().goroutines(1, "app.other");
    let leaked = || other().goroutines(9, READ).goroutines(9, WRITE);
    let (code, report) = judge_made("version: 1\n", other(), leaked());
    assert_eq!((code, findings(&report).len()), (1, 2));
    assert!(
        findings(&report)
            .iter()
            .all(|one| one["disposition"] == "open"),
        "{report:#}"
    );
    // If an exception allows the readers, their writers are allowed too.
    let allow = "version: 1\nallow: [{ match: { root: net/http.(*persistConn).readLoop }, max: 2, reason: x, expires: 2027-01-01 }]\n";
    let two = other().goroutines(2, READ).goroutines(2, WRITE);
    assert_eq!(judge_made(allow, other(), two).0, 0);
}

/// Disposition, root and growth of every finding, sorted.
fn by_disposition(report: &Value) -> Vec<(&str, &str, i64)> {
    let findings = findings(report).iter();
    let mut sorted: Vec<_> = findings
        .map(|one| {
            (
                one["disposition"].as_str().unwrap(),
                one["root"]["function"].as_str().unwrap(),
                one["growth"].as_i64().unwrap(),
            )
        })
        .collect();
    sorted.sort_unstable();
    sorted
}

#[test]
fn idle_connections_are_excused_pair_by_pair_beside_one_whose_response_nobody_read() {
    const UNREAD: &str = "net/http.(*persistConn).readLoop runtime.selectgo runtime.gopark";
    const SERVE: &str =
        "net/http.(*conn).serve bufio.(*Reader).Peek runtime.netpollblock runtime.gopark";
    const UNUSED: &str =
        "net/http.(*conn).serve net/http.(*conn).readRequest runtime.netpollblock runtime.gopark";
    let (idle, forgets) = (
        [("leakgate.test", "TestIdle")],
        [("leakgate.test", "TestForgets")],
    );
    let other = || Made::new().goroutines(1, "app.other");
    let connected = || {
        other()
            .labelled(2, READ, &idle)
            .labelled(2, WRITE, &idle)
            .goroutines(1, SERVE)
            .goroutines(1, UNUSED)
    };
    let (code, report) = judge_made("version: 1\n", other(), connected());
    assert_eq!(code, 0, "{report:#}");
    let unread = connected()
        .labelled(1, UNREAD, &forgets)
        .labelled(1, WRITE, &forgets)
        .goroutines(1, SERVE);
    let (code, report) = judge_made("version: 1\n", other(), unread);
    assert_eq!(code, 1);
    let open: Vec<_> = by_disposition(&report)
        .into_iter()
        .filter(|(disposition, ..)| *disposition == "open")
        .collect();
    let expected = [
        ("open", "net/http.(*conn).serve", 1),
        ("open", "net/http.(*persistConn).readLoop", 1),
        ("open", "net/http.(*persistConn).writeLoop", 1),
    ];
    assert_eq!(open, expected, "{report:#}");
    for finding in findings(&report) {
        if finding["disposition"] == "open"
            && finding["root"]["function"] != "net/http.(*conn).serve"
        {
            assert_eq!(finding["tests"], json!({ "TestForgets": 1 }), "{finding:#}");
        }
    }
}

#[test]
fn an_idle_http_2_connection_is_excused_and_one_with_a_stream_in_flight_is_not() {
    for package in [
        "net/http.",
        "net/http/internal/http2.",
        "golang.org/x/net/http2.",
    ] {
        let name = |name: &str| match package {
            "net/http." => format!("net/http.(*http2{name}"),
            _ => format!("{package}(*{name}"),
        };
        let (client, server) = ("ClientConn", "serverConn");
        let read = format!(
            "{}).readLoop runtime.netpollblock runtime.gopark",
            name(client)
        );
        let frames = format!(
            "{}).readFrames runtime.netpollblock runtime.gopark",
            name(server)
        );
        let serve = format!(
            "net/http.(*conn).serve {}).serve runtime.selectgo runtime.gopark",
            name(server)
        );
        let stream = format!(
            "{}).doRequest runtime.selectgo runtime.gopark",
            name("clientStream")
        );
        let handler = format!(
            "{}).runHandler app.handle runtime.chanrecv1 runtime.chanrecv runtime.gopark",
            name(server)
        );
        let other = || Made::new().goroutines(1, "app.other");
        let connected = |count| {
            other()
                .goroutines(count, &read)
                .goroutines(count, &frames)
                .goroutines(count, &serve)
        };
        let judge = |after| judge_made("version: 1\n", other(), after);
        assert_eq!(judge(connected(1)).0, 0, "{package}");
        assert_eq!(judge(connected(2)).0, 0, "{package}");
        assert_eq!(
            judge(connected(3)).0,
            1,
            "{package}: an idle connection each time is a leak"
        );
        let busy = |count| {
            connected(count)
                .goroutines(1, &stream)
                .goroutines(1, &handler)
        };
        let open = |after| {
            let (_, report) = judge(after);
            let findings = by_disposition(&report).into_iter();
            let open = findings.filter(|(disposition, ..)| *disposition == "open");
            open.map(|(_, _, growth)| growth).collect::<Vec<_>>()
        };
        assert_eq!(open(busy(1)), [1; 5], "{package}");
        assert_eq!(open(busy(2)), [1; 5], "{package}: one is idle");
    }
}

#[test]
fn the_exception_that_renews_an_expired_one_holds() {
    let policy = "version: 1
allow:
  - { match: { root: main.sendAbandoned.func1 }, max: 3, reason: old, expires: 2026-01-01 }
  - { match: { root: main.sendAbandoned.func1 }, max: 3, reason: new, expires: 2027-01-01 }
";
    let (code, report) = judge(policy, "send-abandoned");
    assert_eq!(code, 0, "{report:#}");
    assert_eq!(
        report["findings"][0]["reason"],
        "new (leakgate.yml:4 until 2027-01-01)"
    );
}

#[test]
fn the_entry_that_a_finding_offers_covers_it_once_pasted() {
    for leak in [
        "nil-channel",
        "generic-worker",
        "body-unclosed",
        "deep-recursion",
        "rwmutex-reader",
    ] {
        let ran = Leakgate::check().pair("go1.27", leak).run();
        let policy = policy_of(&ran.entries());
        let (code, report) = judge(&policy, leak);
        assert_eq!(code, 0, "{leak}\n{policy}\n{report:#}");
    }
}

#[test]
fn benign_goroutines_of_the_runner_and_of_well_known_libraries_pass_and_near_misses_do_not() {
    let other = || Made::new().goroutines(1, "app.other");
    let after = |frames: &str| judge_made("version: 1\n", other(), other().goroutines(1, frames)).0;
    let wait = "runtime.chanrecv1 runtime.chanrecv runtime.gopark";
    for benign in [
        "runtime.main main.main testing.(*M).Run",
        "testing.tRunner testing.(*T).Run",
        "testing.tRunner testing.tRunner.func1",
        "testing.fRunner testing.(*F).Fuzz.func1 testing.(*T).Run",
        "testing.(*M).startAlarm.func1",
        "os/signal.loop os/signal.signal_recv runtime.notetsleepg",
        "runtime.bgsweep",
        "runtime/trace.Start.func1",
        "runtime/pprof.profileWriter",
        "go.opencensus.io/stats/view.(*worker).start",
        "github.com/golang/glog.(*fileSink).flushDaemon",
        "k8s.io/klog/v2.(*flushDaemon).run.func1",
        "gopkg.in/natefinch/lumberjack%2ev2.(*Logger).millRun",
        "app/vendor/github.com/patrickmn/go-cache.(*janitor).Run",
        "github.com/hashicorp/golang-lru/v2/expirable.NewLRU[go.shape.string,go.shape.int].func1",
        "github.com/rcrowley/go-metrics.(*meterArbiter).tick",
    ] {
        assert_eq!(after(&format!("{benign} {wait}")), 0, "{benign}");
    }
    for leak in [
        "runtime.main main.main testing.(*M).Run testing.runExample app.Example",
        "testing.tRunner app.TestHangs",
        "runtime.corostart iter.Pull[...].func1",
        "os/signal.NotifyContext.func1",
        "net/http.(*conn).serve app.handle",
        "github.com/patrickmn/go-cache.(*janitor).RunOther",
    ] {
        assert_eq!(after(&format!("{leak} {wait}")), 1, "{leak}");
    }
}

#[test]
fn an_empty_value_is_an_error_and_not_a_wildcard() {
    for policy in [
        "version: 1\nrules:\n  - name: a\n    match: { root: }\n    limit: { growth: 9 }\n",
        "version: 1\nrules:\n  - name: a\n    match:\n    limit: { growth: 9 }\n",
        "version: 1\nrules:\n  - name: a\n    match: { root: ~ }\n    limit: { growth: 9 }\n",
        "version: 1\ndefaults: { limit: { growth: null, count: 500 } }\n",
        "version: 1\nrules:\n",
    ] {
        assert!(
            error(policy).contains("has no value: give one, or take the key out"),
            "{policy}"
        );
    }
    let said = error(
        "version: 1\nrules:\n  - name: a\n    match: { root: '' }\n    limit: { growth: 9 }\n",
    );
    assert!(
        said.contains("leakgate.yml:4:14: `root` is empty"),
        "{said}"
    );
}

#[test]
fn a_rule_cannot_be_hidden_from_reviewers() {
    for hidden in [
        '\u{85}', '\u{2028}', '\u{2029}', '\u{202e}', '\u{200b}', '\u{b}',
    ] {
        let said = error(&format!("version: 1\n# see the wiki{hidden}allow: []\n"));
        assert!(
            said.contains("leakgate.yml:2:15: a character that is not seen"),
            "{said}"
        );
    }
}

#[test]
fn a_comment_ends_where_an_editor_shows_its_end() {
    let said = error("version: 1\n# Limits are zero.\rdefaults: { limit: { growth: 99 } }\n");
    assert!(
        said.contains("leakgate.yml:2:19: a carriage return without a line feed"),
        "{said}"
    );
    let lines = "version: 1\r\ndefaults: { limit: { growth: 99 } }\r\n";
    for policy in [lines, &format!("\u{feff}{lines}")] {
        assert_eq!(judge(policy, "send-abandoned").0, 0, "{policy:?}");
    }
    let said = error("\u{feff}versoin: 1\n");
    assert!(said.contains("leakgate.yml:1:1: unknown key"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_policy_that_is_not_a_regular_file_is_an_error() {
    for (name, make) in [
        ("a link that leads nowhere", 0),
        ("a folder", 1),
        ("a named pipe", 2),
    ] {
        // Without the check, the policy in the folder above would be used, which allows all.
        let above = scratch(
            "leakgate.yml",
            "version: 1\ndefaults: { limit: { growth: 99 } }\n",
        );
        let here = above.path().join("module");
        std::fs::create_dir(&here).unwrap();
        let policy = here.join("leakgate.yml");
        match make {
            0 => std::os::unix::fs::symlink("nowhere.yml", &policy).unwrap(),
            1 => std::fs::create_dir(&policy).unwrap(),
            _ => pipe(&policy),
        }
        for named in [false, true] {
            let check = check_in(&here, "send-abandoned");
            let check = if named {
                check.args(&["--policy", "leakgate.yml"])
            } else {
                check
            };
            let ran = check.run();
            assert_eq!(ran.code, 2, "{name}: {}", ran.stdout);
            ran.complains("leakgate.yml");
            if !named {
                assert!(ran.stderr.contains(name), "{}", ran.stderr);
            }
        }
    }
}

#[test]
fn a_pattern_that_matches_every_name_is_reported_as_broad() {
    let policy = "version: 1\nallow: [{ match: { package: '*' }, max: 99, reason: x, expires: 2027-01-01 }]\n";
    let (_, report) = judge(policy, "send-abandoned");
    assert_eq!(report["allows"][0]["broad"], true);
}

#[test]
fn a_proven_condition_without_a_leak_profile_is_reported() {
    let (_, report) = judge(
        &rules("  - { name: it, match: { proven: true }, limit: { growth: 9 } }\n"),
        "send-abandoned",
    );
    assert!(
        report["notes"][0]["text"]
            .as_str()
            .unwrap()
            .contains("uses `proven`, but there is no goroutineleak profile"),
        "{report:#}"
    );
}

#[test]
fn a_pattern_that_no_name_can_match_is_an_error_and_so_is_a_tag() {
    let allow = |keys: &str| {
        format!(
            "version: 1\nallow:\n  - match:\n      root: main.*\n{keys}    max: 9\n    reason: x\n    expires: 2099-01-01\n"
        )
    };
    for (keys, says) in [
        (
            "      without: |\n        main.x\n",
            "begins or ends with a blank, or has a line break",
        ),
        (
            "      home: 'main.x '\n",
            "begins or ends with a blank, or has a line break",
        ),
        ("      home: !env main.x\n", "YAML tags are not read here"),
    ] {
        let ran = judge_as_text(&allow(keys), "send-abandoned").exits(2);
        ran.complains(says);
    }
    judge_as_text(
        &allow("      without: >-\n        main.x\n"),
        "send-abandoned",
    )
    .exits(0);
}

#[test]
fn a_class_that_nothing_was_run_for_matches_nothing_and_says_so() {
    let matcher = |class: &str| {
        rules(&format!(
            "  - {{ name: it, match: {{ confirmed: {class} }}, limit: {{ growth: 9 }} }}\n"
        ))
    };
    let (code, report) = judge(&matcher("not seen again"), "send-abandoned");
    assert_eq!(code, 1);
    let note = report["notes"][0]["text"].as_str().unwrap();
    assert!(
        note.contains("uses `confirmed`, but the tests of some findings were not run again"),
        "{note}"
    );
    let ran = judge_as_text(&matcher("once per run"), "send-abandoned");
    assert_eq!(ran.code, 2);
    ran.complains("unknown class `once per run`: did you mean `once per process`?");
}

#[test]
fn an_exceeded_exception_for_one_stack_should_be_raised_and_a_wider_one_preceded() {
    for (matcher, advice) in [
        (
            "stack: \"58843f3eee26\"",
            "raise max at leakgate.yml:3 from 2, if this is accepted too",
        ),
        (
            "root: main.sendAbandoned.func1",
            "above leakgate.yml:3: - { match: { stack: \"58843f3eee26\", root: \"main.sendAbandoned.func1\" }, max: 3, ",
        ),
    ] {
        let policy = format!(
            "version: 1
allow:
  - {{ match: {{ {matcher} }}, max: 2, reason: known, expires: 2027-01-01 }}
  - {{ match: {{ {matcher} }}, max: 3, reason: more, expires: 2027-01-01 }}
"
        );
        judge_as_text(&policy, "send-abandoned")
            .exits(1)
            .prints(&format!("  allow    {advice}"))
            .prints("leakgate.yml:4 is never reached: earlier exceptions take all");
    }
}

#[test]
fn an_accepted_goroutine_hides_no_other_one_with_the_same_root() {
    let wait = "runtime.chanrecv1 runtime.chanrecv runtime.gopark";
    let of = |loops: &[(u64, &str)]| {
        let other = Made::new().goroutines(1, "app.other");
        loops.iter().fold(other, |made, (count, name)| {
            made.goroutines(*count, &format!("app.goFunc.func1 app.{name} {wait}"))
        })
    };
    let offered = |policy: &str, after: Made| {
        let ran = judge_made_as_text(policy, of(&[]), after);
        (ran.code, ran.entries())
    };
    let both = || of(&[(3, "loopA"), (2, "loopB")]);
    let (code, entries) = offered("version: 1\n", both());
    assert_eq!((code, entries.len()), (1, 2));
    assert_ne!(entries[0], entries[1]);
    let accepted = policy_of(&entries);
    assert_eq!(offered(&accepted, both()).0, 0, "{accepted}");
    let only_a = policy_of(&entries[..1]);
    assert!(entries[0].contains("max: 3"), "{}", entries[0]);
    for replaced in [
        of(&[(3, "loopC")]),
        of(&[(1, "loopA"), (1, "loopC")]),
        of(&[(4, "loopA")]),
    ] {
        assert_eq!(offered(&only_a, replaced).0, 1, "{only_a}");
    }
}

#[test]
fn an_offered_entry_is_valid_yaml_and_matches_only_its_finding_whatever_its_name() {
    let wait = "runtime.chanrecv1 runtime.chanrecv runtime.gopark";
    let other = || Made::new().goroutines(1, "app.other");
    for name in [
        "app.(*Queue[go.shape.*uint8]).loop",
        "app.a\u{7f}b",
        "app.a*b",
        "app.a\u{3164}b",
        "app.##[error]",
        "app.\"quoted\"\\",
    ] {
        let leak = || other().goroutines(2, &format!("{name} {wait}"));
        let near = || other().goroutines(2, &format!("{} {wait}", name.replace('a', "ax")));
        let ran = judge_made_as_text("version: 1\n", other(), leak());
        let policy = policy_of(&ran.entries());
        assert_eq!(judge_made(&policy, other(), leak()).0, 0, "{policy}");
        assert_eq!(judge_made(&policy, other(), near()).0, 1, "{policy}");
    }
}

#[test]
fn an_unused_rule_is_reported_at_its_line_unless_it_only_guards_against_growth() {
    let policy = rules(
        "  - { name: case, match: { root: main.mutexunlocked.func1 }, limit: { growth: 9 } }
  - { name: trouble, match: { state: chan send }, per: state, limit: { growth: 0 } }
  - { name: all, limit: { growth: 9 } }
  - { name: late, match: { package: main }, limit: { growth: 9 } }
",
    );
    let directory = scratch("leakgate.yml", &policy);
    let check = || check_in(directory.path(), "mutex-unlocked");
    let ran = check().run().exits(0);
    for said in [
        "rule     leakgate.yml:3 case matches no goroutine, before or after",
        "rule     leakgate.yml:6 late is never reached: earlier rules take all that it matches",
    ] {
        ran.prints(said);
    }
    assert!(!ran.has("leakgate.yml:4"), "{}", ran.stdout);
    let (_, report) = check().json();
    let unused: Vec<_> = report["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| &rule["unused"])
        .collect();
    assert_eq!(unused, [true, false, false, false]);
}

#[test]
fn a_rule_can_match_a_stack_and_a_suite() {
    for (matcher, selects) in [
        ("stack: 58843f3eee26", true),
        ("stack: \"000000000000\"", false),
        ("suite: \"*send-abandoned/after.pb.gz\"", true),
        ("suite: example.com/shop", false),
    ] {
        let policy = rules(&format!(
            "  - {{ name: it, match: {{ {matcher} }}, limit: {{ growth: 9 }} }}\n"
        ));
        let (code, _) = judge(&policy, "send-abandoned");
        assert_eq!(code, i32::from(!selects), "{matcher}");
    }
    let said = error(&rules(
        "  - { name: it, match: { stack: AB03 }, limit: { growth: 9 } }\n",
    ));
    assert!(
        said.contains("`AB03` is no id of a stack: twelve hex digits"),
        "{said}"
    );
}

#[test]
fn the_entry_for_a_goroutine_that_only_sleeps_accepts_nothing_else_that_sleeps() {
    let other = || Made::new().goroutines(1, "app.other");
    let after = other().goroutines(2, "time.Sleep runtime.gopark");
    let ran = judge_made_as_text("version: 1\n", other(), after);
    let policy = policy_of(&ran.entries());
    for (frames, code) in [("time.Sleep", 0), ("app.poll time.Sleep", 1)] {
        let after = other().goroutines(2, &format!("{frames} runtime.gopark"));
        assert_eq!(judge_made(&policy, other(), after).0, code, "{policy}");
    }
}

#[test]
fn what_is_in_force_is_shown_with_the_line_that_it_comes_from() {
    let policy = "version: 1\nrules:\n  - { name: total, per: total, limit: { growth: 5, count: 500 }, severity: warning }\n\
                  allow:\n  - { match: { root: [main.x, main.y], state: select }, max: 2, reason: \"Why\\e[31m\", expires: 2027-03-31, owner: \"@shop\" }\n";
    let directory = scratch("leakgate.yml", policy);
    let show = || {
        Leakgate::new(&["policy", "show"])
            .dir(directory.path())
            .run()
    };
    let shown = show().exits(0).stdout;
    let expected = "policy   leakgate.yml\n\
                    allow    leakgate.yml:5  2 goroutines until 2027-03-31 (@shop)\n         \
                    root: main.x | main.y, state: select: Why\\u{1b}[31m\n\
                    built-in ";
    assert!(shown.starts_with(expected), "{shown}");
    let end = "rule     leakgate.yml:3  total: growth 5, count 500, per total, warning\n\
               rule     leakgate.yml  default: growth 0, error\n";
    assert!(shown.ends_with(end), "{shown}");
    std::fs::write(
        directory.path().join("leakgate.yml"),
        "version: 1\nrule: []\n",
    )
    .unwrap();
    show()
        .exits(2)
        .complains("leakgate.yml:2:1: unknown key `rule`: did you mean `rules`?");
}
