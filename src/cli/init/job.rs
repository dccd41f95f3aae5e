//! The job of each CI: the very file that `examples/` shows.

use clap::ValueEnum;

/// A CI, or what runs in any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Ci {
    /// A workflow of GitHub Actions.
    Github,
    /// A file for GitLab CI to include.
    Gitlab,
    /// A pipeline of Buildkite.
    Buildkite,
    /// A Jenkinsfile.
    Jenkins,
    /// The configuration of `CircleCI`.
    Circleci,
    /// A file for make to include.
    Make,
}

/// A file of a CI.
pub(super) struct Job {
    /// Where the CI looks for it, from the root of the repository. Where a CI reads one file only
    /// and that file can take in others, this is one to take in.
    pub(super) path: &'static str,
    pub(super) text: &'static str,
    /// What is left to do.
    pub(super) next: &'static str,
}

/// How the examples name the branch that pull requests go to.
const BRANCHES: &str = "branches: [main]";

/// How they choose a Go.
const GO_OF_MODULE: &str = "go-version-file: go.mod";

impl Job {
    /// The text for a repository with this default branch; `needs_newer_go` is whether its go.mod
    /// names a Go that is too old for leakgate.
    pub(super) fn text_for(&self, branch: Option<&str>, needs_newer_go: bool) -> String {
        let text = if needs_newer_go {
            self.text.replace(GO_OF_MODULE, "go-version: stable")
        } else {
            self.text.to_owned()
        };
        let Some(branch) = branch else {
            return text;
        };
        // `4.10` would be a number, and `on` a truth value.
        let is_plain = |one: char| one.is_ascii_alphanumeric() || "._-/".contains(one);
        let is_a_word = branch.starts_with(|one: char| one.is_ascii_alphabetic())
            && !["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
                .contains(&&*branch.to_ascii_lowercase());
        let branch = if is_a_word && branch.chars().all(is_plain) {
            branch.to_owned()
        } else {
            serde_json::Value::from(branch).to_string()
        };
        text.replace(BRANCHES, &format!("branches: [{branch}]"))
    }
}

/// The job for GitHub Actions that counts only what a pull request adds.
pub(super) fn base_and_head() -> Job {
    Job {
        text: include_str!("../../../examples/github/base-and-head.yml"),
        ..Ci::Github.job()
    }
}

impl Ci {
    pub(super) fn job(self) -> Job {
        match self {
            Ci::Github => Job {
                path: ".github/workflows/leakgate.yml",
                text: include_str!("../../../examples/github/go-tests.yml"),
                next: "commit it, and it runs on every pull request",
            },
            Ci::Gitlab => Job {
                path: ".gitlab/leakgate.gitlab-ci.yml",
                text: include_str!("../../../examples/gitlab/leakgate.gitlab-ci.yml"),
                next: "add `include: [{ local: .gitlab/leakgate.gitlab-ci.yml }]` to .gitlab-ci.yml",
            },
            Ci::Buildkite => Job {
                path: ".buildkite/pipeline.leakgate.yml",
                text: include_str!("../../../examples/buildkite/pipeline.leakgate.yml"),
                next: "add a step with `command: buildkite-agent pipeline upload .buildkite/pipeline.leakgate.yml`",
            },
            Ci::Jenkins => Job {
                path: "Jenkinsfile",
                text: include_str!("../../../examples/jenkins/Jenkinsfile"),
                next: "commit it, and make a Multibranch Pipeline of the repository",
            },
            Ci::Circleci => Job {
                path: ".circleci/config.yml",
                text: include_str!("../../../examples/circleci/config.yml"),
                next: "commit it, and set the project up in CircleCI",
            },
            Ci::Make => Job {
                path: "leakgate.mk",
                text: include_str!("../../../examples/make/leakgate.mk"),
                next: "add `include leakgate.mk` to your Makefile, then: make leakcheck",
            },
        }
    }
}
