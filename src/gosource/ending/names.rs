//! How sure the name of a method is that it ends something.

use gosyn::ast::{Field, FieldList};

use crate::gosource::File;
use crate::gosource::known::Ends;
use crate::gosource::types::{Type, read};

/// Names of methods that end something, the surest first. A longer name that begins with one of
/// them counts too, after all of these: `CloseWithError`, `StopAndWait`. Unexported ones are last.
pub(super) const NAMES: [&str; 31] = [
    "Shutdown",
    "Close",
    "GracefulStop",
    "Stop",
    "GracefulShutdown",
    "Cancel",
    "Terminate",
    "Kill",
    "Quit",
    "Exit",
    "Destroy",
    "Dispose",
    "Teardown",
    "TearDown",
    "Release",
    "Disconnect",
    "Unsubscribe",
    "Unwatch",
    "Halt",
    "Abort",
    "Interrupt",
    "Leave",
    "Finish",
    "End",
    "Free",
    "Deinit",
    "Cleanup",
    "CleanUp",
    "CloseNow",
    "Drain",
    "Wait",
];

/// The first of the [`NAMES`] that only wait for something that ends by itself, or may.
const WAITS_FROM: usize = 29;

/// How many of the [`NAMES`] are sure enough to begin a longer one.
pub(super) const SUREST: usize = 4;

/// The likeliest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// A function among the results is there for nothing else.
    Result,
    Method(usize),
    LongerName(usize),
    Unexported(usize),
    Context,
    Channel,
    /// Of what was given as an argument.
    Argument,
    Function,
    Wait(usize),
}

/// Whether a method with these results can be there to end something: one with a longer name that
/// returns more than an error rather says something, as `CloseChan() <-chan struct{}` does.
pub(super) fn may_end(rank: Rank, results: &FieldList, file: &File) -> bool {
    let is_inert = |field: &Field| read(&field.typ, file) == Type::Inert;
    !matches!(rank, Rank::LongerName(_)) || results.list.iter().all(is_inert)
}

/// How likely a method with this name ends something; `None` when it does not say so.
///
/// Input: `Close`, `CloseWithError`, `stop`, `Closed`
/// Output: surest, less sure, unexported, none
pub(super) fn rank_of(name: &str) -> Option<Rank> {
    let mut characters = name.chars();
    let first = characters.next()?;
    let exported: String = first.to_uppercase().chain(characters).collect();
    let is_exported = first.is_uppercase();
    if let Some(at) = NAMES.iter().position(|ending| *ending == exported) {
        return Some(match (at >= WAITS_FROM, is_exported) {
            (true, _) => Rank::Wait(at),
            (false, true) => Rank::Method(at),
            (false, false) => Rank::Unexported(at),
        });
    }
    let longer = |ending: &str| {
        let rest = exported.strip_prefix(ending);
        rest.is_some_and(|rest| rest.starts_with(char::is_uppercase))
    };
    // What begins with one of the last few is no ending: `EndOffset`, `WaitTime`, `FreeBytes`.
    let at = NAMES
        .iter()
        .take(SUREST)
        .position(|ending| longer(ending))?;
    is_exported.then_some(Rank::LongerName(at))
}

/// What a row of the table says, in its order: what stands first is never less likely.
pub(super) fn ranked(ends: &[Ends]) -> impl Iterator<Item = (Rank, &Ends)> {
    let mut rank = Rank::Result;
    ends.iter().map(move |ends| {
        let name = match ends {
            Ends::Method(_, name) => name,
            _ => "",
        };
        rank = rank.max(rank_of(name).unwrap_or(Rank::LongerName(NAMES.len())));
        (rank, ends)
    })
}
