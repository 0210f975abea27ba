//! The event log in memory, for tests and for the simulator's engine.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use futures_util::future::{BoxFuture, FutureExt};
use lockgate_core::{Sequence, StreamId};
use lockgate_engine::log::{Append, AppendError, EventLog, Head, NewEvent, OwnerEpoch, Recorded, StoreError};

/// A log that lives as long as its process.
#[derive(Debug, Default)]
pub struct MemoryLog {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    streams: BTreeMap<StreamId, Stream>,
    inputs: BTreeMap<String, Sequence>,
}

#[derive(Debug, Default)]
struct Stream {
    owner: OwnerEpoch,
    events: Vec<NewEvent>,
}

impl MemoryLog {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventLog for MemoryLog {
    fn append(&self, append: Append) -> BoxFuture<'_, Result<Sequence, AppendError>> {
        async move {
            let mut kept = self.kept();
            if let Some(at) = append.input.as_ref().and_then(|input| kept.inputs.get(&input.0)) {
                return Err(AppendError::Duplicate { at: *at });
            }
            let stream = kept.streams.entry(append.stream).or_default();
            if stream.owner != append.owner {
                return Err(AppendError::Fenced { current: stream.owner });
            }
            let actual = Sequence(stream.events.len() as u64);
            if actual != append.expected {
                return Err(AppendError::Conflict {
                    expected: append.expected,
                    actual,
                });
            }
            if append.events.is_empty() {
                return Ok(actual);
            }
            stream.events.extend(append.events);
            let head = Sequence(stream.events.len() as u64);
            if let Some(input) = append.input {
                kept.inputs.insert(input.0, head);
            }
            Ok(head)
        }
        .boxed()
    }

    fn read<'a>(&'a self, stream: &'a StreamId, after: Sequence) -> BoxFuture<'a, Result<Vec<Recorded>, StoreError>> {
        async move {
            let kept = self.kept();
            let events = kept.streams.get(stream).map_or(&[][..], |stream| &stream.events);
            let numbered = events.iter().cloned().zip(1..);
            Ok(numbered
                .map(|(event, sequence)| Recorded {
                    sequence: Sequence(sequence),
                    event,
                })
                .skip(after.0 as usize)
                .collect())
        }
        .boxed()
    }

    fn heads<'a>(&'a self, kind: &'a str) -> BoxFuture<'a, Result<Vec<Head>, StoreError>> {
        async move {
            let kept = self.kept();
            let written = kept
                .streams
                .iter()
                .filter(|(id, stream)| id.kind() == kind && !stream.events.is_empty());
            Ok(written
                .map(|(id, stream)| Head {
                    stream: id.clone(),
                    sequence: Sequence(stream.events.len() as u64),
                })
                .collect())
        }
        .boxed()
    }

    fn claim<'a>(&'a self, stream: &'a StreamId) -> BoxFuture<'a, Result<OwnerEpoch, StoreError>> {
        async move {
            let mut kept = self.kept();
            let stream = kept.streams.entry(stream.clone()).or_default();
            stream.owner = OwnerEpoch(stream.owner.0 + 1);
            Ok(stream.owner)
        }
        .boxed()
    }

    fn epoch(&self) -> u64 {
        1
    }
}
