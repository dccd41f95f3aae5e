//! From the text of a baseline file to a [`Baseline`].

use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{About, Baseline, Entry, LARGEST, Repeated, resolve};
use crate::policy::{PolicyError, PolicyErrors, Reader, is_reason, read};

/// What leaks already and is accepted. `leakgate accept` writes this file; reasons, dates and owners
/// may be edited.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a baseline: version, accepted")]
#[schemars(title = "leakgate baseline, version 1")]
pub(super) struct RawBaseline {
    /// The version of this format.
    #[schemars(required, extend("const" = 1))]
    version: Option<u64>,
    /// In the order of their ids, then of their suites.
    #[schemars(required)]
    accepted: Option<Vec<RawEntry>>,
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
    #[schemars(required)]
    suite: Option<String>,
    /// How many goroutines are accepted; with one more, none is.
    #[schemars(required, range(min = 1))]
    max: Option<i64>,
    /// The entry function of the stack.
    root: Option<String>,
    /// The innermost function of the stack that is neither runtime nor standard library.
    home: Option<String>,
    /// The rule that adds up.
    rule: Option<String>,
    /// What the rule adds up: a state, a root, a package, a test or the value of a label.
    key: Option<String>,
    /// The last day it holds (UTC), as in 2027-03-31.
    #[schemars(required, regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), extend("format" = "date"))]
    expires: Option<String>,
    /// Why they are accepted.
    #[schemars(required, extend("not" = { "pattern": r"^\s*(\.\.\.)?\s*$" }))]
    reason: Option<String>,
    /// Who answers for it.
    owner: Option<String>,
}

/// See [`Baseline::parse`].
pub(super) fn baseline(path: &Path, text: &str) -> Result<Baseline, PolicyErrors> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if let Some((index, line)) = resolve::first_marker(text) {
        let error = PolicyError {
            path: path.display().to_string(),
            line: u32::try_from(index + 1).unwrap_or(u32::MAX),
            column: 1,
            message: "git could not merge this file: run `leakgate accept --resolve`, which keeps the smaller max".to_owned(),
            text: line.chars().take(200).collect(),
        };
        return Err(error.into());
    }
    read(path, text, LARGEST, |reader, raw: RawBaseline| {
        let mut baseline = Baseline {
            name: reader.name(),
            head: head(text),
            ..Baseline::default()
        };
        let version = reader.version(raw.version);
        let accepted = reader.required("", "accepted", raw.accepted)?;
        let mut is_wrong = version.is_none();
        for (path, raw) in reader
            .paths("accepted", accepted.len())
            .iter()
            .zip(accepted)
        {
            match entry(reader, path, raw) {
                Some(entry) => add(&mut baseline, entry),
                None => is_wrong = true,
            }
        }
        (!is_wrong).then_some(baseline)
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

fn entry(reader: &mut Reader, path: &str, raw: RawEntry) -> Option<Entry> {
    let of = |key: &str| format!("{path}.{key}");
    let about = about(
        reader,
        path,
        [raw.stack, raw.sum, raw.root, raw.home, raw.rule, raw.key],
    );
    let max = match reader.required(path, "max", raw.max) {
        Some(..1) => {
            let message = "`max` is how many goroutines are accepted: at least 1".to_owned();
            reader.wrong(&of("max"), message)
        }
        max => max,
    };
    let suite = match reader.required(path, "suite", raw.suite) {
        Some(suite) if suite.is_empty() => {
            reader.wrong(&of("suite"), "the suite is empty".to_owned())
        }
        suite => suite,
    };
    let reason = match reader.required(path, "reason", raw.reason) {
        Some(reason) if !is_reason(&reason) => {
            reader.wrong(&of("reason"), "an entry needs a reason".to_owned())
        }
        reason => reason,
    };
    let expires = reader.required(path, "expires", raw.expires);
    let expires = expires.and_then(|day| reader.day(&of("expires"), &day));
    let (id, about) = about?;
    Some(Entry {
        line: reader.line(path),
        id,
        suite: suite?,
        max: max?,
        about,
        expires: expires?,
        reason: reason?,
        owner: raw.owner,
    })
}

/// The id of an entry, and what it accepts.
fn about(
    reader: &mut Reader,
    path: &str,
    [stack, sum, root, home, rule, key]: [Option<String>; 6],
) -> Option<(String, About)> {
    let of = |key: &str| format!("{path}.{key}");
    match (stack, sum) {
        (Some(stack), None) => {
            if rule.is_some() || key.is_some() {
                let message = "`rule` and `key` are for an entry with `sum`".to_owned();
                return reader.wrong(&of("rule"), message);
            }
            reader.id(&of("stack"), &stack)?;
            Some((stack, About::Stack { root, home }))
        }
        (None, Some(sum)) => {
            if root.is_some() || home.is_some() {
                let message = "`root` and `home` are for an entry with `stack`".to_owned();
                return reader.wrong(&of("root"), message);
            }
            reader.id(&of("sum"), &sum)?;
            if rule.is_none() && !reader.is_known_wrong(&of("rule")) {
                let message = "an entry with `sum` needs its `rule`".to_owned();
                return reader.wrong(&of("sum"), message);
            }
            Some((sum, About::Sum { rule: rule?, key }))
        }
        _ if ["stack", "sum"]
            .iter()
            .any(|key| reader.is_known_wrong(&of(key))) =>
        {
            None
        }
        _ => reader.wrong(path, "an entry needs either `stack` or `sum`".to_owned()),
    }
}
