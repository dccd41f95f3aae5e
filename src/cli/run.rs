//! `leakgate run`: captures around a command, then judges.

mod again;
mod base;
mod confirm;
mod self_test;
mod services;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use super::gate::Bar;
use super::output::Destination;
use super::{Code, Run, complain, service};
use crate::evidence::Evidence;
use crate::gotest::{self, Collected, Options, Prepared, Signals, TemporaryFolder, UnknownGo};
use crate::report::sources::Reported;
use again::Interrupted;
use base::Base;
use services::Services;

pub(super) fn run(run: &Run) -> anyhow::Result<ExitCode> {
    run.gate.rendering.check()?;
    if run.self_test {
        let signals = Signals::watch().context("signals cannot be watched")?;
        return self_test::run(run, &signals);
    }
    let mut bar = run.gate.bar(run.base.is_some())?;
    let base = run.base.as_deref().map(Base::find).transpose()?;
    if let Some(base) = &base {
        let file = |path: Option<&Path>, names: &[&str]| base.file(path, names);
        run.gate.compare_with(&mut bar, file);
    }
    let services = Services::new(run)?;
    let mut signals = Signals::watch().context("signals cannot be watched")?;
    let folder = Folder::new(run, &signals)?;
    let options = Options {
        directory: None,
        writes: true,
        environment: &[],
        settle: run.settle,
        origin: !run.no_origin,
    };
    let prepared = match Prepared::new(&run.command, &folder.path, options, &bar.accepted, &signals)
    {
        // A service may be driven by anything; what keeps go tests from being captured is reported.
        Err(error) if !run.urls.is_empty() => Prepared::nothing(&run.command, &error),
        Err(error) if error.is::<UnknownGo>() => {
            complain(&error);
            return Ok(Code::NoEvidence.into());
        }
        prepared => prepared?,
    };
    if let Err(error) = services.before(&folder.path) {
        complain(&error.context("the command was not run: there would be nothing to compare with"));
        return Ok(Code::NoEvidence.into());
    }
    let prepared = prepared.without(service::TOKEN);
    let status = prepared.run(&run.command, None, &folder.path, &mut signals)?;
    let of_services = services.after(run.settle, &folder.path);
    let judged = collect(run, &folder, of_services).and_then(|evidence| {
        let folders = (&folder, &mut signals);
        judge(run, &bar, evidence, base.as_ref(), folders)
    });
    if status.success() {
        return match judged {
            Err(error) => match error.downcast_ref() {
                Some(Interrupted(code)) => {
                    complain(&error);
                    Ok((*code).into())
                }
                None => Err(error),
            },
            Ok(code) => Ok(code.into()),
        };
    }
    // That the command failed is what a CI has to know, whatever else went wrong.
    if let Err(error) = judged {
        complain(&error);
    }
    Ok(gotest::shell_code(status).into())
}

/// What was captured.
fn collect(run: &Run, folder: &Folder, of_services: Evidence) -> anyhow::Result<Evidence> {
    let collected = match gotest::collect(&folder.path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Collected::removed(&run.command, &folder.path)
        }
        collected => {
            collected.with_context(|| format!("{} cannot be listed", folder.path.display()))?
        }
    };
    let mut evidence = collected.evidence;
    evidence.extend(of_services);
    Ok(evidence)
}

/// Judges what was captured, and writes the reports. With a base, the command may run once more, and
/// to confirm what is found, tests do.
fn judge(
    run: &Run,
    bar: &Bar,
    evidence: Evidence,
    base: Option<&Base>,
    (folder, signals): (&Folder, &mut Signals),
) -> anyhow::Result<Code> {
    let judge = |evidence| run.gate.judge(bar, evidence);
    let evidence = match base {
        None => evidence,
        Some(base) => {
            let verdict = judge(evidence.clone());
            let of_head = (evidence, &verdict);
            base.only_new((run, &bar.accepted), of_head, &folder.base, signals)?
        }
    };
    let verdict = match run.confirm {
        None => judge(evidence),
        Some(times) => {
            let verdict = judge(evidence.clone());
            let found = (evidence, &verdict);
            let evidence = confirm::confirm((run, times), &bar.accepted, found, signals)?;
            gotest::keep_confirmed(&folder.path, &evidence)?;
            judge(evidence)
        }
    };
    let rendering = &run.gate.rendering;
    rendering.write(&verdict, Reported::default(), Destination::Error)
}

/// Where test binaries write to: a directory that goes with leakgate, or one that is kept.
struct Folder {
    path: PathBuf,
    /// The same for those of `--base`.
    base: PathBuf,
    /// Removes the directory once it is dropped.
    _temporary: Option<TemporaryFolder>,
}

impl Folder {
    fn new(run: &Run, signals: &Signals) -> anyhow::Result<Self> {
        let Some(keep) = &run.keep else {
            let temporary = signals.temporary_folder("leakgate-");
            let temporary = temporary.context("no temporary directory can be made")?;
            let folder = Self::in_root(run, temporary.path())?;
            return Ok(Self {
                _temporary: Some(temporary),
                ..folder
            });
        };
        let error = || format!("{} cannot be used to keep profiles in", keep.display());
        std::fs::create_dir_all(keep).with_context(error)?;
        if std::fs::read_dir(keep)
            .with_context(error)?
            .next()
            .is_some()
        {
            bail!(
                "{} is not empty, and what an earlier run left there would be judged again: delete it, or name another directory",
                keep.display()
            );
        }
        Self::in_root(run, &std::path::absolute(keep).with_context(error)?).with_context(error)
    }

    /// With a base there are two, as `leakgate check` takes them.
    fn in_root(run: &Run, root: &Path) -> anyhow::Result<Self> {
        let path = match run.base {
            Some(_) => root.join("head"),
            None => root.to_owned(),
        };
        std::fs::create_dir_all(&path)?;
        Ok(Self {
            path,
            base: root.join("base"),
            _temporary: None,
        })
    }
}
