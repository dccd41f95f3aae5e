//! The entry of a policy by which a finding could be accepted.
//!
//! It has to match what the finding is and nothing else: one that asked for less, such as the
//! function that a goroutine began with, would quietly accept whatever else begins there later.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::again::quote;
use super::{Words, name};
use crate::escape;
use crate::evidence::SuiteName;
use crate::policy::{Max, Pattern};
use crate::stack::Name;
use crate::verdict::{Finding, Place, Stack, Verdict};

/// What an entry matches: the suite, the stack's id, its root, its home, and a closure between the
/// two.
type Matched<'v> = [&'v str; 5];

/// The keys of the policy for these.
const KEYS: [&str; 5] = ["suite", "stack", "root", "home", "any"];

/// The entries that findings offer, each made when it is asked for. Findings that no entry tells
/// apart share one.
pub(super) struct Entries<'v> {
    /// The suites that have the same name on every machine.
    lasting: HashSet<&'v str>,
    /// Findings that could be accepted by an entry, by their suite, if it is lasting, and id.
    offering: HashMap<[&'v str; 2], Vec<(&'v Finding, &'v Stack)>>,
    offered: RefCell<HashMap<Matched<'v>, Offer<'v>>>,
}

/// One entry.
#[derive(Clone, Copy)]
struct Offer<'v> {
    /// The most goroutines that a suite has. A package that is tested several times is judged each
    /// time.
    max: i64,
    /// The finding that offers it.
    first: &'v Finding,
}

impl<'v> Entries<'v> {
    pub(super) fn new(verdict: &'v Verdict) -> Self {
        let several = super::several(verdict);
        let suites = verdict.suites.iter();
        let lasting = suites.filter(|suite| several || suite.run.is_some());
        let lasting = lasting.map(|suite| suite.name.subject());
        let mut entries = Self {
            lasting: lasting
                .filter(|name| !Path::new(name).is_absolute())
                .collect(),
            offering: HashMap::new(),
            offered: RefCell::default(),
        };
        for finding in &verdict.findings {
            if let Some(stack) = offers(finding) {
                let key = [entries.suite(finding), &*finding.id];
                let same = entries.offering.entry(key).or_default();
                same.push((finding, stack));
            }
        }
        entries
    }

    /// The entry that matches this, if a finding offers it.
    fn offer(&self, finding: &Finding, matched: Matched) -> Option<Offer<'v>> {
        if let Some(offer) = self.offered.borrow().get(&matched) {
            return Some(*offer);
        }
        // All findings of this id at once, so that each is looked at once.
        let same_id = self.offering.get(&[self.suite(finding), &*finding.id])?;
        let mut counts: HashMap<(Matched, &SuiteName), i64> = HashMap::new();
        for (one, stack) in same_id {
            let matched = self.matched(one, stack);
            let count = counts.entry((matched, &one.suite)).or_default();
            *count += one.after;
            let mut offered = self.offered.borrow_mut();
            let offer = offered.entry(matched);
            let offer = offer.or_insert(Offer { max: 0, first: one });
            offer.max = offer.max.max(*count);
        }
        self.offered.borrow().get(&matched).copied()
    }

    /// The suite of a finding, if its name lasts.
    fn suite<'f>(&self, finding: &'f Finding) -> &'f str {
        let suite = finding.suite.subject();
        if self.lasting.contains(suite) {
            suite
        } else {
            ""
        }
    }

    fn matched<'f>(&self, finding: &'f Finding, stack: &'f Stack) -> Matched<'f> {
        let function = |place: &'f Option<Place>| place.as_ref().map(Place::name);
        let root = function(&stack.root);
        [
            Some(self.suite(finding)),
            Some(&finding.id),
            root,
            function(&stack.home).filter(|home| Some(*home) != root),
            closure(stack),
        ]
        .map(|name| name.filter(|name| is_plain(name)).unwrap_or_default())
    }
}

/// The stack of a finding that could be accepted by an entry of its own.
fn offers(finding: &Finding) -> Option<&Stack> {
    let exceeded = finding.exceeded();
    let has_own = exceeded.is_some_and(|exception| exception.matcher.stack.is_some());
    finding.stack().filter(|_| finding.is_open() && !has_own)
}

