//! What a policy makes of a diff, as tables to learn it from: a rule, the policy, the lines before
//! and after, the findings.

use jiff::civil::date;

use super::Judge;
use crate::evidence::{Profiles, Suite};
use crate::policy::Policy;
use crate::testing::{proven, snapshot};
use crate::verdict::{Finding, Side, SkipReason, Subject, Verdict};

/// The judgement on the 20th of November 2026.
fn judge(policy: &str, before: &str, after: &str, leaks: Option<&str>) -> Verdict {
    let policy = Policy::parse("leakgate.yml".as_ref(), policy).expect("the policy is right");
    let judge = Judge::new(&policy, date(2026, 11, 20));
    let (before, afters) = (snapshot(before), vec![snapshot(after)]);
    let profiles = Profiles::new(before, afters, leaks.map(proven));
    let suite = Suite {
        name: "example.com/shop".into(),
        around_tests: true,
        ..Suite::default()
    };
    judge.verdict(vec![judge.suite(suite, &profiles)], Vec::new(), None)
}

/// A finding as the tables write it: its disposition, its rule, before and after, how many were
/// allowed, and its root or what was counted together.
fn line(finding: &Finding) -> String {
    let Finding {
        rule,
        before,
        after,
        ..
    } = finding;
    let what = match &finding.subject {
        Subject::Stack(stack) => match &stack.root {
            Some(root) => root.name().to_owned(),
            None => rule.per.name(),
        },
        Subject::Sum(sum) => match &sum.key {
            None => rule.per.name(),
            Some(key) => format!("{} {key}", rule.per.name()),
        },
    };
    let (disposition, allowed) = (finding.disposition.name(), finding.allowed());
    let rule = &rule.name;
    format!("{disposition} {rule} {before}->{after} of {allowed} {what}")
}

/// One thing that a policy can say.
struct Case {
    says: &'static str,
    policy: &'static str,
    before: &'static str,
    after: &'static str,
    findings: &'static [&'static str],
}

fn hold(cases: &[Case]) {
    for Case {
        says,
        policy,
        before,
        after,
        findings,
    } in cases
    {
        let verdict = judge(policy, before, after, None);
        let found: Vec<_> = verdict.findings.iter().map(line).collect();
        assert_eq!(found, *findings, "{says}");
    }
}

#[test]
fn rules_and_limits() {
    hold(&[
        Case {
            says: "without a rule no stack may grow",
            policy: "version: 1",
            before: "2 app.a\n3 app.b\n1 app.c",
            after: "2 app.a\n4 app.b\n5 app.d",
            findings: &[
                "open default 0->5 of 0 app.d",
                "open default 3->4 of 3 app.b",
            ],
        },
        Case {
            says: "the first rule per stack that matches decides",
            policy: "
version: 1
rules:
  - { name: pool, match: { root: app.pool* }, limit: { growth: 3 } }
  - { name: rest, match: { root: app.* }, limit: { growth: 1 }, severity: warning }",
            before: "1 app.pool.work\n1 app.other",
            after: "4 app.pool.work\n3 app.other",
            findings: &["open rest 1->3 of 2 app.other"],
        },
        Case {
            says: "of growth and percent the larger one holds, and a ceiling holds in any case",
            policy: "
version: 1
rules:
  - { name: ten, match: { root: app.ten }, limit: { growth: 1, percent: 10 } }
  - { name: top, match: { root: app.top }, limit: { growth: 10, count: 12 } }",
            before: "25 app.ten\n8 app.top",
            after: "28 app.ten\n13 app.top",
            findings: &[
                "open top 8->13 of 12 app.top",
                "open ten 25->28 of 27 app.ten",
            ],
        },
        Case {
            says: "a ceiling is for stacks that did not grow too",
            policy: "{version: 1, defaults: {limit: {count: 2}}}",
            before: "3 app.a",
            after: "3 app.a",
            findings: &["open default 3->3 of 2 app.a"],
        },
        Case {
            says: "a rule for one test judges only what that test started",
            policy: "
version: 1
rules:
  - { name: loose, match: { test: TestA }, limit: { growth: 9 } }",
            before: "1 app.main",
            after: "1 app.main\n4 {leakgate.test=TestA} app.a\n1 {leakgate.test=TestB} app.a",
            findings: &["open default 0->1 of 0 app.a"],
        },
        Case {
            says: "sums are counted beside the rule that decides for each stack",
            policy: "
version: 1
defaults: { limit: { growth: 9 } }
rules:
  - { name: total, per: total, limit: { growth: 3 } }
  - { name: roots, per: root, limit: { growth: 2 } }
  - { name: states, per: state, match: { state: chan receive }, limit: { growth: 4 } }
  - { name: tests, per: test, limit: { count: 2 } }
  - { name: handlers, per: { label: handler }, limit: { count: 1 } }
  - { name: packages, per: package, limit: { growth: 4 } }",
            before: "1 app.a",
            after: "2 app.a\n3 {leakgate.test=TestA} app.b\n2 {handler=/v1} web.serve runtime.selectgo",
            findings: &[
                "open total 1->7 of 4 total",
                "open roots 0->3 of 2 root app.b",
                "open tests 0->3 of 2 test TestA",
                "open handlers 0->2 of 1 label handler /v1",
            ],
        },
    ]);
}

