use std::path::Path;

use jiff::civil::date;
use proptest::prelude::*;

use super::{About, Baseline, Entry, Report, Terms, accept, prune, resolve};

/// A stack of a suite.
fn entry(id: &str, suite: &str, max: i64) -> Entry {
    Entry {
        line: 0,
        id: id.into(),
        suite: suite.into(),
        max,
        about: About::Stack {
            root: Some("example.com/shop/worker.(*Pool).Start.func1".into()),
            home: Some("example.com/shop/worker.(*Pool).run".into()),
        },
        expires: date(2027, 3, 31),
        reason: "SHOP-482".into(),
        owner: Some("@shop/platform".into()),
    }
}

fn baseline(entries: &[(&str, &str, i64)]) -> Baseline {
    let mut baseline = Baseline::default();
    for (id, suite, max) in entries {
        baseline.insert(entry(id, suite, *max));
    }
    baseline
}

fn parse(text: &str) -> Result<Baseline, String> {
    let parsed = Baseline::parse(Path::new("leakgate.baseline.yml"), text);
    parsed.map_err(|error| error.to_string())
}

/// Id, suite and `max` of each entry.
fn short(baseline: &Baseline) -> Vec<(&str, &str, i64)> {
    let entries = baseline.entries.iter();
    let short = entries.map(|one| (&*one.id, &*one.suite, one.max));
    short.collect()
}

/// Which suites, and findings: id, suite, count, disposition, `accepted_as`.
fn report(suites: &[(&str, bool)], findings: &[(&str, &str, i64, &str, Option<&str>)]) -> Report {
    let suites = suites.iter();
    let suites: Vec<_> = suites
        .map(|(name, whole)| serde_json::json!({ "name": name, "subject": name, "whole": whole }))
        .collect();
    let place = serde_json::json!({ "function": "example.com/shop.(*Cart).flush" });
    let findings = findings.iter().map(|(id, suite, after, disposition, accepted)| {
        serde_json::json!({
            "id": id, "suite": suite, "rule": "default", "per": "stack", "key": "", "after": after,
            "disposition": disposition, "root": place, "home": place, "accepted_as": accepted,
        })
    });
    let findings: Vec<_> = findings.collect();
    let causes = serde_json::json!([
        { "id": "cccccccccccc", "suite": "shop", "findings": ["111111111111"] },
    ]);
    let report = serde_json::json!({
        "schema": "leakgate.report/1", "suites": suites, "findings": findings, "causes": causes,
        "left_out": { "findings": 0 },
    });
    Report::parse(report.to_string().as_bytes()).unwrap()
}

fn terms() -> Terms {
    Terms {
        reason: "known".into(),
        expires: date(2027, 6, 30),
        owner: None,
    }
}

