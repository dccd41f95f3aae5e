//! How an exception stands: whether it is needed, how full it is, and how long it holds.

use super::{AllowUse, EntryUse};
use crate::policy::{Max, Source};

/// Something to know of an exception; several may hold at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It matched goroutines, and could take more.
    Matched,
    /// One goroutine more in its suite, and none is accepted.
    AtMax,
    /// There are more goroutines than it accepts, so it accepts none.
    Exceeded,
    /// Its last day is within two weeks.
    ExpiresSoon,
    /// Its last day is over.
    Expired,
    /// It matched nothing: its leak is gone, or its names are misspelt.
    Unused,
    /// Earlier exceptions take all that it matches.
    Shadowed,
    /// Nothing that it could match was judged as a whole.
    NotJudged,
}

impl Standing {
    /// The word for it, in every report.
    pub fn name(self) -> &'static str {
        match self {
            Standing::Matched => "matched",
            Standing::AtMax => "at the maximum",
            Standing::Exceeded => "exceeded",
            Standing::ExpiresSoon => "expires soon",
            Standing::Expired => "expired",
            Standing::Unused => "unused",
            Standing::Shadowed => "never reached",
            Standing::NotJudged => "not judged",
        }
    }
}

impl AllowUse {
    /// How it stands: what it did, then how long it holds.
    pub fn standing(&self) -> Vec<Standing> {
        let does = if self.unused {
            Standing::Unused
        } else if self.shadowed {
            Standing::Shadowed
        } else if self.matched == 0 {
            Standing::NotJudged
        } else {
            // Goroutines in use count towards it and are not covered.
            match self.exception.max {
                Max::Count(max) if self.exception.in_use_by.is_empty() => fullness(self.most, max),
                _ => Standing::Matched,
            }
        };
        with_end(does, self.is_expired(), self.expires_soon())
    }

    /// Whether it is one of the policy's own.
    pub fn is_own(&self) -> bool {
        self.exception.source != Source::Builtin
    }
}

impl EntryUse {
    /// How it stands: what it did, then how long it holds.
    pub fn standing(&self) -> Vec<Standing> {
        let does = match self.matched {
            Some(0) if self.whole => Standing::Unused,
            None | Some(0) => Standing::NotJudged,
            Some(matched) => fullness(matched, self.entry.max),
        };
        let is_soon = crate::policy::is_soon(self.days_left);
        with_end(does, self.is_expired(), is_soon)
    }
}

fn fullness(matched: i64, max: i64) -> Standing {
    match matched.cmp(&max) {
        std::cmp::Ordering::Less => Standing::Matched,
        std::cmp::Ordering::Equal => Standing::AtMax,
        std::cmp::Ordering::Greater => Standing::Exceeded,
    }
}

fn with_end(does: Standing, is_expired: bool, is_soon: bool) -> Vec<Standing> {
    let ends = match (is_expired, is_soon) {
        (true, _) => Some(Standing::Expired),
        (_, true) => Some(Standing::ExpiresSoon),
        _ => None,
    };
    [Some(does), ends].into_iter().flatten().collect()
}
