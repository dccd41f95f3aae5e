//! Baselines: what is accepted, what is not, and how the file is written.

use std::path::Path;

use serde_json::Value;

use crate::made::{self, Made};
use crate::support::{Leakgate, Ran, assert_fits, findings, repository, scratch, write};

const FILE: &str = "leakgate.baseline.yml";

/// A directory with a JSON report of these captured leaks, each a suite of its own name.
fn reported(leaks: &[&str]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let (code, report) = check(directory.path(), leaks, &[]).json();
    assert_eq!(code, i32::from(!leaks.is_empty()));
    write(&directory.path().join("report.json"), report.to_string());
    directory
}

/// `leakgate check` of a directory of pairs.
fn check(directory: &Path, leaks: &[&str], flags: &[&str]) -> Leakgate {
    check_on("2026-11-20", directory, leaks, flags)
}

/// The same on another day.
fn check_on(day: &str, directory: &Path, leaks: &[&str], flags: &[&str]) -> Leakgate {
    let pairs = directory.join("pairs");
    let _ = std::fs::remove_dir_all(&pairs);
    write(&pairs.join("README"), "");
    for leak in leaks {
        for side in ["before", "after"] {
            let path = pairs.join(leak).join(format!("{side}.pb.gz"));
            crate::support::copy(leak, side, &path);
        }
    }
    let clean = pairs.join("clean");
    for side in ["before", "after"] {
        crate::support::copy(
            "send-abandoned-clean",
            side,
            &clean.join(format!("{side}.pb.gz")),
        );
    }
    Leakgate::check_on(day)
        .dir(directory)
        .args(flags)
        .arg("pairs")
}

fn accept(directory: &Path, arguments: &[&str]) -> Ran {
    Leakgate::new(&["accept"])
        .dir(directory)
        .args(arguments)
        .run()
}

/// Accepts all of `report.json`.
fn accept_all(directory: &Path) -> Ran {
    let terms = [
        "report.json",
        "--reason",
        "SHOP-482",
        "--expires",
        "2099-03-31",
    ];
    accept(directory, &terms).exits(0)
}

fn baseline(directory: &Path) -> String {
    std::fs::read_to_string(directory.join(FILE)).unwrap()
}

/// The baseline with another text in the place of one that is there.
fn edit(directory: &Path, from: &str, to: &str) {
    let text = baseline(directory);
    assert!(text.contains(from), "no {from:?} in {text}");
    write(&directory.join(FILE), text.replace(from, to));
}

#[test]
fn what_is_accepted_passes_and_a_new_leak_fails() {
    let directory = reported(&["send-abandoned", "mutex-unlocked"]);
    let said = accept_all(directory.path()).stdout;
    assert_eq!(
        said,
        "added 2, raised 0, renewed 0; leakgate.baseline.yml has 2 entries\n"
    );
    let known = &["send-abandoned", "mutex-unlocked"];
    let ran = check(directory.path(), known, &[]).run().exits(0);
    ran.prints("accepted 2 findings, 8 goroutines, by leakgate.baseline.yml (-v lists them)");
    ran.prints("PASS 2 findings in 2 of 3 suites; 0 new, 2 accepted, 3 of 3 suites checked");
    // Nobody is kept from seeing it all.
    check(directory.path(), known, &["--no-baseline"])
        .run()
        .exits(1);
    let and_new = &["send-abandoned", "mutex-unlocked", "waitgroup-undone"];
    let (code, report) = check(directory.path(), and_new, &[]).json();
    assert_eq!(code, 1);
    let of = |one: &Value| {
        (
            one["suite"].as_str().unwrap().to_owned(),
            one["disposition"].clone(),
        )
    };
    let found: Vec<_> = findings(&report).iter().map(of).collect();
    assert_eq!(
        found,
        [
            ("waitgroup-undone".to_owned(), Value::from("open")),
            ("mutex-unlocked".to_owned(), Value::from("baseline")),
            ("send-abandoned".to_owned(), Value::from("baseline")),
        ]
    );
    assert_eq!(report["totals"]["accepted"], 2);
}

