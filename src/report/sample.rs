//! One verdict for the tests of every format. A name that tries to be more than a name is wherever strangers write.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::date;

use super::Subject;
use super::sources::{Module, Sources};
use crate::diff::Pairing;
use crate::evidence::{Ending, TestRun, Unchecked};
use crate::policy::{Exception, Matcher, Max, Origin, Pattern, Severity};
use crate::verdict::{
    AllowUse, CommandRun, Disposition, FailOn, Finding, Moved, Note, Place, RuleUse, Skipped,
    Suite, Totals, Trace, Verdict,
};

/// Commands of CI logs, markup, ends of comments and of sections, ANSI escapes, right-to-left marks, and characters that
/// XML cannot hold.
pub(super) const HOSTILE: &str = "::error::a|b%<script>alert(1)</script>\r\n::error file=x::\n##[error]y\u{1b}[31m\u{202e}\u{200f}`c`*d*_e_[f](http://g)@h/i -->]]>\"'&\u{0}\u{b}\u{ffff}\\";

fn place(function: &str, file: &str, line: u32) -> Place {
    Place {
        function: function.into(),
        file: file.into(),
        line,
    }
}

fn trace(places: &[Place]) -> Trace {
    Trace::new(places.len(), |index| places[index].clone())
}

fn counted(names: &[(&str, i64)]) -> BTreeMap<String, i64> {
    names
        .iter()
        .map(|&(name, count)| (name.to_owned(), count))
        .collect()
}

/// A leak that any team knows, with dependencies and the standard library in its stack.
fn worker() -> Finding {
    let home = place(
        "example.com/shop/worker.(*Pool).run",
        "/home/runner/work/shop/shop/worker/pool.go",
        57,
    );
    let root = place(
        "example.com/shop/worker.(*Pool).Start.func1",
        "/home/runner/work/shop/shop/worker/pool.go",
        31,
    );
    Finding {
        id: "9c1185a5c5e9".into(),
        rule: "worker-pool".into(),
        rule_place: "leakgate.yml:12".into(),
        severity: Severity::Error,
        suite: "example.com/shop/worker".into(),
        disposition: Disposition::Open,
        per: "stack".into(),
        key: String::new(),
        before: 2,
        after: 42,
        series: vec![42],
        allowed: 5,
        sum: "2 + growth 3; ceiling 64".into(),
        proven: Some(42),
        state: Some("chan receive"),
        cause: "the sender is gone, or the channel is never closed",
        fix: "Call Pool.Close in the test's cleanup.".into(),
        root: Some(root.clone()),
        home: Some(home.clone()),
        tests: counted(&[("TestPoolDrain", 38), ("TestPoolStop/twice", 2)]),
        shared: false,
        labels: BTreeMap::new(),
        pairing: Some(Pairing::Exact),
        stack: trace(&[
            place("runtime.gopark", "/usr/local/go/src/runtime/proc.go", 474),
            place("runtime.chanrecv", "/usr/local/go/src/runtime/chan.go", 667),
            home,
            place(
                "example.com/dep.Each",
                "/home/runner/go/pkg/mod/example.com/dep@v1.2.3/each.go",
                9,
            ),
            root,
        ]),
        stack_before: Trace::default(),
        reason: String::new(),
        builtin: None,
        exceeds: None,
    }
}

/// The same leak with a hostile name in every place of a stranger.
fn hostile() -> Finding {
    let home = place(HOSTILE, HOSTILE, 3);
    let labels = BTreeMap::from([(HOSTILE.to_owned(), counted(&[(HOSTILE, 1)]))]);
    Finding {
        id: "0123456789ab".into(),
        rule: HOSTILE.into(),
        rule_place: format!("{HOSTILE}:7"),
        suite: HOSTILE.into(),
        before: 0,
        after: 1,
        allowed: 0,
        sum: "0 + growth 0".into(),
        proven: None,
        fix: HOSTILE.into(),
        root: Some(home.clone()),
        home: Some(home.clone()),
        tests: counted(&[(HOSTILE, 1)]),
        labels,
        pairing: Some(Pairing::Renamed),
        stack: trace(&[home.clone(), place("main.main", HOSTILE, 0)]),
        stack_before: trace(&[place("main.main", HOSTILE, 0)]),
        reason: HOSTILE.into(),
        ..worker()
    }
}

/// A sum over several stacks, that no function stands for.
fn total() -> Finding {
    Finding {
        id: String::new(),
        rule: "total".into(),
        rule_place: "leakgate.yml:8".into(),
        severity: Severity::Warning,
        per: "total".into(),
        before: 3,
        after: 44,
        series: Vec::new(),
        allowed: 8,
        sum: "3 + growth 5".into(),
        proven: None,
        state: None,
        cause: "",
        fix: String::new(),
        root: None,
        home: None,
        tests: BTreeMap::new(),
        pairing: None,
        stack: Trace::default(),
        reason: "40 of worker.(*Pool).run, 1 of cache.(*Cache).sweep".into(),
        ..worker()
    }
}

