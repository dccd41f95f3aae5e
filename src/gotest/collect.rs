//! What test binaries left: a folder for each process, with its profiles and what it told of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::command::Package;
use super::guard::{self, Missed};
use super::notes::read_json;
use super::quiet;
use super::record::{self, Record};
use super::unfinished::{hanging, why_unfinished};
use crate::files::open_regular;
use crate::input::{Files, Found};
use crate::verdict::{Ending, Rerun, TestRun};

/// The file that every process writes first.
const SUITE_FILE: &str = "suite.json";

const SCHEMA: &str = "leakgate.suite/1";

/// `suite.json`: written when the process starts.
#[derive(Debug, Deserialize)]
struct Suite {
    schema: String,
    import_path: String,
    pid: u32,
    /// The test binary that started this process, by its process id; empty for one that the go command started.
    child_of: String,
    started_unix_ns: u64,
    go: String,
    directory: String,
    args: Vec<String>,
}

/// `end.json`: written with the after profile.
#[derive(Debug, Deserialize)]
struct End {
    /// Different tests, subtests, benchmarks, examples and fuzz seeds that ran. A `TestMain` that captures cannot know.
    tests: Option<u64>,
    exit_code: i32,
    settled: bool,
    settle_ms: u64,
    /// Samples of the after profile whose goroutines were somewhere else whenever they were looked at: the position, and how
    /// many of the outermost locations were always the same.
    #[serde(default)]
    moving: Vec<(usize, usize)>,
}

/// `timeout.json`: written by the alarm of `-timeout`.
#[derive(Debug, Deserialize)]
struct Timeout {
    after: String,
    running: Vec<String>,
}

/// What a capture holds.
#[derive(Debug, Default)]
pub struct Collected {
    /// One suite for each test binary that ran tests, and what keeps others from being checked.
    pub found: Found,
    /// The command that leakgate ran around them; `None` where it ran none.
    pub command: Option<Command>,
    /// Import path and directory of each test binary that was started.
    pub started: Vec<(String, String)>,
    /// Test binaries that were started to list their tests.
    pub listed: u64,
    /// Packages of the command that have no test files.
    pub packages_without_tests: BTreeSet<String>,
    /// Processes that test binaries started as copies of themselves.
    pub children: u64,
    /// The folders that all this was read from.
    pub folders: BTreeSet<PathBuf>,
}

/// A command that was run.
#[derive(Debug)]
pub struct Command {
    /// The command and its arguments, parted by spaces.
    pub line: String,
    /// What a shell would give for its end: its exit code, or 128 and the number of a signal.
    pub code: u8,
    /// How it failed.
    pub failed: Option<String>,
    /// Whether a test binary was started.
    pub ran_tests: bool,
    /// What else a reader of the report should know.
    pub notes: Vec<String>,
}

/// Reads what a run left in a directory and those below it.
///
/// # Errors
/// A directory that cannot be listed.
pub fn collect(directory: &Path) -> std::io::Result<Collected> {
    let mut collected = Collected::default();
    let record = Record::read(directory);
    let mut processes = Vec::new();
    for folder in folders(directory)? {
        let name = || {
            let inside = folder.strip_prefix(directory).unwrap_or(&folder);
            inside.display().to_string()
        };
        match read_json::<Suite>(&folder.join(SUITE_FILE)) {
            Ok(None) => continue,
            Ok(Some(suite)) if suite.schema == SCHEMA => processes.push((folder.clone(), suite)),
            Ok(Some(suite)) => {
                let why = format!(
                    "its {SUITE_FILE} is of the form {:?}, which this release does not know",
                    suite.schema
                );
                collected.found.incomplete.push((name(), why));
            }
            Err(why) => {
                collected
                    .found
                    .incomplete
                    .push((name(), format!("its {SUITE_FILE} {why}")));
            }
        }
        collected.folders.insert(folder);
    }
    let captured = processes.iter().map(|(_, suite)| suite.pid).collect();
    let missed = guard::missed(directory, &captured);
    // One package may be tested several times in one command.
    processes.sort_by(|(_, one), (_, other)| {
        (&one.import_path, one.started_unix_ns).cmp(&(&other.import_path, other.started_unix_ns))
    });
    let mut times: BTreeMap<String, u32> = BTreeMap::new();
    for (folder, suite) in processes {
        if !suite.child_of.is_empty() {
            collected.children += 1;
            continue;
        }
        collected
            .started
            .push((suite.import_path.clone(), suite.directory.clone()));
        let time = times.entry(suite.import_path.clone()).or_default();
        *time += 1;
        let package = match suite.import_path.as_str() {
            "" => &suite.directory,
            path => path,
        };
        let name = match *time {
            1 => package.to_owned(),
            time => format!("{package} (run {time})"),
        };
        collected.process(
            name,
            &folder,
            &suite,
            record.as_ref().ok().and_then(|record| {
                let record = record.as_ref()?;
                record.rerun(&suite.import_path, &suite.directory)
            }),
        );
    }
    match record {
        Ok(Some(record)) => collected.record(record, &missed),
        Ok(None) => collected.no_record(directory, &missed),
        Err(why) => collected
            .found
            .incomplete
            .push((directory.display().to_string(), why)),
    }
    Ok(collected)
}

