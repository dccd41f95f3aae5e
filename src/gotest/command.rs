//! The command that is run: what is known of it beforehand.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::bail;
use serde::{Deserialize, Serialize};

use super::toolchain::GoFlags;

/// A command that is `go test` itself, so that its packages can be listed.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct GoTest {
    go: PathBuf,
    /// Flags that choose what is built, and the packages.
    list: Vec<String>,
    /// Whether it only builds, or shows what it would do.
    runs_none: bool,
    /// Whether it starts the test binaries by a program of the user's.
    has_exec: bool,
    /// The directory of `-C`.
    pub(super) directory: Option<PathBuf>,
}

/// A package of the command.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Package {
    pub(super) import_path: String,
    /// Where its sources are, and its test binary runs.
    pub(super) directory: String,
    pub(super) has_tests: bool,
}

/// Flags of `go test` that take no value unless it stands behind `=`.
const WITHOUT_VALUE: [&str; 22] = [
    "a",
    "artifacts",
    "asan",
    "benchmem",
    "buildvcs",
    "c",
    "cover",
    "failfast",
    "fullpath",
    "i",
    "json",
    "linkshared",
    "modcacherw",
    "msan",
    "n",
    "race",
    "short",
    "trimpath",
    "v",
    "work",
    "x",
    "h",
];

/// Flags that decide which files and packages there are.
const FOR_LIST: [&str; 8] = [
    "tags", "mod", "modfile", "race", "msan", "asan", "compiler", "overlay",
];

impl GoTest {
    /// `None` for any other command.
    ///
    /// # Errors
    /// A `-overlay` of its own, which would take the place of leakgate's.
    pub(super) fn read(command: &[OsString]) -> anyhow::Result<Option<Self>> {
        let [go, arguments @ ..] = command else {
            return Ok(None);
        };
        let is_go = is_go(Path::new(go));
        let arguments: Option<Vec<&str>> =
            arguments.iter().map(|argument| argument.to_str()).collect();
        let (true, Some(arguments)) = (is_go, arguments) else {
            return Ok(None);
        };
        let (directory, arguments) = match arguments.as_slice() {
            ["-C", directory, rest @ ..] => (Some(PathBuf::from(directory)), rest),
            [flag, rest @ ..] if flag.starts_with("-C=") => (Some(PathBuf::from(&flag[3..])), rest),
            rest => (None, rest),
        };
        let ["test", arguments @ ..] = arguments else {
            return Ok(None);
        };
        let mut found = Self {
            go: go.into(),
            list: Vec::new(),
            runs_none: false,
            has_exec: false,
            directory,
        };
        found.read_flags(arguments)?;
        Ok(Some(found))
    }

    fn read_flags(&mut self, arguments: &[&str]) -> anyhow::Result<()> {
        let (mut packages, mut ended) = (Vec::new(), false);
        let mut arguments = arguments.iter();
        while let Some(&argument) = arguments.next() {
            let Some(flag) = argument.strip_prefix('-').filter(|flag| !flag.is_empty()) else {
                // The packages are the first arguments in a row that are no flags; what follows is for the test binaries.
                if !ended {
                    packages.push(argument.to_owned());
                }
                continue;
            };
            ended |= !packages.is_empty();
            let flag = flag.strip_prefix('-').unwrap_or(flag);
            let (name, value) = flag
                .split_once('=')
                .map_or((flag, None), |(name, value)| (name, Some(value)));
            let plain = name.strip_prefix("test.").unwrap_or(name);
            if plain == "args" {
                break;
            }
            if plain == "overlay" {
                bail!(
                    "the command itself passes -overlay, which would take the place of leakgate's: put it into GOFLAGS \
                     instead, where the two are merged"
                );
            }
            self.runs_none |= ["c", "n", "h"].contains(&plain) && value != Some("false");
            self.has_exec |= plain == "exec";
            let takes_next = value.is_none() && !WITHOUT_VALUE.contains(&plain);
            let value = if takes_next {
                arguments.next().copied()
            } else {
                value
            };
            if plain == "C" {
                self.directory = value.map(PathBuf::from);
            } else if FOR_LIST.contains(&plain) {
                self.list.push(
                    value.map_or_else(|| format!("-{plain}"), |value| format!("-{plain}={value}")),
                );
            }
        }
        self.list.push("--".into());
        self.list.extend(packages);
        Ok(())
    }

