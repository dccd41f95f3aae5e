//! What test binaries left: a folder for each process, with its profiles and what it said about
//! itself.

mod expected;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use walkdir::WalkDir;

use super::confirmed;
use super::flags;
use super::notes::read_json;
use super::record::Record;
use super::started;
use super::unfinished::{hanging, why_unfinished};
use crate::evidence::{Ending, Evidence, Files, Rerun, Suite, SuiteName, TestRun, Unchecked};
use crate::files::open_regular;

/// The file that every process writes first.
const SUITE_FILE: &str = "suite.json";

const SCHEMA: &str = "leakgate.suite/1";

/// `suite.json`: written when the process starts.
#[derive(Debug, Deserialize)]
struct Process {
    schema: String,
    import_path: String,
    pid: u32,
    /// The test binary that started this process, by its process id; empty for one that the go
    /// command started.
    child_of: String,
    started_unix_ns: u64,
    go: String,
    directory: String,
    args: Vec<String>,
}

/// `end.json`: written with the after profile.
#[derive(Debug, Deserialize)]
struct End {
    /// Different tests, subtests, benchmarks, examples and fuzz seeds that ran. A `TestMain` that
    /// captures cannot know.
    tests: Option<u64>,
    /// See [`TestRun::rounds`].
    #[serde(default = "once")]
    rounds: u32,
    /// See [`Suite::skipped`].
    #[serde(default)]
    skipped: BTreeSet<String>,
    exit_code: i32,
    settled: bool,
    settle_ms: u64,
    /// Samples of the after profile whose goroutines were somewhere else whenever they were looked
    /// at: the position, and how many of the outermost locations were always the same.
    #[serde(default)]
    moving: Vec<(usize, usize)>,
    /// See [`Suite::starters`].
    #[serde(default)]
    starters: BTreeMap<u64, String>,
}

fn once() -> u32 {
    1
}

/// `timeout.json`: written by the alarm of `-timeout`.
#[derive(Debug, Deserialize)]
struct Timeout {
    after: String,
    running: Vec<String>,
    /// See [`Suite::starters`].
    #[serde(default)]
    starters: BTreeMap<u64, String>,
}

/// What a run left in a directory.
#[derive(Debug, Default)]
pub struct Collected {
    /// One suite for each test binary that ran tests, and what could not be checked.
    pub evidence: Evidence,
    /// The folders that all this was read from.
    pub folders: BTreeSet<PathBuf>,
    /// Import path and directory of each test binary that was started.
    started: Vec<(String, String)>,
    /// Test binaries that were started to list their tests.
    listed: u64,
    /// Processes that test binaries started as copies of themselves.
    children: u64,
}

/// Reads what a run left in a directory and those below it.
///
/// # Errors
/// A directory that cannot be listed.
pub fn collect(directory: &Path) -> std::io::Result<Collected> {
    let mut collected = Collected::default();
    let record = Record::read(directory);
    let mut processes = collected.processes(directory)?;
    let captured = processes.iter().map(|(_, suite)| suite.pid).collect();
    let missed = started::missed(directory, &captured);
    // One package may be tested several times in one command.
    processes.sort_by(|(_, one), (_, other)| {
        (&one.import_path, one.started_unix_ns).cmp(&(&other.import_path, other.started_unix_ns))
    });
    let mut runs: BTreeMap<String, u32> = BTreeMap::new();
    for (folder, suite) in processes {
        if !suite.child_of.is_empty() {
            collected.children += 1;
            continue;
        }
        let (import_path, directory) = (&suite.import_path, &suite.directory);
        collected
            .started
            .push((import_path.clone(), directory.clone()));
        let run = runs.entry(import_path.clone()).or_default();
        *run += 1;
        let package = match import_path.as_str() {
            "" => directory,
            path => path,
        };
        let name = SuiteName::of_run(package, *run);
        let record = record.as_ref().ok().and_then(Option::as_ref);
        let rerun = record.and_then(|record| record.rerun(import_path, directory));
        collected.process(name, &folder, &suite, rerun);
    }
    match record {
        Ok(Some(record)) => collected.record(record, &missed),
        Ok(None) => collected.no_record(directory, &missed),
        Err(why) => collected.unchecked(directory.display().to_string(), why),
    }
    if let Err(why) = confirmed::add(directory, &mut collected.evidence) {
        collected.unchecked(directory.display().to_string(), why);
    }
    Ok(collected)
}

impl Collected {
    /// What is left of a run whose command has removed the folder that it captured into.
    pub fn removed(command: &[OsString], folder: &Path) -> Self {
        let command: Vec<_> = command.iter().map(|word| word.to_string_lossy()).collect();
        let mut collected = Self::default();
        let why = format!(
            "the command removed {}, where its test binaries put their profiles",
            folder.display()
        );
        collected.unchecked(command.join(" "), why);
        collected
    }

    /// Whether nothing was captured, and nothing is known about a command.
    pub fn is_empty(&self) -> bool {
        self.evidence.is_empty() && self.children == 0 && self.listed == 0
    }

    /// Where the test binaries ran.
    pub fn directories(&self) -> impl Iterator<Item = &Path> {
        self.started
            .iter()
            .map(|(_, directory)| Path::new(directory))
    }

    fn unchecked(&mut self, suite: impl Into<SuiteName>, why: impl Into<String>) {
        self.evidence.unchecked.push(Unchecked::new(suite, why));
    }

