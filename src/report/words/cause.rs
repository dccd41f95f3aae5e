//! What there is to say about a cause.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::{base, name};
use crate::evidence::SuiteName;
use crate::gosource::{self, Closer, Ending, Pattern, Use};
use crate::plural::plural;
use crate::policy::Severity;
use crate::report::sources::Sources;
use crate::verdict::{Cause, Finding, Opened, Place, Site, Verdict};

/// A call whose goroutines stay: the causes of one id, one for each suite, with the findings that
/// its goroutines are in and how many of them are in each.
pub(in crate::report) struct Together<'v> {
    pub(in crate::report) causes: Vec<(&'v Cause, Vec<(&'v Finding, i64)>)>,
}

/// What reports show as one: all that has one cause, or a finding of which some has none.
pub(in crate::report) enum Unit<'v> {
    Cause(Together<'v>),
    Single(&'v Finding),
}

/// The causes by suite and id, as findings refer to them.
pub(in crate::report) fn causes(verdict: &Verdict) -> HashMap<(&SuiteName, &str), &Cause> {
    let causes = verdict.causes.iter();
    causes
        .map(|cause| ((&cause.suite, &*cause.id), cause))
        .collect()
}

/// What counts, by what caused it: the gravest first, then the largest. A finding whose goroutines
/// have several causes is with each of them, and on its own for those that have none.
pub(in crate::report) fn units(verdict: &Verdict) -> Vec<Unit<'_>> {
    let causes = causes(verdict);
    let mut units: Vec<Unit> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for finding in verdict.findings.iter().filter(|finding| finding.is_open()) {
        let of_it = finding.causes.iter();
        let of_it = of_it.filter_map(|(id, count)| {
            let cause = causes.get(&(&finding.suite, &**id))?;
            Some((*cause, *count))
        });
        let of_it: Vec<(&Cause, i64)> = of_it.collect();
        for &(cause, count) in &of_it {
            let next = units.len();
            let at = *known.entry(&cause.id).or_insert(next);
            if at == next {
                units.push(Unit::Cause(Together { causes: Vec::new() }));
            }
            if let Unit::Cause(together) = &mut units[at] {
                together.add(cause, finding, count);
            }
        }
        if of_it.is_empty() || finding.without_cause() > 0 {
            units.push(Unit::Single(finding));
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
            Unit::Single(finding) => finding.without_cause(),
        }
    }
}

impl<'v> Together<'v> {
    fn add(&mut self, cause: &'v Cause, finding: &'v Finding, count: i64) {
        let mut known = self.causes.iter_mut();
        match known.find(|(known, _)| known.suite == cause.suite) {
            Some((_, findings)) => findings.push((finding, count)),
            None => self.causes.push((cause, vec![(finding, count)])),
        }
    }

