//! Instances that are dead, die, or never answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lockgate_proxy::{Limits, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::client::Client;
use crate::stage::{Instance, Stage, nowhere, until};

#[tokio::test]
async fn the_proxy_says_in_words_that_it_answers_itself() {
    let stage = Stage::new();
    let mut client = Client::connect(stage.address).await;
    let answer = client.get("/").await;
    assert_eq!(
        (answer.status, answer.header("lockgate-proxy-answer")),
        (503, Some("no-route"))
    );
    assert_eq!(
        answer.text(),
        "503: no revision is routed here at the moment.\nAnswered by the Lockgate proxy, not by the application.\n"
    );
    stage.route("r1", &[nowhere()]);
    client
        .write("GET / HTTP/1.1\r\nHost: shop\r\nX-Request-Id: mine\r\n\r\n")
        .await;
    let answer = client.answer().await;
    assert_eq!(
        (answer.status, answer.header("lockgate-proxy-answer")),
        (502, Some("connect-refused"))
    );
    assert_eq!(answer.header("x-request-id"), Some("mine"));
    assert!(
        answer
            .text()
            .starts_with("502: no instance accepts connections (revision r1).\n")
    );
    stage.split(&[]);
    assert_eq!(client.get("/").await.status, 503);
    assert_eq!(stage.proxy.report().listeners[0].unrouted, 2);
    let counts = stage.settled("r1").await;
    assert_eq!((counts.proxy.server_error, counts.failures.connect_refused), (1, 1));
}

#[tokio::test]
async fn another_instance_takes_what_one_refuses() {
    let (stage, alive) = (Stage::new(), Instance::start("r1").await);
    let dead = nowhere();
    stage.route("r1", &[dead, alive.address]);
    let mut client = Client::connect(stage.address).await;
    for _ in 0..20 {
        assert_eq!(client.post("/echo", "once").await.text(), "once");
    }
    assert_eq!(alive.requests(), 20);
    let back = Instance::start_at("r1", dead).await;
    until("the probe has found it", || {
        back.shared.connections.load(Ordering::SeqCst) > 0
    })
    .await;
    while back.requests() == 0 {
        assert_eq!(client.get("/").await.status, 200);
    }
    assert_eq!(stage.settled("r1").await.proxy.total(), 0, "no client saw any of it");
}

#[tokio::test]
async fn a_sole_dead_instance_is_tried_by_every_request() {
    let stage = Stage::new();
    let address = nowhere();
    stage.route("r1", &[address]);
    let mut client = Client::connect(stage.address).await;
    for _ in 0..3 {
        assert_eq!(client.get("/").await.status, 502);
    }
    let _back = Instance::start_at("r1", address).await;
    assert_eq!(
        client.get("/").await.status,
        200,
        "the first request after its return is served"
    );
}

