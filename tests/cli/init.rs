//! `leakgate init`: what it writes, and what it leaves alone.

use std::path::Path;

use leakgate::policy::{Policy, SCHEMA_URL};

use crate::support::{Leakgate, Ran, repository};

/// Every CI, the path of its job, and the example that is written there.
const JOBS: [(&str, &str, &str); 6] = [
    (
        "github",
        ".github/workflows/leakgate.yml",
        "github/go-tests.yml",
    ),
    (
        "gitlab",
        ".gitlab/leakgate.gitlab-ci.yml",
        "gitlab/leakgate.gitlab-ci.yml",
    ),
    (
        "buildkite",
        ".buildkite/pipeline.leakgate.yml",
        "buildkite/pipeline.leakgate.yml",
    ),
    ("jenkins", "Jenkinsfile", "jenkins/Jenkinsfile"),
    ("circleci", ".circleci/config.yml", "circleci/config.yml"),
    ("make", "leakgate.mk", "make/leakgate.mk"),
];

fn init(directory: &Path, arguments: &[&str]) -> Ran {
    Leakgate::new(&["init"])
        .args(arguments)
        .dir(directory)
        .run()
}

fn example(name: &str) -> String {
    std::fs::read_to_string(repository().join("examples").join(name)).unwrap()
}

/// A directory that is the root of a repository.
fn root() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join(".git")).unwrap();
    directory
}

/// The number of entries in a directory, without `.git`.
fn entries(directory: &Path) -> usize {
    let names = std::fs::read_dir(directory).unwrap();
    names
        .filter(|entry| entry.as_ref().unwrap().file_name() != ".git")
        .count()
}

#[test]
fn it_writes_a_policy_that_applies_from_then_on() {
    let directory = root();
    let ran = init(directory.path(), &[]).exits(0);
    assert_eq!(
        ran.stdout,
        "wrote leakgate.yml: no stack may grow; try it: leakgate run -- go test ./...\n"
    );
    assert_eq!(entries(directory.path()), 1);
    let written = std::fs::read_to_string(directory.path().join("leakgate.yml")).unwrap();
    assert_eq!(written, example("minimal/leakgate.yml"));
    let checked = Leakgate::check()
        .dir(directory.path())
        .pair("go1.27", "mutex-unlocked")
        .run()
        .exits(1);
    let place = checked
        .stdout
        .lines()
        .next()
        .is_some_and(|line| line.contains("leakgate.yml"));
    assert!(place, "{}", checked.stdout);
}

#[test]
fn the_policy_names_its_schema_and_its_comments_are_a_policy_too() {
    let text = example("minimal/leakgate.yml");
    let modeline = format!("# yaml-language-server: $schema={SCHEMA_URL}\n");
    assert!(text.starts_with(&modeline), "{text}");
    let mut sections = 0;
    let uncommented: Vec<&str> = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest)
                if rest.starts_with(' ')
                    || rest.starts_with("rules:")
                    || rest.starts_with("allow:") =>
            {
                sections += 1;
                rest
            }
            _ => line,
        })
        .collect();
    assert!(sections > 8, "{sections}");
    let policy = Policy::parse(Path::new("leakgate.yml"), &uncommented.join("\n")).unwrap();
    let of_file = policy.exceptions.iter().filter(|one| one.line().is_some());
    assert_eq!((policy.rules.len(), of_file.count()), (1, 1));
}

#[test]
fn every_ci_gets_the_job_of_the_examples() {
    for (ci, path, name) in JOBS {
        let directory = root();
        let ran = init(directory.path(), &["--ci", ci]);
        assert_eq!(ran.code, 0, "{ci}: {}", ran.stderr);
        assert_eq!(ran.stdout.lines().count(), 2, "{ci}: {}", ran.stdout);
        assert!(
            ran.has(&format!("\nwrote {path}: ")),
            "{ci}: {}",
            ran.stdout
        );
        let written = std::fs::read_to_string(directory.path().join(path)).unwrap();
        assert_eq!(written, example(name), "{ci}");
        assert!(directory.path().join("leakgate.yml").is_file(), "{ci}");
    }
}

