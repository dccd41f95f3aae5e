//! What a group has in common.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use super::Creator;
use crate::profile::Facts;
use crate::snapshot::TEST_LABEL;
use crate::stack::Frames;
use crate::verdict::{Function, Place};

/// What goroutines of one group have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// The entry function.
    Root,
    /// The innermost function that is neither runtime nor standard library.
    Home,
    /// What they wait for.
    State,
    /// The function with the `go` statement.
    Creator,
    /// The package of the home.
    Package,
    /// The whole stack, by its id.
    Stack,
    /// The channel or lock.
    WaitsOn,
    /// The test that started them.
    Test,
    /// The value of a pprof label.
    Label(String),
}

const WORDS: [(&str, By); 8] = [
    ("root", By::Root),
    ("home", By::Home),
    ("state", By::State),
    ("creator", By::Creator),
    ("package", By::Package),
    ("stack", By::Stack),
    ("waits-on", By::WaitsOn),
    ("test", By::Test),
];

impl FromStr for By {
    type Err = String;

    /// Input: `root`, `label:tenant`
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(key) = text.strip_prefix("label:").filter(|key| !key.is_empty()) {
            return Ok(By::Label(key.to_owned()));
        }
        let known = WORDS.iter().find(|(word, _)| *word == text);
        known.map(|(_, by)| by.clone()).ok_or_else(|| {
            let words = WORDS.map(|(word, _)| word).join(", ");
            format!("known are {words} and label:KEY")
        })
    }
}

impl By {
    /// The word for it.
    pub fn name(&self) -> String {
        match self {
            By::Label(key) => format!("label:{key}"),
            by => {
                let known = WORDS.iter().find(|(_, known)| known == by);
                known.map_or_else(String::new, |(word, _)| (*word).to_owned())
            }
        }
    }

    /// The name of the group that a goroutine belongs to.
    pub(super) fn of(
        &self,
        frames: &Frames,
        state: &str,
        facts: &Facts,
        labels: &BTreeMap<String, String>,
    ) -> Option<String> {
        let function = |frame: Option<&crate::stack::Frame>| {
            frame.map(|frame| frame.function.as_str().to_owned())
        };
        match self {
            By::Root => function(frames.root()),
            By::Home => function(frames.home()),
            By::State => Some(state.to_owned()),
            By::Creator => creator_of(facts).map(|creator| creator.to_string()),
            By::Package => Some(frames.package().to_owned()).filter(|name| !name.is_empty()),
            By::Stack => Some(frames.id()),
            By::WaitsOn => facts.waits_on.as_deref().map(str::to_owned),
            By::Test => labels.get(TEST_LABEL).cloned(),
            By::Label(key) => labels.get(key).cloned(),
        }
    }
}

/// What is known of what started a goroutine: best the `go` statement.
pub(super) fn creator_of(facts: &Facts) -> Option<Creator> {
    let function = facts.creator.as_deref().map(go_statement);
    let function = function.map(Creator::Function);
    function.or_else(|| Some(Creator::Goroutine(facts.created_by?)))
}

/// Input: `app.(*Pool).run /src/pool.go:31`, or `app.(*Pool).run` where the place is not known
fn go_statement(text: &str) -> Place {
    let place = text.split_once(' ').and_then(|(function, place)| {
        let (file, line) = place.rsplit_once(':')?;
        Some((function, file, line.parse().ok()?))
    });
    let (name, file, line) = place.unwrap_or((text, "", 0));
    Place {
        function: Arc::new(Function {
            name: name.into(),
            file: file.into(),
        }),
        line,
    }
}
