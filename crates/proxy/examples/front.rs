//! The proxy as a process of its own, for measuring it beside others.
//!
//! ```text
//! front LISTEN BACKEND [BACKEND …]
//! ```
//!
//! Put any load on `LISTEN`. On Ctrl-C it finishes what is in flight and prints what it
//! counted, its latencies and its processor time per request.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

use std::error::Error;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use lockgate_core::StreamId;
use lockgate_proxy::{Fence, Forwarded, Limits, Proxy, Route, Settings, Share, Snapshot, Table};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let addresses: Result<Vec<SocketAddr>, _> = std::env::args().skip(1).map(|text| text.parse()).collect();
    let addresses = addresses?;
    let [listen, backends @ ..] = addresses.as_slice() else {
        eprintln!("usage: front LISTEN BACKEND [BACKEND …]");
        std::process::exit(2);
    };
    let proxy = Proxy::start(Settings::default(), &Table::default(), 1);
    proxy.apply(snapshot(backends))?;
    let address = proxy.serve("web", TcpListener::bind(listen)?)?;
    println!("serving http://{address}");
    tokio::signal::ctrl_c().await?;
    proxy.shutdown(Duration::from_secs(2)).await;
    let report = proxy.report();
    println!("{}", serde_json::to_string_pretty(&report.listeners)?);
    for revision in &report.revisions {
        println!("{}", serde_json::to_string_pretty(&revision.counts)?);
        for quantile in [0.5, 0.9, 0.99, 0.999] {
            println!("p{} {:?}", quantile * 100.0, revision.latency.quantile(quantile));
        }
        let spent = processor_time()?.as_secs_f64() * 1e6;
        println!(
            "{:.1} µs of processor time per request",
            spent / revision.counts.requests as f64
        );
    }
    Ok(())
}

fn snapshot(backends: &[SocketAddr]) -> Snapshot {
    Snapshot {
        stream: StreamId::new("environment", "measured"),
        fence: Fence::default(),
        listener: "web".into(),
        route: Route {
            split: vec![Share {
                revision: "r1".into(),
                weight: 100,
            }],
        },
        backends: [("r1".to_owned(), backends.to_vec())].into(),
        limits: Limits::default(),
        forwarded: Forwarded::default(),
    }
}

/// Returns the time that all threads of this process have run, from `/proc/self/task/*/schedstat`.
fn processor_time() -> Result<Duration, Box<dyn Error>> {
    let mut nanoseconds = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let statistics = std::fs::read_to_string(task?.path().join("schedstat"))?;
        nanoseconds += statistics
            .split(' ')
            .next()
            .ok_or("an empty schedstat")?
            .parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}
