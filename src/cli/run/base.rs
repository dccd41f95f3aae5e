//! `--base`: what the tests leave at an earlier commit is not new.
//!
//! The command runs at the base only where the head has findings, in a folder of its own with the
//! files of that commit.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::cli::git::{OF_A_HOOK, Repository};
use crate::cli::{Run, config};
use crate::evidence::{Evidence, SuiteName};
use crate::gotest::{self, Accepted, Options, Signals};
use crate::verdict::{CommandRun, Verdict};

use super::again::{self, Interrupted, last_lines, note};

/// The commit to compare with.
#[derive(Debug)]
pub(super) struct Base {
    repository: Repository,
    /// The current directory, from the root of the repository.
    below: PathBuf,
    commit: String,
    /// How it was named.
    name: String,
    /// What the commit is, for people.
    what: String,
    /// Whether it is what is tested, so that nothing can be new.
    is_head: bool,
}

impl Base {
    /// Finds the commit that a branch was made from, or that a name stands for.
    ///
    /// # Errors
    /// No repository, or no such commit in this clone.
    pub(super) fn find(name: &str) -> anyhow::Result<Self> {
        let here = config::here()?;
        let here = here.canonicalize().unwrap_or(here);
        let repository = Repository::around(&here)
            .context("--base needs the git repository that the tests are in")?;
        let root = repository.root.canonicalize();
        let below = root
            .ok()
            .and_then(|root| Some(here.strip_prefix(root).ok()?.to_owned()));
        let Some(below) = below else {
            bail!(
                "{} is not below {}",
                here.display(),
                repository.root.display()
            );
        };
        let head = repository
            .commit("HEAD")
            .context("--base needs a commit to compare with, and there is none yet")?;
        let Ok(named) = repository.commit(name) else {
            bail!(
                "--base {name} is not in this clone: fetch it first, as in `{}`",
                how_to_fetch(name)
            );
        };
        let (commit, what) = match repository.merge_base(&head, &named) {
            Some(commit) if commit == named => (commit, name.to_owned()),
            Some(commit) => (commit, format!("the merge base of HEAD and {name}")),
            // The commits between are not here; the branch itself is the next best.
            None if repository.is_shallow() => (
                named,
                format!("{name} itself, as the merge base is not in this shallow clone"),
            ),
            None => bail!(
                "HEAD and --base {name} have no commit in common: name the branch that this one was made from"
            ),
        };
        Ok(Self {
            is_head: commit == head && repository.is_clean(),
            name: name.to_owned(),
            repository,
            below,
            commit,
            what,
        })
    }

    /// The text that a file of this checkout has at the base; without a path, that of the nearest file
    /// there that has one of these names, from the current directory upward.
    pub(super) fn file(&self, path: Option<&Path>, names: &[&str]) -> Option<String> {
        let at_base = |path: &Path| self.repository.file(&self.commit, path);
        if let Some(path) = path {
            let root = self.repository.root.canonicalize().ok()?;
            let path = path.canonicalize().ok()?;
            return at_base(path.strip_prefix(root).ok()?);
        }
        let mut folders = self.below.ancestors();
        folders.find_map(|folder| names.iter().find_map(|name| at_base(&folder.join(name))))
    }

    /// What the head has and the base has not: `evidence` with the profiles of the base in the place
    /// of its own ones of before, in the suites in which `verdict` finds something. The base's test
    /// binaries write into `profiles`.
    ///
    /// # Errors
    /// A signal meanwhile. A base that cannot be run is a note, and all findings count.
    pub(super) fn only_new(
        &self,
        (run, accepted): (&Run, &Accepted),
        (mut evidence, verdict): (Evidence, &Verdict),
        profiles: &Path,
        signals: &mut Signals,
    ) -> anyhow::Result<Evidence> {
        let suites = suites_with_findings(verdict);
        let is_gated = |command: &CommandRun| command.gated;
        if suites.is_empty() || !verdict.command.as_ref().is_some_and(is_gated) {
            return Ok(evidence);
        }
        let Self { commit, what, .. } = self;
        if self.is_head {
            note(
                &mut evidence,
                format!(
                    "{what} is the commit that is tested: there is nothing to compare with, and all findings count"
                ),
            );
            return Ok(evidence);
        }
        let commit = commit.get(..12).unwrap_or(commit);
        let of_base = match self.run(run, accepted, &suites, profiles, signals) {
            Ok((of_base, notes)) => {
                for text in notes {
                    note(&mut evidence, text);
                }
                of_base
            }
            Err(error) if error.is::<Interrupted>() => return Err(error),
            Err(error) => {
                // What was captured is no evidence, also for who looks at what was kept.
                let _ = fs::remove_dir_all(profiles);
                note(
                    &mut evidence,
                    format!(
                        "the base, {commit}, could not be run, so all findings count: {error:#}"
                    ),
                );
                return Ok(evidence);
            }
        };
        if of_base.suites.is_empty() {
            let said = last_lines(profiles);
            note(
                &mut evidence,
                format!(
                    "no test binary ran at the base, {commit}, so all findings count; its command said: {said}"
                ),
            );
            return Ok(evidence);
        }
        let mut evidence = evidence.against_in(&of_base, &suites);
        if let Some(command) = &mut evidence.command {
            command.base = Some(self.name.clone());
        }
        note(
            &mut evidence,
            format!(
                "packages with findings were compared with {what} ({commit}): only what is new counts"
            ),
        );
        Ok(evidence)
    }

