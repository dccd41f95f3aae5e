//! From the text of a file to its cases.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Case, Expected, LARGEST};
use crate::policy::{Names, Pattern, PolicyErrors, Reader, read};
use crate::state;

/// Cases that a policy must pass.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "cases: version, cases")]
#[schemars(title = "leakgate policy test, version 1")]
pub(super) struct RawFile {
    /// The version of this format.
    #[schemars(required, extend("const" = 1))]
    version: Option<u64>,
    /// Each is judged by itself.
    #[schemars(required, extend("minItems" = 1))]
    cases: Option<Vec<RawCase>>,
}

/// Profiles, and what must be found in them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a case: name, suite, before, after, proven, today, pass, findings"
)]
struct RawCase {
    /// What it shows; each name once.
    #[schemars(required, regex(pattern = r"\S"))]
    name: Option<String>,
    /// What the suite is called, for a policy that matches suites: the import path of a package.
    suite: Option<String>,
    /// The profile from before, as a path from the folder of this file.
    #[schemars(required, extend("minLength" = 1))]
    before: Option<String>,
    /// The profile from after, or several, oldest first, of which the last is judged.
    #[schemars(with = "Names")]
    after: Option<Names>,
    /// Go's own leak profile, taken together with the last profile from after.
    #[schemars(extend("minLength" = 1))]
    proven: Option<String>,
    /// The day (UTC) by which exceptions expire, as in 2027-03-31. Without this, today.
    #[schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), extend("format" = "date"))]
    today: Option<String>,
    /// Whether the policy holds.
    #[schemars(required)]
    pass: Option<bool>,
    /// All that must be found, but for what the built-in list covers. Without this, anything may be.
    findings: Option<Vec<RawFinding>>,
}

/// What must be true of one finding; at least one key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a finding: rule, root, home, state, key, count, disposition"
)]
#[schemars(extend("minProperties" = 1))]
struct RawFinding {
    /// The name of its rule; `default` for what no rule matches.
    rule: Option<String>,
    /// Pattern of the entry function.
    root: Option<String>,
    /// Pattern of the innermost function that is neither runtime nor standard library.
    home: Option<String>,
    /// What the goroutines wait for, in the words of Go's goroutine dumps.
    #[schemars(extend("enum" = state::all_states()))]
    state: Option<String>,
    /// Which of what a rule adds up: a root, a state, a test, a package or the value of a label.
    key: Option<String>,
    /// Goroutines after.
    #[schemars(range(min = 0))]
    count: Option<i64>,
    /// Whether it counts. `open` also where an exception matches and is exceeded.
    disposition: Option<Disposition>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Disposition {
    /// Nothing covers it.
    Open,
    /// An exception of the policy covers it.
    Allowed,
    /// An exception that has expired would cover it.
    Expired,
}

/// See [`super::parse`].
pub(super) fn cases(path: &Path, text: &str) -> Result<Vec<Case>, PolicyErrors> {
    let folder = path.parent().unwrap_or(Path::new(""));
    read(path, text, LARGEST, |reader, raw: RawFile| {
        let version = reader.version(raw.version);
        let raw = reader.required("", "cases", raw.cases)?;
        if raw.is_empty() && !reader.is_known_wrong("cases") {
            return reader.wrong("cases", "there is no case, so nothing is tested".to_owned());
        }
        let mut names: Vec<String> = Vec::new();
        let mut cases = Vec::new();
        for (path, raw) in reader.paths("cases", raw.len()).iter().zip(raw) {
            let name = raw.name.clone();
            cases.push(case(reader, folder, path, raw));
            let Some(name) = name else { continue };
            if names.contains(&name) {
                let message = format!("an earlier case has the name `{name}`");
                cases.push(reader.wrong(&format!("{path}.name"), message));
            }
            names.push(name);
        }
        version?;
        cases.into_iter().collect()
    })
}

fn case(reader: &mut Reader, folder: &Path, path: &str, raw: RawCase) -> Option<Case> {
    let of = |key: &str| format!("{path}.{key}");
    let name = match reader.required(path, "name", raw.name) {
        Some(name) if name.trim().is_empty() => {
            reader.wrong(&of("name"), "the name is empty".to_owned())
        }
        name => name,
    };
    let before = reader.required(path, "before", raw.before);
    let before = before.and_then(|before| file(reader, folder, &of("before"), &before));
    let afters = reader
        .required(path, "after", raw.after)
        .map(|after| after.0);
    let afters = match afters {
        Some(afters) if afters.is_empty() && !reader.is_known_wrong(&of("after")) => {
            reader.wrong(&of("after"), "there is no profile from after".to_owned())
        }
        Some(afters) => {
            let files = afters.iter();
            let files: Vec<_> = files
                .map(|after| file(reader, folder, &of("after"), after))
                .collect();
            files.into_iter().collect()
        }
        None => None,
    };
    let proven = match raw.proven {
        Some(proven) => file(reader, folder, &of("proven"), &proven).map(Some),
        None => Some(None),
    };
    let today = match raw.today {
        Some(day) => reader.day(&of("today"), &day).map(Some),
        None => Some(None),
    };
    let passes = reader.required(path, "pass", raw.pass);
    let findings = match raw.findings {
        Some(findings) => {
            let paths = reader.paths(&of("findings"), findings.len());
            let findings = paths.iter().zip(findings);
            let findings: Vec<_> = findings
                .map(|(path, raw)| expected(reader, path, raw))
                .collect();
            findings.into_iter().collect::<Option<Vec<_>>>().map(Some)
        }
        None => Some(None),
    };
    Some(Case {
        line: reader.line(path),
        name: name?,
        suite: raw.suite,
        before: before?,
        afters: afters?,
        proven: proven?,
        today: today?,
        passes: passes?,
        findings: findings?,
    })
}

/// A profile, by its path from the folder of the cases.
fn file(reader: &mut Reader, folder: &Path, key: &str, path: &str) -> Option<PathBuf> {
    if path.is_empty() {
        return reader.wrong(key, "the path is empty".to_owned());
    }
    Some(folder.join(path))
}

fn expected(reader: &mut Reader, path: &str, raw: RawFinding) -> Option<Expected> {
    let state = reader.state(&format!("{path}.state"), raw.state);
    let count = match raw.count {
        Some(..0) => reader.wrong(
            &format!("{path}.count"),
            "`count` cannot be below 0".to_owned(),
        ),
        _ => Some(()),
    };
    let pattern = |text: Option<String>| text.map(|text| Pattern::new(&text));
    let expected = Expected {
        rule: raw.rule,
        root: pattern(raw.root),
        home: pattern(raw.home),
        state: state?,
        key: raw.key,
        count: raw.count,
        disposition: raw.disposition.map(|disposition| match disposition {
            Disposition::Open => "open",
            Disposition::Allowed => "allowed",
            Disposition::Expired => "expired",
        }),
        ..Expected::default()
    };
    count?;
    if expected == Expected::default() && !reader.is_known_wrong(path) {
        let message = "an empty finding would be any: give its rule, root, home or state";
        return reader.wrong(path, message.to_owned());
    }
    Some(Expected {
        line: reader.line(path),
        ..expected
    })
}
