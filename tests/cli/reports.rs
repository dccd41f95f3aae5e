//! The content of reports, where they are written, and the exit code.

use crate::made::Made;
use crate::support::{Leakgate, TOOLCHAINS, findings, profile, scratch};

#[test]
fn the_text_of_a_finding() {
    let ran = Leakgate::check()
        .args(&[
            "testdata/profiles/go1.27/mutex-unlocked/before.pb.gz",
            "testdata/profiles/go1.27/mutex-unlocked/after.pb.gz",
        ])
        .args(&[
            "--proven",
            "testdata/profiles/go1.27/mutex-unlocked/proven.pb.gz",
        ])
        .run();
    insta::assert_snapshot!(ran.stdout);
}

#[test]
fn the_text_of_a_finding_in_full() {
    let ran = Leakgate::check().arg("-v").special("test").run();
    insta::assert_snapshot!(ran.stdout);
}

#[test]
fn the_text_of_a_directory_with_a_policy() {
    let policy = scratch(
        "leakgate.yml",
        r#"version: 1
rules:
  - name: workers
    match: { root: "example.com/leaks/pool.(*Worker[...]).loop" }
    limit: { growth: 2 }
    severity: warning
    message: Call Worker.Stop in the test's cleanup.
  - name: all-of-it
    per: total
    limit: { growth: 10 }
allow:
  - match: { root: main.deliver }
    max: 25
    reason: The mailer is rewritten, see the roadmap.
    expires: 2026-11-25
    owner: "@shop/mail"
  - match: { root: main.gone }
    max: 1
    reason: It was there once.
    expires: 2027-03-31
  - match: { any: runtime.gopark }
    max: 1
    reason: Too much.
    expires: 2026-01-31
"#,
    );
    let directory = tempfile::tempdir().unwrap();
    for leak in ["generic-worker", "loop-unbounded", "send-abandoned-clean"] {
        for side in ["before", "after"] {
            let path = directory.path().join(leak).join(format!("{side}.pb.gz"));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::copy(profile("go1.25", leak, side), path).unwrap();
        }
    }
    std::fs::copy(
        policy.path().join("leakgate.yml"),
        directory.path().join("leakgate.yml"),
    )
    .unwrap();
    let ran = Leakgate::check().dir(directory.path()).arg(".").run();
    insta::assert_snapshot!(ran.stdout);
}

#[test]
fn every_report_of_the_test_data_fits_the_schema_and_is_the_same_twice() {
    for go in TOOLCHAINS {
        let path = format!("testdata/profiles/{go}");
        let (_, report) = Leakgate::check().arg(&path).json();
        assert!(findings(&report).len() > 30);
        let text = || Leakgate::check().args(&[&path, "-v"]).run().stdout;
        let json = || {
            Leakgate::check()
                .args(&[&path, "--report", "json"])
                .run()
                .stdout
        };
        assert_eq!(text(), text(), "{go}");
        assert_eq!(json(), json(), "{go}");
    }
}

#[test]
fn several_reports_come_from_one_run() {
    let directory = tempfile::tempdir().unwrap();
    let json = directory.path().join("report.json");
    let text = directory.path().join("report.txt");
    let ran = Leakgate::check()
        .pair("go1.27", "send-abandoned")
        .arg(format!("--report=json={}", json.display()))
        .arg(format!("--report=text={}", text.display()))
        .args(&["--color", "always"])
        .run()
        .exits(1);
    let text = std::fs::read_to_string(text).unwrap();
    assert!(ran.has("\u{1b}["), "colour was asked for");
    assert!(!text.contains('\u{1b}'), "a file has no colour");
    assert_eq!(anstream::adapter::strip_str(&ran.stdout).to_string(), text);
    let report: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap();
    assert_eq!(report["outcome"], "fail");
}

#[test]
fn two_reports_to_one_place_are_rejected() {
    let ran = Leakgate::check()
        .pair("go1.27", "send-abandoned")
        .args(&["--report", "json", "--report", "text"])
        .run();
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    ran.complains("two reports would be written to the same place");
}