    /// One of the causes: all are alike but for what each suite has of its own.
    pub(in crate::report) fn first(&self) -> &'v Cause {
        self.causes[0].0
    }

    /// The findings that its goroutines are in.
    pub(in crate::report) fn findings(&self) -> impl Iterator<Item = &'v Finding> {
        let findings = self.causes.iter().flat_map(|(_, findings)| findings);
        findings.map(|(finding, _)| *finding)
    }

    /// Those of which no other cause has more.
    pub(in crate::report) fn main_findings(&self) -> Vec<&'v Finding> {
        let id = &self.first().id;
        let is_main = |one: &&Finding| one.causes.first().is_some_and(|(main, _)| main == id);
        self.findings().filter(is_main).collect()
    }

    /// The only finding, where it holds no others.
    pub(in crate::report) fn single(&self) -> Option<&'v Finding> {
        match &self.causes[..] {
            [(cause, findings)] => match findings[..] {
                [(finding, _)] if finding.growth() == cause.goroutines => Some(finding),
                _ => None,
            },
            _ => None,
        }
    }

    /// Goroutines that stay, in all suites.
    pub(in crate::report) fn goroutines(&self) -> i64 {
        self.causes.iter().map(|(cause, _)| cause.goroutines).sum()
    }

    /// `worker.NewPool`; of a `go` statement, the test or the helper that it is in.
    pub(in crate::report) fn subject(&self) -> String {
        let function = &self.first().opened.function().name;
        match self.first().opened {
            Opened::Call(_) => name(base(function)).into_owned(),
            Opened::GoStatement(_) => {
                format!("go statement of {}", name(without_closure(base(function))))
            }
        }
    }

    /// `worker.NewPool: 40 goroutines stay`.
    pub(in crate::report) fn headline(&self) -> String {
        let goroutines = plural(self.goroutines(), "goroutine");
        let stay = match self.goroutines() {
            1 => "stays",
            _ => "stay",
        };
        format!("{}: {goroutines} {stay}", self.subject())
    }

    /// What tests do to it: `called` or `started`.
    pub(in crate::report) fn verb(&self) -> &'static str {
        match self.first().opened {
            Opened::Call(_) => "called",
            Opened::GoStatement(_) => "started",
        }
    }

    /// Where tests do it, those with the most goroutines first. What several shards say of one line is
    /// one.
    pub(in crate::report) fn sites(&self) -> Vec<Site> {
        let mut sites: Vec<Site> = Vec::new();
        let mut known: HashMap<(&Place, &Place), usize> = HashMap::new();
        for site in self.causes.iter().flat_map(|(cause, _)| &cause.sites) {
            let at = *known
                .entry((&site.place, &site.call))
                .or_insert(sites.len());
            match sites.get_mut(at) {
                Some(same) => same.goroutines = same.goroutines.saturating_add(site.goroutines),
                None => sites.push(site.clone()),
            }
        }
        sites.sort_by_key(|site| Reverse(site.goroutines));
        sites
    }

    /// The line of a helper through which all tests do it.
    pub(in crate::report) fn helper(&self) -> Option<Place> {
        let sites = self.sites();
        let call = &sites.first()?.call;
        let through_it = |site: &Site| site.call == *call && site.place != *call;
        sites.iter().all(through_it).then(|| call.clone())
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

    /// The stacks in which they stay, those that look the same once, with their goroutines; the
    /// largest first.
    pub(in crate::report) fn stacks(&self) -> Vec<(&'v Finding, i64)> {
        let mut stacks: Vec<(&Finding, i64)> = Vec::new();
        let mut known: HashMap<(&str, Option<&Place>), usize> = HashMap::new();
        for (finding, count) in self.causes.iter().flat_map(|(_, findings)| findings) {
            let home = finding.stack().and_then(|stack| stack.home.as_ref());
            let at = *known.entry((&finding.id, home)).or_insert(stacks.len());
            match stacks.get_mut(at) {
                Some((_, sum)) => *sum += count,
                None => stacks.push((finding, *count)),
            }
        }
        stacks.sort_by_key(|(_, count)| Reverse(*count));
        stacks
    }

    /// The leak by which most of them stay, if the source shows one that has a name.
    pub(in crate::report) fn pattern(&self) -> Option<&'static Pattern> {
        self.stacks().first()?.0.stack()?.pattern
    }

    /// What to do about it: the message of a rule, what ends what was called, or the usual fix of
    /// the leak or of the state that most are in. What only a name suggests is said with a
    /// "perhaps".
    pub(in crate::report) fn fix(&self, sources: &Sources) -> String {
        let Some((finding, _)) = self.stacks().into_iter().next() else {
            return String::new();
        };
        let usual = || super::fix(finding).to_owned();
        let pattern = self.pattern();
        let stack = finding.stack();
        let is_of_library = stack.is_some_and(|stack| stack.home.is_none());
        let sleeps = stack.is_some_and(|stack| stack.wait.state == "sleep");
        let never_ends = pattern.is_some_and(|pattern| pattern.is_endless);
        if finding.rule.message.is_some() || never_ends || sleeps {
            return usual();
        }
        match &self.first().ending {
            // What is to be done for a goroutine of a library has to be done there.
            Ending::Nothing if pattern.is_none() && is_of_library => {
                format!("in {}: {}", self.subject(), usual())
            }
            Ending::Nothing if pattern.is_none() => format!(
                "fix {}: nothing that it is given or returns can end what it starts, so every call leaks",
                self.subject()
            ),
            Ending::By(closers) => match closers.first() {
                // What a library started for itself does not end with the context of a call.
                Some(Closer::Context { .. }) if is_of_library => usual(),
                Some(closer) if !is_private(closer) => self.closing(closer, sources),
                _ => usual(),
            },
            Ending::Nothing | Ending::Unknown => usual(),
        }
    }

    fn closing(&self, closer: &Closer, sources: &Sources) -> String {
        let cause = self.first();
        let opened = cause.inside.as_ref().unwrap_or(cause.opened.function());
        let call = says(closer, package(&opened.name));
        let says = match &cause.inside {
            Some(inside) => {
                let inside = name(base(&inside.name)).into_owned();
                format!("in {}: {call}, to end what {inside} starts", self.subject())
            }
            None => call,
        };
        let shown = self
            .causes
            .iter()
            .find_map(|(cause, _)| cause.shown_by.as_ref());
        match shown {
            Some(Use { function, place }) => {
                format!(
                    "{says}, as {} does at {}",
                    name(function),
                    spot(place, sources)
                )
            }
            None if is_only_a_name(closer) => format!("perhaps {says}"),
            None => says,
        }
    }
}

