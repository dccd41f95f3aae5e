use std::fmt::Write as _;

use super::{By, Counts, Overview, Query, of};
use crate::judge::Filter;
use crate::policy::Matcher;
use crate::profile::{Facts, Profile};
use crate::snapshot::Snapshot;
use crate::translate::translate;

/// A dump of goroutines, each with its state, minutes and frames, leaf first.
fn dump(goroutines: &[(&str, u32, &[&str])]) -> String {
    let mut text = String::new();
    for (index, (state, minutes, frames)) in goroutines.iter().enumerate() {
        let _ = writeln!(
            text,
            "goroutine {} [{state}, {minutes} minutes]:",
            index + 2
        );
        for frame in *frames {
            let _ = writeln!(text, "{frame}(0xc00019)\n\t/src/x.go:999 +0x1");
        }
        text += "created by main.main in goroutine 1\n\t/src/x.go:2 +0x1\n\n";
    }
    text
}

fn overview(texts: &[String], query: &Query) -> Overview {
    let translated = texts.iter().map(|text| translate(text).unwrap().unwrap());
    let translated: Vec<_> = translated.collect();
    let group = |bytes| Snapshot::group(Profile::decode(bytes).unwrap()).unwrap();
    let snapshots: Vec<_> = translated.iter().map(|one| group(&one.bytes)).collect();
    of(&snapshots, query)
}

fn query(by: By) -> Query {
    Query {
        by,
        top: None,
        filter: None,
        min_wait: None,
    }
}

/// The groups by name, with their goroutines.
fn groups(overview: &Overview) -> Vec<(&str, i64)> {
    let groups = overview.groups.iter();
    groups
        .map(|group| (group.name.as_deref().unwrap_or("-"), group.counts.total()))
        .collect()
}

const LOCK: &[&str] = &[
    "sync.runtime_SemacquireMutex",
    "sync.(*Mutex).lockSlow",
    "app.(*Store).Get",
    "app.Serve",
];

fn incident() -> String {
    dump(&[
        ("chan send", 3, &["app.push", "app.Serve"]),
        ("chan send", 90, &["app.push", "app.Serve"]),
        ("sync.Mutex.Lock", 5, LOCK),
        ("sync.Mutex.Lock", 6, LOCK),
        ("GC assist wait", 0, &["app.work"]),
    ])
}

#[test]
fn goroutines_are_grouped_by_what_is_asked_for() {
    let texts = [incident()];
    for (by, expected) in [
        (By::Root, vec![("app.Serve", 4), ("app.work", 1)]),
        (
            By::Home,
            vec![("app.(*Store).Get", 2), ("app.push", 2), ("app.work", 1)],
        ),
        (
            By::State,
            vec![
                ("chan send", 2),
                ("sync.Mutex.Lock", 2),
                ("GC assist wait", 1),
            ],
        ),
        (By::Creator, vec![("main.main /src/x.go:2", 5)]),
        (By::Package, vec![("app", 5)]),
        (By::WaitsOn, vec![("-", 3), ("lock 0xc00019", 2)]),
        (By::Label("k".into()), vec![("-", 5)]),
    ] {
        let overview = overview(&texts, &query(by.clone()));
        let mut found = groups(&overview);
        found.sort_by_key(|&(name, count)| (-count, name));
        assert_eq!(found, expected, "{by:?}");
    }
}

#[test]
fn a_group_says_what_its_goroutines_have_in_common() {
    let overview = overview(&[incident()], &query(By::Root));
    let group = &overview.groups[0];
    let states: Vec<_> = group
        .states
        .iter()
        .map(|(state, count)| (state.as_str(), *count))
        .collect();
    assert_eq!(states, [("chan send", 2), ("sync.Mutex.Lock", 2)]);
    assert_eq!(group.longest_minutes, 90);
    assert_eq!(
        (group.example.id, group.example.waited_minutes),
        (Some(3), 90)
    );
    let [shared] = &group.shared[..] else {
        panic!("{group:?}")
    };
    assert_eq!((shared.count, shared.others), (2, 0));
    assert_eq!((overview.stacks, overview.counts.total()), (3, 5));
    assert_eq!(overview.knows_waits, [true]);
}

#[test]
fn only_what_is_asked_for_is_counted_and_what_has_no_room_is_summed_up() {
    let waited = overview(
        &[incident()],
        &Query {
            min_wait: Some(6),
            top: Some(1),
            ..query(By::Home)
        },
    );
    assert_eq!(waited.counts.total(), 2);
    assert_eq!((waited.groups.len(), waited.left_out.0), (1, 1));
    assert_eq!(waited.left_out.1.total(), 1);
    let store =
        Matcher::parse("--where", "{ home: \"app.(*Store).*\", without: app.old }").unwrap();
    let filtered = overview(
        &[incident()],
        &Query {
            filter: Some(Filter::new(&store)),
            ..query(By::State)
        },
    );
    assert_eq!(groups(&filtered), [("sync.Mutex.Lock", 2)]);
    let send = Matcher::parse("--where", "state: chan send").unwrap();
    let filtered = overview(
        &[incident()],
        &Query {
            filter: Some(Filter::new(&send)),
            ..query(By::State)
        },
    );
    assert_eq!(groups(&filtered), [("chan send", 2)]);
}

