//! Lines that are the same where a policy is judged by and where it is looked at.

use super::layout::{hanging, remark};
use super::{GREEN, RED, YELLOW};
use crate::escape::terminal;
use crate::report::words::{Remark, Row};

/// A row of the ledger of exceptions.
///
/// Output: `leakgate.yml:12 at the maximum: 3 of 3 until 2027-03-31 (@shop): root: main.run; known`
pub(super) fn ledger_row(row: &Row) -> String {
    let Row {
        place,
        what,
        used,
        until,
        owner,
        standing,
        reason,
    } = row;
    let until = match until.as_str() {
        "" => String::new(),
        day => format!(" until {day}"),
    };
    let owner = match *owner {
        "" => String::new(),
        owner => format!(" ({owner})"),
    };
    format!("{place} {standing}: {used}{until}{owner}: {what}; {reason}")
}

/// What a team should know of a line of its policy.
pub(in crate::report) fn policy_remark(line: &Remark) -> String {
    let Remark {
        what,
        place,
        text,
        owner,
    } = line;
    let owner = owner.map(|owner| format!(" ({owner})"));
    let text = format!("{place} {text}{}", owner.unwrap_or_default());
    remark(YELLOW, what, &terminal(&text))
}

/// The last line of what is no verdict: whether it passes, and what there is.
pub(in crate::report) fn closing(passes: bool, says: &str) -> String {
    let (style, word) = if passes {
        (GREEN, "PASS")
    } else {
        (RED, "FAIL")
    };
    hanging(&format!("{style}{word}{style:#} "), says)
}
