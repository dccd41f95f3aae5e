//! A code base that leaks already: adopted with two commands, and then only ever tightened.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{Go, Ran, go, scratch};

const FILE: &str = "leakgate.baseline.yml";
const PACKAGES: usize = 20;
const LEAKS: usize = 25;

/// What a goroutine does for ever.
const PATTERNS: [&str; 10] = [
    "make(chan int) <- 1",
    "<-make(chan int)",
    "var none chan int\n\t<-none",
    "for range make(chan int) {\n\t}",
    "select {\n\tcase <-make(chan int):\n\tcase <-make(chan bool):\n\t}",
    "select {}",
    "var mu sync.Mutex\n\tmu.Lock()\n\tmu.Lock()",
    "var group sync.WaitGroup\n\tgroup.Add(1)\n\tgroup.Wait()",
    "for range time.NewTicker(time.Hour).C {\n\t}",
    "for {\n\t\ttime.Sleep(time.Hour)\n\t}",
];

/// The test file of a package: each test leaves goroutines in a function of its own.
fn package(name: &str, leaks: &[(String, usize)]) -> String {
    let mut text = format!(
        "package {name}\n\nimport (\n\t\"sync\"\n\t\"testing\"\n\t\"time\"\n)\n\n\
         var _ sync.Mutex\nvar _ time.Duration\n"
    );
    for (index, (leak, count)) in leaks.iter().enumerate() {
        let body = PATTERNS[index % PATTERNS.len()];
        let starts = format!("\tgo leak{leak}()\n").repeat(*count);
        let _ = write!(
            text,
            "\nfunc leak{leak}() {{\n\t{body}\n}}\n\nfunc Test{leak}(t *testing.T) {{\n{starts}}}\n"
        );
    }
    text
}

/// The leaks that a package begins with.
fn leaks() -> Vec<(String, usize)> {
    (0..LEAKS)
        .map(|number| (format!("{number:02}"), 1))
        .collect()
}

fn write_package(module: &Path, number: usize, leaks: &[(String, usize)]) {
    let name = format!("p{number:02}");
    let path = module.join(&name).join("leaks_test.go");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, package(&name, leaks)).unwrap();
}

fn module() -> tempfile::TempDir {
    let module = scratch(&[("go.mod", "module example.com/old\n\ngo 1.21\n")]);
    (0..PACKAGES).for_each(|number| write_package(module.path(), number, &leaks()));
    module
}

/// A line of shell in the module.
fn shell(go: &Go, module: &Path, line: &str) -> Ran {
    go.shell(module, line)
}

fn run(go: &Go, module: &Path) -> Ran {
    shell(
        go,
        module,
        "leakgate run --settle 500ms --report text --report json=report.json -- go test -vet=off ./...",
    )
}

fn baseline(module: &Path) -> String {
    fs::read_to_string(module.join(FILE)).unwrap()
}

fn entries(text: &str) -> usize {
    text.matches("  - stack: ").count()
}

