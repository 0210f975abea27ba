//! One HTTP request to an instance, for probes and smoke checks.
//!
//! A connection of its own each time: a check must see what a new client sees.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// The most of a body that is read.
const BODY_LIMIT: usize = 4 << 20;

/// What to ask.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Where.
    pub address: SocketAddr,
    /// The method.
    pub method: Method,
    /// The path with its query.
    pub path: String,
    /// Further headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// How long it may take, from the connection to the last byte.
    pub limit: Duration,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody listens, or the connection broke.
    #[error("connect to {address}: {source}")]
    Connect {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// What came back is no HTTP, or broke off.
    #[error("ask {address}: {reason}")]
    Exchange {
        /// Where.
        address: SocketAddr,
        /// What went wrong.
        reason: String,
    },
    /// It took too long.
    #[error("{address} did not answer within {}", lockgate_core::time::Spoken(*limit))]
    Late {
        /// Where.
        address: SocketAddr,
        /// The limit.
        limit: Duration,
    },
}

/// Sends one request and returns the whole answer.
///
/// # Errors
/// Returns why there is none; an answer with an error status is an answer.
pub async fn ask(ask: &Ask) -> Result<Answer, AskError> {
    let late = |_| AskError::Late {
        address: ask.address,
        limit: ask.limit,
    };
    tokio::time::timeout(ask.limit, exchange(ask)).await.map_err(late)?
}

/// Connects and lets go again.
///
/// # Errors
/// Returns why nobody took the connection.
pub async fn knock(address: SocketAddr, limit: Duration) -> Result<(), AskError> {
    match tokio::time::timeout(limit, TcpStream::connect(address)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(source)) => Err(AskError::Connect { address, source }),
        Err(_) => Err(AskError::Late { address, limit }),
    }
}

async fn exchange(ask: &Ask) -> Result<Answer, AskError> {
    let address = ask.address;
    let broken = |error: &dyn std::fmt::Display| AskError::Exchange {
        address,
        reason: error.to_string(),
    };
    let stream = TcpStream::connect(address)
        .await
        .map_err(|source| AskError::Connect { address, source })?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| broken(&error))?;
    let driving = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(connection));
    let request = build(ask).map_err(|error| broken(&error))?;
    let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, BODY_LIMIT)
        .collect()
        .await
        .map_err(|error| broken(&error))?
        .to_bytes();
    drop(driving);
    Ok(Answer {
        status: parts.status,
        headers: parts.headers,
        body,
    })
}

fn build(ask: &Ask) -> Result<Request<Full<Bytes>>, http::Error> {
    let mut request = Request::builder().method(ask.method.clone()).uri(&ask.path);
    if !ask.headers.contains_key(header::HOST) {
        request = request.header(header::HOST, ask.address.to_string());
    }
    if !ask.headers.contains_key(header::USER_AGENT) {
        request = request.header(header::USER_AGENT, "lockgate-probe");
    }
    let mut request = request
        .header(header::CONNECTION, "close")
        .body(Full::new(ask.body.clone()))?;
    request.headers_mut().extend(ask.headers.clone());
    Ok(request)
}
