//! The life of a request between its admission and the head of its answer.
//!
//! 1. `head`: what cannot be forwarded is refused; the rest loses what concerns only the
//!    connection and gains `X-Forwarded-*` and a request id.
//! 2. `slot`: it is admitted to a revision.
//! 3. here: it is sent to an instance, and once more where that is safe.
//! 4. `download` or `tunnel`: the answer streams back; its end ends the request.
//!
//! Safe to send again is what was never sent, whatever the method, and what has no body
//! and an idempotent method when an idle connection broke under it: an instance closes
//! idle connections when it likes, and no client should see that (RFC 9112, 9.3.1).
//! What failed on a new connection is not repeated: it may be what brought the instance
//! down.

mod answer;
mod download;
mod exchange;
mod head;
mod tunnel;
mod upload;
mod websocket;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::{HeaderValue, Request, Response, StatusCode, Version, header};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;

pub(crate) use answer::Answer;
pub(crate) use upload::Upload;

use crate::accept::Peer;
use crate::counters::{Answerer, Failure};
use crate::slot::{Admission, NotAdmitted};
use answer::Own;
use download::Download;

/// Answers one request, in the application's stead if need be.
pub(crate) async fn serve(peer: Arc<Peer>, request: Request<Incoming>) -> Result<Response<Answer>, Infallible> {
    let version = request.version();
    let mut response = respond(&peer, request).await;
    if version < Version::HTTP_2 && peer.shared.leaving.load(Ordering::Relaxed) {
        close(&mut response);
    }
    Ok(response)
}

async fn respond(peer: &Peer, mut request: Request<Incoming>) -> Response<Answer> {
    let asked = match head::inspect(&request) {
        Ok(asked) => asked,
        Err(own) => {
            peer.slot.refused.fetch_add(1, Ordering::Relaxed);
            return own.answer(None, request.headers());
        }
    };
    let admission = match peer.slot.admit() {
        Ok(admission) => admission,
        Err(NotAdmitted::NoRoute) => {
            peer.slot.unrouted.fetch_add(1, Ordering::Relaxed);
            return Own::NoRoute.answer(None, request.headers());
        }
        Err(NotAdmitted::Overloaded) => return Own::Failed(Failure::Overloaded).answer(None, request.headers()),
    };
    let client = asked.upgrade.is_some().then(|| hyper::upgrade::on(&mut request));
    let request = head::outward(request, &asked, &admission.route, peer);
    let id = request.headers().get(head::REQUEST_ID).cloned();
    let answered = if request.body().is_too_large() {
        Err(Failure::RequestTooLarge)
    } else {
        exchange::run(&admission, request).await
    };
    match answered {
        Ok(answered) => deliver(peer, admission, answered, client, &asked),
        Err(failure) => give_up(admission, failure, id),
    }
}

/// Turns the instance's answer into the client's.
fn deliver(
    peer: &Peer,
    mut admission: Admission,
    answered: exchange::Answered,
    client: Option<OnUpgrade>,
    asked: &head::Asked,
) -> Response<Answer> {
    let exchange::Answered {
        mut response,
        connection,
        upload,
    } = answered;
    let switching = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    if switching && client.is_none() {
        return give_up(admission, Failure::BadResponse, None);
    }
    admission.answered(Answerer::Application, response.status());
    let upgrade = head::inward(response.headers_mut());
    if let (true, Some(client)) = (switching, client) {
        let instance = hyper::upgrade::on(&mut response);
        let websocket = asked.websocket();
        let abort = peer.shared.abort.clone();
        peer.shared.tasks.spawn(async move {
            let tunnel = tunnel::run(client, instance, websocket, admission);
            abort.run_until_cancelled(tunnel).await;
        });
        if let Some(upgrade) = upgrade {
            let headers = response.headers_mut();
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(header::UPGRADE, upgrade);
        }
        return response.map(|_| Answer::empty());
    }
    let (parts, body) = response.into_parts();
    let events = head::is_event_stream(&parts.headers);
    let body = Download::new(body, connection, upload, admission, events);
    Response::from_parts(parts, Answer::upstream(body))
}

fn give_up(mut admission: Admission, failure: Failure, id: Option<HeaderValue>) -> Response<Answer> {
    let own = Own::Failed(failure);
    let revision = Arc::clone(&admission.revision().name);
    let mut response = own.answer(Some(&revision), &http::HeaderMap::new());
    if let Some(id) = id {
        response.headers_mut().insert(head::REQUEST_ID, id);
    }
    admission.answered(Answerer::Proxy, response.status());
    admission.fail(failure);
    response
}

fn close(response: &mut Response<Answer>) {
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
}
