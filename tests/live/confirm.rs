//! What running tests again tells of the goroutines that they leave.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::support::{Leakgate, Ran, go, gos, packages, scratch};

/// What is said of each open finding, by its home, in the words of the JSON report.
fn classes(ran: &Ran) -> BTreeMap<&str, (&str, u64, u64)> {
    let open = ran.list("findings").iter();
    let open = open.filter(|finding| finding["disposition"] == "open");
    let told = open.map(|finding| {
        let home = finding["home"]["function"].as_str();
        let home = home.or(finding["root"]["function"].as_str()).unwrap();
        let confirmed = &finding["confirmed"];
        let number = |key: &str| confirmed[key].as_u64().unwrap_or(0);
        let class = confirmed["class"].as_str().unwrap_or("nothing");
        let name = home.rsplit('/').next().unwrap();
        (name, (class, number("seen"), number("of")))
    });
    told.collect()
}

fn in_packages() -> Leakgate {
    go().at(&packages())
}

/// The file in which package again counts its processes.
fn counter(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("processes")
}

#[test]
fn a_leak_is_told_from_what_starts_once_and_from_what_comes_by_chance() {
    for go in gos() {
        let folder = tempfile::tempdir().unwrap();
        let ran = go
            .at(&packages())
            .env("AGAIN", counter(&folder))
            .flag("--confirm=4")
            .run("go test ./again")
            .exits(1);
        let told = [
            ("again.wait", ("grows with every run", 4, 4)),
            ("again.flush", ("grows with every run", 4, 4)),
            ("again.dial", ("grows with every run", 4, 4)),
            ("again.label", ("grows with every run", 4, 4)),
            ("again.both", ("grows with every run", 4, 4)),
            ("again.serve", ("once per process", 4, 4)),
            ("again.retry", ("comes and goes", 2, 4)),
            ("again.reload", ("not seen again", 0, 4)),
        ];
        assert_eq!(classes(&ran), BTreeMap::from(told), "{}", ran.said());
        ran.says("runs grows with every run (4 of 4 runs, +2 each)");
        ran.says("runs once per process (4 of 4 processes)");
        // The first process, one for the rounds, and four in which the tests ran once.
        assert_eq!(std::fs::read(counter(&folder)).unwrap().len(), 6);
    }
}

#[test]
fn the_leaks_that_have_a_name_grow_with_every_run_as_their_source_says() {
    let patterns = packages().join("../patterns");
    let ran = go()
        .at(&patterns)
        .flag("--confirm=2")
        .run_script("go test -vet=off ./*/leak")
        .exits(1);
    let classes = classes(&ran);
    assert!(classes.len() >= 15, "{}", ran.said());
    for (home, told) in classes {
        assert_eq!(told, ("grows with every run", 2, 2), "{home}");
    }
}

#[test]
fn rounds_of_the_run_itself_tell_the_same() {
    let ran = go().run("go test -count=3 ./again").exits(1);
    let told = [
        ("again.wait", ("grows with every run", 3, 3)),
        ("again.flush", ("grows with every run", 3, 3)),
        ("again.dial", ("grows with every run", 3, 3)),
        // The chain of calls does not tell in which round it was.
        ("again.label", ("nothing", 0, 0)),
        ("again.both", ("grows with every run", 3, 3)),
        ("again.serve", ("once per process", 1, 3)),
    ];
    assert_eq!(classes(&ran), BTreeMap::from(told), "{}", ran.said());
    ran.says("runs once per process (in the first of 3 runs)");
    // Of two rounds, or of examples and benchmarks, nothing is said.
    // Nor is anything said of a TestMain that runs the tests for one backend after the other.
    for line in [
        "-count=2 ./again",
        "-count=3 -run=Example -bench=. -benchtime=2x ./kinds",
        "./backends",
    ] {
        let ran = go().run(&format!("go test {line}")).exits(1);
        let classes = classes(&ran);
        let told = classes
            .iter()
            .filter(|(_, (class, ..))| *class != "nothing");
        let told: Vec<_> = told.map(|(home, _)| *home).collect();
        assert_eq!(told, [""; 0], "{}", ran.said());
    }
}

