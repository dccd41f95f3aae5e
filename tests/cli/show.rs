//! `leakgate show`: what the goroutines of a file are.

use std::path::PathBuf;

use serde_json::Value;

use crate::made::Made;
use crate::support::{Leakgate, Ran, assert_fits, profile, repository, scratch, special, write};

fn dump(name: &str) -> PathBuf {
    repository().join("testdata/dumps").join(name)
}

fn show(name: &str, arguments: &[&str]) -> Ran {
    Leakgate::new(&["show"])
        .arg(format!("testdata/dumps/{name}"))
        .args(arguments)
        .run()
}

fn json(name: &str, arguments: &[&str]) -> Value {
    let ran = show(name, &[arguments, &["--report", "json"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.said());
    let report = serde_json::from_str(&ran.stdout).unwrap();
    assert_fits(&report, "show.v1.json");
    report
}

/// The groups of a report by name, with their goroutines.
fn groups(report: &Value) -> Vec<(String, i64)> {
    let groups = report["groups"].as_array().unwrap().iter();
    let group = |group: &Value| {
        let name = group["name"].as_str().unwrap_or("-").to_owned();
        (name, group["goroutines"]["count"].as_i64().unwrap())
    };
    groups.map(group).collect()
}

#[test]
fn one_dump_is_one_screen() {
    let ran = show("go1.27/after-stack.txt", &["--top", "3"]).exits(0);
    assert!(ran.stdout.lines().count() < 50, "{}", ran.stdout);
    let addresses = |text: &str| {
        let mut parts = text.split("0x");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| {
            text + "0x.." + part.trim_start_matches(|one: char| one.is_ascii_hexdigit())
        })
    };
    insta::assert_snapshot!(addresses(&ran.stdout));
}

#[test]
fn two_files_are_left_both_and_right() {
    let show = |arguments: &[&str]| {
        Leakgate::new(&["show"])
            .arg("testdata/dumps/go1.27/before-stack.txt")
            .arg("testdata/dumps/go1.27/after-debug0.pb.gz")
            .args(arguments)
            .run()
            .exits(0)
    };
    insta::assert_snapshot!(show(&["--top", "2"]).stdout);
    let report = serde_json::from_str(&show(&["--report", "json"]).stdout).unwrap();
    assert_fits(&report, "show.v1.json");
}

#[test]
fn every_form_of_one_process_shows_the_same_groups() {
    for version in ["1.21", "1.27"] {
        let of = |form: &str| {
            let name = format!("go{version}/before-{form}");
            let mut groups = groups(&json(&name, &["--top", "0"]));
            groups.sort();
            groups
        };
        let expected = of("debug0.pb.gz");
        assert!(expected.len() > 10);
        for form in ["debug1.txt", "debug2.txt", "stack.txt"] {
            let mut found = of(form);
            // Profiles name the type arguments of functions.
            for (name, _) in &mut found {
                *name = name.replace("[...]", "[go.shape.string]");
            }
            found.sort();
            let plain = expected.iter().map(|(name, count)| (name.clone(), *count));
            assert_eq!(found, plain.collect::<Vec<_>>(), "Go {version}, {form}");
        }
    }
}

#[test]
fn where_takes_the_keys_of_a_policy_and_says_what_it_does_not_know() {
    let name = "go1.27/after-stack.txt";
    for (condition, count) in [
        ("state: chan send", 4),
        ("{ root: main.send }", 5),
        ("{ home: [main.lock, main.send], without: \"sync.*\" }", 5),
        ("any: \"internal/poll.*\"", 2),
        ("stack: 9aab6f3564af", 5),
        ("package: main", 24),
        ("proven: true", 0),
    ] {
        let report = json(name, &["--where", condition]);
        assert_eq!(report["goroutines"]["count"], count, "{condition}");
    }
    show(name, &["--where", "rot: main.send"])
        .exits(2)
        .complains("did you mean `root`?");
    show(name, &["--where", "state: chan sent"])
        .exits(2)
        .complains("did you mean `chan send`?");
    show(name, &["--by", "rot"]).exits(2).complains("label:KEY");
    for (arguments, message) in [
        (&["--where", "suite: shop"][..], "leave that key out"),
        (&["--where", "label: {}"], "--where asks for nothing"),
        (&["--where", "{}"], "--where asks for nothing"),
        (
            &["--full", "--report", "json"],
            "--full is for --report text",
        ),
        (
            &["--full", "--report", "markdown"],
            "--full is for --report text",
        ),
    ] {
        let ran = show(name, arguments).exits(2);
        ran.complains(message);
        assert_eq!(ran.stdout, "");
    }
}

#[test]
fn labels_and_proofs_of_a_dump_are_shown() {
    let labels = json("go1.27/labels.txt", &["--by", "label:plain"]);
    assert_eq!(
        groups(&labels),
        [("-".to_owned(), 1), ("yes".to_owned(), 1)]
    );
    let test = json("go1.26/labels.txt", &["--where", "test: TestA/*"]);
    assert_eq!(test["goroutines"]["count"], 1);
    let leaked = json("go1.27/leaked.txt", &["--where", "proven: true"]);
    assert_eq!(groups(&leaked), [("main.send".to_owned(), 1)]);
    show("go1.27/leaked.txt", &[])
        .exits(0)
        .prints("1 by Go's own proof");
}

#[test]
fn senders_on_one_channel_are_shown_together() {
    let goroutine = |id: u32, minutes: u32| {
        format!(
            "goroutine {id} gp=0x1 m=nil [chan send, {minutes} minutes]:\n\
             runtime.gopark(0x0?, 0x0?)\n\t/go/src/runtime/proc.go:474 +0xca fp=0x1 sp=0x1 pc=0x1\n\
             runtime.chansend(0xc00015, 0x52, 0x1, 0x0?)\n\t/go/src/runtime/chan.go:283 +0x3 fp=0x1 sp=0x1 pc=0x1\n\
             runtime.chansend1(0x0?, 0x0?)\n\t/go/src/runtime/chan.go:161 +0x1 fp=0x1 sp=0x1 pc=0x1\n\
             app.push(0x1)\n\t/src/app/push.go:9 +0x1 fp=0x1 sp=0x1 pc=0x1\n\
             runtime.goexit({{}})\n\t/go/src/runtime/asm.s:1 +0x1 fp=0x1 sp=0x1 pc=0x1\n\
             created by app.Serve in goroutine 1\n\t/src/app/serve.go:5 +0x1\n\n"
        )
    };
    let text: String = (0..38).map(|id| goroutine(id + 7, id)).collect();
    let directory = scratch("dump.txt", &text);
    let show = |arguments: &[&str]| {
        let file = directory.path().join("dump.txt");
        Leakgate::new(&["show"])
            .arg(file)
            .args(arguments)
            .run()
            .exits(0)
    };
    let all = show(&[]);
    all.prints("38 senders on one channel, no receiver: 0xc00015");
    all.prints("longest 37 minutes");
    all.prints("goroutine 44, stack");
    assert!(show(&["--min-wait", "30m"]).has("8 goroutines in 1 stack"));
    assert!(show(&["--min-wait", "1801s"]).has("7 goroutines in 1 stack"));
    show(&["--full"]).prints("app.push /src/app/push.go:9");
}

#[test]
fn a_profile_with_the_labels_of_cockroachdb_gives_states_waits_and_creators() {
    let labels = [
        ("go::goroutine", "7"),
        ("go::goroutine_created_by", "3"),
        ("go::goroutine_state", "GC assist wait"),
        ("go::goroutine_wait_minutes", "12"),
        ("tenant", "a"),
    ];
    let made = Made::new().labelled(2, "main.run main.work runtime.gopark", &labels);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("debug3.pb");
    write(&file, made.encode());
    let show = |arguments: &[&str]| {
        let ran = Leakgate::new(&["show"]).arg(&file).args(arguments).run();
        ran.exits(0)
    };
    let all = show(&["--by", "label:tenant"]);
    all.prints("2  GC assist wait");
    all.prints("longest 12 minutes");
    all.prints("creator  goroutine 3");
    all.prints("goroutine 7, stack");
    assert!(show(&["--where", "label: { \"go::goroutine\": \"*\" }"]).has("0 goroutines"));
}

#[test]
fn the_goroutine_of_a_crash_is_named_where_it_is_left_out() {
    let notes = |name: &str| json(name, &[])["files"][0]["notes"].to_string();
    let crash = notes("go1.27/crash.txt");
    let note = "goroutine 1, in which the program crashed, is left out; its stack is at line 3";
    assert!(crash.contains(note), "{crash}");
    let timeout = notes("go1.27/timeout.log");
    assert!(
        timeout.contains("in which the program crashed"),
        "{timeout}"
    );
    for name in ["go1.27/quit.txt", "go1.27/after-debug2.txt"] {
        assert!(!notes(name).contains("crashed"), "{name}");
    }
}

#[test]
fn a_profile_says_that_it_does_not_know_how_long() {
    let ran = Leakgate::new(&["show"])
        .arg(profile("go1.27", "labelled", "after"))
        .args(&["--by", "test"])
        .run()
        .exits(0);
    ran.prints("3 TestAlpha");
    ran.prints("it does not say how long goroutines have waited");
}

#[test]
fn of_two_files_the_one_without_waits_is_named() {
    let show = |arguments: &[&str]| {
        Leakgate::new(&["show"])
            .arg("testdata/dumps/go1.27/before-debug0.pb.gz")
            .arg("testdata/dumps/go1.27/after-debug2.txt")
            .args(arguments)
            .run()
            .exits(0)
    };
    let all = show(&[]);
    all.prints("before-debug0.pb.gz: it does not say how long");
    assert!(!all.has("after-debug2.txt: it does not say how long"));
    assert!(!all.has("--min-wait"));
    show(&["--min-wait", "5m"]).prints("so --min-wait leaves all of them out");
    let report: Value = serde_json::from_str(&show(&["--report", "json"]).stdout).unwrap();
    let files = report["files"].as_array().unwrap().iter();
    let known: Vec<_> = files.map(|file| file["knows_waits"].as_bool()).collect();
    assert_eq!(known, [Some(false), Some(true)]);
}

#[test]
fn markdown_has_the_same_groups() {
    let ran = show(
        "go1.27/after-stack.txt",
        &["--report", "markdown", "--top", "2"],
    );
    ran.exits(0).prints("| 5 | <code>main.send</code>");
}

#[test]
fn a_file_that_cannot_be_read_is_no_answer() {
    let cut = std::fs::read_to_string(dump("go1.27/after-debug2.txt")).unwrap();
    let directory = scratch("cut.txt", &cut[..cut.len() / 2]);
    for (file, message) in [
        (
            directory.path().join("cut.txt"),
            "ends in the middle of a goroutine",
        ),
        (special("heap.pb.gz"), "not of goroutines"),
        (special("not-found.txt"), "text, not a profile"),
        (directory.path().join("missing.txt"), "Check the path"),
        (directory.path().to_owned(), "Name a file in it"),
    ] {
        let ran = Leakgate::new(&["show"]).arg(file).run().exits(3);
        ran.complains(message);
        assert_eq!(ran.stdout, "");
    }
}
