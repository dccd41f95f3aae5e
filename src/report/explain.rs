//! What the words of a policy and of a report mean: a topic for each rule in force, wait state,
//! built-in exception and leak that has a name, and for what one report found.
//!
//! The texts lie beside what they explain; here they are put in order. A new kind is a file that makes
//! topics, and a line in [`Topics::new`].

mod known;
mod reported;
mod rules;

use super::Subject;
use super::text::{self, BOLD, DIM, layout};
use crate::escape::terminal;
use crate::policy::{Policy, nearest};

/// So many names are suggested for one that is not known.
const MOST_SUGGESTED: usize = 5;

/// What there is to explain.
#[derive(Debug)]
pub struct Topics<'r> {
    all: Vec<Topic>,
    report: Option<Subject<'r>>,
}

/// Something that has a name.
#[derive(Debug)]
struct Topic {
    kind: Kind,
    /// As a policy or a report calls it.
    name: String,
    /// What it is, in a few words.
    gist: String,
    /// Labels and texts, in the order to read them; none for what the report itself explains.
    lines: Vec<(&'static str, String)>,
}

/// In the order of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Rule,
    State,
    Builtin,
    Pattern,
    Class,
    Cause,
    Finding,
}

impl Kind {
    const ALL: [Self; 7] = [
        Kind::Rule,
        Kind::State,
        Kind::Builtin,
        Kind::Pattern,
        Kind::Class,
        Kind::Cause,
        Kind::Finding,
    ];

    /// What one is, and what all are.
    fn names(self) -> [&'static str; 2] {
        match self {
            Kind::Rule => ["rule", "Rules in force"],
            Kind::State => ["state", "States: what a goroutine waits for"],
            Kind::Builtin => ["built-in", "Built-in exceptions"],
            Kind::Pattern => ["pattern", "Patterns: leaks that have a name"],
            Kind::Class => ["class", "Classes: what running the tests again showed"],
            Kind::Cause => ["cause", "Causes in the report"],
            Kind::Finding => ["finding", "Findings in the report"],
        }
    }
}

impl<'r> Topics<'r> {
    /// All that is known of this policy, and of a report.
    pub fn new(policy: &Policy, report: Option<Subject<'r>>) -> Self {
        let topics = rules::topics(policy)
            .chain(known::states())
            .chain(known::builtin())
            .chain(known::patterns())
            .chain(known::classes())
            .chain(report.iter().flat_map(reported::topics));
        Self {
            all: topics.collect(),
            report,
        }
    }

    /// All of them by kind: the name of each, and what it is in a few words. With colours.
    pub fn list(&self) -> String {
        let groups = Kind::ALL.iter().filter_map(|kind| {
            let of_kind = self.all.iter().filter(|topic| topic.kind == *kind);
            let lines: String = of_kind.map(Topic::line).collect();
            let title = kind.names()[1];
            (!lines.is_empty()).then(|| format!("{BOLD}{title}{BOLD:#}\n{lines}"))
        });
        let groups: Vec<String> = groups.collect();
        groups.join("\n")
    }

    /// All that has this name, whatever it is. With colours.
    ///
    /// # Errors
    /// Nothing has it: names that are like it.
    pub fn explain(&self, name: &str) -> Result<String, Vec<String>> {
        let of_name = self.all.iter().filter(|topic| is_same(&topic.name, name));
        let texts: Vec<String> = of_name.map(|topic| self.text(topic)).collect();
        if texts.is_empty() {
            return Err(self.like(name));
        }
        Ok(texts.join("\n"))
    }

    fn text(&self, topic: &Topic) -> String {
        match (topic.kind, &self.report) {
            (Kind::Cause, Some(report)) => text::cause_of_id(report, &topic.name),
            (Kind::Finding, Some(report)) => text::findings_of_id(report, &topic.name),
            _ => topic.text(),
        }
    }

    /// The nearest name, and those that hold this one.
    fn like(&self, name: &str) -> Vec<String> {
        let names: Vec<&str> = self.all.iter().map(|topic| &*topic.name).collect();
        let lower = name.to_lowercase();
        let holds = |one: &&&str| !lower.is_empty() && one.to_lowercase().contains(&lower);
        let holding = names.iter().filter(holds).copied();
        let mut like: Vec<String> = Vec::new();
        for one in nearest(name, &names).into_iter().chain(holding) {
            if !like.iter().any(|known| known == one) && like.len() < MOST_SUGGESTED {
                like.push(one.to_owned());
            }
        }
        like
    }
}

/// Names are found however their letters are written.
fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

impl Topic {
    /// In the list: `  chan send  sends on a channel that has no room`.
    fn line(&self) -> String {
        let name = super::words::name(&self.name);
        let head = format!("  {}{DIM}  ", terminal(&name));
        layout::hanging(&head, &format!("{}{DIM:#}", terminal(&self.gist)))
    }

    fn text(&self) -> String {
        let name = super::words::name(&self.name);
        let kind = self.kind.names()[0];
        let head = format!("{kind} {BOLD}{}{BOLD:#}\n", terminal(&name));
        let lines = self.lines.iter();
        let lines = lines.map(|(label, text)| layout::labelled(label, &terminal(text)));
        head + &lines.collect::<String>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sources::Sources;
    use crate::report::{json, sample};
    use crate::verdict::FailOn;

    fn topics() -> Topics<'static> {
        Topics::new(&Policy::default(), None)
    }

    #[test]
    fn every_name_is_explained_and_said_once_of_its_kind() {
        let topics = topics();
        for (at, topic) in topics.all.iter().enumerate() {
            assert!(topics.explain(&topic.name).is_ok(), "{topic:?}");
            assert!(
                !topic.lines.is_empty() && !topic.gist.is_empty(),
                "{topic:?}"
            );
            let same = |one: &Topic| one.kind == topic.kind && is_same(&one.name, &topic.name);
            assert!(!topics.all[..at].iter().any(same), "{topic:?}");
        }
    }

    #[test]
    fn all_ids_of_a_report_are_explained_and_no_name_in_it_steers_a_terminal() {
        let json = sample::with(json::render);
        let read = json::read(json.as_bytes()).unwrap();
        let sources = Sources::default().with_reported(read.reported);
        let report = Subject {
            verdict: &read.verdict,
            fail_on: FailOn::Error,
            name: None,
            sources: &sources,
            saved_as: Some("re port.json"),
        };
        let topics = Topics::new(&Policy::default(), Some(report));
        let plain = |text: &str| anstream::adapter::strip_str(text).to_string();
        sample::assert_harmless(&plain(&topics.list()));
        for finding in sample::verdict().findings {
            sample::assert_harmless(&plain(&topics.explain(&finding.id).unwrap()));
        }
        insta::assert_snapshot!(plain(&topics.explain("c0ffee123456").unwrap()));
    }

    #[test]
    fn a_name_that_is_not_known_gives_those_that_are_like_it() {
        let like = |name: &str| topics().explain(name).unwrap_err();
        assert_eq!(like("chan sned"), ["chan send"]);
        assert_eq!(like("rwmutex"), ["sync.RWMutex.RLock", "sync.RWMutex.Lock"]);
        assert!(like("zzzzzzzzzzzzzzzzzzzzzzzzzzzz").is_empty());
    }
}
