//! A domain as the driver's socket serves it: by stream name and JSON.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lockgate_core::{InputId, Machine, Sequence, Standing, StreamId};
use lockgate_engine::domain::OpenError;
use lockgate_engine::driver::Chain;
use lockgate_engine::tail::Tail;
use lockgate_engine::{Domain, Performer, SubmitError};
use serde_json::Value;
use tokio::sync::watch;

use super::api::Reply;

/// The streams of one kind, without their types.
pub(crate) trait Served: Send + Sync {
    /// Begins a stream, unless it has begun.
    fn begin<'a>(&'a self, stream: &'a StreamId, start: Value) -> BoxFuture<'a, Reply>;
    /// Submits an intent.
    fn submit<'a>(&'a self, stream: &'a StreamId, input: Value, id: InputId) -> BoxFuture<'a, Reply>;
    /// Returns a reader of the stream.
    fn tail<'a>(&'a self, stream: &'a StreamId, after: Sequence) -> BoxFuture<'a, Result<Reading, Unread>>;
}

/// A reader of a stream, with what else is known of it.
pub(crate) struct Reading {
    /// Its events.
    pub(crate) tail: Tail,
    /// Why the log cannot be written at present.
    pub(crate) trouble: watch::Receiver<Option<String>>,
    /// Whether the machine was over when the reading began, so that no other driver will come.
    pub(crate) over: bool,
}

/// Why a stream cannot be read, in words.
#[derive(Debug)]
pub(crate) enum Unread {
    /// The store does not answer, and may do so again.
    ForNow(String),
    /// No waiting makes it readable.
    ForGood(String),
}

impl<M, P> Served for Domain<M, P>
where
    M: Machine,
    M::Id: From<StreamId>,
    P: Performer<M>,
{
    fn begin<'a>(&'a self, stream: &'a StreamId, start: Value) -> BoxFuture<'a, Reply> {
        async move {
            let start: M::Start = match serde_json::from_value(start) {
                Ok(start) => start,
                Err(error) => return failed(format!("the start of `{stream}` cannot be read: {error}")),
            };
            match Domain::begin(self, stream, start).await {
                Ok(_) | Err(OpenError::Exists(_)) => Reply::Accepted { sequence: Sequence(1) },
                Err(error) => failed(Chain(&error)),
            }
        }
        .boxed()
    }

    fn submit<'a>(&'a self, stream: &'a StreamId, input: Value, id: InputId) -> BoxFuture<'a, Reply> {
        async move {
            let input: M::Input = match serde_json::from_value(input) {
                Ok(input) => input,
                Err(error) => return failed(format!("the intent for `{stream}` cannot be read: {error}")),
            };
            match self.get(stream).await {
                Ok(Some(handle)) => match handle.submit(input, id).await {
                    Ok(sequence) => Reply::Accepted { sequence },
                    Err(SubmitError::Rejected(words)) => Reply::Refused {
                        words: words.to_string(),
                    },
                    Err(error) => failed(Chain(&error)),
                },
                Ok(None) => failed(format!("there is no stream `{stream}`")),
                Err(error) => failed(Chain(&error)),
            }
        }
        .boxed()
    }

    fn tail<'a>(&'a self, stream: &'a StreamId, after: Sequence) -> BoxFuture<'a, Result<Reading, Unread>> {
        async move {
            match self.get(stream).await {
                Ok(Some(handle)) => Ok(Reading {
                    tail: Domain::tail(self, &handle, after),
                    trouble: handle.trouble(),
                    over: handle.state().standing() == Standing::Over,
                }),
                Ok(None) => Err(Unread::ForGood(format!("there is no stream `{stream}`"))),
                Err(error @ OpenError::Store(_)) => Err(Unread::ForNow(Chain(&error).to_string())),
                Err(error) => Err(Unread::ForGood(Chain(&error).to_string())),
            }
        }
        .boxed()
    }
}

fn failed(words: impl std::fmt::Display) -> Reply {
    Reply::Failed {
        words: words.to_string(),
    }
}
