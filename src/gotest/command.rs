//! A `go test` command: what is known of it beforehand.

mod arguments;
mod packages;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use anyhow::bail;
use serde::{Deserialize, Serialize};

use super::toolchain::GoFlags;
pub(super) use arguments::writes_files;
use arguments::{Argument, flag_of, is_of_one_run, takes_none, takes_value};
pub(super) use packages::Package;

/// A command that is `go test` itself.
///
/// Its arguments are read by the rules of `cmd/go/internal/test/testflag.go`: a flag that `go test`
/// does not know belongs to the test binaries and ends the list of packages, which is then that of
/// the current directory where none came before.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct GoTest {
    go: PathBuf,
    /// The directory of `-C`.
    pub(super) directory: Option<PathBuf>,
    /// Flags of the go command with their values, as in `-race` and `-tags=a`.
    pub(super) flags: Vec<String>,
    /// As they are named.
    pub(super) packages: Vec<String>,
    /// What only the test binaries understand.
    pub(super) arguments: Vec<String>,
    /// Whether it asks for help, and so does nothing.
    is_help: bool,
}

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
            directory,
            flags: Vec::new(),
            packages: Vec::new(),
            arguments: Vec::new(),
            is_help: false,
        };
        found.read_arguments(arguments);
        if found.flag("overlay").is_some() {
            bail!(
                "the command itself passes -overlay, which would take the place of leakgate's: put it into GOFLAGS \
                 instead, where the two are merged"
            );
        }
        Ok(Some(found))
    }

    /// `go test ./...`
    pub(super) fn of_all() -> Self {
        Self {
            go: "go".into(),
            directory: None,
            flags: Vec::new(),
            packages: vec!["./...".to_owned()],
            arguments: Vec::new(),
            is_help: false,
        }
    }

    /// The go command.
    pub(super) fn go(&self) -> &OsStr {
        self.go.as_os_str()
    }

    fn read_arguments(&mut self, mut arguments: &[&str]) {
        let owned = |arguments: &[&str]| arguments.iter().map(|&one| one.to_owned()).collect();
        // The packages are the first arguments in a row that are no flags; what follows is for the
        // test binaries.
        let (mut in_packages, mut packages_ended) = (false, false);
        // The next argument may be the value of a flag that only the test binaries know.
        let mut may_be_value = false;
        while let [argument, rest @ ..] = arguments {
            let after_unknown_flag = std::mem::take(&mut may_be_value);
            let flag = match flag_of(argument) {
                Argument::Flag(flag) => flag,
                Argument::Word if in_packages || !packages_ended => {
                    (in_packages, packages_ended) = (true, true);
                    self.packages.push((*argument).to_owned());
                    arguments = rest;
                    continue;
                }
                Argument::Word if after_unknown_flag => {
                    self.arguments.push((*argument).to_owned());
                    arguments = rest;
                    continue;
                }
                Argument::Word | Argument::Terminator => {
                    self.arguments.extend::<Vec<String>>(owned(arguments));
                    return;
                }
            };
            in_packages = false;
            let (name, value) = flag
                .split_once('=')
                .map_or((flag, None), |(name, value)| (name, Some(value)));
            let plain = name.strip_prefix("test.").unwrap_or(name);
            arguments = rest;
            if ["h", "help", "?"].contains(&name) {
                self.is_help = true;
            } else if plain == "args" || !(takes_none(plain) || takes_value(plain)) {
                packages_ended = true;
                self.arguments.push((*argument).to_owned());
                if plain == "args" {
                    self.arguments.extend::<Vec<String>>(owned(rest));
                    return;
                }
                may_be_value = value.is_none();
            } else if let (None, true, [value, rest @ ..]) = (value, takes_value(plain), rest) {
                self.add_flag(plain, Some(value));
                arguments = rest;
            } else {
                self.add_flag(plain, value);
            }
        }
    }

    fn add_flag(&mut self, name: &str, value: Option<&str>) {
        match (name, value) {
            ("C", value) => self.directory = value.map(PathBuf::from),
            (_, Some(value)) => self.flags.push(format!("-{name}={value}")),
            (_, None) => self.flags.push(format!("-{name}")),
        }
    }

    /// What stands behind the name of a flag that is given: nothing, or its value with the `=`. Of
    /// several, the last counts.
    fn flag(&self, name: &str) -> Option<&str> {
        let flags = self.flags.iter().rev();
        let mut values = flags.filter_map(|flag| flag[1..].strip_prefix(name));
        values.find(|value| value.is_empty() || value.starts_with('='))
    }

    /// Whether it asks for a go vet of its own.
    pub(super) fn vets(&self) -> bool {
        self.flag("vet").is_some_and(|value| value != "=off")
    }

    fn is_on(&self, name: &str) -> bool {
        self.flag(name).is_some_and(|value| value != "=false")
    }

    /// The command without what chooses tests and without what writes files: to run some tests
    /// again as they were run.
    pub(super) fn again(&self) -> Vec<String> {
        let name = self.go.file_name().unwrap_or_default().to_string_lossy();
        let mut again = vec![name.into_owned()];
        if let Some(directory) = &self.directory {
            again.extend(["-C".to_owned(), directory.display().to_string()]);
        }
        again.push("test".to_owned());
        let kept = self.flags.iter().filter(|flag| !is_of_one_run(flag));
        again.extend(kept.cloned());
        again
    }

    /// The command for some packages only, without what it writes into files.
    pub(super) fn narrowed(&self, packages: &[&str]) -> Vec<String> {
        let mut narrowed = vec![self.go.to_string_lossy().into_owned()];
        if let Some(directory) = &self.directory {
            narrowed.extend(["-C".to_owned(), directory.display().to_string()]);
        }
        narrowed.push("test".to_owned());
        let kept = self.flags.iter().filter(|flag| !writes_files(flag));
        narrowed.extend(kept.cloned());
        narrowed.extend(packages.iter().map(|&package| package.to_owned()));
        narrowed.extend(self.arguments.iter().cloned());
        narrowed
    }

    /// Why test binaries that are built otherwise go unnoticed, if so.
    pub(super) fn unguarded(&self, goflags: &GoFlags) -> Option<&'static str> {
        let has_exec = self.flag("exec").map(|_| "go test has an -exec of its own");
        has_exec.or(goflags.unguarded)
    }

    /// Whether it only builds, or shows what it would do.
    fn runs_none(&self) -> bool {
        self.is_help || self.is_on("c") || self.is_on("n")
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

    /// Flags, packages, and what is for the test binaries.
    fn read(command: &str) -> (String, String, String) {
        let words: Vec<OsString> = command.split(' ').map(OsString::from).collect();
        let go = GoTest::read(&words).unwrap().unwrap();
        let joined = |words: &[String]| words.join(" ");
        (
            joined(&go.flags),
            joined(&go.packages),
            joined(&go.arguments),
        )
    }

    #[test]
    fn arguments_are_read_as_the_go_command_reads_them() {
        for (command, flags, packages, arguments) in [
            (
                "go test -race -run TestX -tags=a ./... -v -args ./b",
                "-race -run=TestX -tags=a -v",
                "./...",
                "-args ./b",
            ),
            (
                "/usr/local/go/bin/go test -count 1 . ./b -- -x c",
                "-count=1",
                ". ./b",
                "-- -x c",
            ),
            // A flag that only the test binaries know ends the packages, whether it has a value or
            // not.
            ("go test -update=1 ./...", "", "", "-update=1 ./..."),
            ("go test -update ./... -race", "-race", "", "-update ./..."),
            (
                "go test ./... -update ./b -race",
                "-race",
                "./...",
                "-update ./b",
            ),
            ("go test ./a -race ./b -v", "-race", "./a", "./b -v"),
            (
                "go test ./a -race=false --test.v -timeout 1m",
                "-race=false -v -timeout=1m",
                "./a",
                "",
            ),
            ("go test - -=x", "", "- -=x", ""),
        ] {
            let (flags, packages, arguments) = (flags.into(), packages.into(), arguments.into());
            assert_eq!(read(command), (flags, packages, arguments), "{command}");
        }
    }

    fn go_test(command: &str) -> anyhow::Result<Option<GoTest>> {
        let words: Vec<OsString> = command.split(' ').map(OsString::from).collect();
        GoTest::read(&words)
    }

    #[test]
    fn another_directory_may_be_named() {
        for command in ["go -C sub test", "go -C=sub test .", "go test -C sub ."] {
            let go = go_test(command).unwrap().unwrap();
            assert_eq!(go.directory, Some("sub".into()), "{command}");
        }
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
            assert!(go_test(command).unwrap().is_none(), "{command}");
        }
    }

    #[test]
    fn a_go_command_may_name_its_version() {
        assert!(go_test("go1.22.3 test").unwrap().is_some());
    }

    #[test]
    fn an_overlay_of_its_own_is_refused() {
        assert!(go_test("go test -overlay x.json ./...").is_err());
    }

    #[test]
    fn a_command_that_only_builds_or_shows_runs_no_test() {
        for (command, runs_none) in [
            ("go test -c ./a", true),
            ("go test -c=false ./a", false),
            ("go test -n", true),
            ("go test -h", true),
            ("go test -count=1", false),
        ] {
            assert_eq!(
                go_test(command).unwrap().unwrap().runs_none(),
                runs_none,
                "{command}"
            );
        }
    }
}
