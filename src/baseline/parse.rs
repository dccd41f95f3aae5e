//! From the text of a baseline file to a [`Baseline`].

use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{About, Baseline, Entry, LARGEST, Repeated, resolve};
use crate::policy::{PolicyError, Reader, is_reason, read};

/// What leaks already and is accepted. `leakgate accept` writes this file; reasons, dates and owners
/// may be edited.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a baseline: version, accepted")]
#[schemars(title = "leakgate baseline, version 1")]
pub(super) struct RawBaseline {
    /// The version of this format.
    #[schemars(extend("const" = 1))]
    version: u64,
    /// In the order of their ids, then of their suites.
    accepted: Vec<RawEntry>,
}

/// Goroutines of one finding that are accepted in one suite.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "an entry: stack or sum, suite, max, root, home, rule, key, expires, reason, owner"
)]
#[schemars(extend("oneOf" = [{ "required": ["stack"] }, { "required": ["sum", "rule"] }]))]
struct RawEntry {
    /// The id of one stack, as reports give it.
    #[schemars(regex(pattern = r"^[0-9a-f]{12}$"))]
    stack: Option<String>,
    /// The id of what a rule adds up, as reports give it.
    #[schemars(regex(pattern = r"^[0-9a-f]{12}$"))]
    sum: Option<String>,
    /// The suite: the import path of the package whose tests ran, or the name that its files give.
    suite: String,
    /// How many goroutines are accepted; with one more, none is.
    #[schemars(range(min = 1))]
    max: i64,
    /// The entry function of the stack.
    root: Option<String>,
    /// The innermost function of the stack that is neither runtime nor standard library.
    home: Option<String>,
    /// The rule that adds up.
    rule: Option<String>,
    /// What the rule adds up: a state, a root, a package, a test or the value of a label.
    key: Option<String>,
    /// The last day it holds (UTC), as in 2027-03-31.
    #[schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), extend("format" = "date"))]
    expires: String,
    /// Why they are accepted.
    #[schemars(extend("not" = { "pattern": r"^\s*(\.\.\.)?\s*$" }))]
    reason: String,
    /// Who answers for it.
    owner: Option<String>,
}

/// See [`Baseline::parse`].
pub(super) fn baseline(path: &Path, text: &str) -> Result<Baseline, PolicyError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let name = path.display().to_string();
    if let Some((index, line)) = resolve::first_marker(text) {
        let line_number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        return Err(PolicyError {
            path: name,
            line: line_number,
            column: 1,
            message: "git could not merge this file: run `leakgate accept --resolve`, which keeps the smaller max".to_owned(),
            text: line.chars().take(200).collect(),
        });
    }
    read(name.clone(), text, LARGEST, |reader, raw: RawBaseline| {
        if raw.version != 1 {
            let message = format!(
                "version {} is not known; this leakgate reads version 1",
                raw.version
            );
            return Err(reader.error("version", message));
        }
        let mut baseline = Baseline {
            name: name.clone(),
            head: head(text),
            ..Baseline::default()
        };
        for (index, raw) in raw.accepted.into_iter().enumerate() {
            let entry = entry(reader, &format!("accepted[{index}]"), raw)?;
            add(&mut baseline, entry);
        }
        Ok(baseline)
    })
}

/// The comments at the top of a text.
fn head(text: &str) -> String {
    let comments = text.lines().take_while(|line| line.starts_with('#'));
    comments.flat_map(|line| [line, "\n"]).collect()
}

/// Adds an entry. Of two with one id and suite the stricter counts.
fn add(baseline: &mut Baseline, entry: Entry) {
    let Some(known) = baseline.find(&entry.id, &entry.suite) else {
        baseline.insert(entry);
        return;
    };
    let repeated = Repeated {
        line: entry.line,
        earlier: known.line,
    };
    if (entry.max, entry.expires) < (known.max, known.expires) {
        baseline.insert(entry);
    }
    baseline.repeated.push(repeated);
}

fn entry(reader: &Reader, path: &str, raw: RawEntry) -> Result<Entry, PolicyError> {
    let error =
        |key: &str, message: &str| Err(reader.error(&format!("{path}.{key}"), message.to_owned()));
    let (id, about) = match (raw.stack, raw.sum) {
        (Some(stack), None) => {
            if raw.rule.is_some() || raw.key.is_some() {
                return error("rule", "`rule` and `key` are for an entry with `sum`");
            }
            reader.id(&format!("{path}.stack"), &stack)?;
            let (root, home) = (raw.root, raw.home);
            (stack, About::Stack { root, home })
        }
        (None, Some(sum)) => {
            if raw.root.is_some() || raw.home.is_some() {
                return error("root", "`root` and `home` are for an entry with `stack`");
            }
            reader.id(&format!("{path}.sum"), &sum)?;
            let Some(rule) = raw.rule else {
                return error("sum", "an entry with `sum` needs its `rule`");
            };
            (sum, About::Sum { rule, key: raw.key })
        }
        _ => return error("", "an entry needs either `stack` or `sum`"),
    };
    if raw.max < 1 {
        return error(
            "max",
            "`max` is how many goroutines are accepted: at least 1",
        );
    }
    if raw.suite.is_empty() {
        return error("suite", "the suite is empty");
    }
    if !is_reason(&raw.reason) {
        return error("reason", "an entry needs a reason");
    }
    Ok(Entry {
        line: reader.line(path),
        id,
        suite: raw.suite,
        max: raw.max,
        about,
        expires: reader.day(&format!("{path}.expires"), &raw.expires)?,
        reason: raw.reason,
        owner: raw.owner,
    })
}