#[test]
fn exceptions() {
    hold(&[
        Case {
            says: "an exception covers up to its max, all its stacks together",
            policy: "
version: 1
allow: [{ match: { root: app.* }, max: 3, reason: known, expires: 2027-01-01 }]",
            before: "1 app.main",
            after: "1 app.main\n2 app.a",
            findings: &["allowed default 0->2 of 0 app.a"],
        },
        Case {
            says: "of more it covers none",
            policy: "
version: 1
allow: [{ match: { root: app.* }, max: 3, reason: known, expires: 2027-01-01 }]",
            before: "1 app.main",
            after: "1 app.main\n2 app.a\n1 app.b",
            findings: &[
                "open default 0->2 of 0 app.a",
                "open default 0->1 of 0 app.b",
            ],
        },
        Case {
            says: "past its last day it covers nothing, and one that renews it does",
            policy: "
version: 1
allow:
  - { match: { root: app.a }, max: 3, reason: old, expires: 2026-11-19 }
  - { match: { root: app.b }, max: 3, reason: old, expires: 2026-11-19 }
  - { match: { root: app.b }, max: 3, reason: new, expires: 2026-11-20 }",
            before: "1 app.main",
            after: "1 app.main\n1 app.a\n1 app.b",
            findings: &[
                "expired default 0->1 of 0 app.a",
                "allowed default 0->1 of 0 app.b",
            ],
        },
        Case {
            says: "what is covered is left out of sums",
            policy: "
version: 1
rules: [{ name: total, per: total, limit: { growth: 1 } }]
allow: [{ match: { root: app.a }, max: 3, reason: known, expires: 2027-01-01 }]",
            before: "1 app.main",
            after: "1 app.main\n3 app.a\n1 app.b",
            findings: &[
                "open default 0->1 of 0 app.b",
                "allowed default 0->3 of 0 app.a",
            ],
        },
        Case {
            says: "a list of patterns is for any of them, and `without` for none",
            policy: "
version: 1
allow: [{ match: { root: [app.a, app.b], without: app.leak }, max: 9, reason: known, expires: 2027-01-01 }]",
            before: "1 app.main",
            after: "1 app.main\n1 app.a\n2 app.b app.wait\n3 app.b app.leak",
            findings: &[
                "open default 0->3 of 0 app.b",
                "allowed default 0->2 of 0 app.b",
                "allowed default 0->1 of 0 app.a",
            ],
        },
    ]);
}

#[test]
fn exceptions_for_goroutines_that_come_together() {
    hold(&[
        Case {
            says: "goroutines that come together are accepted together, those in use are not",
            policy: "
version: 1
allow:
  - { name: conn, match: { root: app.conn }, max: 2, in-use-by: app.call, reason: pool, expires: 2027-01-01 }
  - { match: { root: app.ping }, max: { as-many-as: conn }, reason: pool, expires: 2027-01-01 }",
            before: "1 app.main",
            after: "1 app.main\n2 app.conn\n2 app.ping\n1 app.call",
            findings: &[
                "open default 0->1 of 0 app.ping",
                "open default 0->1 of 0 app.call",
                "open default 0->1 of 0 app.conn",
                "allowed default 0->1 of 0 app.ping",
                "allowed default 0->1 of 0 app.conn",
            ],
        },
        Case {
            says: "so are those of one test",
            policy: "
version: 1
allow:
  - { name: conn, match: { root: app.conn, test: TestA }, max: 2, in-use-by: app.call, reason: pool, expires: 2027-01-01 }
  - { match: { root: app.ping }, max: { as-many-as: conn }, reason: pool, expires: 2027-01-01 }",
            before: "1 app.main",
            after: "1 app.main
2 {leakgate.test=TestA} app.conn
1 {leakgate.test=TestB} app.conn
2 {leakgate.test=TestA} app.ping
1 {leakgate.test=TestB} app.ping
1 {leakgate.test=TestA} app.call",
            findings: &[
                "open default 0->2 of 0 app.ping",
                "open default 0->1 of 0 app.call",
                "open default 0->1 of 0 app.conn",
                "open default 0->1 of 0 app.conn",
                "allowed default 0->1 of 0 app.ping",
                "allowed default 0->1 of 0 app.conn",
            ],
        },
    ]);
}