impl Collected {
    /// What is left of a run whose command has removed the folder that it captured into.
    pub fn removed(command: &[OsString], folder: &Path) -> Self {
        let command: Vec<_> = command.iter().map(|word| word.to_string_lossy()).collect();
        let why = format!(
            "{} is gone, which its test binaries captured into: the command has removed it",
            folder.display()
        );
        Self {
            found: Found {
                suites: Vec::new(),
                incomplete: vec![(command.join(" "), why)],
            },
            ..Self::default()
        }
    }

    /// Whether nothing was captured, and nothing is known of a command.
    pub fn is_empty(&self) -> bool {
        self.found.suites.is_empty()
            && self.found.incomplete.is_empty()
            && self.command.is_none()
            && self.children == 0
            && self.listed == 0
    }

    /// What this run left, against what the run of another build left: the after profile of each suite there takes the
    /// place of the before profile here. A suite that only this run has keeps its own.
    #[must_use]
    pub fn against(mut self, base: &Self) -> Self {
        let mut own = 0;
        for suite in &mut self.found.suites {
            let of_base = base
                .found
                .suites
                .iter()
                .find(|of_base| of_base.suite == suite.suite);
            if let Some(after) = of_base.and_then(|of_base| of_base.afters.last()) {
                suite.before.clone_from(after);
                suite.around_tests = false;
            } else {
                own += 1;
            }
        }
        if let Some(command) = self.command.as_mut().filter(|_| own > 0) {
            let suites = if own == 1 {
                "1 suite that the base has not is".into()
            } else {
                format!("{own} suites that the base has not are")
            };
            command.notes.push(format!(
                "{suites} compared with what was there before the tests"
            ));
        }
        self
    }

