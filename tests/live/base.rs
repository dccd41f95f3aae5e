//! `leakgate run --base`: what an earlier commit leaves too is not new.

use std::fs;
use std::path::Path;

use crate::support::{Go, Ran, go, scratch};

/// A test file with a function that starts goroutines, for each test.
fn tests(package: &str, tests: &[&str]) -> String {
    let tests = tests.iter().map(|test| {
        format!(
            "\nfunc send{test}(c chan int) {{ c <- 1 }}\n\nfunc Test{test}(t *testing.T) {{ go send{test}(make(chan int)) }}\n"
        )
    });
    let tests: String = tests.collect();
    format!("package {package}\n\nimport \"testing\"\n\nvar _ testing.TB\n{tests}")
}

/// A repository with two packages that leak, and a branch off it.
fn repository(go: &Go) -> tempfile::TempDir {
    let cart = tests("cart", &["Old"]);
    let mail = tests("mail", &["Mail"]);
    let scratch = scratch(&[
        ("shop/go.mod", "module example.com/shop\n\ngo 1.21\n"),
        ("shop/cart/cart_test.go", &cart),
        ("shop/mail/mail_test.go", &mail),
        (
            "shop/clean/clean_test.go",
            "package clean\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) {}\n",
        ),
        ("tmp/.keep", ""),
    ]);
    let script = "git init -q -b main && git config user.name x && git config user.email x@example.com && git add . && \
                  git commit -qm base && git switch -qc branch";
    go.shell(&scratch.path().join("shop"), script).exits(0);
    scratch
}

/// Adds a leak to a package and commits it.
fn commit(go: &Go, shop: &Path, package: &str, names: &[&str]) {
    let file = shop.join(package).join(format!("{package}_test.go"));
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, tests(package, names)).unwrap();
    go.shell(shop, &format!("git add {package} && git commit -qm next"))
        .exits(0);
}

fn run(go: &Go, directory: &Path, flags: &str, command: &str) -> Ran {
    let _ = fs::remove_file(directory.join("report.json"));
    let line = format!(
        "TMPDIR='{}' leakgate run --settle 300ms --report text --report json=report.json {flags} -- {command}",
        directory
            .ancestors()
            .find(|one| one.join("tmp").is_dir())
            .unwrap()
            .join("tmp")
            .display()
    );
    go.shell(directory, &line)
}