#[test]
fn the_built_in_list() {
    hold(&[
        Case {
            says: "the built-in list covers what comes with a test run, one alarm and no more",
            policy: "version: 1",
            before: "1 app.main",
            after: "1 app.main\n1 testing.(*M).startAlarm.func1",
            findings: &["allowed default 0->1 of 0 testing.(*M).startAlarm.func1"],
        },
        Case {
            says: "it can be switched off",
            policy: "{version: 1, builtin-allow: false}",
            before: "1 app.main",
            after: "1 app.main\n1 testing.(*M).startAlarm.func1",
            findings: &["open default 0->1 of 0 testing.(*M).startAlarm.func1"],
        },
        Case {
            says: "the writer of a connection is covered as far as its reader is",
            policy: "version: 1",
            before: "1 app.main",
            after: "1 app.main
1 {leakgate.test=TestA} net/http.(*persistConn).readLoop bufio.(*Reader).Peek runtime.netpollblock
1 {leakgate.test=TestB} net/http.(*persistConn).readLoop runtime.selectgo
1 {leakgate.test=TestA} net/http.(*persistConn).writeLoop runtime.selectgo
1 {leakgate.test=TestB} net/http.(*persistConn).writeLoop runtime.selectgo",
            findings: &[
                "open default 0->1 of 0 net/http.(*persistConn).readLoop",
                "open default 0->1 of 0 net/http.(*persistConn).writeLoop",
                "allowed default 0->1 of 0 net/http.(*persistConn).writeLoop",
                "allowed default 0->1 of 0 net/http.(*persistConn).readLoop",
            ],
        },
    ]);
}

#[test]
fn growth_is_laid_to_the_tests_that_started_it() {
    let verdict = judge(
        "version: 1",
        "1 app.main",
        "1 app.main\n2 {leakgate.test=TestA} app.a\n1 {leakgate.test=TestB handler=/v1} app.a\n1 app.a",
        None,
    );
    let finding = &verdict.findings[0];
    let tests: Vec<_> = finding
        .tests
        .iter()
        .map(|(test, count)| (&**test, *count))
        .collect();
    assert_eq!(
        (finding.growth(), tests),
        (4, vec![("TestA", 2), ("TestB", 1)])
    );
    assert_eq!(finding.labels["handler"]["/v1"], 1);
}

#[test]
fn what_go_proved_is_counted_apart() {
    let leaks = "2 app.a";
    let after = "1 app.main\n3 app.a\n1 app.b";
    let policy = "
version: 1
rules: [{ name: proven, match: { proven: true }, limit: { growth: 0 } }]
defaults: { severity: warning }";
    let verdict = judge(policy, "1 app.main", after, Some(leaks));
    let found: Vec<_> = verdict
        .findings
        .iter()
        .map(|one| (line(one), one.stack().and_then(|stack| stack.proven)))
        .collect();
    let expected = [
        ("open proven 0->3 of 0 app.a".to_owned(), Some(2)),
        ("open default 0->1 of 0 app.b".to_owned(), Some(0)),
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_a_policy_says_in_vain_is_said_at_its_line() {
    let policy = "
version: 1
rules:
  - { name: misspelt, match: { root: app.wrok }, limit: { growth: 3 } }
  - { name: all, match: { root: app.* }, limit: { growth: 3 } }
  - { name: hidden, match: { root: app.a }, limit: { growth: 3 } }
allow:
  - { match: { root: app.gone }, max: 1, reason: left, expires: 2026-12-01 }
  - { match: { root: runtime.gopark }, max: 1, reason: too much, expires: 2027-12-01 }";
    let verdict = judge(policy, "1 app.main", "1 app.main\n1 app.a", None);
    let rules: Vec<_> = verdict
        .rules
        .iter()
        .map(|one| (one.rule.line, one.unused, one.shadowed))
        .collect();
    assert_eq!(
        rules,
        [
            (Some(4), true, false),
            (Some(5), false, false),
            (Some(6), false, true)
        ]
    );
    let own = verdict
        .allows
        .iter()
        .filter(|one| one.exception.line().is_some());
    let allows: Vec<_> = own
        .map(|one| {
            (
                one.exception.line(),
                one.unused,
                one.expires_soon(),
                one.is_broad(),
            )
        })
        .collect();
    assert_eq!(
        allows,
        [(Some(8), true, true, false), (Some(9), true, false, true)]
    );
}

#[test]
fn what_cannot_be_judged_is_in_the_verdict() {
    let before = "1 app.main\n1";
    let after = "1 app.main\n4\n1 app.capture runtime.pprof_goroutineProfileWithLabels \
                 runtime.goroutineProfileWithLabels";
    let verdict = judge("version: 1", before, after, None);
    let skipped: Vec<_> = verdict
        .skipped
        .iter()
        .map(|one| (one.count, one.side, one.reason))
        .collect();
    assert_eq!(
        skipped,
        [
            (1, Side::Before, SkipReason::NoFrame),
            (1, Side::After, SkipReason::TookProfile),
            (4, Side::After, SkipReason::NoFrame),
        ]
    );
    assert!(
        verdict.unchecked[0]
            .why
            .starts_with("3 more goroutines than before")
    );
}
