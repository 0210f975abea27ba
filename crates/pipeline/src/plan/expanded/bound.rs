//! How much an expanded workflow may be, and what it may take to write it.
//!
//! Legs multiply everything: each of them repeats what it waits for, and each expression that reads another job names
//! all legs of that one. A plan of a few thousand characters so becomes a workflow of many millions, which nobody
//! reads and GitHub refuses. What is certain is counted before it is built, and what is tried counts although it came
//! out too long, so that neither the text nor the time that it takes grows without end.

use std::cell::Cell;

/// The most bytes, tried ones included.
const MOST_BYTES: usize = 8 << 20;

/// What has been counted so far.
#[derive(Debug, Default)]
pub(super) struct Bound(Cell<usize>);

impl Bound {
    /// Counts so many bytes more.
    pub(super) fn spend(&self, bytes: usize) {
        self.0.set(self.0.get().saturating_add(bytes));
    }

    /// Returns whether it is too much.
    pub(super) fn is_over(&self) -> bool {
        self.0.get() > MOST_BYTES
    }

    /// Returns in words what is too much.
    pub(super) fn words() -> String {
        format!(
            "it cannot be written as one workflow: with a job for each leg, and all that each of them waits for and \
             reads, that would be more than {} MiB; plan single jobs with `--job`",
            MOST_BYTES >> 20
        )
    }
}