/// An instance that answers once per connection and closes under the second request, without a byte.
async fn closes_under_the_second_request(closed: Arc<AtomicUsize>) -> SocketAddr {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = socket.accept().await.unwrap();
            let closed = Arc::clone(&closed);
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                if stream.read(&mut buffer).await.unwrap() == 0 {
                    return;
                }
                stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                    .await
                    .unwrap();
                if stream.read(&mut buffer).await.unwrap() > 0 {
                    closed.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn an_idle_connection_that_breaks_under_a_request_is_nobodys_error() {
    let stage = Stage::new();
    let closed = Arc::new(AtomicUsize::new(0));
    stage.route("r1", &[closes_under_the_second_request(Arc::clone(&closed)).await]);
    let mut client = Client::connect(stage.address).await;
    for _ in 0..200 {
        assert_eq!(client.get("/").await.text(), "ok");
    }
    let counts = stage.settled("r1").await;
    assert_eq!(closed.load(Ordering::SeqCst), 199);
    assert_eq!(
        (counts.application.success, counts.resent, counts.proxy.total()),
        (200, 199, 0)
    );
}

#[tokio::test]
async fn what_may_have_been_done_is_not_done_again() {
    let stage = Stage::new();
    let closed = Arc::new(AtomicUsize::new(0));
    stage.route("r1", &[closes_under_the_second_request(Arc::clone(&closed)).await]);
    let mut client = Client::connect(stage.address).await;
    assert_eq!(client.get("/").await.status, 200);
    let answer = client.post("/", "pay").await;
    assert_eq!(
        (answer.status, answer.header("lockgate-proxy-answer")),
        (502, Some("reset"))
    );
    assert_eq!(closed.load(Ordering::SeqCst), 1);
    assert_eq!(client.get("/").await.status, 200);
    assert_eq!(
        client.post("/", "").await.status,
        502,
        "a missing body does not make it safe"
    );
    let counts = stage.settled("r1").await;
    assert_eq!((counts.failures.reset, counts.resent), (2, 0));
}

#[tokio::test]
async fn instances_that_close_idle_connections_are_no_error_for_any_method() {
    let (stage, mut instance) = (Stage::new(), Instance::start("r1").await);
    let address = instance.address;
    stage.route("r1", &[address]);
    let mut client = Client::connect(stage.address).await;
    for _ in 0..20 {
        assert_eq!(client.get("/").await.status, 200);
        instance.stop().await;
        instance = Instance::start_at("r1", address).await;
        assert_eq!(client.post("/echo", "pay").await.text(), "pay");
    }
    assert_eq!(stage.settled("r1").await.proxy.total(), 0);
}

#[tokio::test]
async fn an_instance_that_is_silent_or_speaks_nonsense_is_answered_for() {
    let limits = Limits {
        response_timeout_ms: 200,
        ..Limits::default()
    };
    let stage = Stage::with(Settings::default(), limits);
    let instance = Instance::start("r1").await;
    stage.route("r1", &[instance.address]);
    let mut client = Client::connect(stage.address).await;
    let answer = client.get("/gated").await;
    assert_eq!(
        (answer.status, answer.header("lockgate-proxy-answer")),
        (504, Some("response-timeout"))
    );
    until("the instance is told", || {
        instance.shared.dropped.load(Ordering::SeqCst) == 1
    })
    .await;

    client
        .write("POST /count HTTP/1.1\r\nHost: shop\r\nContent-Length: 4\r\n\r\na")
        .await;
    let answer = client.answer().await;
    assert_eq!(
        (answer.status, answer.header("lockgate-proxy-answer")),
        (408, Some("request-broken"))
    );

    let nonsense = TcpListener::bind("127.0.0.1:0").await.unwrap();
    stage.route("r2", &[nonsense.local_addr().unwrap()]);
    tokio::spawn(async move {
        let (mut stream, _) = nonsense.accept().await.unwrap();
        let mut buffer = [0; 1024];
        let _ = stream.read(&mut buffer).await;
        let _ = stream.write_all(b"SSH-2.0-OpenSSH\r\n\r\n").await;
    });
    let mut client = Client::connect(stage.address).await;
    let answer = client.get("/").await;
    assert_eq!(
        (answer.status, answer.header("lockgate-proxy-answer")),
        (502, Some("bad-response"))
    );
    let failures = (stage.settled("r1").await.failures, stage.settled("r2").await.failures);
    assert_eq!(
        (
            failures.0.response_timeout,
            failures.0.request_broken,
            failures.1.bad_response
        ),
        (1, 1, 1)
    );
}

#[tokio::test]
async fn a_slow_upload_is_no_slow_answer() {
    let limits = Limits {
        response_timeout_ms: 400,
        ..Limits::default()
    };
    let stage = Stage::with(Settings::default(), limits);
    let instance = Instance::start("r1").await;
    stage.route("r1", &[instance.address]);
    let mut client = Client::connect(stage.address).await;
    client
        .write("POST /count HTTP/1.1\r\nHost: shop\r\nContent-Length: 10\r\n\r\n")
        .await;
    let mut pace = tokio::time::interval(Duration::from_millis(100));
    for _ in 0..10 {
        pace.tick().await;
        client.write("x").await;
    }
    assert_eq!(client.answer().await.text(), "10");
}
