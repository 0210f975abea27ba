use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::LoadArguments;
use super::outcome::{Connection, Failure, FailureKind};
use super::target::Target;

type Sender = SendRequest<Full<Bytes>>;

/// Sends single requests and judges the answers.
pub(super) struct Client {
    target: Target,
    post: Option<Bytes>,
    expect: Vec<String>,
    version_header: String,
    version_field: String,
    timeout: Duration,
    /// Connections that wait for their next request.
    kept: Mutex<Vec<Sender>>,
}

/// What came back: who answered, and why the answer is a failure, if it is one.
pub(super) struct Exchange {
    pub(super) version: Option<String>,
    pub(super) failure: Option<Failure>,
}

impl Exchange {
    /// Returns the end of a request that got no answer.
    pub(super) fn failed(failure: Failure) -> Self {
        Self {
            version: None,
            failure: Some(failure),
        }
    }
}

impl Client {
    pub(super) fn new(target: Target, arguments: &LoadArguments) -> Self {
        Self {
            target,
            post: arguments.post.clone().map(Bytes::from),
            expect: arguments.expect_body_contains.clone(),
            version_header: arguments.version_header.to_ascii_lowercase(),
            version_field: arguments.version_field.clone(),
            timeout: arguments.timeout,
            kept: Mutex::default(),
        }
    }

    /// Sends one request that was due at `due`; it fails when it has not ended a timeout later.
    pub(super) async fn send(&self, connection: Connection, due: Instant) -> Exchange {
        match timeout_at(due + self.timeout, self.exchange(connection)).await {
            Ok(Ok(exchange)) => exchange,
            Ok(Err(failure)) => Exchange::failed(failure),
            Err(_) => {
                let words = format!("no whole answer within {} ms", self.timeout.as_millis());
                Exchange::failed(Failure::new(FailureKind::Timeout, words))
            }
        }
    }

    async fn exchange(&self, connection: Connection) -> Result<Exchange, Failure> {
        let mut sender = match connection {
            Connection::Kept => self.waiting().await?,
            Connection::New => self.connect().await?,
        };
        let request = self.request(connection)?;
        let response = sender
            .send_request(request)
            .await
            .map_err(|e| Failure::exchanging(&e))?;
        let status = response.status();
        let named = response.headers().get(&self.version_header);
        let named = named.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = response.into_body().collect().await;
        let body = body.map_err(|error| Failure::exchanging(&error))?.to_bytes();
        if connection == Connection::Kept {
            self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        }
        let version = named.or_else(|| self.version_in(&body));
        Ok(Exchange {
            version,
            failure: self.judge(status, &body),
        })
    }

    /// Returns a connection that was kept, or a new one to keep.
    ///
    /// One that the server has closed in the meantime is thrown away before anything is
    /// sent on it, which is no retry: the request that is lost by a close at the same
    /// instant still counts.
    async fn waiting(&self) -> Result<Sender, Failure> {
        loop {
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(mut sender) = kept else {
                return self.connect().await;
            };
            if sender.ready().await.is_ok() {
                return Ok(sender);
            }
        }
    }

    async fn connect(&self) -> Result<Sender, Failure> {
        let stream = TcpStream::connect(self.target.address)
            .await
            .map_err(|e| Failure::connecting(&e))?;
        let _ = stream.set_nodelay(true);
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|e| Failure::exchanging(&e))?;
        // Its errors also come out of the request that they break.
        tokio::spawn(connection);
        Ok(sender)
    }

    fn request(&self, connection: Connection) -> Result<Request<Full<Bytes>>, Failure> {
        let mut request = Request::builder()
            .uri(&self.target.path)
            .header(header::HOST, &self.target.host);
        if connection == Connection::New {
            request = request.header(header::CONNECTION, "close");
        }
        if self.post.is_some() {
            request = request
                .method(Method::POST)
                .header(header::CONTENT_TYPE, "application/json");
        }
        request
            .body(Full::new(self.post.clone().unwrap_or_default()))
            .map_err(|error| Failure::new(FailureKind::Generator, error.to_string()))
    }

    fn judge(&self, status: StatusCode, body: &[u8]) -> Option<Failure> {
        if !status.is_success() {
            return Some(Failure::new(FailureKind::Status, status.as_u16().to_string()));
        }
        let body = String::from_utf8_lossy(body);
        let missing = self.expect.iter().find(|text| !body.contains(*text))?;
        let start: String = body.chars().take(80).collect();
        Some(Failure::new(
            FailureKind::Body,
            format!("`{missing}` is not in `{start}`"),
        ))
    }

    fn version_in(&self, body: &[u8]) -> Option<String> {
        let body: serde_json::Value = serde_json::from_slice(body).ok()?;
        Some(body.get(&self.version_field)?.as_str()?.to_owned())
    }
}