    /// Why test binaries that are built otherwise go unnoticed, if so.
    pub(super) fn unguarded(&self, goflags: &GoFlags) -> Option<&'static str> {
        let has_exec = self.has_exec.then_some("go test has an -exec of its own");
        has_exec.or(goflags.unguarded)
    }

    /// Lists the packages of the command where it is run in the current directory.
    pub(super) fn packages(&self) -> BTreeSet<Package> {
        self.packages_of(Path::new(""), None)
    }

    /// Lists the packages of the command where it was run in `here`, maybe with a GOFLAGS of its own; nothing when the go
    /// command cannot.
    pub(super) fn packages_of(&self, here: &Path, goflags: Option<&str>) -> BTreeSet<Package> {
        if self.runs_none {
            return BTreeSet::new();
        }
        let mut command = Command::new(&self.go);
        if let Some(goflags) = goflags {
            command.env("GOFLAGS", goflags);
        }
        command
            .args(["list", "-e", "-f"])
            .arg("{{.ImportPath}}\t{{.Dir}}\t{{len .TestGoFiles}}\t{{len .XTestGoFiles}}")
            .args(&self.list)
            .stdin(Stdio::null());
        let directory = here.join(self.directory.as_deref().unwrap_or(Path::new("")));
        if directory != Path::new("") {
            command.current_dir(directory);
        }
        let Ok(output) = command.output() else {
            return BTreeSet::new();
        };
        let text = String::from_utf8_lossy(&output.stdout);
        let packages = text.lines().filter_map(|line| {
            let mut fields = line.split('\t');
            let import_path = fields.next()?.to_owned();
            let directory = fields.next()?.to_owned();
            let has_tests = fields.any(|count| count != "0");
            Some(Package {
                import_path,
                directory,
                has_tests,
            })
        });
        packages.collect()
    }
}

/// Whether a program is a go command: `go`, `go.exe`, or one that names its version, as `go1.22.3`.
pub(super) fn is_go(program: &Path) -> bool {
    let name = program
        .file_name()
        .and_then(OsStr::to_str)
        .unwrap_or_default();
    let name = name.strip_suffix(".exe").unwrap_or(name);
    let version = name.strip_prefix("go");
    version.is_some_and(|version| {
        let mut characters = version.chars();
        characters.next().is_none_or(|first| first.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(command: &str) -> anyhow::Result<Option<(Vec<String>, Option<PathBuf>)>> {
        let words: Vec<OsString> = command.split(' ').map(OsString::from).collect();
        Ok(GoTest::read(&words)?.map(|go| (go.list, go.directory)))
    }

    #[test]
    fn packages_stand_between_flags() {
        let (list, _) = read("go test -race -run TestX -tags=a ./... -v -args ./b")
            .unwrap()
            .unwrap();
        assert_eq!(list, ["-race", "-tags=a", "--", "./..."]);
        let (list, _) = read("/usr/local/go/bin/go test -count 1 . ./b -- -x c")
            .unwrap()
            .unwrap();
        assert_eq!(list, ["--", ".", "./b"]);
    }

    #[test]
    fn another_directory_may_be_named() {
        let (list, directory) = read("go -C sub test").unwrap().unwrap();
        assert_eq!(
            (list, directory),
            (vec!["--".to_owned()], Some("sub".into()))
        );
        assert_eq!(
            read("go test -C sub .").unwrap().unwrap().1,
            Some("sub".into())
        );
    }

    #[test]
    fn other_commands_are_none() {
        for command in [
            "make test",
            "go build ./...",
            "gotestsum -- ./...",
            "go",
            "gofmt test",
        ] {
            assert_eq!(read(command).unwrap(), None, "{command}");
        }
    }

    #[test]
    fn a_go_command_may_name_its_version() {
        assert!(read("go1.22.3 test").unwrap().is_some());
    }

    #[test]
    fn an_overlay_of_its_own_is_refused() {
        assert!(read("go test -overlay x.json ./...").is_err());
    }
}
