//! Plain requests: what arrives, what is added, what is reused.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use crate::client::Client;
use crate::stage::{Instance, Stage, until};

#[tokio::test]
async fn requests_are_forwarded_over_kept_connections() {
    let (stage, instance) = (Stage::new(), Instance::start("r1").await);
    stage.route("r1", &[instance.address]);
    let mut client = Client::connect(stage.address).await;
    for _ in 0..20 {
        assert_eq!(client.get("/").await.text(), "r1");
        assert_eq!(client.post("/echo", "hello").await.text(), "hello");
    }
    client
        .write(
            "POST /echo HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
        )
        .await;
    assert_eq!(client.answer().await.text(), "abcde");
    assert_eq!(
        instance.shared.connections.load(Ordering::SeqCst),
        1,
        "the instance's connection is reused"
    );
    assert_eq!(stage.settled("r1").await.requests, 41);
}

#[tokio::test]
async fn a_head_request_has_the_length_and_no_body() {
    let (stage, instance) = (Stage::new(), Instance::start("r1").await);
    stage.route("r1", &[instance.address]);
    let mut client = Client::connect(stage.address).await;
    client.write("HEAD / HTTP/1.1\r\nHost: shop\r\n\r\n").await;
    let answer = client.answer_head().await;
    assert_eq!((answer.status, answer.header("content-length")), (200, Some("2")));
    assert_eq!(client.get("/").await.text(), "r1", "the next answer follows at once");
    assert_eq!(client.get("/status/204").await.status, 204);
    assert_eq!(client.get("/status/304").await.status, 304);
    assert_eq!(client.get("/").await.text(), "r1");
}

