//! Reading a YAML file with all of its errors: each with its line, a caret and the nearest valid
//! name.

use std::path::Path;

use jiff::civil::Date;
use serde::de::DeserializeOwned;

use super::error::{File, PolicyErrors, nearest};
use super::hidden::hidden;
use super::tree::{Entry, Node, Position, Value};
use super::typed::{self, missing};

/// Reads a YAML file of at most `largest` bytes: `R` is what the user wrote, key for key, and
/// `resolve` turns it into what leakgate uses, or notes in the reader what is wrong. `path` only
/// names it in messages.
///
/// # Errors
/// All that is not understood, with its line and column.
pub(crate) fn read<R: DeserializeOwned, T>(
    path: &Path,
    text: &str,
    largest: u64,
    resolve: impl FnOnce(&mut Reader, R) -> Option<T>,
) -> Result<T, PolicyErrors> {
    // Some editors put a byte order mark in front, which says nothing in UTF-8.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let path = path.display().to_string();
    let file = File { path, text };
    if text.len() as u64 > largest {
        let message = format!("larger than {largest} bytes");
        return Err(file.error(Position::START, message).into());
    }
    if let Some((position, message)) = hidden(text) {
        return Err(file.error(position, message.to_owned()).into());
    }
    let (root, mut refused) = Node::read(text);
    let raw = root.as_ref().and_then(|root| {
        let (raw, misfits) = typed::read(root);
        refused.extend(misfits);
        raw
    });
    let root = root.unwrap_or_default();
    let mut errors = PolicyErrors::default();
    for one in refused {
        errors.note(|| file.error(one.position, one.message));
    }
    let mut reader = Reader {
        errors,
        file,
        root: &root,
        is_builtin: false,
    };
    let value = raw.and_then(|raw| resolve(&mut reader, raw));
    match value {
        Some(value) if reader.errors.errors.is_empty() => Ok(value),
        _ => Err(reader.errors.sorted()),
    }
}

/// Turns what the user wrote into what leakgate uses, and notes what is wrong with it.
///
/// Its methods give `None` for what is wrong: it is noted already, and the rest can be read.
pub(crate) struct Reader<'t> {
    file: File<'t>,
    root: &'t Node,
    errors: PolicyErrors,
    pub(super) is_builtin: bool,
}

impl<'t> Reader<'t> {
    /// Reads what is no YAML file any more, so that nothing in it has a place.
    pub(super) fn without_file(name: &str, root: &'t Node) -> Self {
        let path = name.to_owned();
        Self {
            file: File { path, text: "" },
            root,
            errors: PolicyErrors::default(),
            is_builtin: true,
        }
    }

    /// The name of the file, as it was given.
    pub(crate) fn name(&self) -> String {
        self.file.path.clone()
    }

    /// What was noted; at least one if anything gave `None`.
    pub(super) fn errors(self) -> PolicyErrors {
        self.errors
    }

    /// The paths of the items of a list that could be read, in their order: `rules[0]`, `rules[2]`.
    pub(crate) fn paths(&self, list: &str, count: usize) -> Vec<String> {
        let items = match self.root.get(list).map(|(_, node)| &node.value) {
            Some(Value::List(items)) => items.iter().map(|item| !item.is_wrong.get()).collect(),
            _ => vec![true; count],
        };
        let readable = items.into_iter().enumerate();
        let readable = readable.filter(|(_, readable)| *readable);
        readable
            .map(|(index, _)| format!("{list}[{index}]"))
            .collect()
    }

    /// A key that must be there.
    pub(crate) fn required<T>(&mut self, path: &str, key: &str, value: Option<T>) -> Option<T> {
        self.required_or(path, key, value, &missing(key))
    }

    /// The same, with what is said where it is missing.
    pub(super) fn required_or<T>(
        &mut self,
        path: &str,
        key: &str,
        value: Option<T>,
        message: &str,
    ) -> Option<T> {
        if value.is_none() && !self.is_known_wrong(&format!("{path}.{key}")) {
            return if self.is_misspelt(path, key) {
                None
            } else {
                self.wrong(path, message.to_owned())
            };
        }
        value
    }

    /// Whether an error was noted for a key that was to be this one.
    fn is_misspelt(&self, path: &str, key: &str) -> bool {
        let Some((_, node)) = self.root.get(path) else {
            return false;
        };
        let Value::Map(entries) = &node.value else {
            return false;
        };
        let is_it = |entry: &Entry| nearest(&entry.key, &[key]).is_some();
        let mut wrong = entries.iter().filter(|entry| entry.node.is_wrong.get());
        wrong.any(is_it)
    }

    /// Whether an error was noted for a key or for one directly below it.
    pub(crate) fn is_known_wrong(&self, path: &str) -> bool {
        self.root.get(path).is_some_and(|(_, node)| {
            let has_wrong = match &node.value {
                Value::Map(entries) => entries.iter().any(|entry| entry.node.is_wrong.get()),
                Value::List(items) => items.iter().any(|item| item.is_wrong.get()),
                Value::Text { .. } => false,
            };
            has_wrong || node.is_wrong.get()
        })
    }

    /// Reads a day that a key holds.
    pub(crate) fn day(&mut self, path: &str, text: &str) -> Option<Date> {
        let day = Some(text).filter(|text| text.len() == "2027-03-31".len());
        let day = day.and_then(|text| text.parse().ok());
        if day.is_none() {
            let message = format!("`{text}` is not a date: write it as 2027-03-31");
            return self.wrong(path, message);
        }
        day
    }

    /// Reads the id of a stack, or of a sum, that a key holds.
    pub(crate) fn id(&mut self, path: &str, id: &str) -> Option<()> {
        if is_id(id) {
            return Some(());
        }
        let what = path.rsplit('.').next().unwrap_or_default();
        let message =
            format!("`{id}` is no id of a {what}: twelve hex digits, copied from a report");
        self.wrong(path, message)
    }

    /// The line of a key or list item, 1-based.
    pub(crate) fn line(&self, path: &str) -> u32 {
        self.root.find(path).line
    }

    /// The line of a key or list item, if it is there.
    pub(super) fn line_of(&self, path: &str) -> Option<u32> {
        self.root.get(path).map(|(position, _)| position.line)
    }

    /// Notes something wrong with a key or list item, as in `rules[0].match.root`.
    pub(crate) fn wrong<T>(&mut self, path: &str, message: String) -> Option<T> {
        let (file, position) = (&self.file, self.root.find(path));
        self.errors.note(|| file.error(position, message));
        None
    }
}

/// Whether a text can be the id of a stack, of a sum or of a cause.
pub fn is_id(text: &str) -> bool {
    let is_hex = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == 12 && text.bytes().all(is_hex)
}

/// Whether a text says why: what an offered entry has in its place does not.
pub fn is_reason(text: &str) -> bool {
    !["", "..."].contains(&text.trim())
}
