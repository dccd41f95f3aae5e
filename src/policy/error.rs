//! Errors of a policy file: the line, a caret under the place, and the nearest valid name.

use std::fmt;

use super::tree::Position;

/// Something in a policy file that cannot be understood.
///
/// Shown as `leakgate.yml:4:7: unknown key ...`, then the line itself with a caret under the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    /// The file, as it was given.
    pub path: String,
    /// 1-based.
    pub line: u32,
    /// 1-based, in characters.
    pub column: u32,
    /// What is wrong, and the nearest valid name where there is one.
    pub message: String,
    /// The line it is in.
    pub text: String,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            line,
            column,
            message,
            text,
        } = self;
        let number = line.to_string();
        let margin = " ".repeat(number.len());
        // Tabs stay tabs, so that the caret is where the terminal puts the character.
        let before: String = text
            .chars()
            .take(*column as usize - 1)
            .map(|c| if c == '\t' { c } else { ' ' })
            .collect();
        write!(
            f,
            "{path}:{line}:{column}: {message}\n{margin} |\n{number} | {text}\n{margin} | {before}^"
        )
    }
}

impl std::error::Error for PolicyError {}

/// All that cannot be understood in a policy file, by line.
///
/// Shown one below the other. Behind broken YAML nothing is read, and nothing is known to be wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyErrors {
    /// At least one, and at most [`MOST_ERRORS`].
    pub errors: Vec<PolicyError>,
    /// Whether there may be more.
    pub is_cut: bool,
}

/// Nobody mends more errors than these before the next look.
pub const MOST_ERRORS: usize = 100;

impl PolicyErrors {
    /// Notes one more; what it says is asked only while there is room for it.
    pub(super) fn note(&mut self, error: impl FnOnce() -> PolicyError) {
        if self.errors.len() < MOST_ERRORS {
            self.errors.push(error());
        }
        self.is_cut |= self.errors.len() == MOST_ERRORS;
    }

    /// In the order of the file, each once.
    pub(super) fn sorted(mut self) -> Self {
        self.errors.sort_by_key(|error| (error.line, error.column));
        self.errors.dedup();
        self
    }
}

impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors: Vec<String> = self.errors.iter().map(ToString::to_string).collect();
        f.write_str(&errors.join("\n"))?;
        if self.is_cut {
            f.write_str("\nthere may be more errors: mend these first")?;
        }
        Ok(())
    }
}

impl std::error::Error for PolicyErrors {}

impl From<PolicyError> for PolicyErrors {
    fn from(error: PolicyError) -> Self {
        let errors = vec![error];
        Self {
            errors,
            is_cut: false,
        }
    }
}

/// A policy file, to say where in it something is wrong.
pub(super) struct File<'t> {
    pub(super) path: String,
    pub(super) text: &'t str,
}

impl File<'_> {
    pub(super) fn error(&self, position: Position, message: String) -> PolicyError {
        let text = self
            .text
            .lines()
            .nth(position.line as usize - 1)
            .unwrap_or_default();
        // A long line would hide its own caret.
        let text = text.chars().take(200).collect();
        PolicyError {
            path: self.path.clone(),
            line: position.line,
            column: position.column,
            message,
            text,
        }
    }
}

/// "unknown key `limt`: did you mean `limit`? Known are ..."
pub(super) fn unknown(what: &str, given: &str, known: &[&str]) -> String {
    let known: Vec<&str> = known
        .iter()
        .copied()
        .filter(|word| !NOT_SUGGESTED.contains(word))
        .collect();
    let near = nearest(given, &known)
        .map(|near| format!(": did you mean `{near}`?"))
        .unwrap_or_default();
    let separator = if near.is_empty() { ";" } else { "" };
    format!(
        "unknown {what} `{given}`{near}{separator} known are {}",
        known.join(", ")
    )
}

/// Keys that are understood only to be rejected with a reason, so they are not suggested.
pub(super) const NOT_SUGGESTED: [&str; 6] = [
    "builtin-version",
    "rising",
    "slope",
    "percent-over-history",
    "window",
    "min-samples",
];

/// The known word that a slip of the finger turns into `given`, if one is near enough.
pub(crate) fn nearest<'k>(given: &str, known: &[&'k str]) -> Option<&'k str> {
    let distance =
        |word: &str| strsim::damerau_levenshtein(&given.to_lowercase(), &word.to_lowercase());
    known
        .iter()
        .copied()
        .min_by_key(|word| distance(word))
        .filter(|word| distance(word) * 2 <= word.len().max(3))
}