#[tokio::test]
async fn the_instance_sees_the_client_and_not_the_connection() {
    let (stage, instance) = (Stage::new(), Instance::start("r1").await);
    stage.route("r1", &[instance.address]);
    let mut client = Client::connect(stage.address).await;
    client
        .write(
            "GET http://shop.example/head?q=1 HTTP/1.1\r\nHost: other\r\nConnection: keep-alive, X-Secret\r\n\
             X-Secret: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nX-Forwarded-For: 6.6.6.6\r\n\
             X-Request-Id: mine\r\ntraceparent: 00-1-2-01\r\nForwarded: for=6.6.6.6\r\n\r\n",
        )
        .await;
    let seen = client.answer().await.text();
    for part in [
        "GET /head?q=1 ",
        "\"host\": \"shop.example\"",
        "\"x-forwarded-for\": \"127.0.0.1\"",
        "\"x-forwarded-proto\": \"http\"",
        "\"x-forwarded-host\": \"shop.example\"",
        "\"x-request-id\": \"mine\"",
        "\"traceparent\": \"00-1-2-01\"",
    ] {
        assert!(seen.contains(part), "no {part} in {seen}");
    }
    for part in ["x-secret", "keep-alive", "connection", "6.6.6.6"] {
        assert!(!seen.contains(part), "{part} in {seen}");
    }
    let made = client.get("/head").await.text();
    let id = made
        .lines()
        .find(|line| line.contains("x-request-id"))
        .unwrap()
        .to_owned();
    assert_eq!(id.len(), "    \"x-request-id\": \"\",".len() + 32);
    assert!(
        !client.get("/head").await.text().contains(&id),
        "every request has its own"
    );
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_addresses_are_appended() {
    let (stage, instance) = (Stage::new(), Instance::start("r1").await);
    let mut snapshot = stage.snapshot(&[("r1", 100, &[instance.address])]);
    snapshot.forwarded = lockgate_proxy::Forwarded::Append;
    stage.proxy.apply(snapshot).unwrap();
    let mut client = Client::connect(stage.address).await;
    client
        .write("GET /head HTTP/1.1\r\nHost: shop\r\nX-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: https\r\n\r\n")
        .await;
    let seen = client.answer().await.text();
    for part in ["\"10.0.0.1\"", "\"127.0.0.1\"", "\"x-forwarded-proto\": \"https\""] {
        assert!(seen.contains(part), "no {part} in {seen}");
    }
}

#[tokio::test]
async fn a_client_of_http_1_0_gets_a_body_without_chunks() {
    let (stage, instance) = (Stage::new(), Instance::start("r1").await);
    stage.route("r1", &[instance.address]);
    let mut client = Client::connect(stage.address).await;
    client.write("GET /trailers HTTP/1.0\r\n\r\n").await;
    let answer = client.answer_head().await;
    assert_eq!((answer.status, answer.header("transfer-encoding")), (200, None));
    assert_eq!(client.closed().await, b"body");
}

#[tokio::test]
async fn trailers_reach_a_client_that_takes_them() {
    let (stage, instance) = (Stage::new(), Instance::start("r1").await);
    stage.route("r1", &[instance.address]);
    let mut client = Client::connect(stage.address).await;
    client
        .write("GET /trailers HTTP/1.1\r\nHost: shop\r\nTE: trailers\r\n\r\n")
        .await;
    let answer = client.answer().await;
    assert_eq!(
        (answer.text().as_str(), answer.trailers.as_str()),
        ("body", "checksum: 42\n")
    );
}

#[tokio::test]
async fn the_instance_decides_about_100_continue() {
    let (stage, instance) = (Stage::new(), Instance::start("r1").await);
    stage.route("r1", &[instance.address]);
    let mut client = Client::connect(stage.address).await;
    let head =
        |path| format!("POST {path} HTTP/1.1\r\nHost: shop\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    client.write(head("/count")).await;
    assert_eq!(client.answer_head().await.status, 100);
    client.write("hello").await;
    assert_eq!(client.answer().await.text(), "5");
    client.write(head("/refuse")).await;
    let answer = client.answer().await;
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (417, "no"),
        "without a 100 before it"
    );
    assert_eq!(client.closed().await, b"");
    until("the instance's connection is closed too", || {
        instance.shared.open.load(Ordering::SeqCst) == 0
    })
    .await;
}

#[tokio::test]
async fn an_upgrade_is_a_tunnel() {
    let (stage, instance) = (Stage::new(), Instance::start("r1").await);
    stage.route("r1", &[instance.address]);
    let mut client = Client::connect(stage.address).await;
    client
        .write("GET /upgrade HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly")
        .await;
    let answer = client.answer_head().await;
    assert_eq!((answer.status, answer.header("upgrade")), (101, Some("echo")));
    assert_eq!(client.take(5).await.unwrap(), b"early");
    client.write("late").await;
    assert_eq!(client.take(4).await.unwrap(), b"late");
    assert_eq!(stage.counts("r1").in_flight, 1);
    tokio::io::AsyncWriteExt::shutdown(&mut client.stream).await.unwrap();
    assert_eq!(
        client.closed().await,
        b"bye",
        "the other direction outlives a half close"
    );
    let counts = stage.settled("r1").await;
    assert_eq!((counts.application.informational, counts.failures.client_gone), (1, 0));
}

/// Returns a client whose request an instance has begun and does not answer.
async fn waiting() -> (Stage, Instance, Client) {
    let (stage, instance) = (Stage::new(), Instance::start("r1").await);
    stage.route("r1", &[instance.address]);
    let mut client = Client::connect(stage.address).await;
    client.write("GET /gated HTTP/1.1\r\nHost: shop\r\n\r\n").await;
    until("the instance has begun", || {
        instance.shared.begun.load(Ordering::SeqCst) == 1
    })
    .await;
    (stage, instance, client)
}

#[tokio::test]
async fn a_client_that_leaves_cancels_its_request() {
    let (stage, instance, client) = waiting().await;
    drop(client);
    until("the instance sees it", || {
        instance.shared.dropped.load(Ordering::SeqCst) == 1
    })
    .await;
    let counts = stage.settled("r1").await;
    assert_eq!((counts.failures.client_gone, counts.answered()), (1, 0));
}

#[tokio::test]
async fn a_client_that_waited_in_vain_is_told_from_one_that_left() {
    let (stage, _instance, client) = waiting().await;
    let waited = std::time::Instant::now();
    until("a second has passed", || {
        waited.elapsed() > std::time::Duration::from_secs(1)
    })
    .await;
    drop(client);
    let counts = stage.settled("r1").await;
    assert_eq!((counts.failures.abandoned, counts.failures.client_gone), (1, 0));
    assert_eq!(counts.answered(), 0);
}

#[tokio::test]
async fn http2_without_tls_is_spoken_too() {
    let (stage, instance) = (Stage::new(), Instance::start("r1").await);
    stage.route("r1", &[instance.address]);
    let stream = TcpStream::connect(stage.address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    let task = tokio::spawn(connection);
    let request = Request::get("http://shop.example/head")
        .header("cookie", "a=1")
        .header("cookie", "b=2")
        .body(Empty::<Bytes>::new())
        .unwrap();
    let response = sender.send_request(request).await.unwrap();
    let seen = String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap();
    assert!(
        seen.contains("\"host\": \"shop.example\"") && seen.contains("\"cookie\": \"a=1; b=2\""),
        "{seen}"
    );
    drop(sender);
    task.await.unwrap().unwrap();
}
