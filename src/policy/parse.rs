//! From what a user wrote as a policy to a [`Policy`].

use std::path::Path;
use std::sync::Arc;

use super::error::{PolicyErrors, unknown};
use super::exception::Builtin;
use super::read::{Reader, is_reason, read};
use super::tree::Node;
use super::{
    Exception, LARGEST, Limit, Matcher, Max, Pattern, Per, Policy, Rule, Severity, Source, raw,
};
use crate::confirmed::Class;
use crate::state;

/// See [`Policy::parse`].
pub(super) fn policy(path: &Path, text: &str) -> Result<Policy, PolicyErrors> {
    read(path, text, LARGEST, resolve)
}

/// See [`Matcher::parse`].
pub(super) fn matcher(name: &str, text: &str) -> Result<Matcher, PolicyErrors> {
    read(Path::new(name), text, LARGEST, |reader, raw| {
        reader.matcher("", raw)
    })
}

/// Reads the built-in list, which the build has turned into JSON.
pub(super) fn builtin(json: &str) -> Result<Builtin, PolicyErrors> {
    let root = Node::default();
    let mut reader = Reader::without_file("builtin.yml", &root);
    let list = builtin_list(&mut reader, json);
    list.ok_or_else(|| reader.errors())
}

fn builtin_list(reader: &mut Reader, json: &str) -> Option<Builtin> {
    let raw: raw::Policy = match serde_json::from_str(json) {
        Ok(raw) => raw,
        Err(error) => return reader.wrong("", error.to_string()),
    };
    Some(Builtin {
        version: reader.required("", "builtin-version", raw.builtin_version)?,
        exceptions: reader.exceptions(raw.allow)?,
    })
}

/// All of these, if none is wrong.
fn all<T>(items: Vec<Option<T>>) -> Option<Vec<T>> {
    items.into_iter().collect()
}

fn resolve(reader: &mut Reader, raw: raw::Policy) -> Option<Policy> {
    let version = reader.version(raw.version);
    let builtin_version = match raw.builtin_version {
        Some(_) => {
            let message = "`builtin-version` belongs to the built-in list: take it out";
            reader.wrong("builtin-version", message.to_owned())
        }
        None => Some(()),
    };
    let mut policy = Policy {
        name: reader.name(),
        gate_failed_tests: raw.gate_failed_tests,
        ..Policy::default()
    };
    let mut default_rule = Rule::clone(&policy.default_rule);
    if let Some(severity) = raw.defaults.severity {
        default_rule.severity = severity.into();
    }
    let limit = raw.defaults.limit;
    let limit = limit.map(|limit| reader.limit("defaults.limit", &limit));
    default_rule.limit = limit.flatten().unwrap_or(default_rule.limit);
    default_rule.line = reader.line_of("defaults");
    policy.default_rule = Arc::new(default_rule);
    let rules = reader.rules(raw.rules, &policy.default_rule);
    let exceptions = reader.exceptions(raw.allow);
    version.and(builtin_version)?;
    policy.rules = rules?;
    if !raw.builtin_allow {
        policy.exceptions.clear();
        policy.builtin_version = None;
    }
    policy.exceptions.splice(..0, exceptions?);
    Some(policy)
}

