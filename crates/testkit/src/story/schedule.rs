//! What is due when: ordered by virtual time, ties by the order of scheduling.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

/// A queue of what is due.
pub(super) struct Schedule<T> {
    order: BinaryHeap<Reverse<(Duration, u64)>>,
    entries: BTreeMap<u64, T>,
    added: u64,
}

impl<T> Default for Schedule<T> {
    fn default() -> Self {
        Self {
            order: BinaryHeap::new(),
            entries: BTreeMap::new(),
            added: 0,
        }
    }
}

impl<T> Schedule<T> {
    /// Adds what is due at `at`.
    pub(super) fn add(&mut self, at: Duration, entry: T) {
        self.added += 1;
        self.order.push(Reverse((at, self.added)));
        self.entries.insert(self.added, entry);
    }

    /// Returns what is due next, with its time.
    pub(super) fn next(&mut self) -> Option<(Duration, T)> {
        let Reverse((at, number)) = self.order.pop()?;
        self.entries.remove(&number).map(|entry| (at, entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earlier_comes_first_and_ties_keep_their_order() {
        let mut schedule = Schedule::default();
        for (seconds, name) in [(2, "late"), (1, "first"), (1, "second")] {
            schedule.add(Duration::from_secs(seconds), name);
        }
        let order: Vec<_> = std::iter::from_fn(|| schedule.next()).map(|(_, name)| name).collect();
        assert_eq!(order, ["first", "second", "late"]);
    }
}
