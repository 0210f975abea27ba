//! A connection to an instance, leased for one request.

use std::sync::Arc;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::Backend;
use crate::counters::Failure;
use crate::forward::Upload;

/// A connection that nobody else uses.
///
/// Dropping it closes it; [`Connection::give_back`] keeps it for the next request.
pub(crate) struct Connection {
    sender: SendRequest<Upload>,
    backend: Arc<Backend>,
    reused: bool,
}

/// A request that got no answer.
pub(crate) struct SendFailed {
    /// Why.
    pub(crate) cause: hyper::Error,
    /// The request, when not a byte of it was sent.
    pub(crate) unsent: Option<Request<Upload>>,
}

impl Connection {
    pub(super) fn reused(sender: SendRequest<Upload>, backend: Arc<Backend>) -> Self {
        Self {
            sender,
            backend,
            reused: true,
        }
    }

    pub(super) async fn handshake(stream: TcpStream, backend: Arc<Backend>) -> Result<Self, Failure> {
        let (sender, driver) = http1::Builder::new()
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|_| Failure::Reset)?;
        tokio::spawn(async move {
            // Whoever waits for an answer gets the error itself; on an idle connection it is the instance's good-bye.
            if let Err(error) = driver.with_upgrades().await {
                tracing::trace!(%error, "connection to an instance ended");
            }
        });
        Ok(Self {
            sender,
            backend,
            reused: false,
        })
    }

    /// Returns whether it has served a request before, so that the instance may have closed it meanwhile.
    pub(crate) fn is_reused(&self) -> bool {
        self.reused
    }

    pub(crate) async fn send(&mut self, request: Request<Upload>) -> Result<Response<Incoming>, SendFailed> {
        self.sender
            .try_send_request(request)
            .await
            .map_err(|mut error| SendFailed {
                unsent: error.take_message(),
                cause: error.into_error(),
            })
    }

    /// Keeps the connection for the next request; the last one has to be sent and answered to the end.
    pub(crate) fn give_back(self) {
        self.backend.pool.put(self.sender);
    }
}
