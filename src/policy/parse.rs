//! From the text of a policy file to a [`Policy`], or to an error with its line, a caret and the nearest valid name.

use std::path::Path;

use jiff::civil::Date;

use super::error::{File, PolicyError, unknown};
use super::positions::{Position, Positions};
use super::{Allow, LARGEST, Limit, Matcher, Pattern, Per, Policy, Rule, Severity, raw};
use crate::state;
use crate::unseen::is_unseen;

/// See [`Policy::parse`].
pub(super) fn parse(path: &Path, text: &str) -> Result<Policy, PolicyError> {
    // Some editors put a byte order mark in front, which says nothing in UTF-8.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let file = File {
        path: path.display().to_string(),
        text,
    };
    if text.len() as u64 > LARGEST {
        return Err(file.error(
            Position { line: 1, column: 1 },
            format!("larger than {LARGEST} bytes"),
        ));
    }
    if let Some((position, message)) = hidden(text) {
        return Err(file.error(position, message.to_owned()));
    }
    let positions =
        Positions::read(text).map_err(|refused| file.error(refused.position, refused.message))?;
    let raw: raw::Policy =
        serde_yaml::from_str(text).map_err(|error| file.reader_error(&error, &positions))?;
    let reader = Reader {
        file: &file,
        positions: &positions,
    };
    reader.policy(raw)
}

/// The first character that one YAML reader or editor takes for the end of a line, or for nothing, and another does not:
/// by it a comment could hide a rule from who reviews the file.
fn hidden(text: &str) -> Option<(Position, &'static str)> {
    const CARRIAGE_RETURN: &str = "a carriage return without a line feed: YAML ends the line here, and an editor may not show it. End \
         lines with LF, or with CRLF";
    const UNSEEN: &str = "a character that is not seen or that changes what is seen: take it out, or write it as an escape in quotes";
    let mut position = Position { line: 1, column: 1 };
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' if characters.peek() != Some(&'\n') => return Some((position, CARRIAGE_RETURN)),
            '\t' | '\n' | '\r' => {}
            character if character.is_control() || is_unseen(character) => {
                return Some((position, UNSEEN));
            }
            _ => {}
        }
        position.column += 1;
        if character == '\n' {
            position = Position {
                line: position.line + 1,
                column: 1,
            };
        }
    }
    None
}

/// Turns what the user wrote into what judging uses.
struct Reader<'f, 't> {
    file: &'f File<'t>,
    positions: &'f Positions,
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
        let mut policy = Policy {
            name: self.file.path.clone(),
            builtin_allow: raw.builtin_allow,
            gate_failed_tests: raw.gate_failed_tests,
            ..Policy::default()
        };
        if let Some(severity) = raw.defaults.severity {
            policy.default_rule.severity = severity.into();
        }
        if let Some(limit) = raw.defaults.limit {
            policy.default_rule.limit = self.limit("defaults.limit", &limit)?;
        }
        policy.default_rule.line = self.positions.get("defaults").map(|position| position.line);
        for (index, rule) in raw.rules.into_iter().enumerate() {
            let rule = self.rule(&format!("rules[{index}]"), rule, &policy.default_rule)?;
            if policy
                .rules
                .iter()
                .any(|other: &Rule| other.name == rule.name)
                || rule.name == policy.default_rule.name
            {
                let message = format!(
                    "the name `{}` is taken: a report must say which rule it means",
                    rule.name
                );
                return Err(self.error(&format!("rules[{index}].name"), message));
            }
            policy.rules.push(rule);
        }
        for (index, allow) in raw.allow.into_iter().enumerate() {
            policy
                .allows
                .push(self.allow(&format!("allow[{index}]"), allow)?);
        }
        Ok(policy)
    }

    fn rule(&self, path: &str, raw: raw::Rule, defaults: &Rule) -> Result<Rule, PolicyError> {
        if raw.name.trim().is_empty() {
            return Err(self.error(
                &format!("{path}.name"),
                "a rule needs a name: reports say it".to_owned(),
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
            line: Some(self.positions.find(path).line),
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

    fn allow(&self, path: &str, raw: raw::Allow) -> Result<Allow, PolicyError> {
        let day = Some(&raw.expires).filter(|text| text.len() == "2027-03-31".len());
        let day = day.and_then(|text| text.parse::<Date>().ok());
        let expires = day.ok_or_else(|| {
            let message = format!("`{}` is not a date: write it as 2027-03-31", raw.expires);
            self.error(&format!("{path}.expires"), message)
        })?;
        if raw.max < 1 {
            return Err(self.error(
                &format!("{path}.max"),
                "`max` is how many goroutines are accepted: at least 1".to_owned(),
            ));
        }
        if ["", "..."].contains(&raw.reason.trim()) {
            return Err(self.error(
                &format!("{path}.reason"),
                "an exception needs a reason".to_owned(),
            ));
        }
        let match_path = format!("{path}.match");
        let matcher = self.matcher(&match_path, raw.matcher)?;
        if matcher.is_empty() {
            return Err(self.error(
                &match_path,
                "an empty match would accept every goroutine".to_owned(),
            ));
        }
        Ok(Allow {
            line: self.positions.find(path).line,
            matcher,
            max: raw.max,
            reason: raw.reason,
            expires,
            owner: raw.owner,
        })
    }

    fn matcher(&self, path: &str, raw: raw::Match) -> Result<Matcher, PolicyError> {
        if let Some(state) = &raw.state {
            let states = state::all_states();
            if !states.contains(&state.as_str()) {
                return Err(self.error(&format!("{path}.state"), unknown("state", state, &states)));
            }
        }
        if let Some(stack) = &raw.stack
            && !is_stack_id(stack)
        {
            let message =
                format!("`{stack}` is no id of a stack: twelve hex digits, as reports give them");
            return Err(self.error(&format!("{path}.stack"), message));
        }
        let patterns = [
            ("suite", &raw.suite),
            ("root", &raw.root),
            ("home", &raw.home),
            ("any", &raw.any),
            ("test", &raw.test),
            ("package", &raw.package),
        ];
        if let Some((key, _)) = patterns
            .iter()
            .find(|(_, text)| text.as_ref().is_some_and(String::is_empty))
        {
            return Err(self.error(
                &format!("{path}.{key}"),
                format!("`{key}` is empty, and would match nothing"),
            ));
        }
        let pattern = |text: Option<String>| text.map(|text| Pattern::new(&text));
        Ok(Matcher {
            stack: raw.stack,
            suite: pattern(raw.suite),
            root: pattern(raw.root),
            home: pattern(raw.home),
            any: pattern(raw.any),
            state: raw.state,
            test: pattern(raw.test),
            package: pattern(raw.package),
            labels: raw
                .label
                .into_iter()
                .map(|(key, value)| (key, Pattern::new(&value)))
                .collect(),
            proven: raw.proven,
        })
    }

    fn error(&self, path: &str, message: String) -> PolicyError {
        self.file.error(self.positions.find(path), message)
    }
}

fn is_stack_id(text: &str) -> bool {
    text.len() == 12
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl From<raw::Severity> for Severity {
    fn from(raw: raw::Severity) -> Self {
        match raw {
            raw::Severity::Error => Severity::Error,
            raw::Severity::Warning => Severity::Warning,
        }
    }
}
