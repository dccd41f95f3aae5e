//! The policy as a user writes it, key for key.
//!
//! The doc comments of these types are what an editor shows: the JSON Schema is made from them (see [`super::schema`]).
//! The bounds in `schemars` attributes repeat what [`super::parse`] checks; a test holds the two together.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::state;

/// What `per` can be, beside a label.
pub(super) const PER_WORDS: [&str; 6] = ["stack", "root", "state", "test", "package", "total"];

/// What leakgate allows. Without a file no stack may grow, apart from the built-in list of benign goroutines.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a policy: version, defaults, rules, allow, builtin-allow, gate-failed-tests"
)]
#[schemars(title = "leakgate policy, version 1")]
pub(super) struct Policy {
    /// The version of this format.
    #[schemars(extend("const" = 1))]
    pub(super) version: u64,
    /// What holds for stacks that no rule matches, and what rules leave out.
    #[serde(default)]
    pub(super) defaults: Defaults,
    /// For each stack the first rule that matches decides. Rules with another `per` are always judged, on sums.
    #[serde(default)]
    pub(super) rules: Vec<Rule>,
    /// Accepted exceptions. The first that matches and has not expired counts.
    #[serde(default)]
    pub(super) allow: Vec<Allow>,
    /// Whether the built-in list of benign goroutines is in force.
    #[serde(rename = "builtin-allow", default = "yes")]
    pub(super) builtin_allow: bool,
    /// Whether the findings of `leakgate run` count although its command failed.
    #[serde(rename = "gate-failed-tests", default)]
    pub(super) gate_failed_tests: bool,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "severity and limit")]
pub(super) struct Defaults {
    /// How grave a violation is, of a rule that does not say. Without this: error.
    pub(super) severity: Option<Severity>,
    /// How many goroutines a stack may have that no rule matches. Without this: growth 0.
    pub(super) limit: Option<Limit>,
}

/// One rule. With a `per` other than `stack` it needs a `limit`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a rule: name, match, per, limit, severity, message"
)]
#[schemars(extend(
    "if" = { "properties": { "per": { "not": { "const": "stack" } } }, "required": ["per"] },
    "then" = { "required": ["limit"] }
))]
pub(super) struct Rule {
    /// How reports name it; each name once, and not `default`.
    #[schemars(regex(pattern = r"\S"), extend("not" = { "const": "default" }))]
    pub(super) name: String,
    /// Which goroutines it is about. Without this: all.
    #[serde(rename = "match", default)]
    pub(super) matcher: Match,
    /// What is counted together. Without this: stack.
    pub(super) per: Option<Per>,
    /// How many goroutines there may be. A rule per stack takes it from `defaults` when it has none.
    pub(super) limit: Option<Limit>,
    /// How grave a violation is. Without this, as in `defaults`.
    pub(super) severity: Option<Severity>,
    /// The remedy, in the words of your team: reports show it.
    pub(super) message: Option<String>,
}

/// An accepted exception.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "an exception: match, max, reason, expires, owner"
)]
pub(super) struct Allow {
    /// Which goroutines are accepted; at least one key.
    #[serde(rename = "match")]
    #[schemars(extend("minProperties" = 1))]
    pub(super) matcher: Match,
    /// How many goroutines are accepted in one suite, over all stacks that match. With one more, none is covered.
    #[schemars(range(min = 1))]
    pub(super) max: i64,
    /// Why they are accepted.
    #[schemars(extend("not" = { "pattern": r"^\s*(\.\.\.)?\s*$" }))]
    pub(super) reason: String,
    /// The last day it holds (UTC), as in 2027-03-31.
    #[schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), extend("format" = "date"))]
    pub(super) expires: String,
    /// Who answers for it: reminders name them.
    pub(super) owner: Option<String>,
}

/// Selects goroutines; all keys that are given must hold. In a pattern `*` is any run of characters, `[...]` any type
/// arguments, and all else is literal; it matches whole names.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "what to match: stack, suite, root, home, any, state, test, package, label, proven"
)]
pub(super) struct Match {
    /// The id of one stack, as reports give it: state, user functions and root.
    #[schemars(regex(pattern = r"^[0-9a-f]{12}$"))]
    pub(super) stack: Option<String>,
    /// Pattern of the suite: the import path of the package whose tests ran, or the name that its files give.
    #[schemars(length(min = 1))]
    pub(super) suite: Option<String>,
    /// Pattern of the entry function; never matches a stack that Go cut off.
    #[schemars(length(min = 1))]
    pub(super) root: Option<String>,
    /// Pattern of the innermost function that is neither runtime nor standard library.
    #[schemars(length(min = 1))]
    pub(super) home: Option<String>,
    /// Pattern that any function of the stack matches.
    #[schemars(length(min = 1))]
    pub(super) any: Option<String>,
    /// What the goroutine waits for, in the words of Go's goroutine dumps.
    #[schemars(extend("enum" = state::all_states()))]
    pub(super) state: Option<String>,
    /// Pattern of the test that started it.
    #[schemars(length(min = 1))]
    pub(super) test: Option<String>,
    /// Pattern of the package of its home, or of its outermost function when all of the stack is standard library.
    #[schemars(length(min = 1))]
    pub(super) package: Option<String>,
    /// pprof labels, each with the pattern of its value.
    #[serde(default)]
    // A plain 42 or true is read as the text it is.
    #[schemars(extend("additionalProperties" = { "type": ["string", "number", "boolean"] }))]
    pub(super) label: BTreeMap<String, String>,
    /// Whether Go's own leak profile holds it. Matches nothing where no such profile was read.
    pub(super) proven: Option<bool>,
}

/// How many goroutines there may be: max(before + growth, before * (1 + percent / 100)), at most count. At least one key.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a limit: growth, percent, count")]
#[schemars(extend("minProperties" = 1))]
pub(super) struct Limit {
    /// A ceiling, whatever there was before.
    #[schemars(range(min = 0))]
    pub(super) count: Option<i64>,
    /// How many goroutines more than before.
    #[schemars(range(min = 0))]
    pub(super) growth: Option<i64>,
    /// How many more than before, in percent of before, rounded down.
    #[schemars(range(min = 0))]
    pub(super) percent: Option<i64>,
    // Understood, so that the message is no riddle, and refused: see `parse`.
    #[schemars(skip)]
    pub(super) rising: Option<serde_yaml::Value>,
    #[schemars(skip)]
    pub(super) slope: Option<serde_yaml::Value>,
    #[serde(rename = "percent-over-history")]
    #[schemars(skip)]
    pub(super) percent_over_history: Option<serde_yaml::Value>,
    #[schemars(skip)]
    pub(super) window: Option<serde_yaml::Value>,
    #[serde(rename = "min-samples")]
    #[schemars(skip)]
    pub(super) min_samples: Option<serde_yaml::Value>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    /// Fails the build.
    Error,
    /// Is told, and fails only under `--fail-on warning`.
    Warning,
}

/// `stack`, or `{ label: handler }`.
#[derive(Debug)]
pub(super) enum Per {
    Word(String),
    Label(String),
}

/// By hand, as it is read by hand below.
impl JsonSchema for Per {
    fn schema_name() -> Cow<'static, str> {
        "Per".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "oneOf": [
                { "description": "A way of counting.", "enum": PER_WORDS },
                {
                    "description": "The goroutines of each value of a pprof label.",
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["label"],
                    "properties": {
                        "label": { "description": "The key of the label.", "type": "string" },
                    },
                },
            ],
        })
    }
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
