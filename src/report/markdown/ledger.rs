//! The ledger of exceptions as a folded table.

use super::MOST;
use crate::escape::{markdown, markdown_code};
use crate::plural::plural;
use crate::report::words;
use crate::verdict::Verdict;

const TABLE: &str =
    "| place | accepts | used | until | owner | status |\n|---|---|---|---|---|---|\n";

/// The exceptions of the policy and of the baseline: how many, what stands above them, and a row for
/// each. The built-in ones that matched are named with what they cover.
pub(super) fn table(verdict: &Verdict) -> (usize, String, Vec<String>) {
    let ledger = words::ledger(verdict, false);
    let title = plural(ledger.len() as u64, "exception");
    let rows = ledger.iter().take(MOST).map(|row| {
        format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            markdown_code(&row.place),
            markdown_code(&words::name(&row.what)),
            markdown(&row.used),
            row.until,
            markdown(row.owner),
            row.standing
        )
    });
    let heading = format!("<details><summary>{title}</summary>\n\n{TABLE}");
    (ledger.len(), heading, rows.collect())
}
