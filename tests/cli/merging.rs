//! `leakgate report`: the reports of several runs as one, and `ndjson`.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Leakgate, Ran, assert_fits, assert_fits_schema, copy, findings, write};

/// Every format that goes to a file, and the name of that file.
const FORMATS: [(&str, &str); 9] = [
    ("json", "r.json"),
    ("text", "r.txt"),
    ("markdown", "r.md"),
    ("comment", "c.md"),
    ("sarif", "r.sarif"),
    ("junit", "r.xml"),
    ("gitlab", "gitlab.json"),
    ("ndjson", "r.ndjson"),
    ("outputs", "r.env"),
];

/// Asks for every format, below a directory.
fn in_every_format(mut leakgate: Leakgate, directory: &Path) -> Leakgate {
    for (format, file) in FORMATS {
        let path = directory.join(file);
        leakgate = leakgate.args(&["--report", &format!("{format}={}", path.display())]);
    }
    leakgate
}

/// The report of a pair of profiles, such as `send-abandoned` of Go 1.27.
fn report_of(directory: &Path, pair: &str, file: &str, more: &[&str]) -> PathBuf {
    let path = directory.join(file);
    let ran = Leakgate::check()
        .args(&["--quiet", "--report"])
        .arg(format!("json={}", path.display()))
        .args(more)
        .pair("go1.27", pair)
        .run();
    assert!(path.exists(), "{}", ran.said());
    path
}

fn merge(paths: &[&Path]) -> Leakgate {
    let leakgate = Leakgate::new(&["report"]);
    paths.iter().fold(leakgate, Leakgate::arg)
}

fn merged_json(paths: &[&Path]) -> String {
    merge(paths).args(&["--report", "json"]).run().stdout
}

/// Three shards: two that leak in other suites, and one that is clean.
fn shards() -> (TempDir, [PathBuf; 3]) {
    let directory = tempfile::tempdir().unwrap();
    let shards = ["send-abandoned", "mutex-unlocked", "cond-unsignalled-clean"].map(|pair| {
        report_of(
            directory.path(),
            pair,
            &format!("{pair}.json"),
            &["--suite", pair],
        )
    });
    (directory, shards)
}

#[test]
fn the_report_of_one_run_is_what_the_run_itself_wrote() {
    let (directory, again) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (profiles, more) in [
        ("testdata/profiles/go1.27", &[][..]),
        (
            "testdata/profiles/go1.27",
            &["--policy", "examples/leakgate.yml"],
        ),
        (
            "testdata/profiles/go1.27",
            &["--suite", "go tests", "--fail-on", "never"],
        ),
        ("testdata/special", &[]),
    ] {
        let check = Leakgate::check().arg(profiles).args(more);
        let ran = in_every_format(check, directory.path()).run();
        let report = directory.path().join("r.json");
        let fail_on: Vec<&str> = more
            .iter()
            .copied()
            .skip_while(|one| *one != "--fail-on")
            .collect();
        let merged = merge(&[&report]).args(&fail_on);
        let merged = in_every_format(merged, again.path()).run();
        assert_eq!(merged.code, ran.code, "{}", merged.said());
        assert_eq!(merged.stdout, ran.stdout);
        for (format, file) in FORMATS {
            let read = |directory: &TempDir| std::fs::read_to_string(directory.path().join(file));
            assert!(
                read(&again).unwrap() == read(&directory).unwrap(),
                "{format} of {profiles}"
            );
        }
    }
}

#[test]
fn reports_are_put_together_in_any_order_and_in_several_steps() {
    let (directory, [one, other, clean]) = shards();
    let all = merged_json(&[&one, &other, &clean]);
    let report: Value = serde_json::from_str(&all).unwrap();
    assert_fits_schema(&report);
    assert_eq!(merged_json(&[&clean, &one, &other]), all);
    for pair in [[&one, &other], [&other, &clean], [&clean, &one]] {
        let rest = [&one, &other, &clean]
            .into_iter()
            .find(|path| !pair.contains(path));
        let first = directory.path().join("some.json");
        write(&first, merged_json(&[pair[0], pair[1]]));
        assert_eq!(merged_json(&[&first, rest.unwrap()]), all);
    }
    let names: Vec<&str> = report["shards"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["cond-unsignalled-clean", "mutex-unlocked", "send-abandoned"]
    );
}

