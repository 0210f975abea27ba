//! What the proxy says itself, and the one body type of all answers.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use hyper::body::{Body, Frame, SizeHint};

use super::download::{Broken, Download};
use super::head;
use crate::counters::Failure;

/// The header of every answer that the proxy gives itself; its value is the reason.
pub(super) const OWN_ANSWER: http::HeaderName = http::HeaderName::from_static("lockgate-proxy-answer");

/// An answer's body.
pub(crate) struct Answer(Kind);

enum Kind {
    Own(Option<Bytes>),
    Upstream(Download),
}

/// An answer in the application's stead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Own {
    /// Nothing is routed on this listener.
    NoRoute,
    /// The request must not be forwarded.
    Refused(StatusCode, &'static str),
    /// The application could not answer.
    Failed(Failure),
}

impl Own {
    /// Returns the answer; it repeats the id of the request that `request` are the headers of.
    pub(super) fn answer(self, revision: Option<&str>, request: &HeaderMap) -> Response<Answer> {
        let (status, reason, words) = self.words();
        let revision = revision.map_or_else(String::new, |name| format!(" (revision {name})"));
        let text = format!(
            "{}: {words}{revision}.\nAnswered by the Lockgate proxy, not by the application.\n",
            status.as_u16()
        );
        let mut response = Response::new(Answer(Kind::Own(Some(Bytes::from(text)))));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(OWN_ANSWER, HeaderValue::from_static(reason));
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if let Some(id) = request.get(head::REQUEST_ID) {
            headers.insert(head::REQUEST_ID, id.clone());
        }
        if self.breaks_request() {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    /// Returns whether the rest of the request is not worth reading.
    fn breaks_request(self) -> bool {
        matches!(
            self,
            Self::Refused(..) | Self::Failed(Failure::RequestTooLarge | Failure::RequestBroken)
        )
    }

    fn words(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NoRoute => (
                StatusCode::SERVICE_UNAVAILABLE,
                "no-route",
                "no revision is routed here at the moment",
            ),
            Self::Refused(status, words) => (status, "refused", words),
            Self::Failed(failure) => failure_words(failure),
        }
    }
}

fn failure_words(failure: Failure) -> (StatusCode, &'static str, &'static str) {
    match failure {
        Failure::ConnectRefused => (
            StatusCode::BAD_GATEWAY,
            "connect-refused",
            "no instance accepts connections",
        ),
        Failure::ConnectTimeout => (
            StatusCode::GATEWAY_TIMEOUT,
            "connect-timeout",
            "no instance accepted a connection in time",
        ),
        Failure::Reset | Failure::BodyBroken => (
            StatusCode::BAD_GATEWAY,
            "reset",
            "the instance closed the connection before it answered",
        ),
        Failure::ResponseTimeout => (
            StatusCode::GATEWAY_TIMEOUT,
            "response-timeout",
            "the instance did not answer in time",
        ),
        Failure::BadResponse => (
            StatusCode::BAD_GATEWAY,
            "bad-response",
            "the instance answered with something that is not HTTP",
        ),
        Failure::DrainCut => (
            StatusCode::GATEWAY_TIMEOUT,
            "drain-deadline",
            "the instance is being stopped and did not answer within the drain's deadline",
        ),
        Failure::Overloaded => (
            StatusCode::SERVICE_UNAVAILABLE,
            "overloaded",
            "more requests are being answered than this route allows",
        ),
        Failure::RequestTooLarge => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "request-too-large",
            "the request's body is larger than this route allows",
        ),
        Failure::RequestBroken | Failure::ClientGone | Failure::Abandoned => (
            StatusCode::REQUEST_TIMEOUT,
            "request-broken",
            "the request's body broke off or did not arrive in time",
        ),
    }
}

impl Answer {
    pub(super) fn empty() -> Self {
        Self(Kind::Own(None))
    }

    pub(super) fn upstream(download: Download) -> Self {
        Self(Kind::Upstream(download))
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match &mut self.0 {
            Kind::Own(text) => Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
            Kind::Upstream(download) => Pin::new(download).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Own(text) => text.is_none(),
            Kind::Upstream(download) => download.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Own(text) => SizeHint::with_exact(text.as_ref().map_or(0, |text| text.len() as u64)),
            Kind::Upstream(download) => download.size_hint(),
        }
    }
}
