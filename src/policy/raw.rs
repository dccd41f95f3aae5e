//! The policy as a user writes it, key for key.
//!
//! The doc comments of these types are what an editor shows: the JSON Schema is made from them (see
//! [`super::schema`]). The bounds in `schemars` attributes repeat what [`super::parse`] checks; a
//! test holds the two together.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::confirmed::Class;
use crate::state;

/// What `per` can be, beside a label.
pub(super) const PER_WORDS: [&str; 6] = ["stack", "root", "state", "test", "package", "total"];

/// What leakgate allows. Without a file no stack may grow, apart from the built-in list of benign
/// goroutines.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a policy: version, defaults, rules, allow, builtin-allow, gate-failed-tests"
)]
#[schemars(title = "leakgate policy, version 1")]
pub(super) struct Policy {
    /// The version of this format.
    // What must be there is asked for in `parse`, so that all that is missing is named at once.
    #[schemars(required, extend("const" = 1))]
    pub(super) version: Option<u64>,
    /// Only the built-in list has one.
    #[serde(rename = "builtin-version")]
    #[schemars(skip)]
    pub(super) builtin_version: Option<u32>,
    /// What holds for stacks that no rule matches, and what rules leave out.
    #[serde(default)]
    pub(super) defaults: Defaults,
    /// For each stack the first rule that matches decides. Rules with another `per` are always
    /// judged, on sums.
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
    #[schemars(required, regex(pattern = r"\S"), extend("not" = { "const": "default" }))]
    pub(super) name: Option<String>,
    /// Which goroutines it is about. Without this: all.
    #[serde(rename = "match", default)]
    pub(super) matcher: Match,
    /// What is counted together. Without this: stack.
    pub(super) per: Option<Per>,
    /// How many goroutines there may be. A rule per stack takes it from `defaults` when it has
    /// none.
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
    expecting = "an exception: name, match, max, in-use-by, reason, expires, owner"
)]
pub(super) struct Allow {
    /// What other exceptions call it; each name once.
    #[schemars(regex(pattern = r"\S"))]
    pub(super) name: Option<String>,
    /// Which goroutines are accepted; at least one key.
    #[serde(rename = "match")]
    #[schemars(with = "Match", extend("minProperties" = 1))]
    pub(super) matcher: Option<Match>,
    /// How many goroutines are accepted in one suite, over all stacks that match. With one more,
    /// none is covered.
    #[schemars(with = "Max")]
    pub(super) max: Option<Max>,
    /// Pattern of the entry function of other goroutines: each of them shows that one of these is
    /// in use, and not covered.
    #[serde(rename = "in-use-by")]
    pub(super) in_use_by: Option<Names>,
    /// Why they are accepted.
    #[schemars(required, extend("not" = { "pattern": r"^\s*(\.\.\.)?\s*$" }))]
    pub(super) reason: Option<String>,
    /// The last day it holds (UTC), as in 2027-03-31.
    // Only the built-in list has none.
    #[schemars(required, regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), extend("format" = "date"))]
    pub(super) expires: Option<String>,
    /// Who answers for it: reminders name them.
    pub(super) owner: Option<String>,
}

/// Selects goroutines; all keys that are given must hold. In a pattern `*` is any run of
/// characters, `[...]` any type arguments, and all else is literal; it matches whole names. A key
/// may have a list of patterns, of which any one will do.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "what to match: stack, suite, root, home, any, without, state, test, package, label, proven, confirmed"
)]
pub(super) struct Match {
    /// The id of one stack, as reports give it: state, user functions and root.
    #[schemars(regex(pattern = r"^[0-9a-f]{12}$"))]
    pub(super) stack: Option<String>,
    /// Pattern of the suite: the import path of the package whose tests ran, or the name that its
    /// files give.
    pub(super) suite: Option<Names>,
    /// Pattern of the entry function; never matches a stack that Go cut off.
    pub(super) root: Option<Names>,
    /// Pattern of the innermost function that is neither runtime nor standard library.
    pub(super) home: Option<Names>,
    /// Pattern that any function of the stack matches.
    pub(super) any: Option<Names>,
    /// Pattern of a function that must not be in the stack.
    pub(super) without: Option<Names>,
    /// What the goroutine waits for, in the words of Go's goroutine dumps.
    #[schemars(extend("enum" = state::all_states()))]
    pub(super) state: Option<String>,
    /// Pattern of the test that started it.
    pub(super) test: Option<Names>,
    /// Pattern of the package of its home, or of its outermost function when all of the stack is
    /// standard library.
    pub(super) package: Option<Names>,
    /// pprof labels, each with the pattern of its value.
    #[serde(default)]
    // A plain 42 or true is read as the text it is.
    #[schemars(extend("additionalProperties" = { "type": ["string", "number", "boolean"] }))]
    pub(super) label: BTreeMap<String, String>,
    /// Whether Go's own leak profile holds it. Matches nothing where no such profile was read.
    pub(super) proven: Option<bool>,
    /// What running its tests again showed, by `run --confirm` or by `go test -count` with 3 or more.
    /// Matches nothing where they ran once.
    #[schemars(extend("enum" = Class::ALL.map(Class::name)))]
    pub(super) confirmed: Option<String>,
}

