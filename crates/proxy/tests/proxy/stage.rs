//! A proxy with instances behind it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use lockgate_core::StreamId;
use lockgate_proxy::{Counts, Fence, Limits, Proxy, Route, Settings, Share, Snapshot, Table};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use tokio::task::JoinHandle;

type Body = BoxBody<Bytes, hyper::Error>;

/// An application's instance whose behaviour is in the path.
pub(crate) struct Instance {
    pub(crate) address: SocketAddr,
    pub(crate) shared: Arc<Inside>,
    task: JoinHandle<()>,
}

pub(crate) struct Inside {
    name: String,
    pub(crate) requests: AtomicU64,
    /// Requests that are being handled, or were given up by the proxy without an answer.
    pub(crate) begun: AtomicUsize,
    pub(crate) dropped: AtomicUsize,
    pub(crate) connections: AtomicUsize,
    pub(crate) open: AtomicUsize,
    /// Opens the answers of `/gated` and ends `/events`.
    pub(crate) gate: watch::Sender<bool>,
}

impl Instance {
    pub(crate) async fn start(name: &str) -> Self {
        Self::start_at(name, SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    pub(crate) async fn start_at(name: &str, address: SocketAddr) -> Self {
        let socket = tokio::net::TcpListener::bind(address).await.unwrap();
        let address = socket.local_addr().unwrap();
        let shared = Arc::new(Inside {
            name: name.into(),
            requests: AtomicU64::new(0),
            begun: AtomicUsize::new(0),
            dropped: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            gate: watch::Sender::new(false),
        });
        let task = tokio::spawn(accept(socket, Arc::clone(&shared)));
        Self { address, shared, task }
    }

    pub(crate) fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::SeqCst)
    }

    pub(crate) fn open_gate(&self) {
        self.shared.gate.send_replace(true);
    }

    /// Ends the instance with all its connections.
    pub(crate) async fn stop(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(socket: tokio::net::TcpListener, shared: Arc<Inside>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let (stream, _) = socket.accept().await.unwrap();
        shared.connections.fetch_add(1, Ordering::SeqCst);
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            shared.open.fetch_add(1, Ordering::SeqCst);
            let inside = Arc::clone(&shared);
            let service = service_fn(move |request| handle(Arc::clone(&inside), request));
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            let _ = connection.with_upgrades().await;
            shared.open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

struct Dropped(Arc<Inside>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

async fn handle(inside: Arc<Inside>, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    inside.requests.fetch_add(1, Ordering::SeqCst);
    inside.begun.fetch_add(1, Ordering::SeqCst);
    let path = request.uri().path().to_owned();
    Ok(match path.as_str() {
        "/echo" => Response::new(request.into_body().boxed()),
        "/count" => {
            let mut body = request.into_body();
            let mut bytes = 0;
            while let Some(Ok(frame)) = body.frame().await {
                bytes += frame.data_ref().map_or(0, Bytes::len);
            }
            text(bytes.to_string())
        }
        "/head" => text(format!(
            "{} {} {:#?}",
            request.method(),
            request.uri(),
            request.headers()
        )),
        "/gated" => {
            let dropped = Dropped(Arc::clone(&inside));
            let _ = inside.gate.subscribe().wait_for(|open| *open).await;
            std::mem::forget(dropped);
            text(inside.name.clone())
        }
        "/events" => events(&inside),
        "/trailers" => trailers(),
        "/refuse" => status(417, text("no".into())),
        "/upgrade" => upgrade(request),
        _ => match path.strip_prefix("/status/") {
            Some(code) => status(code.parse().unwrap(), text(inside.name.clone())),
            None => text(inside.name.clone()),
        },
    })
}

fn text(text: String) -> Response<Body> {
    Response::new(Full::new(Bytes::from(text)).map_err(|never| match never {}).boxed())
}

fn status(code: u16, mut response: Response<Body>) -> Response<Body> {
    *response.status_mut() = StatusCode::from_u16(code).unwrap();
    response
}

/// One event at once, a second when the gate opens, then the end.
fn events(inside: &Arc<Inside>) -> Response<Body> {
    let gate = inside.gate.subscribe();
    let stream = stream::unfold((0, gate), |(turn, mut gate)| async move {
        if turn == 1 {
            let _ = gate.wait_for(|open| *open).await;
        }
        (turn < 2).then(|| {
            let event = Bytes::from(format!("data: {turn}\n\n"));
            (Ok(Frame::data(event)), (turn + 1, gate))
        })
    });
    let mut response = Response::new(BodyExt::boxed(StreamBody::new(stream)));
    response
        .headers_mut()
        .insert("content-type", "text/event-stream".parse().unwrap());
    response
}

fn trailers() -> Response<Body> {
    let mut trailers = http::HeaderMap::new();
    trailers.insert("checksum", "42".parse().unwrap());
    let frames = [
        Ok(Frame::data(Bytes::from_static(b"body"))),
        Ok(Frame::trailers(trailers)),
    ];
    let mut response = Response::new(BodyExt::boxed(StreamBody::new(stream::iter(frames))));
    response.headers_mut().insert("trailer", "checksum".parse().unwrap());
    response
}

/// Echoes bytes; says `bye` when the client is done.
fn upgrade(mut request: Request<Incoming>) -> Response<Body> {
    let protocol = request.headers()["upgrade"].clone();
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let mut stream = TokioIo::new(upgrade.await.unwrap());
        let mut buffer = [0; 1024];
        while let Ok(read @ 1..) = stream.read(&mut buffer).await {
            if stream.write_all(&buffer[..read]).await.is_err() {
                return;
            }
        }
        let _ = stream.write_all(b"bye").await;
        let _ = stream.shutdown().await;
    });
    let mut response = status(101, text(String::new()));
    response.headers_mut().insert("connection", "upgrade".parse().unwrap());
    response.headers_mut().insert("upgrade", protocol);
    response
}

/// A proxy that serves one listener for one stream.
pub(crate) struct Stage {
    pub(crate) proxy: Proxy,
    pub(crate) address: SocketAddr,
    sequence: AtomicU64,
    pub(crate) limits: Limits,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default(), Limits::default())
    }