impl Reader<'_> {
    /// Checks the version of a file's format.
    pub(crate) fn version(&mut self, version: Option<u64>) -> Option<()> {
        match self.required("", "version", version)? {
            1 => Some(()),
            version => {
                let message =
                    format!("version {version} is not known; this leakgate reads version 1");
                self.wrong("version", message)
            }
        }
    }

    fn rules(&mut self, raw: Vec<raw::Rule>, defaults: &Rule) -> Option<Vec<Arc<Rule>>> {
        let mut names = vec![defaults.name.clone()];
        let mut rules = Vec::new();
        for (path, raw) in self.paths("rules", raw.len()).iter().zip(raw) {
            let name = raw.name.clone();
            rules.push(self.rule(path, raw, defaults).map(Arc::new));
            let Some(name) = name else { continue };
            if names.contains(&name) {
                let message =
                    format!("the name `{name}` is taken: a report must say which rule it means");
                rules.push(self.wrong(&format!("{path}.name"), message));
            }
            names.push(name);
        }
        all(rules)
    }

    fn rule(&mut self, path: &str, raw: raw::Rule, defaults: &Rule) -> Option<Rule> {
        let name = match self.required(path, "name", raw.name) {
            Some(name) if name.trim().is_empty() => {
                let message = "a rule needs a name, which reports show".to_owned();
                self.wrong(&format!("{path}.name"), message)
            }
            name => name,
        };
        let per = match raw.per {
            None => Some(Per::Stack),
            Some(raw::Per::Label(key)) => Some(Per::Label(key)),
            Some(raw::Per::Word(word)) => self.per(&format!("{path}.per"), &word),
        };
        let limit = match raw.limit {
            Some(limit) => self.limit(&format!("{path}.limit"), &limit),
            None if matches!(per, None | Some(Per::Stack)) => Some(defaults.limit),
            None => self.required_or(path, "limit", None, "a rule with `per` needs a `limit`"),
        };
        let matcher = self.matcher(&format!("{path}.match"), raw.matcher);
        Some(Rule {
            line: Some(self.line(path)),
            matcher: matcher?,
            per: per?,
            limit: limit?,
            severity: raw.severity.map_or(defaults.severity, Severity::from),
            message: raw.message,
            name: name?,
        })
    }

    fn per(&mut self, path: &str, word: &str) -> Option<Per> {
        Some(match word {
            "stack" => Per::Stack,
            "root" => Per::Root,
            "state" => Per::State,
            "test" => Per::Test,
            "package" => Per::Package,
            "total" => Per::Total,
            "label" => {
                let message = "a label needs its key: `per: { label: KEY }`".to_owned();
                return self.wrong(path, message);
            }
            _ => return self.wrong(path, unknown("word", word, &raw::PER_WORDS)),
        })
    }

    fn limit(&mut self, path: &str, raw: &raw::Limit) -> Option<Limit> {
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
            return self.wrong(&format!("{path}.{key}"), message);
        }
        let limit = Limit {
            count: raw.count,
            growth: raw.growth,
            percent: raw.percent,
        };
        let values = [
            ("count", limit.count),
            ("growth", limit.growth),
            ("percent", limit.percent),
        ];
        let below = values.into_iter();
        let below = below.filter(|(_, value)| value.is_some_and(|value| value < 0));
        let mut is_wrong = false;
        for (key, _) in below {
            let message = format!("`{key}` cannot be below 0");
            is_wrong |= self
                .wrong::<()>(&format!("{path}.{key}"), message)
                .is_none();
        }
        if limit == Limit::default() && !self.is_known_wrong(path) {
            let message =
                "an empty limit would allow anything: give `growth`, `percent` or `count`";
            return self.wrong(path, message.to_owned());
        }
        (!is_wrong).then_some(limit)
    }

    fn exceptions(&mut self, raw: Vec<raw::Allow>) -> Option<Vec<Arc<Exception>>> {
        let mut names = Vec::new();
        let mut exceptions = Vec::new();
        for (path, raw) in self.paths("allow", raw.len()).iter().zip(raw) {
            let name = raw.name.clone();
            exceptions.push(self.exception(path, raw, &names).map(Arc::new));
            names.extend(name);
        }
        all(exceptions)
    }

    /// Reads an exception that comes after those with the names of `earlier`.
    fn exception(&mut self, path: &str, raw: raw::Allow, earlier: &[String]) -> Option<Exception> {
        let of = |key: &str| format!("{path}.{key}");
        let name = match &raw.name {
            Some(name) if name.trim().is_empty() => {
                self.wrong(&of("name"), "the name is empty".to_owned())
            }
            Some(name) if earlier.contains(name) => {
                let message = format!("an earlier exception has the name `{name}`");
                self.wrong(&of("name"), message)
            }
            _ => Some(()),
        };
        let expires = match raw.expires {
            None if self.is_builtin => Some(None),
            expires => {
                let expires = self.required(path, "expires", expires);
                expires.and_then(|day| self.day(&of("expires"), &day).map(Some))
            }
        };
        let max = self.required(path, "max", raw.max);
        let max = max.and_then(|max| self.max(&of("max"), max, earlier));
        let reason = match self.required(path, "reason", raw.reason) {
            Some(reason) if !is_reason(&reason) => {
                self.wrong(&of("reason"), "an exception needs a reason".to_owned())
            }
            reason => reason,
        };
        let matcher = self.required(path, "match", raw.matcher);
        let matcher = match matcher.and_then(|raw| self.matcher(&of("match"), raw)) {
            Some(matcher) if matcher.is_empty() && !self.is_known_wrong(&of("match")) => {
                let message = "an empty match would accept every goroutine".to_owned();
                self.wrong(&of("match"), message)
            }
            matcher => matcher,
        };
        let in_use_by = self.patterns(path, "in-use-by", raw.in_use_by);
        name?;
        Some(Exception {
            source: if self.is_builtin {
                Source::Builtin
            } else {
                Source::Policy {
                    line: self.line(path),
                }
            },
            name: raw.name,
            matcher: matcher?,
            max: max?,
            in_use_by: in_use_by?,
            reason: reason?,
            expires: expires?,
            owner: raw.owner,
        })
    }

    fn max(&mut self, path: &str, raw: raw::Max, earlier: &[String]) -> Option<Max> {
        let message = match raw {
            raw::Max::Count(count @ 1..) => return Some(Max::Count(count)),
            raw::Max::Unlimited if self.is_builtin => return Some(Max::Unlimited),
            raw::Max::AsManyAs(name) if earlier.contains(&name) => {
                return Some(Max::AsManyAs(name));
            }
            raw::Max::Count(_) => {
                "`max` is how many goroutines are accepted: at least 1".to_owned()
            }
            raw::Max::Unlimited => "`unlimited` is for the built-in list: give a number".to_owned(),
            raw::Max::AsManyAs(name) => {
                format!("no exception before this one has the name `{name}`")
            }
        };
        self.wrong(path, message)
    }

    fn matcher(&mut self, path: &str, raw: raw::Match) -> Option<Matcher> {
        let of = |key: &str| format!("{path}.{key}");
        let state = self.state(&of("state"), raw.state);
        let classes = Class::ALL.map(Class::name);
        let confirmed = match raw.confirmed {
            Some(word) => match Class::ALL.into_iter().find(|class| class.name() == word) {
                Some(class) => Some(Some(class)),
                None => self.wrong(&of("confirmed"), unknown("class", &word, &classes)),
            },
            None => Some(None),
        };
        let stack = match raw.stack {
            Some(stack) => self.id(&of("stack"), &stack).map(|()| Some(stack)),
            None => Some(None),
        };
        let [suite, root, home, any, without, test, package] = [
            ("suite", raw.suite),
            ("root", raw.root),
            ("home", raw.home),
            ("any", raw.any),
            ("without", raw.without),
            ("test", raw.test),
            ("package", raw.package),
        ]
        .map(|(key, names)| self.patterns(path, key, names));
        let labels = raw.label.into_iter();
        Some(Matcher {
            stack: stack?,
            suite: suite?,
            root: root?,
            home: home?,
            any: any?,
            without: without?,
            state: state?,
            test: test?,
            package: package?,
            labels: labels
                .map(|(key, value)| (key, Pattern::new(&value)))
                .collect(),
            proven: raw.proven,
            confirmed: confirmed?,
        })
    }

    /// Reads a state, if one is given.
    #[expect(
        clippy::option_option,
        reason = "none may be given, and one may be wrong"
    )]
    pub(crate) fn state(&mut self, path: &str, state: Option<String>) -> Option<Option<String>> {
        let states = state::all_states();
        match state {
            Some(state) if !states.contains(&&*state) => {
                self.wrong(path, unknown("state", &state, &states))
            }
            state => Some(state),
        }
    }

    fn patterns(
        &mut self,
        path: &str,
        key: &str,
        names: Option<raw::Names>,
    ) -> Option<Vec<Pattern>> {
        let Some(raw::Names(names)) = names else {
            return Some(Vec::new());
        };
        let path = format!("{path}.{key}");
        let is_empty = names.is_empty() && !self.is_known_wrong(&path);
        if is_empty || names.iter().any(String::is_empty) {
            let message = format!("`{key}` is empty, and would match nothing");
            return self.wrong(&path, message);
        }
        // As a block of YAML leaves them: no name has these.
        if let Some(name) = names
            .iter()
            .find(|name| name.trim() != *name || name.contains(['\n', '\r']))
        {
            let message = format!(
                "{name:?} begins or ends with a blank, or has a line break, and would match nothing"
            );
            return self.wrong(&path, message);
        }
        Some(names.iter().map(|name| Pattern::new(name)).collect())
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
