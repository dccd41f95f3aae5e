//! The policy as a user writes it, key for key.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// What `per` can be, beside a label.
pub(super) const PER_WORDS: [&str; 6] = ["stack", "root", "state", "test", "package", "total"];

#[derive(Debug, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a policy: version, defaults, rules, allow, builtin-allow, gate-failed-tests"
)]
pub(super) struct Policy {
    pub(super) version: u64,
    #[serde(default)]
    pub(super) defaults: Defaults,
    #[serde(default)]
    pub(super) rules: Vec<Rule>,
    #[serde(default)]
    pub(super) allow: Vec<Allow>,
    #[serde(rename = "builtin-allow", default = "yes")]
    pub(super) builtin_allow: bool,
    #[serde(rename = "gate-failed-tests", default)]
    pub(super) gate_failed_tests: bool,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "severity and limit")]
pub(super) struct Defaults {
    pub(super) severity: Option<Severity>,
    pub(super) limit: Option<Limit>,
}

#[derive(Debug, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a rule: name, match, per, limit, severity, message"
)]
pub(super) struct Rule {
    pub(super) name: String,
    #[serde(rename = "match", default)]
    pub(super) matcher: Match,
    pub(super) per: Option<Per>,
    pub(super) limit: Option<Limit>,
    pub(super) severity: Option<Severity>,
    pub(super) message: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "an exception: match, max, reason, expires, owner"
)]
pub(super) struct Allow {
    #[serde(rename = "match")]
    pub(super) matcher: Match,
    pub(super) max: i64,
    pub(super) reason: String,
    pub(super) expires: String,
    pub(super) owner: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "what to match: root, home, any, state, test, package, label, proven"
)]
pub(super) struct Match {
    pub(super) root: Option<String>,
    pub(super) home: Option<String>,
    pub(super) any: Option<String>,
    pub(super) state: Option<String>,
    pub(super) test: Option<String>,
    pub(super) package: Option<String>,
    #[serde(default)]
    pub(super) label: BTreeMap<String, String>,
    pub(super) proven: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a limit: growth, percent, count")]
pub(super) struct Limit {
    pub(super) count: Option<i64>,
    pub(super) growth: Option<i64>,
    pub(super) percent: Option<i64>,
    // Understood, so that the message is no riddle, and refused: see `parse`.
    pub(super) rising: Option<serde_yaml::Value>,
    pub(super) slope: Option<serde_yaml::Value>,
    #[serde(rename = "percent-over-history")]
    pub(super) percent_over_history: Option<serde_yaml::Value>,
    pub(super) window: Option<serde_yaml::Value>,
    #[serde(rename = "min-samples")]
    pub(super) min_samples: Option<serde_yaml::Value>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    Error,
    Warning,
}

/// `stack`, or `{ label: handler }`.
#[derive(Debug)]
pub(super) enum Per {
    Word(String),
    Label(String),
}

impl<'de> Deserialize<'de> for Per {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PerVisitor)
    }
}

struct PerVisitor;

impl<'de> Visitor<'de> for PerVisitor {
    type Value = Per;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} or {{ label: KEY }}", PER_WORDS.join(", "))
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Per, E> {
        Ok(Per::Word(word.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Per, A::Error> {
        let mut label = None;
        while let Some(key) = map.next_key::<String>()? {
            if key != "label" {
                return Err(de::Error::unknown_field(&key, &["label"]));
            }
            label = Some(map.next_value()?);
        }
        label
            .map(Per::Label)
            .ok_or_else(|| de::Error::missing_field("label"))
    }
}
