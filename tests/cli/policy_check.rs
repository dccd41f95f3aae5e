//! `leakgate policy check`: all errors at once, and what is wrong with a policy that can be read.

use crate::support::{Leakgate, Ran, scratch, write};

/// Checks a policy, and perhaps a baseline beside it, on 2026-11-20.
fn check(policy: &str, baseline: Option<&str>, more: &[&str]) -> Ran {
    let directory = scratch("leakgate.yml", policy);
    if let Some(baseline) = baseline {
        write(&directory.path().join("leakgate.baseline.yml"), baseline);
    }
    let day: &[&str] = if more.contains(&"--today") {
        &[]
    } else {
        &["--now", "2026-11-20"]
    };
    Leakgate::new(&["policy", "check"])
        .args(day)
        .args(more)
        .dir(directory.path())
        .run()
}

/// The places of all errors, in their order.
fn places(ran: &Ran) -> Vec<&str> {
    let lines = ran.stderr.lines();
    let lines = lines.map(|line| line.strip_prefix("leakgate: ").unwrap_or(line));
    let errors = lines.filter(|line| line.starts_with("leakgate."));
    errors
        .map(|line| line.split_once(": ").unwrap().0)
        .collect()
}

const MANY_ERRORS: &str = "version: 1
defaults: { limit: { grwth: 1 } }
rules:
  - nme: a
    limit: { growth: many, count: -1 }
    match: { rot: x, state: chan sned, root: [] }
  - not-a-rule
  - name: b
    per: totl
    limit:
  - name: b
    limit: { growth: 1, growth: 2 }
    per: { labl: x }
allow:
  - match: { root: *.Run, stack: AB03 }
    max: { as-many-as: gone }
    expires: 2027-02-30
  - name: c
    max: 0
    reason: ...
";

#[test]
fn all_errors_of_a_policy_are_shown_at_once_and_in_the_order_of_the_file() {
    // An alias of nothing is broken YAML: behind it nothing is known.
    let ran = check(MANY_ERRORS, None, &[]).exits(2);
    assert_eq!(
        places(&ran),
        [
            "leakgate.yml:10:5",
            "leakgate.yml:12:25",
            "leakgate.yml:15:20"
        ]
    );
    let ran = check(&MANY_ERRORS.replace("*.Run", "'*.Run'"), None, &[]).exits(2);
    assert_eq!(ran.stdout, "");
    insta::assert_snapshot!(ran.stderr);
}

#[test]
fn check_and_run_show_all_errors_too() {
    let directory = scratch("leakgate.yml", "version: 1\nrule: []\nalow: []\n");
    let ran = Leakgate::check()
        .dir(directory.path())
        .pair("go1.27", "send-abandoned")
        .run()
        .exits(2);
    assert_eq!(places(&ran), ["leakgate.yml:2:1", "leakgate.yml:3:1"]);
}

#[test]
fn the_errors_of_the_baseline_are_shown_beside_those_of_the_policy() {
    let baseline = "version: 1
accepted:
  - stack: 1f0c2a9be771
    suite: a
    max: 0
    expires: 2027-03-31
    reason: known
  - sum: 1f0c2a9be771
    max: 1
    expires: never
";
    let ran = check("version: 1\nrule: []\n", Some(baseline), &[]).exits(2);
    let expected = [
        "leakgate.yml:2:1",
        "leakgate.baseline.yml:5:5",
        "leakgate.baseline.yml:8:5",
        "leakgate.baseline.yml:8:5",
        "leakgate.baseline.yml:8:5",
        "leakgate.baseline.yml:10:5",
    ];
    assert_eq!(places(&ran), expected, "{}", ran.stderr);
}

#[test]
fn no_number_of_errors_makes_it_slow_or_long() {
    let rules = "  - { nme: a }\n".repeat(20_000);
    let ran = check(&format!("version: 1\nrules:\n{rules}"), None, &[]).exits(2);
    assert_eq!(places(&ran).len(), 100);
    ran.complains("there may be more errors: mend these first");
    let entry = "  - { stack: nothing, suite: a, max: 0, expires: never, reason: ... }\n";
    let baseline = format!("version: 1\naccepted:\n{}", entry.repeat(20_000));
    let ran = check("version: 1\n", Some(&baseline), &[]).exits(2);
    assert_eq!(places(&ran).len(), 100);
    ran.complains("there may be more errors: mend these first");
}

const WARNINGS: &str = "version: 1
rules:
  - { name: app, match: { package: app }, limit: { growth: 1 } }
  - { name: late, match: { package: app, state: select }, limit: { growth: 9 } }
  - { name: sums, match: { package: app }, per: total, limit: { growth: 9 } }
allow:
  - { match: { root: app.* }, max: 1, reason: x, expires: 2027-12-01 }
  - { match: { root: app.run }, max: 9, reason: x, expires: 2027-06-01, owner: '@shop/app' }
  - { match: { home: b.run, without: 'b.*' }, max: 1, reason: x, expires: 2027-12-01 }
  - { match: { any: time.Sleep }, max: 1, reason: x, expires: 2027-12-01 }
  - { match: { package: c }, max: 1, reason: x, expires: 2027-12-01 }
  - { match: { root: d.run }, max: 1, reason: x, expires: 2026-12-04 }
  - { match: { root: e.run }, max: 1, reason: x, expires: 2026-11-19 }
";

const BASELINE: &str = "version: 1
accepted:
  - stack: 1f0c2a9be771
    suite: a
    max: 1
    home: app.(*Pool).run
    expires: 2026-11-20
    reason: known
  - sum: 2f0c2a9be771
    suite: a
    max: 1
    rule: gone
    expires: 2027-11-20
    reason: known
";

#[test]
fn a_policy_that_can_be_read_is_reviewed_and_passes_unless_that_is_asked_for() {
    let ran = check(WARNINGS, Some(BASELINE), &[]).exits(0);
    insta::assert_snapshot!(ran.stdout);
    let ran = check(WARNINGS, Some(BASELINE), &["--strict"]).exits(1);
    ran.prints("FAIL 9 warnings (--strict) in leakgate.yml and leakgate.baseline.yml");
    let ran = check(WARNINGS, None, &["--today", "2026-11-19"]);
    ran.prints("leakgate.yml:13 expires in 0 days");
    ran.prints("PASS 6 warnings in leakgate.yml");
}

#[test]
fn what_is_in_order_passes_and_says_so() {
    let policy =
        "version: 1\nrules: [{ name: app, match: { package: app }, limit: { growth: 1 } }]\n";
    let ran = check(policy, None, &["--strict"]).exits(0);
    assert_eq!(ran.stdout, "PASS 0 warnings in leakgate.yml\n");
    let ran = Leakgate::new(&["policy", "check", "--policy", "examples/leakgate.yml"]);
    ran.args(&["--now", "2026-11-20", "--strict"])
        .run()
        .exits(0);
}

#[test]
fn the_names_of_a_policy_steer_no_terminal() {
    let policy = "version: 1
rules:
  - { name: \"a\\e[31m\", match: { root: x, without: '*' }, limit: { growth: 1 } }
";
    let ran = check(policy, None, &[]).exits(0);
    ran.prints("a\\u{1b}[31m can match nothing");
}
