//! A request's body on its way to the instance.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use http::Request;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::Sleep;

use crate::counters::Failure;

/// How long an instance that was asked for `100 Continue` may be silent before the body is sent
/// anyway (RFC 9110, 10.1.1: a client should not wait indefinitely).
const CONTINUE_PATIENCE: Duration = Duration::from_secs(1);

/// A request's body: counted, limited, and held until the instance wants it.
pub(crate) struct Upload {
    inner: Option<Incoming>,
    /// The bytes that may still come.
    left: u64,
    progress: Option<Arc<Progress>>,
    /// Ends the wait for `100 Continue`.
    held: Option<Pin<Box<Sleep>>>,
}

/// How far a body has come.
#[derive(Default)]
struct Progress {
    frames: AtomicU64,
    /// The body is being read from the client.
    wanted: AtomicBool,
    /// The whole body was handed on.
    ended: AtomicBool,
    too_large: AtomicBool,
    broken: AtomicBool,
    /// Nobody waits for the answer any more.
    over: AtomicBool,
    waker: AtomicWaker,
}

/// The view of a body for whoever waits for the answer; dropping it ends a body that is still held.
pub(crate) struct Watch(Arc<Progress>);

/// Why a body stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UploadError {
    #[error("read the request's body")]
    Broken(#[source] hyper::Error),
    #[error("the request's body is larger than allowed")]
    TooLarge,
    #[error("the instance answered without wanting the request's body")]
    Unwanted,
}

impl Upload {
    /// Returns the body of a request, with at most `limit` bytes.
    pub(super) fn new(inner: Incoming, limit: Option<u64>) -> Self {
        if inner.is_end_stream() {
            return Self::empty();
        }
        Self {
            inner: Some(inner),
            left: limit.unwrap_or(u64::MAX),
            progress: Some(Arc::new(Progress::default())),
            held: None,
        }
    }

    pub(super) fn empty() -> Self {
        Self {
            inner: None,
            left: 0,
            progress: None,
            held: None,
        }
    }

    /// Holds the request's body until the instance says `100 Continue`.
    ///
    /// The client hears its own `100 Continue` when its body is first read, which is then.
    pub(super) fn hold(request: &mut Request<Self>) {
        let Some(progress) = request.body().progress.clone() else {
            return;
        };
        request.body_mut().held = Some(Box::pin(tokio::time::sleep(CONTINUE_PATIENCE)));
        hyper::ext::on_informational(request, move |response| {
            if response.status() == http::StatusCode::CONTINUE {
                progress.wanted.store(true, Ordering::Relaxed);
                progress.waker.wake();
            }
        });
    }

    /// Returns the view of the body; `None` when there is none.
    pub(super) fn watch(&self) -> Option<Watch> {
        self.progress.clone().map(Watch)
    }

    /// Returns whether the body is known to exceed its limit before it is read.
    pub(super) fn is_too_large(&self) -> bool {
        self.inner
            .as_ref()
            .is_some_and(|inner| inner.size_hint().lower() > self.left)
    }

    fn account(&mut self, frame: &Frame<Bytes>) -> Result<(), UploadError> {
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        let Some(left) = self.left.checked_sub(length) else {
            self.note(|progress| progress.too_large.store(true, Ordering::Relaxed));
            return Err(UploadError::TooLarge);
        };
        self.left = left;
        self.note(|progress| {
            progress.frames.fetch_add(1, Ordering::Relaxed);
        });
        Ok(())
    }

    fn note(&self, write: impl FnOnce(&Progress)) {
        if let Some(progress) = &self.progress {
            write(progress);
        }
    }

    fn poll_held(&mut self, context: &mut Context<'_>) -> Poll<Result<(), UploadError>> {
        let (Some(held), Some(progress)) = (&mut self.held, &self.progress) else {
            return Poll::Ready(Ok(()));
        };
        progress.waker.register(context.waker());
        if progress.over.load(Ordering::Acquire) {
            return Poll::Ready(Err(UploadError::Unwanted));
        }
        if !progress.wanted.load(Ordering::Relaxed) {
            ready!(held.as_mut().poll(context));
        }
        self.held = None;
        Poll::Ready(Ok(()))
    }
}

impl Watch {
    /// Returns a number that grows as long as the body moves.
    pub(super) fn frames(&self) -> u64 {
        self.0.frames.load(Ordering::Relaxed)
    }

    /// Returns whether the whole body was handed on.
    pub(super) fn has_ended(&self) -> bool {
        self.0.ended.load(Ordering::Acquire)
    }

    /// Returns whether everybody waits for the client.
    pub(super) fn waits_for_client(&self) -> bool {
        self.0.wanted.load(Ordering::Relaxed) && !self.has_ended()
    }

    /// Returns what the client did wrong, if it did.
    pub(super) fn fault(&self) -> Option<Failure> {
        if self.0.too_large.load(Ordering::Relaxed) {
            return Some(Failure::RequestTooLarge);
        }
        self.0.broken.load(Ordering::Relaxed).then_some(Failure::RequestBroken)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Release);
        self.0.waker.wake();
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = UploadError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UploadError>>> {
        if let Err(error) = ready!(self.poll_held(context)) {
            return Poll::Ready(Some(Err(error)));
        }
        let Some(inner) = &mut self.inner else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(&mut *inner).poll_frame(context);
        let ends = inner.is_end_stream();
        self.note(|progress| progress.wanted.store(true, Ordering::Relaxed));
        match ready!(polled) {
            Some(Ok(frame)) => {
                let accounted = self.account(&frame);
                if ends {
                    self.note(|progress| progress.ended.store(true, Ordering::Release));
                }
                Poll::Ready(Some(accounted.map(|()| frame)))
            }
            Some(Err(error)) => {
                self.note(|progress| progress.broken.store(true, Ordering::Relaxed));
                Poll::Ready(Some(Err(UploadError::Broken(error))))
            }
            None => {
                self.note(|progress| progress.ended.store(true, Ordering::Release));
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or(SizeHint::with_exact(0), Body::size_hint)
    }
}
