//! What is allowed: the rules, limits and exceptions that a diff is judged by.
//!
//! [`Policy`] is what judging uses. What the user wrote is read by [`Policy::parse`], which rejects
//! anything it does not understand: a policy with a misspelt key would allow more than its author
//! thinks.

mod builtin;
mod error;
mod exception;
mod hidden;
mod matcher;
mod parse;
mod pattern;
mod raw;
mod read;
mod review;
mod rule;
mod schema;
mod tree;
mod typed;

use std::path::Path;
use std::sync::Arc;

pub use builtin::builtin;
pub(crate) use error::nearest;
pub use error::{MOST_ERRORS, PolicyError, PolicyErrors};
pub use exception::{Exception, Max, Source};
pub use matcher::Matcher;
pub use pattern::Pattern;
pub(crate) use raw::Names;
pub(crate) use read::{Reader, read};
pub use read::{is_id, is_reason};
pub use review::{ExceptionFlaw, RuleFlaw, is_soon};
pub use rule::{Limit, Per, Rule, Severity};
pub(crate) use schema::schema_of;
pub use schema::{SCHEMA_URL, schema};

/// The file names that are looked for in a directory, and in `.github` for the last.
pub const FILE_NAMES: [&str; 3] = ["leakgate.yml", ".leakgate.yml", ".github/leakgate.yml"];

/// A policy file of more bytes than this is rejected: no team reads so many rules.
pub const LARGEST: u64 = 1 << 20;

/// A policy, ready for use.
#[derive(Debug, Clone)]
pub struct Policy {
    /// How messages name the file; `built-in policy` when there is none.
    pub name: String,
    /// In the order of the file.
    pub rules: Vec<Arc<Rule>>,
    /// Judges every stack that no rule matched.
    pub default_rule: Arc<Rule>,
    /// Those of the file in its order, then the built-in ones if they are in force.
    pub exceptions: Vec<Arc<Exception>>,
    /// Version of the built-in exceptions; `None` when they are switched off.
    pub builtin_version: Option<u32>,
    /// Whether findings count although the command of `leakgate run` failed.
    pub gate_failed_tests: bool,
}

impl Default for Policy {
    /// The policy without a file: no stack may grow, benign goroutines aside.
    fn default() -> Self {
        let builtin = builtin();
        Self {
            name: "built-in policy".into(),
            rules: Vec::new(),
            default_rule: Arc::new(Rule {
                name: "default".into(),
                line: None,
                matcher: Matcher::default(),
                per: Per::Stack,
                limit: Limit {
                    growth: Some(0),
                    ..Limit::default()
                },
                severity: Severity::Error,
                message: None,
            }),
            exceptions: builtin.exceptions.clone(),
            builtin_version: Some(builtin.version),
            gate_failed_tests: false,
        }
    }
}

impl Policy {
    /// Reads a policy file's text. `path` only names it in messages.
    ///
    /// # Errors
    /// All that is not understood, each with its line and column.
    pub fn parse(path: &Path, text: &str) -> Result<Self, PolicyErrors> {
        parse::policy(path, text)
    }
}