#[test]
fn the_file_fits_its_schema_and_the_schema_is_the_one_that_leakgate_prints() {
    let directory = reported(&["send-abandoned"]);
    accept_all(directory.path());
    let value: Value = serde_yaml::from_str(&baseline(directory.path())).unwrap();
    assert_fits(&value, "baseline.v1.json");
    let schema = std::fs::read_to_string(repository().join("schema/baseline.v1.json")).unwrap();
    let printed = Leakgate::new(&["policy", "schema", "--baseline"])
        .run()
        .exits(0);
    assert_eq!(
        printed.stdout, schema,
        "run: cargo run -- policy schema --baseline > schema/baseline.v1.json"
    );
}

#[test]
fn more_than_was_accepted_fails_and_says_how_many_are_new() {
    let directory = reported(&["send-abandoned"]);
    accept_all(directory.path());
    edit(directory.path(), "max: 3", "max: 2");
    let ran = check(directory.path(), &["send-abandoned"], &[])
        .run()
        .exits(1);
    ran.prints("3 more goroutines than before");
    ran.prints("note     accepted 2 (leakgate.baseline.yml:3), now 3: 1 new");
    ran.prints("allow    leakgate accept REPORT.json ");
    // Fewer than accepted is fine.
    edit(directory.path(), "max: 2", "max: 30");
    let ran = check(directory.path(), &["send-abandoned"], &[])
        .run()
        .exits(0);
    ran.prints(
        "can be smaller: 1 entry accepts more than there is; leakgate accept --prune REPORT.json",
    );
    accept(directory.path(), &["--prune", "report.json"]).exits(0);
    assert!(baseline(directory.path()).contains("max: 3\n"));
}

#[test]
fn an_entry_counts_until_its_last_day() {
    let directory = reported(&["send-abandoned"]);
    accept_all(directory.path());
    edit(directory.path(), "2099-03-31", "2026-12-01");
    let on = |day: &str, code: i32| {
        let check = check_on(day, directory.path(), &["send-abandoned"], &[]);
        check.run().exits(code)
    };
    on("2026-11-16", 0).prints("1 accepted, ");
    on("2026-11-17", 0).prints("1 accepted (1 expires within 14 days)");
    on("2026-12-01", 0).prints(
        "leakgate.baseline.yml:3 main.sendAbandoned.func1 in send-abandoned: expires today",
    );
    let ran = on("2026-12-02", 1);
    ran.prints(
        "note     no longer accepted, since 2026-12-01 is over (leakgate.baseline.yml:3): SHOP-482",
    );
    ran.prints("0 accepted, 1 expired");
}

#[test]
fn what_nothing_needs_any_more_is_said_apart_and_fails_only_if_asked_for() {
    let directory = reported(&["send-abandoned", "mutex-unlocked"]);
    accept_all(directory.path());
    let ran = check(directory.path(), &["mutex-unlocked"], &[])
        .run()
        .exits(0);
    // A suite that was not judged says nothing.
    assert!(!ran.has("its leak is gone"), "{}", ran.said());
    let rename = |from: &str, to: &str| {
        let path = directory.path().join("report.json");
        let report = std::fs::read_to_string(&path).unwrap();
        write(&path, report.replace(from, to));
    };
    // The same as after a fix in that suite.
    edit(directory.path(), "suite: send-abandoned", "suite: clean");
    let stale = "main.sendAbandoned.func1 in clean: its leak is gone";
    let ran = check(directory.path(), &["mutex-unlocked"], &[])
        .run()
        .exits(0);
    ran.prints(stale);
    let ran = check(directory.path(), &["mutex-unlocked"], &["--strict"])
        .run()
        .exits(1);
    ran.prints(stale);
    ran.prints("FAIL 1 stale entry in the baseline (--strict); 1 finding in 1 of 2 suites");
    rename("\"send-abandoned\"", "\"elsewhere\"");
    let said = accept(directory.path(), &["--prune", "report.json"])
        .exits(0)
        .stdout;
    assert!(
        said.starts_with("removed 1, lowered 0, moved 0; leakgate.baseline.yml has 1 entry\n"),
        "{said}"
    );
}