#[test]
fn a_report_that_cannot_be_written_is_an_error_and_not_a_verdict() {
    Leakgate::check()
        .pair("go1.27", "send-abandoned-clean")
        .args(&["--report", "json=/proc/nowhere/all.json"])
        .run()
        .exits(2)
        .complains("the report /proc/nowhere/all.json cannot be written");
}

#[test]
fn quiet_prints_only_the_closing_line() {
    let ran = Leakgate::check()
        .pair("go1.27", "send-abandoned")
        .arg("-q")
        .run();
    assert_eq!(
        ran.stdout,
        "FAIL 1 violation (3 goroutines), 1 stack, 1 goroutine before and 4 after\n"
    );
    assert_eq!(ran.code, 1);
}

#[test]
fn colour_is_only_for_terminals_unless_it_is_forced_and_no_color_wins() {
    let check = || Leakgate::check().pair("go1.27", "send-abandoned");
    let coloured = |check: Leakgate| check.run().stdout.contains('\u{1b}');
    assert!(!coloured(check()));
    assert!(coloured(check().env("CLICOLOR_FORCE", "1")));
    assert!(!coloured(
        check().env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1")
    ));
    assert!(coloured(check().args(&["--color", "always"])));
}

#[test]
fn fail_on_changes_only_what_counts_as_a_violation() {
    let policy = scratch("p.yml", "version: 1\ndefaults: { severity: warning }\n");
    let check = |fail_on: &str| {
        let policy = policy.path().join("p.yml");
        Leakgate::check()
            .arg("--policy")
            .arg(policy)
            .args(&["--fail-on", fail_on])
            .pair("go1.27", "send-abandoned")
            .run()
    };
    assert_eq!(check("error").code, 0);
    assert_eq!(check("warning").code, 1);
    assert_eq!(check("never").code, 0);
    check("never").prints("NOT GATED (--fail-on never) 0 violations, 1 warning");
    assert!(
        check("never").stdout.starts_with("WARN default"),
        "{}",
        check("never").stdout
    );
    let strict = Leakgate::check()
        .pair("go1.27", "send-abandoned")
        .args(&["--fail-on", "never"])
        .run()
        .exits(0);
    assert!(
        strict.stdout.starts_with("FAIL default"),
        "{}",
        strict.stdout
    );
}

#[test]
fn outputs_are_fixed_words_and_numbers_for_a_ci_step() {
    let outputs = |pair: &str, policy: &str, more: &[&str]| {
        let policies = scratch("p.yml", &format!("version: 1\n{policy}"));
        let ran = Leakgate::check()
            .arg("--policy")
            .arg(policies.path().join("p.yml"))
            .args(&["--report", "outputs"])
            .args(more)
            .pair("go1.27", pair)
            .run();
        (ran.code, ran.stdout)
    };
    let lines = |result: &str, violations: u32, warnings: u32, allowed: u32| {
        format!(
            "result={result}\nviolations={violations}\nwarnings={warnings}\nallowed={allowed}\naccepted=0\nloosened=0\nunchecked=0\n"
        )
    };
    let clean = outputs("send-abandoned-clean", "", &[]);
    assert_eq!(clean, (0, lines("pass", 0, 0, 0)));
    let hostile = outputs("send-abandoned", "", &["--suite", "x\nresult=pass"]);
    assert_eq!(hostile, (1, lines("fail", 1, 0, 0)));
    let never = outputs("send-abandoned", "", &["--fail-on", "never"]);
    assert_eq!(never, (0, lines("pass", 1, 0, 0)));
    let warned = outputs("send-abandoned", "defaults: { severity: warning }\n", &[]);
    assert_eq!(warned, (0, lines("pass", 0, 1, 0)));
    let entry = "{ match: { state: chan send }, max: 99, reason: known, expires: 2999-01-01 }";
    let allowed = outputs("send-abandoned", &format!("allow: [{entry}]\n"), &[]);
    assert_eq!(allowed, (0, lines("pass", 0, 0, 1)));
}