#[test]
fn the_job_runs_on_the_default_branch() {
    let git = |directory: &Path, files: &[(&str, &str)]| {
        for (name, text) in files {
            let path = directory.join(".git").join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    };
    for (files, branch) in [
        (&[("HEAD", "ref: refs/heads/master\n")][..], "master"),
        (
            &[
                ("HEAD", "ref: refs/heads/fix/leak\n"),
                ("refs/heads/main", "0a1b\n"),
            ],
            "main",
        ),
        (
            &[
                ("HEAD", "ref: refs/heads/fix\n"),
                ("packed-refs", "# pack\n0a1b refs/heads/master\n"),
            ],
            "master",
        ),
        (
            &[
                ("HEAD", "ref: refs/heads/main\n"),
                (
                    "refs/remotes/origin/HEAD",
                    "ref: refs/remotes/origin/trunk\n",
                ),
            ],
            "trunk",
        ),
        (&[("HEAD", "ref: refs/heads/only@this\n")], "\"only@this\""),
        (&[("HEAD", "0a1b2c\n")], "main"),
    ] {
        let directory = root();
        git(directory.path(), files);
        for arguments in [&["--ci", "github", "--print"][..], &["--ci", "github"]] {
            let ran = init(directory.path(), arguments).exits(0);
            let job = match arguments {
                [.., "--print"] => ran.stdout,
                _ => {
                    std::fs::read_to_string(directory.path().join(".github/workflows/leakgate.yml"))
                        .unwrap()
                }
            };
            assert!(
                job.contains(&format!("    branches: [{branch}]\n")),
                "{files:?}: {job}"
            );
        }
    }
}

#[test]
fn a_job_installs_a_go_that_leakgate_knows() {
    for (version, expected) in [
        ("1.19", "go-version: stable"),
        ("1.20.3", "go-version: stable"),
        ("1.21", "go-version-file: go.mod"),
        ("1.27.0", "go-version-file: go.mod"),
    ] {
        let directory = root();
        let text = format!("module example.com/shop\n\ngo {version}\n");
        std::fs::write(directory.path().join("go.mod"), text).unwrap();
        init(directory.path(), &["--ci", "github", "--print"])
            .exits(0)
            .prints(expected);
    }
}

#[test]
fn several_jobs_are_written_in_one_call_and_one_asked_for_twice_is_written_once() {
    let directory = root();
    let ran = init(
        directory.path(),
        &["--ci", "make", "--ci", "github", "--ci", "make"],
    )
    .exits(0);
    assert_eq!(ran.stdout.lines().count(), 3, "{}", ran.stdout);
}

#[test]
fn the_job_for_what_a_pull_request_adds_is_written_for_github() {
    let directory = root();
    init(directory.path(), &["--ci", "github", "--base"]).exits(0);
    let job = std::fs::read_to_string(directory.path().join(".github/workflows/leakgate.yml"));
    assert_eq!(job.unwrap(), example("github/base-and-head.yml"));
    for arguments in [
        &["--ci", "gitlab", "--base"][..],
        &["--ci=github", "--ci=make", "--base"],
    ] {
        init(directory.path(), arguments)
            .exits(2)
            .complains("--base goes with --ci github");
    }
    init(directory.path(), &["--base"]).exits(2);
}

#[test]
fn the_jobs_install_this_release() {
    let mut seen = 0;
    let jobs = JOBS.map(|(_, _, name)| name);
    for name in jobs.into_iter().chain(["github/service.yml"]) {
        for line in example(name).lines().map(str::trim) {
            let mut words = line
                .split([' ', ':', '=', '"', '\''])
                .filter(|word| !word.is_empty());
            if words.next() == Some("LEAKGATE_VERSION") {
                assert_eq!(words.next(), Some(env!("CARGO_PKG_VERSION")), "{name}");
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 6);
}

#[test]
fn all_jobs_fetch_and_verify_a_release_in_the_same_way() {
    let files = [
        "github/service.yml",
        "gitlab/leakgate.gitlab-ci.yml",
        "buildkite/pipeline.leakgate.yml",
        "jenkins/Jenkinsfile",
        "circleci/config.yml",
    ];
    let scripts = files.map(|name| {
        let text = example(name).replace("$$", "$");
        let lines: Vec<String> = text
            .lines()
            .map(str::trim)
            .skip_while(|line| !line.starts_with("asset="))
            .take_while(|line| !line.contains("install"))
            .map(str::to_owned)
            .collect();
        lines.join("\n")
    });
    assert!(scripts[0].contains("sha256sum --check"), "{}", scripts[0]);
    for (name, script) in files.iter().zip(&scripts) {
        assert_eq!(script, &scripts[0], "{name}");
    }
}

#[test]
fn an_existing_policy_of_any_name_is_kept_and_jobs_are_added() {
    for name in ["leakgate.yml", ".leakgate.yml", ".github/leakgate.yml"] {
        let directory = root();
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "version: 1\n").unwrap();
        let ran = init(directory.path(), &[]);
        assert_eq!(ran.code, 2, "{name}: {}", ran.stdout);
        let refused = format!("a policy is there already, and nothing was written: {name};");
        assert!(ran.stderr.contains(&refused), "{}", ran.stderr);
        assert_eq!(entries(directory.path()), 1, "{name}");
        let ran = init(directory.path(), &["--ci", "make"]);
        assert_eq!(ran.code, 0, "{name}: {}", ran.stderr);
        let kept = format!("kept {name}, which is in force\n");
        assert!(ran.stdout.starts_with(&kept), "{}", ran.stdout);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "version: 1\n");
        assert_eq!(entries(directory.path()), 2, "{name}");
    }
}

#[test]
fn a_policy_of_the_repository_is_not_overridden_by_a_new_one_below_it() {
    let directory = root();
    std::fs::write(directory.path().join("leakgate.yml"), "version: 1\n").unwrap();
    let below = directory.path().join("service");
    std::fs::create_dir(&below).unwrap();
    init(&below, &[]).exits(2).complains("copy it here");
    assert_eq!(entries(&below), 0);
}

#[test]
fn an_existing_job_is_never_overwritten_and_nothing_is_written() {
    let directory = root();
    std::fs::write(directory.path().join("Jenkinsfile"), "mine").unwrap();
    let ran = init(directory.path(), &["--ci", "github", "--ci", "jenkins"]).exits(2);
    assert_eq!(
        ran.stderr,
        "leakgate: Jenkinsfile is there already, and nothing was written: add --print to have the job, and paste it there\n"
    );
    assert_eq!(entries(directory.path()), 1);
    let mine = std::fs::read_to_string(directory.path().join("Jenkinsfile")).unwrap();
    assert_eq!(mine, "mine");
}

#[cfg(unix)]
#[test]
fn a_dangling_link_is_not_written_through() {
    let directory = root();
    std::os::unix::fs::symlink("nowhere", directory.path().join("leakgate.yml")).unwrap();
    init(directory.path(), &[])
        .exits(2)
        .complains("leakgate.yml is a link that leads nowhere");
    assert!(!directory.path().join("nowhere").exists());
}

#[test]
fn jobs_are_only_written_where_a_ci_looks_for_them() {
    let directory = root();
    let below = directory.path().join("service");
    std::fs::create_dir(&below).unwrap();
    init(&below, &["--ci", "github"])
        .exits(2)
        .complains("in the root of the repository");
    assert_eq!(entries(&below), 0);
    assert_eq!(
        init(&below, &[]).code,
        0,
        "the policy alone may lie anywhere"
    );
}

#[test]
fn a_policy_is_not_written_into_the_home_directory_where_none_is_read() {
    let home = tempfile::tempdir().unwrap();
    Leakgate::new(&["init"])
        .dir(home.path())
        .env("HOME", home.path().canonicalize().unwrap())
        .run()
        .exits(2)
        .complains("no policy is read");
    assert_eq!(entries(home.path()), 0);
}

#[test]
fn if_a_job_cannot_be_written_no_policy_is_written_either() {
    let directory = root();
    std::fs::write(directory.path().join(".gitlab"), "a file").unwrap();
    let ran = init(directory.path(), &["--ci", "gitlab"]).exits(2);
    assert!(
        ran.stderr
            .starts_with("leakgate: .gitlab/leakgate.gitlab-ci.yml cannot be written\n  because "),
        "{}",
        ran.stderr
    );
    assert_eq!(entries(directory.path()), 1);
}

#[test]
fn print_gives_the_job_or_the_policy_and_writes_nothing() {
    let directory = root();
    std::fs::write(directory.path().join("leakgate.yml"), "version: 1\n").unwrap();
    for (ci, _, name) in JOBS {
        let ran = init(directory.path(), &["--ci", ci, "--print"]);
        assert_eq!((ran.code, ran.stdout), (0, example(name)), "{ci}");
    }
    let ran = init(directory.path(), &["--print"]);
    assert_eq!((ran.code, ran.stdout), (0, example("minimal/leakgate.yml")));
    assert_eq!(entries(directory.path()), 1);
}

#[test]
fn it_adopts_a_code_base_that_leaks_in_one_go() {
    let directory = root();
    let path = directory.path();
    let check = || {
        Leakgate::check()
            .dir(path)
            .pair("go1.27", "send-abandoned")
            .args(&["--suite", "shop"])
    };
    let (code, report) = check().json();
    assert_eq!(code, 1);
    std::fs::write(path.join("report.json"), report.to_string()).unwrap();
    let adopt = [
        "--ci",
        "github",
        "--baseline",
        "report.json",
        "--expires",
        "2099-01-01",
    ];
    let ran = init(path, &adopt).exits(0);
    ran.prints(
        "wrote leakgate.baseline.yml: 1 finding passes until 2099-01-01, and every new one fails",
    );
    assert!(
        path.join("leakgate.yml").exists() && path.join(".github/workflows/leakgate.yml").exists()
    );
    check().run().exits(0).prints("1 accepted");
    // What is there already is never touched.
    std::fs::remove_file(path.join("leakgate.yml")).unwrap();
    let ran = init(path, &["--baseline", "report.json"]).exits(2);
    ran.complains("a baseline is there already, and nothing was written: leakgate.baseline.yml");
    assert!(!path.join("leakgate.yml").exists());
}