#[test]
fn what_one_job_could_not_judge_is_stale_in_no_report_of_all() {
    let directory = reported(&["send-abandoned"]);
    let path = directory.path();
    accept_all(path);
    // Its leak is of another system, and this one has none.
    edit(path, "suite: send-abandoned", "suite: clean");
    let (_, mut report) = check(path, &[], &[]).json();
    write(&path.join("linux.json"), report.to_string());
    let both = || {
        let merge = Leakgate::new(&["report", "linux.json", "win.json"]).dir(path);
        let merged = merge.run();
        assert_ne!(merged.code, 2, "{}", merged.said());
        (
            merged.stdout,
            accept(path, &["--prune", "linux.json", "win.json"])
                .exits(0)
                .stdout,
        )
    };
    let kept = "removed 0, lowered 0, moved 0; leakgate.baseline.yml is as it was";
    // There its tests failed.
    report["suites"][0]["whole"] = false.into();
    write(&path.join("win.json"), report.to_string());
    let (merged, pruned) = both();
    assert!(
        !merged.contains("stale    leakgate.baseline.yml:3"),
        "{merged}"
    );
    assert!(pruned.starts_with(kept), "{pruned}");
    // There it could not be checked.
    report["suites"] = serde_json::json!([]);
    report["totals"]["suites"] = 0.into();
    report["unchecked"] =
        serde_json::json!([{ "suite": "clean", "shard": null, "why": "it crashed" }]);
    write(&path.join("win.json"), report.to_string());
    let (merged, pruned) = both();
    assert!(
        !merged.contains("stale    leakgate.baseline.yml:3"),
        "{merged}"
    );
    assert!(pruned.starts_with(kept), "{pruned}");
    // Where both judged it, it is gone.
    std::fs::copy(path.join("linux.json"), path.join("win.json")).unwrap();
    let (merged, pruned) = both();
    assert!(
        merged.contains("stale    leakgate.baseline.yml:3"),
        "{merged}"
    );
    assert!(pruned.starts_with("removed 1"), "{pruned}");
}

#[test]
fn the_text_offers_the_command_that_accepts_from_the_report_beside_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let report = "my report.json";
    let ran = check(
        path,
        &["send-abandoned"],
        &["--report=text", "--report", &format!("json={report}")],
    )
    .run()
    .exits(1);
    let offered = ran.stdout.split("accept   ").nth(1).unwrap();
    let words: Vec<&str> = offered.split('\n').next().unwrap().split(' ').collect();
    assert_eq!(words[..4], ["leakgate", "accept", "'my", "report.json'"]);
    let id = words[4];
    assert!(!ran.has("allow    -"), "{}", ran.said());
    accept(
        path,
        &[report, id, "--reason", "x", "--expires", "2099-01-01"],
    )
    .exits(0);
    check(path, &["send-abandoned"], &[]).run().exits(0);
    // A path from the root is one of another machine, most likely.
    let absolute = format!("json={}", path.join("report.json").display());
    let ran = check(
        path,
        &["mutex-unlocked"],
        &["--report=text", "--report", &absolute],
    )
    .run();
    ran.prints("allow    - { match: ");
}

