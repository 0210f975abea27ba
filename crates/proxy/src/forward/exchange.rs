//! Sending a request to an instance, and again where that is safe.

use std::pin::pin;
use std::time::Duration;

use http::{Method, Request, Response};
use hyper::body::{Body, Incoming};
use tokio::time::{sleep, timeout};

use super::upload::{Upload, Watch};
use crate::backend::{Connection, Reuse, SendFailed};
use crate::counters::Failure;
use crate::revision::Tried;
use crate::slot::Admission;

/// Answers within this time never touch the waiting lists that a drain wakes.
const SOON: Duration = Duration::from_millis(20);

/// The head of an instance's answer, with what its body needs.
pub(super) struct Answered {
    pub(super) response: Response<Incoming>,
    pub(super) connection: Connection,
    pub(super) upload: Option<Watch>,
}

/// Sends `request` to an instance of the admitted revision and returns the head of its answer.
pub(super) async fn run(admission: &Admission, request: Request<Upload>) -> Result<Answered, Failure> {
    let upload = request.body().watch();
    let waited = {
        let attempts = pin!(attempts(admission, request));
        wait(admission, upload.as_ref(), attempts).await
    };
    let fault = upload.as_ref().and_then(Watch::fault);
    match waited {
        Ok(Ok((response, connection))) => Ok(Answered {
            response,
            connection,
            upload,
        }),
        Ok(Err(failure)) | Err(failure) => Err(fault.unwrap_or(failure)),
    }
}

/// Waits for `attempts`, but not longer than the drain or the route allow.
///
/// The time counts from the last progress of the request's body: a slow upload is no
/// slow answer.
async fn wait<F: Future + Unpin>(
    admission: &Admission,
    upload: Option<&Watch>,
    mut attempts: F,
) -> Result<F::Output, Failure> {
    if let Ok(output) = timeout(SOON, &mut attempts).await {
        return Ok(output);
    }
    let limit = admission.route.limits.response_timeout();
    let cut = &admission.revision().tenure.cut;
    let mut seen = upload.map_or(0, Watch::frames);
    loop {
        tokio::select! {
            biased;
            output = &mut attempts => return Ok(output),
            () = cut.cancelled() => return Err(Failure::DrainCut),
            () = sleep(limit) => {}
        }
        let frames = upload.map_or(0, Watch::frames);
        if frames == seen {
            let stalled = upload.is_some_and(Watch::waits_for_client);
            return Err(if stalled {
                Failure::RequestBroken
            } else {
                Failure::ResponseTimeout
            });
        }
        seen = frames;
    }
}

async fn attempts(
    admission: &Admission,
    mut request: Request<Upload>,
) -> Result<(Response<Incoming>, Connection), Failure> {
    let revision = admission.revision();
    let connect_timeout = admission.route.limits.connect_timeout();
    let repeatable = is_repeatable(&request);
    let mut reuse = if repeatable { Reuse::Any } else { Reuse::Fresh };
    let mut tried = Tried::default();
    let mut last = Failure::ConnectRefused;
    while let Some((at, backend)) = revision.pick(&tried) {
        let mut connection = match backend.lease(reuse, connect_timeout).await {
            Ok(connection) => connection,
            Err(failure) => {
                tried.mark(at);
                last = failure;
                continue;
            }
        };
        let copy = (repeatable && connection.is_reused()).then(|| copy(&request));
        let failed = match connection.send(request).await {
            Ok(response) => return Ok((response, connection)),
            Err(failed) => failed,
        };
        if !connection.is_reused() {
            tried.mark(at);
        }
        reuse = Reuse::Never;
        (last, request) = again(failed, copy)?;
        admission.resent();
    }
    Err(last)
}

/// Returns the request to send again, and the failure to report when nobody takes it.
fn again(failed: SendFailed, copy: Option<Request<Upload>>) -> Result<(Failure, Request<Upload>), Failure> {
    let failure = classify(&failed.cause);
    match (failed.unsent, copy) {
        (Some(unsent), _) => Ok((failure, unsent)),
        (None, Some(copy)) if failure == Failure::Reset => Ok((failure, copy)),
        (None, _) => Err(failure),
    }
}

fn classify(error: &hyper::Error) -> Failure {
    if error.is_parse() {
        Failure::BadResponse
    } else {
        Failure::Reset
    }
}

/// Returns whether sending it twice is the same as once, and possible.
fn is_repeatable(request: &Request<Upload>) -> bool {
    let idempotent = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE | Method::PUT | Method::DELETE
    );
    idempotent && request.body().is_end_stream() && !request.headers().contains_key(http::header::UPGRADE)
}

fn copy(request: &Request<Upload>) -> Request<Upload> {
    let mut copy = Request::new(Upload::empty());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    copy
}
