//! How stacks are paired, as a table to learn it from: a rule, the lines before, the lines after,
//! and the rows.

use super::{Diff, Pairing};
use crate::testing::{proven, snapshot, written};

/// The rows of a diff: how each was paired, both counts, and its stack after (or before, for one
/// that is gone).
fn rows(diff: &Diff) -> Vec<String> {
    let mut rows: Vec<_> = diff
        .rows()
        .map(|row| {
            let (snapshot, group) = diff.shown(&row);
            let pairing = match row.pairing {
                Pairing::Unpaired if row.before.is_some() => "gone",
                Pairing::Unpaired => "new",
                paired => paired.name(),
            };
            let stack = written(&snapshot.frames(group));
            format!(
                "{pairing} {}->{} {stack}",
                row.count_before, row.count_after
            )
        })
        .collect();
    rows.sort();
    rows
}

/// One rule of pairing.
struct Case {
    rule: &'static str,
    before: &'static str,
    after: &'static str,
    rows: &'static [&'static str],
}

/// Fails the test unless profiles of two builds are paired like this.
#[track_caller]
fn assert_paired(cases: &[Case]) {
    for case in cases {
        let (before, afters) = (snapshot(case.before), [snapshot(case.after)]);
        let rows = rows(&Diff::new(&before, &afters));
        assert_eq!(rows, case.rows, "{}", case.rule);
    }
}

#[test]
fn two_builds_are_paired_step_by_step() {
    assert_paired(&[
        Case {
            rule: "equal stacks are one, whatever their labels",
            before: "4 app.Serve app.loop\n1 {handler=/a} app.Serve app.loop",
            after: "6 app.Serve app.loop",
            rows: &["exact 5->6 app.Serve app.loop"],
        },
        Case {
            rule: "a closure that the compiler numbered otherwise is renamed",
            before: "3 app.Serve.func1",
            after: "3 app.Serve.func2",
            rows: &["renamed 3->3 app.Serve.func2"],
        },
        Case {
            rule: "an equal stack is never given away to a renamed one",
            before: "1 app.Serve.func1",
            after: "1 app.Serve.func1\n1 app.Serve.func2",
            rows: &["exact 1->1 app.Serve.func1", "new 0->1 app.Serve.func2"],
        },
        Case {
            rule: "one frame of six that changed on the way is near",
            before: "4 app.Serve app.loop app.step app.turn app.wait app.old",
            after: "6 app.Serve app.loop app.step app.turn app.wait app.new",
            rows: &["near 4->6 app.Serve app.loop app.step app.turn app.wait app.new"],
        },
        Case {
            rule: "two of four are too many",
            before: "4 app.Serve app.a app.b",
            after: "4 app.Serve app.c app.d",
            rows: &[
                "gone 4->0 app.Serve app.a app.b",
                "new 0->4 app.Serve app.c app.d",
            ],
        },
        Case {
            rule: "another root is another goroutine, however alike the rest is",
            before: "4 app.Serve app.loop app.step app.turn app.wait app.leaf",
            after: "4 app.Listen app.loop app.step app.turn app.wait app.leaf",
            rows: &[
                "gone 4->0 app.Serve app.loop app.step app.turn app.wait app.leaf",
                "new 0->4 app.Listen app.loop app.step app.turn app.wait app.leaf",
            ],
        },
        Case {
            rule: "another state is another goroutine",
            before: "3 app.Serve runtime.chansend",
            after: "3 app.Serve runtime.selectgo",
            rows: &[
                "gone 3->0 app.Serve runtime.chansend",
                "new 0->3 app.Serve runtime.selectgo",
            ],
        },
        Case {
            rule: "frames of the standard library make no two stacks alike",
            before: "5 net/http.(*conn).serve net/http.HandlerFunc.ServeHTTP app.orders",
            after: "5 net/http.(*conn).serve net/http.HandlerFunc.ServeHTTP app.refunds",
            rows: &[
                "gone 5->0 net/http.(*conn).serve net/http.HandlerFunc.ServeHTTP app.orders",
                "new 0->5 net/http.(*conn).serve net/http.HandlerFunc.ServeHTTP app.refunds",
            ],
        },
        Case {
            rule: "two stacks never share a partner: the more alike one takes it",
            before: "5 app.Serve app.a app.b app.c app.d app.e app.f",
            after: "5 app.Serve app.a app.b app.c app.d app.e app.f app.g\n\
                    5 app.Serve app.a app.b app.c app.d app.x app.f",
            rows: &[
                "near 5->5 app.Serve app.a app.b app.c app.d app.e app.f app.g",
                "new 0->5 app.Serve app.a app.b app.c app.d app.x app.f",
            ],
        },
        Case {
            rule: "a goroutine without a frame is the start of an unlabelled one that is more",
            before: "2",
            after: "5 app.Serve app.loop",
            rows: &["new 2->5 app.Serve app.loop"],
        },
        Case {
            rule: "but not of one that carries a label: its test started it",
            before: "2",
            after: "2 {leakgate.test=TestA} app.Serve app.loop",
            rows: &["new 0->2 app.Serve app.loop"],
        },
        Case {
            rule: "and one with a label is the start of none",
            before: "2 {handler=/a}",
            after: "2 app.Serve app.loop",
            rows: &["new 0->2 app.Serve app.loop"],
        },
    ]);
}