#[test]
fn entries_of_a_package_that_is_gone_are_told_from_those_that_did_not_run() {
    let directory = reported(&["send-abandoned"]);
    let path = directory.path();
    accept_all(path);
    let gone = "example.com/shop/gone";
    edit(path, "suite: send-abandoned", &format!("suite: {gone}"));
    write(&path.join("go.mod"), "module example.com/shop\n");
    let prune = || accept(path, &["--prune", "report.json"]).exits(0).stdout;
    let kept = format!(
        "removed 0, lowered 0, moved 0; leakgate.baseline.yml is as it was\n  kept 1 entry of {gone}: "
    );
    assert_eq!(
        prune(),
        format!("{kept}this module has no such tests any more, so take them out by hand\n")
    );
    std::fs::create_dir(path.join("gone")).unwrap();
    write(&path.join("gone/gone_test.go"), "package gone\n");
    let unjudged = "no report has it\n";
    assert_eq!(prune(), format!("{kept}{unjudged}"));
}

#[test]
fn the_policy_comes_first_and_a_sum_can_be_accepted_too() {
    let directory = reported(&["send-abandoned"]);
    accept_all(directory.path());
    let policy = "version: 1\nrules:\n  - { name: few, per: total, limit: { growth: 2 } }\n";
    write(&directory.path().join("leakgate.yml"), policy);
    let (code, report) = check(directory.path(), &["send-abandoned"], &[]).json();
    assert_eq!(code, 1);
    write(&directory.path().join("report.json"), report.to_string());
    let said = accept_all(directory.path()).stdout;
    assert_eq!(
        said,
        "added 1, raised 0, renewed 0; leakgate.baseline.yml has 2 entries\n"
    );
    let text = baseline(directory.path());
    assert!(
        text.contains("  - sum: ") && text.contains("    rule: few\n"),
        "{text}"
    );
    check(directory.path(), &["send-abandoned"], &[])
        .run()
        .exits(0);
    // An entry that the policy makes needless is stale.
    let policy = "version: 1\nallow:\n  - { match: { any: main.* }, max: 9, reason: x, expires: 2099-01-01 }\n";
    write(&directory.path().join("leakgate.yml"), policy);
    let ran = check(directory.path(), &["send-abandoned"], &["--strict"])
        .run()
        .exits(1);
    ran.prints("2 stale entries in the baseline (--strict)");
}

/// Two hand-made profiles, of a worker whose functions have these names.
fn worker(directory: &Path, functions: [&str; 2], count: u64) -> Leakgate {
    let leak = format!(
        "x.org/shop.{} x.org/shop.step x.org/shop.{} runtime.selectgo runtime.gopark",
        functions[1], functions[0]
    );
    let base = Made::new().goroutines(1, "runtime.main main.main");
    let after = Made::new()
        .goroutines(1, "runtime.main main.main")
        .goroutines(count, &leak);
    made::check_in(directory, base, after).args(&["--suite", "shop"])
}

#[test]
fn an_entry_holds_where_its_code_was_renamed_or_moved_and_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let (_, report) = worker(path, ["(*Pool).wait", "(*Pool).run"], 3).json();
    write(&path.join("report.json"), report.to_string());
    accept_all(path);
    // Renamed: the home, the root, and both.
    for functions in [
        ["(*Pool).idle", "(*Pool).run"],
        ["(*Pool).wait", "(*Pool).loop"],
        ["(*Pool).idle", "(*Pool).loop"],
    ] {
        let ran = worker(path, functions, 3).run().exits(0);
        ran.prints("its code has moved");
        // More of them than were accepted are no old friends.
        worker(path, functions, 4).run().exits(1);
    }
    // The entry follows.
    let (_, report) = worker(path, ["(*Pool).idle", "(*Pool).run"], 3).json();
    write(&path.join("report.json"), report.to_string());
    let said = accept(path, &["--prune", "report.json"]).exits(0).stdout;
    assert_eq!(
        said,
        "removed 0, lowered 0, moved 1; leakgate.baseline.yml has 1 entry\n"
    );
    assert!(
        baseline(path).contains("home: x.org/shop.(*Pool).idle"),
        "{}",
        baseline(path)
    );
    let ran = worker(path, ["(*Pool).idle", "(*Pool).run"], 3)
        .run()
        .exits(0);
    assert!(!ran.has("its code has moved"), "{}", ran.said());
}