/// `call (*store.Store).Shutdown`; `package` is that of the call.
pub(in crate::report) fn says(closer: &Closer, package: &str) -> String {
    let named = |parameter: &str| match parameter {
        "" => String::new(),
        parameter => format!(", {}", name(parameter)),
    };
    match closer {
        Closer::Method {
            receiver,
            name: method,
            ..
        } => match receiver.split_once(").") {
            Some((of, field)) => format!(
                "call {}.{} of the {}",
                name(field),
                name(method),
                name(of.trim_start_matches('('))
            ),
            None => format!(
                "call {}.{}",
                name(&qualified(receiver, package)),
                name(method)
            ),
        },
        Closer::Call { function, .. } => format!("call {}", name(function)),
        Closer::Result { .. } => "call the function that it returns".to_owned(),
        Closer::Context { parameter } => {
            format!("cancel the context that it is given{}", named(parameter))
        }
        Closer::Channel { parameter } => {
            format!("close the channel that it is given{}", named(parameter))
        }
        Closer::Instead {
            other,
            name: method,
        } => format!("use {other} instead, and call its {}", name(method)),
    }
}

/// Input: `(*Store)`, `(*http.Server)` and `store`
/// Output: `(*store.Store)`, `(*http.Server)`
fn qualified(receiver: &str, package: &str) -> String {
    if receiver.contains('.') || package.is_empty() {
        return receiver.to_owned();
    }
    let start = receiver.find(|character: char| character.is_alphanumeric() || character == '_');
    let (before, name) = receiver.split_at(start.unwrap_or(0));
    format!("{before}{package}.{name}")
}

/// The name of a function's package, without its path and without the version of its module.
pub(in crate::report) fn package(function: &str) -> &str {
    let path = base(function).split('.').next().unwrap_or_default();
    path.split('/').next().unwrap_or_default()
}

/// Whether a package keeps a closer to itself.
fn is_private(closer: &Closer) -> bool {
    match closer {
        Closer::Method { name, .. } => !name.starts_with(char::is_uppercase),
        _ => false,
    }
}

/// Whether all that speaks for a method is its name.
fn is_only_a_name(closer: &Closer) -> bool {
    matches!(
        closer,
        Closer::Method { place: Some(_), .. } | Closer::Call { place: Some(_), .. }
    )
}

/// Input: `shop.TestPay.func2.1`
/// Output: `shop.TestPay`
fn without_closure(function: &str) -> &str {
    match function.find(".func") {
        Some(end)
            if function[end + ".func".len()..].starts_with(|one: char| one.is_ascii_digit()) =>
        {
            &function[..end]
        }
        _ => function,
    }
}

fn spot(place: &gosource::SourceLine, sources: &Sources) -> String {
    let path = sources.below_root(&place.file);
    let file = path.as_deref().unwrap_or(&place.file);
    format!("{}:{}", name(file), place.line)
}
