//! What clients notice.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lockgate_host::Role;

use crate::stage::{Stage, get, snapshot};

#[derive(Default, Debug)]
struct Tally {
    answered: u64,
    refused: u64,
    cut: u64,
    /// The longest time to an answer.
    longest: Duration,
}

/// Asks again and again over new connections, one at a time, until it is told to stop.
async fn ask(address: SocketAddr, stop: Arc<AtomicBool>) -> Tally {
    let mut tally = Tally::default();
    while !stop.load(Ordering::Relaxed) {
        let begun = Instant::now();
        match get(address, "/").await {
            Ok((200, _)) => tally.answered += 1,
            Ok(other) => panic!("{other:?}"),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => tally.refused += 1,
            Err(_) => tally.cut += 1,
        }
        tally.longest = tally.longest.max(begun.elapsed());
    }
    tally
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_proxy_refuses_nobody() {
    const KILLS: u64 = 5;
    let stage = Stage::started().await;
    let instance = stage.instance("r1").await;
    let address = stage.routed(&instance, 1).await;
    let stop = Arc::new(AtomicBool::new(false));
    let asking = tokio::spawn(ask(address, Arc::clone(&stop)));
    let mut longest = Duration::ZERO;
    for _ in 0..KILLS {
        let old = stage.kill(Role::Proxy);
        let killed = Instant::now();
        assert_eq!(get(address, "/").await.unwrap().0, 200);
        longest = longest.max(killed.elapsed());
        stage.reborn(Role::Proxy, old).await;
    }
    stop.store(true, Ordering::Relaxed);
    let tally = asking.await.unwrap();
    println!("{KILLS} kills of the proxy: serving again after at most {longest:?}; {tally:?}");
    assert_eq!(tally.refused, 0, "{tally:?}");
    assert!(tally.cut <= KILLS, "{tally:?}");
    assert!(tally.answered > 0, "{tally:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_driver_or_supervisor_costs_no_request() {
    let stage = Stage::started().await;
    let instance = stage.instance("r1").await;
    let address = stage.routed(&instance, 1).await;
    let stop = Arc::new(AtomicBool::new(false));
    let asking = tokio::spawn(ask(address, Arc::clone(&stop)));
    for role in [Role::Supervisor, Role::Driver, Role::Supervisor, Role::Driver] {
        let old = stage.kill(role);
        stage.reborn(role, old).await;
    }
    stop.store(true, Ordering::Relaxed);
    let tally = asking.await.unwrap();
    assert_eq!((tally.refused, tally.cut), (0, 0), "{tally:?}");
    assert!(tally.answered > 0, "{tally:?}");
}

#[tokio::test]
async fn the_routes_outlive_the_proxy_and_an_older_decision_is_refused() {
    let stage = Stage::started().await;
    let first = stage.instance("r1").await;
    let second = stage.instance("r2").await;
    let address = stage.routed(&first, 5).await;
    stage.proxy().apply(snapshot(&second, 6)).await.unwrap();
    assert!(get(address, "/").await.unwrap().1.starts_with("r2 "));
    let old = stage.kill(Role::Proxy);
    stage.reborn(Role::Proxy, old).await;
    assert!(get(address, "/").await.unwrap().1.starts_with("r2 "));
    let refused = stage.proxy().apply(snapshot(&first, 5)).await.unwrap_err().to_string();
    assert!(refused.contains("is older than the accepted 1.1.6"), "{refused}");
    let report = stage.proxy().report().await.unwrap();
    assert_eq!(report.revision(&second.stream, "r2").unwrap().counts.requests, 1);
    let stream = second.stream.clone();
    let weighty = stage
        .proxy()
        .drained(stream.clone(), "r2".into(), Duration::ZERO)
        .await
        .unwrap_err()
        .to_string();
    assert!(weighty.contains("take its weight first"), "{weighty}");
    stage
        .proxy()
        .drained(stream, "r1".into(), Duration::from_secs(20))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_listener_is_for_ever_and_a_taken_address_names_its_owner() {
    let stage = Stage::started().await;
    let listener = stage.supervisor().listen("web", None).await.unwrap();
    let address = listener.address;
    assert_eq!(stage.supervisor().listen("web", None).await.unwrap(), listener);
    assert_eq!(stage.supervisor().listen("web", Some(address)).await.unwrap(), listener);
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap();
    let refused = stage
        .supervisor()
        .listen("web", Some(taken))
        .await
        .unwrap_err()
        .to_string();
    assert_eq!(
        refused,
        format!(
            "`web` listens on {address} for ever, not on {taken}: its address was fixed when it was first routed; \
             put `listen: {address}`, or use another environment for {taken}"
        )
    );
    let refused = stage
        .supervisor()
        .listen("api", Some(taken))
        .await
        .unwrap_err()
        .to_string();
    let own = format!("the address {taken} is in use by process {} (", std::process::id());
    assert!(
        refused.starts_with(&own) && refused.ends_with("; stop it, or choose another address"),
        "{refused}"
    );
    drop(other);
    let listener = stage.supervisor().listen("api", Some(taken)).await.unwrap();
    assert_eq!((listener.address, listener.problem), (taken, None));
    let (status, _) = get(taken, "/").await.unwrap();
    assert_eq!(status, 503);
}