    /// How many test binaries of a package were started; `directories` are those of all packages with its import path. One of
    /// files that were named, or of a folder outside of any module, does not know its import path, and one that changed
    /// its directory before its tests began may be of any of these.
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
            self.found.incomplete.push((name, (*why).to_owned()));
        }
    }

    /// Adds what is known where no command is told of: a `TestMain` that captures needs none, and `leakgate run` leaves
    /// one always.
    fn no_record(&mut self, directory: &Path, missed: &[Missed]) {
        self.missed(missed, &[]);
        if directory.join(quiet::FILE).exists() || directory.join(guard::FOLDER).exists() {
            let why = format!(
                "its {} is missing, which tells what became of the command",
                record::FILE
            );
            self.found
                .incomplete
                .push((directory.display().to_string(), why));
        }
    }

    /// Adds what is known of the command.
    fn record(&mut self, record: Record, missed: &[Missed]) {
        let packages: Vec<Package> = record
            .go_tests
            .into_iter()
            .flat_map(|go_test| go_test.packages)
            .collect();
        self.missed(missed, &packages);
        let line = record.command.join(" ");
        let Some(ended) = record.ended else {
            let why = format!(
                "leakgate was ended before the command, which {} tells of",
                record::FILE
            );
            self.found.incomplete.push((line, why));
            return;
        };
        self.found.incomplete.extend(record.problems);
        let mut times: BTreeMap<&Package, usize> = BTreeMap::new();
        for package in &packages {
            *times.entry(package).or_default() += 1;
        }
        for (package, wanted) in &times {
            let import_path = &package.import_path;
            if !package.has_tests {
                self.packages_without_tests.insert(import_path.clone());
                continue;
            }
            let alike = times
                .keys()
                .filter(|other| other.import_path == *import_path);
            let directories = alike.map(|package| package.directory.as_str()).collect();
            let told = missed
                .iter()
                .filter(|missed| missed.directory == package.directory)
                .count();
            let seen = self.times_started(package, &directories);
            if seen + told >= *wanted {
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
                    "go test was to run it {wanted} times, and {seen} test binaries of it were seen: did a build fail?"
                ),
            };
            self.found.incomplete.push((import_path.clone(), why));
        }
        self.command = Some(Command {
            line,
            code: ended.code,
            failed: ended.failed,
            ran_tests: !self.started.is_empty() || !missed.is_empty(),
            notes: record.notes,
        });
    }

    fn process(&mut self, name: String, folder: &Path, suite: &Suite, rerun: Option<Rerun>) {
        let file = |name: &str| Some(folder.join(name)).filter(|path| path.exists());
        let (before, after) = (file("before.pb.gz"), file("after.pb.gz"));
        let (end, timeout) = match (
            read_json::<End>(&folder.join("end.json")),
            read_json::<Timeout>(&folder.join("timeout.json")),
        ) {
            (Ok(end), Ok(timeout)) => (end, timeout),
            (Err(why), _) => {
                let why = format!("its end.json {why}");
                return self.found.incomplete.push((name, why));
            }
            (_, Err(why)) => {
                let why = format!("its timeout.json {why}");
                return self.found.incomplete.push((name, why));
            }
        };
        let mut files = Files {
            suite: name.clone(),
            proven: file("proven.pb.gz"),
            around_tests: true,
            rerun,
            ..Files::default()
        };
        match (before, after, end, timeout) {
            (Some(before), Some(after), Some(end), None) => {
                files.before = before;
                files.afters = vec![after];
                files.moving = end.moving.into_iter().collect();
                files.run = Some(TestRun {
                    go: suite.go.clone(),
                    tests: end.tests,
                    exit_code: Some(end.exit_code),
                    ending: if end.settled {
                        Ending::Settled { ms: end.settle_ms }
                    } else {
                        Ending::Unsettled { ms: end.settle_ms }
                    },
                });
                self.found.suites.push(files);
            }
            (Some(before), _, _, Some(timeout)) if file("timeout.pb.gz").is_some() => {
                files.before = before;
                files.afters = file("timeout.pb.gz").into_iter().collect();
                files.proven = None;
                files.run = Some(TestRun {
                    go: suite.go.clone(),
                    tests: None,
                    exit_code: None,
                    ending: Ending::TimedOut {
                        after: timeout.after.clone(),
                    },
                });
                files.doubt = Some(format!(
                    "its tests timed out after {} while {} ran. What stood at that moment is told, but it has no after \
                     profile: goroutines of other tests may have been on their way out.",
                    timeout.after,
                    hanging(&timeout.running)
                ));
                self.found.suites.push(files);
            }
            (None, _, _, _) if has_flag(suite, "test.list") => self.listed += 1,
            (before, _, _, _) => {
                let has_begun = before.is_some() || folder.join("tests.log").exists();
                let why = why_unfinished(folder, has_begun);
                self.found.incomplete.push((name, why));
            }
        }
    }
}

/// Whether a test binary was started with a flag.
fn has_flag(suite: &Suite, name: &str) -> bool {
    let mut arguments = suite.args.iter();
    arguments.any(|argument| argument.trim_start_matches('-').starts_with(name))
}

/// The folders below a directory in which a process has begun to write.
fn folders(directory: &Path) -> std::io::Result<BTreeSet<PathBuf>> {
    let (mut found, mut open) = (BTreeSet::new(), vec![directory.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                open.push(entry.path());
            } else if entry.file_name() == SUITE_FILE && is_ours(&entry.path()) {
                found.insert(folder.clone());
            }
        }
    }
    Ok(found)
}

/// Whether a file of this name is leakgate's: others may have one too. One that cannot be read is told, so it counts as
/// one of ours.
fn is_ours(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = open_regular(path).and_then(|file| file.take(1 << 20).read_to_end(&mut start));
    read.is_err() || String::from_utf8_lossy(&start).contains("leakgate.suite/")
}
