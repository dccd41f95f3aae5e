//! Reads the profiles of suites and has them judged, several at a time.

use std::path::Path;

use rayon::prelude::*;

use super::code;
use crate::dump::{self, Dump};
use crate::evidence::{Profiles, Suite, Unchecked};
use crate::input::{self, Bytes, InputError};
use crate::judge::{Judge, SuiteVerdict};

/// Files of so many bytes are worth reading at the same time.
const LARGE: u64 = 1 << 17;

/// Judges every suite, in their order.
pub(super) fn judge_all(
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
    let bytes = read_all(&paths, limit).map_err(|error| {
        let why = format!("{error}. {}", error.fix());
        Unchecked::new(suite.name.clone(), why)
    })?;
    let of_files = paths.iter().zip(&bytes).filter_map(|(path, bytes)| {
        let note = bytes.note.as_ref()?;
        Some(format!("{}: {note}", path.display()))
    });
    suite.notes = of_files.chain(suite.notes.iter().cloned()).collect();
    let inflated: Vec<&[u8]> = bytes.iter().map(|bytes| &*bytes.inflated).collect();
    let mut profiles = Profiles::group(&suite, &inflated)?;
    if let Some(path) = &suite.files.dump {
        match input::read(path, limit) {
            Ok(dump) => {
                let text = dump::text_of(&dump.inflated);
                profiles = profiles.with_dump(&Dump::parse(&text), &suite);
                profiles.code = code::read(&profiles.origins);
            }
            // What it holds explains findings and makes none.
            Err(error) => suite.notes.push(format!(
                "{error}: it is not known which calls started the goroutines"
            )),
        }
    }
    Ok(judge.suite(suite, &profiles))
}

fn read_all(paths: &[&Path], limit: u64) -> Result<Vec<Bytes>, InputError> {
    let is_large = |path: &&&Path| path.metadata().is_ok_and(|metadata| metadata.len() > LARGE);
    let read = |path: &&Path| input::read(path, limit);
    if paths.iter().filter(is_large).count() > 1 {
        paths.par_iter().map(read).collect()
    } else {
        paths.iter().map(read).collect()
    }
}