#[test]
fn a_leak_that_only_takes_the_place_of_another_is_new() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let (_, report) = worker(path, ["(*Pool).wait", "(*Pool).run"], 3).json();
    write(&path.join("report.json"), report.to_string());
    accept_all(path);
    let other = |leak: &str| {
        let base = || Made::new().goroutines(1, "runtime.main main.main");
        let after = base().goroutines(3, leak);
        made::check_in(path, base(), after)
            .args(&["--suite", "shop"])
            .run()
    };
    for leak in [
        // Another function between, and other names around it.
        "x.org/shop.(*Mail).run x.org/shop.send x.org/shop.(*Mail).wait runtime.selectgo runtime.gopark",
        // The same shape in another state.
        "x.org/shop.(*Pool).run x.org/shop.step x.org/shop.(*Pool).idle runtime.chanrecv runtime.gopark",
        "x.org/shop.(*Mail).run runtime.selectgo runtime.gopark",
        // Other closures of the same functions.
        "x.org/shop.(*Pool).run.func1 x.org/shop.step x.org/shop.(*Pool).wait runtime.chanrecv runtime.gopark",
    ] {
        other(leak).exits(1);
    }
    // Two that could both be the old one are neither.
    let base = || Made::new().goroutines(1, "runtime.main main.main");
    let after = base()
        .goroutines(
            1,
            "x.org/shop.(*Pool).run x.org/shop.step x.org/shop.a runtime.selectgo runtime.gopark",
        )
        .goroutines(
            1,
            "x.org/shop.(*Pool).run x.org/shop.step x.org/shop.b runtime.selectgo runtime.gopark",
        );
    made::check_in(path, base(), after)
        .args(&["--suite", "shop"])
        .run()
        .exits(1);
}

