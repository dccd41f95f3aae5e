//! How much of what was judged an exception or a rule matched.

use std::sync::Arc;

/// An exception, or a rule, with the goroutines that it matched.
#[derive(Debug, Clone)]
pub(super) struct Used<T> {
    pub(super) what: Arc<T>,
    /// Of goroutines that none before it took.
    pub(super) matched: i64,
    /// The same in the suite that had most of them.
    pub(super) most: i64,
    /// Of all goroutines.
    seen: i64,
}

impl<T> Used<T> {
    pub(super) fn new(what: &Arc<T>) -> Self {
        Self {
            what: what.clone(),
            matched: 0,
            most: 0,
            seen: 0,
        }
    }

    pub(super) fn seen(&mut self, count: i64) {
        self.seen = self.seen.saturating_add(count);
    }

    pub(super) fn matched(&mut self, count: i64) {
        self.matched = self.matched.saturating_add(count);
    }

    /// Whether it matched nothing at all.
    pub(super) fn is_unused(&self) -> bool {
        self.seen == 0
    }

    /// Whether those before it took all that it matches.
    pub(super) fn is_shadowed(&self) -> bool {
        self.seen > 0 && self.matched == 0
    }
}

/// Adds what the same list did in another suite.
pub(super) fn add<T>(sums: &mut [Used<T>], more: &[Used<T>]) {
    for (sum, more) in sums.iter_mut().zip(more) {
        sum.seen(more.seen);
        sum.matched(more.matched);
        sum.most = sum.most.max(more.matched);
    }
}
