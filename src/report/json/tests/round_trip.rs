//! A report of one run says the same, in every format, once it was read back from JSON.

use std::sync::Arc;

use jiff::civil::date;

use crate::confirmed::Class;
use crate::diff::{Pairing, Similarity};
use crate::evidence::{self, Rerun, TestRun};
use crate::gosource::{Closer, Ending, Excerpt, Parts, Pattern, SourceLine};
use crate::origin::Origin;
use crate::policy::{Exception, Limit, Matcher, Max, Per, Rule, Source};
use crate::report::json;
use crate::report::sample::{self, HOSTILE, place};
use crate::report::sources::Sources;
use crate::report::text::{self, Detail};
use crate::report::{Subject, github, gitlab, junit, markdown, ndjson, outputs, sarif};
use crate::verdict::{
    CommandRun, Disposition, Excerpted, FailOn, Finding, Loosened, Looser, Opened, Stack, Suite,
    Sum, Trace, Verdict,
};

/// Every format but JSON itself, by its name.
type Render = fn(&Subject) -> String;
const FORMATS: [(&str, Render); 10] = [
    ("json", json::render),
    ("text", |subject| text::render(subject, Detail::Normal)),
    ("text in full", |subject| {
        text::render(subject, Detail::Verbose)
    }),
    ("github", |subject| github::render(subject, Detail::Quiet)),
    ("markdown", |subject| {
        markdown::render(subject, markdown::SUMMARY)
    }),
    ("sarif", sarif::render),
    ("junit", junit::render),
    ("gitlab", gitlab::render),
    ("ndjson", ndjson::render),
    ("outputs", |subject| {
        outputs::render(subject.verdict, subject.fail_on)
    }),
];

/// Fails unless every format says of what was read back what it said before.
#[track_caller]
fn assert_reads_back(verdict: &Verdict, name: Option<&str>) {
    let sources = sample::sources();
    for fail_on in [
        FailOn::Error,
        FailOn::Warning,
        FailOn::Loosened,
        FailOn::Never,
    ] {
        let subject = Subject {
            verdict,
            fail_on,
            name,
            sources: &sources,
            saved_as: None,
        };
        let read = json::read(json::render(&subject).as_bytes()).unwrap();
        let sources = Sources::default().with_reported(read.reported);
        let again = Subject {
            verdict: &read.verdict,
            fail_on,
            name: read.name.as_deref(),
            sources: &sources,
            saved_as: None,
        };
        for (format, render) in FORMATS {
            assert_eq!(
                render(&again),
                render(&subject),
                "{format} with {fail_on:?}"
            );
        }
    }
}

/// Changes the stack of the first finding of the sample.
fn with_stack(change: impl FnOnce(&mut Stack)) -> Verdict {
    let mut verdict = sample::verdict();
    let crate::verdict::Subject::Stack(stack) = &mut verdict.findings[0].subject else {
        panic!("the first finding is a stack");
    };
    change(stack);
    verdict
}

#[test]
fn the_samples() {
    assert_reads_back(&sample::verdict(), None);
    assert_reads_back(&sample::verdict(), Some("go tests"));
    assert_reads_back(&sample::with_baseline(), Some(HOSTILE));
    assert_reads_back(&Verdict::default(), None);
}

#[test]
fn how_a_stack_was_found() {
    for pairing in [
        Pairing::Exact,
        Pairing::Renamed,
        Pairing::NewName,
        Pairing::Unpaired,
        Pairing::Near(Similarity::of_ratio(0.857).unwrap()),
    ] {
        assert_reads_back(&with_stack(|stack| stack.pairing = pairing), None);
        let mut verdict = sample::verdict();
        verdict.moved[0].pairing = pairing;
        if pairing != Pairing::Exact && pairing != Pairing::Unpaired {
            assert_reads_back(&verdict, None);
        }
    }
}

#[test]
fn a_stack_that_is_deep_cut_shared_or_has_a_pattern() {
    let frame = |at: usize| place(&format!("example.com/shop/worker.f{at}"), "pool.go", 7);
    assert_reads_back(
        &with_stack(|stack| stack.trace = Trace::new(450, frame)),
        None,
    );
    assert_reads_back(
        &with_stack(|stack| stack.trace = Trace::new(200, frame)),
        None,
    );
    assert_reads_back(
        &with_stack(|stack| (stack.root, stack.home) = (None, None)),
        None,
    );
    assert_reads_back(&with_stack(|stack| stack.shared = true), None);
    assert_reads_back(&with_stack(|stack| stack.series = vec![2, 9, 42]), None);
    let pattern = Pattern::named("early return before receive");
    assert!(pattern.is_some());
    assert_reads_back(&with_stack(|stack| stack.pattern = pattern), None);
}

