//! What lets more pass than before, in the JSON report.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::baseline::{Entry, entry};
use super::exception::{Exception, exception};
use super::read::{self, ReadError};
use super::rule::{Limit, Rule, limit, rule};
use crate::report::Subject;
use crate::report::words;
use crate::verdict::{self, Looser};

#[derive(Serialize, Deserialize)]
pub(super) struct Loosened<'v> {
    kind: Cow<'v, str>,
    #[serde(skip_deserializing)]
    place: String,
    #[serde(skip_deserializing)]
    text: String,
    /// The file of an entry of the baseline.
    file: Option<Cow<'v, str>>,
    entry: Option<Entry<'v>>,
    exception: Option<Exception<'v>>,
    rule: Option<Rule<'v>>,
    /// What an entry or an exception was.
    before: Option<Before>,
    /// What a rule allowed.
    limit_before: Option<Limit>,
}

#[derive(Serialize, Deserialize)]
struct Before {
    /// `new`, `raised`, `extended` or `earlier`.
    how: Cow<'static, str>,
    max: Option<i64>,
    expires: Option<String>,
}

pub(super) fn loosened<'v>(subject: &Subject<'v>, one: &'v verdict::Loosened) -> Loosened<'v> {
    let (place, _, text) = words::loosening(subject.verdict, one, subject.sources);
    let mut form = Loosened {
        kind: one.kind().into(),
        place,
        text,
        file: None,
        entry: None,
        exception: None,
        rule: None,
        before: None,
        limit_before: None,
    };
    match one {
        verdict::Loosened::Entry {
            file,
            entry: now,
            looser,
        } => {
            (form.file, form.entry) = (Some(file.into()), Some(entry(now)));
            form.before = Some(before(*looser));
        }
        verdict::Loosened::Exception {
            exception: now,
            looser,
        } => {
            form.exception = Some(exception(now));
            form.before = Some(before(*looser));
        }
        verdict::Loosened::Limit { rule: now, from } => {
            form.rule = Some(rule(now));
            form.limit_before = Some(limit(*from));
        }
        verdict::Loosened::Severity(now)
        | verdict::Loosened::Match(now)
        | verdict::Loosened::Order(now)
        | verdict::Loosened::NewRule(now)
        | verdict::Loosened::RuleRemoved(now) => form.rule = Some(rule(now)),
        verdict::Loosened::BuiltinAllowed | verdict::Loosened::FailedTestsNotGated => {}
    }
    form
}

fn before(looser: Looser) -> Before {
    let (how, max, expires) = match looser {
        Looser::New => ("new", None, None),
        Looser::RaisedFrom(max) => ("raised", Some(max), None),
        Looser::ExtendedFrom(day) => ("extended", None, Some(day.to_string())),
        Looser::Earlier => ("earlier", None, None),
    };
    Before {
        how: how.into(),
        max,
        expires,
    }
}

impl Before {
    fn read(self) -> Result<Looser, ReadError> {
        match (&*self.how, self.max, self.expires) {
            ("raised", Some(max), _) => Ok(Looser::RaisedFrom(max)),
            ("extended", _, Some(day)) => Ok(Looser::ExtendedFrom(read::date(&day)?)),
            (how, ..) => {
                let words = [("new", Looser::New), ("earlier", Looser::Earlier)];
                read::word("how", how, &words)
            }
        }
    }
}

impl Loosened<'_> {
    pub(super) fn read(self) -> Result<verdict::Loosened, ReadError> {
        use verdict::Loosened as To;
        let rule = self.rule.map(Rule::read).transpose()?;
        let looser = self.before.map(Before::read).transpose()?;
        let form = match (&*self.kind, self.entry, self.exception, rule, looser) {
            ("baseline", Some(entry), _, _, Some(looser)) => To::Entry {
                file: self.file.unwrap_or_default().into_owned(),
                entry: entry.read()?,
                looser,
            },
            ("allow", _, Some(exception), _, Some(looser)) => To::Exception {
                exception: exception.read()?.into(),
                looser,
            },
            ("limit", _, _, Some(rule), _) => To::Limit {
                rule: rule.into(),
                from: self.limit_before.map(Limit::read).unwrap_or_default(),
            },
            ("severity", _, _, Some(rule), _) => To::Severity(rule.into()),
            ("match", _, _, Some(rule), _) => To::Match(rule.into()),
            ("order", _, _, Some(rule), _) => To::Order(rule.into()),
            ("new-rule", _, _, Some(rule), _) => To::NewRule(rule.into()),
            ("rule-removed", _, _, Some(rule), _) => To::RuleRemoved(rule.into()),
            ("builtin-allow", ..) => To::BuiltinAllowed,
            ("gate-failed-tests", ..) => To::FailedTestsNotGated,
            (kind, ..) => return read::word("kind", kind, &[]),
        };
        Ok(form)
    }
}