#[test]
fn only_the_policy_decides_what_counts_and_a_kept_run_knows_it_too() {
    let folder = scratch(&[(
        "leakgate.yml",
        "version: 1\nallow:\n  - match: { confirmed: once per process, package: '*/again' }\n    max: 1\n    \
         reason: Started lazily.\n    expires: 2999-01-01\nrules:\n  - name: flaky\n    \
         match: { confirmed: comes and goes }\n    severity: warning\n",
    )]);
    let (policy, keep) = (
        folder.path().join("leakgate.yml"),
        folder.path().join("keep"),
    );
    let flags = format!("--policy={}", policy.display());
    let ran = in_packages()
        .env("AGAIN", counter(&folder))
        .flag("--confirm=2")
        .flag(flags.clone())
        .flag(format!("--keep={}", keep.display()))
        .run("go test -run=Once|Sometimes ./again")
        .exits(0);
    assert_eq!(
        classes(&ran),
        BTreeMap::from([("again.retry", ("comes and goes", 1, 2))])
    );
    assert_eq!(ran.list("findings").len(), 2);
    let again = in_packages()
        .flag(flags)
        .check(&[keep.to_str().unwrap()])
        .exits(0);
    assert_eq!(again.list("findings"), ran.list("findings"));
    // Without the policy it all counts.
    in_packages()
        .flag("--policy=../../examples/minimal/leakgate.yml")
        .check(&[keep.to_str().unwrap()])
        .exits(1);
}

#[test]
fn tests_run_again_as_a_script_ran_them() {
    let module = scratch(&[
        ("go.mod", "module example.com/shop\n\ngo 1.21\n"),
        ("cart/cart.go", "package cart\n"),
        (
            "cart/cart_test.go",
            "//go:build slow\n\npackage cart\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\n\
             func send(c chan int) { c <- 1 }\n\n\
             func TestSends(t *testing.T) {\n\tif os.Getenv(\"GOFLAGS\") != \"-tags=slow\" {\n\t\tt.Fatal(os.Getenv(\"GOFLAGS\"))\n\t}\n\t\
             go send(make(chan int))\n}\n",
        ),
    ]);
    let ran = go()
        .at(module.path())
        .flag("--confirm=2")
        .run_script("cd cart && GOFLAGS=-tags=slow go test")
        .exits(1);
    let told = [("cart.send", ("grows with every run", 2, 2))];
    assert_eq!(classes(&ran), BTreeMap::from(told), "{}", ran.said());
}

#[test]
fn what_cannot_run_again_is_said_and_counts_as_before() {
    let module = scratch(&[
        ("go.mod", "module example.com/shop\n\ngo 1.21\n"),
        (
            "shop_test.go",
            "package shop\n\nimport (\n\t\"os\"\n\t\"testing\"\n\t\"time\"\n)\n\n\
             func send(c chan int) { c <- 1 }\n\n\
             func TestSends(t *testing.T) {\n\tgo send(make(chan int))\n\tif _, err := os.Stat(\"ran\"); err == nil {\n\t\t\
             if os.Getenv(\"SLOW\") != \"\" {\n\t\t\ttime.Sleep(time.Minute)\n\t\t}\n\t\tt.Fatal(\"ran already\")\n\t}\n\t\
             _ = os.WriteFile(\"ran\", nil, 0o666)\n}\n",
        ),
    ]);
    let ran = || go().at(module.path()).flag("--confirm=2");
    let fails = ran().run("go test .").exits(1);
    assert_eq!(
        classes(&fails),
        BTreeMap::from([("shop.send", ("nothing", 0, 0))])
    );
    fails.says("--confirm could not classify 1 finding in example.com/shop");
    fails.says("ran already");
    std::fs::remove_file(module.path().join("ran")).unwrap();
    let late = ran()
        .flag("--confirm-time=3s")
        .env("SLOW", "1")
        .run("go test .")
        .exits(1);
    assert_eq!(
        classes(&late),
        BTreeMap::from([("shop.send", ("nothing", 0, 0))])
    );
    late.says(
        "could not classify 1 finding in example.com/shop: its share of --confirm-time was used up",
    );
}

