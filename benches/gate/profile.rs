//! Goroutine profiles of a made-up program, before and after.

use std::collections::HashSet;

use crate::program::Program;
use crate::random::Random;

/// What a pair of profiles is like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// Unique stacks before.
    pub(crate) stacks: usize,
    /// Frame references of a stack, from and to.
    pub(crate) frames: (usize, usize),
    /// Functions of the program, the runtime's aside.
    pub(crate) functions: usize,
    /// How many different outer halves the stacks have; `None` for as many as it happens.
    pub(crate) tails: Option<usize>,
    /// One stack in so many is gone after; `None` for none.
    pub(crate) gone: Option<usize>,
    /// One stack in so many has grown after.
    pub(crate) grown: usize,
    /// One stack in so many is new after.
    pub(crate) new: usize,
}

/// Goroutines with one stack and the same labels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) count: i64,
    /// The number of its label set; `None` for no labels.
    pub(crate) labels: Option<usize>,
    start: u32,
    length: u32,
}

/// A profile, in the order in which Go writes it.
#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) samples: Vec<Sample>,
    /// The stacks of all samples, one after another: location indices, leaf first.
    frames: Vec<u32>,
}

impl Profile {
    /// The stack of a sample: location indices, leaf first.
    pub(crate) fn stack(&self, sample: &Sample) -> &[u32] {
        &self.frames[sample.start as usize..][..sample.length as usize]
    }

    /// Frames of all stacks.
    pub(crate) fn references(&self) -> usize {
        self.samples
            .iter()
            .map(|sample| sample.length as usize)
            .sum()
    }

    /// Puts the samples in the order of Go's `printCountProfile`: by count, the largest first, then
    /// by the text of their addresses.
    fn sort(&mut self, program: &Program) {
        let keys: Vec<(u64, u32)> = program
            .locations
            .iter()
            .map(|location| text_order(location.pc))
            .collect();
        let key = |sample: &Sample| {
            let stack = &self.frames[sample.start as usize..][..sample.length as usize];
            stack.iter().map(|&location| keys[location as usize])
        };
        self.samples.sort_by(|one, other| {
            (other.count.cmp(&one.count))
                .then_with(|| key(one).cmp(key(other)))
                .then_with(|| one.labels.cmp(&other.labels))
        });
    }
}

/// Orders numbers as their hexadecimal text is ordered: the digits from the left, then how many
/// there are.
fn text_order(pc: u64) -> (u64, u32) {
    let digits = pc.ilog2() / 4 + 1;
    (pc << (64 - 4 * digits), digits)
}

/// Makes a profile and a later one of the same program: some stacks are gone, some have 1 to 40
/// more goroutines, some are new, all others are as they were.
pub(crate) fn pair(program: &Program, shape: Shape, random: &mut Random) -> (Profile, Profile) {
    let mut frames = program.capture.clone();
    let mut before = vec![Sample {
        count: 1,
        labels: None,
        start: 0,
        length: frames.len() as u32,
    }];
    let mut known = HashSet::new();
    let mut another = |count: i64, random: &mut Random| {
        let start = frames.len();
        let (from, to) = shape.frames;
        while frames.len() == start {
            program.walk(
                from + random.below(to + 1 - from),
                shape.tails,
                random,
                &mut frames,
            );
            if !known.insert(hash(&frames[start..])) {
                frames.truncate(start);
            }
        }
        // One in ten carries labels.
        let labels = random.percent(10).then(|| random.below(300));
        Sample {
            count,
            labels,
            start: start as u32,
            length: (frames.len() - start) as u32,
        }
    };
    for _ in 0..shape.stacks {
        // Most goroutines are alone; a few stacks have very many.
        let count = match random.below(100) {
            0..70 => 1,
            70..95 => 2 + random.below(7),
            _ => 10 + random.below(90),
        };
        before.push(another(count as i64, random));
    }
    let mut after = before.clone();
    // The first is the one that takes the profile.
    for _ in 0..shape.gone.map_or(0, |gone| shape.stacks.div_ceil(gone)) {
        after.swap_remove(1 + random.below(after.len() - 1));
    }
    for _ in 0..shape.stacks.div_ceil(shape.grown) {
        let place = 1 + random.below(after.len() - 1);
        after[place].count += 1 + random.below(40) as i64;
    }
    for _ in 0..shape.stacks.div_ceil(shape.new) {
        let count = 1 + random.below(40) as i64;
        after.push(another(count, random));
    }
    let mut before = Profile {
        samples: before,
        frames: frames.clone(),
    };
    let mut after = Profile {
        samples: after,
        frames,
    };
    before.sort(program);
    after.sort(program);
    (before, after)
}

fn hash(stack: &[u32]) -> u64 {
    stack.iter().fold(0, |hash, &location| {
        Random::new(hash ^ u64::from(location)).next()
    })
}
