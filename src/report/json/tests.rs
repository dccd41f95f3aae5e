//! What is written, and that it is read back.

mod merged;
mod round_trip;
mod wrong;

use super::{MOST_FINDINGS, render};
use crate::report::sample::{self, HOSTILE};

#[test]
fn the_sample() {
    insta::assert_snapshot!(sample::with(render));
}

#[test]
fn a_baseline_is_read_back_as_it_was() {
    let rendered = sample::of(&sample::with_baseline(), render);
    sample::assert_harmless(&rendered);
    let report: serde_json::Value = serde_json::from_str(&rendered).unwrap();
    let entry = &report["baseline"]["entries"][0];
    assert_eq!(entry["home"], HOSTILE);
    let accepted = |index: usize| report["findings"][index]["accepted_as"].as_str();
    assert_eq!(
        [0, 1, 2].map(accepted),
        [None, Some("111111111111"), Some("222222222222")]
    );
}

#[test]
fn a_strange_name_steers_no_terminal_and_is_read_back_as_it_was() {
    let rendered = sample::with(render);
    sample::assert_harmless(&rendered);
    let report: serde_json::Value = serde_json::from_str(&rendered).unwrap();
    assert_eq!(report["findings"][1]["suite"], HOSTILE);
}

#[test]
fn it_holds_as_many_findings_as_it_has_room_for_and_counts_all() {
    let mut verdict = sample::verdict();
    verdict.findings = vec![verdict.findings[0].clone(); MOST_FINDINGS + 7];
    let rendered = sample::of(&verdict, render);
    let report: serde_json::Value = serde_json::from_str(&rendered).unwrap();
    assert_eq!(report["findings"].as_array().unwrap().len(), MOST_FINDINGS);
    assert_eq!(report["left_out"]["findings"], 7);
    assert_eq!(report["totals"]["violations"], MOST_FINDINGS + 7);
}
