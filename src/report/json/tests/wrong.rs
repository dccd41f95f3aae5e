//! What is no report, or not a whole one.

use crate::report::json::{self, ReadError};
use crate::report::sample;

#[test]
fn whatever_is_no_report_is_an_error() {
    let report = sample::with(json::render);
    let error = |text: &str| json::read(text.as_bytes()).unwrap_err();
    assert!(matches!(
        error(&report[..report.len() / 2]),
        ReadError::Json(_)
    ));
    assert!(matches!(error(""), ReadError::Json(_)));
    assert!(matches!(error("[]"), ReadError::Json(_)));
    let other = report.replace("leakgate.report/1", "leakgate.report/2");
    assert!(matches!(error(&other), ReadError::Schema(_)));
    let older = report.replace("\"shards\"", "\"no_shards\"");
    assert!(matches!(error(&older), ReadError::Incomplete(_)));
    let negative = report.replace("\"after\": 42", "\"after\": -42");
    assert!(matches!(error(&negative), ReadError::Incomplete(_)));
    for (from, to) in [
        ("\"per\": \"total\"", "\"per\": \"moon\""),
        ("\"severity\": \"warning\"", "\"severity\": \"fatal\""),
        ("\"disposition\": \"open\"", "\"disposition\": \"odd\""),
        ("\"pairing\": \"exact\"", "\"pairing\": \"near\""),
        ("\"expires\": \"2026-11-25\"", "\"expires\": \"2026-11-31\""),
    ] {
        let changed = report.replace(from, to);
        assert!(matches!(error(&changed), ReadError::Unknown { .. }), "{to}");
    }
    let cut = report.replacen("\"stack_elided\": 0", "\"stack_elided\": 3", 1);
    assert!(matches!(error(&cut), ReadError::Stack { elided: 3, .. }));
    let named = report.replacen(
        "\"subject\": \"example.com/shop/clean\"",
        "\"subject\": \"x\"",
        1,
    );
    assert!(matches!(error(&named), ReadError::Suite { .. }));
}
