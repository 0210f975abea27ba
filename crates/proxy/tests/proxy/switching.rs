//! Moving traffic: exact shares, no failed request, nothing late to the old revision.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use lockgate_proxy::{Applied, Proxy, Refused, Settings, Table};
use tokio::task::JoinSet;

use crate::client::Client;
use crate::stage::{Instance, Stage, stream_id, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_percent_is_thirty_percent() {
    let (stage, stable, candidate) = (Stage::new(), Instance::start("r1").await, Instance::start("r2").await);
    stage.split(&[("r1", 70, &[stable.address]), ("r2", 30, &[candidate.address])]);
    let mut clients = JoinSet::new();
    for _ in 0..10 {
        let address = stage.address;
        clients.spawn(async move {
            let mut client = Client::connect(address).await;
            for _ in 0..100 {
                assert_eq!(client.get("/").await.status, 200);
            }
        });
    }
    while let Some(joined) = clients.join_next().await {
        joined.unwrap();
    }
    assert_eq!((stable.requests(), candidate.requests()), (700, 300));
}

#[tokio::test]
async fn after_a_switch_a_kept_connection_goes_to_the_new_revision() {
    let (stage, old, new) = (Stage::new(), Instance::start("r1").await, Instance::start("r2").await);
    stage.route("r1", &[old.address]);
    let mut client = Client::connect(stage.address).await;
    assert_eq!(client.get("/").await.text(), "r1");
    stage.split(&[("r1", 0, &[old.address]), ("r2", 100, &[new.address])]);
    for _ in 0..50 {
        assert_eq!(client.get("/").await.text(), "r2");
    }
    assert_eq!(old.requests(), 1);
    until("the idle connections to the old revision are closed", || {
        old.shared.open.load(Ordering::SeqCst) == 0
    })
    .await;
}

/// What the load's clients saw.
#[derive(Default)]
struct Seen {
    answers: AtomicU64,
    failed: AtomicU64,
    stop: AtomicBool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn switching_under_load_fails_nothing() {
    let (stage, blue, green) = (Stage::new(), Instance::start("r1").await, Instance::start("r2").await);
    stage.route("r1", &[blue.address]);
    let seen = Arc::new(Seen::default());
    let mut clients = JoinSet::new();
    for kind in 0..12 {
        clients.spawn(load(kind % 4, stage.address, Arc::clone(&seen)));
    }
    let mut drained_at: Option<(&Instance, u64)> = None;
    for turn in 0..60 {
        let before = seen.answers.load(Ordering::SeqCst);
        until("the load goes on", || seen.answers.load(Ordering::SeqCst) > before + 30).await;
        if let Some((gone, requests)) = drained_at.take() {
            assert_eq!(gone.requests(), requests, "a request came after the drain");
        }
        let (blue_weight, green_weight) = [(0, 100), (50, 50), (100, 0)][turn % 3];
        stage.split(&[
            ("r1", blue_weight, &[blue.address]),
            ("r2", green_weight, &[green.address]),
        ]);
        let gone = if green_weight == 0 { "r2" } else { "r1" };
        if turn % 3 != 1 {
            let drained = stage
                .proxy
                .drained(&stream_id(), gone, Duration::from_secs(20))
                .await
                .unwrap();
            assert_eq!(drained.cut, 0);
            let gone = if green_weight == 0 { &green } else { &blue };
            drained_at = Some((gone, gone.requests()));
        }
    }
    seen.stop.store(true, Ordering::SeqCst);
    while let Some(joined) = clients.join_next().await {
        joined.unwrap();
    }
    assert_eq!(seen.failed.load(Ordering::SeqCst), 0);
    let (first, second) = (stage.settled("r1").await, stage.settled("r2").await);
    let answers = seen.answers.load(Ordering::SeqCst);
    assert_eq!(first.application.success + second.application.success, answers);
    assert_eq!(blue.requests() + green.requests(), answers);
    assert!(blue.requests() > 100 && green.requests() > 100);
}

/// Kept connections, new ones, slow uploads and large answers.
async fn load(kind: usize, address: std::net::SocketAddr, seen: Arc<Seen>) {
    let mut client = Client::connect(address).await;
    while !seen.stop.load(Ordering::SeqCst) {
        let well = match kind {
            0 => client.get("/").await.status == 200,
            1 => {
                client = Client::connect(address).await;
                client.get("/").await.status == 200
            }
            2 => {
                client
                    .write("POST /count HTTP/1.1\r\nHost: shop\r\nContent-Length: 60000\r\n\r\n")
                    .await;
                for _ in 0..6 {
                    client.write("x".repeat(10_000)).await;
                    tokio::task::yield_now().await;
                }
                client.answer().await.text() == "60000"
            }
            _ => {
                let text = "y".repeat(50_000);
                client.post("/echo", &text).await.text() == text
            }
        };
        let outcome = if well { &seen.answers } else { &seen.failed };
        outcome.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn open_streams_uploads_and_tunnels_survive_a_switch() {
    let (stage, old, new) = (Stage::new(), Instance::start("r1").await, Instance::start("r2").await);
    stage.route("r1", &[old.address]);
    let mut events = Client::connect(stage.address).await;
    events.write("GET /events HTTP/1.1\r\nHost: shop\r\n\r\n").await;
    assert_eq!(events.answer_head().await.status, 200);
    let mut tunnel = Client::connect(stage.address).await;
    tunnel
        .write("GET /upgrade HTTP/1.1\r\nHost: shop\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
        .await;
    assert_eq!(tunnel.answer_head().await.status, 101);
    let mut upload = Client::connect(stage.address).await;
    upload
        .write("POST /count HTTP/1.1\r\nHost: shop\r\nContent-Length: 10\r\n\r\n12345")
        .await;
    until("all three are in flight", || stage.counts("r1").in_flight == 3).await;
    stage.split(&[("r1", 0, &[old.address]), ("r2", 100, &[new.address])]);
    assert_eq!(Client::connect(stage.address).await.get("/").await.text(), "r2");
    assert_eq!(events.chunk().await.unwrap().unwrap(), b"data: 0\n\n");
    old.open_gate();
    assert_eq!(events.chunk().await.unwrap().unwrap(), b"data: 1\n\n");
    assert_eq!(events.chunk().await.unwrap(), None);
    upload.write("67890").await;
    assert_eq!(upload.answer().await.text(), "10");
    tunnel.write("still").await;
    assert_eq!(tunnel.take(5).await.unwrap(), b"still");
    drop(tunnel);
    let drained = stage
        .proxy
        .drained(&stream_id(), "r1", Duration::from_secs(20))
        .await
        .unwrap();
    assert_eq!(drained.cut, 0);
    assert_eq!(stage.counts("r1").failures, lockgate_proxy::Failures::default());
}

#[tokio::test]
async fn a_stale_snapshot_changes_nothing() {
    let (stage, old, new) = (Stage::new(), Instance::start("r1").await, Instance::start("r2").await);
    let stale = stage.snapshot(&[("r1", 100, &[old.address])]);
    let fresh = stage.snapshot(&[("r2", 100, &[new.address])]);
    assert_eq!(stage.proxy.apply(fresh.clone()), Ok(Applied::Switched));
    assert_eq!(stage.proxy.apply(fresh), Ok(Applied::Unchanged));
    assert!(matches!(stage.proxy.apply(stale), Err(Refused::Stale { .. })));
    assert_eq!(Client::connect(stage.address).await.get("/").await.text(), "r2");
}

#[tokio::test]
async fn a_restarted_proxy_serves_its_last_routes_and_avoids_the_dead() {
    let (stage, alive) = (Stage::new(), Instance::start("r1").await);
    let dead = crate::stage::nowhere();
    stage.route("r1", &[dead, alive.address]);
    let durable = serde_json::to_string(&stage.proxy.table()).unwrap();
    let table: Table = serde_json::from_str(&durable).unwrap();
    let restarted = Proxy::start(Settings::default(), &table, 2);
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = restarted.serve("web", socket).unwrap();
    let mut client = Client::connect(address).await;
    for _ in 0..20 {
        assert_eq!(client.get("/").await.text(), "r1");
    }
    assert_eq!(restarted.table(), stage.proxy.table());
    assert_ne!(restarted.epoch(), stage.proxy.epoch());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_successor_takes_the_socket_over_without_a_refused_connection() {
    let instance = Instance::start("r1").await;
    let stage = Stage::new();
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = stage.proxy.serve("web", socket.try_clone().unwrap()).unwrap();
    stage.route("r1", &[instance.address]);
    let seen = Arc::new(Seen::default());
    let mut clients = JoinSet::new();
    for _ in 0..4 {
        clients.spawn(reconnecting_load(address, Arc::clone(&seen)));
    }
    let mut proxy = stage.proxy.clone();
    for _ in 0..5 {
        let before = seen.answers.load(Ordering::SeqCst);
        until("the load goes on", || seen.answers.load(Ordering::SeqCst) > before + 50).await;
        let successor = Proxy::start(Settings::default(), &proxy.table(), proxy.epoch().number + 1);
        successor.serve("web", socket.try_clone().unwrap()).unwrap();
        let stopped = proxy.shutdown(Duration::from_secs(20)).await;
        assert_eq!(stopped.cut, 0);
        proxy = successor;
    }
    seen.stop.store(true, Ordering::SeqCst);
    while let Some(joined) = clients.join_next().await {
        joined.unwrap();
    }
    assert_eq!(seen.failed.load(Ordering::SeqCst), 0);
}

/// Keeps its connection until it is told that it closes.
async fn reconnecting_load(address: std::net::SocketAddr, seen: Arc<Seen>) {
    let mut client = Client::connect(address).await;
    while !seen.stop.load(Ordering::SeqCst) {
        let answer = client.get("/").await;
        let outcome = if answer.status == 200 {
            &seen.answers
        } else {
            &seen.failed
        };
        outcome.fetch_add(1, Ordering::SeqCst);
        if answer.header("connection") == Some("close") {
            client = Client::connect(address).await;
        }
    }
}
