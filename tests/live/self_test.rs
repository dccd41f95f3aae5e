//! `leakgate run --self-test`: whether a leak would be found here.

use std::fs;
use std::path::Path;

use crate::support::{Go, Ran, go, gos, scratch};

fn module() -> tempfile::TempDir {
    scratch(&[
        ("go.mod", "module example.com/shop\n\ngo 1.21\n"),
        ("shop.go", "package shop\n"),
        ("cart/cart.go", "package cart\n"),
        (
            "cart/cart_test.go",
            "package cart_test\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) {}\n",
        ),
    ])
}

fn self_test(go: &Go, directory: &Path, command: &str) -> Ran {
    let line = format!("leakgate run --settle 300ms --self-test --report text -- {command}");
    go.shell(directory, &line)
}

#[test]
fn a_planted_leak_is_found_with_every_go_and_no_file_is_changed() {
    for go in gos() {
        let module = module();
        for command in [
            "go test ./...",
            "sh -c 'go test ./...'",
            "go test -race=false -count=1 -vet=off ./cart",
        ] {
            let ran = self_test(&go, module.path(), command).exits(0);
            ran.says("self-test passed: the leak planted into example.com/shop/cart was found, with its test");
        }
        let files = fs::read_dir(module.path().join("cart")).unwrap().count();
        assert_eq!(files, 2);
    }
}

#[test]
fn what_keeps_it_from_being_found_is_said() {
    let (go, module) = (go(), module());
    let ran = self_test(&go, module.path(), "go test -run TestX ./...").exits(3);
    ran.says(
        "was not found. Does the command test this package, and does -run leave its test out?",
    );
    let ran = self_test(&go, module.path(), "go test -vet=all ./...").exits(2);
    ran.says("the command has a -vet, and go vet does not see the planted file");
    let policy = "version: 1\nallow:\n  - { match: { state: chan receive }, max: 9, reason: all, expires: 2999-01-01 }\n";
    fs::write(module.path().join("leakgate.yml"), policy).unwrap();
    let ran = self_test(&go, module.path(), "go test ./...").exits(1);
    ran.says("was found, and is accepted: all (leakgate.yml:3 until 2999-01-01)");
    let empty = scratch(&[
        ("go.mod", "module example.com/none\n\ngo 1.21\n"),
        ("x.go", "package none\n"),
    ]);
    let ran = self_test(&go, empty.path(), "go test ./...").exits(2);
    ran.says("no package here has tests, so there is none to plant a leak into");
}