#[test]
fn accept_takes_ids_and_refuses_what_it_cannot_know() {
    let directory = reported(&["send-abandoned", "mutex-unlocked"]);
    let report = std::fs::read_to_string(directory.path().join("report.json")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    let id = findings(&report)[0]["id"].as_str().unwrap();
    let terms = ["--reason", "x", "--expires", "2099-01-01"];
    let given = |arguments: &[&str]| {
        Leakgate::new(&["accept"])
            .dir(directory.path())
            .args(arguments)
            .args(&terms)
    };
    for (arguments, message) in [
        (
            &["report.json", "0123456789ab"][..],
            "no report has a finding or a cause 0123456789ab: nothing was written",
        ),
        (&["missing.json"], "the report missing.json cannot be read"),
        (&["pairs/README"], "the report pairs/README cannot be used"),
        (&[id], "no report is given: write one first"),
    ] {
        given(arguments).run().exits(2).complains(message);
    }
    given(&["report.json"])
        .env("CI", "true")
        .run()
        .exits(2)
        .complains("this is a CI job");
    for (terms, message) in [
        (&["--reason", "x"][..], "--reason and --expires are needed"),
        (
            &["--reason", "...", "--expires", "2099-01-01"],
            "the reason is empty",
        ),
        (
            &["--reason", "x", "--expires", "2020-01-01"],
            "2020-01-01 is over",
        ),
    ] {
        let ran = accept(directory.path(), &[&["report.json"], terms].concat());
        ran.exits(2).complains(message);
    }
    assert!(!directory.path().join(FILE).exists());
    given(&["report.json", id]).run().exits(0);
    assert_eq!(baseline(directory.path()).matches("- stack:").count(), 1);
    // Comments at the top stay; another one would not survive.
    let text = baseline(directory.path());
    write(&directory.path().join(FILE), format!("# ours\n{text}"));
    given(&["report.json"]).run().exits(0);
    let text = baseline(directory.path());
    assert!(text.starts_with("# ours\nversion: 1\n"), "{text}");
    let commented = text.replace("    max: 3\n", "    max: 2 # for now\n");
    write(&directory.path().join(FILE), &commented);
    let ran = given(&["report.json"]).run().exits(2);
    ran.complains("this comment would be lost");
    assert_eq!(baseline(directory.path()), commented);
}

#[test]
fn the_baseline_is_beside_the_policy_or_in_the_root_and_is_found_from_below() {
    let directory = reported(&["send-abandoned"]);
    let root = directory.path();
    let accept_in = |below: &str| {
        let report = root.join("report.json");
        Leakgate::new(&["accept", "--reason", "x", "--expires", "2099-01-01"])
            .dir(&root.join(below))
            .arg(report)
            .run()
            .exits(0)
    };
    write(&root.join(".git/HEAD"), "");
    write(&root.join("below/deep/x"), "");
    accept_in("below/deep");
    assert!(root.join(FILE).exists());
    // It is in force there, so it is the one that the next call adds to.
    let said = accept_in("below/deep").stdout;
    assert!(said.starts_with("added 0, raised 0, renewed 1; "), "{said}");
    std::fs::remove_file(root.join(FILE)).unwrap();
    write(&root.join(".github/leakgate.yml"), "version: 1\n");
    accept_in("below");
    assert!(root.join(".github").join(FILE).exists());
    std::fs::copy(root.join(".github").join(FILE), root.join(FILE)).unwrap();
    let ran = check(root, &["send-abandoned"], &[]).run().exits(2);
    ran.complains("two baselines, and only one can hold");
}

#[test]
fn a_suite_named_by_the_path_of_its_file_is_not_accepted() {
    let directory = tempfile::tempdir().unwrap();
    let (_, report) = Leakgate::check()
        .dir(directory.path())
        .pair("go1.27", "send-abandoned")
        .json();
    write(&directory.path().join("report.json"), report.to_string());
    let ran = accept(
        directory.path(),
        &["report.json", "--reason", "x", "--expires", "2099-01-01"],
    );
    ran.exits(2).complains("give it one with --suite");
}

#[test]
fn a_conflict_is_refused_until_it_is_resolved() {
    let directory = reported(&["send-abandoned"]);
    accept_all(directory.path());
    edit(
        directory.path(),
        "    max: 3\n",
        "<<<<<<< HEAD\n    max: 3\n=======\n    max: 2\n>>>>>>> fix\n",
    );
    let ran = check(directory.path(), &["send-abandoned"], &[])
        .run()
        .exits(2);
    ran.complains(
        "leakgate.baseline.yml:5:1: git could not merge this file: run `leakgate accept --resolve`",
    );
    let said = accept(directory.path(), &["--resolve"]).exits(0).stdout;
    assert_eq!(said, "lowered 1; leakgate.baseline.yml has 1 entry\n");
    check(directory.path(), &["send-abandoned"], &[])
        .run()
        .exits(1)
        .prints("accepted 2");
}

#[test]
fn a_baseline_that_cannot_be_read_is_no_empty_one() {
    let directory = scratch(FILE, "version: 1\naccepted:\n  - stack: 123\n");
    let ran = check(directory.path(), &[], &[]).run().exits(2);
    ran.complains("leakgate.baseline.yml:3:5: the key `suite` is missing");
    let ran = check(directory.path(), &[], &["--baseline", "none.yml"])
        .run()
        .exits(2);
    ran.complains("the baseline none.yml cannot be read");
}

#[test]
fn what_a_change_accepts_comes_first_and_fails_only_if_asked_for() {
    let directory = reported(&["send-abandoned", "mutex-unlocked"]);
    let path = directory.path();
    accept_all(path);
    let before = baseline(path);
    // The base branch has one entry less, another has a lower bound, and the third an earlier end.
    let block = |text: &str, id: &str| {
        let start = text.find(&format!("  - stack: {id}")).unwrap();
        let end = text[start + 4..]
            .find("  - ")
            .map_or(text.len(), |end| start + 4 + end);
        text[start..end].to_owned()
    };
    let ids: Vec<&str> = before
        .lines()
        .filter_map(|line| line.strip_prefix("  - stack: "))
        .collect();
    let known = &["send-abandoned", "mutex-unlocked"];
    let judge = |base: &str, flags: &[&str]| {
        write(&path.join("base.yml"), base);
        let against = [&["--against-baseline", "base.yml"], flags].concat();
        check(path, known, &against).run()
    };
    let added = judge(&before.replace(&block(&before, ids[0]), ""), &[]).exits(0);
    assert!(
        added
            .stdout
            .starts_with("loosened leakgate.baseline.yml:3 accepts "),
        "{}",
        added.said()
    );
    added.prints(", and did not before: SHOP-482");
    added.prints("1 loosened");
    judge(
        &before.replace(&block(&before, ids[0]), ""),
        &["--fail-on", "loosened"],
    )
    .exits(1);
    judge(&before.replace("max: 3", "max: 2"), &[])
        .exits(0)
        .prints("accepts 3 of main.sendAbandoned.func1 in send-abandoned, before only 2: SHOP-482");
    judge(&before.replace("2099-03-31", "2098-01-01"), &[])
        .exits(0)
        .prints(" until 2099-03-31, before until 2098-01-01");
    // The same, or less, is fine.
    for base in [before.clone(), before.replace("max: 3", "max: 30")] {
        let ran = judge(&base, &["--fail-on", "loosened"]).exits(0);
        assert!(!ran.has("loosened"), "{}", ran.said());
    }
    check(path, known, &["--fail-on", "loosened"])
        .run()
        .exits(2)
        .complains("--fail-on loosened needs --against-baseline, --against-policy or `run --base`");
}

#[test]
fn what_a_policy_lets_pass_more_than_before_is_said_at_its_line() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let judge = |before: &str, now: &str| -> Vec<String> {
        write(&path.join("base.yml"), format!("version: 1\n{before}"));
        write(&path.join("leakgate.yml"), format!("version: 1\n{now}"));
        let (_, report) = check(path, &[], &["--against-policy", "base.yml"]).json();
        let loosened = report["loosened"].as_array().unwrap().iter();
        let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
        loosened
            .map(|one| text(one, "place") + " " + &text(one, "text"))
            .collect()
    };
    let rule = |text: &str| format!("rules:\n  - {{ name: few, {text} }}\n");
    let select = |name: &str, growth: u32| {
        format!(
            "rules:\n  - {{ name: {name}, match: {{ state: select }}, limit: {{ growth: {growth} }} }}\n"
        )
    };
    let limit = |limit: &str| rule(&format!("per: total, limit: {{ {limit} }}"));
    let allow =
        |text: &str| format!("allow:\n  - {{ match: {{ root: main.x }}, {text}, reason: why }}\n");
    for (before, now, loosened) in [
        (
            limit("growth: 2"),
            limit("growth: 3"),
            &["leakgate.yml:3 few allows growth 3, and allowed growth 2"][..],
        ),
        (
            limit("growth: 2, count: 9"),
            limit("growth: 2"),
            &["leakgate.yml:3 few allows growth 2, and allowed growth 2, count 9"],
        ),
        (limit("growth: 2"), limit("growth: 1"), &[]),
        (limit("growth: 2"), limit("growth: 2, count: 5"), &[]),
        (
            limit("growth: 2"),
            String::new(),
            &["leakgate.yml the rule few is gone"],
        ),
        // A rule per stack before a stricter one, and behind it.
        (
            select("few", 0),
            select("lax", 4) + &select("few", 0)["rules:\n".len()..],
            &["leakgate.yml:3 lax is new, and allows growth 4"],
        ),
        (
            select("few", 0) + &select("lax", 4)["rules:\n".len()..],
            select("lax", 4) + &select("few", 0)["rules:\n".len()..],
            &["leakgate.yml:3 lax comes before a stricter rule now"],
        ),
        (select("lax", 4), String::new(), &[]),
        (String::new(), limit("growth: 9"), &[]),
        (
            String::new(),
            rule("match: { state: select }, limit: { growth: 9 }"),
            &["leakgate.yml:3 few is new, and allows growth 9"],
        ),
        (
            limit("growth: 2"),
            rule("per: total, limit: { growth: 2 }, severity: warning"),
            &["leakgate.yml:3 few only warns now"],
        ),
        (
            limit("growth: 2"),
            rule("match: { root: main.x }, per: total, limit: { growth: 2 }"),
            &["leakgate.yml:3 few is about other goroutines than before"],
        ),
        (
            String::new(),
            allow("max: 2, expires: 2099-01-01"),
            &["leakgate.yml:3 accepts 2 goroutines, and did not before: why"],
        ),
        (
            allow("max: 2, expires: 2099-01-01"),
            allow("max: 3, expires: 2099-01-01"),
            &["leakgate.yml:3 accepts 3 goroutines, before only 2: why"],
        ),
        (
            allow("max: 2, expires: 2098-01-01"),
            allow("max: 1, expires: 2099-01-01"),
            &["leakgate.yml:3 accepts 1 goroutine until 2099-01-01, before until 2098-01-01: why"],
        ),
        (allow("max: 2, expires: 2099-01-01"), String::new(), &[]),
        (
            "builtin-allow: false\ngate-failed-tests: true\n".to_owned(),
            String::new(),
            &[
                "leakgate.yml the built-in list is in force now",
                "leakgate.yml findings of a failed command do not count any more",
            ],
        ),
        (
            "defaults: { limit: { growth: 0 } }\n".to_owned(),
            "defaults: { limit: { growth: 5 } }\n".to_owned(),
            &["leakgate.yml:2 default allows growth 5, and allowed growth 0"],
        ),
    ] {
        assert_eq!(judge(&before, &now), loosened, "{before} -> {now}");
    }
}

