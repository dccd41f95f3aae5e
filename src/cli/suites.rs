//! From the files of suites to their judgements.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::diff::Diff;
use crate::input::{self, Bytes, Files, InputError, InputProblem};
use crate::judge::{Judge, SuiteVerdict};
use crate::profile::{Kind, Profile};
use crate::snapshot::Snapshot;
use crate::verdict::Unchecked;

/// Below this many inflated bytes, starting a thread costs more than it saves.
const WORTH_A_THREAD: usize = 1 << 20;

/// Judges every suite, several at a time when there are several; in the order of `suites`.
pub(super) fn judge_all(
    judge: &Judge,
    suites: &[Files],
    limit: u64,
) -> Vec<Result<SuiteVerdict, Unchecked>> {
    // Asking for the number of processors reads files, so it is not asked for one suite.
    let workers = match suites.len() {
        0 | 1 => 1,
        many => thread::available_parallelism()
            .map_or(1, usize::from)
            .min(many),
    };
    if workers < 2 {
        return suites
            .iter()
            .map(|files| judge_suite(judge, files, limit))
            .collect();
    }
    let next = AtomicUsize::new(0);
    let judged = Mutex::new(Vec::with_capacity(suites.len()));
    let work = || {
        while let Some((index, files)) = Some(next.fetch_add(1, Ordering::Relaxed))
            .and_then(|index| Some((index, suites.get(index)?)))
        {
            let suite = judge_suite(judge, files, limit);
            judged
                .lock()
                .expect("no worker panics with the lock held")
                .push((index, suite));
        }
    };
    thread::scope(|scope| {
        for _ in 1..workers {
            scope.spawn(work);
        }
        work();
    });
    let mut judged = judged
        .into_inner()
        .expect("no worker panics with the lock held");
    judged.sort_by_key(|&(index, _)| index);
    judged.into_iter().map(|(_, suite)| suite).collect()
}

fn judge_suite(judge: &Judge, files: &Files, limit: u64) -> Result<SuiteVerdict, Unchecked> {
    let unchecked = |why: String| Unchecked {
        suite: files.suite.clone(),
        why,
    };
    let explain = |error: InputError| unchecked(format!("{error}. {}", error.mend()));
    let paths: Vec<&Path> = [&files.before]
        .into_iter()
        .chain(&files.afters)
        .chain(&files.proven)
        .map(PathBuf::as_path)
        .collect();
    let bytes = read_all(&paths, limit).map_err(explain)?;
    let mut snapshots = group_all(&paths, &bytes, files).map_err(explain)?;
    let proven = files.proven.is_some().then(|| snapshots.pop()).flatten();
    let (before, afters) = snapshots
        .split_first()
        .expect("a suite has a before and an after");
    let inflated: Vec<&[u8]> = bytes.iter().map(|bytes| &*bytes.inflated).collect();
    let why = mismatch(before, afters, proven.as_ref())
        .or_else(|| repeated(&inflated[..=afters.len()]))
        .or_else(|| order(before, afters, files.around_tests));
    if let Some(why) = why {
        return Err(unchecked(why));
    }
    let diff = if files.around_tests {
        Diff::around_tests(before, afters, proven.as_ref())
    } else {
        Diff::new(before, afters)
    };
    let mut suite = judge.suite(&files.suite, &diff, proven.as_ref());
    for (path, bytes) in paths.iter().zip(&bytes) {
        if let Some(note) = &bytes.note {
            suite.note(format!("{}: {note}", path.display()));
        }
    }
    if let Some(doubt) = &files.doubt {
        suite.doubt(doubt.clone());
    }
    if let Some(run) = &files.run {
        suite.ran(run.clone());
    }
    if let Some(rerun) = &files.rerun {
        suite.runs_again_by(rerun.clone());
    }
    for note in &files.notes {
        suite.note(note.clone());
    }
    if afters.len() > 1 {
        suite.note(format!(
            "of {} after profiles the last is judged",
            afters.len()
        ));
    }
    Ok(suite)
}

