//! When the captures of a series are due.

use std::time::Duration;

use super::clock::{Clock, Wall};

/// The captures of a series, numbered from 1: each is waited for, then given.
///
/// They are due at a fixed rate from the start. A capture that takes longer than the time between
/// two leaves out those that were due meanwhile, and shifts none.
#[derive(Debug)]
pub struct Series {
    clock: Wall,
    beats: Beats,
}

/// One capture of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// From 1; those that were left out are counted.
    pub number: u32,
    /// How many were left out just before it.
    pub missed: u32,
}

impl Series {
    /// A capture at once, and one more each time that `every` has passed, the last at `lasting` or
    /// just before. There are at most 2³² of them.
    pub fn new(every: Duration, lasting: Duration) -> Self {
        let clock = Wall::new();
        let beats = Beats::new(&clock, every, lasting);
        Self { clock, beats }
    }

    /// How many captures there are when none is left out.
    pub fn total(&self) -> u32 {
        self.beats.count
    }
}

impl Iterator for Series {
    type Item = Due;

    fn next(&mut self) -> Option<Due> {
        self.beats.wait(&self.clock)
    }
}

#[derive(Debug)]
struct Beats {
    start: Duration,
    every: Duration,
    count: u32,
    /// How many were given or left out.
    passed: u32,
}

impl Beats {
    fn new(clock: &impl Clock, every: Duration, lasting: Duration) -> Self {
        let after_first = lasting.as_nanos() / every.as_nanos().max(1);
        Self {
            start: clock.now(),
            every,
            count: u32::try_from(after_first).map_or(u32::MAX, |count| count.saturating_add(1)),
            passed: 0,
        }
    }

    fn wait(&mut self, clock: &impl Clock) -> Option<Due> {
        let due = |number: u32| self.start + self.every.saturating_mul(number);
        let now = clock.now();
        // The first is due at once, however late that is.
        let upcoming =
            (self.passed..self.count).find(|&number| number == 0 || due(number) >= now)?;
        clock.sleep(due(upcoming).saturating_sub(now));
        let missed = upcoming - self.passed;
        self.passed = upcoming + 1;
        Some(Due {
            number: self.passed,
            missed,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::clock::{Clock, Hand};
    use super::Beats;

    /// The seconds and numbers of a series whose captures take so many seconds each.
    fn series(every: u64, lasting: u64, takes: &[u64]) -> Vec<(u64, u32)> {
        let hand = Hand::default();
        let seconds = Duration::from_secs;
        let mut beats = Beats::new(&&hand, seconds(every), seconds(lasting));
        let mut takes = takes.iter();
        std::iter::from_fn(|| {
            let due = beats.wait(&&hand)?;
            let at = (&hand).now().as_secs();
            (&hand).sleep(seconds(*takes.next().unwrap_or(&0)));
            Some((at, due.number))
        })
        .collect()
    }

    #[test]
    fn captures_are_due_at_a_fixed_rate() {
        assert_eq!(series(5, 12, &[1, 2]), [(0, 1), (5, 2), (10, 3)]);
        assert_eq!(series(5, 4, &[]), [(0, 1)]);
    }

    #[test]
    fn a_slow_capture_leaves_out_what_was_due_and_shifts_nothing() {
        assert_eq!(series(5, 20, &[12]), [(0, 1), (15, 4), (20, 5)]);
        assert_eq!(series(5, 20, &[1, 30]), [(0, 1), (5, 2)]);
    }
}
