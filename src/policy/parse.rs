//! From the text of a policy file to a [`Policy`], or to an error with its line, a caret and the
//! nearest valid name.

use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;
use serde::de::DeserializeOwned;

use super::error::{File, PolicyError, unknown};
use super::exception::Builtin;
use super::hidden::hidden;
use super::positions::{Position, Positions};
use super::{
    Exception, LARGEST, Limit, Matcher, Max, Pattern, Per, Policy, Rule, Severity, Source, raw,
};
use crate::confirmed::Class;
use crate::state;

/// See [`Policy::parse`].
pub(super) fn policy(path: &Path, text: &str) -> Result<Policy, PolicyError> {
    // Some editors put a byte order mark in front, which says nothing in UTF-8.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    read(path.display().to_string(), text, LARGEST, |reader, raw| {
        reader.policy(raw)
    })
}

/// See [`Matcher::parse`].
pub(super) fn matcher(name: &str, text: &str) -> Result<Matcher, PolicyError> {
    read(name.to_owned(), text, LARGEST, |reader, raw| {
        reader.matcher("", raw)
    })
}

/// Reads a YAML file of at most `largest` bytes: `R` is what the user wrote, key for key, and
/// `resolve` turns it into what leakgate uses. `path` only names it in messages.
///
/// # Errors
/// Anything that is not understood, with its line and column.
pub(crate) fn read<R: DeserializeOwned, T>(
    path: String,
    text: &str,
    largest: u64,
    resolve: impl Fn(&Reader, R) -> Result<T, PolicyError>,
) -> Result<T, PolicyError> {
    let file = File { path, text };
    let positions = positions_of(&file, largest)?;
    let raw = serde_yaml::from_str(text).map_err(|error| file.reader_error(&error, &positions))?;
    let reader = Reader {
        file: &file,
        positions: &positions,
        is_builtin: false,
    };
    resolve(&reader, raw)
}

/// Whether a text can be the id of a stack, of a sum or of a cause.
pub fn is_id(text: &str) -> bool {
    let is_hex = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == 12 && text.bytes().all(is_hex)
}

/// Whether a text says why: what an offered entry has in its place does not.
pub fn is_reason(text: &str) -> bool {
    !["", "..."].contains(&text.trim())
}

/// Where everything in a text stands, if a policy may look like that.
fn positions_of(file: &File, largest: u64) -> Result<Positions, PolicyError> {
    let text = file.text;
    if text.len() as u64 > largest {
        return Err(file.error(
            Position { line: 1, column: 1 },
            format!("larger than {largest} bytes"),
        ));
    }
    if let Some((position, message)) = hidden(text) {
        return Err(file.error(position, message.to_owned()));
    }
    Positions::read(text).map_err(|refused| file.error(refused.position, refused.message))
}

/// Reads the built-in list, which the build has turned into JSON.
pub(super) fn builtin(json: &str) -> Result<Builtin, PolicyError> {
    let (path, positions) = ("builtin.yml".to_owned(), Positions::default());
    let file = File { path, text: "" };
    let reader = Reader {
        file: &file,
        positions: &positions,
        is_builtin: true,
    };
    let raw: raw::Policy =
        serde_json::from_str(json).map_err(|error| reader.error("", error.to_string()))?;
    let version = raw.builtin_version;
    let version = version.ok_or_else(|| reader.error("", "it has no version".to_owned()))?;
    Ok(Builtin {
        version,
        exceptions: reader.exceptions(raw.allow)?,
    })
}

/// Turns what the user wrote into what judging uses.
pub(crate) struct Reader<'f, 't> {
    file: &'f File<'t>,
    positions: &'f Positions,
    is_builtin: bool,
}

impl Reader<'_, '_> {
    fn policy(&self, raw: raw::Policy) -> Result<Policy, PolicyError> {
        if raw.version != 1 {
            return Err(self.error(
                "version",
                format!(
                    "version {} is not known; this leakgate reads version 1",
                    raw.version
                ),
            ));
        }
        if raw.builtin_version.is_some() {
            let message = "`builtin-version` belongs to the built-in list: take it out".to_owned();
            return Err(self.error("builtin-version", message));
        }
        let mut policy = Policy {
            name: self.file.path.clone(),
            gate_failed_tests: raw.gate_failed_tests,
            ..Policy::default()
        };
        let mut default_rule = Rule::clone(&policy.default_rule);
        if let Some(severity) = raw.defaults.severity {
            default_rule.severity = severity.into();
        }
        if let Some(limit) = raw.defaults.limit {
            default_rule.limit = self.limit("defaults.limit", &limit)?;
        }
        default_rule.line = self.positions.get("defaults").map(|position| position.line);
        policy.default_rule = Arc::new(default_rule);
        for (index, rule) in raw.rules.into_iter().enumerate() {
            let rule = self.rule(&format!("rules[{index}]"), rule, &policy.default_rule)?;
            let is_it = |other: &Arc<Rule>| other.name == rule.name;
            if is_it(&policy.default_rule) || policy.rules.iter().any(is_it) {
                let message = format!(
                    "the name `{}` is taken: a report must say which rule it means",
                    rule.name
                );
                return Err(self.error(&format!("rules[{index}].name"), message));
            }
            policy.rules.push(Arc::new(rule));
        }
        if !raw.builtin_allow {
            policy.exceptions.clear();
            policy.builtin_version = None;
        }
        policy.exceptions.splice(..0, self.exceptions(raw.allow)?);
        Ok(policy)
    }

