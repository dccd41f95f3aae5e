//! Single findings and causes, with all that there is to say of them.

use std::collections::HashSet;

use super::Text;
use super::block::Block;
use crate::evidence::SuiteName;
use crate::report::Subject;
use crate::report::words::Words;
use crate::verdict::Finding;

/// One finding in full, without colours.
pub(in crate::report) fn block<'v>(
    subject: &Subject<'v>,
    words: &Words<'v>,
    finding: &'v Finding,
) -> String {
    let out = in_full(subject, words, |text| text.finding(&[finding]));
    anstream::adapter::strip_str(out.trim_end()).to_string()
}

/// All that there is to say of the cause with an id, in every suite; with colours.
pub(in crate::report) fn cause_of_id(subject: &Subject, id: &str) -> String {
    in_full(subject, &Words::new(subject.verdict), |text| {
        for block in text.blocks() {
            if let Block::Cause(together) = block
                && together.first().id == id
            {
                text.cause(&together);
            }
        }
    })
}

/// The same of the findings with an id, whether they count or not.
pub(in crate::report) fn findings_of_id(subject: &Subject, id: &str) -> String {
    in_full(subject, &Words::new(subject.verdict), |text| {
        let mut shown: HashSet<&SuiteName> = HashSet::new();
        for block in text.blocks() {
            if let Block::Stack(same) = block
                && same[0].id == id
            {
                text.finding(&same);
                shown.extend(same.iter().map(|finding| &finding.suite));
            }
        }
        let findings = subject.verdict.findings.iter();
        let others = findings.filter(|one| one.id == id && !shown.contains(&one.suite));
        others.for_each(|finding| text.finding(&[finding]));
    })
}

fn in_full<'v>(
    subject: &Subject<'v>,
    words: &Words<'v>,
    write: impl FnOnce(&mut Text<'_, 'v>),
) -> String {
    let mut out = String::new();
    write(&mut Text {
        out: &mut out,
        subject,
        words,
        verbose: true,
        excerpts: true,
    });
    out
}
