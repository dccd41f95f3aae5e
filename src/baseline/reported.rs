//! What a baseline takes from a JSON report.
//!
//! Only the keys that it needs are read, so that reports of later versions stay readable.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Deserialize;

use super::About;

/// A JSON report, as far as a baseline needs it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// What was found and is not allowed by the policy, by id and suite; closures with one id, and
    /// several runs of one package, are one. The count is the most that one run had.
    pub findings: BTreeMap<(String, String), Reported>,
    /// The suites of the report: whether all of its tests ran without a failure, in each run that has it.
    pub suites: BTreeMap<String, bool>,
    /// Findings that the report had no room for.
    pub left_out: u64,
}

/// A finding of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// Goroutines after.
    pub count: i64,
    /// What it is about.
    pub about: About,
    /// Whether it counts: nothing covers it.
    pub is_open: bool,
    /// The id of the entry of the baseline that covers it, which is another one's where the code has
    /// moved; `None` where no entry does.
    pub accepted_as: Option<String>,
    /// The ids of its causes.
    pub causes: BTreeSet<String>,
}

/// Why a report cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// It is no JSON, or lacks what a report has.
    #[error("it is no JSON report of leakgate: {0}")]
    Json(#[from] serde_json::Error),
    /// It is of another version.
    #[error("it says `schema: {0}`, and this leakgate reads leakgate.report/1")]
    Schema(String),
    /// It was written before baselines were.
    #[error("it does not say which suites its findings are of: write it again with this leakgate")]
    Old,
}

#[derive(Deserialize)]
struct RawVersion {
    schema: String,
}

#[derive(Deserialize)]
struct RawReport {
    findings: Vec<RawFinding>,
    causes: Vec<RawCause>,
    suites: Vec<RawSuite>,
    #[serde(default)]
    unchecked: Vec<RawUnchecked>,
    left_out: RawLeftOut,
}

#[derive(Deserialize)]
struct RawFinding {
    id: String,
    suite: String,
    rule: String,
    per: String,
    key: String,
    after: i64,
    disposition: String,
    root: Option<RawPlace>,
    home: Option<RawPlace>,
    accepted_as: Option<String>,
}

#[derive(Deserialize)]
struct RawPlace {
    function: String,
}

#[derive(Deserialize)]
struct RawCause {
    id: String,
    suite: String,
    findings: Vec<String>,
}

#[derive(Deserialize)]
struct RawSuite {
    name: String,
    subject: Option<String>,
    whole: Option<bool>,
    shard: Option<String>,
}

#[derive(Deserialize)]
struct RawUnchecked {
    suite: String,
    shard: Option<String>,
}

#[derive(Deserialize)]
struct RawLeftOut {
    findings: u64,
}

impl Report {
    /// Reads the text of a JSON report.
    ///
    /// # Errors
    /// What is no report, or one of another version.
    pub fn parse(text: &[u8]) -> Result<Self, ReportError> {
        let version: RawVersion = serde_json::from_slice(text)?;
        if version.schema != "leakgate.report/1" {
            return Err(ReportError::Schema(version.schema));
        }
        let raw: RawReport = serde_json::from_slice(text)?;
        let mut subjects = HashMap::new();
        // Of several runs of a suite in one shard, any that is whole tells what is gone.
        let mut judged: BTreeMap<(String, Option<String>), bool> = BTreeMap::new();
        for suite in raw.suites {
            let (Some(subject), Some(whole)) = (suite.subject, suite.whole) else {
                return Err(ReportError::Old);
            };
            let in_shard = (subject.clone(), suite.shard);
            *judged.entry(in_shard).or_default() |= whole;
            subjects.insert(suite.name, subject);
        }
        for one in raw.unchecked {
            let subject = subjects.get(&one.suite).cloned();
            let subject =
                subject.unwrap_or_else(|| without_shard(&one.suite, one.shard.as_deref()));
            judged.entry((subject, one.shard)).or_default();
        }
        let mut causes: HashMap<(&str, &str), BTreeSet<String>> = HashMap::new();
        for cause in &raw.causes {
            for finding in &cause.findings {
                let of_finding = causes.entry((&cause.suite, finding)).or_default();
                of_finding.insert(cause.id.clone());
            }
        }
        // What one run of a suite has of an id, all of its findings together.
        let mut runs: BTreeMap<(String, String), Reported> = BTreeMap::new();
        for raw in raw.findings {
            let causes = causes.get(&(&*raw.suite, &*raw.id));
            let causes = causes.cloned().unwrap_or_default();
            let key = (raw.id.clone(), raw.suite.clone());
            let one = Reported::new(raw, causes);
            // What the policy allows needs no entry.
            if !one.is_open && one.accepted_as.is_none() {
                continue;
            }
            match runs.get_mut(&key) {
                Some(known) => {
                    known.count = known.count.saturating_add(one.count);
                    known.is_open |= one.is_open;
                    known.accepted_as = known.accepted_as.take().or(one.accepted_as);
                    known.causes.extend(one.causes);
                }
                None => drop(runs.insert(key, one)),
            }
        }
        let mut report = Self {
            left_out: raw.left_out.findings,
            ..Self::default()
        };
        for ((suite, _), whole) in judged {
            report.add_suite(suite, whole);
        }
        for ((id, suite), one) in runs {
            let subject = subjects.get(&suite).cloned().unwrap_or(suite);
            report.add((id, subject), one);
        }
        Ok(report)
    }

    /// Puts reports together, of runs of the same code: of each finding the most that one of them
    /// has, as leaks come and go.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        for (key, finding) in other.findings {
            self.add(key, finding);
        }
        for (suite, whole) in other.suites {
            self.add_suite(suite, whole);
        }
        self.left_out += other.left_out;
        self
    }

    /// Whether a suite was judged with all of its tests, wherever it ran: then what it has no finding of is
    /// gone.
    pub fn is_judged(&self, suite: &str) -> bool {
        self.suites.get(suite).is_some_and(|whole| *whole)
    }

    fn add_suite(&mut self, suite: String, whole: bool) {
        *self.suites.entry(suite).or_insert(true) &= whole;
    }

    fn add(&mut self, key: (String, String), mut finding: Reported) {
        if let Some(known) = self.findings.get(&key) {
            let most = if known.count > finding.count {
                known.clone()
            } else {
                finding.clone()
            };
            finding = Reported {
                is_open: known.is_open || finding.is_open,
                accepted_as: known.accepted_as.clone().or(finding.accepted_as),
                causes: known.causes.union(&finding.causes).cloned().collect(),
                ..most
            };
        }
        self.findings.insert(key, finding);
    }
}

/// Input: `example.com/shop (linux)` and `linux`
/// Output: `example.com/shop`
fn without_shard(suite: &str, shard: Option<&str>) -> String {
    let subject = shard.and_then(|shard| suite.strip_suffix(&format!(" ({shard})")));
    subject.unwrap_or(suite).to_owned()
}

impl Reported {
    fn new(raw: RawFinding, causes: BTreeSet<String>) -> Self {
        let name = |place: Option<RawPlace>| place.map(|place| place.function);
        Self {
            count: raw.after,
            about: if raw.per == "stack" {
                About::Stack {
                    root: name(raw.root),
                    home: name(raw.home),
                }
            } else {
                About::Sum {
                    rule: raw.rule,
                    key: Some(raw.key).filter(|key| !key.is_empty()),
                }
            },
            is_open: matches!(&*raw.disposition, "open" | "expired"),
            accepted_as: raw.accepted_as,
            causes,
        }
    }
}
