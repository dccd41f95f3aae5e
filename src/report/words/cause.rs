//! What there is to say about a cause.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::{base, name};
use crate::evidence::SuiteName;
use crate::gosource::{self, Closer, Ending, Pattern, Use};
use crate::policy::Severity;
use crate::report::plural;
use crate::report::sources::Sources;
use crate::verdict::{Cause, Finding, Opened, Place, Site, Verdict};

/// A call whose goroutines stay: the causes of one id, one for each suite, with the findings that
/// its goroutines are in.
pub(in crate::report) struct Together<'v> {
    pub(in crate::report) causes: Vec<(&'v Cause, Vec<&'v Finding>)>,
}

/// What reports show as one: all that has one cause, or a finding without any.
pub(in crate::report) enum Unit<'v> {
    Cause(Together<'v>),
    Single(&'v Finding),
}

/// What counts, by what caused it: the gravest first, then the largest. A finding whose goroutines
/// have several causes is with each of them.
pub(in crate::report) fn units(verdict: &Verdict) -> Vec<Unit<'_>> {
    let mut by_finding: HashMap<(&SuiteName, &str), Vec<&Cause>> = HashMap::new();
    for cause in &verdict.causes {
        for (id, _) in &cause.findings {
            by_finding
                .entry((&cause.suite, id))
                .or_default()
                .push(cause);
        }
    }
    let mut units: Vec<Unit> = Vec::new();
    let mut known: HashMap<(&str, &Opened), usize> = HashMap::new();
    for finding in verdict.findings.iter().filter(|finding| finding.is_open()) {
        let causes = by_finding.get(&(&finding.suite, &*finding.id));
        let Some(causes) = causes.filter(|_| finding.cause.is_some()) else {
            units.push(Unit::Single(finding));
            continue;
        };
        for cause in causes {
            let next = units.len();
            let at = *known.entry((&cause.id, &cause.opened)).or_insert(next);
            if at == next {
                units.push(Unit::Cause(Together { causes: Vec::new() }));
            }
            if let Unit::Cause(together) = &mut units[at] {
                together.add(cause, finding);
            }
        }
    }
    units.sort_by_key(|unit| Reverse((unit.severity(), unit.goroutines())));
    units
}

impl Unit<'_> {
    fn severity(&self) -> Option<Severity> {
        match self {
            Unit::Cause(together) => together.findings().map(|one| one.rule.severity).max(),
            Unit::Single(finding) => Some(finding.rule.severity),
        }
    }

    fn goroutines(&self) -> i64 {
        match self {
            Unit::Cause(together) => together.goroutines(),
            Unit::Single(finding) => finding.growth(),
        }
    }
}

impl<'v> Together<'v> {
    fn add(&mut self, cause: &'v Cause, finding: &'v Finding) {
        let mut known = self.causes.iter_mut();
        match known.find(|(known, _)| known.suite == cause.suite) {
            Some((_, findings)) => findings.push(finding),
            None => self.causes.push((cause, vec![finding])),
        }
    }

