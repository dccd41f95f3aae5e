//! `leakgate capture`, from HTTP servers that the tests start.

use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::server::{Answer, Server};
use crate::support::{Leakgate, profile, special};

/// A captured profile, as Go wrote it.
fn real(side: &str) -> Vec<u8> {
    std::fs::read(profile("go1.27", "send-abandoned", side)).unwrap()
}

/// A service that always answers with this profile.
fn service(side: &'static str) -> Server {
    Server::start(move |_, _| Answer::profile(real(side)))
}

/// The names in a directory, sorted.
fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn the_body_is_kept_byte_for_byte_from_a_base_or_a_whole_url() {
    for (given, asked) in [
        ("", "/debug/pprof/goroutine"),
        ("/internal/", "/internal/debug/pprof/goroutine"),
        (
            "/x/debug/pprof/goroutine?gc=1",
            "/x/debug/pprof/goroutine?gc=1",
        ),
    ] {
        let (server, directory) = (service("after"), tempfile::tempdir().unwrap());
        let ran = Leakgate::capture(directory.path())
            .arg(server.url(given))
            .args(&["-o", "a.pb.gz"])
            .run();
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (0, ""),
            "{given}: {}",
            ran.stderr
        );
        assert_eq!(ran.stderr, "leakgate: a.pb.gz: 3 goroutines\n");
        let kept = std::fs::read(directory.path().join("a.pb.gz")).unwrap();
        assert_eq!(kept, real("after"), "{given}");
        let requests = server.requests();
        assert_eq!(requests.len(), 1);
        let head = requests[0].to_lowercase();
        assert!(
            head.starts_with(&format!("get {asked} http/1.1\n")),
            "{head}"
        );
        assert!(head.contains("accept-encoding: identity"), "{head}");
    }
}

#[test]
fn a_profile_has_a_default_name_and_can_go_to_standard_output() {
    let (server, directory) = (service("before"), tempfile::tempdir().unwrap());
    let capture = || Leakgate::capture(directory.path()).arg(server.url(""));
    assert_eq!(capture().run().code, 0);
    assert_eq!(capture().args(&["-o", "in/"]).run().code, 0);
    assert_eq!(names(directory.path()), ["goroutine.pb.gz", "in"]);
    assert_eq!(names(&directory.path().join("in")), [server.file()]);
    let output = capture().args(&["-o", "-"]).output();
    assert_eq!(output.stdout, real("before"));
}

#[test]
fn what_a_service_asks_for_is_sent_and_never_shown() {
    let server = Server::start(|_, _| Answer::text("401 Unauthorized", "text/plain", "no hush"));
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        std::fs::write(directory.path().join(name), text).unwrap();
    };
    write("token", "hush\n");
    write(
        "headers",
        "# for staging\n\nX-Team: hush\nauthorization: Basic hush\n",
    );
    let capture = || Leakgate::capture(directory.path()).arg(server.url(""));
    for (call, sent) in [
        (
            capture().env("LEAKGATE_BEARER_TOKEN", "hush"),
            "authorization: Bearer hush",
        ),
        (
            capture()
                .env("LEAKGATE_BEARER_TOKEN", "other")
                .args(&["--bearer-token-file", "token"]),
            "authorization: Bearer hush",
        ),
        (
            capture().args(&["--headers-file", "headers"]),
            "x-team: hush",
        ),
        (
            capture().args(&["--headers-file", "headers"]),
            "authorization: Basic hush",
        ),
    ] {
        let ran = call.run().exits(3);
        assert!(!ran.stderr.contains("hush"), "{}", ran.stderr);
        ran.complains("status 401 Unauthorized, text/plain, beginning with \"no ***\". Pass what");
        let head = server.requests().pop().unwrap();
        assert!(head.lines().any(|line| line == sent), "{head}");
    }
}

#[test]
fn a_long_token_is_not_shown_though_it_is_cut() {
    let token = "eyJhbGciOiJSUzI1NiJ9".repeat(100);
    let body = format!("refused: {token}");
    let server = Server::start(move |_, _| Answer::text("403 Forbidden", "text/plain", &body));
    let directory = tempfile::tempdir().unwrap();
    let ran = Leakgate::capture(directory.path())
        .env("LEAKGATE_BEARER_TOKEN", "eyJhbGciOiJSUzI1NiJ9".repeat(100))
        .arg(server.url(""))
        .run();
    ran.complains("\"refused: ***\"");
    assert!(!ran.stderr.contains("eyJ"), "{}", ran.stderr);
}

#[test]
fn the_timeout_holds_for_all_redirects_together() {
    let server = Server::start(|_, earlier| {
        std::thread::sleep(std::time::Duration::from_millis(400));
        Answer::redirect(&format!("/{earlier}"))
    });
    let directory = tempfile::tempdir().unwrap();
    Leakgate::capture(directory.path())
        .arg(server.url(""))
        .args(&["--timeout", "1s"])
        .run()
        .exits(3)
        .complains("no whole answer within 1s");
}

