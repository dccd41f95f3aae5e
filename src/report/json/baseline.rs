//! The baseline in the JSON report.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::read::{self, ReadError};
use crate::baseline::{self, About};
use crate::verdict;

#[derive(Serialize, Deserialize)]
pub(super) struct Baseline<'v> {
    name: Cow<'v, str>,
    strict: bool,
    entries: Vec<EntryUse<'v>>,
    repeated: Vec<Repeated>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Entry<'v> {
    line: u32,
    id: Cow<'v, str>,
    suite: Cow<'v, str>,
    #[serde(deserialize_with = "read::count")]
    max: i64,
    root: Option<Cow<'v, str>>,
    home: Option<Cow<'v, str>>,
    rule: Option<Cow<'v, str>>,
    key: Option<Cow<'v, str>>,
    expires: String,
    reason: Cow<'v, str>,
    owner: Option<Cow<'v, str>>,
}

#[derive(Serialize, Deserialize)]
struct EntryUse<'v> {
    #[serde(flatten)]
    entry: Entry<'v>,
    /// Goroutines that it was held against; null where its suite was not judged as a whole.
    #[serde(deserialize_with = "read::optional_count")]
    matched: Option<i64>,
    whole: bool,
    days_left: i64,
    #[serde(skip_deserializing)]
    expired: bool,
    /// Whether nothing needs it any more.
    #[serde(skip_deserializing)]
    stale: bool,
    #[serde(skip_deserializing)]
    status: Vec<&'static str>,
}

#[derive(Serialize, Deserialize)]
struct Repeated {
    line: u32,
    earlier: u32,
}

pub(super) fn baseline(baseline: &verdict::Baseline) -> Baseline<'_> {
    let repeated = baseline.repeated.iter();
    Baseline {
        name: (&baseline.name).into(),
        strict: baseline.strict,
        entries: baseline.entries.iter().map(entry_use).collect(),
        repeated: repeated
            .map(|one| Repeated {
                line: one.line,
                earlier: one.earlier,
            })
            .collect(),
    }
}

fn entry_use(one: &verdict::EntryUse) -> EntryUse<'_> {
    EntryUse {
        entry: entry(&one.entry),
        matched: one.matched,
        whole: one.whole,
        days_left: one.days_left,
        expired: one.is_expired(),
        stale: one.is_stale(),
        status: super::exception::status(&one.standing()),
    }
}

pub(super) fn entry(entry: &baseline::Entry) -> Entry<'_> {
    let [mut root, mut home, mut rule, mut key] = [None; 4];
    match &entry.about {
        About::Stack { root: r, home: h } => (root, home) = (r.as_deref(), h.as_deref()),
        About::Sum { rule: r, key: k } => (rule, key) = (Some(&**r), k.as_deref()),
    }
    let [root, home, rule, key] = [root, home, rule, key].map(|name| name.map(Cow::from));
    Entry {
        line: entry.line,
        id: (&entry.id).into(),
        suite: (&entry.suite).into(),
        max: entry.max,
        root,
        home,
        rule,
        key,
        expires: entry.expires.to_string(),
        reason: (&entry.reason).into(),
        owner: entry.owner.as_deref().map(Cow::from),
    }
}

impl Entry<'_> {
    pub(super) fn read(self) -> Result<baseline::Entry, ReadError> {
        let owned = |name: Option<Cow<str>>| name.map(Cow::into_owned);
        Ok(baseline::Entry {
            line: self.line,
            id: self.id.into_owned(),
            suite: self.suite.into_owned(),
            max: self.max,
            about: match self.rule {
                Some(rule) => About::Sum {
                    rule: rule.into_owned(),
                    key: owned(self.key),
                },
                None => About::Stack {
                    root: owned(self.root),
                    home: owned(self.home),
                },
            },
            expires: read::date(&self.expires)?,
            reason: self.reason.into_owned(),
            owner: owned(self.owner),
        })
    }
}

impl Baseline<'_> {
    pub(super) fn read(self) -> Result<verdict::Baseline, ReadError> {
        let entries = self.entries.into_iter().map(|one| {
            Ok(verdict::EntryUse {
                entry: one.entry.read()?,
                matched: one.matched,
                whole: one.whole,
                days_left: one.days_left,
            })
        });
        let mut entries = entries.collect::<Result<Vec<_>, ReadError>>()?;
        // They are looked up by these.
        entries.sort_by(|one, other| {
            let key = |one: &verdict::EntryUse| (one.entry.id.clone(), one.entry.suite.clone());
            key(one).cmp(&key(other))
        });
        let repeated = self.repeated.into_iter();
        Ok(verdict::Baseline {
            name: self.name.into_owned(),
            strict: self.strict,
            entries,
            repeated: repeated
                .map(|one| baseline::Repeated {
                    line: one.line,
                    earlier: one.earlier,
                })
                .collect(),
        })
    }
}