    /// One of the causes: all are alike but for what each suite has of its own.
    pub(in crate::report) fn first(&self) -> &'v Cause {
        self.causes[0].0
    }

    /// The findings that its goroutines are in.
    pub(in crate::report) fn findings(&self) -> impl Iterator<Item = &'v Finding> {
        let findings = self.causes.iter().flat_map(|(_, findings)| findings);
        findings.copied()
    }

    /// Those that it is the main cause of.
    pub(in crate::report) fn main_findings(&self) -> Vec<&'v Finding> {
        let id = Some(&*self.first().id);
        let findings = self.findings();
        findings.filter(|one| one.cause.as_deref() == id).collect()
    }

    /// The only finding, where it holds no others.
    pub(in crate::report) fn single(&self) -> Option<&'v Finding> {
        match &self.causes[..] {
            [(cause, findings)] => match findings[..] {
                [finding] if finding.growth() == cause.goroutines => Some(finding),
                _ => None,
            },
            _ => None,
        }
    }

    /// Goroutines that stay, in all suites.
    pub(in crate::report) fn goroutines(&self) -> i64 {
        self.causes.iter().map(|(cause, _)| cause.goroutines).sum()
    }

    /// `worker.NewPool: 40 goroutines stay`.
    pub(in crate::report) fn headline(&self) -> String {
        let function = &self.first().opened.function().name;
        let goroutines = plural(self.goroutines(), "goroutine");
        let stay = if self.goroutines() == 1 {
            "stays"
        } else {
            "stay"
        };
        format!("{}: {goroutines} {stay}", name(base(function)))
    }

    /// What tests do to it: `called` or `started`.
    pub(in crate::report) fn verb(&self) -> &'static str {
        match self.first().opened {
            Opened::Call(_) => "called",
            Opened::GoStatement(_) => "started",
        }
    }

    /// Where tests do it, those with the most goroutines first.
    pub(in crate::report) fn sites(&self) -> Vec<&'v Site> {
        let sites = self.causes.iter().flat_map(|(cause, _)| &cause.sites);
        sites.collect()
    }

    /// The line of a helper through which all tests do it.
    pub(in crate::report) fn helper(&self) -> Option<&'v Place> {
        let sites = self.sites();
        let call = &sites.first()?.call;
        let through_it = |site: &&Site| site.call == *call && site.place != *call;
        sites.iter().all(through_it).then_some(call)
    }

    /// The `go` statement, where all have the same and it is not the line that is named anyway.
    pub(in crate::report) fn created(&self) -> Option<&'v Place> {
        let stacks = self.findings().filter_map(Finding::stack);
        let origins = stacks.flat_map(|stack| &stack.origins);
        let mut created = origins.filter_map(|origin| origin.created());
        let first = created.next()?;
        let is_named = self.sites().iter().any(|site| site.call == *first);
        (!is_named && created.all(|other| other == first)).then_some(first)
    }

    /// The stacks in which they stay, each once, with their goroutines.
    pub(in crate::report) fn stacks(&self) -> Vec<(&'v Finding, i64)> {
        let mut stacks: Vec<(&Finding, i64)> = Vec::new();
        for (cause, findings) in &self.causes {
            for finding in findings {
                let of_it = cause.findings.iter().filter(|(id, _)| *id == finding.id);
                let count: i64 = of_it.map(|(_, count)| count).sum();
                match stacks.iter_mut().find(|(other, _)| other.id == finding.id) {
                    Some((_, sum)) if self.causes.len() > 1 => *sum += count,
                    _ => stacks.push((finding, count)),
                }
            }
        }
        stacks
    }

    /// The leaks that the source shows and that have a name, each once.
    pub(in crate::report) fn patterns(&self) -> Vec<&'static Pattern> {
        let mut patterns: Vec<&Pattern> = Vec::new();
        let stacks = self.findings().filter_map(Finding::stack);
        for pattern in stacks.filter_map(|stack| stack.pattern) {
            if !patterns.iter().any(|known| known.name == pattern.name) {
                patterns.push(pattern);
            }
        }
        patterns
    }

    /// What to do about it: the message of a rule, what ends what was called, or the usual fix of
    /// the state that most are in.
    pub(in crate::report) fn fix(&self, sources: &Sources) -> String {
        let stacks = self.stacks().into_iter();
        let most = stacks.max_by_key(|(_, count)| *count);
        let Some((finding, _)) = most else {
            return String::new();
        };
        let cause = self.first();
        let function = name(base(&cause.opened.function().name));
        // What a library started for itself does not end with the context of a call.
        let is_of_library = finding.stack().is_some_and(|stack| stack.home.is_none());
        match &cause.ending {
            _ if finding.rule.message.is_some() => super::fix(finding).to_owned(),
            Ending::Nothing | Ending::Unknown if !self.patterns().is_empty() => {
                self.patterns()[0].fix.to_owned()
            }
            Ending::By(closers)
                if is_of_library && matches!(closers.first(), Some(Closer::Context { .. })) =>
            {
                super::fix(finding).to_owned()
            }
            Ending::By(closers) => {
                let closer = closers.first().map_or_else(String::new, closer);
                let shown = self
                    .causes
                    .iter()
                    .find_map(|(cause, _)| cause.shown_by.as_ref());
                let shown = shown.map_or_else(String::new, |test| {
                    let Use { function, place } = test;
                    format!(", as {} does at {}", name(function), spot(place, sources))
                });
                format!("{closer}{shown}")
            }
            Ending::Nothing => format!(
                "fix {function}: nothing that it is given or returns can end what it starts, so every call leaks"
            ),
            Ending::Unknown => super::fix(finding).to_owned(),
        }
    }
}

/// `call (*Store).Shutdown`.
pub(in crate::report) fn closer(closer: &Closer) -> String {
    let named = |parameter: &str| match parameter {
        "" => String::new(),
        parameter => format!(", {}", name(parameter)),
    };
    match closer {
        Closer::Method {
            receiver,
            name: method,
            ..
        } => {
            format!("call {}.{}", name(receiver), name(method))
        }
        Closer::Call { function, .. } => format!("call {}", name(function)),
        Closer::Result { .. } => "call the function that it returns".to_owned(),
        Closer::Context { parameter } => {
            format!("cancel the context that it is given{}", named(parameter))
        }
        Closer::Channel { parameter } => {
            format!("close the channel that it is given{}", named(parameter))
        }
    }
}

fn spot(place: &gosource::Place, sources: &Sources) -> String {
    let path = sources.below_root(&place.file);
    let file = path.as_deref().unwrap_or(&place.file);
    format!("{}:{}", name(file), place.line)
}
