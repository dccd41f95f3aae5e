//! Rules: how many goroutines there may be.

use std::fmt;

use super::Matcher;

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// Unique in the policy.
    pub name: String,
    /// Line in the policy file, 1-based; `None` for a built-in rule.
    pub line: Option<u32>,
    /// Which goroutines it is about.
    pub matcher: Matcher,
    /// What is counted together.
    pub per: Per,
    /// How many there may be.
    pub limit: Limit,
    /// How grave a violation is.
    pub severity: Severity,
    /// The remedy, in the team's own words.
    pub message: Option<String>,
}

/// How grave a violation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Reported; fails the build only under `--fail-on warning`.
    Warning,
    /// Fails the build.
    Error,
}

impl Severity {
    /// The word for it, in policies and reports.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// What a rule counts together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Per {
    /// Goroutines that share a stack. The first such rule that matches decides; all others are
    /// always judged.
    Stack,
    /// Goroutines that share a root.
    Root,
    /// Goroutines that wait for the same kind of thing.
    State,
    /// Goroutines that one test started.
    Test,
    /// Goroutines of one package.
    Package,
    /// Goroutines with one value of a pprof label.
    Label(String),
    /// All that the rule matches.
    Total,
}

impl Per {
    /// The word for it in reports.
    pub fn name(&self) -> String {
        match self {
            Per::Stack => "stack".into(),
            Per::Root => "root".into(),
            Per::State => "state".into(),
            Per::Test => "test".into(),
            Per::Package => "package".into(),
            Per::Label(key) => format!("label {key}"),
            Per::Total => "total".into(),
        }
    }
}

/// How many goroutines there may be. At least one of these is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Limit {
    /// The ceiling: goroutines after, whatever there were before.
    pub count: Option<i64>,
    /// How many more than before.
    pub growth: Option<i64>,
    /// How many more than before, in percent of before, rounded down.
    pub percent: Option<i64>,
}

/// As the keys of a policy: `growth 3, count 64`.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let keys = [
            ("growth", self.growth),
            ("percent", self.percent),
            ("count", self.count),
        ];
        let keys = keys
            .iter()
            .filter_map(|(key, value)| Some(format!("{key} {}", (*value)?)));
        f.write_str(&keys.collect::<Vec<_>>().join(", "))
    }
}

impl Limit {
    /// How many goroutines may be there after, when there were `before`:
    /// `max(before + growth, floor(before * (1 + percent/100)))`, capped by `count`.
    pub fn allowed(&self, before: i64) -> i64 {
        let by_growth = self.growth.map(|growth| before.saturating_add(growth));
        let by_percent = self.percent.map(|percent| {
            let scaled = i128::from(before) * (100 + i128::from(percent)) / 100;
            i64::try_from(scaled).unwrap_or(i64::MAX)
        });
        let relative = by_growth.into_iter().chain(by_percent).max();
        relative
            .unwrap_or(i64::MAX)
            .min(self.count.unwrap_or(i64::MAX))
    }
}