#[test]
fn the_calls_that_led_to_goroutines() {
    let of_test = |test: &str, file: &str, count, waited_minutes| Origin {
        test: Some(test.into()),
        state: "chan receive".into(),
        calls: vec![
            place("example.com/shop/worker.TestPoolDrain", file, 12),
            place(
                "example.com/shop/worker.NewPool",
                "/home/runner/work/shop/shop/worker/pool.go",
                18,
            ),
        ],
        count,
        waited_minutes,
    };
    let unknown = Origin {
        test: None,
        state: HOSTILE.into(),
        calls: Vec::new(),
        count: 1,
        waited_minutes: 0,
    };
    let file = "/home/runner/work/shop/shop/worker/pool_test.go";
    let origins = vec![
        unknown,
        of_test("TestPoolDrain", file, 38, 3),
        of_test(HOSTILE, HOSTILE, 38, 9),
    ];
    assert_reads_back(&with_stack(|stack| stack.origins = origins), None);
}

#[test]
fn what_would_end_a_cause_and_the_lines_of_its_sources() {
    let line = || {
        Some(SourceLine {
            file: HOSTILE.into(),
            line: 3,
        })
    };
    let closers = [
        Closer::Call {
            function: "Stop".into(),
            place: line(),
        },
        Closer::Call {
            function: HOSTILE.into(),
            place: None,
        },
        Closer::Method {
            receiver: "(*Pool)".into(),
            name: "Close".into(),
            place: line(),
        },
        Closer::Result { position: 1 },
        Closer::Context {
            parameter: "ctx".into(),
        },
        Closer::Channel {
            parameter: String::new(),
        },
        Closer::Instead {
            other: "time.NewTicker".into(),
            name: "Stop".into(),
        },
    ];
    for (at, closer) in closers.iter().enumerate() {
        let mut verdict = sample::verdict();
        let cause = &mut verdict.causes[0];
        cause.ending = Ending::By(vec![closer.clone()]);
        cause.inside = (at % 2 == 0).then(|| place("example.com/shop/db.Open", "", 0).function);
        cause.shown_by = cause.shown_by.take().filter(|_| at % 3 == 0);
        assert_reads_back(&verdict, None);
    }
    let mut verdict = sample::verdict();
    let cause = &mut verdict.causes[0];
    cause.ending = Ending::Nothing;
    cause.opened = Opened::GoStatement(cause.place.function.clone());
    let parts = Parts {
        first: 7,
        meant: 1,
        lines: vec![
            "func newPool() *Pool {".into(),
            "    return NewPool()".into(),
            "}".into(),
        ],
        span: 11..18,
    };
    cause.excerpts = vec![Excerpted {
        place: cause.sites[0].call.clone(),
        excerpt: Excerpt::of_parts(&parts).unwrap(),
    }];
    assert_reads_back(&verdict, None);
    verdict.causes[0].ending = Ending::Unknown;
    assert_reads_back(&verdict, None);
}

#[test]
fn sums_and_limits_of_every_kind() {
    for per in [
        Per::Root,
        Per::State,
        Per::Test,
        Per::Package,
        Per::Label(HOSTILE.into()),
        Per::Total,
    ] {
        let mut verdict = sample::verdict();
        let finding = &mut verdict.findings[2];
        let limit = Limit {
            count: Some(9),
            growth: None,
            percent: Some(20),
        };
        finding.rule = Arc::new(Rule {
            per: per.clone(),
            limit,
            line: None,
            ..(*finding.rule).clone()
        });
        let key = Some(HOSTILE.to_owned()).filter(|_| per != Per::Total);
        finding.subject = crate::verdict::Subject::Sum(Sum {
            key,
            largest: Vec::new(),
        });
        assert_reads_back(&verdict, None);
    }
}

fn exception(source: Source, max: Max) -> Exception {
    let patterns = |text: &str| vec![crate::policy::Pattern::new(text)];
    Exception {
        source,
        name: Some("signal-loop".into()),
        matcher: Matcher {
            stack: Some("0123456789ab".into()),
            suite: patterns("example.com/*"),
            root: patterns("os/signal.loop"),
            home: patterns(HOSTILE),
            any: patterns("x.F[...]"),
            without: patterns("(*T).Close"),
            state: Some("select".into()),
            test: patterns("Test*"),
            package: patterns("main"),
            labels: vec![("shard".into(), crate::policy::Pattern::new("7*"))],
            proven: Some(false),
            confirmed: Some(Class::OncePerProcess),
        },
        max,
        in_use_by: patterns("x.run"),
        reason: HOSTILE.into(),
        expires: None,
        owner: None,
    }
}

