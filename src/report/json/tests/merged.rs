//! Verdicts that are put together: in any order, and with any of them put together first.

use std::sync::Arc;

use proptest::prelude::*;

use crate::evidence::Unchecked;
use crate::report::json;
use crate::report::sample::{self, HOSTILE};
use crate::report::text::{self, Detail};
use crate::verdict::{FailOn, LeftOut, Note, SameShard, Suite, Verdict, merge};

/// What a shard of a build may have found.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one thing that may be"
)]
struct Found {
    /// For each suite: its goroutines, and whether all of its tests ran.
    suites: Vec<(u8, i64, bool)>,
    /// The kind, the suite and the goroutines of each finding.
    findings: Vec<(u8, u8, i64)>,
    /// How an exception, a rule and an entry of the baseline were used.
    used: [u8; 3],
    has_baseline: bool,
    gated: bool,
    policy: bool,
    unchecked: bool,
    left_out: usize,
}

fn found() -> impl Strategy<Value = Found> {
    let suites = prop::collection::vec((0..3_u8, 0..9_i64, any::<bool>()), 0..3);
    let findings = prop::collection::vec((0..4_u8, 0..3_u8, 0..9_i64), 0..4);
    let flags = any::<(bool, bool, bool, bool)>();
    let rest = ([0..4_u8, 0..4_u8, 0..4_u8], 0..2_usize);
    (suites, findings, flags, rest).prop_map(|(suites, findings, flags, (used, left_out))| {
        let (has_baseline, gated, policy, unchecked) = flags;
        Found {
            suites,
            findings,
            used,
            has_baseline,
            gated,
            policy,
            unchecked,
            left_out,
        }
    })
}

fn name(suite: u8) -> &'static str {
    ["example.com/shop/worker", "example.com/shop/mail", HOSTILE][usize::from(suite)]
}

impl Found {
    fn verdict(&self) -> Verdict {
        let sample = sample::verdict();
        let mut verdict = Verdict {
            suites: Vec::new(),
            findings: Vec::new(),
            notes: Vec::new(),
            unchecked: Vec::new(),
            ..sample.clone()
        };
        for (suite, count, whole) in &self.suites {
            let suite = Suite {
                name: name(*suite).into(),
                after: *count,
                whole: *whole,
                ..sample.suites[0].clone()
            };
            if !verdict.suites.iter().any(|one| one.name == suite.name) {
                let text = format!("{count} goroutines");
                verdict.notes.push(Note {
                    suite: suite.name.clone(),
                    text,
                });
                verdict.suites.push(suite);
            }
        }
        for (kind, suite, after) in &self.findings {
            let mut finding = sample.findings[usize::from(*kind)].clone();
            (finding.suite, finding.after) = (name(*suite).into(), *after);
            verdict.findings.push(finding);
        }
        let [allow, rule, entry] = self.used;
        let one = &mut verdict.allows[0];
        (one.unused, one.shadowed, one.matched) = (allow == 1, allow == 2, i64::from(allow == 3));
        let one = &mut verdict.rules[0];
        (one.unused, one.shadowed, one.reached) = (rule == 1, rule == 2, rule == 3);
        verdict.baseline = sample::with_baseline()
            .baseline
            .filter(|_| self.has_baseline);
        if let Some(baseline) = &mut verdict.baseline {
            // What fails for the entries of one shard may hold for those of another.
            baseline.strict = false;
            let one = &mut baseline.entries[0];
            (one.matched, one.whole) = (Some(i64::from(entry)).filter(|_| entry > 0), entry > 1);
        }
        if let Some(command) = verdict.command.as_mut().filter(|_| !self.gated) {
            (command.gated, command.failed) = (false, Some("exit status 1".into()));
        }
        if self.policy {
            verdict.policy = "other.yml".into();
        }
        if self.unchecked {
            verdict
                .unchecked
                .push(Unchecked::new(name(1), "it ended early"));
        }
        verdict.left_out = LeftOut {
            findings: self.left_out,
            violations: self.left_out,
            ..LeftOut::default()
        };
        verdict.totals.suites = verdict.suites.len() as u64;
        verdict.sort();
        verdict
    }
}

type Named = Vec<(Arc<str>, Verdict)>;

fn named(shards: &[Found]) -> Named {
    let names = ["linux", "macos", "windows", HOSTILE, "a"];
    let shards = names.into_iter().zip(shards);
    shards
        .map(|(name, found)| (name.into(), found.verdict()))
        .collect()
}

fn written(verdict: &Verdict) -> String {
    sample::of(verdict, json::render)
}

fn merged(shards: Named) -> Verdict {
    merge(shards).unwrap()
}

