//! `leakgate completions` and `leakgate man`.

use crate::support::Leakgate;

#[test]
fn every_shell_gets_completions_without_the_hidden_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = Leakgate::new(&["completions", shell]).run();
        assert_eq!(ran.code, 0, "{shell}: {}", ran.stderr);
        for word in ["capture", "fail-on", "policy"] {
            assert!(ran.has(word), "{word} for {shell}");
        }
        assert!(!ran.has("start-test-binary"), "{shell}");
    }
    Leakgate::new(&["completions", "tcsh"])
        .run()
        .exits(2)
        .complains("bash, elvish");
}

#[test]
fn the_manual_is_one_page_or_one_for_every_command() {
    let ran = Leakgate::new(&["man"]).run().exits(0);
    ran.prints(".TH leakgate 1");
    ran.prints("no usable evidence");

    let directory = tempfile::tempdir().unwrap();
    let pages = directory.path().join("share/man1");
    let written = Leakgate::new(&["man", "--out"]).arg(&pages).run();
    assert_eq!(
        (written.code, &written.stdout[..]),
        (0, ""),
        "{}",
        written.stderr
    );
    let mut names: Vec<String> = std::fs::read_dir(&pages)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "leakgate-accept.1",
            "leakgate-capture.1",
            "leakgate-check.1",
            "leakgate-completions.1",
            "leakgate-explain.1",
            "leakgate-init.1",
            "leakgate-man.1",
            "leakgate-policy-check.1",
            "leakgate-policy-schema.1",
            "leakgate-policy-show.1",
            "leakgate-policy-test.1",
            "leakgate-policy.1",
            "leakgate-report.1",
            "leakgate-run.1",
            "leakgate-show.1",
            "leakgate.1",
        ]
    );
    let first = std::fs::read_to_string(pages.join("leakgate.1")).unwrap();
    assert_eq!(first, ran.stdout);
}

#[test]
fn pages_that_cannot_be_written_are_an_error_that_names_the_place() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    Leakgate::new(&["man", "--out"])
        .arg(&file)
        .run()
        .exits(2)
        .complains("no pages can be written there");
}