    /// Finds the folders of test binaries, and reads what each wrote when it started.
    fn processes(&mut self, directory: &Path) -> std::io::Result<Vec<(PathBuf, Process)>> {
        let mut processes = Vec::new();
        for folder in folders(directory)? {
            let name = folder.strip_prefix(directory).unwrap_or(&folder);
            let name = name.display().to_string();
            match read_json::<Process>(&folder.join(SUITE_FILE)) {
                Ok(None) => continue,
                Ok(Some(started)) if started.schema == SCHEMA => {
                    processes.push((folder.clone(), started));
                }
                Ok(Some(started)) => {
                    let why = format!(
                        "its {SUITE_FILE} is of the form {:?}, which this release does not know",
                        started.schema
                    );
                    self.unchecked(name, why);
                }
                Err(why) => self.unchecked(name, format!("its {SUITE_FILE} {why}")),
            }
            self.folders.insert(folder);
        }
        Ok(processes)
    }

    fn process(&mut self, name: SuiteName, folder: &Path, suite: &Process, rerun: Option<Rerun>) {
        let file = |name: &str| Some(folder.join(name)).filter(|path| path.exists());
        let (before, after) = (file("before.pb.gz"), file("after.pb.gz"));
        let (end, timeout) = match (
            read_json::<End>(&folder.join("end.json")),
            read_json::<Timeout>(&folder.join("timeout.json")),
        ) {
            (Ok(end), Ok(timeout)) => (end, timeout),
            (Err(why), _) => {
                let why = format!("its end.json {why}");
                return self.unchecked(name, why);
            }
            (_, Err(why)) => {
                let why = format!("its timeout.json {why}");
                return self.unchecked(name, why);
            }
        };
        let is_short = suite.args.iter().any(|argument| {
            let value = flags::value_of(argument, "test.short");
            value.is_some_and(|value| value != "false") || argument == "-test.short"
        });
        let partial = has_flag(suite, "test.run") || has_flag(suite, "test.skip") || is_short;
        let mut judged = Suite {
            name: name.clone(),
            around_tests: true,
            rerun,
            ..Suite::default()
        };
        match (before, after, end, timeout) {
            (Some(before), Some(after), Some(end), None) => {
                judged.files = Files {
                    before,
                    afters: vec![after],
                    proven: file("proven.pb.gz"),
                    dump: file("goroutines.txt"),
                    own_before: None,
                };
                judged.starters = end.starters;
                judged.skipped = end.skipped;
                judged.moving = end.moving.into_iter().collect();
                judged.run = Some(TestRun {
                    go: suite.go.clone(),
                    tests: end.tests,
                    rounds: end.rounds,
                    partial,
                    exit_code: Some(end.exit_code),
                    ending: if end.settled {
                        Ending::Settled { ms: end.settle_ms }
                    } else {
                        Ending::Unsettled { ms: end.settle_ms }
                    },
                });
                self.evidence.suites.push(judged);
            }
            (Some(before), _, _, Some(timeout)) if file("timeout.pb.gz").is_some() => {
                judged.files = Files {
                    before,
                    afters: file("timeout.pb.gz").into_iter().collect(),
                    proven: None,
                    dump: file("goroutines.txt"),
                    own_before: None,
                };
                judged.starters = timeout.starters;
                judged.run = Some(TestRun {
                    go: suite.go.clone(),
                    tests: None,
                    rounds: 1,
                    partial,
                    exit_code: None,
                    ending: Ending::TimedOut {
                        after: timeout.after.clone(),
                    },
                });
                judged.doubt = Some(format!(
                    "its tests timed out after {} while {} ran. The goroutines of that moment are reported. Some may \
                     belong to other tests and have been about to end.",
                    timeout.after,
                    hanging(&timeout.running)
                ));
                self.evidence.suites.push(judged);
            }
            (None, _, _, _) if has_flag(suite, "test.list") => self.listed += 1,
            (before, _, _, _) => {
                let has_begun = before.is_some() || folder.join("tests.log").exists();
                let why = why_unfinished(folder, has_begun);
                self.unchecked(name, why);
            }
        }
    }
}

/// Whether a test binary was started with a flag.
fn has_flag(suite: &Process, name: &str) -> bool {
    // The go command writes the value behind `=`; who starts the binary by hand may part the two.
    let alone = [format!("-{name}"), format!("--{name}")];
    suite.args.iter().any(|argument| {
        let value = flags::value_of(argument, name);
        value.is_some_and(|value| !value.is_empty()) || alone.contains(argument)
    })
}

/// The folders below a directory in which a process has begun to write.
fn folders(directory: &Path) -> std::io::Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    for entry in WalkDir::new(directory) {
        let entry = entry?;
        let is_folder = entry.file_type().is_dir();
        let path = entry.into_path();
        if !is_folder
            && path.file_name() == Some(OsStr::new(SUITE_FILE))
            && is_ours(&path)
            && let Some(folder) = path.parent()
        {
            found.insert(folder.to_owned());
        }
    }
    Ok(found)
}

/// Whether a file of this name is leakgate's: others may have one too. One that cannot be read is
/// reported, so it counts as one of ours.
fn is_ours(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = open_regular(path).and_then(|file| file.take(1 << 20).read_to_end(&mut start));
    read.is_err() || String::from_utf8_lossy(&start).contains("leakgate.suite/")
}
