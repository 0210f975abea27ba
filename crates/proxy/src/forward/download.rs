//! An answer's body on its way to the client.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::upload::Watch;
use crate::backend::Connection;
use crate::counters::Failure;
use crate::revision::Tenure;
use crate::slot::Admission;

/// An answer's body; its request is in flight until it ends.
pub(crate) struct Download {
    inner: Incoming,
    /// Taken at the end.
    exchange: Option<Exchange>,
    /// Made when the body makes the client wait for the first time, so that short answers register nowhere.
    ending: Option<Ending>,
    /// For an event stream: whether the last byte ended an event.
    events: Option<Boundary>,
}

type Ending = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What the body holds on to.
struct Exchange {
    connection: Connection,
    upload: Option<Watch>,
    admission: Admission,
}

/// The last two bytes of an event stream; a blank line ends an event.
#[derive(Default)]
struct Boundary([u8; 2]);

/// Why a body broke off.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    #[error("read the answer's body")]
    Upstream(#[source] hyper::Error),
    #[error("the answer was cut at the drain's deadline")]
    Cut,
}

impl Download {
    pub(super) fn new(
        inner: Incoming,
        connection: Connection,
        upload: Option<Watch>,
        admission: Admission,
        events: Option<()>,
    ) -> Self {
        let mut download = Self {
            inner,
            exchange: Some(Exchange {
                connection,
                upload,
                admission,
            }),
            ending: None,
            events: events.map(|()| Boundary::default()),
        };
        if download.inner.is_end_stream() {
            download.finish();
        }
        download
    }

    /// Ends the request well and keeps the connection, if the instance has read the whole request.
    fn finish(&mut self) {
        if let Some(exchange) = self.exchange.take() {
            if exchange.upload.is_none_or(|upload| upload.has_ended()) {
                exchange.connection.give_back();
            }
            exchange.admission.finish();
        }
    }

    fn fail(&mut self, failure: Failure) {
        if let Some(exchange) = self.exchange.take() {
            exchange.admission.fail(failure);
        }
    }

    fn tenure(&self) -> Option<&Arc<Tenure>> {
        self.exchange
            .as_ref()
            .map(|exchange| &exchange.admission.revision().tenure)
    }

    /// Returns whether this is a good moment for an event stream that was told to end.
    fn may_end(&self) -> bool {
        let told = self.tenure().is_some_and(|tenure| tenure.is_told());
        told && self.events.as_ref().is_some_and(Boundary::is_between_events)
    }

    fn is_cut(&self) -> bool {
        self.tenure().is_some_and(|tenure| tenure.is_cut())
    }

    fn passed(&mut self, frame: &Frame<Bytes>) {
        if let (Some(events), Some(data)) = (&mut self.events, frame.data_ref()) {
            events.pass(data);
        }
        if self.inner.is_end_stream() {
            self.finish();
        }
    }

    /// Waits for the drain to end this body.
    fn poll_ending(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.ending.is_none() {
            let Some(tenure) = self.tenure().cloned() else {
                return Poll::Pending;
            };
            self.ending = Some(if self.events.is_some() && !tenure.is_told() {
                Box::pin(tenure.told.clone().cancelled_owned())
            } else {
                Box::pin(tenure.cut.clone().cancelled_owned())
            });
        }
        let ended = self
            .ending
            .as_mut()
            .map_or(Poll::Pending, |ending| ending.as_mut().poll(context));
        if ended.is_ready() {
            self.ending = None;
        }
        ended
    }
}

impl Body for Download {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        loop {
            if self.is_cut() {
                self.fail(Failure::DrainCut);
                return Poll::Ready(Some(Err(Broken::Cut)));
            }
            if self.may_end() {
                // The instance is not done, so its connection closes with the exchange.
                if let Some(exchange) = self.exchange.take() {
                    exchange.admission.finish();
                }
                return Poll::Ready(None);
            }
            match Pin::new(&mut self.inner).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    self.passed(&frame);
                    return Poll::Ready(Some(Ok(frame)));
                }
                Poll::Ready(Some(Err(error))) => {
                    self.fail(Failure::BodyBroken);
                    return Poll::Ready(Some(Err(Broken::Upstream(error))));
                }
                Poll::Ready(None) => {
                    self.finish();
                    return Poll::Ready(None);
                }
                Poll::Pending => ready!(self.poll_ending(context)),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Boundary {
    fn pass(&mut self, data: &[u8]) {
        for &byte in data.iter().skip(data.len().saturating_sub(3)) {
            // CRLF counts as LF.
            if byte != b'\r' {
                self.0 = [self.0[1], byte];
            }
        }
    }

    fn is_between_events(&self) -> bool {
        matches!(&self.0, b"\n\n" | [0, 0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_ends_with_a_blank_line() {
        let mut boundary = Boundary::default();
        assert!(boundary.is_between_events());
        for (data, between) in [
            ("data: a\n", false),
            ("\n", true),
            ("data: b\r\n\r\n", true),
            ("data: c\n\ndata", false),
            ("\n\n", true),
        ] {
            boundary.pass(data.as_bytes());
            assert_eq!(boundary.is_between_events(), between, "{data:?}");
        }
    }
}
