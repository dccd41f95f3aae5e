//! `leakgate check` of directories: many pairs at once.

use crate::made::Made;
use crate::support::{Leakgate, copy, findings, repository};

#[test]
fn a_directory_of_pairs_is_one_verdict_with_a_suite_for_each() {
    let (code, report) = Leakgate::check().arg("testdata/profiles/go1.27").json();
    assert_eq!(code, 1);
    let suites = std::fs::read_dir(repository().join("testdata/profiles/go1.27"))
        .unwrap()
        .count();
    assert_eq!(report["totals"]["suites"], suites);
    assert_eq!(report["unchecked"], serde_json::json!([]));
    let proven = findings(&report)
        .iter()
        .find(|finding| finding["suite"] == "send-abandoned")
        .unwrap();
    assert_eq!(
        proven["proven"], true,
        "a proven.pb.gz beside the pair is read"
    );
}

#[test]
fn files_of_the_same_name_in_two_directories_are_pairs() {
    let directory = tempfile::tempdir().unwrap();
    for (side, name) in [("before", "base"), ("after", "head")] {
        let path = directory.path().join(name).join("shop/cart.pb.gz");
        copy("send-abandoned", side, &path);
    }
    let (code, report) = Leakgate::check()
        .dir(directory.path())
        .args(&["base", "head"])
        .json();
    assert_eq!(
        (code, &report["findings"][0]["suite"]),
        (1, &"shop/cart".into())
    );
}

/// Instances of one service before and after, that leak so many goroutines each.
fn instances(directory: &std::path::Path, leaks: &[u64]) {
    for (pod, leak) in (1..).zip(leaks) {
        let made = || Made::new().goroutines(1, "runtime.main main.main");
        for (side, made) in [
            ("before", made()),
            (
                "after",
                made().goroutines(*leak, "shop.Serve runtime.chanrecv runtime.gopark"),
            ),
        ] {
            let path = directory.join(format!("{side}/pod-{pod}.pb.gz"));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            made.write(&path);
        }
    }
}

#[test]
fn a_stack_in_many_instances_is_summed_up_with_the_worst_of_them() {
    let directory = tempfile::tempdir().unwrap();
    instances(directory.path(), &[3, 4, 20, 5]);
    let check = || {
        Leakgate::check()
            .dir(directory.path())
            .args(&["before", "after"])
    };
    let ran = check().run().exits(1);
    ran.prints("32 more goroutines than before, in 4 suites");
    ran.prints("spread   4 instances: 32 more in all, median 5, most 20 in pod-3");
    // Every limit holds for each instance.
    let policy = directory.path().join("leakgate.yml");
    std::fs::write(
        &policy,
        "version: 1\nrules: [{ name: ceiling, per: total, limit: { count: 10 } }]\ndefaults: { limit: { growth: 99 } }\n",
    )
    .unwrap();
    let (code, report) = check().json();
    let over: Vec<_> = findings(&report).iter().map(|one| &one["suite"]).collect();
    assert_eq!((code, over), (1, vec![&serde_json::json!("pod-3")]));
    instances(directory.path(), &[3, 4]);
    std::fs::remove_file(&policy).unwrap();
    assert!(!check().run().exits(1).has("spread   2 instances"));
}

#[test]
fn a_missing_partner_is_unchecked_and_never_clean() {
    let directory = tempfile::tempdir().unwrap();
    for (side, name) in [
        ("before", "a/before.pb.gz"),
        ("after", "a/after.pb.gz"),
        ("before", "b/before.pb.gz"),
        ("after", "c-after.pb.gz"),
    ] {
        copy("send-abandoned-clean", side, &directory.path().join(name));
    }
    let ran = Leakgate::check().arg(directory.path()).run().exits(3);
    ran.prints("UNCHECKED b\n  its after profile is missing");
    ran.prints("UNCHECKED c\n  its before profile is missing");
    assert!(
        ran.stdout
            .ends_with("UNCHECKED 0 violations, 1 of 3 suites checked\n"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_violation_outweighs_a_missing_partner() {
    let directory = tempfile::tempdir().unwrap();
    for (side, name) in [
        ("before", "before.pb.gz"),
        ("after", "after.pb.gz"),
        ("before", "b-before.pb.gz"),
    ] {
        copy("send-abandoned", side, &directory.path().join(name));
    }
    assert_eq!(Leakgate::check().arg(directory.path()).run().code, 1);
    assert_eq!(
        Leakgate::check()
            .arg(directory.path())
            .args(&["--fail-on", "never"])
            .run()
            .code,
        3
    );
}

#[test]
fn a_directory_without_profiles_and_a_file_of_no_pair_are_no_evidence() {
    let directory = tempfile::tempdir().unwrap();
    Leakgate::check()
        .arg(directory.path())
        .run()
        .exits(3)
        .prints("no profile is in it, so nothing was checked");
    let path = directory.path().join("goroutines.pb.gz");
    copy("send-abandoned", "after", &path);
    Leakgate::check()
        .arg(directory.path())
        .run()
        .exits(3)
        .prints("its name ends neither in before nor in after");
}

#[test]
fn nothing_that_may_be_a_profile_vanishes_from_a_directory() {
    for (name, why) in [
        ("b/before.out", "its name ends in none of"),
        ("b/AFTER", "its name ends in none of"),
        ("shop-after.pb.zst", "its name ends in none of"),
        ("shop-before.PB.GZ", "its after profile is missing"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let copy = |side: &str, name: &str| {
            copy("send-abandoned-clean", side, &directory.path().join(name));
        };
        copy("before", "ok/before.pb.gz");
        copy("after", "ok/after.pb.gz");
        assert_eq!(Leakgate::check().arg(directory.path()).run().code, 0);
        copy("after", name);
        let ran = Leakgate::check().arg(directory.path()).run();
        assert_eq!(ran.code, 3, "{name}: {}", ran.stdout);
        assert!(ran.has(why), "{name}: {}", ran.stdout);
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_a_directory_is_reported_and_not_followed() {
    let directory = tempfile::tempdir().unwrap();
    for side in ["before", "after"] {
        let path = directory.path().join(format!("{side}.pb.gz"));
        copy("send-abandoned-clean", side, &path);
    }
    std::os::unix::fs::symlink(
        repository().join("testdata/profiles"),
        directory.path().join("more"),
    )
    .unwrap();
    Leakgate::check()
        .arg(directory.path())
        .run()
        .exits(3)
        .prints("it is a link to a directory, which is not followed");
}