    pub(crate) fn with(settings: Settings, limits: Limits) -> Self {
        let proxy = Proxy::start(settings, &Table::default(), 1);
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = proxy.serve("web", socket).unwrap();
        Self {
            proxy,
            address,
            sequence: AtomicU64::new(0),
            limits,
        }
    }

    /// Routes all to one revision with these instances.
    pub(crate) fn route(&self, revision: &str, addresses: &[SocketAddr]) {
        self.split(&[(revision, 100, addresses)]);
    }

    pub(crate) fn split(&self, shares: &[(&str, u8, &[SocketAddr])]) {
        let snapshot = self.snapshot(shares);
        self.proxy.apply(snapshot).unwrap();
    }

    /// Returns the next snapshot.
    pub(crate) fn snapshot(&self, shares: &[(&str, u8, &[SocketAddr])]) -> Snapshot {
        let backends = shares
            .iter()
            .map(|&(name, _, addresses)| (name.to_owned(), addresses.to_vec()));
        let split = shares.iter().map(|&(name, weight, _)| Share {
            revision: name.into(),
            weight,
        });
        Snapshot {
            stream: stream_id(),
            fence: Fence {
                store_epoch: 1,
                owner_epoch: 1,
                sequence: self.sequence.fetch_add(1, Ordering::SeqCst) + 1,
            },
            listener: "web".into(),
            route: Route { split: split.collect() },
            backends: backends.collect::<BTreeMap<_, _>>(),
            limits: self.limits.clone(),
            forwarded: lockgate_proxy::Forwarded::default(),
        }
    }

    /// Returns the counts of a revision; zero when it was never routed.
    pub(crate) fn counts(&self, revision: &str) -> Counts {
        let report = self.proxy.report();
        report
            .revision(&stream_id(), revision)
            .map_or_else(Counts::default, |report| report.counts)
    }

    /// Returns the counts once nothing of the revision is in flight.
    pub(crate) async fn settled(&self, revision: &str) -> Counts {
        until("nothing is in flight", || {
            self.proxy.in_flight(&stream_id(), revision) == 0
        })
        .await;
        self.counts(revision)
    }
}

pub(crate) fn stream_id() -> StreamId {
    StreamId::new("environment", "shop/production")
}

/// Waits for a condition that other tasks bring about.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "waited too long until {what}"
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Returns an address where nothing listens.
pub(crate) fn nowhere() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