#[test]
fn every_leak_of_every_shard_is_named_and_the_exit_code_is_that_of_the_whole() {
    let (_directory, [one, other, clean]) = shards();
    let ran = merge(&[&one, &other, &clean]).run().exits(1);
    ran.prints("main.sendAbandoned.func1");
    ran.prints("main.(*store).put");
    ran.prints("suite mutex-unlocked in shard mutex-unlocked");
    ran.prints("FAIL 2 violations (8 goroutines), 3 of 3 suites of 3 shards checked");
    merge(&[&one, &clean])
        .args(&["--fail-on", "never"])
        .run()
        .exits(0);
    let ran = merge(&[&clean]).run().exits(0);
    ran.prints("PASS 0 violations");
}

#[test]
fn what_one_shard_could_not_check_is_not_clean() {
    let (directory, [one, _, clean]) = shards();
    let unchecked = directory.path().join("unchecked.json");
    Leakgate::check()
        .arg("testdata/special/none.pb.gz")
        .arg("testdata/special/truncated.pb.gz")
        .args(&[
            "--quiet",
            "--report",
            &format!("json={}", unchecked.display()),
        ])
        .run()
        .exits(3);
    let ran = merge(&[&clean, &unchecked]).run().exits(3);
    ran.prints("UNCHECKED testdata/special/none.pb.gz in shard unchecked");
    merge(&[&one, &unchecked]).run().exits(1);
}

#[test]
fn a_shard_that_wrote_no_report_is_unchecked_where_it_is_expected() {
    let (_directory, [one, other, clean]) = shards();
    let ran = merge(&[&clean]).args(&["--expect", "2"]).run().exits(3);
    ran.prints("UNCHECKED 1 of 2 shards");
    merge(&[&clean]).args(&["--expect", "1"]).run().exits(0);
    merge(&[&one, &other, &clean])
        .args(&["--expect", "3"])
        .run()
        .exits(1);
    merge(&[&clean]).args(&["--expect", "two"]).run().exits(2);
}

/// The same package of two machines, each with a leak of its own.
fn two_machines() -> (TempDir, [PathBuf; 2]) {
    let directory = tempfile::tempdir().unwrap();
    let reports = [("linux", "send-abandoned"), ("macos", "mutex-unlocked")].map(|(name, pair)| {
        for side in ["before", "after"] {
            let path = format!("{name}/example.com/shop/{side}.pb.gz");
            copy(pair, side, &directory.path().join(path));
        }
        let report = directory.path().join(format!("leakgate-{name}.json"));
        Leakgate::check()
            .dir(&directory.path().join(name))
            .args(&[
                "--quiet",
                "--report",
                &format!("json={}", report.display()),
                "example.com",
            ])
            .run()
            .exits(1);
        report
    });
    (directory, reports)
}

#[test]
fn a_suite_that_two_shards_ran_is_there_twice_and_said() {
    let (_directory, [linux, macos]) = two_machines();
    let ran = merge(&[&linux, &macos]).run().exits(1);
    ran.prints("suite shop (leakgate-linux)");
    ran.prints("suite shop (leakgate-macos)");
    ran.prints("shop was judged in leakgate-linux and leakgate-macos");
    let (_, report) = merge(&[&macos, &linux]).json();
    let found = findings(&report).iter();
    let found: Vec<_> = found.map(|one| (&one["suite"], &one["shard"])).collect();
    assert_eq!(
        found[0],
        (&"shop (leakgate-macos)".into(), &"leakgate-macos".into())
    );
    assert_eq!(
        found[1],
        (&"shop (leakgate-linux)".into(), &"leakgate-linux".into())
    );
    let subjects = report["suites"].as_array().unwrap().iter();
    assert!(
        subjects.clone().all(|suite| suite["subject"] == "shop"),
        "{subjects:?}"
    );
}

#[test]
fn a_baseline_is_written_from_reports_that_were_put_together() {
    let (directory, [linux, macos]) = two_machines();
    let all = directory.path().join("all.json");
    write(&all, merged_json(&[&linux, &macos]));
    let ran = Leakgate::new(&["accept"])
        .arg(&all)
        .args(&[
            "--reason",
            "Known.",
            "--expires",
            "2099-01-01",
            "--baseline",
        ])
        .arg(directory.path().join("leakgate.baseline.yml"))
        .run()
        .exits(0);
    ran.prints("added 2");
    let text = std::fs::read_to_string(directory.path().join("leakgate.baseline.yml")).unwrap();
    assert_eq!(text.matches("suite: shop\n").count(), 2, "{text}");
}

