//! Waiting until a service is still: goroutines start and end for a moment after any work.

use std::time::Duration;

use super::Captured;
use super::clock::Clock;

/// Two captures are at least this far apart, end to start.
pub const SHORTEST_PAUSE: Duration = Duration::from_millis(250);

/// The pause doubles from one capture to the next, up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The last capture of a service that was given time to settle.
#[derive(Debug)]
pub struct Settled {
    /// What is kept.
    pub captured: Captured,
    /// Whether the last two captures held the same number of goroutines. If not, the time was up.
    pub is_still: bool,
    /// From the start of the first capture to the end of the last.
    pub took: Duration,
}

/// Captures until two captures in a row hold the same number of goroutines; none is begun once
/// `budget` is used up.
///
/// The number leaves out what serves the capture itself; see [`Captured::goroutines`].
pub(super) fn settle<E>(
    clock: &impl Clock,
    budget: Duration,
    mut capture: impl FnMut() -> Result<Captured, E>,
) -> Result<Settled, E> {
    let start = clock.now();
    let mut captured = capture()?;
    let (mut is_still, mut pause) = (false, SHORTEST_PAUSE);
    loop {
        let took = clock.now().saturating_sub(start);
        let left = budget.saturating_sub(took);
        if is_still || left < SHORTEST_PAUSE {
            return Ok(Settled {
                captured,
                is_still,
                took,
            });
        }
        clock.sleep(pause.min(left));
        pause = (pause * 2).min(LONGEST_PAUSE);
        let next = capture()?;
        is_still = next.goroutines == captured.goroutines;
        captured = next;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::clock::Hand;
    use super::{Captured, settle};

    /// Settles with captures that hold these numbers of goroutines, the last one always; gives the
    /// kept one, whether it stood still, and the milliseconds.
    fn settled(budget: u64, counts: &[i64]) -> (i64, bool, u128) {
        let mut counts = counts.iter();
        let mut last = 0;
        let capture = || {
            last = *counts.next().unwrap_or(&(last + 1));
            Ok::<_, ()>(Captured {
                bytes: Vec::new(),
                goroutines: last,
            })
        };
        let settled = settle(&&Hand::default(), Duration::from_millis(budget), capture).unwrap();
        (
            settled.captured.goroutines,
            settled.is_still,
            settled.took.as_millis(),
        )
    }

    #[test]
    fn two_equal_captures_in_a_row_are_still() {
        assert_eq!(settled(3000, &[7, 7]), (7, true, 250));
        assert_eq!(settled(3000, &[9, 8, 9, 9]), (9, true, 250 + 500 + 1000));
    }

    #[test]
    fn the_last_capture_is_kept_when_the_time_is_up() {
        assert_eq!(settled(3000, &[1, 2, 3, 4]), (5, false, 3000));
        assert_eq!(settled(100, &[1]), (1, false, 0));
    }
}
