//! What became of the cases of a policy, for a person.

use super::text::lines::closing;
use super::text::{BOLD, GREEN, RED, layout};
use super::words::name;
use crate::cases::{Case, Comparison};
use crate::escape::terminal;
use crate::plural::plural;
use crate::verdict::{Finding, Place, Subject};

/// How many cases there were, by how they ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// As expected.
    pub passed: usize,
    /// Not as expected.
    pub failed: usize,
    /// Could not be judged.
    pub unchecked: usize,
}

impl Tally {
    /// Counts one more.
    pub fn add(&mut self, comparison: &Comparison) {
        let count = match comparison {
            Comparison::Same => &mut self.passed,
            Comparison::Differs { .. } => &mut self.failed,
            Comparison::Unchecked(_) => &mut self.unchecked,
        };
        *count += 1;
    }

    /// The closing line. With colours.
    pub fn text(self) -> String {
        let Self {
            passed,
            failed,
            unchecked,
        } = self;
        let all = plural((passed + failed + unchecked) as u64, "case");
        let more = [(failed, "failed"), (unchecked, "could not be judged")];
        let more = more.iter().filter(|(count, _)| *count > 0);
        let more = more.map(|(count, what)| format!("{count} {what}"));
        let passed = format!("{passed} of {all} passed");
        let says: Vec<String> = std::iter::once(passed).chain(more).collect();
        closing(failed + unchecked == 0, &says.join(", "))
    }
}

/// One case of a file: a line, and below it what is not as expected. With colours.
pub fn case(file: &str, case: &Case, comparison: &Comparison) -> String {
    let place = format!("{file}:{}", case.line);
    let title = |style: anstyle::Style, word: &str| {
        let (name, place) = (name(&case.name), terminal(&place));
        let head = format!(
            "{style}{word:<4}{style:#} {BOLD}{}{BOLD:#}",
            terminal(&name)
        );
        layout::apart(&head, &place)
    };
    let lines: Vec<(&str, String)> = match comparison {
        Comparison::Same => return title(GREEN, "ok"),
        Comparison::Unchecked(why) => why.iter().map(|why| ("why", (*why).to_owned())).collect(),
        Comparison::Differs {
            passes,
            missing,
            unexpected,
        } => {
            let outcome = match (case.passes, *passes) {
                (true, false) => Some("the policy to hold, and it is violated"),
                (false, true) => Some("the policy to be violated, and it holds"),
                _ => None,
            };
            let outcome = outcome.map(|says| ("expected", says.to_owned()));
            let missing = missing
                .iter()
                .map(|one| ("missing", format!("{one} ({file}:{})", one.line)));
            let unexpected = unexpected.iter().map(|one| ("found", found(one)));
            outcome
                .into_iter()
                .chain(missing)
                .chain(unexpected)
                .collect()
        }
    };
    let lines = lines.iter();
    let lines: String = lines
        .map(|(label, text)| layout::labelled(label, &terminal(text)))
        .collect();
    let word = match comparison {
        Comparison::Unchecked(_) => "UNCHECKED",
        _ => "FAIL",
    };
    title(RED, word) + &lines
}

/// A finding in the words of a case: `rule: default, root: main.run, state: select, count: 3`.
fn found(finding: &Finding) -> String {
    let mut keys = vec![("rule", finding.rule.name.clone())];
    match &finding.subject {
        Subject::Stack(stack) => {
            let place =
                |place: &Option<Place>| place.as_ref().map(|place| name(place.name()).into_owned());
            keys.extend(place(&stack.root).map(|root| ("root", root)));
            keys.extend(place(&stack.home).map(|home| ("home", home)));
            keys.push(("state", stack.wait.state.to_string()));
        }
        Subject::Sum(sum) => keys.extend(sum.key.clone().map(|key| ("key", key))),
    }
    keys.push(("count", finding.after.to_string()));
    keys.push(("disposition", finding.disposition.name().to_owned()));
    let keys: Vec<String> = keys
        .iter()
        .map(|(key, value)| format!("{key}: {value}"))
        .collect();
    keys.join(", ")
}
