//! Chains as dumps have them, and what is read of them.

use super::*;
use crate::testing::snapshot;

/// Two goroutines of a store that a subtest opened through a helper, and one of a timer.
const DUMP: &str = "\
goroutine 8 [chan receive, 2 minutes]:
app.(*Store).loop(0xc000012345)
\t/src/app/store.go:18 +0x2c
created by app.(*Store).run in goroutine 7
\t/src/app/store.go:13 +0x59
[originating from goroutine 7]:
app.(*Store).run(...)
\t/src/app/store.go:14 +0x59
created by app.Open
\t/src/app/store.go:9 +0xb6
[originating from goroutine 6]:
app.Open(...)
\t/src/app/store.go:10 +0xb6
app.setup(...)
\t/src/app/store_test.go:11 +0x1a
app.TestA.func1(...)
\t/src/app/store_test.go:13 +0x13
testing.tRunner(...)
\t/go/src/testing/testing.go:2039 +0x122
created by testing.(*T).Run
\t/go/src/testing/testing.go:2101 +0x4c5

goroutine 9 [select]:
app.(*Store).loop(0xc000012345)
\t/src/app/store.go:30 +0x2c
created by time.goFunc
\t/go/src/time/sleep.go:215 +0x2d
";

/// The origins of the goroutines that wait at a line of the store.
fn origins(line: u32) -> Vec<(Option<String>, Vec<String>, u32)> {
    let starters = BTreeMap::from([(6, "TestA/sub".to_owned())]);
    let snapshot = snapshot(&format!("2 app.(*Store).loop:{line}"));
    let origins = Origins::new(&Dump::parse(DUMP), &starters, &snapshot);
    let found = origins.of(snapshot.groups()[0].key).iter();
    let line = |place: &Place| format!("{}:{}", place.name(), place.line);
    let shown = found.map(|origin| {
        (
            origin.test.as_deref().map(str::to_owned),
            origin.calls.iter().map(line).collect(),
            origin.waited_minutes,
        )
    });
    shown.collect()
}

#[test]
fn a_chain_goes_from_the_test_function_to_the_go_statement() {
    let calls = [
        "app.TestA.func1:13",
        "app.setup:11",
        "app.Open:9",
        "app.(*Store).run:13",
    ];
    let expected = (
        Some("TestA/sub".to_owned()),
        calls.map(str::to_owned).to_vec(),
        2,
    );
    assert_eq!(origins(18), [expected]);
}

#[test]
fn of_a_chain_without_a_test_only_what_is_there_is_known() {
    assert_eq!(origins(30), [(None, vec!["time.goFunc:215".to_owned()], 0)]);
}

#[test]
fn of_a_line_that_the_dump_does_not_have_nothing_is_known() {
    assert!(origins(31).is_empty());
}

#[test]
fn of_stacks_that_look_alike_in_a_dump_nothing_is_known() {
    let receive = |how: &str| format!("1 app.(*Store).loop:18 {how} runtime.gopark");
    let text = [receive("runtime.chanrecv1"), receive("runtime.chanrecv2")].join("\n");
    let snapshot = snapshot(&text);
    let origins = Origins::new(&Dump::parse(DUMP), &BTreeMap::new(), &snapshot);
    let groups = snapshot.groups().iter();
    assert!(
        groups
            .map(|group| origins.of(group.key))
            .all(<[Origin]>::is_empty)
    );
}

/// The calls of a chain, given its frames as `function file:line`, innermost first.
fn chain(test: Option<&str>, frames: &[&str]) -> Vec<String> {
    let mut dump = "goroutine 8 [select]:\napp.loop()\n\t/a.go:18 +0x2c\ncreated by app.open in goroutine 6\n\t/a.go:9 +0xb6\n\
                    [originating from goroutine 6]:\n"
        .to_owned();
    for frame in frames {
        let (function, place) = frame.split_once(' ').unwrap();
        dump.extend([function, "(...)\n\t/", place, " +0x1\n"]);
    }
    let starters = test.map(|test| (6, test.to_owned())).into_iter().collect();
    let snapshot = snapshot("1 app.loop:18");
    let origins = Origins::new(&Dump::parse(&dump), &starters, &snapshot);
    let calls = origins.places(snapshot.groups()[0].key);
    calls
        .map(|place| format!("{}:{}", place.name(), place.line))
        .collect()
}

#[test]
fn what_was_inlined_into_a_test_is_inside_of_it() {
    let runner = "testing.tRunner testing.go:2";
    // `Open` was inlined into the test, and is what its address is named by too.
    let frames = [
        "app.open a.go:10",
        "app.TestLoop a_test.go:7",
        "app.Open a.go:5",
        runner,
    ];
    let expected = ["app.TestLoop:7", "app.Open:5", "app.open:9"];
    assert_eq!(chain(Some("TestLoop"), &frames), expected);
    // What is called next was, and it is of the standard library.
    let frames = [
        "app.open a.go:10",
        "app.TestB a_test.go:7",
        "sync/atomic.(*Bool).Load type.go:1",
        runner,
    ];
    assert_eq!(
        chain(Some("TestB/sub"), &frames),
        ["app.TestB:7", "app.open:9"]
    );
}

#[test]
fn a_chain_ends_where_an_example_is_called() {
    let frames = [
        "app.open a.go:10",
        "app.ExampleOpen a_test.go:7",
        "testing.runExample run_example.go:5",
        "app.TestMain a_test.go:3",
    ];
    assert_eq!(chain(None, &frames), ["app.ExampleOpen:7", "app.open:9"]);
}