    fn rule(&self, path: &str, raw: raw::Rule, defaults: &Rule) -> Result<Rule, PolicyError> {
        if raw.name.trim().is_empty() {
            return Err(self.error(
                &format!("{path}.name"),
                "a rule needs a name, which reports show".to_owned(),
            ));
        }
        let per = match raw.per {
            None => Per::Stack,
            Some(raw::Per::Label(key)) => Per::Label(key),
            Some(raw::Per::Word(word)) => self.per(&format!("{path}.per"), &word)?,
        };
        let limit = match raw.limit {
            Some(limit) => self.limit(&format!("{path}.limit"), &limit)?,
            None if per == Per::Stack => defaults.limit,
            None => return Err(self.error(path, "a rule with `per` needs a `limit`".to_owned())),
        };
        Ok(Rule {
            line: Some(self.line(path)),
            matcher: self.matcher(&format!("{path}.match"), raw.matcher)?,
            per,
            limit,
            severity: raw.severity.map_or(defaults.severity, Severity::from),
            message: raw.message,
            name: raw.name,
        })
    }

    fn per(&self, path: &str, word: &str) -> Result<Per, PolicyError> {
        Ok(match word {
            "stack" => Per::Stack,
            "root" => Per::Root,
            "state" => Per::State,
            "test" => Per::Test,
            "package" => Per::Package,
            "total" => Per::Total,
            "label" => {
                return Err(self.error(
                    path,
                    "a label needs its key: `per: { label: KEY }`".to_owned(),
                ));
            }
            _ => return Err(self.error(path, unknown("word", word, &raw::PER_WORDS))),
        })
    }

    fn limit(&self, path: &str, raw: &raw::Limit) -> Result<Limit, PolicyError> {
        let over_time = [
            ("rising", &raw.rising),
            ("slope", &raw.slope),
            ("percent-over-history", &raw.percent_over_history),
            ("window", &raw.window),
            ("min-samples", &raw.min_samples),
        ];
        if let Some((key, _)) = over_time.iter().find(|(_, value)| value.is_some()) {
            let message = format!(
                "`{key}` is a limit over time, which this version does not judge: take it out"
            );
            return Err(self.error(&format!("{path}.{key}"), message));
        }
        let limit = Limit {
            count: raw.count,
            growth: raw.growth,
            percent: raw.percent,
        };
        for (key, value) in [
            ("count", limit.count),
            ("growth", limit.growth),
            ("percent", limit.percent),
        ] {
            if value.is_some_and(|value| value < 0) {
                return Err(self.error(
                    &format!("{path}.{key}"),
                    format!("`{key}` cannot be below 0"),
                ));
            }
        }
        if limit == Limit::default() {
            let message =
                "an empty limit would allow anything: give `growth`, `percent` or `count`";
            return Err(self.error(path, message.to_owned()));
        }
        Ok(limit)
    }

    fn exceptions(&self, raw: Vec<raw::Allow>) -> Result<Vec<Arc<Exception>>, PolicyError> {
        let mut exceptions: Vec<Arc<Exception>> = Vec::new();
        for (index, allow) in raw.into_iter().enumerate() {
            let exception = self.exception(&format!("allow[{index}]"), allow, &exceptions)?;
            exceptions.push(Arc::new(exception));
        }
        Ok(exceptions)
    }

