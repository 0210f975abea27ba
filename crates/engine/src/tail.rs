//! Following a stream without missing an event.

use std::sync::Arc;

use lockgate_core::{Sequence, StreamId};
use tokio::sync::watch;

use crate::log::{EventLog, Recorded, StoreError};

/// Reads a stream from a position on, and waits for what comes.
pub struct Tail {
    log: Arc<dyn EventLog>,
    stream: StreamId,
    after: Sequence,
    head: watch::Receiver<Sequence>,
}

impl Tail {
    /// Returns a reader of the events behind `after`; `head` tells when there are more, and ends with their writer.
    pub fn new(log: Arc<dyn EventLog>, stream: StreamId, after: Sequence, head: watch::Receiver<Sequence>) -> Self {
        Self {
            log,
            stream,
            after,
            head,
        }
    }

    /// Returns where it has come to.
    pub fn after(&self) -> Sequence {
        self.after
    }

    /// Returns the next events, at least one; `None` when the driver has ended and all was read. Nothing is lost when cancelled.
    ///
    /// # Errors
    /// Returns what the store said.
    pub async fn next(&mut self) -> Result<Option<Vec<Recorded>>, StoreError> {
        loop {
            let open = self.head.has_changed().is_ok();
            self.head.mark_unchanged();
            let events = self.log.read(&self.stream, self.after).await?;
            if let Some(last) = events.last() {
                self.after = last.sequence;
                return Ok(Some(events));
            }
            if !open {
                return Ok(None);
            }
            // An error means that the driver has ended; the log is then read once more.
            let _ended = *self.head.borrow() <= self.after && self.head.changed().await.is_err();
        }
    }
}
