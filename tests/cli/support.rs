//! Running the binary in a clean environment, and reading its output.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A call of the binary.
pub(crate) struct Leakgate(Command);

/// The result of a call.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Leakgate {
    /// `leakgate check` in the repository, on a fixed day and with an empty environment.
    pub(crate) fn check() -> Self {
        Self::check_on("2026-11-20")
    }

    /// The same on another day.
    pub(crate) fn check_on(day: &str) -> Self {
        Self::bare().args(&["check", "--now", day])
    }

    /// Any other command, in the repository.
    pub(crate) fn new(arguments: &[&str]) -> Self {
        Self::bare().args(arguments)
    }

    /// `leakgate capture` in a directory.
    pub(crate) fn capture(directory: &Path) -> Self {
        Self::bare().dir(directory).arg("capture")
    }

    fn bare() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_leakgate"));
        command.env_clear().current_dir(repository());
        Self(command)
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<std::ffi::OsStr>) -> Self {
        self.0.arg(argument);
        self
    }

    pub(crate) fn args(mut self, arguments: &[&str]) -> Self {
        self.0.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    pub(crate) fn dir(mut self, directory: &Path) -> Self {
        self.0.current_dir(directory);
        self
    }

    /// BEFORE and AFTER of one captured leak or twin: `pair("go1.27", "send-abandoned")`.
    pub(crate) fn pair(self, go: &str, name: &str) -> Self {
        self.arg(profile(go, name, "before"))
            .arg(profile(go, name, "after"))
    }

    /// BEFORE and AFTER in testdata/special: `special("http")`.
    pub(crate) fn special(self, name: &str) -> Self {
        self.arg(special(&format!("{name}-before.pb.gz")))
            .arg(special(&format!("{name}-after.pb.gz")))
    }

    pub(crate) fn output(mut self) -> Output {
        self.0.output().unwrap()
    }

    pub(crate) fn run(self) -> Ran {
        let Output {
            status,
            stdout,
            stderr,
        } = self.output();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran {
            code: status.code().unwrap(),
            stdout: text(stdout),
            stderr: text(stderr),
        }
    }

    /// Runs with `--report json` and returns the report, validated by its schema.
    pub(crate) fn json(self) -> (i32, Value) {
        let ran = self.args(&["--report", "json"]).run();
        let report: Value = serde_json::from_str(&ran.stdout)
            .unwrap_or_else(|error| panic!("no JSON: {error}\n{}\n{}", ran.stdout, ran.stderr));
        assert_fits_schema(&report);
        (ran.code, report)
    }
}

impl Ran {
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

    /// Fails the test unless this is in standard output, where reports go.
    #[track_caller]
    pub(crate) fn prints(&self, text: &str) -> &Self {
        assert!(self.has(text), "no {text:?} in {}", self.said());
        self
    }

    /// Whether this is in standard output, wherever its lines are broken.
    pub(crate) fn has(&self, text: &str) -> bool {
        unwrapped(&self.stdout).contains(unwrapped(text).trim())
    }

    /// Fails the test unless this is in standard error, where messages go.
    #[track_caller]
    pub(crate) fn complains(&self, text: &str) -> &Self {
        assert!(self.stderr.contains(text), "no {text:?} in {}", self.said());
        self
    }

    /// The allow entries that the findings offer, filled in.
    pub(crate) fn entries(&self) -> Vec<String> {
        let offered = self.stdout.split("\n  allow    ").skip(1);
        let entries = offered.map(|rest| {
            let mut lines = rest.lines();
            let first = lines.next().unwrap_or_default();
            let more = lines.take_while(|line| line.starts_with("           "));
            let entry = more.fold(first.to_owned(), |entry, line| entry + "\n" + line);
            let entry = entry.replace("\"...\"", "x");
            entry.replace("expires: ...", "expires: 2027-01-01")
        });
        entries.collect()
    }
}

/// A text with a single blank for every run of blanks and line breaks.
pub(crate) fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A policy with these allow entries.
pub(crate) fn policy_of(entries: &[String]) -> String {
    let lines = entries.iter().map(|entry| format!("  {entry}\n"));
    format!("version: 1\nallow:\n{}", lines.collect::<String>())
}

/// The findings of a JSON report.
pub(crate) fn findings(report: &Value) -> &Vec<Value> {
    report["findings"].as_array().unwrap()
}

pub(crate) fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A captured profile, as an absolute path.
pub(crate) fn profile(go: &str, name: &str, side: &str) -> PathBuf {
    repository().join(format!("testdata/profiles/{go}/{name}/{side}.pb.gz"))
}

/// One of the other captured files, as an absolute path.
pub(crate) fn special(name: &str) -> PathBuf {
    repository().join("testdata/special").join(name)
}

/// The toolchains that the profiles were captured with.
pub(crate) const TOOLCHAINS: [&str; 5] = ["go1.21", "go1.23", "go1.25", "go1.26", "go1.27"];

pub(crate) fn assert_fits_schema(report: &Value) {
    assert_fits(report, "report.v1.json");
}

/// Fails the test unless a value has the form of a schema.
pub(crate) fn assert_fits(report: &Value, schema: &str) {
    let schema = std::fs::read_to_string(repository().join("schema").join(schema)).unwrap();
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// Makes a named pipe.
#[cfg(unix)]
pub(crate) fn pipe(path: &Path) {
    nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRWXU).unwrap();
}

/// A scratch directory with one file in it.
pub(crate) fn scratch(name: &str, text: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    write(&directory.path().join(name), text);
    directory
}

/// Writes a file, and makes the folders above it.
pub(crate) fn write(path: &Path, contents: impl AsRef<[u8]>) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, contents).unwrap();
}

/// Copies one profile of a pair, such as `send-abandoned` of Go 1.27.
pub(crate) fn copy(pair: &str, side: &str, path: &Path) {
    write(path, std::fs::read(profile("go1.27", pair, side)).unwrap());
}
