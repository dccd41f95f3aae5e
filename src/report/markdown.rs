//! `markdown`: for the summary of a CI job, and, shorter, for a comment on a pull request.
//!
//! Platforms cut or drop what is too long, so the report keeps within a budget of bytes: whole rows
//! and sections are left out, the least grave first, and it says how many. Names in it are code,
//! with every character that could be markup written as an entity.

mod finding;
mod ledger;

use std::collections::HashMap;
use std::fmt::Write as _;

use super::words::{Conclusion, Remark, Unit};
use super::{Subject, words};
use crate::escape::{markdown, markdown_code};
use crate::evidence::SuiteName;
use crate::plural::plural;
use crate::verdict::{Finding, Place};
use finding::Findings;

/// Bytes of a job's summary. GitHub drops one of more than 1 MiB whole.
pub const SUMMARY: usize = 900 << 10;

/// Bytes of a comment. GitHub refuses more than 65,536 characters.
pub const COMMENT: usize = 64_900;

/// Above the folded findings.
const DETAILS: &str = "How to fix, accept and reproduce each:\n\n";

/// More rows of a kind than this never fit into a summary, so no more are rendered.
const MOST: usize = 8000;

/// Bytes that are kept for saying what was left out.
const RESERVE: usize = 1024;

/// Renders a verdict in at most `budget` bytes, but for the head and the end, which are there in
/// any case.
pub fn render(subject: &Subject, budget: usize) -> String {
    let mut page = Page {
        subject,
        findings: Findings::new(subject),
        out: String::new(),
        budget: budget.saturating_sub(RESERVE),
        left_out: Vec::new(),
    };
    page.write();
    page.out
}

struct Page<'p, 'v> {
    subject: &'p Subject<'v>,
    findings: Findings<'p, 'v>,
    out: String,
    /// How long `out` may become, but for the lines that say what was left out.
    budget: usize,
    left_out: Vec<String>,
}

impl Page<'_, '_> {
    fn write(&mut self) {
        let verdict = self.subject.verdict;
        let units = words::units(verdict);
        let conclusion = Conclusion::of(verdict, self.subject.fail_on);
        let result = conclusion.word();
        let icon = match conclusion {
            Conclusion::Pass => "✅",
            Conclusion::NotGated | Conclusion::FailsNever => "⚠",
            Conclusion::Fail | Conclusion::Unchecked => "❌",
        };
        let _ = writeln!(
            self.out,
            "<!-- leakgate:{} -->\n### {icon} leakgate: {result}\n\n{}\n",
            self.subject.slug(),
            markdown(&words::summary(verdict, self.subject.fail_on)),
        );
        self.bar();
        self.unchecked();
        self.table(&units);
        let details = units.iter().map(|unit| match unit {
            Unit::Cause(together) => self.findings.details_of_cause(together),
            Unit::Single(finding) => self.findings.details(finding),
        });
        self.rows(
            "stack",
            units.len(),
            DETAILS,
            details.take(MOST).collect(),
            "\n",
        );
        self.accepted();
        self.remarks();
        let (total, heading, rows) = ledger::table(verdict);
        self.rows("exception", total, &heading, rows, "\n</details>\n\n");
        if let unreported @ 1.. = verdict.left_out.findings as u64 {
            self.left_out.push(plural(unreported, "finding"));
        }
        if !self.left_out.is_empty() {
            let left_out = self.left_out.join(", ");
            let _ = writeln!(
                self.out,
                "**Left out, since this would be too long:** {left_out}. `--report json=FILE` has room for more.\n"
            );
        }
        let policy = markdown_code(&verdict.policy);
        let _ = writeln!(self.out, "<sub>Policy: {policy}</sub>");
    }

    /// Writes as many rows as fit below a heading, and remembers how many did not.
    ///
    /// `total` is how many rows there are, of which `rows` are the first.
    fn rows(&mut self, noun: &str, total: usize, heading: &str, rows: Vec<String>, end: &str) {
        let mut written = 0;
        for row in rows {
            let heading = if written == 0 { heading } else { "" };
            if self.out.len() + heading.len() + row.len() + end.len() > self.budget {
                break;
            }
            self.out.push_str(heading);
            self.out.push_str(&row);
            written += 1;
        }
        if written > 0 {
            self.out.push_str(end);
        }
        if written < total {
            self.left_out.push(plural((total - written) as u64, noun));
        }
    }