/// As it comes from a file.
fn read_back((name, verdict): (Arc<str>, Verdict)) -> (Arc<str>, Verdict) {
    (
        name,
        json::read(written(&verdict).as_bytes()).unwrap().verdict,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_order_does_not_matter(
        (shards, order) in prop::collection::vec(found(), 2..5).prop_flat_map(|shards| {
            let order: Vec<usize> = (0..shards.len()).collect();
            (Just(shards), Just(order).prop_shuffle())
        })
    ) {
        let shards = named(&shards);
        let shuffled = order.iter().map(|at| shards[*at].clone()).collect();
        prop_assert!(written(&merged(shuffled)) == written(&merged(shards)));
    }

    #[test]
    fn some_can_be_put_together_first(shards in prop::collection::vec(found(), 3..6), cut in 1..5_usize) {
        let shards = named(&shards);
        let cut = cut.min(shards.len() - 1);
        let (first, rest) = shards.split_at(cut);
        let [first, rest] = [first, rest].map(|part| {
            let name = part[0].0.clone();
            read_back((name, merged(part.to_vec())))
        });
        prop_assert!(written(&merged(vec![rest, first])) == written(&merged(shards)));
    }

    #[test]
    fn it_ends_as_the_worst_of_them_does(shards in prop::collection::vec(found(), 2..5)) {
        let shards = named(&shards);
        let outcomes: Vec<&str> = shards.iter().map(|(_, one)| one.outcome(FailOn::Error).name()).collect();
        let all = merged(shards.clone());
        let outcome = all.outcome(FailOn::Error).name();
        let worst = ["fail", "no-evidence", "pass"].into_iter().find(|one| outcomes.contains(one));
        // A finding that there was no room for is not known to be of a shard whose command failed.
        let is_known = shards.iter().all(|(_, one)| one.left_out.findings == 0);
        prop_assert!(worst == Some(outcome) || !is_known && outcome == "fail", "{outcomes:?} {outcome}");
    }
}

fn plain(verdict: &Verdict) -> String {
    let text = sample::of(verdict, |subject| text::render(subject, Detail::Normal));
    anstream::adapter::strip_str(&text).to_string()
}

#[test]
fn a_suite_of_two_shards_is_there_twice_and_named_with_them() {
    let one = |name: &str| (Arc::from(name), sample::verdict());
    let merged = merged(vec![one("macos"), one("linux")]);
    let names: Vec<String> = merged
        .suites
        .iter()
        .map(|one| one.name.to_string())
        .collect();
    assert!(
        names.contains(&"example.com/shop/clean (linux)".to_owned()),
        "{names:?}"
    );
    assert!(
        names.contains(&"example.com/shop/clean (macos)".to_owned()),
        "{names:?}"
    );
    let text = plain(&merged);
    sample::assert_harmless(&text);
    assert!(
        text.contains("example.com/shop/clean was judged in linux and macos"),
        "{text}"
    );
    insta::assert_snapshot!(text);
}

#[test]
fn a_suite_of_one_shard_keeps_its_name_and_its_fingerprint() {
    let mut other = sample::verdict();
    for suite in &mut other.suites {
        suite.name = "example.com/shop/other".into();
    }
    (other.findings, other.causes, other.moved, other.notes) = Default::default();
    other.unchecked.clear();
    let alone = sample::verdict();
    let merged = merged(vec![
        ("linux".into(), alone.clone()),
        ("macos".into(), other),
    ]);
    let print = |verdict: &Verdict| {
        let report = sample::of(verdict, crate::report::sarif::render);
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        let results = report["runs"][0]["results"].as_array().unwrap().clone();
        let prints = results
            .iter()
            .map(|one| one["partialFingerprints"].to_string());
        prints.collect::<Vec<_>>()
    };
    assert_eq!(print(&merged), print(&alone));
    let text = plain(&merged);
    assert!(
        text.contains("example.com/shop/worker in shard linux"),
        "{text}"
    );
    assert!(!text.contains("was judged in"), "{text}");
}

#[test]
fn a_shard_whose_command_failed_is_named_and_does_not_hide_the_others() {
    let mut failed = sample::verdict();
    let command = failed.command.as_mut().unwrap();
    (command.gated, command.failed) = (false, Some("exit status 1".into()));
    let clean = Verdict {
        findings: Vec::new(),
        unchecked: Vec::new(),
        ..sample::verdict()
    };
    let merged_with = |other: Verdict| {
        merged(vec![
            ("linux".into(), failed.clone()),
            ("macos".into(), other),
        ])
    };
    let not_gated = merged_with(clean);
    assert_eq!(not_gated.outcome(FailOn::Error).name(), "no-evidence");
    let text = plain(&not_gated);
    assert!(
        text.contains("NOT GATED linux: tests failed, exit status 1"),
        "{text}"
    );
    let violated = merged_with(sample::verdict());
    assert_eq!(violated.outcome(FailOn::Error).name(), "fail");
    let text = plain(&violated);
    let closing = text
        .lines()
        .skip_while(|line| !line.starts_with("FAIL 4 violations"));
    let closing = closing.map(str::trim).collect::<Vec<_>>().join(" ");
    assert!(
        closing.ends_with(", not gated linux: tests failed, exit status 1"),
        "{text}"
    );
}

#[test]
fn two_shards_of_one_name_are_an_error_that_says_which() {
    let one = |name: &str| (Arc::from(name), sample::verdict());
    let both = merged(vec![one("a"), one("b")]);
    let error = merge(vec![one("c"), one("b"), ("x".into(), both)]).unwrap_err();
    assert_eq!(
        error,
        SameShard {
            shard: "b".into(),
            at: [1, 2]
        }
    );
}

#[test]
fn a_shard_that_judged_nothing_is_never_clean() {
    let clean = Verdict {
        findings: Vec::new(),
        unchecked: Vec::new(),
        ..sample::verdict()
    };
    let merged = merged(vec![
        ("linux".into(), clean),
        ("macos".into(), Verdict::default()),
    ]);
    assert_eq!(merged.outcome(FailOn::Error).name(), "no-evidence");
    assert!(plain(&merged).contains("UNCHECKED macos"));
}