#[test]
fn the_file_is_sorted_blocks_with_max_between_what_identifies() {
    let baseline = baseline(&[("aaaaaaaaaaaa", "b", 2), ("1f0c2a9be771", "a", 40)]);
    assert_eq!(
        baseline.text(),
        "version: 1\n\
         accepted:\n\
         \x20 - stack: 1f0c2a9be771\n\
         \x20   suite: a\n\
         \x20   max: 40\n\
         \x20   root: example.com/shop/worker.(*Pool).Start.func1\n\
         \x20   home: example.com/shop/worker.(*Pool).run\n\
         \x20   expires: 2027-03-31\n\
         \x20   reason: SHOP-482\n\
         \x20   owner: \"@shop/platform\"\n\
         \x20 - stack: aaaaaaaaaaaa\n\
         \x20   suite: b\n\
         \x20   max: 2\n\
         \x20   root: example.com/shop/worker.(*Pool).Start.func1\n\
         \x20   home: example.com/shop/worker.(*Pool).run\n\
         \x20   expires: 2027-03-31\n\
         \x20   reason: SHOP-482\n\
         \x20   owner: \"@shop/platform\"\n"
    );
    assert_eq!(Baseline::default().text(), "version: 1\naccepted: []\n");
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_and_written_as_the_same_bytes(
        ids in proptest::collection::vec(("[0-9a-f]{12}", any::<String>(), 1_i64.., any::<bool>()), 0..6),
        names in proptest::collection::vec(any::<String>(), 4),
        words in proptest::collection::vec("[a-z0-9 :#*&!%@{}\\[\\]'\"<>=~,.e_+-]{0,9}", 4),
    ) {
        let mut written = Baseline { name: "leakgate.baseline.yml".into(), ..Baseline::default() };
        for (index, (id, suite, max, is_sum)) in ids.into_iter().enumerate() {
            let name = &names[index % names.len()];
            let word = &words[index % words.len()];
            let about = if is_sum {
                About::Sum { rule: word.clone(), key: Some(name.clone()) }
            } else {
                About::Stack { root: Some(name.clone()), home: Some(word.clone()) }
            };
            written.insert(Entry {
                about,
                max,
                reason: format!("x{word}"),
                owner: Some(word.clone()),
                ..entry(&id, &format!("s{suite}"), 1)
            });
        }
        let text = written.text();
        let mut read = parse(&text).unwrap();
        prop_assert_eq!(read.text(), text);
        for entry in &mut read.entries {
            entry.line = 0;
        }
        prop_assert_eq!(read, written);
    }
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_line() {
    let block = baseline(&[("1f0c2a9be771", "a", 40)]).text();
    for (from, to, message) in [
        (
            "max: 40",
            "max: 0",
            "leakgate.baseline.yml:5:5: `max` is how many goroutines are accepted: at least 1",
        ),
        ("max: 40", "mx: 40", "unknown key `mx`: did you mean `max`?"),
        (
            "stack: 1f0c2a9be771",
            "stack: 1f0c",
            "3:5: `1f0c` is no id of a stack",
        ),
        (
            "stack: 1f0c2a9be771",
            "sum: 1f0c2a9be771",
            "`root` and `home` are for an entry with `stack`",
        ),
        ("reason: SHOP-482", "reason: ...", "an entry needs a reason"),
        ("2027-03-31", "2027-02-30", "`2027-02-30` is not a date"),
        ("version: 1", "version: 2", "version 2 is not known"),
        (
            "    max: 40",
            "<<<<<<< HEAD\n    max: 40",
            "5:1: git could not merge this file: run `leakgate accept --resolve`",
        ),
    ] {
        let error = parse(&block.replacen(from, to, 1)).unwrap_err();
        assert!(error.contains(message), "{message:?} not in {error}");
    }
}

#[test]
fn accept_adds_and_raises_and_never_lowers() {
    let mut known = baseline(&[("111111111111", "shop", 5), ("222222222222", "shop", 5)]);
    let report = report(
        &[("shop", true)],
        &[
            ("111111111111", "shop", 3, "expired", None),
            ("222222222222", "shop", 7, "open", None),
            ("333333333333", "shop", 1, "open", None),
            ("444444444444", "shop", 1, "allowed", None),
        ],
    );
    let done = accept(&mut known, &report, &[], &terms());
    assert_eq!((done.added, done.raised, done.renewed), (1, 1, 1));
    assert_eq!(
        short(&known),
        [
            ("111111111111", "shop", 5),
            ("222222222222", "shop", 7),
            ("333333333333", "shop", 1),
        ]
    );
    let terms: Vec<_> = known
        .entries
        .iter()
        .map(|one| (&*one.reason, one.owner.as_deref()))
        .collect();
    let kept = ("known", Some("@shop/platform"));
    assert_eq!(terms, [kept, kept, ("known", None)]);
}

#[test]
fn an_id_is_that_of_a_finding_or_of_a_cause() {
    let report = report(
        &[("shop", true)],
        &[
            ("111111111111", "shop", 3, "open", None),
            ("222222222222", "shop", 7, "open", None),
        ],
    );
    let accepted = |ids: &[&str]| {
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        let mut baseline = Baseline::default();
        let done = accept(&mut baseline, &report, &ids, &terms());
        let entries = baseline.entries.into_iter().map(|entry| entry.id);
        (entries.collect::<Vec<_>>(), done.unknown)
    };
    let ids = |ids: &[&str]| {
        ids.iter()
            .map(|id| (*id).to_owned())
            .collect::<Vec<String>>()
    };
    assert_eq!(
        accepted(&["222222222222"]),
        (ids(&["222222222222"]), ids(&[]))
    );
    assert_eq!(
        accepted(&["cccccccccccc"]),
        (ids(&["111111111111"]), ids(&[]))
    );
    assert_eq!(
        accepted(&["eeeeeeeeeeee"]),
        (ids(&[]), ids(&["eeeeeeeeeeee"]))
    );
}

#[test]
fn of_several_reports_the_most_is_accepted_and_of_several_runs_too() {
    let one = report(
        &[("shop", true)],
        &[("111111111111", "shop", 3, "open", None)],
    );
    let two = report(
        &[("shop", true)],
        &[("111111111111", "shop", 8, "open", None)],
    );
    let none = report(&[("shop", true)], &[]);
    let mut baseline = Baseline::default();
    accept(&mut baseline, &one.merge(none).merge(two), &[], &terms());
    assert_eq!(short(&baseline), [("111111111111", "shop", 8)]);
    // Closures of one function share an id, and their sum is accepted.
    let closures = report(
        &[("shop", true)],
        &[
            ("111111111111", "shop", 3, "open", None),
            ("111111111111", "shop", 2, "open", None),
        ],
    );
    let mut baseline = Baseline::default();
    accept(&mut baseline, &closures, &[], &terms());
    assert_eq!(short(&baseline), [("111111111111", "shop", 5)]);
}

#[test]
fn prune_lowers_and_removes_only_in_suites_that_were_judged_as_a_whole() {
    let mut known = baseline(&[
        ("111111111111", "shop", 5),
        ("222222222222", "shop", 5),
        ("333333333333", "shop", 5),
        ("444444444444", "shop", 5),
        ("111111111111", "failed", 5),
        ("111111111111", "gone", 5),
    ]);
    let report = report(
        &[("shop", true), ("failed", false)],
        &[
            ("111111111111", "shop", 3, "baseline", Some("111111111111")),
            ("222222222222", "shop", 9, "open", None),
            ("444444444444", "shop", 3, "allowed", None),
            (
                "111111111111",
                "failed",
                1,
                "baseline",
                Some("111111111111"),
            ),
        ],
    );
    let done = prune(&mut known, &report);
    assert_eq!((done.removed, done.lowered, done.moved), (2, 1, 0));
    let not_judged: Vec<_> = done.not_judged.into_iter().collect();
    assert_eq!(
        not_judged,
        [("failed".to_owned(), 1), ("gone".to_owned(), 1)]
    );
    assert_eq!(
        short(&known),
        [
            ("111111111111", "failed", 5),
            ("111111111111", "gone", 5),
            ("111111111111", "shop", 3),
            ("222222222222", "shop", 5),
        ]
    );
}

#[test]
fn an_entry_whose_code_has_moved_gets_its_new_id_and_names_and_keeps_its_terms() {
    let moved = report(
        &[("shop", true)],
        &[("999999999999", "shop", 3, "baseline", Some("111111111111"))],
    );
    let mut known = baseline(&[("111111111111", "shop", 5)]);
    let done = prune(&mut known, &moved);
    assert_eq!((done.removed, done.lowered, done.moved), (0, 1, 1));
    let flush = Some("example.com/shop.(*Cart).flush".to_owned());
    let about = About::Stack {
        root: flush.clone(),
        home: flush,
    };
    let expected = Entry {
        about,
        ..entry("999999999999", "shop", 3)
    };
    assert_eq!(known.entries, [expected]);
}

#[test]
fn a_report_of_another_program_is_refused() {
    for (text, message) in [
        ("{", "it is no JSON report of leakgate: EOF"),
        ("{}", "it is no JSON report of leakgate: missing field"),
        (
            r#"{"schema":"leakgate.report/9","findings":[],"causes":[],"suites":[],"left_out":{"findings":0}}"#,
            "leakgate.report/9",
        ),
    ] {
        let error = Report::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

/// The text of a file that git could not merge.
fn conflict(base: Option<&str>, ours: &str, theirs: &str) -> String {
    let base = base.map_or(String::new(), |base| format!("||||||| base\n{base}"));
    format!("<<<<<<< HEAD\n{ours}{base}=======\n{theirs}>>>>>>> branch\n")
}

#[test]
fn of_two_sides_the_smaller_max_is_kept_and_what_one_side_removed_is_gone() {
    let base = baseline(&[("111111111111", "a", 9), ("222222222222", "a", 9)]).text();
    let ours = baseline(&[("111111111111", "a", 4)]).text();
    let theirs = baseline(&[
        ("111111111111", "a", 7),
        ("222222222222", "a", 9),
        ("333333333333", "a", 1),
    ])
    .text();
    let settle = |base: Option<&str>| {
        let text = conflict(base, &ours, &theirs);
        resolve(Path::new("leakgate.baseline.yml"), &text).unwrap()
    };
    let with_base = settle(Some(&base));
    let expected = [("111111111111", "a", 4), ("333333333333", "a", 1)];
    assert_eq!(short(&with_base.baseline), expected);
    assert_eq!((with_base.lowered, with_base.one_sided.len()), (1, 0));
    let without = settle(None);
    assert_eq!(without.baseline.entries.len(), 3);
    assert_eq!(without.one_sided.len(), 2);
}

#[test]
fn of_an_entry_that_is_there_twice_the_smaller_counts() {
    let text = baseline(&[("111111111111", "a", 9)]).text();
    let block = text.strip_prefix("version: 1\naccepted:\n").unwrap();
    let twice = format!("{text}{}", block.replace("max: 9", "max: 4"));
    let read = parse(&twice).unwrap();
    assert_eq!(short(&read), [("111111111111", "a", 4)]);
    assert_eq!((read.repeated[0].line, read.repeated[0].earlier), (11, 3));
    let resolved = resolve(Path::new("leakgate.baseline.yml"), &twice).unwrap();
    assert_eq!(resolved.lowered, 1);
    assert_eq!(parse(&resolved.baseline.text()).unwrap().repeated, []);
}