/// What git makes of two changes of a file, and whether they conflict.
fn merge(base: &str, ours: &str, theirs: &str) -> (String, bool) {
    let folder = scratch(&[("base", base), ("ours", ours), ("theirs", theirs)]);
    let merge = Command::new("git")
        .args(["merge-file", "-p", "ours", "base", "theirs"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    (
        String::from_utf8(merge.stdout).unwrap(),
        !merge.status.success(),
    )
}

#[test]
fn five_hundred_leaks_are_adopted_with_two_commands_and_new_ones_still_fail() {
    let (go, module) = (go(), module());
    let module = module.path();
    // The first day.
    let red = run(&go, module).exits(1);
    assert_eq!(
        red.list("findings").len(),
        PACKAGES * LEAKS,
        "{}",
        red.said()
    );
    let adopt = "leakgate accept report.json --reason 'Known, OLD-1.' --expires 2099-03-31";
    let adopted = shell(&go, module, adopt).exits(0);
    let said = "added 500, raised 0, renewed 0; leakgate.baseline.yml has 500 entries\n";
    assert_eq!(adopted.stdout, said);
    let green = run(&go, module).exits(0);
    green.says("500 findings in 20 of 20 test packages; 0 new, 500 accepted, 20 of 20 test packages checked");
    // Nobody waits for what is accepted.
    let settled = |suite: &Value| suite["run"]["settled"] == true;
    assert!(green.list("suites").iter().all(settled), "{}", green.said());

    // A new leak, and one more of an old kind.
    let mut planted = leaks();
    planted.push(("New".to_owned(), 1));
    write_package(module, 7, &planted);
    let mut grown = leaks();
    grown[4].1 = 2;
    write_package(module, 3, &grown);
    let ran = run(&go, module).exits(1);
    ran.finds(&[
        ("example.com/old/p07.leakNew", &[("TestNew", 1)]),
        ("example.com/old/p03.leak04", &[("Test04", 2)]),
    ]);
    ran.says("accepted 1 (leakgate.baseline.yml:");
    ran.says("now 2: 1 new");
    write_package(module, 7, &leaks());
    write_package(module, 3, &leaks());

    // Three branches, each of them green: two fix something and prune, one accepts a leak that it brings.
    // Merged, they are green.
    let base = baseline(module);
    let fix = |package: usize, fixed: &[usize]| {
        let kept = leaks().into_iter().enumerate();
        let kept = kept.filter(|(index, _)| !fixed.contains(index));
        write_package(
            module,
            package,
            &kept.map(|(_, leak)| leak).collect::<Vec<_>>(),
        );
        run(&go, module).exits(0).says("its leak is gone");
        shell(&go, module, "leakgate accept --prune report.json").exits(0);
        let pruned = baseline(module);
        fs::write(module.join(FILE), &base).unwrap();
        write_package(module, package, &leaks());
        pruned
    };
    // The patterns of the leaks after it stay as they are: it is the last one of its package.
    let (ours, theirs) = (fix(1, &[24]), fix(2, &[24]));
    assert_eq!((entries(&ours), entries(&theirs)), (499, 499));
    let mut more = leaks();
    more.push(("Brought".to_owned(), 1));
    write_package(module, 5, &more);
    run(&go, module).exits(1);
    shell(&go, module, adopt).exits(0);
    run(&go, module).exits(0);
    let (third, brought) = (baseline(module), more);
    assert_eq!(entries(&third), 501);
    let (merged, conflicts) = merge(&base, &ours, &theirs);
    assert!(!conflicts, "{merged}");
    let (merged, conflicts) = merge(&base, &merged, &third);
    assert!(!conflicts, "{merged}");
    assert_eq!(entries(&merged), 499);
    let fixed = leaks()[..24].to_vec();
    fs::write(module.join(FILE), merged).unwrap();
    write_package(module, 1, &fixed);
    write_package(module, 2, &fixed);
    write_package(module, 5, &brought);
    run(&go, module).exits(0).says("499 accepted");
}

#[test]
fn code_that_is_renamed_stays_accepted_and_the_entry_follows() {
    let go = go();
    let source = "package shop\n\ntype Pool struct{ jobs chan int }\n\n\
                  func (p *Pool) run() {\n\tfor range p.jobs {\n\t}\n}\n\n\
                  func New() *Pool {\n\tp := &Pool{jobs: make(chan int)}\n\tgo p.run()\n\treturn p\n}\n";
    let test = "package shop\n\nimport \"testing\"\n\nfunc TestPool(t *testing.T) { New() }\n";
    let module = scratch(&[
        ("go.mod", "module example.com/shop\n\ngo 1.21\n"),
        ("shop.go", source),
        ("shop_test.go", test),
    ]);
    let module = module.path();
    run(&go, module).exits(1);
    let accept = "leakgate accept report.json --reason x --expires 2099-01-01";
    shell(&go, module, accept).exits(0);
    fs::write(module.join("shop.go"), source.replace("run()", "drain()")).unwrap();
    run(&go, module).exits(0).says("its code has moved");
    let said = shell(&go, module, "leakgate accept --prune report.json")
        .exits(0)
        .stdout;
    assert_eq!(
        said,
        "removed 0, lowered 0, moved 1; leakgate.baseline.yml has 1 entry\n"
    );
    assert!(baseline(module).contains("home: example.com/shop.(*Pool).drain"));
    let again = run(&go, module).exits(0);
    assert!(
        !again.stderr.contains("its code has moved"),
        "{}",
        again.said()
    );
}

#[test]
fn a_run_without_the_old_leak_takes_no_new_one_for_it() {
    let go = go();
    let module = scratch(&[("go.mod", "module example.com/old\n\ngo 1.21\n")]);
    let module = module.path();
    write_package(module, 0, &[("Old".to_owned(), 1)]);
    run(&go, module).exits(1);
    let accept = "leakgate accept report.json --reason x --expires 2099-01-01";
    shell(&go, module, accept).exits(0);
    // The same shape in the same package, and the old one does not run.
    let new = package("p00", &[("New".to_owned(), 1)]);
    fs::write(module.join("p00/new_test.go"), new).unwrap();
    let line = "leakgate run --settle 300ms --report text --report json=report.json -- go test -vet=off -run TestNew ./...";
    let ran = shell(&go, module, line).exits(1);
    ran.finds(&[("example.com/old/p00.leakNew", &[("TestNew", 1)])]);
}

#[test]
fn an_accepted_leak_that_still_grows_is_waited_for_as_long_as_any() {
    let go = go();
    let test = "package shop\n\nimport (\n\t\"testing\"\n\t\"time\"\n)\n\nfunc block() { <-make(chan int) }\n\nfunc tick() {\n\tfor {\n\t\ttime.Sleep(50 * time.Millisecond)\n\t\tgo block()\n\t}\n}\n\n\
                func TestX(t *testing.T) { go tick() }\n";
    let module = scratch(&[
        ("go.mod", "module example.com/shop\n\ngo 1.21\n"),
        ("shop_test.go", test),
    ]);
    let module = module.path();
    let line =
        "leakgate run --settle 1500ms --report text --report json=report.json -- go test ./...";
    let red = shell(&go, module, line).exits(1);
    assert_eq!(red.list("suites")[0]["run"]["settled"], false);
    let accept = "leakgate accept report.json --reason x --expires 2099-01-01";
    shell(&go, module, accept).exits(0);
    let accepted = baseline(module);
    let raised = accepted
        .lines()
        .map(|line| match line.strip_prefix("    max: ") {
            Some(_) => "    max: 500\n".to_owned(),
            None => format!("{line}\n"),
        });
    fs::write(module.join(FILE), raised.collect::<String>()).unwrap();
    let green = shell(&go, module, line).exits(0);
    let waited = green.list("suites")[0]["run"]["settle_ms"]
        .as_u64()
        .unwrap();
    assert!(waited >= 1500, "{waited} ms: {}", green.said());
}

#[test]
fn one_function_that_waits_in_two_ways_is_not_waited_for_once_it_is_accepted() {
    let go = go();
    let test = "package shop\n\nimport \"testing\"\n\nfunc wait(c chan int, send bool) {\n\tif send {\n\t\tc <- 1\n\t}\n\t<-c\n}\n\n\
                func TestX(t *testing.T) {\n\tgo wait(make(chan int), true)\n\tgo wait(make(chan int), false)\n\tgo wait(make(chan int), false)\n}\n";
    let module = scratch(&[
        ("go.mod", "module example.com/shop\n\ngo 1.21\n"),
        ("shop_test.go", test),
    ]);
    let module = module.path();
    run(&go, module).exits(1);
    let accept = "leakgate accept report.json --reason x --expires 2099-01-01";
    shell(&go, module, accept).exits(0);
    let ran = run(&go, module).exits(0);
    assert_eq!(
        ran.list("suites")[0]["run"]["settled"],
        true,
        "{}",
        ran.said()
    );
}

#[test]
fn a_conflict_of_two_branches_is_resolved_in_every_style_of_git() {
    let go = go();
    let entry = |id: &str, max: u32| {
        format!(
            "  - stack: {id}\n    suite: example.com/old\n    max: {max}\n    root: x.y\n    expires: 2099-01-01\n    reason: x\n"
        )
    };
    let file = |entries: &[String]| format!("version: 1\naccepted:\n{}", entries.concat());
    let base = file(&[entry("111111111111", 9), entry("222222222222", 9)]);
    // Both lower the first and accept the third; one removes the second.
    let ours = file(&[entry("111111111111", 4), entry("333333333333", 4)]);
    let theirs = file(&[
        entry("111111111111", 7),
        entry("222222222222", 9),
        entry("333333333333", 7),
    ]);
    for style in ["", "--diff3", "--zdiff3"] {
        let folder = scratch(&[
            ("base", &base),
            ("ours", &ours),
            ("theirs", &theirs),
            (".git/HEAD", ""),
        ]);
        let merge = format!("git merge-file -p {style} ours base theirs >{FILE}");
        shell(&go, folder.path(), &merge);
        let text = fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert!(text.contains("<<<<<<<"), "{text}");
        let ran = shell(&go, folder.path(), "leakgate accept --resolve").exits(0);
        let text = baseline(folder.path());
        assert_eq!(entries(&text), 2, "{style}: {text}\n{}", ran.said());
        assert_eq!(text.matches("max: 4\n").count(), 2, "{style}: {text}");
    }
}

#[test]
fn a_run_of_some_tests_or_of_failing_ones_takes_nothing_out() {
    let go = go();
    let leaks = [("A".to_owned(), 1), ("B".to_owned(), 1)];
    let module = scratch(&[("go.mod", "module example.com/old\n\ngo 1.21\n")]);
    let module = module.path();
    write_package(module, 0, &leaks);
    run(&go, module).exits(1);
    let accept = "leakgate accept report.json --reason x --expires 2099-01-01";
    shell(&go, module, accept).exits(0);
    for tests in [
        "-run TestA ./...",
        "-run 'TestA|TestFails' ./...",
        "./p0[1]",
    ] {
        let line = format!(
            "leakgate run --report text --report json=report.json -- go test -vet=off {tests}"
        );
        let failing =
            "package p00\n\nimport \"testing\"\n\nfunc TestFails(t *testing.T) { t.Fail() }\n";
        fs::write(module.join("p00/fails_test.go"), failing).unwrap();
        shell(&go, module, &line);
        fs::remove_file(module.join("p00/fails_test.go")).unwrap();
        let pruned = shell(&go, module, "leakgate accept --prune report.json").exits(0);
        let said = "removed 0, lowered 0, moved 0; leakgate.baseline.yml is as it was\n";
        assert!(pruned.stdout.starts_with(said), "{}", pruned.said());
        assert_eq!(entries(&baseline(module)), 2);
    }
}
