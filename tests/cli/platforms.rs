//! Reports for CI platforms: the file of the repository that they name, what GitHub Actions gets
//! without a flag, and reports that cannot be written.

use std::path::Path;

use crate::made::Made;
use crate::support::{Leakgate, Ran, profile, scratch};

/// A repository with a module in a subfolder, and a leak in `x.go` of its package `worker`.
fn repository() -> tempfile::TempDir {
    let repository = scratch(
        "backend/go.mod",
        "// The shop.\nmodule example.com/shop // v2 soon\n\ngo 1.27\n",
    );
    let write = |path: &str, text: &str| {
        let path = repository.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("backend/worker/x.go", "package worker\n");
    write(
        "backend/vendor/example.com/shop/worker/x.go",
        "package worker\n",
    );
    write("testdata/go.mod", "module example.com/shop\n");
    write("testdata/worker/x.go", "package worker\n");
    write(".git/HEAD", "");
    let main = "main.main runtime.gopark";
    let before = Made::new().goroutines(1, main);
    before.write(&repository.path().join("before.pb"));
    let leak = "example.com/shop/worker.(*Pool).run runtime.gopark";
    let after = Made::new().goroutines(1, main).goroutines(2, leak);
    after.write(&repository.path().join("after.pb"));
    repository
}

fn check(repository: &Path) -> Leakgate {
    Leakgate::check()
        .dir(&repository.join("backend"))
        .args(&["../before.pb", "../after.pb"])
}

fn annotations(ran: &Ran) -> Vec<&str> {
    ran.stdout
        .lines()
        .filter(|line| line.starts_with("::"))
        .collect()
}

#[test]
fn an_annotation_names_the_file_by_its_path_in_the_repository() {
    let repository = repository();
    let place = "::error file=backend/worker/x.go,line=700,title=leakgate default%3A example.com/shop/worker.(*Pool).run::";
    let checkout = check(repository.path()).args(&["--report", "github"]).run();
    assert!(
        annotations(&checkout)[0].starts_with(place),
        "{}",
        checkout.stdout
    );
    // Files that were not cloned, as in a container.
    std::fs::remove_dir_all(repository.path().join(".git")).unwrap();
    let workspace = check(repository.path())
        .env("GITHUB_WORKSPACE", repository.path())
        .args(&["--report", "github"])
        .run();
    assert!(
        annotations(&workspace)[0].starts_with(place),
        "{}",
        workspace.stdout
    );
    // A repository that was checked out into a folder of the workspace.
    std::fs::create_dir(repository.path().join("backend/.git")).unwrap();
    let folder = check(repository.path())
        .env("GITHUB_WORKSPACE", repository.path())
        .args(&["--report", "github"])
        .run();
    assert!(
        annotations(&folder)[0].starts_with("::error file=worker/x.go,"),
        "{}",
        folder.stdout
    );
}

#[test]
fn a_finding_outside_of_the_repository_is_shown_at_its_rule() {
    let repository = repository();
    let policy = repository.path().join("backend/leakgate.yml");
    std::fs::write(
        policy,
        "version: 1\nrules:\n  - name: all\n    per: total\n    limit: { growth: 1 }\n",
    )
    .unwrap();
    let ran = check(repository.path()).args(&["--report", "github"]).run();
    let all = annotations(&ran);
    assert_eq!(all.len(), 2);
    assert!(
        all.iter()
            .any(|one| one.starts_with("::error file=backend/leakgate.yml,line=3,")),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_finding_outside_of_the_repository_and_of_no_rule_is_shown_at_the_policy() {
    let repository = repository();
    let after = Made::new()
        .goroutines(1, "main.main runtime.gopark")
        .goroutines(1, "example.com/dep.Run runtime.gopark");
    after.write(&repository.path().join("after.pb"));
    let github = || {
        let ran = check(repository.path()).args(&["--report", "github"]).run();
        annotations(&ran)[0].to_owned()
    };
    assert!(
        github().starts_with("::error title=leakgate default"),
        "{}",
        github()
    );
    std::fs::write(
        repository.path().join("backend/leakgate.yml"),
        "version: 1\n",
    )
    .unwrap();
    assert!(
        github().starts_with("::error file=backend/leakgate.yml,title="),
        "{}",
        github()
    );
}

#[test]
fn a_policy_that_is_named_from_below_is_shown_at_its_path_in_the_repository() {
    let repository = repository();
    let policy = repository.path().join("ci/gate.yml");
    std::fs::create_dir(policy.parent().unwrap()).unwrap();
    std::fs::write(
        &policy,
        "version: 1\nrules:\n  - { name: all, per: total, limit: { growth: 1 } }\n",
    )
    .unwrap();
    let ran = check(repository.path())
        .args(&["--policy", "../ci/gate.yml", "--report", "github"])
        .run();
    let all = annotations(&ran);
    assert!(
        all.iter()
            .any(|one| one.starts_with("::error file=ci/gate.yml,line=3,")),
        "{}",
        ran.stdout
    );
}

#[test]
fn github_actions_gets_annotations_and_a_summary_by_itself() {
    let repository = repository();
    let summary = repository.path().join("summary.md");
    std::fs::write(&summary, "### Tests\n\n").unwrap();
    let actions = || {
        check(repository.path())
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_STEP_SUMMARY", &summary)
    };
    let ran = actions().run().exits(1);
    assert!(ran.stdout.starts_with("FAIL default"), "{}", ran.stdout);
    assert_eq!(annotations(&ran).len(), 1);
    let written = std::fs::read_to_string(&summary).unwrap();
    assert!(
        written.starts_with("### Tests\n\n<!-- leakgate:../after.pb -->\n### "),
        "{written}"
    );
    assert!(written.contains("backend/worker/x.go"), "{written}");

    std::fs::write(&summary, "").unwrap();
    let text = actions().args(&["--report", "text", "--no-summary"]).run();
    assert_eq!(annotations(&text), [""; 0]);
    assert_eq!(std::fs::read_to_string(&summary).unwrap(), "");
    let elsewhere = check(repository.path())
        .env("GITHUB_STEP_SUMMARY", &summary)
        .run();
    assert_eq!(annotations(&elsewhere), [""; 0]);
    assert_eq!(std::fs::read_to_string(&summary).unwrap(), "");
}

#[test]
fn a_summary_makes_room_for_what_the_step_has_written() {
    let repository = repository();
    let summary = repository.path().join("summary.md");
    std::fs::write(&summary, "x".repeat(921_000)).unwrap();
    check(repository.path())
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", &summary)
        .run()
        .exits(1);
    let written = std::fs::read_to_string(&summary).unwrap();
    assert!(written.contains("**Left out, since this would be too long:** 1 finding, 1 stack"));
    assert!(written.len() < 1 << 20);
}

#[test]
fn the_name_of_the_run_is_in_comments_and_sarif_so_that_they_can_be_updated() {
    let report = |format: &str, name: &[&str]| {
        Leakgate::check()
            .pair("go1.27", "send-abandoned")
            .args(&["--report", format])
            .args(name)
            .run()
            .stdout
    };
    let markdown = report("markdown", &["--suite", "nightly, arm64"]);
    assert!(
        markdown.starts_with("<!-- leakgate:nightly-arm64 -->\n"),
        "{markdown}"
    );
    let comment = report("comment", &["--suite", "nightly, arm64"]);
    assert_eq!(markdown, comment);
    let sarif: serde_json::Value =
        serde_json::from_str(&report("sarif", &["--suite", "nightly"])).unwrap();
    assert_eq!(
        sarif["runs"][0]["automationDetails"]["id"],
        "leakgate/nightly/"
    );
}

#[test]
fn an_unwritable_report_path_is_found_before_anything_is_done() {
    let ran = Leakgate::check()
        .args(&[
            "nowhere",
            "nowhere",
            "--report",
            "json=Cargo.toml/report.json",
        ])
        .run();
    assert_eq!(ran.code, 2, "not 3, for profiles that are missing");
    ran.complains("the report Cargo.toml/report.json cannot be written");
}

#[test]
fn report_folders_are_created_and_an_old_report_stays_until_there_is_a_new_one() {
    let directory = scratch("old.json", "old");
    let check = |path: &str| {
        Leakgate::check()
            .dir(directory.path())
            .args(&[
                path,
                path,
                "--report",
                "json=old.json",
                "--report",
                "sarif=new/deep/r.sarif",
            ])
            .run()
    };
    let policy = directory.path().join("leakgate.yml");
    std::fs::write(&policy, "version: 2\n").unwrap();
    assert_eq!(check("nowhere").code, 2, "a bad policy");
    assert_eq!(
        std::fs::read_to_string(directory.path().join("old.json")).unwrap(),
        "old"
    );
    assert!(
        !directory.path().join("new/deep/r.sarif").exists(),
        "an empty report says nothing was found"
    );
    std::fs::remove_file(policy).unwrap();
    assert_eq!(check("nowhere").code, 3);
    let sarif = std::fs::read_to_string(directory.path().join("new/deep/r.sarif")).unwrap();
    assert!(sarif.contains(r#""executionSuccessful": false"#), "{sarif}");
}

#[cfg(unix)]
#[test]
fn a_report_goes_to_a_pipe_that_has_a_reader_and_never_waits_for_one() {
    let directory = tempfile::tempdir().unwrap();
    crate::support::pipe(&directory.path().join("report"));
    let check = || {
        Leakgate::check()
            .dir(directory.path())
            .pair("go1.27", "send-abandoned")
            .args(&["--report", "outputs=report"])
    };
    check()
        .run()
        .exits(2)
        .complains("the report report cannot be written");
    let reader = std::process::Command::new("cat")
        .arg(directory.path().join("report"))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // Writing works only once the reader has opened the pipe.
    let written = (0..1000).any(|_| check().run().code != 2);
    assert!(written);
    let read = String::from_utf8(reader.wait_with_output().unwrap().stdout).unwrap();
    assert!(read.starts_with("result=fail\n"), "{read}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_closed_or_full_standard_error_changes_no_exit_code() {
    let leakgate = env!("CARGO_BIN_EXE_leakgate");
    for (arguments, code) in [
        ("check --policy none a b", 2),
        ("check nowhere", 3),
        ("chekc", 2),
    ] {
        for closed in ["2>/dev/full", "2>&-"] {
            let command = format!("{leakgate} {arguments} {closed}");
            let mut shell = std::process::Command::new("sh");
            let ran = shell.args(["-c", &command]).output().unwrap();
            assert_eq!(ran.status.code(), Some(code), "{command}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_fails_late_does_not_stop_the_others() {
    let directory = tempfile::tempdir().unwrap();
    let ran = Leakgate::check()
        .dir(directory.path())
        .arg(profile("go1.27", "send-abandoned", "before"))
        .arg(profile("go1.27", "send-abandoned", "after"))
        .args(&["--report", "junit=/dev/full", "--report", "gitlab=gl.json"])
        .run()
        .exits(2);
    ran.complains("the report /dev/full cannot be written");
    assert!(ran.stdout.starts_with("FAIL default"), "{}", ran.stdout);
    assert!(directory.path().join("gl.json").exists());
}

#[test]
fn no_name_in_a_profile_is_a_workflow_command() {
    let directory = tempfile::tempdir().unwrap();
    let before = Made::new().goroutines(1, "main.main runtime.gopark");
    let before = before.write(&directory.path().join("before.pb"));
    let hostile = "::stop-commands::x ##[error]y main.\u{1b}[31m::error::z runtime.gopark";
    let labels = [
        ("leakgate.test", "::error::t"),
        ("##[debug]k", "::add-mask::v"),
    ];
    let after = Made::new()
        .goroutines(1, "main.main runtime.gopark")
        .labelled(1, hostile, &labels);
    let after = after.write(&directory.path().join("after.pb"));
    for report in ["text", "json", "markdown", "sarif", "junit", "gitlab"] {
        let ran = Leakgate::check()
            .arg(&before)
            .arg(&after)
            .args(&["-v", "--report", report, "--suite", "::group::s"])
            .run();
        assert_eq!(ran.code, 1, "{report}: {}", ran.stderr);
        for line in ran.stdout.lines() {
            assert!(!line.trim_start().starts_with("::"), "{report}: {line}");
            assert!(!line.contains("##["), "{report}: {line}");
            assert!(!line.contains('\u{1b}'), "{report}: {line}");
        }
    }
}

#[test]
fn every_format_of_the_test_data_is_the_same_twice() {
    for format in ["markdown", "comment", "github", "sarif", "junit", "gitlab"] {
        let report = || {
            Leakgate::check()
                .args(&["testdata/profiles/go1.27", "--report", format])
                .output()
                .stdout
        };
        let first = report();
        assert!(first.len() > 1000, "{format}");
        assert_eq!(first, report(), "{format}");
    }
}