#[test]
fn what_skips_itself_or_is_met_elsewhere_is_not_said_to_be_gone() {
    let module = scratch(&[
        ("go.mod", "module example.com/shop\n\ngo 1.21\n"),
        (
            "shop_test.go",
            "package shop\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc send(c chan int) { c <- 1 }\n\n\
             func TestSends(t *testing.T) {\n\tif os.Getenv(\"DATABASE\") == \"\" {\n\t\tt.Skip()\n\t}\n\t\
             go send(make(chan int))\n}\n",
        ),
    ]);
    let skipped = go()
        .at(module.path())
        .flag("--confirm=2")
        .run_script("DATABASE=shop go test .")
        .exits(1);
    let untold = BTreeMap::from([("shop.send", ("nothing", 0, 0))]);
    assert_eq!(classes(&skipped), untold, "{}", skipped.said());
    skipped.says(
        "could not classify 1 finding in example.com/shop: its tests skipped themselves or ran only once, or its goroutines were at another place",
    );
    let loops = in_packages()
        .flag("--confirm=2")
        .run("go test ./loops")
        .exits(1);
    for (class, ..) in classes(&loops).into_values() {
        assert_ne!(class, "not seen again", "{}", loops.said());
    }
}

#[test]
fn what_a_test_excludes_does_not_run_again() {
    let folder = tempfile::tempdir().unwrap();
    let module = scratch(&[
        ("go.mod", "module example.com/shop\n\ngo 1.21\n"),
        (
            "shop_test.go",
            "package shop\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc send(c chan int) { c <- 1 }\n\n\
             func TestSends(t *testing.T) {\n\tt.Run(\"drop\", func(t *testing.T) {\n\t\t\
             _ = os.WriteFile(os.Getenv(\"DROPPED\"), nil, 0o666)\n\t})\n\tt.Run(\"keep\", func(t *testing.T) {})\n\tgo send(make(chan int))\n}\n",
        ),
    ]);
    let dropped = folder.path().join("dropped");
    go().at(module.path())
        .env("DROPPED", &dropped)
        .flag("--confirm=2")
        .run("go test -skip TestSends/drop .")
        .exits(1)
        .says("grows with every run (2 of 2 runs");
    assert!(!dropped.exists());
}

#[test]
fn files_of_the_run_are_not_written_again() {
    let module = scratch(&[
        ("go.mod", "module example.com/shop\n\ngo 1.21\n"),
        ("shop.go", "package shop\n\nfunc Other() int { return 1 }\n"),
        (
            "shop_test.go",
            "package shop\n\nimport \"testing\"\n\nfunc send(c chan int) { c <- 1 }\n\n\
             func TestSends(t *testing.T) { go send(make(chan int)) }\n\n\
             func TestOther(t *testing.T) { Other() }\n",
        ),
    ]);
    let file = module.path().join("cover.out");
    go().at(module.path())
        .env("GOFLAGS", format!("'-coverprofile={}'", file.display()))
        .flag("--confirm=2")
        .run("go test .")
        .exits(1)
        .says("grows with every run (2 of 2 runs");
    let covered = std::fs::read_to_string(file).unwrap();
    assert!(covered.trim_end().ends_with(" 1 1"), "{covered}");
}

#[test]
fn nothing_runs_again_where_nothing_is_found_or_the_command_failed() {
    let clean = in_packages()
        .flag("--confirm=2")
        .run("go test ./clean")
        .exits(0);
    let failed = in_packages()
        .flag("--confirm=2")
        .run("go test ./broken ./parallel");
    for ran in [clean, failed] {
        assert!(!ran.stderr.contains("again, 2 times"), "{}", ran.said());
    }
}