    /// Reads an exception that comes after `earlier` ones.
    fn exception(
        &self,
        path: &str,
        raw: raw::Allow,
        earlier: &[Arc<Exception>],
    ) -> Result<Exception, PolicyError> {
        let error = |key: &str, message: &str| {
            Err(self.error(&format!("{path}.{key}"), message.to_owned()))
        };
        let is_known = |name: &str| earlier.iter().any(|one| one.name.as_deref() == Some(name));
        match &raw.name {
            Some(name) if name.trim().is_empty() => return error("name", "the name is empty"),
            Some(name) if is_known(name) => {
                let message = format!("an earlier exception has the name `{name}`");
                return error("name", &message);
            }
            _ => {}
        }
        let expires = match &raw.expires {
            None if self.is_builtin => None,
            None => return Err(self.error(path, "the key `expires` is missing".to_owned())),
            Some(day) => Some(self.day(&format!("{path}.expires"), day)?),
        };
        let max = match raw.max {
            raw::Max::Count(count @ 1..) => Max::Count(count),
            raw::Max::Count(_) => {
                return error(
                    "max",
                    "`max` is how many goroutines are accepted: at least 1",
                );
            }
            raw::Max::Unlimited if self.is_builtin => Max::Unlimited,
            raw::Max::Unlimited => {
                return error("max", "`unlimited` is for the built-in list: give a number");
            }
            raw::Max::AsManyAs(name) if is_known(&name) => Max::AsManyAs(name),
            raw::Max::AsManyAs(name) => {
                return error(
                    "max",
                    &format!("no exception before this one has the name `{name}`"),
                );
            }
        };
        if !is_reason(&raw.reason) {
            return error("reason", "an exception needs a reason");
        }
        let matcher = self.matcher(&format!("{path}.match"), raw.matcher)?;
        if matcher.is_empty() {
            return error("match", "an empty match would accept every goroutine");
        }
        Ok(Exception {
            source: if self.is_builtin {
                Source::Builtin
            } else {
                Source::Policy {
                    line: self.line(path),
                }
            },
            name: raw.name,
            matcher,
            max,
            in_use_by: self.patterns(path, "in-use-by", raw.in_use_by)?,
            reason: raw.reason,
            expires,
            owner: raw.owner,
        })
    }

    /// Reads a day that a key holds.
    pub(crate) fn day(&self, path: &str, text: &str) -> Result<Date, PolicyError> {
        let day = Some(text).filter(|text| text.len() == "2027-03-31".len());
        day.and_then(|text| text.parse().ok()).ok_or_else(|| {
            self.error(
                path,
                format!("`{text}` is not a date: write it as 2027-03-31"),
            )
        })
    }

    fn matcher(&self, path: &str, raw: raw::Match) -> Result<Matcher, PolicyError> {
        if let Some(state) = &raw.state {
            let states = state::all_states();
            if !states.contains(&state.as_str()) {
                return Err(self.error(&format!("{path}.state"), unknown("state", state, &states)));
            }
        }
        let classes = Class::ALL.map(Class::name);
        let confirmed = match &raw.confirmed {
            None => None,
            Some(word) => match Class::ALL.iter().find(|class| class.name() == word) {
                Some(class) => Some(*class),
                None => {
                    return Err(self.error(
                        &format!("{path}.confirmed"),
                        unknown("class", word, &classes),
                    ));
                }
            },
        };
        if let Some(stack) = &raw.stack {
            self.id(&format!("{path}.stack"), stack)?;
        }
        let labels = raw.label.into_iter();
        Ok(Matcher {
            stack: raw.stack,
            suite: self.patterns(path, "suite", raw.suite)?,
            root: self.patterns(path, "root", raw.root)?,
            home: self.patterns(path, "home", raw.home)?,
            any: self.patterns(path, "any", raw.any)?,
            without: self.patterns(path, "without", raw.without)?,
            state: raw.state,
            test: self.patterns(path, "test", raw.test)?,
            package: self.patterns(path, "package", raw.package)?,
            labels: labels
                .map(|(key, value)| (key, Pattern::new(&value)))
                .collect(),
            proven: raw.proven,
            confirmed,
        })
    }

    fn patterns(
        &self,
        path: &str,
        key: &str,
        names: Option<raw::Names>,
    ) -> Result<Vec<Pattern>, PolicyError> {
        let Some(raw::Names(names)) = names else {
            return Ok(Vec::new());
        };
        if names.is_empty() || names.iter().any(String::is_empty) {
            let message = format!("`{key}` is empty, and would match nothing");
            return Err(self.error(&format!("{path}.{key}"), message));
        }
        Ok(names.iter().map(|name| Pattern::new(name)).collect())
    }

    /// Reads the id of a stack, or of a sum, that a key holds.
    pub(crate) fn id(&self, path: &str, id: &str) -> Result<(), PolicyError> {
        if is_id(id) {
            return Ok(());
        }
        let what = path.rsplit('.').next().unwrap_or_default();
        let message =
            format!("`{id}` is no id of a {what}: twelve hex digits, copied from a report");
        Err(self.error(path, message))
    }

    /// The line of a key or list item, 1-based.
    pub(crate) fn line(&self, path: &str) -> u32 {
        self.positions.find(path).line
    }

    /// Something wrong with a key or list item, as in `rules[0].match.root`.
    pub(crate) fn error(&self, path: &str, message: String) -> PolicyError {
        // The keys of a matcher that stands alone are in nothing.
        let path = path.trim_start_matches('.');
        self.file.error(self.positions.find(path), message)
    }
}

impl From<raw::Severity> for Severity {
    fn from(raw: raw::Severity) -> Self {
        match raw {
            raw::Severity::Error => Severity::Error,
            raw::Severity::Warning => Severity::Warning,
        }
    }
}