    /// What is wrong with the policy or the baseline themselves.
    fn bar(&mut self) {
        let Subject {
            verdict,
            fail_on,
            sources,
            ..
        } = self.subject;
        let bar = words::bar(verdict, *fail_on, sources);
        let rows = bar.iter().take(MOST).map(|line| {
            let icon = if line.fails { "❌" } else { "⚠" };
            let (place, text) = (markdown_code(&line.place), markdown(&line.text));
            format!("- {icon} **{}** {place} {text}\n", line.what)
        });
        self.rows("line", bar.len(), "", rows.collect(), "\n");
    }

    fn unchecked(&mut self) {
        let unchecked = self.subject.verdict.unchecked.iter();
        let total = unchecked.len();
        let rows = unchecked.take(MOST).map(|one| {
            let suite = markdown_code(&words::suite(&one.suite));
            format!("- **unchecked** {suite}: {}\n", markdown(&one.why))
        });
        self.rows("unchecked suite", total, "", rows.collect(), "\n");
    }

    /// A table for each suite, which names the suite once.
    fn table(&mut self, units: &[Unit]) {
        let mut suites: Vec<&SuiteName> = Vec::new();
        let mut numbers: HashMap<&SuiteName, usize> = HashMap::new();
        let (mut rows, mut total) = (Vec::new(), 0);
        let mut add = |suite, row: &dyn Fn() -> String| {
            total += 1;
            let number = *numbers.entry(suite).or_insert(suites.len());
            if number == suites.len() {
                suites.push(suite);
            }
            if total <= MOST {
                rows.push((number, row()));
            }
        };
        for unit in units {
            match unit {
                Unit::Cause(together) => {
                    for (cause, findings) in &together.causes {
                        let row = || self.findings.row_of_cause(cause, findings);
                        add(&cause.suite, &row);
                    }
                }
                Unit::Single(finding) => add(&finding.suite, &|| self.findings.row(finding)),
            }
        }
        // Stable: within a suite the gravest stay first.
        rows.sort_by_key(|(number, _)| *number);
        let several = words::several(self.subject.verdict);
        let mut last = None;
        let rows = rows.into_iter().map(|(number, row)| {
            if last.replace(number) == Some(number) {
                return row;
            }
            let suite = several.then(|| markdown_code(&words::suite(suites[number])) + "\n\n");
            format!("\n{}{}{row}", suite.unwrap_or_default(), finding::TABLE)
        });
        let rows = rows.collect();
        // Half of the room, so that the gravest have their stacks too.
        let budget = self.budget;
        self.budget = budget / 2;
        self.rows("finding", total, "", rows, "\n");
        self.budget = budget;
    }

    /// What was found and is accepted.
    fn accepted(&mut self) {
        let verdict = self.subject.verdict;
        let covered = verdict.findings.iter().filter(|finding| !finding.is_open());
        let (builtin, covered): (Vec<&Finding>, Vec<&Finding>) =
            covered.partition(|finding| finding.builtin().is_some());
        let several = words::several(verdict);
        let mut rows: Vec<String> = covered
            .iter()
            .take(MOST)
            .map(|finding| {
                let suite = if several {
                    markdown_code(&words::suite(&finding.suite)) + " "
                } else {
                    String::new()
                };
                format!(
                    "- {} {suite}{}: before {}, after {}: {}\n",
                    words::covered(finding),
                    markdown_code(&words::subject(finding)),
                    finding.before,
                    finding.after,
                    markdown(&words::reason(verdict, finding))
                )
            })
            .collect();
        let benign = words::benign(&builtin);
        let total = covered.len() + usize::from(benign.is_some());
        rows.extend(benign.map(|benign| format!("- allowed {}\n", markdown(&benign))));
        self.folded("accepted finding", total, rows);
    }

    /// What else is to be known: exceptions to look after, moved stacks, what was left out of the
    /// judgement.
    fn remarks(&mut self) {
        let verdict = self.subject.verdict;
        let mut rows = Vec::new();
        for Remark {
            what,
            place,
            text,
            owner,
        } in words::remarks(verdict)
        {
            let owner = owner.map(|owner| format!(" ({})", markdown_code(owner)));
            rows.push(format!(
                "- {what} {} {}{}\n",
                markdown_code(&place),
                markdown(&text),
                owner.unwrap_or_default()
            ));
        }
        for note in &verdict.notes {
            let suite = markdown_code(&words::suite(&note.suite));
            rows.push(format!("- {suite}: {}\n", markdown(&note.text)));
        }
        for moved in &verdict.moved {
            let root = moved.stack.last().map_or("", Place::name);
            rows.push(format!(
                "- {}: {} matched with one that was {}, before {}, after {}\n",
                markdown_code(&words::suite(&moved.suite)),
                markdown_code(root),
                moved.pairing.name(),
                moved.before,
                moved.after
            ));
        }
        let left_out = words::left_out(verdict, false);
        rows.extend(
            left_out
                .iter()
                .map(|text| format!("- left out: {}\n", markdown(text))),
        );
        self.folded("remark", rows.len(), rows);
    }

