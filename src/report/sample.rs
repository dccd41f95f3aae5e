//! One verdict for the tests of every format. A name that tries to be more than a name is wherever
//! strangers write.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::date;

use super::Subject;
use super::sources::{Module, Sources};
use crate::baseline::{About, Entry, Repeated};
use crate::confirmed::{Class, Confirmed, Unit};
use crate::diff::Pairing;
use crate::evidence::{self, TestRun, Unchecked};
use crate::gosource::{self, Closer, Ending, Use};
use crate::policy::{Exception, Limit, Matcher, Max, Pattern, Per, Rule, Severity, Source};
use crate::state::Wait;
use crate::verdict::{
    self, AllowUse, Cause, CommandRun, Disposition, EntryUse, FailOn, Finding, Function, LeftOut,
    Moved, Note, Opened, Place, RuleUse, Side, Site, SkipReason, Skipped, Stack, Suite, Sum,
    Totals, Trace, Verdict,
};

/// Commands of CI logs, markup, ends of comments and of sections, ANSI escapes, right-to-left
/// marks, and characters that XML cannot hold.
pub(super) const HOSTILE: &str = "::error::a|b%<script>alert(1)</script>\r\n::error file=x::\n##[error]y\u{1b}[31m\u{202e}\u{200f}`c`*d*_e_[f](http://g)@h/i -->]]>\"'&\u{0}\u{b}\u{ffff}\\";

