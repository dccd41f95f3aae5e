//! From a [`Baseline`] to the text of its file.

use std::fmt::Write as _;

use super::{About, Baseline, Entry};
use crate::escape;

/// See [`Baseline::text`].
pub(super) fn text(baseline: &Baseline) -> String {
    let mut out = baseline.head.clone() + "version: 1\naccepted:";
    if baseline.entries.is_empty() {
        out.push_str(" []");
    }
    out.push('\n');
    for entry in &baseline.entries {
        block(&mut out, entry);
    }
    out
}

/// The lines of an entry. `max`, which changes most, stands between lines that differ from block to
/// block: so git can merge changes of neighbours.
fn block(out: &mut String, entry: &Entry) {
    let id = match entry.about {
        About::Stack { .. } => "stack",
        About::Sum { .. } => "sum",
    };
    let _ = writeln!(out, "  - {id}: {}", scalar(&entry.id));
    let mut line = |key: &str, value: &str| {
        let _ = writeln!(out, "    {key}: {value}");
    };
    line("suite", &scalar(&entry.suite));
    line("max", &entry.max.to_string());
    let names = match &entry.about {
        About::Stack { root, home } => [("root", root.as_ref()), ("home", home.as_ref())],
        About::Sum { rule, key } => [("rule", Some(rule)), ("key", key.as_ref())],
    };
    for (key, name) in names {
        if let Some(name) = name {
            line(key, &scalar(name));
        }
    }
    line("expires", &entry.expires.to_string());
    line("reason", &scalar(&entry.reason));
    if let Some(owner) = &entry.owner {
        line("owner", &scalar(owner));
    }
}

/// A text as a value: as it is where every reader of YAML takes that for the same text, or else in
/// double quotes.
fn scalar(text: &str) -> String {
    let is_word = |one: char| one.is_ascii_alphanumeric() || " _./()[]*-+~@%,'$#!".contains(one);
    let begins = text.starts_with(|one: char| one.is_ascii_alphanumeric() || "_./(".contains(one));
    // A number, a truth value or a date may be no text to a reader.
    let is_name = text.contains(|one: char| one.is_ascii_alphabetic())
        && !text.starts_with(['.', '+'])
        && !is_number(text)
        && !["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
            .contains(&&*text.to_ascii_lowercase());
    let is_plain = begins && is_name && !text.ends_with(' ') && !text.contains(" #");
    if is_plain && text.chars().all(is_word) {
        return text.to_owned();
    }
    let quoted = serde_json::Value::from(text).to_string();
    let characters = quoted.chars().map(|one| match one {
        unseen if escape::is_unseen(unseen) || unseen.is_control() => {
            format!("\\U{:08x}", u32::from(unseen))
        }
        seen => seen.to_string(),
    });
    characters.collect()
}

/// Whether some reader of YAML takes a text for a number: `12e4`, `0x1f`, `1_000`.
fn is_number(text: &str) -> bool {
    let digits = text.replace('_', "");
    let is_of = |prefix: &str, radix: u32| {
        let rest = digits.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.chars().all(|one| one.is_digit(radix)))
    };
    digits.parse::<f64>().is_ok() || is_of("0x", 16) || is_of("0o", 8) || is_of("0b", 2)
}