fn allowed() -> Finding {
    let sweep = place(
        "example.com/shop/cache.(*Cache).sweep",
        "example.com/shop/cache/cache.go",
        20,
    );
    Finding {
        id: "77aa77aa77aa".into(),
        rule: "default".into(),
        rule_place: "leakgate.yml:5".into(),
        disposition: Disposition::Allowed,
        before: 0,
        after: 1,
        allowed: 0,
        sum: "0 + growth 0".into(),
        proven: Some(0),
        state: Some("select"),
        cause: "no case of it can go on",
        fix: "select on ctx.Done() too".into(),
        root: Some(sweep.clone()),
        home: Some(sweep.clone()),
        tests: counted(&[("TestCache", 1)]),
        pairing: None,
        stack: trace(&[sweep]),
        reason: "The sweeper is rewritten, see the roadmap.".into(),
        ..worker()
    }
}

fn allow() -> AllowUse {
    AllowUse {
        exception: Arc::new(Exception {
            origin: Origin::Policy { line: 21 },
            name: None,
            matcher: Matcher {
                root: vec![Pattern::new("example.com/shop/cache.(*Cache).sweep")],
                ..Matcher::default()
            },
            max: Max::Count(1),
            in_use_by: Vec::new(),
            reason: "The sweeper is rewritten, see the roadmap.".into(),
            expires: Some(date(2026, 11, 25)),
            owner: Some("@shop/platform".into()),
        }),
        matched: 1,
        unused: false,
        shadowed: false,
        days_left: Some(5),
    }
}

/// A verdict that holds everything that a verdict can hold.
pub(super) fn verdict() -> Verdict {
    let totals = |before, after, stacks| Totals {
        before,
        after,
        stacks,
        suites: 1,
        without_tests: 0,
    };
    let suite = |name: &str, totals| Suite {
        name: name.into(),
        totals,
        rerun: None,
        run: Some(TestRun {
            go: if name == HOSTILE { HOSTILE } else { "go1.27.3" }.into(),
            tests: Some(4),
            exit_code: Some(0),
            ending: Ending::Settled { ms: 3 },
        }),
    };
    Verdict {
        policy: "leakgate.yml".into(),
        builtin_version: Some(1),
        totals: Totals {
            suites: 3,
            ..totals(3, 45, 12)
        },
        findings: vec![worker(), hostile(), total(), allowed()],
        moved: vec![Moved {
            suite: HOSTILE.into(),
            id_before: "aaaaaaaaaaaa".into(),
            id: "bbbbbbbbbbbb".into(),
            pairing: Pairing::Renamed,
            before: 1,
            after: 1,
            stack_before: trace(&[place("main.old", "main.go", 1)]),
            stack: trace(&[place(HOSTILE, HOSTILE, 1)]),
        }],
        allows: vec![allow()],
        rules: vec![
            RuleUse {
                name: "worker-pool".into(),
                line: 12,
                unused: false,
                shadowed: false,
            },
            RuleUse {
                name: HOSTILE.into(),
                line: 20,
                unused: true,
                shadowed: false,
            },
        ],
        unchecked: vec![
            Unchecked {
                suite: "example.com/shop/mail".into(),
                why: "its tests ended before the after profile was taken".into(),
            },
            Unchecked {
                suite: HOSTILE.into(),
                why: HOSTILE.into(),
            },
        ],
        skipped: vec![Skipped {
            suite: "example.com/shop/worker".into(),
            count: 1,
            why: "had no frame in the after profile: not yet run, or on its way out".into(),
            took_it: false,
        }],
        notes: vec![Note {
            suite: HOSTILE.into(),
            text: HOSTILE.into(),
        }],
        suites: vec![
            suite(HOSTILE, totals(0, 1, 1)),
            suite("example.com/shop/clean", totals(1, 1, 1)),
            suite("example.com/shop/worker", totals(2, 43, 10)),
        ],
        command: Some(CommandRun {
            failed: None,
            ran_tests: true,
            gated: true,
            without_tests: 2,
            children: 1,
        }),
    }
}

/// The repository of module `example.com/shop`.
pub(super) fn sources() -> Sources {
    let module = Module {
        path: "example.com/shop".into(),
        directory: String::new(),
    };
    let files = ["worker/pool.go", "cache/cache.go"].map(String::from);
    Sources::new(vec!["/src/shop".into()], vec![module], files.into())
        .with_policy(Some("leakgate.yml".into()))
        .with_link(Some("https://github.com/shop/shop/blob/0a1b2c".into()))
}

/// What every format's test renders.
pub(super) fn with<T>(render: impl FnOnce(&Subject) -> T) -> T {
    render(&Subject {
        verdict: &verdict(),
        fail_on: FailOn::Error,
        name: None,
        sources: &sources(),
    })
}

/// Asserts that nothing in a text can steer a terminal, reorder what is read, or command the log of a CI.
pub(super) fn assert_harmless(text: &str) {
    for line in text.split('\n') {
        let danger = line.chars().find(|&one| super::escape::is_dangerous(one));
        assert_eq!(danger, None, "{line:?}");
        assert!(!line.trim_start().starts_with("::"), "{line:?}");
        assert!(!line.contains("##["), "{line:?}");
    }
}