pub(super) fn place(function: &str, file: &str, line: u32) -> Place {
    let function = Function {
        name: function.into(),
        file: file.into(),
    };
    Place {
        function: Arc::new(function),
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

fn rule(name: &str, line: u32, growth: i64) -> Rule {
    Rule {
        name: name.into(),
        line: Some(line),
        matcher: Matcher::default(),
        per: Per::Stack,
        limit: Limit {
            growth: Some(growth),
            ..Limit::default()
        },
        severity: Severity::Error,
        message: None,
    }
}

fn exception(line: u32, reason: &str) -> Arc<Exception> {
    Arc::new(Exception {
        source: Source::Policy { line },
        name: None,
        matcher: Matcher {
            root: vec![Pattern::new("example.com/shop/cache.(*Cache).sweep")],
            ..Matcher::default()
        },
        max: Max::Count(1),
        in_use_by: Vec::new(),
        reason: reason.into(),
        expires: Some(date(2026, 11, 25)),
        owner: Some("@shop/platform".into()),
    })
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
    let mut rule = rule("worker-pool", 12, 3);
    rule.limit.count = Some(64);
    rule.message = Some("Call Pool.Close in the test's cleanup.".into());
    Finding {
        id: "9c1185a5c5e9".into(),
        rule: rule.into(),
        suite: "example.com/shop/worker".into(),
        before: 2,
        after: 42,
        disposition: Disposition::Open,
        causes: vec![("c0ffee123456".into(), 40)],
        subject: of_stack(Stack {
            wait: Wait {
                state: "chan receive".into(),
                cause: "the sender is gone, or the channel is never closed".into(),
                remedy: "close the channel when the senders are done".into(),
            },
            root: Some(root.clone()),
            home: Some(home.clone()),
            proven: Some(42),
            shared: false,
            pairing: Pairing::Exact,
            series: vec![42],
            trace: trace(&[
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
            origins: Vec::new(),
            pattern: None,
            trace_before: None,
        }),
        tests: counted(&[("TestPoolDrain", 38), ("TestPoolStop/twice", 2)]),
        labels: BTreeMap::new(),
        rounds: None,
        confirmed: Some(Confirmed {
            class: Class::EveryRun,
            seen: 5,
            of: 5,
            unit: Unit::Run,
            each: Some((8, 8)),
        }),
    }
}

fn of_stack(stack: Stack) -> verdict::Subject {
    verdict::Subject::Stack(Box::new(stack))
}

/// Another leak with a hostile name in every place of a stranger.
fn hostile() -> Finding {
    let home = place(HOSTILE, HOSTILE, 3);
    let mut rule = rule(HOSTILE, 7, 0);
    rule.message = Some(HOSTILE.into());
    Finding {
        id: "0123456789ab".into(),
        rule: rule.into(),
        suite: HOSTILE.into(),
        before: 0,
        after: 1,
        disposition: Disposition::Exceeded(exception(22, HOSTILE)),
        causes: Vec::new(),
        subject: of_stack(Stack {
            wait: Wait {
                state: "chan receive".into(),
                cause: "the sender is gone, or the channel is never closed".into(),
                remedy: "close the channel when the senders are done".into(),
            },
            root: Some(home.clone()),
            home: Some(home.clone()),
            proven: None,
            shared: false,
            pairing: Pairing::Renamed,
            series: vec![1],
            trace: trace(&[home, place("main.main", HOSTILE, 0)]),
            origins: Vec::new(),
            pattern: None,
            trace_before: Some(trace(&[place("main.main", HOSTILE, 0)])),
        }),
        tests: counted(&[(HOSTILE, 1)]),
        labels: BTreeMap::from([(HOSTILE.to_owned(), counted(&[(HOSTILE, 1)]))]),
        rounds: None,
        confirmed: None,
    }
}

/// A sum over several stacks, which no function stands for.
fn total() -> Finding {
    let mut rule = rule("total", 8, 5);
    rule.per = Per::Total;
    rule.severity = Severity::Warning;
    Finding {
        id: "5e5e5e5e5e5e".into(),
        rule: rule.into(),
        before: 3,
        after: 44,
        causes: Vec::new(),
        subject: verdict::Subject::Sum(Sum {
            key: None,
            largest: vec![
                ("worker.(*Pool).run".into(), 40),
                ("cache.(*Cache).sweep".into(), 1),
            ],
        }),
        tests: BTreeMap::new(),
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
        rule: rule("default", 5, 0).into(),
        before: 0,
        after: 1,
        disposition: Disposition::Allowed(exception(21, ROADMAP)),
        causes: Vec::new(),
        subject: of_stack(Stack {
            wait: Wait {
                state: "select".into(),
                cause: "no case of it can go on".into(),
                remedy: "select on ctx.Done() too".into(),
            },
            root: Some(sweep.clone()),
            home: Some(sweep.clone()),
            proven: Some(0),
            shared: false,
            pairing: Pairing::Unpaired,
            series: vec![1],
            trace: trace(&[sweep]),
            origins: Vec::new(),
            pattern: None,
            trace_before: None,
        }),
        tests: counted(&[("TestCache", 1)]),
        ..worker()
    }
}

/// The worker pools that a test's helper opens.
fn cause() -> Cause {
    let file = "/home/runner/work/shop/shop/worker/pool_test.go";
    let site = |function, line, goroutines| Site {
        place: place(function, file, line),
        call: place("example.com/shop/worker.newPool", file, 8),
        goroutines,
    };
    let file_of_pool = "/home/runner/work/shop/shop/worker/pool.go";
    let new_pool = place("example.com/shop/worker.NewPool", file_of_pool, 17);
    Cause {
        id: "c0ffee123456".into(),
        suite: "example.com/shop/worker".into(),
        opened: Opened::Call(new_pool.function.clone()),
        place: new_pool,
        sites: vec![
            site("example.com/shop/worker.TestPoolDrain", 12, 38),
            site(HOSTILE, 40, 2),
        ],
        tests: worker().tests,
        ending: Ending::By(vec![Closer::Method {
            receiver: "(*Pool)".into(),
            name: "Close".into(),
            place: None,
        }]),
        inside: None,
        shown_by: Some(Use {
            function: "TestPoolClose".into(),
            place: gosource::SourceLine {
                file: file.into(),
                line: 71,
            },
        }),
        excerpts: Vec::new(),
        goroutines: 40,
    }
}

/// Why the cache's sweeper is accepted.
const ROADMAP: &str = "The sweeper is rewritten, see the roadmap.";

fn allow() -> AllowUse {
    AllowUse {
        exception: exception(21, ROADMAP),
        most: 1,
        matched: 1,
        unused: false,
        shadowed: false,
        days_left: Some(5),
    }
}

/// A verdict that holds everything that a verdict can hold.
pub(super) fn verdict() -> Verdict {
    let suite = |name: &str, before, after, stacks| Suite {
        name: name.into(),
        before,
        after,
        stacks,
        rerun: None,
        whole: true,
        run: Some(TestRun {
            go: if name == HOSTILE { HOSTILE } else { "go1.27.3" }.into(),
            tests: Some(4),
            rounds: 1,
            partial: false,
            exit_code: Some(0),
            ending: evidence::Ending::Settled { ms: 3 },
        }),
    };
    Verdict {
        policy: "leakgate.yml".into(),
        builtin_version: Some(1),
        baseline: None,
        loosened: Vec::new(),
        totals: Totals {
            before: 3,
            after: 45,
            stacks: 12,
            suites: 3,
            without_tests: 0,
        },
        findings: vec![worker(), hostile(), total(), allowed()],
        causes: vec![cause()],
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
                rule: rule("worker-pool", 12, 3).into(),
                reached: true,
                unused: false,
                shadowed: false,
            },
            RuleUse {
                rule: rule(HOSTILE, 20, 0).into(),
                reached: false,
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
            side: Side::After,
            reason: SkipReason::NoFrame,
        }],
        notes: vec![Note {
            suite: HOSTILE.into(),
            text: HOSTILE.into(),
        }],
        shards: Vec::new(),
        left_out: LeftOut::default(),
        suites: vec![
            suite(HOSTILE, 0, 1, 1),
            suite("example.com/shop/clean", 1, 1, 1),
            suite("example.com/shop/worker", 2, 43, 10),
        ],
        command: Some(CommandRun {
            base: None,
            failed: None,
            ran_tests: true,
            gated: true,
            without_tests: 2,
            children: 1,
        }),
    }
}

/// The same with a baseline, whose entries have a finding each: covered, covered though its code has
/// moved, and with more goroutines than are accepted; and one more that nothing needs.
pub(super) fn with_baseline() -> Verdict {
    let entry = |line, id: &str, max| Entry {
        line,
        id: id.into(),
        suite: HOSTILE.into(),
        max,
        about: About::Stack {
            root: Some(HOSTILE.into()),
            home: Some(HOSTILE.into()),
        },
        expires: date(2026, 12, 1),
        reason: HOSTILE.into(),
        owner: Some(HOSTILE.into()),
    };
    let entries = [
        (entry(3, "111111111111", 9), Some(9)),
        (entry(12, "222222222222", 3), Some(2)),
        (entry(21, "333333333333", 1), Some(2)),
        (entry(30, "444444444444", 1), Some(0)),
        (entry(39, "555555555555", 1), None),
    ];
    let of = |id: &str, after, at: usize, disposition: fn(Arc<Exception>) -> Disposition| Finding {
        id: id.into(),
        after,
        disposition: disposition(Arc::new(entries[at].0.exception())),
        ..hostile()
    };
    let findings = vec![
        of("333333333333", 2, 2, Disposition::Exceeded),
        of("111111111111", 9, 0, Disposition::Allowed),
        of("dddddddddddd", 2, 1, Disposition::Allowed),
    ];
    let entries = entries.iter().map(|(entry, matched)| EntryUse {
        entry: entry.clone(),
        matched: *matched,
        whole: true,
        days_left: 11,
    });
    let entries = entries.collect();
    Verdict {
        findings,
        causes: Vec::new(),
        moved: Vec::new(),
        allows: Vec::new(),
        rules: Vec::new(),
        baseline: Some(verdict::Baseline {
            name: "leakgate.baseline.yml".into(),
            strict: true,
            entries,
            repeated: vec![Repeated {
                line: 48,
                earlier: 3,
            }],
        }),
        ..verdict()
    }
}

/// The repository of module `example.com/shop`.
pub(super) fn sources() -> Sources {
    let module = Module {
        path: "example.com/shop".into(),
        directory: String::new(),
    };
    let files = ["worker/pool.go", "worker/pool_test.go", "cache/cache.go"].map(String::from);
    Sources::new(vec!["/src/shop".into()], vec![module], files.into())
        .with_policy(Some("leakgate.yml".into()))
        .with_link(Some("https://github.com/shop/shop/blob/0a1b2c".into()))
}

/// What every format's test renders.
pub(super) fn with<T>(render: impl FnOnce(&Subject) -> T) -> T {
    of(&verdict(), render)
}

/// Renders a verdict.
pub(super) fn of<T>(verdict: &Verdict, render: impl FnOnce(&Subject) -> T) -> T {
    render(&Subject {
        verdict,
        fail_on: FailOn::Error,
        name: None,
        sources: &sources(),
        saved_as: None,
    })
}

/// Asserts that nothing in a text can steer a terminal, reorder what is read, or command the log of
/// a CI.
pub(super) fn assert_harmless(text: &str) {
    for line in text.split('\n') {
        let danger = line.chars().find(|&one| super::escape::is_dangerous(one));
        assert_eq!(danger, None, "{line:?}");
        assert!(!line.trim_start().starts_with("::"), "{line:?}");
        assert!(!line.contains("##["), "{line:?}");
    }
}
