//! Reads the profiles of suites and has them judged, several at a time.

use std::path::Path;

use rayon::prelude::*;

use super::code;
use crate::dump::{self, Dump};
use crate::evidence::{Evidence, Profiles, Suite, Unchecked};
use crate::files::read_regular;
use crate::input::{self, Bytes, InputError};
use crate::judge::{Judge, SuiteVerdict};
use crate::translate;
use crate::verdict::Verdict;

/// Files of so many bytes are worth reading at the same time.
const LARGE: u64 = 1 << 17;

/// Judges all evidence. What cannot be read is unchecked.
pub(super) fn verdict(judge: &Judge, evidence: Evidence, limit: u64) -> Verdict {
    let Evidence {
        suites,
        mut unchecked,
        command,
    } = evidence;
    let mut judged = Vec::new();
    for suite in judge_all(judge, suites, limit) {
        match suite {
            Ok(suite) => judged.push(suite),
            Err(why) => unchecked.push(why),
        }
    }
    judge.verdict(judged, unchecked, command)
}

/// Judges every suite, in their order.
fn judge_all(
    judge: &Judge,
    suites: Vec<Suite>,
    limit: u64,
) -> Vec<Result<SuiteVerdict, Unchecked>> {
    let judge = |suite| judge_suite(judge, suite, limit);
    // Threads cost more than they save where there is nothing to share.
    if suites.len() > 1 {
        suites.into_par_iter().map(judge).collect()
    } else {
        suites.into_iter().map(judge).collect()
    }
}

fn judge_suite(judge: &Judge, mut suite: Suite, limit: u64) -> Result<SuiteVerdict, Unchecked> {
    let paths = suite.files.profiles();
    let unchecked = |error: &InputError| {
        let why = format!("{error}. {}", error.fix());
        Unchecked::new(suite.name.clone(), why)
    };
    let mut bytes = read_all(&paths, limit).map_err(|error| unchecked(&error))?;
    let doubted = paths.iter().zip(&bytes);
    let mut doubted = doubted.filter_map(|(path, bytes)| Some((path, bytes.doubt?)));
    if let Some((path, doubt)) = doubted.next() {
        let why = format!("{}: {doubt}", path.display());
        return Err(Unchecked::new(suite.name.clone(), why));
    }
    level(&paths, &mut bytes).map_err(|error| unchecked(&error))?;
    let of_files = paths.iter().zip(&bytes).flat_map(|(path, bytes)| {
        let limits = bytes.form.limits().into_iter();
        let notes = limits.chain(bytes.notes.iter().map(String::as_str));
        notes.map(|note| format!("{}: {note}", path.display()))
    });
    suite.notes = of_files.chain(suite.notes.iter().cloned()).collect();
    let inflated: Vec<&[u8]> = bytes.iter().map(|bytes| &*bytes.inflated).collect();
    let mut profiles = Profiles::group(&suite, &inflated)?;
    if let Some(path) = &suite.files.dump {
        match read_regular(path, limit) {
            Ok(bytes) => {
                let text = dump::text_of(&bytes);
                let left_out = text
                    .strip_prefix("leakgate: ")
                    .and_then(|text| text.lines().next());
                suite.notes.extend(left_out.map(|left_out| {
                    format!("{left_out}, so it is not known which calls started them")
                }));
                profiles = profiles.with_dump(&Dump::parse(&text), &suite);
                profiles.code = code::read(profiles.folders());
            }
            // What it holds explains findings and makes none.
            Err(error) => suite.notes.push(format!(
                "{}: {error}, so it is not known which calls started the goroutines",
                path.display()
            )),
        }
    }
    Ok(judge.suite(suite, &profiles))
}

/// Brings files of several forms to the one that says least, so that equal goroutines have equal
/// stacks.
pub(super) fn level(paths: &[&Path], all: &mut [Bytes]) -> Result<(), InputError> {
    let Some(coarsest) = all.iter().map(|bytes| bytes.form).max() else {
        return Ok(());
    };
    for (path, bytes) in paths.iter().zip(all) {
        if bytes.form < coarsest {
            let coarse = translate::coarsen(&bytes.inflated, coarsest);
            bytes.inflated = coarse.map_err(|error| InputError {
                path: path.to_path_buf(),
                problem: error.into(),
            })?;
        }
    }
    Ok(())
}

/// Reads files, large ones at the same time.
pub(super) fn read_all(paths: &[&Path], limit: u64) -> Result<Vec<Bytes>, InputError> {
    let is_large = |path: &&&Path| path.metadata().is_ok_and(|metadata| metadata.len() > LARGE);
    let read = |path: &&Path| input::read(path, limit);
    if paths.iter().filter(is_large).count() > 1 {
        paths.par_iter().map(read).collect()
    } else {
        paths.iter().map(read).collect()
    }
}
