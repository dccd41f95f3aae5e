//! Live services that are captured around a command.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};

use crate::capture::{self, Address, CaptureError, Captured, SHORTEST_PAUSE, Source};
use crate::cli::Run;
use crate::evidence::{Evidence, Files, Suite, SuiteName, Unchecked};

/// The services of `--url`.
pub(super) struct Services {
    sources: Vec<Source>,
}

impl Services {
    pub(super) fn new(run: &Run) -> anyhow::Result<Self> {
        let options = run.service.options(run.gate.limit())?;
        let source = |url: &String| -> anyhow::Result<Source> {
            Ok(Source::new(Address::parse(url)?, options.clone())?)
        };
        let sources: Vec<Source> = run.urls.iter().map(source).collect::<anyhow::Result<_>>()?;
        for (index, one) in sources.iter().enumerate() {
            let name = one.address().name();
            if sources[..index]
                .iter()
                .any(|other| other.address().name() == name)
            {
                bail!("--url names {} twice", one.address());
            }
        }
        Ok(Self { sources })
    }

    /// Captures all of them before the command.
    ///
    /// # Errors
    /// One that gives no profile.
    pub(super) fn before(&self, directory: &Path) -> anyhow::Result<()> {
        for source in &self.sources {
            let captured = source.fetch().map_err(|error| explained(&error))?;
            keep(&captured, &place(source, directory, "before"))?;
        }
        Ok(())
    }

    /// Captures all of them after the command: their suites, and what keeps others from being
    /// checked.
    pub(super) fn after(&self, settle: Duration, directory: &Path) -> Evidence {
        let mut found = Evidence::default();
        for source in &self.sources {
            let name = SuiteName::from(source.address().name());
            let after = place(source, directory, "after");
            let settled = if settle < SHORTEST_PAUSE {
                source.fetch().map(|captured| (captured, None))
            } else {
                source.settled(settle).map(|settled| {
                    let restless = (!settled.is_still).then(|| {
                        format!(
                            "the service had not settled after {} ms: its goroutines still changed",
                            settle.as_millis()
                        )
                    });
                    (settled.captured, restless)
                })
            };
            let kept = settled
                .map_err(|error| explained(&error))
                .and_then(|(captured, restless)| keep(&captured, &after).map(|()| restless));
            match kept {
                Ok(restless) => found.suites.push(Suite {
                    name,
                    files: Files {
                        before: place(source, directory, "before"),
                        afters: vec![after],
                        proven: None,
                        dump: None,
                        own_before: None,
                    },
                    notes: restless.into_iter().collect(),
                    ..Suite::default()
                }),
                Err(error) => {
                    let unchecked = Unchecked::new(name, format!("{error:#}"));
                    found.unchecked.push(unchecked);
                }
            }
        }
        found
    }
}

fn explained(error: &CaptureError) -> anyhow::Error {
    anyhow!("{error}. {}", error.fix())
}

/// Where a capture is kept: `check` pairs such files too.
fn place(source: &Source, directory: &Path, side: &str) -> PathBuf {
    let service = directory.join(source.address().name());
    service.join(format!("{side}.pb.gz"))
}

fn keep(captured: &Captured, path: &Path) -> anyhow::Result<()> {
    let error = || format!("{} cannot be written", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(error)?;
    }
    capture::store(path, &captured.bytes).with_context(error)
}