#[test]
fn two_files_are_left_both_and_right() {
    let before = dump(&[
        ("chan send", 3, &["app.push", "app.Serve"]),
        ("select", 3, &["app.wait", "app.Serve"]),
        ("sleep", 3, &["time.Sleep", "app.old"]),
    ]);
    let both = overview(&[before, incident()], &query(By::Root));
    let counts = |left, both, right| Counts { left, both, right };
    assert!(both.is_pair);
    assert_eq!(both.counts, counts(2, 1, 4));
    let found: Vec<_> = both
        .groups
        .iter()
        .map(|group| (group.name.as_deref(), group.counts))
        .collect();
    assert_eq!(
        found,
        [
            (Some("app.Serve"), counts(1, 1, 3)),
            (Some("app.work"), counts(0, 0, 1)),
            (Some("app.old"), counts(1, 0, 0)),
        ]
    );
    // A group that is only in the first file is described by it.
    assert_eq!(both.groups[2].states, [("sleep".to_owned(), 1)]);
    assert_eq!(both.groups[0].longest_minutes, 90);
}

#[test]
fn what_to_group_by_is_a_word() {
    for word in [
        "root", "home", "state", "creator", "package", "stack", "waits-on", "test", "label:k",
    ] {
        let by: By = word.parse().unwrap();
        assert_eq!(by.name(), word);
    }
    assert!("label:".parse::<By>().is_err());
    assert!("rot".parse::<By>().is_err());
}

#[test]
fn what_others_do_with_a_channel_is_said_of_the_whole_file() {
    let send = |root| ["runtime.gopark", "runtime.chansend", "app.push", root];
    let receive = [
        "runtime.gopark",
        "runtime.chanrecv",
        "app.pull",
        "app.Consume",
    ];
    let (serve, other) = (send("app.Serve"), send("app.Other"));
    let senders = [
        ("chan send", 7, &serve[..]),
        ("chan send", 9, &serve),
        ("chan send", 1, &other),
    ];
    let shared = |more: &[(&str, u32, &[&str])]| {
        let serve = Matcher::parse("--where", "root: app.Serve").unwrap();
        let query = Query {
            filter: Some(Filter::new(&serve)),
            min_wait: Some(5),
            ..query(By::Root)
        };
        let overview = overview(&[dump(&[&senders, more].concat())], &query);
        let [shared] = &overview.groups[0].shared[..] else {
            panic!("{overview:?}")
        };
        assert_eq!((&*shared.object, shared.count), ("channel 0xc00019", 2));
        (
            shared.in_file,
            shared.others,
            shared.opposite,
            shared.may_have_more,
        )
    };
    assert_eq!(shared(&[]), (3, 1, 0, false));
    let receiver = ("chan receive", 1, &receive[..]);
    assert_eq!(shared(&[receiver, receiver]), (3, 3, 2, false));
    let selects = ("select", 1, &["app.wait", "app.Serve"][..]);
    assert_eq!(shared(&[selects]), (3, 1, 0, true));
    let unnamed = ("chan receive", 1, &["app.pull", "app.Consume"][..]);
    assert_eq!(shared(&[unnamed]), (3, 1, 0, true));
    // A state of its own.
    let nil = ("chan receive (nil chan)", 1, &["app.pull"][..]);
    assert_eq!(shared(&[nil]), (3, 1, 0, false));
}

#[test]
fn a_channel_of_one_file_is_none_of_the_other() {
    let send = ["runtime.gopark", "runtime.chansend", "app.push"];
    let senders = [("chan send", 7, &send[..]), ("chan send", 9, &send)];
    let texts = [dump(&senders), dump(&senders)];
    let overview = overview(&texts, &query(By::Root));
    let shared = &overview.groups[0].shared[0];
    assert_eq!((shared.in_file, shared.others), (2, 0));
}

#[test]
fn a_creator_is_written_as_it_was_read() {
    let creator = |facts: &Facts| super::by::creator_of(facts).unwrap().to_string();
    for text in ["app.(*Pool).run C:/a b/pool.go:31", "app.run"] {
        let facts = Facts {
            creator: Some(text.into()),
            ..Facts::default()
        };
        assert_eq!(creator(&facts), text);
    }
    let facts = Facts {
        created_by: Some(7),
        ..Facts::default()
    };
    assert_eq!(creator(&facts), "goroutine 7");
}
