//! What leakgate knows whatever the policy says: states, built-in exceptions, and leaks that have a
//! name.

use super::{Kind, Topic};
use crate::confirmed::Class;
use crate::gosource;
use crate::policy::{self, Max};
use crate::state;

/// Where the files of the newest release are shown.
const REPOSITORY: &str = "https://github.com/leakgate/leakgate/blob/main";

pub(super) fn states() -> impl Iterator<Item = Topic> {
    state::explained().into_iter().map(|explained| {
        let mut lines = vec![
            ("means", format!("it {}", explained.means)),
            ("ends", explained.ends.to_owned()),
        ];
        for way in &explained.ways {
            lines.push(("cause", way.cause.to_owned()));
            lines.push(("fix", way.remedy.to_owned()));
            let leaf = way.leaf.join(" | ");
            let outer = way.outer.join(" | ");
            lines.extend(match (leaf.is_empty(), outer.is_empty()) {
                (true, _) => None,
                (_, true) => Some(("frames", leaf)),
                _ => Some(("frames", format!("{leaf}, called by {outer}"))),
            });
        }
        let policy = format!("match: {{ state: {} }}", explained.state);
        lines.push(("policy", policy));
        Topic {
            kind: Kind::State,
            name: explained.state.to_owned(),
            gist: explained.means.to_owned(),
            lines,
        }
    })
}

pub(super) fn builtin() -> impl Iterator<Item = Topic> {
    let list = policy::builtin();
    list.exceptions.iter().map(|exception| {
        let accepts = match &exception.max {
            Max::Unlimited => exception.max.to_string(),
            max => format!("{max} in a suite, not counting those that were there before"),
        };
        let in_use = exception.in_use_by.iter().map(ToString::to_string);
        let in_use = in_use.collect::<Vec<_>>().join(" | ");
        let mut lines = vec![
            ("reason", exception.reason.clone()),
            ("matches", exception.matcher.to_string()),
            ("accepts", accepts),
        ];
        if !in_use.is_empty() {
            lines.push((
                "except",
                format!("one for each {in_use}, which shows it in use"),
            ));
        }
        lines.push((
            "off",
            "builtin-allow: false switches the whole list off".to_owned(),
        ));
        lines.push(("list", format!("{REPOSITORY}/src/policy/builtin.yml")));
        Topic {
            kind: Kind::Builtin,
            name: exception.name.clone().unwrap_or_default(),
            gist: exception.reason.clone(),
            lines,
        }
    })
}

pub(super) fn classes() -> impl Iterator<Item = Topic> {
    Class::ALL.into_iter().map(|class| Topic {
        kind: Kind::Class,
        name: class.name().to_owned(),
        gist: class.means().to_owned(),
        lines: vec![
            ("means", class.means().to_owned()),
            ("usually", class.usually().to_owned()),
            (
                "found",
                "by leakgate run --confirm 5 -- go test ./..., or by go test -count=3 and more"
                    .to_owned(),
            ),
            (
                "policy",
                format!("match: {{ confirmed: {} }}", class.name()),
            ),
        ],
    })
}

pub(super) fn patterns() -> impl Iterator<Item = Topic> {
    gosource::patterns().iter().map(|pattern| {
        let states = match pattern.states {
            [] => "any".to_owned(),
            states => states.join(", "),
        };
        let mut lines = vec![
            ("says", pattern.says.to_owned()),
            ("fix", pattern.fix.to_owned()),
            ("states", states),
        ];
        if pattern.is_endless {
            let only = "only its loop helps: nothing that is closed or stopped ends it";
            lines.push(("note", only.to_owned()));
        }
        let example = format!("{REPOSITORY}/testdata/patterns/{}", pattern.example);
        lines.push(("example", example));
        Topic {
            kind: Kind::Pattern,
            name: pattern.name.to_owned(),
            gist: pattern.says.to_owned(),
            lines,
        }
    })
}
