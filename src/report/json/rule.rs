//! Rules in the JSON report.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::exception::{Matcher, matcher};
use super::read::{self, ReadError};
use crate::policy::{self, Per, Severity};
use crate::verdict;

#[derive(Serialize, Deserialize)]
pub(super) struct Rule<'v> {
    name: Cow<'v, str>,
    line: Option<u32>,
    #[serde(rename = "match")]
    matcher: Matcher<'v>,
    per: String,
    limit: Limit,
    severity: Cow<'v, str>,
    message: Option<Cow<'v, str>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Limit {
    #[serde(deserialize_with = "read::optional_count")]
    growth: Option<i64>,
    #[serde(deserialize_with = "read::optional_count")]
    percent: Option<i64>,
    #[serde(deserialize_with = "read::optional_count")]
    count: Option<i64>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct RuleUse<'v> {
    #[serde(flatten)]
    rule: Rule<'v>,
    reached: bool,
    unused: bool,
    shadowed: bool,
}

pub(super) fn rule(rule: &policy::Rule) -> Rule<'_> {
    Rule {
        name: (&rule.name).into(),
        line: rule.line,
        matcher: matcher(&rule.matcher),
        per: rule.per.name(),
        limit: limit(rule.limit),
        severity: rule.severity.name().into(),
        message: rule.message.as_deref().map(Cow::from),
    }
}

pub(super) fn rule_use(used: &verdict::RuleUse) -> RuleUse<'_> {
    RuleUse {
        rule: rule(&used.rule),
        reached: used.reached,
        unused: used.unused,
        shadowed: used.shadowed,
    }
}

pub(super) fn limit(limit: policy::Limit) -> Limit {
    let policy::Limit {
        growth,
        percent,
        count,
    } = limit;
    Limit {
        growth,
        percent,
        count,
    }
}

/// Input: `root`, `label handler`
pub(super) fn read_per(word: &str) -> Result<Per, ReadError> {
    let words = [
        ("stack", Per::Stack),
        ("root", Per::Root),
        ("state", Per::State),
        ("test", Per::Test),
        ("package", Per::Package),
        ("total", Per::Total),
    ];
    match word.strip_prefix("label ") {
        Some(key) => Ok(Per::Label(key.to_owned())),
        None => read::word("per", word, &words),
    }
}

pub(super) fn read_severity(word: &str) -> Result<Severity, ReadError> {
    let words = [Severity::Error, Severity::Warning].map(|one| (one.name(), one));
    read::word("severity", word, &words)
}

impl Limit {
    pub(super) fn read(self) -> policy::Limit {
        policy::Limit {
            growth: self.growth,
            percent: self.percent,
            count: self.count,
        }
    }
}

impl Rule<'_> {
    pub(super) fn read(self) -> Result<policy::Rule, ReadError> {
        Ok(policy::Rule {
            name: self.name.into_owned(),
            line: self.line,
            matcher: self.matcher.read(),
            per: read_per(&self.per)?,
            limit: self.limit.read(),
            severity: read_severity(&self.severity)?,
            message: self.message.map(Cow::into_owned),
        })
    }
}

impl RuleUse<'_> {
    pub(super) fn read(self) -> Result<verdict::RuleUse, ReadError> {
        Ok(verdict::RuleUse {
            rule: self.rule.read()?.into(),
            reached: self.reached,
            unused: self.unused,
            shadowed: self.shadowed,
        })
    }
}
