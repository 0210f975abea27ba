//! Bodies larger than any buffer, in both directions at once.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::Request;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::client::Client;
use crate::stage::{Instance, Stage, until};

const CHUNK: usize = 64 * 1024;
const CHUNKS: usize = 512;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_body_streams_through_both_ways() {
    let (stage, instance) = (Stage::new(), Instance::start("r1").await);
    stage.route("r1", &[instance.address]);
    let stream = TcpStream::connect(stage.address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let frames =
        (0..CHUNKS).map(|at| Ok::<_, std::convert::Infallible>(Frame::data(Bytes::from(vec![at as u8; CHUNK]))));
    let request = Request::post("/echo")
        .header("host", "shop")
        .body(StreamBody::new(stream::iter(frames)))
        .unwrap();
    let mut body = sender.send_request(request).await.unwrap().into_body();
    let mut read = 0;
    while let Some(frame) = body.frame().await {
        let data = frame.unwrap().into_data().unwrap();
        for (at, &byte) in data.iter().enumerate() {
            assert_eq!(byte, ((read + at) / CHUNK) as u8, "at {}", read + at);
        }
        read += data.len();
    }
    assert_eq!(read, CHUNKS * CHUNK);
    assert_eq!(stage.settled("r1").await.application.success, 1);
}

#[tokio::test]
async fn an_instance_that_does_not_read_stops_the_client() {
    let (stage, instance) = (Stage::new(), Instance::start("r1").await);
    stage.route("r1", &[instance.address]);
    let mut client = Client::connect(stage.address).await;
    client
        .write("POST /gated HTTP/1.1\r\nHost: shop\r\nContent-Length: 1000000000\r\n\r\n")
        .await;
    let block = vec![0; 1024 * 1024];
    let mut taken = 0;
    while let Ok(written) = timeout(Duration::from_millis(500), client.stream.write(&block)).await {
        taken += written.unwrap();
        assert!(taken < 200_000_000, "the proxy buffers without a bound");
    }
    assert_eq!(instance.shared.begun.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_seen_and_counted() {
    let (stage, instance) = (Stage::new(), Instance::start("r1").await);
    stage.route("r1", &[instance.address]);
    let mut client = Client::connect(stage.address).await;
    client.write("GET /events HTTP/1.1\r\nHost: shop\r\n\r\n").await;
    assert_eq!(client.answer_head().await.status, 200);
    assert_eq!(client.chunk().await.unwrap().unwrap(), b"data: 0\n\n");
    instance.stop().await;
    assert!(client.chunk().await.is_err(), "the client must not take it for the end");
    let counts = stage.settled("r1").await;
    assert_eq!((counts.application.success, counts.failures.body_broken), (1, 1));
}

#[tokio::test]
async fn an_early_answer_to_an_unfinished_upload_leaves_nothing_behind() {
    let (stage, instance) = (Stage::new(), Instance::start("r1").await);
    stage.route("r1", &[instance.address]);
    let mut client = Client::connect(stage.address).await;
    client
        .write("POST /status/403 HTTP/1.1\r\nHost: shop\r\nContent-Length: 10000000\r\n\r\nx")
        .await;
    assert_eq!(client.answer().await.status, 403);
    drop(client);
    until("the instance's connection is closed", || {
        instance.shared.open.load(Ordering::SeqCst) == 0
    })
    .await;
    assert_eq!(stage.settled("r1").await.application.client_error, 1);
}