    /// Runs the command at the base, for these suites; gives what its test binaries left, and what a
    /// reader should know.
    fn run(
        &self,
        run: &Run,
        accepted: &Accepted,
        suites: &BTreeSet<SuiteName>,
        profiles: &Path,
        signals: &mut Signals,
    ) -> anyhow::Result<(Evidence, Vec<String>)> {
        let folder = signals.temporary_folder("leakgate-base-")?;
        let root = folder.path().join("base");
        fs::create_dir_all(&root)?;
        let root = root.canonicalize()?;
        let index = folder.path().join("index");
        let absent = self.repository.write(&self.commit, &root, &index)?;
        self.copy_workspace(&root)?;
        let directory = root.join(&self.below);
        if !directory.is_dir() {
            bail!("it has no folder {}", self.below.display());
        }
        let mut packages: Vec<&str> = suites.iter().map(SuiteName::subject).collect();
        packages.dedup();
        // A package without an import path is known by its folder, which is another one there.
        let is_path = |package: &&str| !Path::new(package).is_absolute() && *package != FILES_NAMED;
        let has_paths = packages.iter().all(is_path);
        let command: Vec<OsString> = if has_paths {
            gotest::narrowed(&run.command, &packages)?
        } else {
            run.command.clone()
        };
        let options = Options {
            directory: Some(&directory),
            writes: false,
            environment: &[],
            settle: run.settle,
            origin: false,
        };
        let without: Vec<&str> = OF_A_HOOK.into_iter().chain(["PWD"]).collect();
        let collected = again::capture(&command, (options, &without), accepted, profiles, signals)?;
        let sources =
            gotest::folders_of_sources(profiles).context("its packages cannot be listed")?;
        self.refuse_head(
            &root,
            collected
                .directories()
                .chain(sources.iter().map(PathBuf::as_path)),
        )?;
        let absent = absent.iter().map(|path| {
            let path = path.display();
            format!("the base has the submodule {path} at a commit that is not in this clone, so it was left out there")
        });
        Ok((collected.evidence, absent.collect()))
    }

    /// Refuses a run at the base, in `root`, that was one of the head: of its folders, or with a module
    /// that an absolute path names.
    fn refuse_head<'f>(
        &self,
        root: &Path,
        folders: impl Iterator<Item = &'f Path>,
    ) -> anyhow::Result<()> {
        let head = self.repository.root.canonicalize()?;
        for folder in folders {
            let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
            if folder.starts_with(&head) && !folder.starts_with(root) {
                bail!(
                    "its tests used {}, which is your checkout and not the base: the command, a go.work or a go.mod names it by an \
                     absolute path, so use a relative one",
                    folder.display()
                );
            }
        }
        Ok(())
    }

    /// A workspace that git does not know is of the machine, not of a commit.
    fn copy_workspace(&self, root: &Path) -> anyhow::Result<()> {
        for folder in self.below.ancestors() {
            for name in ["go.work", "go.work.sum"] {
                let path = folder.join(name);
                let (own, there) = (self.repository.root.join(&path), root.join(&path));
                if own.is_file()
                    && !there.exists()
                    && !self.repository.knows(&path)
                    && there.parent().is_some_and(Path::is_dir)
                {
                    fs::copy(&own, &there)
                        .with_context(|| format!("{} cannot be copied", own.display()))?;
                }
            }
        }
        Ok(())
    }
}

/// The git command that brings a commit into a clone that lacks it.
///
/// Input: `origin/main`, `HEAD^1`, `v1.2.3`
/// Output: `git fetch origin main:refs/remotes/origin/main`, `git fetch --deepen=1`, `git fetch origin v1.2.3`
fn how_to_fetch(name: &str) -> String {
    if name.contains(['^', '~']) {
        return "git fetch --deepen=1".to_owned();
    }
    match name.strip_prefix("origin/") {
        Some(branch) => format!("git fetch origin {branch}:refs/remotes/origin/{branch}"),
        None => format!("git fetch origin {name}"),
    }
}

/// The import path that go gives to files that are named on its command line.
const FILES_NAMED: &str = "command-line-arguments";

/// Suites of tests with findings that count.
fn suites_with_findings(verdict: &Verdict) -> BTreeSet<SuiteName> {
    let open = verdict.findings.iter().filter(|finding| finding.is_open());
    let found: BTreeSet<&SuiteName> = open.map(|finding| &finding.suite).collect();
    let suites = verdict.suites.iter();
    let of_tests = suites.filter(|suite| suite.run.is_some() && found.contains(&suite.name));
    of_tests.map(|suite| suite.name.clone()).collect()
}