    fn folded(&mut self, noun: &str, total: usize, rows: Vec<String>) {
        if !rows.is_empty() {
            let title = plural(total as u64, noun);
            let heading = format!("<details><summary>{title}</summary>\n\n");
            self.rows(noun, total, &heading, rows, "\n</details>\n\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use pulldown_cmark::{Event, Options, Parser, Tag};

    use super::*;
    use crate::report::sample;
    use crate::verdict::FailOn;

    #[test]
    fn the_sample() {
        insta::assert_snapshot!(sample::with(|subject| render(subject, SUMMARY)));
    }

    #[test]
    fn a_baseline() {
        let verdict = sample::with_baseline();
        let rendered = sample::of(&verdict, |subject| render(subject, SUMMARY));
        sample::assert_harmless(&rendered);
        insta::assert_snapshot!(rendered);
    }

    /// The names of the tags in a piece of HTML.
    fn tags(html: &str) -> impl Iterator<Item = &str> {
        let tags = html.match_indices('<');
        tags.map(|(start, _)| {
            let tag = html[start + 1..].trim_start_matches('/');
            tag.split([' ', '>']).next().unwrap()
        })
    }

    #[test]
    fn a_strange_name_is_no_markup() {
        let rendered = sample::with(|subject| render(subject, SUMMARY));
        sample::assert_harmless(&rendered);
        let (mut text, mut seen) = (String::new(), BTreeSet::new());
        for event in Parser::new_ext(&rendered, Options::ENABLE_TABLES) {
            match event {
                Event::Html(html) | Event::InlineHtml(html) => {
                    seen.extend(tags(&html).map(str::to_owned));
                }
                Event::Text(more) => text.push_str(&more),
                Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::Emphasis) => {
                    panic!("{event:?} is a stranger's")
                }
                // `allow:`, of leakgate's own words.
                Event::Code(code) => assert_eq!(&*code, "allow:"),
                _ => {}
            }
        }
        let known = ["!--", "a", "br", "code", "details", "pre", "sub", "summary"];
        assert_eq!(seen, known.map(String::from).into());
        assert!(text.contains("a|b%<script>alert(1)</script>"), "{text}");
        assert!(text.contains("`c`*d*_e_[f](http://g)@h/i -->]]>"), "{text}");
    }

    #[test]
    fn the_first_line_names_the_run_and_nothing_in_a_name_ends_it() {
        let verdict = sample::verdict();
        let sources = sample::sources();
        let first = |name| {
            let subject = Subject {
                verdict: &verdict,
                fail_on: FailOn::Error,
                name,
                sources: &sources,
                saved_as: None,
            };
            render(&subject, SUMMARY).lines().next().unwrap().to_owned()
        };
        assert_eq!(first(None), "<!-- leakgate:all -->");
        assert_eq!(
            first(Some("shop, base against head")),
            "<!-- leakgate:shop-base-against-head -->"
        );
        assert_eq!(first(Some("--> <b>")), "<!-- leakgate:b -->");
    }

    #[test]
    fn what_does_not_fit_is_left_out_whole_and_counted() {
        let mut verdict = sample::verdict();
        verdict.causes.clear();
        let finding = verdict.findings[0].clone();
        verdict.findings = vec![finding; 5000];
        let sources = sample::sources();
        let subject = Subject {
            verdict: &verdict,
            fail_on: FailOn::Error,
            name: None,
            sources: &sources,
            saved_as: None,
        };
        for (budget, limit) in [(COMMENT, 65_000), (SUMMARY, 900 << 10), (3 << 10, 3 << 10)] {
            let rendered = render(&subject, budget);
            assert!(rendered.len() < limit, "{}", rendered.len());
            assert!(rendered.contains("**Left out, since this would be too long:**"));
            assert_eq!(
                rendered.matches("<details>").count(),
                rendered.matches("</details>").count()
            );
            let rows = rendered
                .lines()
                .filter(|line| line.starts_with("| ❌"))
                .count();
            let left_out = format!("{} findings", 5000 - rows);
            assert!(rendered.contains(&left_out), "{left_out}");
        }
    }
}