#[test]
fn a_function_that_was_renamed_is_known_by_all_else() {
    assert_paired(&[
        Case {
            rule: "one new name, and all else the same, is a renamed function",
            before: "4 {leakgate.test=TestA} app.Serve app.loop\n2 {leakgate.test=TestB} app.(*Pool).run",
            after: "4 {leakgate.test=TestA} app.Listen app.loop\n2 {leakgate.test=TestB} app.(*Pool).drain",
            rows: &[
                "renamed 2->2 app.(*Pool).drain",
                "renamed 4->4 app.Listen app.loop",
            ],
        },
        Case {
            rule: "another count, receiver or package is another goroutine",
            before: "4 {leakgate.test=TestA} app.Serve app.loop\n2 {leakgate.test=TestA} app.(*Pool).run\n\
                     3 {leakgate.test=TestA} app.flush",
            after: "5 {leakgate.test=TestA} app.Listen app.loop\n2 {leakgate.test=TestA} app.(*Queue).run\n\
                    3 {leakgate.test=TestA} mail.flush",
            rows: &[
                "gone 2->0 app.(*Pool).run",
                "gone 3->0 app.flush",
                "gone 4->0 app.Serve app.loop",
                "new 0->2 app.(*Queue).run",
                "new 0->3 mail.flush",
                "new 0->5 app.Listen app.loop",
            ],
        },
        Case {
            rule: "of two that may be meant, none is",
            before: "2 {leakgate.test=TestA} app.(*Pool).run",
            after: "2 {leakgate.test=TestA} app.(*Pool).drain\n2 {leakgate.test=TestA} app.(*Pool).flush",
            rows: &[
                "gone 2->0 app.(*Pool).run",
                "new 0->2 app.(*Pool).drain",
                "new 0->2 app.(*Pool).flush",
            ],
        },
        Case {
            rule: "a function that only others call is the same wherever it was renamed",
            before: "1 {leakgate.test=TestA} app.Serve app.loop app.wait",
            after: "1 {leakgate.test=TestA} app.Serve app.loop app.idle",
            rows: &["renamed 1->1 app.Serve app.loop app.idle"],
        },
        Case {
            rule: "no test, or another test, is no proof",
            before: "2 {leakgate.test=TestA} app.run\n3 app.orders",
            after: "2 {leakgate.test=TestB} app.drain\n3 app.refunds",
            rows: &[
                "gone 2->0 app.run",
                "gone 3->0 app.orders",
                "new 0->2 app.drain",
                "new 0->3 app.refunds",
            ],
        },
    ]);
}

#[test]
fn around_tests_a_goroutine_that_no_test_started_may_have_moved() {
    for Case {
        rule,
        before,
        after,
        rows: expected,
    } in [
        Case {
            rule: "a loop that waits elsewhere now is counted there, as it was before",
            before: "1 app.init app.loop app.idle",
            after: "1 app.init app.loop app.flush",
            rows: &[
                "gone 0->0 app.init app.loop app.idle",
                "new 1->1 app.init app.loop app.flush",
            ],
        },
        Case {
            rule: "one that a test started is no loop of before",
            before: "1 app.init app.loop app.idle",
            after: "1 {leakgate.test=TestA} app.init app.loop app.flush",
            rows: &[
                "gone 1->0 app.init app.loop app.idle",
                "new 0->1 app.init app.loop app.flush",
            ],
        },
        Case {
            rule: "nor is what another function was given to a starter of the standard library",
            before: "1 sync.(*WaitGroup).Go.func1 app.loop",
            after: "1 sync.(*WaitGroup).Go.func1 app.leak",
            rows: &[
                "gone 1->0 sync.(*WaitGroup).Go.func1 app.loop",
                "new 0->1 sync.(*WaitGroup).Go.func1 app.leak",
            ],
        },
        Case {
            rule: "a stack that tests have now was there before as far as no test has it",
            before: "3 app.init app.loop",
            after: "1 app.init app.loop\n2 {leakgate.test=TestA} app.init app.loop",
            rows: &["exact 1->3 app.init app.loop"],
        },
        Case {
            rule: "two builds are not asked for: a renamed stack is another one",
            before: "1 app.Serve.func1",
            after: "1 {leakgate.test=TestA} app.Serve.func2",
            rows: &["gone 1->0 app.Serve.func1", "new 0->1 app.Serve.func2"],
        },
    ] {
        let (before, afters) = (snapshot(before), [snapshot(after)]);
        let diff = Diff::around_tests(&before, &afters, None);
        assert_eq!(rows(&diff), expected, "{rule}");
    }
}

#[test]
fn a_goroutine_that_go_proved_to_leak_has_not_moved() {
    let (before, afters) = (
        snapshot("1 app.init app.loop app.idle"),
        [snapshot("1 app.init app.loop app.flush")],
    );
    let leak = proven("1 app.init app.loop app.flush");
    let diff = Diff::around_tests(&before, &afters, Some(&leak));
    assert_eq!(
        rows(&diff),
        [
            "gone 1->0 app.init app.loop app.idle",
            "new 0->1 app.init app.loop app.flush"
        ]
    );
}

#[test]
fn the_counts_between_two_captures_are_a_series() {
    let before = snapshot("1 app.a");
    let afters = ["2 app.a", "7 app.b", "4 app.a\n1 app.b"].map(snapshot);
    let diff = Diff::new(&before, &afters);
    let mut series: Vec<_> = diff.rows().map(|row| diff.series(&row)).collect();
    series.sort();
    assert_eq!(series, [[0, 7, 1], [2, 0, 4]]);
}

#[test]
fn what_was_matched_without_being_equal_is_listed_with_both_sides() {
    let before = snapshot("4 app.Serve.func1\n1 app.same");
    let afters = [snapshot("3 app.Serve.func2\n2 app.same")];
    let diff = Diff::new(&before, &afters);
    let moved: Vec<_> = diff
        .moved()
        .map(|row| (row.pairing, row.count_before, row.count_after))
        .collect();
    assert_eq!(moved, [(Pairing::Renamed, 4, 3)]);
}
