//! Pairs of profiles, as files.

use std::fs;
use std::path::{Path, PathBuf};

use crate::encode::encode;
use crate::profile::{self, Shape};
use crate::program::Program;
use crate::random::Random;

/// Like the profile of one busy server: its stacks differ near the leaf only.
pub(crate) const COMPRESSIBLE: Shape = Shape {
    stacks: 10_000,
    frames: (31, 31),
    functions: 2000,
    tails: Some(60),
    gone: None,
    grown: 100,
    new: 1000,
};

/// What a test binary leaves.
pub(crate) const USUAL: Shape = Shape {
    stacks: 60,
    frames: (5, 24),
    functions: 400,
    tails: Some(8),
    gone: None,
    grown: 20,
    new: 30,
};

/// So many unique stacks, twenty frames each, that have little in common.
pub(crate) fn spread(stacks: usize) -> Shape {
    Shape {
        stacks,
        frames: (20, 20),
        functions: (stacks / 2).clamp(1000, 20_000),
        tails: None,
        gone: None,
        grown: 1000,
        new: 10_000,
    }
}

/// The same before and after a release: 2 % of the stacks are gone, 3 % have grown, 2.5 % are new.
pub(crate) fn release(stacks: usize) -> Shape {
    Shape {
        gone: Some(50),
        grown: 33,
        new: 40,
        ..spread(stacks)
    }
}

/// Two files and what is in them.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) before: PathBuf,
    pub(crate) after: PathBuf,
    /// Frame references of both.
    pub(crate) references: usize,
    /// Both files, in MiB.
    pub(crate) gzipped: f64,
    /// Both messages, in MiB.
    pub(crate) inflated: f64,
}

impl Pair {
    /// Writes a pair into a directory of its own. The same seed gives the same files.
    pub(crate) fn write(directory: &Path, shape: Shape, seed: u64) -> anyhow::Result<Self> {
        fs::create_dir_all(directory)?;
        let random = &mut Random::new(seed);
        let program = Program::new(shape.functions, random);
        let (before, after) = profile::pair(&program, shape, random);
        let mut pair = Self {
            before: directory.join("before.pb.gz"),
            after: directory.join("after.pb.gz"),
            references: 0,
            gzipped: 0.0,
            inflated: 0.0,
        };
        let mebibytes = |bytes: usize| bytes as f64 / f64::from(1 << 20);
        let taken = [
            (&pair.before, before, 1_700_000_000_123_456_789),
            (&pair.after, after, 1_700_000_060_123_456_789),
        ];
        for (path, profile, time_nanos) in taken {
            let file = encode(&program, &profile, time_nanos);
            fs::write(path, &file.gzipped)?;
            pair.references += profile.references();
            pair.gzipped += mebibytes(file.gzipped.len());
            pair.inflated += mebibytes(file.inflated);
        }
        Ok(pair)
    }

    pub(crate) fn paths(&self) -> [&Path; 2] {
        [&self.before, &self.after]
    }
}