#[test]
fn exceptions_of_every_kind() {
    for (source, max) in [
        (Source::Builtin, Max::Unlimited),
        (
            Source::Policy { line: 3 },
            Max::AsManyAs("signal-loop".into()),
        ),
        (Source::Policy { line: 3 }, Max::Count(4)),
        (Source::Baseline { line: 9 }, Max::Count(4)),
    ] {
        let exception = Arc::new(exception(source, max));
        for disposition in [
            Disposition::Exceeded,
            Disposition::Expired,
            Disposition::Allowed,
        ] {
            let mut verdict = sample::verdict();
            verdict.findings[0].disposition = disposition(exception.clone());
            verdict.allows[0].exception = exception.clone();
            verdict.allows[0].days_left = None;
            assert_reads_back(&verdict, None);
        }
    }
}

#[test]
fn what_lets_more_pass_than_before() {
    let baseline = sample::with_baseline();
    let entry = &baseline.baseline.as_ref().unwrap().entries[0].entry;
    let rule = &sample::verdict().rules[0].rule;
    let exception = Arc::new(exception(Source::Policy { line: 3 }, Max::Count(4)));
    let loosers = [
        Looser::New,
        Looser::RaisedFrom(2),
        Looser::ExtendedFrom(date(2026, 1, 2)),
        Looser::Earlier,
    ];
    let mut loosened = vec![
        Loosened::Limit {
            rule: rule.clone(),
            from: Limit::default(),
        },
        Loosened::Severity(rule.clone()),
        Loosened::Match(rule.clone()),
        Loosened::Order(rule.clone()),
        Loosened::NewRule(rule.clone()),
        Loosened::RuleRemoved(rule.clone()),
        Loosened::BuiltinAllowed,
        Loosened::FailedTestsNotGated,
    ];
    for looser in loosers {
        let (file, entry, exception) = (HOSTILE.into(), entry.clone(), exception.clone());
        loosened.push(Loosened::Entry {
            file,
            entry,
            looser,
        });
        loosened.push(Loosened::Exception { exception, looser });
    }
    assert_reads_back(
        &Verdict {
            loosened,
            ..baseline.clone()
        },
        None,
    );
}

#[test]
fn how_tests_ran_and_run_again() {
    let mut verdict = sample::verdict();
    for (suite, ending) in verdict.suites.iter_mut().zip([
        evidence::Ending::TimedOut {
            after: "10m0s".into(),
        },
        evidence::Ending::Unsettled { ms: 3000 },
        evidence::Ending::Settled { ms: 0 },
    ]) {
        suite.whole = false;
        suite.run = Some(TestRun {
            go: HOSTILE.into(),
            tests: None,
            rounds: 3,
            partial: true,
            exit_code: None,
            ending,
        });
        suite.rerun = Some(Rerun {
            directory: Some("my shop".into()),
            environment: vec![("CGO_ENABLED".into(), "0".into())],
            command: vec!["go".into(), "test".into(), "-race".into()],
            packages: vec!["./worker".into()],
            arguments: vec!["-args".into(), "-update".into()],
        });
    }
    verdict.suites.push(Suite {
        name: evidence::SuiteName::of_run("example.com/shop/worker", 2),
        run: None,
        ..verdict.suites[2].clone()
    });
    verdict.totals.suites += 1;
    assert_reads_back(&verdict, None);
    verdict.command = Some(CommandRun {
        failed: Some("exit status 1".into()),
        base: Some("origin/main".into()),
        gated: false,
        ..verdict.command.unwrap()
    });
    assert_reads_back(&verdict, None);
    verdict.command = None;
    assert_reads_back(&verdict, None);
}

#[test]
fn what_there_was_no_room_for_counts_and_is_said() {
    let mut verdict = sample::verdict();
    let allowed = verdict.findings[3].clone();
    verdict.findings = vec![allowed; super::MOST_FINDINGS];
    let open = |id: &str| Finding {
        id: id.into(),
        ..sample::verdict().findings[0].clone()
    };
    verdict
        .findings
        .extend([open("aaaaaaaaaaaa"), open("bbbbbbbbbbbb")]);
    verdict.unchecked.clear();
    let written = sample::of(&verdict, json::render);
    let read = json::read(written.as_bytes()).unwrap().verdict;
    assert_eq!((read.left_out.findings, read.left_out.violations), (2, 2));
    assert_eq!(read.outcome(FailOn::Error).name(), "fail");
    assert_eq!(read.outcome(FailOn::Never).name(), "pass");
    let few = Verdict {
        left_out: read.left_out,
        ..sample::verdict()
    };
    assert_reads_back(&few, None);
    for (format, render) in &FORMATS[1..8] {
        let said = sample::of(&few, render);
        let says = ["2 findings", "2 more"]
            .iter()
            .any(|text| said.contains(text));
        // The short text has the closing line only.
        assert!(says || *format == "github", "{format}");
    }
}
