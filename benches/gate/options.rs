//! What the benchmark is asked to do.

use std::path::PathBuf;

use anyhow::{Context as _, bail};

/// Everything after `cargo bench --bench gate --`.
#[derive(Debug)]
pub(crate) struct Options {
    /// Fewer rounds, and no pprof where it takes long.
    pub(crate) quick: bool,
    pub(crate) parts: Vec<Part>,
    /// Rounds of every comparison, instead of what suits its length.
    pub(crate) rounds: Option<usize>,
    /// Leave the profiles here and measure nothing.
    pub(crate) write: Option<PathBuf>,
}

/// A part of the benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// A pair of so many unique stacks.
    Stacks(usize),
    /// A pair whose stacks have much in common.
    Compressible,
    /// A pair before and after a release, with thousands of findings.
    Release,
    /// A pair that a test binary leaves.
    Usual,
    /// Ten thousand usual pairs.
    Directory,
}

pub(crate) const HELP: &str = "\
cargo bench --bench gate -- [--quick] [--sizes LIST] [--rounds N] [--write DIRECTORY]

  --quick            fewer rounds, and no pprof where it takes long
  --sizes LIST       of numbers of unique stacks (1k, 250000) and the words compressible,
                     release, usual and directory; otherwise
                     1k,10k,100k,500k,compressible,release,usual,directory
  --rounds N         so many rounds of every comparison
  --write DIRECTORY  only write the large pairs there";

impl Options {
    /// Reads the arguments; `None` when they ask for help.
    pub(crate) fn parse(
        mut arguments: impl Iterator<Item = String>,
    ) -> anyhow::Result<Option<Self>> {
        let (mut quick, mut rounds, mut write) = (false, None, None);
        let mut sizes = "1k,10k,100k,500k,compressible,release,usual,directory".to_owned();
        while let Some(argument) = arguments.next() {
            let mut value = || {
                let value = arguments.next();
                value.with_context(|| format!("{argument} needs a value"))
            };
            match argument.as_str() {
                // Cargo says so to every benchmark.
                "--bench" => {}
                "--quick" => quick = true,
                "--sizes" => sizes = value()?,
                "--rounds" => rounds = Some(value()?),
                "--write" => write = Some(value()?.into()),
                "--help" | "-h" => return Ok(None),
                _ => bail!("{argument} is not known; see --help"),
            }
        }
        let rounds = rounds.map(|text| match text.parse() {
            Ok(rounds @ 1..=1000) => Ok(rounds),
            _ => bail!("{text} is not a number of rounds, 1 to 1000"),
        });
        let parts = sizes.split(',').map(Part::parse);
        Ok(Some(Self {
            quick,
            parts: parts.collect::<Result<_, _>>()?,
            rounds: rounds.transpose()?,
            write,
        }))
    }
}

impl Part {
    /// Input: `100k`, `100000` or `usual`.
    fn parse(text: &str) -> anyhow::Result<Self> {
        let (digits, unit) = text
            .strip_suffix('k')
            .map_or((text, 1), |digits| (digits, 1000));
        match (text, digits.parse::<usize>()) {
            ("compressible", _) => Ok(Part::Compressible),
            ("release", _) => Ok(Part::Release),
            ("usual", _) => Ok(Part::Usual),
            ("directory", _) => Ok(Part::Directory),
            (_, Ok(number @ 1..=1_000_000)) if number * unit <= 1_000_000 => {
                Ok(Part::Stacks(number * unit))
            }
            _ => bail!("{text} is neither a number of stacks up to 1000k nor a known part"),
        }
    }
}
