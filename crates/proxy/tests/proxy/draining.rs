//! Waiting for the old revision, and not for ever.

use std::time::Duration;

use lockgate_proxy::{DrainRefused, Drained};

use crate::client::{Client, LONG};
use crate::stage::{Instance, Stage, stream_id, until};

/// Deadlines that have to pass are short, those that must not are long.
const SHORT: Duration = Duration::from_millis(300);

async fn switched() -> (Stage, Instance, Instance) {
    let (stage, old, new) = (Stage::new(), Instance::start("r1").await, Instance::start("r2").await);
    stage.route("r1", &[old.address]);
    (stage, old, new)
}

fn switch(stage: &Stage, old: &Instance, new: &Instance) {
    stage.split(&[("r1", 0, &[old.address]), ("r2", 100, &[new.address])]);
}

#[tokio::test]
async fn a_drain_waits_for_a_slow_answer() {
    let (stage, old, new) = switched().await;
    let mut client = Client::connect(stage.address).await;
    client.write("GET /gated HTTP/1.1\r\nHost: shop\r\n\r\n").await;
    until("it is in flight", || stage.proxy.in_flight(&stream_id(), "r1") == 1).await;
    switch(&stage, &old, &new);
    let proxy = stage.proxy.clone();
    let drain = tokio::spawn(async move { proxy.drained(&stream_id(), "r1", LONG).await });
    assert_eq!(Client::connect(stage.address).await.get("/").await.text(), "r2");
    assert!(!drain.is_finished());
    old.open_gate();
    assert_eq!(client.answer().await.text(), "r1");
    assert_eq!(drain.await.unwrap(), Ok(Drained { finished: 1, cut: 0 }));
}

