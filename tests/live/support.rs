//! Running leakgate with a Go.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

/// A Go installation.
pub(crate) struct Go {
    /// The directory of the go command.
    bin: PathBuf,
}

/// A call of leakgate that is not made yet. Its JSON report is read into [`Ran::report`].
pub(crate) struct Leakgate {
    command: Command,
    directory: PathBuf,
    flags: Vec<String>,
    /// Where the JSON report is written, if not to a scratch folder.
    report: Option<&'static str>,
}

/// The result of a call.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The JSON report; null if none was written.
    pub(crate) report: Value,
}

/// The packages of testdata/run.
pub(crate) fn packages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/run")
}

/// Every Go to test with.
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

/// The newest Go, which is the last of the list: for tests that do not depend on the version.
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
        let go = self.command(self.bin.join("go"), &packages());
        let version = text_of(go, &["env", "GOVERSION"]);
        version.split('.').nth(1).unwrap().parse().unwrap()
    }

    /// `leakgate run` in testdata/run, with a command of words without blanks in them.
    pub(crate) fn run(&self, command: &str) -> Ran {
        self.at(&packages()).run(command)
    }

    /// `leakgate run` in testdata/run, with a shell script as its command.
    pub(crate) fn run_script(&self, script: &str) -> Ran {
        self.at(&packages()).run_script(script)
    }

    /// leakgate in another directory.
    pub(crate) fn at(&self, directory: &Path) -> Leakgate {
        Leakgate {
            command: self.command(env!("CARGO_BIN_EXE_leakgate"), directory),
            directory: directory.to_owned(),
            flags: Vec::new(),
            report: None,
        }
    }

    /// A line of shell, with leakgate on the PATH. If it writes `report.json`, that is the report.
    pub(crate) fn shell(&self, directory: &Path, line: &str) -> Ran {
        let leakgate = Path::new(env!("CARGO_BIN_EXE_leakgate")).parent().unwrap();
        let mut shell = self.command("sh", directory);
        shell.env("PATH", path(&[leakgate, &self.bin]));
        shell.args(["-c", line]);
        Ran::new(&shell.output().unwrap(), &directory.join("report.json"))
    }

    /// A program that is not started yet, with this Go first on its PATH and default settings: also in a CI, it runs as on
    /// somebody's machine.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>, directory: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(directory)
            .stdin(Stdio::null())
            .env("PATH", path(&[&self.bin]))
            .env("GOTOOLCHAIN", "local")
            .env("GOFLAGS", "");
        for ambient in ["CI", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GODEBUG"] {
            command.env_remove(ambient);
        }
        command
    }

    /// PATH with these folders before this Go.
    pub(crate) fn path(&self, first: &[&Path]) -> OsString {
        path(&[first, &[&self.bin]].concat())
    }
}

/// PATH with these folders first.
fn path(first: &[&Path]) -> OsString {
    let others = std::env::var_os("PATH").unwrap_or_default();
    let first = first.iter().map(|&folder| folder.to_owned());
    std::env::join_paths(first.chain(std::env::split_paths(&others))).unwrap()
}

/// A text with a single blank for every run of blanks and line breaks.
pub(crate) fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a program prints.
pub(crate) fn text_of(mut program: Command, arguments: &[&str]) -> String {
    String::from_utf8(program.args(arguments).output().unwrap().stdout).unwrap()
}

impl Leakgate {
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn flag(mut self, flag: impl Into<String>) -> Self {
        self.flags.push(flag.into());
        self
    }

    /// Writes the JSON report to this path below the directory.
    pub(crate) fn report(mut self, path: &'static str) -> Self {
        self.report = Some(path);
        self
    }

    /// `leakgate run` with a command of words without blanks in them.
    pub(crate) fn run(self, command: &str) -> Ran {
        self.run_words(&command.split(' ').collect::<Vec<_>>())
    }

    /// `leakgate run` with a command of any words.
    pub(crate) fn run_words(self, command: &[&str]) -> Ran {
        self.call("run", &[&["--settle=1s", "--"], command].concat())
    }

    /// `leakgate run` with a shell script as its command.
    pub(crate) fn run_script(self, script: &str) -> Ran {
        self.run_words(&["sh", "-c", script])
    }

    /// `leakgate check` of these profiles.
    pub(crate) fn check(self, profiles: &[&str]) -> Ran {
        self.call("check", profiles)
    }

