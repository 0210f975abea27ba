//! The event log as a port.
//!
//! One ordered log per stream. An append is conditional on the stream's position and on
//! the epoch of the owner who claimed it, so that a stale owner is fenced, not prevented.

use futures_util::future::BoxFuture;
use lockgate_core::{InputId, Sequence, StreamId, Timestamp};

/// Grows with every claim of a stream; an append of an older owner is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct OwnerEpoch(pub u64);

/// An event on its way into the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// The variant's stable name.
    pub name: String,
    /// The version of the machine that wrote it.
    pub version: u32,
    /// When it was decided.
    pub at: Timestamp,
    /// The event as JSON.
    pub body: String,
}

/// An event in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its place in the stream, from 1.
    pub sequence: Sequence,
    /// The event.
    pub event: NewEvent,
}

/// A conditional append: all of it or nothing.
#[derive(Clone, Debug)]
pub struct Append {
    /// The stream.
    pub stream: StreamId,
    /// Where the stream must stand.
    pub expected: Sequence,
    /// Who appends.
    pub owner: OwnerEpoch,
    /// The intent that caused it, recorded so that sending it again does nothing.
    pub input: Option<InputId>,
    /// The events, at least one.
    pub events: Vec<NewEvent>,
}

/// A stream and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The stream.
    pub stream: StreamId,
    /// Its last event.
    pub sequence: Sequence,
}

/// The store could not be read or written: the machine's or the disk's fault, worth a retry.
#[derive(Debug, thiserror::Error)]
#[error("{doing}")]
pub struct StoreError {
    /// What was tried.
    pub doing: String,
    /// What the store said.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Why an append did not happen.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Somebody else appended first.
    #[error("the stream stands at {actual}, not at {expected}")]
    Conflict {
        /// Where the caller thought that it stands.
        expected: Sequence,
        /// Where it stands.
        actual: Sequence,
    },
    /// A newer owner has claimed the stream.
    #[error("the stream belongs to a newer owner (epoch {})", current.0)]
    Fenced {
        /// The newer owner.
        current: OwnerEpoch,
    },
    /// This intent was carried out before.
    #[error("this intent was carried out before, up to event {at}")]
    Duplicate {
        /// Where its events end.
        at: Sequence,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The durable log of events.
pub trait EventLog: Send + Sync + 'static {
    /// Appends when the conditions hold, durably before it returns, and returns the new head.
    fn append(&self, append: Append) -> BoxFuture<'_, Result<Sequence, AppendError>>;

    /// Returns the events of `stream` behind `after`, in order.
    fn read<'a>(&'a self, stream: &'a StreamId, after: Sequence) -> BoxFuture<'a, Result<Vec<Recorded>, StoreError>>;

    /// Returns the streams of one kind, in order of their names.
    fn heads<'a>(&'a self, kind: &'a str) -> BoxFuture<'a, Result<Vec<Head>, StoreError>>;

    /// Makes the caller the owner of `stream` and returns the new epoch; older owners are fenced from now on.
    fn claim<'a>(&'a self, stream: &'a StreamId) -> BoxFuture<'a, Result<OwnerEpoch, StoreError>>;

    /// Returns the epoch of the store itself; a restored backup gets a greater one.
    fn epoch(&self) -> u64;
}