#[tokio::test]
async fn the_deadline_cuts_and_counts() {
    let (stage, old, new) = switched().await;
    let mut waiting = Client::connect(stage.address).await;
    waiting.write("GET /gated HTTP/1.1\r\nHost: shop\r\n\r\n").await;
    let mut tunnel = Client::connect(stage.address).await;
    tunnel
        .write("GET /upgrade HTTP/1.1\r\nHost: shop\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
        .await;
    assert_eq!(tunnel.answer_head().await.status, 101);
    let mut echo = Client::connect(stage.address).await;
    echo.write("POST /echo HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        .await;
    assert_eq!(echo.answer_head().await.status, 200);
    assert_eq!(echo.chunk().await.unwrap().unwrap(), b"a");
    until("all are in flight", || stage.proxy.in_flight(&stream_id(), "r1") == 3).await;
    switch(&stage, &old, &new);
    let drained = stage.proxy.drained(&stream_id(), "r1", SHORT).await;
    assert_eq!(drained, Ok(Drained { finished: 0, cut: 3 }));
    let answer = waiting.answer().await;
    assert_eq!(
        (answer.status, answer.header("lockgate-proxy-answer")),
        (504, Some("drain-deadline"))
    );
    assert!(echo.chunk().await.is_err(), "a cut body must not look complete");
    assert_eq!(tunnel.closed().await, b"");
    let counts = stage.settled("r1").await;
    assert_eq!((counts.failures.drain_cut, counts.proxy.server_error), (3, 1));
}

#[tokio::test]
async fn event_streams_end_between_two_events_before_the_deadline() {
    let (stage, old, new) = switched().await;
    let mut client = Client::connect(stage.address).await;
    client.write("GET /events HTTP/1.1\r\nHost: shop\r\n\r\n").await;
    assert_eq!(client.answer_head().await.status, 200);
    assert_eq!(client.chunk().await.unwrap().unwrap(), b"data: 0\n\n");
    switch(&stage, &old, &new);
    let drained = stage.proxy.drained(&stream_id(), "r1", Duration::from_secs(4)).await;
    assert_eq!(drained, Ok(Drained { finished: 1, cut: 0 }));
    assert_eq!(
        client.chunk().await.unwrap(),
        None,
        "a clean end, after which the client connects again"
    );
    assert_eq!(client.take(2).await.unwrap(), b"\r\n");
    assert_eq!(client.get("/").await.text(), "r2");
}

#[tokio::test]
async fn websockets_are_told_to_close_between_two_frames() {
    let (stage, old, new) = switched().await;
    let mut client = Client::connect(stage.address).await;
    client
        .write("GET /upgrade HTTP/1.1\r\nHost: shop\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
        .await;
    assert_eq!(client.answer_head().await.status, 101);
    // The instance echoes, so this is the first half of a frame from the instance.
    client.write([0x82, 0x04, b'a', b'b']).await;
    assert_eq!(client.take(4).await.unwrap(), [0x82, 0x04, b'a', b'b']);
    switch(&stage, &old, &new);
    let proxy = stage.proxy.clone();
    let drain = tokio::spawn(async move { proxy.drained(&stream_id(), "r1", Duration::from_secs(4)).await });
    assert!(
        tokio::time::timeout(Duration::from_millis(2_300), client.take(1))
            .await
            .is_err(),
        "nothing may stand within a frame"
    );
    client.write([b'c', b'd', 0x81, 0x01, b'x']).await;
    assert_eq!(client.take(6).await.unwrap(), [b'c', b'd', 0x88, 0x02, 0x03, 0xe9]);
    tokio::io::AsyncWriteExt::shutdown(&mut client.stream).await.unwrap();
    assert_eq!(client.closed().await, b"", "nothing follows the close frame");
    assert_eq!(drain.await.unwrap(), Ok(Drained { finished: 1, cut: 0 }));
}

#[tokio::test]
async fn a_revision_with_weight_is_not_drained() {
    let (stage, old, new) = switched().await;
    let refused = stage.proxy.drained(&stream_id(), "r1", LONG).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "revision `r1` of `environment/shop/production` still takes 100 % of the requests; take its weight first"
    );
    let mut client = Client::connect(stage.address).await;
    client.write("GET /gated HTTP/1.1\r\nHost: shop\r\n\r\n").await;
    until("it is in flight", || stage.proxy.in_flight(&stream_id(), "r1") == 1).await;
    switch(&stage, &old, &new);
    let proxy = stage.proxy.clone();
    let drain = tokio::spawn(async move { proxy.drained(&stream_id(), "r1", SHORT).await });
    tokio::task::yield_now().await;
    stage.route("r1", &[old.address]);
    assert!(matches!(drain.await.unwrap(), Err(DrainRefused::Returned { .. })));
    old.open_gate();
    assert_eq!(client.answer().await.text(), "r1", "traffic that came back is not cut");
}

#[tokio::test]
async fn a_revision_returns_after_its_drain_was_cut() {
    let (stage, old, new) = switched().await;
    let mut client = Client::connect(stage.address).await;
    client.write("GET /gated HTTP/1.1\r\nHost: shop\r\n\r\n").await;
    until("it is in flight", || stage.proxy.in_flight(&stream_id(), "r1") == 1).await;
    switch(&stage, &old, &new);
    let drained = stage.proxy.drained(&stream_id(), "r1", SHORT).await;
    assert_eq!(drained, Ok(Drained { finished: 0, cut: 1 }));
    stage.route("r1", &[old.address]);
    let mut client = Client::connect(stage.address).await;
    client.write("GET /events HTTP/1.1\r\nHost: shop\r\n\r\n").await;
    assert_eq!(client.answer_head().await.status, 200);
    assert_eq!(client.chunk().await.unwrap().unwrap(), b"data: 0\n\n");
    old.open_gate();
    assert_eq!(
        client.chunk().await.unwrap().unwrap(),
        b"data: 1\n\n",
        "the old cut reaches no new request"
    );
}

#[tokio::test]
async fn an_unknown_revision_is_drained() {
    let (stage, ..) = switched().await;
    let drained = stage.proxy.drained(&stream_id(), "never", LONG).await;
    assert_eq!(drained, Ok(Drained::default()));
}

#[tokio::test]
async fn a_shutdown_lets_requests_finish_and_says_good_bye_to_kept_connections() {
    let (stage, old, _new) = switched().await;
    let mut slow = Client::connect(stage.address).await;
    slow.write("GET /gated HTTP/1.1\r\nHost: shop\r\n\r\n").await;
    until("it is in flight", || stage.proxy.in_flight(&stream_id(), "r1") == 1).await;
    let mut kept = Client::connect(stage.address).await;
    assert_eq!(kept.get("/").await.header("connection"), None);
    let proxy = stage.proxy.clone();
    let stop = tokio::spawn(async move { proxy.shutdown(LONG).await });
    until("the shutdown has begun", || {
        stage.proxy.serve("web", listener()).is_err()
    })
    .await;
    let answer = kept.get("/").await;
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    assert_eq!(kept.closed().await, b"");
    old.open_gate();
    assert_eq!(slow.answer().await.text(), "r1");
    assert_eq!(stop.await.unwrap(), lockgate_proxy::Stopped { finished: 2, cut: 0 });
}

#[tokio::test]
async fn a_shutdown_cuts_at_its_deadline() {
    let (stage, _old, _new) = switched().await;
    let mut slow = Client::connect(stage.address).await;
    slow.write("GET /gated HTTP/1.1\r\nHost: shop\r\n\r\n").await;
    until("it is in flight", || stage.proxy.in_flight(&stream_id(), "r1") == 1).await;
    let mut tunnel = Client::connect(stage.address).await;
    tunnel
        .write("GET /upgrade HTTP/1.1\r\nHost: shop\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
        .await;
    assert_eq!(tunnel.answer_head().await.status, 101);
    let _idle = Client::connect(stage.address).await;
    until("the client connections but the tunnel's are open", || {
        stage.proxy.report().listeners[0].connections == 2
    })
    .await;
    let stopped = stage.proxy.shutdown(SHORT).await;
    assert_eq!(stopped, lockgate_proxy::Stopped { finished: 1, cut: 2 });
    let answer = slow.answer().await;
    assert_eq!((answer.status, answer.header("connection")), (504, Some("close")));
    assert_eq!(slow.closed().await, b"");
    assert_eq!(tunnel.closed().await, b"");
}

fn listener() -> std::net::TcpListener {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap()
}
