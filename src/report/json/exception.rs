//! Exceptions in the JSON report: those that cover a finding, and the list of all.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::read::{self, ReadError};
use crate::confirmed::Class;
use crate::policy::{self, Max, Pattern, Source};
use crate::verdict;

#[derive(Serialize, Deserialize)]
pub(super) struct Exception<'v> {
    /// `policy`, `baseline` or `builtin`.
    source: Cow<'v, str>,
    builtin: Option<Cow<'v, str>>,
    line: Option<u32>,
    name: Option<Cow<'v, str>>,
    #[serde(rename = "match")]
    matcher: Matcher<'v>,
    #[serde(deserialize_with = "read::optional_count")]
    max: Option<i64>,
    as_many_as: Option<Cow<'v, str>>,
    in_use_by: Vec<String>,
    reason: Cow<'v, str>,
    expires: Option<String>,
    owner: Option<Cow<'v, str>>,
}

/// The keys of a `match` in a policy, those that are there.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
pub(super) struct Matcher<'v> {
    #[serde(skip_serializing_if = "Option::is_none")]
    stack: Option<Cow<'v, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suite: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    root: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    home: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    any: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    without: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<Cow<'v, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    test: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    package: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    label: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proven: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmed: Option<Class>,
}

#[derive(Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "the form of the report")]
pub(super) struct Allow<'v> {
    #[serde(flatten)]
    exception: Exception<'v>,
    #[serde(deserialize_with = "read::count")]
    matched: i64,
    #[serde(deserialize_with = "read::count")]
    most: i64,
    #[serde(skip_deserializing)]
    status: Vec<&'static str>,
    unused: bool,
    shadowed: bool,
    #[serde(skip_deserializing)]
    expired: bool,
    days_left: Option<i64>,
    #[serde(skip_deserializing)]
    broad: bool,
}

/// The words for how an exception stands.
pub(super) fn status(standing: &[verdict::Standing]) -> Vec<&'static str> {
    standing.iter().map(|one| one.name()).collect()
}

pub(super) fn allow(allow: &verdict::AllowUse) -> Allow<'_> {
    Allow {
        exception: exception(&allow.exception),
        matched: allow.matched,
        most: allow.most,
        status: status(&allow.standing()),
        unused: allow.unused,
        shadowed: allow.shadowed,
        expired: allow.is_expired(),
        days_left: allow.days_left,
        broad: allow.is_broad(),
    }
}

pub(super) fn exception(exception: &policy::Exception) -> Exception<'_> {
    let (max, as_many_as) = match &exception.max {
        Max::Count(max) => (Some(*max), None),
        Max::Unlimited => (None, None),
        Max::AsManyAs(name) => (None, Some(name.into())),
    };
    let source = match exception.source {
        Source::Policy { .. } => "policy",
        Source::Baseline { .. } => "baseline",
        Source::Builtin => "builtin",
    };
    Exception {
        source: source.into(),
        builtin: exception.builtin_name().map(Cow::from),
        line: exception.line(),
        name: exception.name.as_deref().map(Cow::from),
        matcher: matcher(&exception.matcher),
        max,
        as_many_as,
        in_use_by: shown(&exception.in_use_by),
        reason: (&exception.reason).into(),
        expires: exception.expires.map(|date| date.to_string()),
        owner: exception.owner.as_deref().map(Cow::from),
    }
}

pub(super) fn matcher(matcher: &policy::Matcher) -> Matcher<'_> {
    let labels = matcher.labels.iter();
    let labels = labels.map(|(key, pattern)| (key.clone(), pattern.to_string()));
    Matcher {
        stack: matcher.stack.as_deref().map(Cow::from),
        suite: shown(&matcher.suite),
        root: shown(&matcher.root),
        home: shown(&matcher.home),
        any: shown(&matcher.any),
        without: shown(&matcher.without),
        state: matcher.state.as_deref().map(Cow::from),
        test: shown(&matcher.test),
        package: shown(&matcher.package),
        label: labels.collect(),
        proven: matcher.proven,
        confirmed: matcher.confirmed,
    }
}

fn shown(patterns: &[Pattern]) -> Vec<String> {
    patterns.iter().map(ToString::to_string).collect()
}

fn patterns(shown: &[String]) -> Vec<Pattern> {
    shown.iter().map(|text| Pattern::new(text)).collect()
}

impl Matcher<'_> {
    pub(super) fn read(self) -> policy::Matcher {
        let labels = self.label.into_iter();
        policy::Matcher {
            stack: self.stack.map(Cow::into_owned),
            suite: patterns(&self.suite),
            root: patterns(&self.root),
            home: patterns(&self.home),
            any: patterns(&self.any),
            without: patterns(&self.without),
            state: self.state.map(Cow::into_owned),
            test: patterns(&self.test),
            package: patterns(&self.package),
            labels: labels
                .map(|(key, text)| (key, Pattern::new(&text)))
                .collect(),
            proven: self.proven,
            confirmed: self.confirmed,
        }
    }
}

impl Exception<'_> {
    pub(super) fn read(self) -> Result<policy::Exception, ReadError> {
        let line = self.line.unwrap_or(0);
        let sources = [
            ("policy", Source::Policy { line }),
            ("baseline", Source::Baseline { line }),
            ("builtin", Source::Builtin),
        ];
        Ok(policy::Exception {
            source: read::word("source", &self.source, &sources)?,
            name: self.name.map(Cow::into_owned),
            matcher: self.matcher.read(),
            max: match (self.max, self.as_many_as) {
                (Some(max), _) => Max::Count(max),
                (None, Some(name)) => Max::AsManyAs(name.into_owned()),
                (None, None) => Max::Unlimited,
            },
            in_use_by: patterns(&self.in_use_by),
            reason: self.reason.into_owned(),
            expires: self.expires.as_deref().map(read::date).transpose()?,
            owner: self.owner.map(Cow::into_owned),
        })
    }
}

impl Allow<'_> {
    pub(super) fn read(self) -> Result<verdict::AllowUse, ReadError> {
        Ok(verdict::AllowUse {
            exception: self.exception.read()?.into(),
            matched: self.matched,
            most: self.most,
            unused: self.unused,
            shadowed: self.shadowed,
            days_left: self.days_left,
        })
    }
}