/// How many goroutines there may be: max(before + growth, before * (1 + percent / 100)), at most
/// count. At least one key.
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
    pub(super) rising: Option<IgnoredAny>,
    #[schemars(skip)]
    pub(super) slope: Option<IgnoredAny>,
    #[serde(rename = "percent-over-history")]
    #[schemars(skip)]
    pub(super) percent_over_history: Option<IgnoredAny>,
    #[schemars(skip)]
    pub(super) window: Option<IgnoredAny>,
    #[serde(rename = "min-samples")]
    #[schemars(skip)]
    pub(super) min_samples: Option<IgnoredAny>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    /// Fails the build.
    Error,
    /// Reported; fails the build only with `--fail-on warning`.
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

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Per, A::Error> {
        only_key(map, &["label"]).map(Per::Label)
    }
}

/// Patterns: one, or a list.
#[derive(Debug)]
pub(crate) struct Names(pub(crate) Vec<String>);

/// By hand, as it is read by hand below.
impl JsonSchema for Names {
    fn schema_name() -> Cow<'static, str> {
        "Names".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "oneOf": [
                { "type": "string", "minLength": 1 },
                { "type": "array", "minItems": 1, "items": { "type": "string", "minLength": 1 } },
            ],
        })
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NamesVisitor)
    }
}

struct NamesVisitor;

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = Names;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a pattern or a list of patterns")
    }

    fn visit_str<E: de::Error>(self, pattern: &str) -> Result<Names, E> {
        Ok(Names(vec![pattern.to_owned()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Names, A::Error> {
        let mut patterns = Vec::new();
        while let Some(pattern) = list.next_element()? {
            patterns.push(pattern);
        }
        Ok(Names(patterns))
    }
}

/// `3`, or `{ as-many-as: NAME }`. The built-in list also has `unlimited`.
#[derive(Debug)]
pub(super) enum Max {
    Count(i64),
    Unlimited,
    AsManyAs(String),
}

/// By hand, as it is read by hand below.
impl JsonSchema for Max {
    fn schema_name() -> Cow<'static, str> {
        "Max".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "oneOf": [
                { "description": "So many.", "type": "integer", "minimum": 1 },
                {
                    "description": "As many as an earlier exception matches.",
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["as-many-as"],
                    "properties": {
                        "as-many-as": {
                            "description": "The name of that exception.",
                            "type": "string",
                        },
                    },
                },
            ],
        })
    }
}

impl<'de> Deserialize<'de> for Max {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MaxVisitor)
    }
}

struct MaxVisitor;

impl<'de> Visitor<'de> for MaxVisitor {
    type Value = Max;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number or { as-many-as: NAME }")
    }

    fn visit_i64<E: de::Error>(self, count: i64) -> Result<Max, E> {
        Ok(Max::Count(count))
    }

    fn visit_u64<E: de::Error>(self, count: u64) -> Result<Max, E> {
        Ok(Max::Count(i64::try_from(count).unwrap_or(i64::MAX)))
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Max, E> {
        match word {
            "unlimited" => Ok(Max::Unlimited),
            _ => Err(de::Error::invalid_type(de::Unexpected::Str(word), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Max, A::Error> {
        only_key(map, &["as-many-as"]).map(Max::AsManyAs)
    }
}

/// The text of a map's only key.
fn only_key<'de, A: MapAccess<'de>>(
    mut map: A,
    key: &'static [&'static str; 1],
) -> Result<String, A::Error> {
    let mut text = None;
    while let Some(given) = map.next_key::<String>()? {
        if given != key[0] {
            return Err(de::Error::unknown_field(&given, key));
        }
        text = Some(map.next_value()?);
    }
    text.ok_or_else(|| de::Error::missing_field(key[0]))
}
