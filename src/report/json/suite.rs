//! Suites, commands and shards in the JSON report.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::read::{self, ReadError, Reading};
use crate::evidence::{self, SuiteName, TestRun};
use crate::verdict;

/// What a suite is called, and its shard where there are several.
#[derive(Serialize, Deserialize)]
pub(super) struct Name<'v> {
    pub(super) suite: String,
    pub(super) shard: Option<Cow<'v, str>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Suite<'v> {
    name: String,
    subject: Cow<'v, str>,
    shard: Option<Cow<'v, str>>,
    whole: bool,
    #[serde(deserialize_with = "read::count")]
    before: i64,
    #[serde(deserialize_with = "read::count")]
    after: i64,
    stacks: u64,
    run: Option<Run<'v>>,
    /// How its tests are run again.
    rerun: Option<Rerun<'v>>,
}

#[derive(Serialize, Deserialize)]
struct Run<'v> {
    go: Cow<'v, str>,
    tests: Option<u64>,
    rounds: u32,
    partial: bool,
    exit_code: Option<i32>,
    settled: bool,
    settle_ms: Option<u64>,
    timed_out: Option<Cow<'v, str>>,
}

#[derive(Serialize, Deserialize)]
struct Rerun<'v> {
    directory: Option<Cow<'v, str>>,
    environment: Cow<'v, [(String, String)]>,
    command: Cow<'v, [String]>,
    packages: Cow<'v, [String]>,
    arguments: Cow<'v, [String]>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Command<'v> {
    failed: Option<Cow<'v, str>>,
    base: Option<Cow<'v, str>>,
    ran_tests: bool,
    gated: bool,
    without_tests: u64,
    children: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Shard<'v> {
    name: Cow<'v, str>,
    policy: Cow<'v, str>,
    builtin_version: Option<u32>,
    baseline: Option<Cow<'v, str>>,
    command: Option<Command<'v>>,
}

pub(super) fn name(suite: &SuiteName) -> Name<'_> {
    Name {
        suite: suite.to_string(),
        shard: suite.shard().map(|shard| Cow::from(&**shard)),
    }
}

pub(super) fn suite(suite: &verdict::Suite) -> Suite<'_> {
    Suite {
        name: suite.name.to_string(),
        subject: suite.name.subject().into(),
        shard: suite.name.shard().map(|shard| Cow::from(&**shard)),
        whole: suite.whole,
        before: suite.before,
        after: suite.after,
        stacks: suite.stacks,
        run: suite.run.as_ref().map(run),
        rerun: suite.rerun.as_ref().map(|rerun| Rerun {
            directory: rerun.directory.as_deref().map(Cow::from),
            environment: (&rerun.environment).into(),
            command: (&rerun.command).into(),
            packages: (&rerun.packages).into(),
            arguments: (&rerun.arguments).into(),
        }),
    }
}

fn run(run: &TestRun) -> Run<'_> {
    let (settled, settle_ms, timed_out) = match &run.ending {
        evidence::Ending::Settled { ms } => (true, Some(*ms), None),
        evidence::Ending::Unsettled { ms } => (false, Some(*ms), None),
        evidence::Ending::TimedOut { after } => (false, None, Some(after.into())),
    };
    Run {
        go: (&run.go).into(),
        tests: run.tests,
        rounds: run.rounds,
        partial: run.partial,
        exit_code: run.exit_code,
        settled,
        settle_ms,
        timed_out,
    }
}

pub(super) fn command(command: &verdict::CommandRun) -> Command<'_> {
    Command {
        failed: command.failed.as_deref().map(Cow::from),
        base: command.base.as_deref().map(Cow::from),
        ran_tests: command.ran_tests,
        gated: command.gated,
        without_tests: command.without_tests,
        children: command.children,
    }
}

pub(super) fn shard(shard: &verdict::Shard) -> Shard<'_> {
    Shard {
        name: (&*shard.name).into(),
        policy: (&shard.policy).into(),
        builtin_version: shard.builtin_version,
        baseline: shard.baseline.as_deref().map(Cow::from),
        command: shard.command.as_ref().map(command),
    }
}

impl Run<'_> {
    fn read(self) -> TestRun {
        let ms = self.settle_ms.unwrap_or(0);
        TestRun {
            go: self.go.into_owned(),
            tests: self.tests,
            rounds: self.rounds,
            partial: self.partial,
            exit_code: self.exit_code,
            ending: match self.timed_out {
                Some(after) => evidence::Ending::TimedOut {
                    after: after.into_owned(),
                },
                None if self.settled => evidence::Ending::Settled { ms },
                None => evidence::Ending::Unsettled { ms },
            },
        }
    }
}

impl Rerun<'_> {
    fn read(self) -> evidence::Rerun {
        evidence::Rerun {
            directory: self.directory.map(Cow::into_owned),
            environment: self.environment.into_owned(),
            command: self.command.into_owned(),
            packages: self.packages.into_owned(),
            arguments: self.arguments.into_owned(),
        }
    }
}

impl Suite<'_> {
    pub(super) fn read(self, reading: &mut Reading) -> Result<verdict::Suite, ReadError> {
        let shard = self.shard.map(|shard| reading.shard(&shard));
        let name = SuiteName::from_shown(&self.name, Some(&self.subject), shard.as_ref());
        let Some(name) = name else {
            return Err(ReadError::Suite {
                name: self.name,
                subject: self.subject.into_owned(),
            });
        };
        reading.judged(&name);
        Ok(verdict::Suite {
            name,
            whole: self.whole,
            before: self.before,
            after: self.after,
            stacks: self.stacks,
            run: self.run.map(Run::read),
            rerun: self.rerun.map(Rerun::read),
        })
    }
}

impl Command<'_> {
    pub(super) fn read(self) -> verdict::CommandRun {
        verdict::CommandRun {
            failed: self.failed.map(Cow::into_owned),
            base: self.base.map(Cow::into_owned),
            ran_tests: self.ran_tests,
            gated: self.gated,
            without_tests: self.without_tests,
            children: self.children,
        }
    }
}

impl Shard<'_> {
    pub(super) fn read(self) -> verdict::Shard {
        verdict::Shard {
            name: Arc::from(&*self.name),
            policy: self.policy.into_owned(),
            builtin_version: self.builtin_version,
            baseline: self.baseline.map(Cow::into_owned),
            command: self.command.map(Command::read),
        }
    }
}