#[test]
fn an_entry_is_stale_only_if_no_shard_needs_it() {
    let (directory, shards) = shards();
    let baseline = directory.path().join("leakgate.baseline.yml");
    let all = directory.path().join("all.json");
    let paths: Vec<&Path> = shards.iter().map(PathBuf::as_path).collect();
    write(&all, merged_json(&paths));
    Leakgate::new(&["accept"])
        .arg(&all)
        .args(&[
            "--reason",
            "Known.",
            "--expires",
            "2099-01-01",
            "--baseline",
        ])
        .arg(&baseline)
        .run()
        .exits(0);
    let baseline = baseline.to_str().unwrap();
    let suite = [
        "--suite",
        "send-abandoned",
        "--baseline",
        baseline,
        "--strict",
    ];
    let judged = report_of(directory.path(), "send-abandoned", "judged.json", &suite);
    let gone = report_of(
        directory.path(),
        "send-abandoned-clean",
        "gone.json",
        &suite,
    );
    let name = |path: &Path, name: &str| {
        let text = std::fs::read_to_string(path).unwrap();
        write(
            path,
            text.replace(
                "\"name\": \"send-abandoned\"",
                &format!("\"name\": \"{name}\""),
            )
            .replace(
                &format!("\"name\": \"{name}\",\n      \"subject\""),
                "\"name\": \"send-abandoned\",\n      \"subject\"",
            ),
        );
    };
    name(&judged, "linux");
    name(&gone, "macos");
    merge(&[&gone])
        .run()
        .exits(1)
        .prints("1 stale entry in the baseline (--strict)");
    let ran = merge(&[&gone, &judged]).run().exits(0);
    ran.prints("1 accepted");
    assert!(!ran.has("stale"), "{}", ran.said());
}

#[track_caller]
fn complains(ran: Ran, texts: &[&str]) {
    let ran = ran.exits(2);
    for text in texts {
        ran.complains(text);
    }
}

#[test]
fn what_cannot_be_put_together_is_an_error_that_names_the_file() {
    let (directory, [one, other, _]) = shards();
    let path = |name: &str| directory.path().join(name);
    complains(merge(&[]).run(), &["REPORT.json"]);
    complains(
        merge(&[&path("gone.json")]).run(),
        &["gone.json cannot be read", "No such file"],
    );
    complains(
        merge(&[directory.path()]).run(),
        &["cannot be read", "a folder"],
    );
    complains(merge(&[&one, &one]).run(), &["is given twice"]);
    let same = directory.path().join(".").join("send-abandoned.json");
    complains(merge(&[&one, &same]).run(), &["are one file"]);
    let text = std::fs::read_to_string(&one).unwrap();
    write(&path("copy.json"), &text);
    let says = [
        "copy.json are both of a run called send-abandoned",
        "--suite",
    ];
    complains(merge(&[&one, &path("copy.json")]).run(), &says);
    write(&path("all.json"), merged_json(&[&one, &other]));
    complains(
        merge(&[&path("all.json"), &other]).run(),
        &["both of a run called mutex-unlocked"],
    );
    for (name, text, says) in [
        (
            "empty.json",
            String::new(),
            "it is no JSON report of leakgate",
        ),
        (
            "cut.json",
            text[..text.len() - 9].to_owned(),
            "it is no JSON report of leakgate: EOF",
        ),
        (
            "list.json",
            "[]".to_owned(),
            "it is no JSON report of leakgate",
        ),
        (
            "other.json",
            text.replace("report/1", "report/2"),
            "it says `schema: leakgate.report/2`",
        ),
        (
            "old.json",
            text.replace("\"shards\": [],", ""),
            "write it again with this leakgate",
        ),
    ] {
        write(&path(name), text);
        complains(merge(&[&other, &path(name)]).run(), &[name, says]);
    }
}

#[test]
fn in_github_actions_the_annotations_and_the_summary_are_those_of_the_whole() {
    let (directory, [one, other, _]) = shards();
    let summary = directory.path().join("summary.md");
    let ran = merge(&[&one, &other])
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", &summary)
        .run()
        .exits(1);
    assert_eq!(
        ran.stdout.matches("\n::error ").count(),
        2,
        "{}",
        ran.said()
    );
    let summary = std::fs::read_to_string(summary).unwrap();
    assert!(summary.contains("in shard"), "{summary}");
}

