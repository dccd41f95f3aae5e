//! The findings and causes of a JSON report, by their ids.
//!
//! Only the keys that are needed here are read, so that reports of later versions stay readable.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Kind, Topic};
use crate::baseline::{self, ReportError};
use crate::plural::plural;
use crate::report::words::{base, name};
use crate::state;

/// A JSON report, as far as it can be explained.
#[derive(Debug)]
pub struct Reported {
    /// How commands name the file.
    file: String,
    raw: Raw,
}

#[derive(Debug, Deserialize)]
struct Raw {
    findings: Vec<Finding>,
    causes: Vec<Cause>,
}

#[derive(Debug, Deserialize)]
struct Finding {
    id: String,
    rule: String,
    rule_place: String,
    suite: String,
    disposition: String,
    per: String,
    key: String,
    before: i64,
    after: i64,
    allowed: i64,
    allowed_sum: String,
    state: Option<String>,
    cause: String,
    fix: String,
    root: Option<Place>,
    home: Option<Place>,
    tests: BTreeMap<String, i64>,
    stack: Vec<Place>,
    stack_elided: usize,
    reason: String,
    allow: Option<String>,
    again: Option<String>,
    cause_id: Option<String>,
    pattern: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Cause {
    id: String,
    suite: String,
    call: Call,
    sites: Vec<Place>,
    tests: BTreeMap<String, i64>,
    goroutines: i64,
    findings: Vec<String>,
    closers: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Call {
    kind: String,
    function: String,
    file: String,
    line: u32,
}

#[derive(Debug, Deserialize)]
struct Place {
    function: String,
    file: String,
    line: u32,
}

impl Reported {
    /// Reads the text of a JSON report; `file` is how commands name it.
    ///
    /// # Errors
    /// What is no report, or one of another version.
    pub fn parse(file: &str, text: &[u8]) -> Result<Self, ReportError> {
        baseline::check_version(text)?;
        Ok(Self {
            file: file.to_owned(),
            raw: serde_json::from_slice(text)?,
        })
    }

    pub(super) fn topics(&self) -> impl Iterator<Item = Topic> {
        let causes = self.raw.causes.iter().map(|cause| self.cause(cause));
        let findings = self.raw.findings.iter();
        causes.chain(findings.map(|finding| self.finding(finding)))
    }

    fn accept(&self, id: &str) -> String {
        let file = shlex::try_quote(&self.file);
        let file = file.as_deref().unwrap_or("REPORT.json");
        format!("leakgate accept {file} {id} --reason \"...\" --expires ...")
    }

    fn finding(&self, finding: &Finding) -> Topic {
        let what = match (&finding.home, &finding.root) {
            (Some(place), _) | (None, Some(place)) => base(&place.function).to_owned(),
            _ if finding.key.is_empty() => format!("all of {}", finding.rule),
            _ => finding.key.clone(),
        };
        let counts = format!(
            "before {}, after {}, allowed {} ({})",
            finding.before, finding.after, finding.allowed, finding.allowed_sum
        );
        let state = finding.state.iter().map(|state| {
            let explained = state::explained().into_iter();
            let means = explained
                .filter(|one| one.state == state)
                .map(|one| format!("it {}", one.means));
            let cause = Some(finding.cause.clone()).filter(|cause| !cause.is_empty());
            let says: Vec<String> = means.chain(cause).collect();
            ("state", format!("{state}: {}", says.join("; ")))
        });
        let places = [("home", &finding.home), ("root", &finding.root)];
        let places = places
            .into_iter()
            .filter_map(|(label, place)| Some((label, place.as_ref()?.says())));
        let more = Some(finding.stack_elided).filter(|more| *more > 0);
        let more = more.map(|more| ("", format!("and {}", plural(more as u64, "more frame"))));
        let stack = finding.stack.iter().enumerate();
        let stack = stack.map(|(at, place)| (if at == 0 { "stack" } else { "" }, place.says()));
        let is_open = ["open", "expired"].contains(&&*finding.disposition);
        let one = |label, text: &Option<String>| text.clone().map(|text| (label, text));
        let lines = [
            ("suite", finding.suite.clone()),
            ("rule", format!("{}, {}", finding.rule, finding.rule_place)),
            ("counts", counts),
            ("status", finding.disposition.clone()),
        ]
        .into_iter()
        .chain(tests(&finding.tests))
        .chain(state)
        .chain(one("pattern", &finding.pattern))
        .chain(places)
        .chain(stack)
        .chain(more)
        .chain(some("note", &finding.reason))
        .chain(some("fix", &finding.fix))
        .chain(one("cause", &finding.cause_id))
        .chain(one("allow", &finding.allow))
        .chain(is_open.then(|| ("accept", self.accept(&finding.id))))
        .chain(one("again", &finding.again));
        Topic {
            kind: Kind::Finding,
            name: finding.id.clone(),
            gist: format!(
                "{} in {}, per {}",
                name(&what),
                name(&finding.suite),
                finding.per
            ),
            lines: lines.collect(),
        }
    }

    fn cause(&self, cause: &Cause) -> Topic {
        let Call {
            kind,
            function,
            file,
            line,
        } = &cause.call;
        let sites = cause.sites.iter().map(|site| ("opened", site.says()));
        let closers = cause.closers.iter().map(|closer| ("fix", closer.clone()));
        let lines = [
            ("suite", cause.suite.clone()),
            (
                "started",
                format!("{kind} of {}  {file}:{line}", name(function)),
            ),
            ("left", plural(cause.goroutines, "goroutine")),
        ]
        .into_iter()
        .chain(sites)
        .chain(tests(&cause.tests))
        .chain(closers)
        .chain([
            ("findings", cause.findings.join(", ")),
            ("accept", self.accept(&cause.id)),
        ]);
        Topic {
            kind: Kind::Cause,
            name: cause.id.clone(),
            gist: format!("{} in {}", name(base(function)), name(&cause.suite)),
            lines: lines.collect(),
        }
    }
}

impl Place {
    fn says(&self) -> String {
        let function = name(&self.function);
        if self.file.is_empty() {
            return function.into_owned();
        }
        format!("{function}  {}:{}", name(&self.file), self.line)
    }
}

fn some(label: &'static str, text: &str) -> Option<(&'static str, String)> {
    (!text.is_empty()).then(|| (label, text.to_owned()))
}

fn tests(tests: &BTreeMap<String, i64>) -> Option<(&'static str, String)> {
    let tests = tests.iter();
    let tests: Vec<String> = tests
        .map(|(test, count)| format!("{} ({count})", name(test)))
        .collect();
    some("tests", &tests.join(", "))
}
