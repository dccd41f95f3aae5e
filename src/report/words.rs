//! What reports say, in the same words in every format.
//!
//! Names are as the profile has them: each format escapes them in its own way.

mod accept;
mod again;
mod bar;
mod baseline;
mod cause;
mod confirmed;
mod finding;
mod ledger;
mod policy;
mod shards;
mod spread;
mod summary;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::evidence::SuiteName;
use crate::plural::plural;
use crate::verdict::{Place, Subject, Verdict};
use accept::Entries;
use again::Reruns;
pub(super) use bar::{BarLine, bar, loosening};
pub(super) use baseline::without_profile;
pub(super) use cause::{Together, Unit, causes, package, says, units};
pub(super) use finding::{
    Label, Line, Tests, counts, covered, fails, fix, headline, headline_of, limit_sum, reason,
    subject, tests_of_cause,
};
pub(super) use ledger::{Row, ledger};
pub(super) use policy::{Remark, line_of, of_exception, of_rule, remarks, rule_place};
pub(super) use summary::{
    Conclusion, adoption, benign, in_baseline, left_out, skip_reason, summary,
};

/// What takes more than the finding itself to say.
pub(super) struct Words<'v> {
    verdict: &'v Verdict,
    entries: Entries<'v>,
    reruns: Reruns<'v>,
    /// The suites that are test binaries.
    of_tests: HashSet<&'v SuiteName>,
}

impl<'v> Words<'v> {
    pub(super) fn new(verdict: &'v Verdict) -> Self {
        let suites = verdict.suites.iter();
        let of_tests = suites.filter(|suite| suite.run.is_some());
        Self {
            verdict,
            entries: Entries::new(verdict),
            reruns: again::reruns(verdict),
            of_tests: of_tests.map(|suite| &suite.name).collect(),
        }
    }

    /// What sets each finding apart from all others, in the order of the verdict: 32 hex digits
    /// that depend neither on lines nor on counts. Stacks with one id, such as closures of one
    /// function, are numbered.
    pub(super) fn fingerprints(&self) -> impl ExactSizeIterator<Item = String> {
        let mut seen: HashMap<String, u32> = HashMap::new();
        let findings = self.verdict.findings.iter();
        findings.map(move |finding| {
            let key = match &finding.subject {
                Subject::Stack(_) => "",
                Subject::Sum(sum) => sum.key.as_deref().unwrap_or_default(),
            };
            let (suite, per) = (finding.suite.to_string(), finding.rule.per.name());
            let what = [&*suite, &finding.rule.name, &per, key, &finding.id].join("\0");
            let number = seen.entry(what.clone()).or_default();
            *number += 1;
            fingerprint(&[&what, &number.to_string()])
        })
    }
}

/// 32 hex digits of the SHA-256 of these.
pub(super) fn fingerprint(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\0"));
    digest.iter().take(16).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// A name that is not too long for people: of one that is, its start and its end. A stranger's may
/// have any length.
pub(super) fn name(name: &str) -> Cow<'_, str> {
    const HEAD: usize = 240;
    const TAIL: usize = 80;
    let length = name.chars().count();
    if length <= HEAD + TAIL {
        return Cow::Borrowed(name);
    }
    let head: String = name.chars().take(HEAD).collect();
    let tail: String = name.chars().skip(length - TAIL).collect();
    Cow::Owned(format!("{head}...{tail}"))
}

/// A suite, with its shard where the name does not say it.
pub(super) fn suite(suite: &SuiteName) -> String {
    let shown = suite.to_string();
    match suite.unshown_shard() {
        Some(shard) => format!("{} in shard {}", name(&shown), name(shard)),
        None => name(&shown).into_owned(),
    }
}

/// What takes the place of the frames that a stack is shown without.
pub(super) fn gap(frames: usize) -> String {
    format!("... {} left out ...", plural(frames as u64, "frame"))
}

/// `worker/pool.go:57`: the last two elements of the path say enough, and are the same on every
/// machine. The function when its file is not known.
pub(super) fn short(place: &Place) -> String {
    if place.file().is_empty() {
        return name(place.name()).into_owned();
    }
    let mut elements = place.file().rsplit(['/', '\\']);
    let file = name(elements.next().unwrap_or_default());
    let line = place.line;
    match elements.next().filter(|directory| !directory.is_empty()) {
        Some(directory) => format!("{}/{file}:{line}", name(directory)),
        None => format!("{file}:{line}"),
    }
}

/// A frame in full: `example.com/shop/worker.(*Pool).run  /src/shop/worker/pool.go:57`, or the
/// function alone when its file is not known.
pub(super) fn frame(place: &Place) -> String {
    let (function, file) = (name(place.name()), name(place.file()));
    if file.is_empty() {
        return function.into_owned();
    }
    format!("{function}  {file}:{}", place.line)
}

/// A function without the path of its package.
///
/// Input: `example.com/shop/worker.(*Pool).run`, `example.com/echo/v4.Serve`
/// Output: `worker.(*Pool).run`, `echo/v4.Serve`
pub(super) fn base(function: &str) -> &str {
    let path = function.find(['(', '[']).unwrap_or(function.len());
    let slash = function[..path].rfind('/').map_or(0, |slash| slash + 1);
    // The version of a module is no name of a package.
    let digits = function[slash..].strip_prefix('v').unwrap_or_default();
    let digits = digits.split('.').next().unwrap_or_default();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) || slash == 0 {
        return &function[slash..];
    }
    let before = function[..slash - 1]
        .rfind('/')
        .map_or(0, |slash| slash + 1);
    &function[before..]
}

/// Whether there is more than one suite, so that each has to be named.
pub(super) fn several(verdict: &Verdict) -> bool {
    verdict.totals.suites + verdict.unchecked.len() as u64 > 1
}