#[test]
fn a_finding_is_a_line_of_ndjson() {
    let (_directory, [one, other, clean]) = shards();
    let ran = merge(&[&one, &other, &clean])
        .args(&["--report", "ndjson"])
        .run()
        .exits(1);
    let lines: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    for line in &lines {
        assert_fits(line, "finding.v1.json");
    }
    assert_eq!(lines[0]["shard"], "mutex-unlocked");
    assert_eq!(lines[0]["function"], "main.(*store).put");
    assert_eq!(lines[0]["file"], "testdata/programs/sync.go");
    let ran = merge(&[&clean])
        .args(&["--report", "ndjson"])
        .run()
        .exits(0);
    assert_eq!(ran.stdout, "");
    let ran = Leakgate::check()
        .arg("testdata/profiles/go1.27")
        .args(&["--report", "ndjson"])
        .run();
    assert!(ran.stdout.lines().count() > 20);
    for line in ran.stdout.lines() {
        assert_fits(&serde_json::from_str(line).unwrap(), "finding.v1.json");
    }
}

#[test]
fn the_help_says_what_the_name_of_a_run_is() {
    let ran = Leakgate::new(&["report", "--help"]).run().exits(0);
    insta::assert_snapshot!(ran.stdout);
}

#[test]
fn a_report_that_comes_later_is_missing_no_more() {
    let (directory, [one, other, third]) = shards();
    let first = directory.path().join("first.json");
    let expecting =
        |paths: &[&Path], flags: &[&str]| merge(paths).args(&["--expect", "3"]).args(flags).run();
    let ran = expecting(&[&one, &other], &["--report", "text"]);
    ran.prints("UNCHECKED 2 of 3 shards");
    let json = format!("json={}", first.display());
    expecting(&[&one, &other], &["--report", &json]);
    let ran = expecting(&[&first, &third], &[]);
    assert!(!ran.has("UNCHECKED"), "{}", ran.said());
    merge(&[&one]).args(&["--expect", "0"]).run().exits(2);
    Leakgate::check()
        .args(&["--suite", ""])
        .pair("go1.27", "send-abandoned")
        .run()
        .exits(2);
}

#[test]
fn what_a_failed_job_had_no_room_for_does_not_count_either() {
    let (directory, [_, _, clean]) = shards();
    let text = std::fs::read_to_string(&clean).unwrap();
    let mut failed: serde_json::Value = serde_json::from_str(&text).unwrap();
    failed["left_out"]["findings"] = 5.into();
    failed["left_out"]["violations"] = 5.into();
    failed["totals"]["violations"] = 5.into();
    failed["name"] = "failed".into();
    failed["command"] = serde_json::json!({
        "failed": "the command ended with exit code 1", "base": null, "ran_tests": true, "gated": false,
        "without_tests": 0, "children": 0
    });
    let path = directory.path().join("failed.json");
    std::fs::write(&path, failed.to_string()).unwrap();
    merge(&[&path, &clean]).run().exits(3);
    failed["command"]["gated"] = true.into();
    std::fs::write(&path, failed.to_string()).unwrap();
    merge(&[&path, &clean]).run().exits(1);
}

#[test]
fn a_report_without_what_it_counts_is_no_evidence() {
    let (directory, [leaks, ..]) = shards();
    let text = std::fs::read_to_string(&leaks).unwrap();
    let path = directory.path().join("emptied.json");
    for (list, says) in [
        (
            "findings",
            "it counts 1 violations in its totals, and holds 0",
        ),
        ("suites", "it counts 1 suites in its totals, and holds 0"),
    ] {
        let mut emptied: serde_json::Value = serde_json::from_str(&text).unwrap();
        emptied[list] = serde_json::json!([]);
        std::fs::write(&path, emptied.to_string()).unwrap();
        merge(&[&path]).run().exits(2).complains(says);
    }
}

#[test]
fn a_report_that_somebody_changed_makes_nothing_crash() {
    let (directory, [leaks, _, clean]) = shards();
    let text = std::fs::read_to_string(&leaks).unwrap();
    let path = directory.path().join("changed.json");
    for (place, value) in [
        (
            "/findings/0/tests",
            serde_json::json!({ "TestA": i64::MIN, "TestB": i64::MAX, "TestC": 1 }),
        ),
        ("/left_out/violations", serde_json::json!(u64::MAX)),
        (
            "/findings/0/causes",
            serde_json::json!([{ "id": "c0ffee123456", "goroutines": i64::MIN }]),
        ),
    ] {
        let mut changed: serde_json::Value = serde_json::from_str(&text).unwrap();
        *changed.pointer_mut(place).unwrap() = value;
        std::fs::write(&path, changed.to_string()).unwrap();
        let code = in_every_format(merge(&[&path, &clean]), directory.path())
            .run()
            .code;
        assert!([1, 2].contains(&code), "{place}: {code}");
    }
}
