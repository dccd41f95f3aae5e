//! Cases that a policy must pass: a pair of profiles each, and what must be found in it.
//!
//! They prove that a rule still fails what it is there for, and that an exception still matches only
//! what it is meant for. A case is judged as `leakgate check` judges its files, by the policy alone: a
//! baseline accepts leaks of one day, and is no part of it.

mod compare;
mod parse;

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde_json::Value;

use crate::policy::{self, Pattern, PolicyErrors};
pub use compare::{Comparison, compare};

/// The file that is looked for beside a policy.
pub const FILE_NAME: &str = "leakgate.test.yml";

/// A file of more bytes than this is rejected.
pub const LARGEST: u64 = 1 << 20;

/// Where the schema of the newest release is found, and its `$id`.
pub const SCHEMA_URL: &str =
    "https://raw.githubusercontent.com/leakgate/leakgate/main/schema/policy-test.v1.json";

/// One case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its line in the file, 1-based.
    pub line: u32,
    /// Unique in the file.
    pub name: String,
    /// What the suite is called; `None` for the path of the last after profile.
    pub suite: Option<String>,
    /// Taken first.
    pub before: PathBuf,
    /// Taken after it, oldest first; at least one.
    pub afters: Vec<PathBuf>,
    /// Go's own leak profile, taken with the last of them.
    pub proven: Option<PathBuf>,
    /// The day by which exceptions expire, UTC; `None` for the day that it is.
    pub today: Option<Date>,
    /// Whether the policy holds.
    pub passes: bool,
    /// All that is found, but for what the built-in list covers; `None` where that is not asked.
    pub findings: Option<Vec<Expected>>,
}

/// What must be true of one finding: all that is given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expected {
    /// Its line in the file, 1-based.
    pub line: u32,
    /// The name of its rule.
    pub rule: Option<String>,
    /// The entry function.
    pub root: Option<Pattern>,
    /// The innermost function that is neither runtime nor standard library.
    pub home: Option<Pattern>,
    /// What it waits for.
    pub state: Option<String>,
    /// What the rule adds up: a root, a state, a test, a package or the value of a label.
    pub key: Option<String>,
    /// Goroutines after.
    pub count: Option<i64>,
    /// `open`, `allowed` or `expired`.
    pub disposition: Option<&'static str>,
}

/// Reads a file of cases. `path` names it in messages, and its folder is where the paths in it begin.
///
/// # Errors
/// All that is not understood, each with its line and column.
pub fn parse(path: &Path, text: &str) -> Result<Vec<Case>, PolicyErrors> {
    parse::cases(path, text)
}

/// The JSON Schema of a file of cases, of draft 2020-12.
pub fn schema() -> Value {
    policy::schema_of::<parse::RawFile>(SCHEMA_URL)
}