    fn call(mut self, name: &str, arguments: &[&str]) -> Ran {
        let scratch = tempfile::tempdir().unwrap();
        let json = match self.report {
            Some(path) => self.directory.join(path),
            None => scratch.path().join("report.json"),
        };
        let mut report = OsString::from("--report=json=");
        report.push(&json);
        self.command.arg(name).arg(report).args(self.flags);
        Ran::new(&self.command.args(arguments).output().unwrap(), &json)
    }
}

impl Ran {
    fn new(output: &Output, json: &Path) -> Self {
        let report =
            fs::read(json).map_or(Value::Null, |text| serde_json::from_slice(&text).unwrap());
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            report,
        }
    }

    /// All output, for the message of a test that failed.
    pub(crate) fn said(&self) -> String {
        format!("exit code {}\n{}\n{}", self.code, self.stdout, self.stderr)
    }

    /// Fails the test unless this was the exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.said());
        self
    }

    /// Fails the test unless this is in standard error, where leakgate's own output goes.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> &Self {
        let has = unwrapped(&self.stderr).contains(unwrapped(text).trim());
        assert!(has, "no {text:?} in {}", self.said());
        self
    }

    /// Fails the test unless these are all open findings, as [`Ran::findings`] gives them.
    #[track_caller]
    pub(crate) fn finds(&self, findings: &[(&str, &[(&str, u64)])]) -> &Self {
        assert_eq!(self.findings(), expected(findings), "{}", self.said());
        self
    }

    /// Fails the test if anything is unchecked.
    #[track_caller]
    pub(crate) fn checked_all(&self) -> &Self {
        assert_eq!(self.report["unchecked"], json!([]), "{}", self.said());
        self
    }

    /// Fails the test unless this suite is unchecked, with this in the reason.
    #[track_caller]
    pub(crate) fn unchecked_because(&self, suite: &str, reason: &str) -> &Self {
        let why = self.unchecked(suite);
        assert!(why.contains(reason), "no {reason:?} in {why:?}");
        self
    }

    /// The names of the suites that were judged.
    pub(crate) fn suites(&self) -> Vec<&str> {
        let suites = self.list("suites").iter();
        suites
            .map(|suite| suite["name"].as_str().unwrap())
            .collect()
    }

    /// A list of the report.
    pub(crate) fn list(&self, key: &str) -> &Vec<Value> {
        let list = self.report[key].as_array();
        list.unwrap_or_else(|| panic!("no {key} in the report: {}", self.said()))
    }

    /// Open findings: the home, or the root if all is standard library, and the tests that leaked.
    pub(crate) fn findings(&self) -> BTreeMap<String, BTreeMap<String, u64>> {
        let findings = self.list("findings").iter();
        let open = findings.filter(|finding| finding["disposition"] == "open");
        open.map(|finding| {
            let place = finding["home"]["function"].as_str();
            let place = place.or(finding["root"]["function"].as_str()).unwrap();
            let tests = finding["tests"].as_object().unwrap().iter();
            let tests = tests.map(|(test, count)| (test.clone(), count.as_u64().unwrap()));
            (place.to_owned(), tests.collect())
        })
        .collect()
    }

    /// The reason why a suite is unchecked.
    #[track_caller]
    pub(crate) fn unchecked(&self, suite: &str) -> &str {
        let unchecked = self.list("unchecked").iter();
        let mut of_suite = unchecked.filter(|unchecked| unchecked["suite"] == suite);
        let why = of_suite.next().and_then(|one| one["why"].as_str());
        why.unwrap_or_else(|| panic!("{suite} is not unchecked: {}", self.said()))
    }

    /// The allow entries that the findings offer.
    pub(crate) fn entries(&self) -> Vec<&str> {
        let findings = self.list("findings").iter();
        findings
            .filter_map(|finding| finding["allow"].as_str())
            .collect()
    }
}

/// Findings as [`Ran::findings`] gives them.
fn expected(findings: &[(&str, &[(&str, u64)])]) -> BTreeMap<String, BTreeMap<String, u64>> {
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
fn leaky_module(name: &str) -> [(String, String); 2] {
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

/// [`scratch`] with [`leaky_module`]s and other files.
pub(crate) fn scratch_of(modules: &[&str], files: &[(&str, &str)]) -> tempfile::TempDir {
    let modules: Vec<(String, String)> =
        modules.iter().flat_map(|name| leaky_module(name)).collect();
    let modules = modules
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()));
    scratch(&modules.chain(files.iter().copied()).collect::<Vec<_>>())
}

/// Whether a program is on the PATH.
pub(crate) fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(OsStr::new(program)).exists())
}
