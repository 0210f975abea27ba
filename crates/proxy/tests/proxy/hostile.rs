//! Clients that mean harm: what they send is refused, or reaches the instance in one meaning only.

use std::time::Duration;

use lockgate_proxy::{Limits, Settings};

use crate::client::Client;
use crate::stage::{Instance, Stage, until};

/// What is answered 400 or closed at once, without the instance seeing a request.
#[tokio::test]
async fn malformed_requests_never_reach_the_instance() {
    let (stage, instance) = (Stage::new(), Instance::start("r1").await);
    stage.route("r1", &[instance.address]);
    let cases: [&[u8]; 17] = [
        b"\x00\x01\x02\x03garbage\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: shop\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: shop\r\nX: a\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: shop\r\nX : a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: shop\r\nX: a\x00b\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: +5\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 0x5\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.0\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ];
    for case in cases {
        let mut client = Client::connect(stage.address).await;
        client.write(case).await;
        let answer = String::from_utf8(client.closed().await).unwrap();
        let shown = String::from_utf8_lossy(case);
        assert!(answer.starts_with("HTTP/1.1 400 "), "{shown:?} was answered {answer:?}");
    }
    assert_eq!(instance.requests(), 0);
    let mut client = Client::connect(stage.address).await;
    client.write("CONNECT evil:25 HTTP/1.1\r\nHost: evil\r\n\r\n").await;
    assert_eq!(client.answer().await.status, 501);
    assert_eq!(instance.requests(), 0);
}

/// A length beside chunks: the instance sees one chunked request, and what a reader of the
/// length would have taken for the next request is never read.
#[tokio::test]
async fn a_length_beside_chunks_smuggles_nothing() {
    let (stage, instance) = (Stage::new(), Instance::start("r1").await);
    stage.route("r1", &[instance.address]);
    for heads in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
    ] {
        let before = instance.requests();
        let mut client = Client::connect(stage.address).await;
        client
            .write(format!(
                "POST /echo HTTP/1.1\r\nHost: shop\r\n{heads}\r\n3\r\nabc\r\n0\r\n\r\n\
                 GET /smuggled HTTP/1.1\r\nHost: shop\r\n\r\n"
            ))
            .await;
        let answer = client.answer().await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "abc"));
        assert_eq!(client.closed().await, b"");
        assert_eq!(instance.requests() - before, 1);
    }
}

#[tokio::test]
async fn broken_chunks_end_the_request_and_the_connection() {
    let (stage, instance) = (Stage::new(), Instance::start("r1").await);
    stage.route("r1", &[instance.address]);
    let mut client = Client::connect(stage.address).await;
    client
        .write("POST /count HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nnot hex\r\n\r\n")
        .await;
    let answer = client.answer().await;
    assert_eq!(
        (answer.status, answer.header("lockgate-proxy-answer")),
        (408, Some("request-broken"))
    );
    assert_eq!(client.closed().await, b"");
    assert_eq!(stage.settled("r1").await.failures.request_broken, 1);
}

#[tokio::test]
async fn heads_and_bodies_are_bounded() {
    let limits = Limits {
        request_header_bytes: 8_192,
        request_body_bytes: Some(1_000),
        max_in_flight: Some(1),
        ..Limits::default()
    };
    let stage = Stage::with(Settings::default(), limits);
    let instance = Instance::start("r1").await;
    stage.route("r1", &[instance.address]);
    let mut client = Client::connect(stage.address).await;
    client
        .write(format!(
            "GET / HTTP/1.1\r\nHost: shop\r\nX: {}\r\n\r\n",
            "x".repeat(10_000)
        ))
        .await;
    assert_eq!(client.answer().await.status, 431);
    let mut client = Client::connect(stage.address).await;
    assert_eq!(client.post("/count", &"x".repeat(1_000)).await.text(), "1000");
    client
        .write("POST /count HTTP/1.1\r\nHost: shop\r\nContent-Length: 1001\r\n\r\n")
        .await;
    assert_eq!(client.answer().await.status, 413, "before a byte of it is read");
    let mut client = Client::connect(stage.address).await;
    let chunk = format!("258\r\n{}\r\n", "x".repeat(0x258));
    client
        .write(format!(
            "POST /count HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}{chunk}"
        ))
        .await;
    assert_eq!(client.answer().await.status, 413, "when it becomes too large");

    let mut first = Client::connect(stage.address).await;
    first.write("GET /gated HTTP/1.1\r\nHost: shop\r\n\r\n").await;
    until("it is in flight", || stage.counts("r1").in_flight == 1).await;
    let answer = Client::connect(stage.address).await.get("/").await;
    assert_eq!(
        (answer.status, answer.header("lockgate-proxy-answer")),
        (503, Some("overloaded"))
    );
    instance.open_gate();
    assert_eq!(first.answer().await.status, 200);
    assert_eq!(first.get("/").await.status, 200);
    let failures = stage.settled("r1").await.failures;
    assert_eq!((failures.request_too_large, failures.overloaded), (2, 1));
}

#[tokio::test]
async fn a_client_that_never_finishes_its_head_is_sent_away() {
    let settings = Settings {
        header_timeout: Duration::from_millis(200),
        max_connections: 2,
    };
    let stage = Stage::with(settings, Limits::default());
    let instance = Instance::start("r1").await;
    stage.route("r1", &[instance.address]);
    let mut silent = Client::connect(stage.address).await;
    let mut slow = Client::connect(stage.address).await;
    slow.write("GET / HTTP/1.1\r\nHost: shop\r\nX-Slow: ").await;
    // Both places are taken: this one waits in the backlog until they are free again.
    let mut patient = Client::connect(stage.address).await;
    assert_eq!(patient.get("/").await.status, 200);
    assert_eq!(silent.closed().await, b"");
    slow.closed().await;
    assert_eq!(instance.requests(), 1);
}
