//! Time, as settling and series see it, so that they can be tested without any passing.

use std::time::{Duration, Instant};

/// Something to wait by.
pub(super) trait Clock {
    /// Since some moment in the past.
    fn now(&self) -> Duration;
    /// Waits that long.
    fn sleep(&self, time: Duration);
}

/// The clock on the wall.
#[derive(Debug)]
pub(super) struct Wall(Instant);

impl Wall {
    pub(super) fn new() -> Self {
        Self(Instant::now())
    }
}

impl Clock for Wall {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// A clock that goes only when it is told to.
#[cfg(test)]
#[derive(Default)]
pub(super) struct Hand(std::cell::Cell<Duration>);

#[cfg(test)]
impl Clock for &Hand {
    fn now(&self) -> Duration {
        self.0.get()
    }

    fn sleep(&self, time: Duration) {
        self.0.set(self.0.get() + time);
    }
}