/// Reads the files; large ones at the same time.
fn read_all(paths: &[&Path], limit: u64) -> Result<Vec<Bytes>, InputError> {
    let large = |path: &&&Path| {
        path.metadata()
            .is_ok_and(|metadata| metadata.len() > WORTH_A_THREAD as u64 / 8)
    };
    if paths.iter().filter(large).count() < 2 {
        return paths.iter().map(|path| input::read(path, limit)).collect();
    }
    thread::scope(|scope| {
        let readers: Vec<_> = paths
            .iter()
            .map(|path| scope.spawn(move || input::read(path, limit)))
            .collect();
        readers
            .into_iter()
            .map(|reader| reader.join().expect("reading does not panic"))
            .collect()
    })
}

/// Decodes and groups the profiles; large ones at the same time.
fn group_all<'b>(
    paths: &[&Path],
    bytes: &'b [Bytes],
    files: &Files,
) -> Result<Vec<Snapshot<'b>>, InputError> {
    let nothing = BTreeMap::new();
    let group = |index: usize| -> Result<Snapshot<'b>, InputError> {
        let moving = match index {
            last if last == files.afters.len() => &files.moving,
            _ => &nothing,
        };
        let grouped = Profile::decode(&bytes[index].inflated)
            .and_then(|profile| Snapshot::group_moving(profile, moving));
        grouped.map_err(|error| InputError {
            path: paths[index].to_owned(),
            problem: InputProblem::Decode(error),
        })
    };
    if bytes
        .iter()
        .filter(|bytes| bytes.inflated.len() > WORTH_A_THREAD)
        .count()
        < 2
    {
        return (0..bytes.len()).map(group).collect();
    }
    thread::scope(|scope| {
        let group = &group;
        let groupers: Vec<_> = (0..bytes.len())
            .map(|index| scope.spawn(move || group(index)))
            .collect();
        groupers
            .into_iter()
            .map(|grouper| grouper.join().expect("grouping does not panic"))
            .collect()
    })
}

/// Why profiles of these kinds cannot be compared, if so.
fn mismatch(before: &Snapshot, afters: &[Snapshot], proven: Option<&Snapshot>) -> Option<String> {
    if let Some(after) = afters.iter().find(|after| after.kind() != before.kind()) {
        return Some(format!(
            "before is a {} profile and after a {} profile: one counts all goroutines and the other only proven leaks. \
             Capture the same kind twice.",
            before.kind().name(),
            after.kind().name()
        ));
    }
    match proven {
        Some(proven) if proven.kind() != Kind::GoroutineLeak => Some(format!(
            "the proven profile is a {} profile: capture /debug/pprof/goroutineleak for it (Go 1.27, or 1.26 with its experiment).",
            proven.kind().name()
        )),
        _ => None,
    }
}

/// Why profiles that hold the same bytes say nothing of what happened between them.
fn repeated(profiles: &[&[u8]]) -> Option<String> {
    let mut seen = HashSet::new();
    let mut profiles = profiles.iter();
    profiles.any(|profile| !seen.insert(profile)).then(|| {
        "two of its profiles are the same one: they hold the same bytes, and two captures never do. Capture once before and \
         once after."
            .to_owned()
    })
}

/// Why profiles cannot stand for the times that their places say, if so; `of_one_process` where that is known without
/// them.
fn order(before: &Snapshot, afters: &[Snapshot], of_one_process: bool) -> Option<String> {
    if let Some(empty) = afters
        .iter()
        .chain([before])
        .find(|snapshot| snapshot.total == 0)
        && empty.kind() == Kind::Goroutine
    {
        return Some(
            "one of the profiles holds no goroutine at all, and a live process has at least the one that takes the \
             profile: was it filtered? Compare profiles as they were captured."
                .to_owned(),
        );
    }
    let mut earlier = before;
    for after in afters {
        let (first, second) = (earlier.profile(), after.profile());
        // Only within one process does the order say anything: a base build may well be measured after a head build.
        if (of_one_process || first.is_of_same_process(second))
            && first.time_nanos() != 0
            && second.time_nanos() <= first.time_nanos()
        {
            return Some(
                "both profiles are of one process, and the after profile was not taken after the before profile: are the \
                 two swapped?"
                    .to_owned(),
            );
        }
        earlier = after;
    }
    None
}
