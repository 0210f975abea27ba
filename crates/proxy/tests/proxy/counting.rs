//! What is counted is what the clients saw.

use std::collections::BTreeMap;

use lockgate_proxy::Report;
use tokio::task::JoinSet;

use crate::client::Client;
use crate::stage::{Instance, Stage, nowhere, stream_id};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_equal_what_the_clients_saw() {
    let (stage, stable) = (Stage::new(), Instance::start("r1").await);
    stage.split(&[("r1", 80, &[stable.address]), ("r2", 20, &[nowhere()])]);
    let mut clients = JoinSet::new();
    for _ in 0..8 {
        let address = stage.address;
        clients.spawn(async move {
            let mut seen = BTreeMap::new();
            let mut client = Client::connect(address).await;
            for status in ["200", "204", "301", "404", "500"].iter().cycle().take(100) {
                let answer = client.get(&format!("/status/{status}")).await;
                let own = answer.header("lockgate-proxy-answer").is_some();
                *seen.entry((own, answer.status / 100)).or_insert(0) += 1;
            }
            seen
        });
    }
    let mut seen: BTreeMap<(bool, u16), u64> = BTreeMap::new();
    while let Some(joined) = clients.join_next().await {
        for (key, count) in joined.unwrap() {
            *seen.entry(key).or_insert(0) += count;
        }
    }
    let (first, second) = (stage.settled("r1").await, stage.settled("r2").await);
    let of = |key| seen.get(&key).copied().unwrap_or(0);
    assert_eq!((first.requests, second.requests), (640, 160));
    assert_eq!(first.application.success, of((false, 2)));
    assert_eq!(first.application.redirection, of((false, 3)));
    assert_eq!(first.application.client_error, of((false, 4)));
    assert_eq!(first.application.server_error, of((false, 5)));
    assert_eq!((first.answered(), first.proxy.total()), (640, 0));
    assert_eq!((second.proxy.server_error, of((true, 5))), (160, 160));
    assert_eq!((second.failures.connect_refused, second.application.total()), (160, 0));
    let report = stage.proxy.report();
    assert_eq!(report.revision(&stream_id(), "r1").unwrap().latency.count(), 640);
    assert_eq!(report.revision(&stream_id(), "r2").unwrap().latency.count(), 0);
}

#[tokio::test]
async fn reports_are_cumulative_and_a_window_is_a_difference() {
    let (stage, instance) = (Stage::new(), Instance::start("r1").await);
    stage.route("r1", &[instance.address]);
    let mut client = Client::connect(stage.address).await;
    client.get("/").await;
    stage.settled("r1").await;
    let earlier = stage.proxy.report();
    for _ in 0..3 {
        client.get("/status/503").await;
    }
    stage.settled("r1").await;
    let later = stage.proxy.report();
    let text = serde_json::to_string(&later).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), later);
    assert_eq!(later.epoch, earlier.epoch);
    assert!(later.sequence > earlier.sequence);
    let of = |report: &Report| report.revision(&stream_id(), "r1").unwrap().clone();
    let window = of(&later).counts.since(&of(&earlier).counts);
    assert_eq!(
        (window.requests, window.server_errors(), window.application.success),
        (3, 3, 0)
    );
    assert_eq!(of(&later).latency.since(&of(&earlier).latency).count(), 3);
}

#[tokio::test]
async fn a_revision_that_left_is_still_reported() {
    let (stage, instance) = (Stage::new(), Instance::start("r1").await);
    stage.route("r1", &[instance.address]);
    Client::connect(stage.address).await.get("/").await;
    stage.route("r2", &[instance.address]);
    assert_eq!(stage.settled("r1").await.application.success, 1);
    stage.route("r1", &[instance.address]);
    Client::connect(stage.address).await.get("/").await;
    assert_eq!(
        stage.settled("r1").await.application.success,
        2,
        "and goes on when it returns"
    );
}