#[test]
fn only_what_a_branch_adds_counts_and_nothing_is_left_behind() {
    let go = go();
    let repository = repository(&go);
    let shop = repository.path().join("shop");
    // Nothing new.
    commit(&go, &shop, "clean", &[]);
    let ran = run(&go, &shop, "--base main", "go test ./...").exits(0);
    ran.says("packages with findings were compared with main (");
    ran.says("PASS 0 violations");
    // One more in a package that leaks already, and a package of its own.
    commit(&go, &shop, "cart", &["Old", "New"]);
    commit(&go, &shop, "fresh", &["Fresh"]);
    let ran = run(&go, &shop, "--base main --keep kept", "go test ./...").exits(1);
    ran.finds(&[
        ("example.com/shop/cart.sendNew", &[("TestNew", 1)]),
        ("example.com/shop/fresh.sendFresh", &[("TestFresh", 1)]),
    ]);
    let note = "example.com/shop/fresh: compared with what was there before its own tests, since the base could not be checked";
    ran.says(note);
    let again = ran.report["findings"][0]["again"].as_str().unwrap();
    assert!(
        again.starts_with("leakgate run --base main -- go test -run "),
        "{again}"
    );
    // What was kept gives the same verdict.
    let again = go.at(&shop).check(&["kept/base", "kept/head"]).exits(1);
    assert_eq!(again.findings(), ran.findings());
    // Only packages with findings ran again.
    let of_base = go.at(&shop).check(&["kept/base"]);
    let suites = ["example.com/shop/cart", "example.com/shop/mail"];
    assert_eq!(of_base.suites(), suites, "{}", of_base.said());
    fs::remove_dir_all(shop.join("kept")).unwrap();
    // From a folder below the root, and of a script.
    let script = "sh -c 'go test ./...'";
    run(&go, &shop.join("cart"), "--base main", script)
        .exits(1)
        .finds(&[("example.com/shop/cart.sendNew", &[("TestNew", 1)])]);
    fs::remove_file(shop.join("report.json")).unwrap();
    fs::remove_file(shop.join("cart/report.json")).unwrap();
    let state = go.shell(
        &shop,
        "git status --porcelain && git worktree list --porcelain | grep -c ^worktree",
    );
    assert_eq!(state.stdout, "1\n", "{}", state.said());
    let left: Vec<_> = fs::read_dir(repository.path().join("tmp"))
        .unwrap()
        .collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn what_the_base_leaves_too_is_not_stale_in_the_baseline_and_what_a_branch_accepts_is_said() {
    let go = go();
    let repository = repository(&go);
    let shop = repository.path().join("shop");
    run(&go, &shop, "", "go test ./...").exits(1);
    let accept = "leakgate accept report.json --reason x --expires 2099-01-01";
    go.shell(&shop, accept).exits(0);
    commit(&go, &shop, "cart", &["Old", "New"]);
    let ran = run(&go, &shop, "--base main --strict", "go test ./...").exits(1);
    ran.finds(&[("example.com/shop/cart.sendNew", &[("TestNew", 1)])]);
    let said = ran.stderr.contains("stale");
    assert!(!said, "{}", ran.said());
    // The branch brings the baseline, which the base does not have.
    ran.says("loosened leakgate.baseline.yml:3 accepts 1 of ");
    commit(&go, &shop, "cart", &["Old"]);
    run(
        &go,
        &shop,
        "--base main --fail-on loosened",
        "go test ./...",
    )
    .exits(1);
    run(&go, &shop, "--base main", "go test ./...").exits(0);
    let pruned = go
        .shell(&shop, "leakgate accept --prune report.json")
        .exits(0);
    assert!(
        pruned.stdout.starts_with("removed 0, lowered 0, moved 0; "),
        "{}",
        pruned.said()
    );
}

#[test]
fn changes_that_are_not_committed_are_compared_with_the_commit() {
    let go = go();
    let repository = repository(&go);
    let shop = repository.path().join("shop");
    let ran = run(&go, &shop, "--base main", "go test ./...").exits(1);
    ran.says("main is the commit that is tested: there is nothing to compare with, and all findings count");
    assert_eq!(ran.list("findings").len(), 2);
    fs::write(
        shop.join("mail/mail_test.go"),
        tests("mail", &["Mail", "Draft"]),
    )
    .unwrap();
    run(&go, &shop, "--base main", "go test ./...")
        .exits(1)
        .finds(&[("example.com/shop/mail.sendDraft", &[("TestDraft", 1)])]);
}

#[test]
fn a_command_that_stays_at_the_head_hides_nothing() {
    let go = go();
    let repository = repository(&go);
    let shop = repository.path().join("shop");
    commit(&go, &shop, "cart", &["Old", "New"]);
    for command in [
        format!("sh -c 'cd \"{}\" && go test ./...'", shop.display()),
        format!("go -C '{}' test ./...", shop.display()),
    ] {
        let ran = run(&go, &shop, "--base main", &command).exits(1);
        ran.says("could not be run, so all findings count: its tests used ");
        assert_eq!(ran.list("findings").len(), 3, "{}", ran.said());
    }
}

#[test]
fn what_the_base_cannot_build_counts() {
    let go = go();
    let repository = repository(&go);
    let shop = repository.path().join("shop");
    fs::write(
        shop.join("mail/broken_test.go"),
        "package mail\n\nvar x int = \"\"\n",
    )
    .unwrap();
    go.shell(&shop, "git add . && git commit -qm broken && git branch -f main && git rm -q mail/broken_test.go && git commit -qm fixed")
        .exits(0);
    let ran = run(&go, &shop, "--base main", "go test ./...").exits(1);
    ran.finds(&[("example.com/shop/mail.sendMail", &[("TestMail", 1)])]);
    ran.says("since the base could not be checked");
}

#[test]
fn a_shallow_clone_is_enough_and_a_missing_branch_is_said_before_anything_runs() {
    let go = go();
    let repository = repository(&go);
    let shop = repository.path().join("shop");
    commit(&go, &shop, "cart", &["Old", "New"]);
    let clone = "git clone -q --depth 1 --branch branch \"file://$PWD/shop\" clone";
    go.shell(repository.path(), clone).exits(0);
    let clone = repository.path().join("clone");
    let ran = run(&go, &clone, "--base origin/main", "go test ./...").exits(2);
    assert!(
        ran.stderr.contains(
            "--base origin/main is not in this clone: fetch it first, as in `git fetch origin main:refs/remotes/origin/main`"
        ),
        "{}",
        ran.said()
    );
    assert_eq!(ran.stdout, "");
    go.shell(
        &clone,
        "git fetch -q --depth 1 origin main:refs/remotes/origin/main",
    )
    .exits(0);
    let ran = run(&go, &clone, "--base origin/main", "go test ./...").exits(1);
    ran.finds(&[("example.com/shop/cart.sendNew", &[("TestNew", 1)])]);
    ran.says("origin/main itself, as the merge base is not in this shallow clone");
    let ran = run(&go, repository.path(), "--base main", "true").exits(2);
    assert!(
        ran.stderr.contains("--base needs the git repository"),
        "{}",
        ran.said()
    );
}

#[test]
fn submodules_and_a_workspace_of_the_machine_are_there_at_the_base_too() {
    let go = go();
    let repository = repository(&go);
    let (root, shop) = (repository.path(), repository.path().join("shop"));
    let library = "mkdir library && cd library && git init -q -b main && git config user.name x && git config user.email x@example.com && \
                   printf 'module example.com/library\\n\\ngo 1.21\\n' >go.mod && \
                   printf 'package library\\n\\nfunc Send(c chan int) { c <- 1 }\\n' >library.go && git add . && git commit -qm library && \
                   cd ../shop && git -c protocol.file.allow=always submodule --quiet add \"$PWD/../library\" library && \
                   printf 'go 1.21\\n\\nuse .\\nuse ./library\\n' >go.work && echo go.work >.git/info/exclude";
    go.shell(root, library).exits(0);
    let uses = "package cart\n\nimport (\n\t\"testing\"\n\n\t\"example.com/library\"\n)\n\n\
                func TestUses(t *testing.T) { go library.Send(make(chan int)) }\n";
    fs::write(shop.join("cart/uses_test.go"), uses).unwrap();
    go.shell(
        &shop,
        "git add . && git commit -qm uses && git branch -f main",
    )
    .exits(0);
    commit(&go, &shop, "mail", &["Mail", "New"]);
    run(&go, &shop, "--base main", "go test ./...")
        .exits(1)
        .finds(&[("example.com/shop/mail.sendNew", &[("TestNew", 1)])]);
}

#[test]
fn what_was_there_before_the_tests_hides_no_leak_and_is_none() {
    let go = go();
    let repository = repository(&go);
    let shop = repository.path().join("shop");
    let leaks = |init: &str, test: &str| {
        format!(
            "package mail\n\nimport \"testing\"\n\nfunc wait() {{ <-make(chan int) }}\n\n{init}\nfunc send(c chan int) {{ c <- 1 }}\n\n\
             func TestOld(t *testing.T) {{ go send(make(chan int)) }}\n\n{test}"
        )
    };
    let init = "func init() { go wait() }\n";
    let test = "func TestNew(t *testing.T) { go wait() }\n";
    let write = |text: String| fs::write(shop.join("mail/mail_test.go"), text).unwrap();
    // A goroutine of an init function goes, and a test leaks one like it.
    write(leaks(init, ""));
    go.shell(
        &shop,
        "git add mail && git commit -qm init && git branch -f main",
    )
    .exits(0);
    write(leaks("", test));
    run(&go, &shop, "--base main", "go test ./...")
        .exits(1)
        .finds(&[("example.com/shop/mail.wait", &[("TestNew", 1)])]);
    // One that comes is no leak of a test.
    write(leaks("", ""));
    go.shell(
        &shop,
        "git add mail && git commit -qm none && git branch -f main",
    )
    .exits(0);
    write(leaks(init, ""));
    run(&go, &shop, "--base main", "go test ./...").exits(0);
}

#[test]
fn tests_that_fail_at_the_base_and_modules_of_the_head_hide_nothing() {
    let go = go();
    let repository = repository(&go);
    let shop = repository.path().join("shop");
    let failing = "package mail\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc send(c chan int) { c <- 1 }\n\n\
                   func TestMail(t *testing.T) {\n\tgo send(make(chan int))\n\tif _, err := os.Stat(\"ignored.txt\"); err != nil {\n\t\tt.Fatal(err)\n\t}\n}\n";
    fs::write(shop.join("mail/mail_test.go"), failing).unwrap();
    go.shell(&shop, "echo ignored.txt >.gitignore && git add mail .gitignore && git commit -qm needs && git branch -f main && touch mail/ignored.txt && \
                     git commit -q --allow-empty -m next")
        .exits(0);
    let ran = run(&go, &shop, "--base main", "go test ./mail").exits(1);
    ran.says("since the base could not be checked: its tests failed");
    // The module of the head, named by an absolute path.
    let library = "mkdir -p lib && printf 'module example.com/lib\\n\\ngo 1.21\\n' >lib/go.mod && \
                   printf 'package lib\\n\\nfunc Do() {}\\n' >lib/lib.go && git add lib && git commit -qm lib && git branch -f main && \
                   printf 'package lib\\n\\nfunc Do() { go func() { <-make(chan int) }() }\\n' >lib/lib.go && git commit -qam leaks && \
                   printf 'go 1.21\\n\\nuse \"%s\"\\nuse \"%s\"\\n' \"$PWD\" \"$PWD/lib\" >go.work && echo go.work >>.git/info/exclude";
    go.shell(&shop, library).exits(0);
    let uses = "package cart\n\nimport (\n\t\"testing\"\n\n\t\"example.com/lib\"\n)\n\nfunc TestUses(t *testing.T) { lib.Do() }\n";
    fs::write(shop.join("cart/cart_test.go"), uses).unwrap();
    let ran = run(&go, &shop, "--base main --keep kept", "go test ./cart").exits(1);
    ran.says("could not be run, so all findings count: its tests used ");
    // Nor is it evidence later.
    go.at(&shop).check(&["kept/base", "kept/head"]).exits(3);
}

#[cfg(unix)]
#[test]
fn a_signal_while_the_base_runs_ends_it_all() {
    let go = go();
    let repository = repository(&go);
    let shop = repository.path().join("shop");
    commit(&go, &shop, "cart", &["Old", "New"]);
    let script = "test -d .git || { touch ../../at-base; sleep 20; }; go test ./cart";
    let line = format!(
        "TMPDIR='{tmp}' leakgate run --settle 300ms --base main -- sh -c '{script}' & leakgate=$!; \
         for i in $(seq 600); do [ -e '{tmp}/at-base' ] && break; sleep 0.1; done; kill -TERM $leakgate; wait $leakgate",
        tmp = repository.path().join("tmp").display()
    );
    let ran = go.shell(&shop, &line).exits(143);
    assert!(
        ran.stderr
            .contains("leakgate was interrupted while tests ran again"),
        "{}",
        ran.said()
    );
    let left = fs::read_dir(repository.path().join("tmp"))
        .unwrap()
        .flatten();
    let left: Vec<_> = left.filter(|one| one.path().is_dir()).collect();
    assert!(left.is_empty(), "{left:?}");
}
