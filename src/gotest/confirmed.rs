//! `confirmed.json`: what running tests again showed, kept beside what their test binaries wrote, so that
//! whoever reads the directory later judges it alike.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::notes::read_json;
use crate::confirmed::Confirmed;
use crate::evidence::Evidence;
use crate::files::write_whole;

const FILE: &str = "confirmed.json";

const SCHEMA: &str = "leakgate.confirmed/1";

#[derive(Serialize, Deserialize)]
struct Kept {
    schema: String,
    /// By the name of the suite, and then by the id of the stack.
    suites: BTreeMap<String, BTreeMap<String, Confirmed>>,
}

/// Keeps what is known of the suites of `evidence` in `directory`.
///
/// # Errors
/// A directory that cannot be written to.
pub fn keep_confirmed(directory: &Path, evidence: &Evidence) -> anyhow::Result<()> {
    let known = evidence.suites.iter();
    let known = known.filter(|suite| !suite.confirmed.is_empty());
    let kept = Kept {
        schema: SCHEMA.into(),
        suites: known
            .map(|suite| (suite.name.to_string(), suite.confirmed.clone()))
            .collect(),
    };
    let path = directory.join(FILE);
    let text = serde_json::to_string_pretty(&kept)?;
    write_whole(&path, (text + "\n").as_bytes())
        .with_context(|| format!("{} cannot be written", path.display()))
}

/// Adds what was kept in `directory` to the suites that it is about; or what is wrong with it.
pub(super) fn add(directory: &Path, evidence: &mut Evidence) -> Result<(), String> {
    let kept = read_json::<Kept>(&directory.join(FILE));
    let Some(mut kept) = kept.map_err(|why| format!("its {FILE} {why}"))? else {
        return Ok(());
    };
    if kept.schema != SCHEMA {
        return Err(format!(
            "its {FILE} is of the form {:?}, which this release does not know",
            kept.schema
        ));
    }
    for suite in &mut evidence.suites {
        let known = kept.suites.remove(&suite.name.to_string());
        suite.confirmed.extend(known.unwrap_or_default());
    }
    Ok(())
}
