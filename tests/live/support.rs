//! Running leakgate around a Go.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A Go installation.
pub(crate) struct Go {
    /// The directory of the go command.
    bin: PathBuf,
}

/// What came of a run.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The JSON report; null when there is none.
    pub(crate) report: Value,
}

/// The packages of testdata/run.
pub(crate) fn packages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/run")
}

/// Every Go to try.
pub(crate) fn gos() -> Vec<Go> {
    let listed = std::env::var_os("LEAKGATE_TEST_GO");
    let paths = listed.or_else(|| std::env::var_os("PATH")).unwrap();
    let with_go = std::env::split_paths(&paths).filter(|bin| bin.join("go").exists());
    let mut gos: Vec<Go> = with_go.map(|bin| Go { bin }).collect();
    if std::env::var_os("LEAKGATE_TEST_GO").is_none() {
        gos.truncate(1);
    }
    assert!(
        !gos.is_empty(),
        "no Go is on the PATH: these tests need one"
    );
    gos
}

/// The newest Go to try, which is the last of the list: for what does not depend on the version.
pub(crate) fn go() -> Go {
    gos().pop().unwrap()
}

impl Go {
    /// The directory of the go command.
    pub(crate) fn bin(&self) -> &Path {
        &self.bin
    }

    /// Its version: 27 for go1.27.3.
    pub(crate) fn minor(&self) -> u32 {
        let output = Command::new(self.bin.join("go"))
            .args(["env", "GOVERSION"])
            .env("GOTOOLCHAIN", "local")
            .output()
            .unwrap();
        let version = String::from_utf8(output.stdout).unwrap();
        version.split('.').nth(1).unwrap().parse().unwrap()
    }

    /// `leakgate run` in testdata/run.
    pub(crate) fn run(&self, command: &[&str]) -> Ran {
        self.run_in(&packages(), &[], command)
    }

    /// `leakgate run` with flags of its own, in a directory.
    pub(crate) fn run_in(&self, directory: &Path, flags: &[&str], command: &[&str]) -> Ran {
        let scratch = tempfile::tempdir().unwrap();
        let json = scratch.path().join("report.json");
        let mut report = OsString::from("--report=json=");
        report.push(&json);
        let output = self
            .leakgate(directory)
            .args(["run", "--settle=1s"])
            .arg(report)
            .args(flags)
            .arg("--")
            .args(command)
            .output()
            .unwrap();
        Ran::new(&output, &json)
    }

    /// leakgate, not yet started, with this Go on its PATH and no setting of the user's.
    pub(crate) fn leakgate(&self, directory: &Path) -> Command {
        let mut leakgate = Command::new(env!("CARGO_BIN_EXE_leakgate"));
        leakgate
            .current_dir(directory)
            .stdin(Stdio::null())
            .env("PATH", self.path())
            .env("GOTOOLCHAIN", "local")
            .env("GOFLAGS", "")
            .env_remove("GITHUB_ACTIONS")
            .env_remove("GODEBUG");
        leakgate
    }

    /// PATH with this Go first.
    pub(crate) fn path(&self) -> OsString {
        let others = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::iter::once(self.bin.clone()).chain(std::env::split_paths(&others));
        std::env::join_paths(paths).unwrap()
    }
}

impl Ran {
    pub(crate) fn new(output: &Output, json: &Path) -> Self {
        let report =
            fs::read(json).map_or(Value::Null, |text| serde_json::from_slice(&text).unwrap());
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            report,
        }
    }

    /// All that was said, for the message of a test that failed.
    pub(crate) fn said(&self) -> String {
        format!("exit code {}\n{}\n{}", self.code, self.stdout, self.stderr)
    }

    /// Names of the suites that were judged.
    pub(crate) fn suites(&self) -> Vec<&str> {
        let suites = self.report["suites"].as_array();
        let suites = suites.unwrap_or_else(|| panic!("{}", self.said()));
        suites
            .iter()
            .map(|suite| suite["name"].as_str().unwrap())
            .collect()
    }

    /// Open findings: the home, or the root where all is standard library, to the tests that leaked.
    pub(crate) fn findings(&self) -> BTreeMap<String, BTreeMap<String, u64>> {
        let findings = self.report["findings"].as_array();
        let findings = findings.unwrap_or_else(|| panic!("{}", self.said()));
        let open = findings
            .iter()
            .filter(|finding| finding["disposition"] == "open");
        let told = open.map(|finding| {
            let place = finding["home"]["function"].as_str();
            let place = place.or(finding["root"]["function"].as_str()).unwrap();
            let tests = finding["tests"].as_object().unwrap().iter();
            let tests = tests.map(|(test, count)| (test.clone(), count.as_u64().unwrap()));
            (place.to_owned(), tests.collect())
        });
        told.collect()
    }

    /// Why a suite is unchecked.
    pub(crate) fn unchecked(&self, suite: &str) -> &str {
        let unchecked = self.report["unchecked"].as_array();
        let mut unchecked = unchecked.into_iter().flatten();
        let found = unchecked.find(|unchecked| unchecked["suite"] == suite);
        let why = found.and_then(|unchecked| unchecked["why"].as_str());
        why.unwrap_or_else(|| panic!("{suite} is not unchecked: {}", self.said()))
    }
}

/// Findings as [`Ran::findings`] gives them.
pub(crate) fn expected(
    findings: &[(&str, &[(&str, u64)])],
) -> BTreeMap<String, BTreeMap<String, u64>> {
    let tests = |tests: &[(&str, u64)]| {
        tests
            .iter()
            .map(|(test, count)| ((*test).to_owned(), *count))
            .collect()
    };
    findings
        .iter()
        .map(|(place, of)| ((*place).to_owned(), tests(of)))
        .collect()
}

/// Writes files into a new scratch folder.
pub(crate) fn scratch(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::Builder::new()
        .prefix("live run ")
        .tempdir()
        .unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// A module whose only test leaks one goroutine in `send`.
pub(crate) fn leaky_module(name: &str) -> [(String, String); 2] {
    let test = "package leaky\n\nimport \"testing\"\n\nfunc send(c chan int) { c <- 1 }\n\n\
                func TestLeaks(t *testing.T) { go send(make(chan int)) }\n";
    [
        (
            format!("{name}/go.mod"),
            format!("module example.com/{name}\n\ngo 1.21\n"),
        ),
        (format!("{name}/leaky_test.go"), test.to_owned()),
    ]
}

/// [`scratch`] for [`leaky_module`]s and more.
pub(crate) fn scratch_of(modules: &[&str], files: &[(&str, &str)]) -> tempfile::TempDir {
    let modules: Vec<(String, String)> =
        modules.iter().flat_map(|name| leaky_module(name)).collect();
    let modules = modules
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()));
    scratch(&modules.chain(files.iter().copied()).collect::<Vec<_>>())
}

/// Whether a program is there.
pub(crate) fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(OsStr::new(program)).exists())
}