#[test]
fn a_redirect_is_followed_on_the_same_host_only() {
    let elsewhere = service("after");
    let away = elsewhere.url("/login?token=hush");
    let server = Server::start(move |path, _| match path {
        "/old/debug/pprof/goroutine" => Answer::redirect("/between?next=http://elsewhere/"),
        "/between?next=http://elsewhere/" => Answer::redirect("../new"),
        "/new" => Answer::profile(real("after")),
        "/loop/debug/pprof/goroutine" => Answer::redirect("goroutine"),
        _ => Answer::redirect(&away),
    });
    let directory = tempfile::tempdir().unwrap();
    let capture = |path: &str| {
        Leakgate::capture(directory.path())
            .env("LEAKGATE_BEARER_TOKEN", "hush")
            .arg(server.url(path))
            .run()
    };
    capture("/old").exits(0);
    for head in server.requests() {
        assert!(head.contains("authorization: Bearer hush"), "{head}");
    }
    std::fs::remove_file(directory.path().join("goroutine.pb.gz")).unwrap();

    let ran = capture("").exits(3);
    let message = format!(
        "it redirects to {}, which was not followed. If that is the service",
        elsewhere.url("/login")
    );
    assert!(ran.stderr.contains(&message), "{}", ran.stderr);
    assert!(!ran.stderr.contains("hush"), "{}", ran.stderr);
    assert_eq!(elsewhere.requests(), [""; 0], "nothing is sent elsewhere");

    capture("/loop").complains("redirects more than 5 times");
    assert_eq!(names(directory.path()), [""; 0]);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn anything_but_a_whole_goroutine_profile_is_reported_and_not_kept() {
    let cut = real("after")[..400].to_vec();
    let mut short = b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n".to_vec();
    short.extend(&cut);
    let heap = std::fs::read(special("heap.pb.gz")).unwrap();
    let mut twice = Answer::profile(gzip(&real("after")));
    if let Answer::Whole(_, headers, _) = &mut twice {
        headers.push("Content-Encoding: gzip".into());
    }
    for (answer, message) in [
        (
            Answer::text("404 Not Found", "text/plain", "404 page not found\n"),
            "status 404 Not Found, text/plain, beginning with \"404 page not found\". Check that the service imports net/http/pprof",
        ),
        (
            Answer::text("503 Service Unavailable", "text/plain", ""),
            "status 503 Service Unavailable, text/plain, empty. The service or a proxy before it failed",
        ),
        (
            Answer::text(
                "200 OK",
                "text/html",
                "\n<html>\u{1b}[2K<title>Log in</title>",
            ),
            "text, not a profile: status 200 OK, text/html, beginning with \"<html>\\u{1b}[2K<title>Log in</title>\". Check that this is the port",
        ),
        (
            Answer::profile(heap),
            "not of goroutines: status 200 OK, application/octet-stream, ",
        ),
        (
            Answer::profile(""),
            "the profile is empty: status 200 OK, application/octet-stream, empty. Check",
        ),
        (Answer::profile(cut), "ends early, after "),
        (
            twice,
            "status 200 OK, application/octet-stream, encoded as gzip, ",
        ),
        (Answer::Raw(short), "the connection failed: "),
        (
            Answer::Raw(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()),
            "the connection failed: ",
        ),
        (
            Answer::profile(vec![0; (1 << 20) + 1]),
            "it is larger than 1048576 bytes. If a profile of yours really is that large, raise --max-size.",
        ),
        (
            Answer::profile(gzip(&vec![0; 1 << 21])),
            "it is larger than 1048576 bytes",
        ),
        (
            Answer::Silence,
            "no whole answer within 100ms. Check that the service is not stuck, or raise --timeout.",
        ),
    ] {
        let timeout = if matches!(answer, Answer::Silence) {
            "100ms"
        } else {
            "1m"
        };
        let once = std::sync::Mutex::new(Some(answer));
        let server = Server::start(move |_, _| once.lock().unwrap().take().unwrap());
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("good.pb.gz");
        std::fs::write(&file, "the good one").unwrap();
        let ran = Leakgate::capture(directory.path())
            .arg(server.url(""))
            .args(&["-o", "good.pb.gz", "--max-size", "1", "--timeout", timeout])
            .run();
        assert_eq!(ran.code, 3, "{message}: {}", ran.stderr);
        let url = server.url("/debug/pprof/goroutine");
        assert!(
            ran.stderr.starts_with(&format!("leakgate: {url}: ")) && ran.stderr.contains(message),
            "expected\n{message}\nin\n{}",
            ran.stderr
        );
        assert_eq!(names(directory.path()), ["good.pb.gz"]);
        assert_eq!(std::fs::read(&file).unwrap(), b"the good one");
    }
}

#[test]
fn instances_go_into_directories_that_check_pairs() {
    let sides = ["before", "after"];
    let answer = move |_: &str, earlier: usize| Answer::profile(real(sides[earlier.min(1)]));
    let (one, two) = (Server::start(answer), Server::start(answer));
    let directory = tempfile::tempdir().unwrap();
    for side in sides {
        Leakgate::capture(directory.path())
            .args(&[&one.url(""), &two.url(""), "-o", side])
            .run()
            .exits(0);
    }
    let (code, report) = Leakgate::check()
        .dir(directory.path())
        .args(&["before", "after"])
        .json();
    assert_eq!((code, &report["totals"]["suites"]), (1, &2.into()));
    assert_eq!(report["unchecked"], serde_json::json!([]));
}

#[test]
fn one_instance_that_fails_makes_the_capture_incomplete() {
    let good = service("before");
    let bad = Server::start(|_, _| Answer::text("500 Internal Server Error", "text/plain", "oh"));
    let directory = tempfile::tempdir().unwrap();
    let ran = Leakgate::capture(directory.path())
        .args(&[&bad.url(""), &good.url(""), "-o", "all"])
        .run()
        .exits(3);
    assert!(ran.stderr.contains(&bad.url("/debug")), "{}", ran.stderr);
    assert_eq!(names(&directory.path().join("all")), [good.file()]);
}

#[test]
fn a_service_whose_goroutines_stay_the_same_is_settled() {
    let (server, directory) = (service("before"), tempfile::tempdir().unwrap());
    Leakgate::capture(directory.path())
        .arg(server.url(""))
        .args(&["--settle", "1m"])
        .run()
        .exits(0)
        .complains("goroutines, settled after ");
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_series_is_numbered_so_that_names_sort_by_time() {
    let (server, directory) = (service("before"), tempfile::tempdir().unwrap());
    let capture = || {
        Leakgate::capture(directory.path())
            .arg(server.url(""))
            .args(&["--every", "20ms", "--for", "50ms", "-o", "load.pb.gz"])
            .run()
    };
    let ran = capture().exits(0);
    let names = names(directory.path());
    assert_eq!(names[0], "load-0001.pb.gz");
    let possible = ["load-0001.pb.gz", "load-0002.pb.gz", "load-0003.pb.gz"];
    assert!(
        names.iter().all(|name| possible.contains(&name.as_str())),
        "{names:?}"
    );
    assert_eq!(names.len(), server.requests().len());
    let closing = format!("leakgate: {} capture", names.len());
    assert!(ran.stderr.starts_with(&closing), "{}", ran.stderr);

    capture()
        .exits(2)
        .complains("load-0001.pb.gz is of an earlier series");
}

#[test]
fn a_series_ends_if_its_first_capture_fails() {
    let server = Server::start(|_, _| Answer::text("404 Not Found", "text/plain", ""));
    let directory = tempfile::tempdir().unwrap();
    Leakgate::capture(directory.path())
        .arg(server.url(""))
        .args(&["--every", "1h", "--for", "24h"])
        .run()
        .exits(3);
    assert_eq!(names(directory.path()), [""; 0]);
}

#[test]
fn a_refused_connection_is_no_evidence() {
    // A port that was free a moment ago, so that probably nobody listens on it.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let directory = tempfile::tempdir().unwrap();
    Leakgate::capture(directory.path())
        .arg(url)
        .run()
        .exits(3)
        .complains("the connection is refused. Check that the service runs");
}

#[test]
fn wrong_usage_says_how_to_fix_it() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("file"), "no header").unwrap();
    std::fs::create_dir(directory.path().join("taken.pb.gz")).unwrap();
    let (one, two) = ("http://127.0.0.1:1", "http://127.0.0.1:2");
    for (arguments, message) in [
        (&["127.0.0.1:1"][..], "write http://127.0.0.1:1"),
        (
            &["http://127.0.0.1:1/?debug=2"],
            "only the protobuf form is read: leave it out",
        ),
        (
            &["http://me:hush@127.0.0.1:1"],
            "http://127.0.0.1:1: a user name or password",
        ),
        (&[one, two], "name a directory for them with -o"),
        (&[one, two, "-o", "-"], "- is no directory"),
        (&[one, two, "-o", "file"], "file is no directory"),
        (
            &[one, one, "-o", "d"],
            "two of the URLs would be written to d/127.0.0.1-1.pb.gz",
        ),
        (
            &[one, "-o", "missing/a.pb.gz"],
            "the directory missing does not exist",
        ),
        (
            &[one, two, "--every", "1s", "--for", "1s", "-o", "d"],
            "--every captures one instance",
        ),
        (
            &[one, "--every", "1s", "--for", "1s", "-o", "-"],
            "a series is several files",
        ),
        (&[one, "--every", "1s"], "--for"),
        (&[one, "--every", "0s", "--for", "1s"], "0 is not enough"),
        (&[one, "--settle", "5"], "written like 500ms, 5s or 2m"),
        (&[one, "--settle", "1ms"], "at least 250ms apart"),
        (
            &[one, "--headers-file", "file"],
            "file:1: this is no header: write `Name: value`",
        ),
        (&[one, "--headers-file", "none"], "none: cannot be read"),
        (&[one, "--cacert", "file"], "file: no certificate is in it"),
    ] {
        let ran = Leakgate::capture(directory.path()).args(arguments).run();
        assert_eq!(ran.code, 2, "{arguments:?}: {}", ran.stderr);
        assert!(
            ran.stderr.contains(message),
            "{arguments:?}: {}",
            ran.stderr
        );
        assert!(!ran.stderr.contains("hush"), "{}", ran.stderr);
    }
}
