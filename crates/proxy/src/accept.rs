//! From a listening socket to requests.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::HeaderValue;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OwnedSemaphorePermit;

use crate::forward;
use crate::proxy::Shared;
use crate::slot::Slot;
use crate::snapshot::Limits;

/// The pause after the process ran out of descriptors or memory for a connection.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(20);

/// How a client that speaks HTTP/2 without TLS begins; three bytes tell it from every HTTP/1 method.
const PREFACE: &[u8] = b"PRI";

/// A client's connection, as its requests see it.
pub(crate) struct Peer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) slot: Arc<Slot>,
    /// The client's address, as `X-Forwarded-For` wants it.
    pub(crate) address: HeaderValue,
}

/// Accepts until the proxy stops. The socket lives on in whoever shares it.
pub(crate) async fn run(shared: Arc<Shared>, slot: Arc<Slot>, socket: TcpListener) {
    loop {
        let next = async {
            let permit = Arc::clone(&shared.connections).acquire_owned().await;
            (permit, socket.accept().await)
        };
        match shared.stopping.run_until_cancelled(next).await {
            None | Some((Err(_), _)) => return,
            Some((Ok(permit), Ok((stream, address)))) => {
                let peer = Arc::new(Peer {
                    shared: Arc::clone(&shared),
                    slot: Arc::clone(&slot),
                    address: HeaderValue::try_from(address.ip().to_canonical().to_string())
                        .unwrap_or(HeaderValue::from_static("unknown")),
                });
                shared.tasks.spawn(connection(peer, stream, permit));
            }
            Some((Ok(_), Err(error))) => {
                tracing::warn!(%error, listener = slot.listener, "cannot accept a connection");
                tokio::time::sleep(EXHAUSTED_PAUSE).await;
            }
        }
    }
}

async fn connection(peer: Arc<Peer>, stream: TcpStream, _permit: OwnedSemaphorePermit) {
    let (shared, slot) = (Arc::clone(&peer.shared), Arc::clone(&peer.slot));
    slot.connections.fetch_add(1, Ordering::Relaxed);
    // A failure costs latency and nothing else.
    let _ = stream.set_nodelay(true);
    let served = async {
        let mut start = [0; PREFACE.len()];
        let wait = tokio::time::timeout(shared.settings.header_timeout, stream.peek(&mut start));
        // An idle connection that never spoke may go as soon as the proxy leaves.
        match shared.idle_close.run_until_cancelled(wait).await {
            Some(Ok(Ok(_))) if start == PREFACE => http2(peer, stream).await,
            Some(Ok(Ok(read))) if read > 0 => http1(peer, stream).await,
            _ => {}
        }
    };
    shared.abort.run_until_cancelled(served).await;
    slot.connections.fetch_sub(1, Ordering::Relaxed);
}

/// Returns the limits for a new connection; a kept one does not change its own.
fn limits(slot: &Slot) -> Limits {
    slot.route
        .load()
        .as_ref()
        .map_or_else(Limits::default, |route| route.limits.clone())
}

async fn http1(peer: Arc<Peer>, stream: TcpStream) {
    let limits = limits(&peer.slot);
    let (settings, idle_close) = (peer.shared.settings.clone(), peer.shared.idle_close.clone());
    let service = service_fn(move |request| forward::serve(Arc::clone(&peer), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.header_timeout)
        .max_header_size(limits.request_header_bytes as usize)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = idle_close.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "client connection ended");
    }
}

async fn http2(peer: Arc<Peer>, stream: TcpStream) {
    let limits = limits(&peer.slot);
    let stopping = peer.shared.stopping.clone();
    let service = service_fn(move |request| forward::serve(Arc::clone(&peer), request));
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_header_list_size(limits.request_header_bytes)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        // HTTP/2 can say which requests it will not take, so it need not wait for the next one.
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "client connection ended");
    }
}
