//! What the command was to test, against the test binaries that were seen.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::Collected;
use crate::evidence::Command;
use crate::gotest::command::Package;
use crate::gotest::quiet;
use crate::gotest::record::{self, Record};
use crate::gotest::started::{self, Missed};

impl Collected {
    /// How many test binaries of a package were started; `directories` are those of all packages
    /// with its import path. One of files that were named, or of a folder outside of any module,
    /// does not know its import path, and one that changed its directory before its tests began may
    /// be of any of these.
    fn times_started(&self, package: &Package, directories: &BTreeSet<&str>) -> usize {
        let path = package.import_path.as_str();
        let is_nameless = path == "command-line-arguments" || path.starts_with("_/");
        let started = self.started.iter().filter(|(import_path, directory)| {
            let is_its_own = import_path == path || (is_nameless && import_path.is_empty());
            let is_here = *directory == package.directory;
            is_its_own && (is_here || !directories.contains(directory.as_str()))
        });
        started.count()
    }

    /// Adds test binaries that did not capture, by their package's import path where it is known.
    fn missed(&mut self, missed: &[Missed], packages: &[Package]) {
        for Missed {
            program,
            directory,
            why,
        } in missed
        {
            let package = packages
                .iter()
                .find(|package| package.directory == *directory);
            let name = package.map_or_else(
                || format!("{program} in {directory}"),
                |package| package.import_path.clone(),
            );
            self.unchecked(name, *why);
        }
    }

    /// Adds what is known where no command is recorded: a `TestMain` that captures needs none, and
    /// `leakgate run` leaves one always.
    pub(super) fn no_record(&mut self, directory: &Path, missed: &[Missed]) {
        self.missed(missed, &[]);
        if directory.join(quiet::FILE).exists() || directory.join(started::FOLDER).exists() {
            let why = format!(
                "its {}, which records how the command ended, is missing",
                record::FILE
            );
            self.unchecked(directory.display().to_string(), why);
        }
    }

    /// Adds what is known of the command.
    pub(super) fn record(&mut self, record: Record, missed: &[Missed]) {
        let packages: Vec<Package> = record
            .go_tests
            .into_iter()
            .flat_map(|go_test| go_test.packages)
            .collect();
        self.missed(missed, &packages);
        let line = record.command.join(" ");
        let Some(ended) = record.ended else {
            let why = format!(
                "leakgate ended before the command did, according to {}",
                record::FILE
            );
            self.unchecked(line, why);
            return;
        };
        for (what, why) in record.problems {
            self.unchecked(what, why);
        }
        let mut packages_without_tests = BTreeSet::new();
        let mut times: BTreeMap<&Package, usize> = BTreeMap::new();
        for package in &packages {
            *times.entry(package).or_default() += 1;
        }
        for (package, wanted) in &times {
            let import_path = &package.import_path;
            if let (Some(error), false) = (&package.error, package.has_tests) {
                let why = format!("the go command cannot load it: {error}");
                self.unchecked(import_path.clone(), why);
                continue;
            }
            if !package.has_tests {
                packages_without_tests.insert(import_path.clone());
                continue;
            }
            let alike = times
                .keys()
                .filter(|other| other.import_path == *import_path);
            let directories = alike.map(|package| package.directory.as_str()).collect();
            let reported = missed
                .iter()
                .filter(|missed| missed.directory == package.directory)
                .count();
            let seen = self.times_started(package, &directories);
            if seen + reported >= *wanted {
                continue;
            }
            let why = match (&ended.failed, seen) {
                (None, 0) => {
                    "no test binary of it was seen, though the command succeeded: did its build fail, or did it run elsewhere?"
                        .to_owned()
                }
                (Some(_), 0) => {
                    "no test binary of it ran: its build failed, or the command ended before".to_owned()
                }
                (_, seen) => format!(
                    "go test was to run it {wanted} times and ran it {seen} times: did a build fail?"
                ),
            };
            self.unchecked(import_path.clone(), why);
        }
        self.evidence.command = Some(Command {
            base: None,
            line,
            code: ended.code,
            failed: ended.failed,
            ran_tests: !self.started.is_empty() || !missed.is_empty(),
            listed: self.listed,
            children: self.children,
            packages_without_tests,
            notes: record.notes,
        });
    }
}