/// The outermost closure of user code between the home and the root of a stack: an id does not tell
/// closures of one function apart, and what starts goroutines for others is often handed one.
fn closure(stack: &Stack) -> Option<&str> {
    let frames = stack.trace.frames().iter().rev();
    let between = frames.map(Place::name).filter(|function| {
        let is = |place: &Option<Place>| {
            place
                .as_ref()
                .is_some_and(|place| place.name() == *function)
        };
        !is(&stack.root) && !is(&stack.home)
    });
    let mut closures = between.filter(|function| {
        let name = Name::new(function.as_bytes());
        !name.is_std() && name.is_closure()
    });
    closures.next()
}

/// Whether a name can stand in an entry: as a pattern it means itself and nothing else, every
/// reader shows it as it is, and it is not too long for a line.
fn is_plain(text: &str) -> bool {
    Pattern::new(text).is_literal(text) && escape::terminal(text) == text && name(text) == text
}

impl Words<'_> {
    /// How to accept a finding that counts: by an entry, the entry of an earlier finding, or a
    /// higher bound of the entry that there is.
    pub(in crate::report) fn accept(&self, finding: &Finding) -> Option<String> {
        if finding.exceeded().is_some_and(|one| one.is_of_baseline()) {
            let id = &finding.id;
            return Some(format!(
                "leakgate accept REPORT.json {id} --reason \"...\" --expires ..."
            ));
        }
        let exceeded = finding.exceeded().map(|exception| {
            let place = super::policy::exception_place(self.verdict, exception);
            (place, exception)
        });
        let Some(stack) = offers(finding) else {
            let (place, exception) = exceeded?;
            let Max::Count(max) = exception.max else {
                return None;
            };
            return Some(format!(
                "raise max at {place} from {max}, if this is accepted too"
            ));
        };
        let matched = self.entries.matched(finding, stack);
        let offer = self.entries.offer(finding, matched)?;
        if !std::ptr::eq(offer.first, finding) {
            let id = &finding.id;
            return Some(format!("the entry offered above for {id} accepts this too"));
        }
        let entry = self.entry(finding)?;
        // The entry that is there would take the goroutines first.
        Some(match exceeded {
            Some((place, _)) => format!("above {place}: {entry}"),
            None => entry,
        })
    }

    /// The command that takes findings into the baseline, by the id of their stack or of their cause, from
    /// the JSON report at this path; `None` where the policy has an entry that is to be changed, or where
    /// no entry tells them from others.
    pub(in crate::report) fn accept_by(
        &self,
        path: &str,
        id: &str,
        findings: &[&Finding],
    ) -> Option<Vec<String>> {
        let is_for_baseline = |finding: &&Finding| {
            let exceeded = finding.exceeded();
            exceeded.is_none_or(|one| one.is_of_baseline()) && self.accept(finding).is_some()
        };
        if findings.is_empty() || !findings.iter().all(is_for_baseline) {
            return None;
        }
        let path = quote(path).filter(|path| escape::terminal(path) == *path)?;
        let words = [
            "leakgate",
            "accept",
            &path,
            id,
            "--reason",
            "\"...\"",
            "--expires",
            "...",
        ];
        Some(words.map(str::to_owned).to_vec())
    }

    /// The entry under `allow:` that matches a finding and nothing else. Its reason and its last
    /// day are for a person to fill in.
    pub(in crate::report) fn entry(&self, finding: &Finding) -> Option<String> {
        let matched = self.entries.matched(finding, offers(finding)?);
        let max = self.entries.offer(finding, matched)?.max;
        let keys = KEYS.into_iter().zip(matched);
        let keys = keys.filter(|(_, name)| !name.is_empty());
        let keys: Vec<String> = keys
            .map(|(key, name)| format!("{key}: {}", serde_json::Value::from(name)))
            .collect();
        Some(format!(
            "- {{ match: {{ {} }}, max: {max}, reason: \"...\", expires: ... }}",
            keys.join(", ")
        ))
    }
}
