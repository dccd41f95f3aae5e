//! What a snapshot makes of a profile.

use std::collections::BTreeMap;

use super::Snapshot;
use crate::profile::Profile;
use crate::testing::{Made, grouped, snapshot, written};

/// Count and stack of each group, sorted by stack.
fn groups(snapshot: &Snapshot) -> Vec<String> {
    let groups = snapshot.groups().iter().enumerate();
    let mut groups: Vec<_> = groups
        .map(|(index, group)| format!("{} {}", group.count, written(&snapshot.frames(index))))
        .collect();
    groups.sort();
    groups
}

#[test]
fn samples_of_one_stack_are_one_group_and_their_labels_its_portions() {
    let snapshot =
        snapshot("2 {leakgate.test=TestA} app.a\n3 app.a\n1 {leakgate.test=TestA} app.a\n1 app.b");
    assert_eq!(groups(&snapshot), ["1 app.b", "6 app.a"]);
    assert_eq!(snapshot.total, 7);
    let of_a = (0..2)
        .find(|&group| snapshot.groups()[group].count == 6)
        .unwrap();
    let portions = snapshot.portions(of_a);
    let portions: Vec<_> = portions
        .iter()
        .map(|one| (one.labels.len(), one.count))
        .collect();
    assert_eq!(portions, [(0, 3), (1, 3)]);
    assert_eq!(snapshot.of_no_test(of_a), Some(3));
}

#[test]
fn goroutines_that_cannot_be_judged_are_counted_apart() {
    let snapshot = snapshot(
        "2
1 {handler=/a}
3 app.main runtime.pprof_goroutineProfileWithLabels runtime.goroutineProfileWithLabels
1 app.a",
    );
    // One goroutine took the profile; two more were taking one of their own.
    assert_eq!(
        (
            snapshot.frameless,
            snapshot.frameless_unlabelled,
            snapshot.capturing
        ),
        (3, 2, 1)
    );
    assert_eq!((snapshot.total, snapshot.groups().len()), (7, 2));
}

#[test]
fn of_a_goroutine_that_is_always_elsewhere_only_its_start_counts() {
    let made =
        Made::new().lines("1 app.main app.spin app.step app.deep\n1 app.main app.spin app.step");
    let bytes = made.encode().leak();
    let moving = BTreeMap::from([(0, 2), (1, 2)]);
    let snapshot = Snapshot::group_moving(Profile::decode(bytes).unwrap(), &moving).unwrap();
    assert_eq!(groups(&snapshot), ["2 app.main app.spin"]);
    assert_eq!(snapshot.frames(0).state(), "running");
}

#[test]
fn a_stack_as_deep_as_the_runtime_keeps_has_no_root() {
    let frames = |count| {
        let frames: Vec<_> = (0..count).map(|depth| format!("app.f{depth}")).collect();
        frames.join(" ")
    };
    let writer =
        "runtime.main runtime.pprof_goroutineProfileWithLabels runtime.goroutineProfileWithLabels";
    for (deep, cut) in [(40, 0), (127, 0), (128, 1), (200, 0)] {
        let made = Made::new()
            .goroutines(1, writer)
            .goroutines(1, &frames(deep));
        let snapshot = grouped(made);
        assert_eq!(snapshot.cut, cut, "{deep} frames");
        assert_eq!(snapshot.frames(0).root().is_none(), cut > 0);
    }
}

#[test]
fn two_profiles_of_one_process_can_be_told_by_when_they_were_taken() {
    let at = |taken| grouped(Made::new().lines("1 app.a").taken(taken));
    assert_eq!(
        (at(0).profile().time_nanos(), at(7).profile().time_nanos()),
        (0, 7)
    );
    // What Go maps is not in them, so nothing says that they are of one process.
    assert!(!at(0).profile().is_of_same_process(at(7).profile()));
}
