//! Which file a frame is of.

use super::{Module, Sources};
use crate::report::sample::place;

fn repository() -> Sources {
    let module = |path: &str, directory: &str| Module {
        path: path.into(),
        directory: directory.into(),
    };
    let modules = vec![
        module("example.com/shop", ""),
        module("example.com/shop/api", "services/api"),
        module("example.com/shop", "testdata/copy"),
    ];
    let files = [
        "main.go",
        "cmd/shop/main.go",
        "worker/pool.go",
        "worker/pool_test.go",
        "lib.v2/lib.go",
        "services/api/handler.go",
        "services/api/v1/v1.go",
        "net/http/server.go",
    ];
    let files = files.map(String::from).into();
    Sources::new(
        vec!["/src/shop".into(), "C:\\shop\\".into()],
        modules,
        files,
    )
}

fn mapped(function: &str, file: &str) -> Option<String> {
    repository().path(&place(function, file, 1))
}

#[test]
fn files_are_found_whatever_built_the_program() {
    for (function, file, path) in [
        // This checkout.
        (
            "example.com/shop/worker.(*Pool).run",
            "/src/shop/worker/pool.go",
            "worker/pool.go",
        ),
        (
            "main.main",
            "/src/shop/cmd/shop/main.go",
            "cmd/shop/main.go",
        ),
        (
            "example.com/shop/worker.run",
            "C:/shop/worker/pool.go",
            "worker/pool.go",
        ),
        (
            "example.com/shop/worker.run",
            "C:\\shop\\worker\\pool.go",
            "worker/pool.go",
        ),
        // -trimpath.
        (
            "example.com/shop/worker.run",
            "example.com/shop/worker/pool.go",
            "worker/pool.go",
        ),
        ("main.main", "example.com/shop/main.go", "main.go"),
        (
            "example.com/shop/api.Get",
            "example.com/shop/api/handler.go",
            "services/api/handler.go",
        ),
        (
            "example.com/shop/api/v1.Get",
            "example.com/shop/api/v1/v1.go",
            "services/api/v1/v1.go",
        ),
        // Another machine.
        (
            "example.com/shop/worker.(*Pool[...]).run.func1",
            "/home/runner/work/shop/shop/worker/pool.go",
            "worker/pool.go",
        ),
        (
            "example.com/shop/worker_test.TestPool",
            "/builds/1/worker/pool_test.go",
            "worker/pool_test.go",
        ),
        (
            "example.com/shop/lib.v2.Start.func1",
            "/builds/1/lib.v2/lib.go",
            "lib.v2/lib.go",
        ),
        (
            "example.com/shop/api.Get",
            "D:/a/api/handler.go",
            "services/api/handler.go",
        ),
        (
            "main.main.func1",
            "/builds/1/cmd/shop/main.go",
            "cmd/shop/main.go",
        ),
    ] {
        assert_eq!(mapped(function, file).as_deref(), Some(path), "{file}");
    }
}

#[test]
fn files_outside_of_the_repository_are_not_taken_for_files_in_it() {
    for (function, file) in [
        (
            "net/http.(*Server).Serve",
            "/usr/local/go/src/net/http/server.go",
        ),
        ("net/http.(*Server).Serve", "net/http/server.go"),
        (
            "example.com/shop/worker.run",
            "/home/ci/go/pkg/mod/example.com/shop@v1.2.3/worker/pool.go",
        ),
        ("example.com/dep.Run", "example.com/dep@v1.2.3/pool.go"),
        ("example.com/shop/worker._Cfunc_x", "_cgo_gotypes.go"),
        ("main.main", "_testmain.go"),
        ("main.main", "main.go"),
        (
            "example.com/shopping/worker.run",
            "/builds/1/worker/pool.go",
        ),
        ("example.com/shop/worker.run", "/src/shop/gone.go"),
        ("", ""),
        ("::/.", "\\/"),
    ] {
        assert_eq!(mapped(function, file), None, "{file}");
    }
}

#[test]
fn a_workspace_with_an_at_sign_is_no_downloaded_module() {
    let files = ["pool.go".to_owned()].into();
    let sources = Sources::new(vec!["/jenkins/shop@2".into()], Vec::new(), files);
    let place = place("main.run", "/jenkins/shop@2/pool.go", 1);
    assert_eq!(sources.path(&place).as_deref(), Some("pool.go"));
}