#[test]
fn a_file_name_with_line_breaks_is_not_a_workflow_command() {
    let ran = Leakgate::check()
        .args(&["--policy", "x\n::error::y\n  ::error::z"])
        .pair("go1.27", "send-abandoned")
        .run()
        .exits(2);
    assert_eq!(
        ran.stderr.lines().take(3).collect::<Vec<_>>(),
        [
            "leakgate: the policy x",
            "\\u{3a}:error::y",
            "  \\u{3a}:error::z cannot be read"
        ]
    );
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for (arguments, message) in [
        (
            &["--report", "xml", "a", "b"][..],
            "unknown format; known are text, json, markdown, comment, github, sarif, junit, gitlab, ndjson, outputs",
        ),
        (
            &["--report", "json=", "a", "b"],
            "the path after `=` is empty",
        ),
        (
            &["Cargo.toml"],
            "only Cargo.toml is given: a check needs a profile from before and one from after",
        ),
        (&["src", "Cargo.toml"], "files and directories are mixed"),
        (
            &["testdata/profiles", "--proven", "x"],
            "--proven is for two files",
        ),
        (&[], "required arguments were not provided"),
    ] {
        let ran = Leakgate::check().args(arguments).run();
        assert_eq!(ran.code, 2, "{arguments:?}");
        assert!(
            ran.stderr.contains(message),
            "{arguments:?}: {}",
            ran.stderr
        );
    }
}

#[test]
fn an_invalid_day_is_wrong_usage() {
    Leakgate::check_on("tomorrow")
        .args(&["a", "b"])
        .run()
        .exits(2)
        .complains("invalid value 'tomorrow'");
}

#[test]
fn of_several_after_profiles_the_last_is_judged_and_a_note_says_so() {
    let (code, report) = Leakgate::check()
        .pair("go1.27", "send-abandoned")
        .arg(profile("go1.26", "send-abandoned-clean", "after"))
        .args(&["--suite", "shop"])
        .json();
    assert_eq!(code, 0);
    assert_eq!(
        report["notes"],
        serde_json::json!([{
            "suite": "shop",
            "shard": null,
            "text": "of 2 after profiles the last is judged",
        }])
    );
    let (code, report) = Leakgate::check()
        .arg(profile("go1.25", "send-abandoned", "before"))
        .arg(profile("go1.26", "send-abandoned", "after"))
        .arg(profile("go1.27", "send-abandoned", "after"))
        .json();
    assert_eq!(code, 1);
    assert_eq!(report["findings"][0]["series"], serde_json::json!([3, 3]));
}

#[test]
fn every_format_has_a_size_limit_and_reports_what_it_left_out() {
    let directory = tempfile::tempdir().unwrap();
    let made = || Made::new().goroutines(1, "app.main");
    let before = made().write(&directory.path().join("before.pb"));
    let many = (0..5_010).fold(made(), |made, number| {
        made.goroutines(1, &format!("app.f{number} runtime.selectgo runtime.gopark"))
    });
    let after = many.write(&directory.path().join("after.pb"));
    let formats = [
        "text", "json", "sarif", "junit", "gitlab", "markdown", "comment", "github",
    ];
    let check = Leakgate::check()
        .dir(directory.path())
        .arg(before)
        .arg(after);
    formats
        .iter()
        .fold(check, |check, format| {
            check.args(&["--report", &format!("{format}={format}")])
        })
        .run()
        .exits(1);
    let read = |format: &str| std::fs::read_to_string(directory.path().join(format)).unwrap();
    for format in formats {
        assert!(
            read(format).len() < 33 << 20,
            "{format}: {}",
            read(format).len()
        );
    }
    let sarif: serde_json::Value = serde_json::from_str(&read("sarif")).unwrap();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 5000);
    for (format, left_out) in [
        ("text", "4010 more findings are left out"),
        ("github", "4010 more findings are left out"),
        ("sarif", "10 more findings are left out"),
        ("junit", "10 more cases are left out"),
        ("gitlab", "10 more issues are left out"),
        ("markdown", "**Left out, since this would be too long:**"),
        ("comment", "**Left out, since this would be too long:**"),
    ] {
        assert!(read(format).contains(left_out), "{format}");
    }
}
