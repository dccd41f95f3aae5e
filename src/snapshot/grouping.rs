//! Grouping: one pass over the samples of a profile.

use std::collections::BTreeMap;

use super::Group;
use crate::go_names::{PROFILE_WRITERS, SERVER_CONNECTION};
use crate::profile::{DecodeError, Kind, Line, Problem, Profile, Sample, SampleAt};
use crate::stack::{Depth, DepthLimit, Key, Symbols};

/// No goroutine is deeper: the runtime keeps 1024 program counters at most, and each may stand for
/// some inlined frames.
const DEEPEST: usize = 1 << 13;

/// A snapshot in the making: what is known after some of the samples.
pub(super) struct Grouping<'p, 'buf> {
    profile: &'p Profile<'buf>,
    symbols: &'p Symbols<'buf>,
    writers: Writers,
    /// One for each sample, unsorted.
    pub(super) groups: Vec<Group>,
    pub(super) labelled: Vec<(Key, SampleAt)>,
    /// Stacks that may have been cut.
    pub(super) suspects: Vec<(Key, Depth)>,
    pub(super) moving: BTreeMap<SampleAt, usize>,
    pub(super) limit: DepthLimit,
    pub(super) deepest: usize,
    pub(super) counts: Counts,
    /// Whether the profile was fetched through net/http.
    pub(super) over_http: bool,
}

/// Goroutines; see the fields of [`Snapshot`].
#[derive(Default)]
pub(super) struct Counts {
    pub(super) total: i64,
    pub(super) frameless: i64,
    pub(super) frameless_unlabelled: i64,
    pub(super) capturing: i64,
}

impl<'p, 'buf> Grouping<'p, 'buf> {
    pub(super) fn new(profile: &'p Profile<'buf>, symbols: &'p Symbols<'buf>) -> Self {
        let mut groups = Vec::new();
        groups.reserve_exact(profile.samples().len());
        Self {
            profile,
            symbols,
            writers: Writers::new(profile),
            groups,
            labelled: Vec::new(),
            suspects: Vec::new(),
            moving: BTreeMap::new(),
            limit: match profile.kind() {
                Kind::GoroutineLeak => DepthLimit::Frames128,
                Kind::Goroutine => DepthLimit::Unknown,
            },
            deepest: 0,
            counts: Counts::default(),
            over_http: false,
        }
    }

    /// Adds a sample; of one that was never twice in one place, only the `common` outermost
    /// locations.
    #[inline]
    pub(super) fn add(
        &mut self,
        at: SampleAt,
        sample: Sample,
        mut locations: &[u32],
        common: usize,
    ) -> Result<(), DecodeError> {
        if common > 0 {
            let keep = self.symbols.start_of(self.profile, locations, common);
            self.moving.insert(at, keep);
            locations = outermost(locations, keep);
        }
        let (counts, mut count) = (&mut self.counts, sample.count);
        let total = counts.total.checked_add(count);
        counts.total = total.ok_or_else(|| DecodeError::whole(Problem::Overflow))?;
        let is_labelled = sample.labelled && self.profile.check_labels(at)?;
        let Some(hashed) = self.symbols.hash(locations) else {
            counts.frameless += count;
            counts.frameless_unlabelled += if is_labelled { 0 } else { count };
            return Ok(());
        };
        if hashed.depth.frames > DEEPEST {
            return Err(DecodeError::whole(Problem::TooDeep(DEEPEST)));
        }
        if let Some(written) = self.writers.limit_of_writer(self.profile, locations)
            && counts.capturing == 0
        {
            self.limit = written;
            self.over_http = is_rooted(self.profile, locations, SERVER_CONNECTION);
            counts.capturing = count.min(1);
            count -= counts.capturing;
        }
        if count == 0 {
            return Ok(());
        }
        self.deepest = self.deepest.max(hashed.depth.inner());
        if hashed.depth.may_be_cut() {
            self.suspects.push((hashed.key, hashed.depth));
        }
        if is_labelled {
            self.labelled.push((hashed.key, at));
        }
        self.groups.push(Group {
            key: hashed.key,
            count,
            sample: at,
        });
        Ok(())
    }
}

/// So many of the outermost locations of a stack.
pub(super) fn outermost(locations: &[u32], keep: usize) -> &[u32] {
    &locations[locations.len() - keep..]
}

/// Whether the entry function of a stack is this one.
fn is_rooted(profile: &Profile, stack: &[u32], root: &str) -> bool {
    let outermost = stack
        .last()
        .and_then(|&location| profile.lines_of(location as usize).last());
    outermost.is_some_and(|line| profile.function_name(line.function()) == root.as_bytes())
}

/// Whether a function is in any stack of the profile.
pub(super) fn knows(profile: &Profile, function: &str) -> bool {
    (0..profile.function_count()).any(|index| profile.function_name(index) == function.as_bytes())
}

/// The locations by which a goroutine that writes the profile it stands in is known. Every profile
/// holds one, and no program leaks it. One that is only blocked inside `Profile.WriteTo` has
/// another leaf, and is judged.
pub(super) struct Writers {
    /// For each function, whether it is one of the runtime's own that write a profile, and how deep a
    /// stack that version of Go keeps.
    functions: Vec<Option<DepthLimit>>,
    /// For each location, whether its innermost function is one of these.
    leaf: Vec<bool>,
}

impl Writers {
    pub(super) fn new(profile: &Profile) -> Self {
        let limits = [
            DepthLimit::Unknown,
            DepthLimit::Frames32,
            DepthLimit::Frames128,
        ];
        let functions: Vec<_> = (0..profile.function_count())
            .map(|function| {
                let name = profile.function_name(function);
                let mut writers = PROFILE_WRITERS.iter().zip(limits);
                let writer = writers.find(|(writer, _)| writer.as_bytes() == name);
                writer.map(|(_, limit)| limit)
            })
            .collect();
        let writes = |line: &Line| functions[line.function()].is_some();
        let leaf = (0..=profile.location_count())
            .map(|location| profile.lines_of(location).first().is_some_and(writes))
            .collect();
        Self { functions, leaf }
    }

    /// For the stack of a goroutine that writes the profile: how deep a stack it keeps.
    pub(super) fn limit_of_writer(&self, profile: &Profile, stack: &[u32]) -> Option<DepthLimit> {
        let is_writer = stack.first().is_some_and(|&leaf| self.leaf[leaf as usize]);
        is_writer.then(|| {
            let innermost = stack.iter().take(2);
            let lines = innermost.flat_map(|&location| profile.lines_of(location as usize));
            let limits = lines.filter_map(|line| self.functions[line.function()]);
            let mut known = limits.filter(|limit| *limit != DepthLimit::Unknown);
            known.next().unwrap_or(DepthLimit::Unknown)
        })
    }
}