#[test]
fn every_format_fails_for_what_fails_the_run() {
    let directory = reported(&["send-abandoned"]);
    let path = directory.path();
    accept_all(path);
    edit(path, "suite: send-abandoned", "suite: clean");
    let render = |format: &str| {
        let ran = check(path, &[], &["--strict", "--report", format])
            .run()
            .exits(1);
        ran.stdout
    };
    let junit = render("junit");
    assert!(
        junit.contains("failures=\"1\"")
            && junit.contains("<failure message=\"leakgate.baseline.yml:3 "),
        "{junit}"
    );
    assert!(render("gitlab").contains("\"check_name\": \"leakgate/stale\""));
    assert!(
        render("sarif")
            .contains("its leak is gone, so take it out: leakgate accept --prune REPORT.json")
    );
    assert!(render("markdown").contains("**stale** <code>leakgate.baseline.yml&#58;3</code>"));
    let github = render("github");
    assert!(
        github.contains("::error file=leakgate.baseline.yml,line=3,title=leakgate%3A stale::")
            || github.contains("::error title=leakgate%3A stale::"),
        "{github}"
    );
}

#[test]
fn a_leak_that_is_like_one_that_is_still_there_is_new() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let (_, report) = worker(path, ["(*Pool).wait", "(*Pool).run"], 3).json();
    write(&path.join("report.json"), report.to_string());
    accept_all(path);
    // The policy lets the old one pass, so that it is no finding.
    let rule = "{ name: pool, match: { home: x.org/shop.(*Pool).wait }, limit: { growth: 3 } }";
    write(
        &path.join("leakgate.yml"),
        format!("version: 1\nrules: [{rule}]\n"),
    );
    let base = || Made::new().goroutines(1, "runtime.main main.main");
    let old = "x.org/shop.(*Pool).run x.org/shop.step x.org/shop.(*Pool).wait runtime.selectgo runtime.gopark";
    let new = old.replace("wait", "idle");
    let after = base().goroutines(3, old).goroutines(3, &new);
    let ran = made::check_in(path, base(), after)
        .args(&["--suite", "shop"])
        .run()
        .exits(1);
    ran.prints("x.org/shop.(*Pool).idle");
}
