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
\t/src/app/store.go:18 +0x2c
created by time.goFunc
\t/go/src/time/sleep.go:215 +0x2d
";

fn origins(state: &str) -> Vec<(Option<String>, Vec<String>, u32)> {
    let starters = BTreeMap::from([(6, "TestA/sub".to_owned())]);
    let origins = Origins::new(&Dump::parse(DUMP), &starters);
    let snapshot = snapshot("2 app.(*Store).loop");
    let found = origins.of(&snapshot.frames(0), state).into_iter();
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
    assert_eq!(origins("chan receive"), [expected]);
}

#[test]
fn of_a_chain_without_a_test_only_what_is_there_is_known() {
    assert_eq!(
        origins("select"),
        [(None, vec!["time.goFunc:215".to_owned()], 0)]
    );
}

#[test]
fn a_state_that_the_dump_does_not_know_tells_nothing_apart() {
    assert_eq!(origins("chan send").len(), 2);
}
