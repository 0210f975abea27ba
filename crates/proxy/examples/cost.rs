//! What a request costs in the proxy, in one command.
//!
//! ```text
//! cost [CONNECTIONS [SECONDS]]
//! ```
//!
//! Load, proxy and instance run on threads with names of their own, so that the
//! processor time of the proxy's threads can be told from the rest.

#![expect(clippy::print_stdout, reason = "a program for a terminal")]

use std::error::Error;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use lockgate_core::StreamId;
use lockgate_proxy::{Fence, Forwarded, Limits, Proxy, Route, Settings, Share, Snapshot, Table};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

const REQUEST: &[u8] = b"GET /hello HTTP/1.1\r\nHost: shop.example.com\r\nUser-Agent: cost/1\r\nAccept: */*\r\n\r\n";
const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\nServer: cost\r\n\r\nHello, world!";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let connections: u64 = arguments.next().map_or(Ok(64), |text| text.parse())?;
    let seconds: u64 = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let (proxy_threads, instance_threads, load_threads) = (named("proxy")?, named("instance")?, named("load")?);

    let instance = TcpListener::bind("127.0.0.1:0")?;
    let instance_address = instance.local_addr()?;
    instance.set_nonblocking(true)?;
    instance_threads.spawn(serve(instance));
    let (proxy, address) = proxy_threads.block_on(async {
        let proxy = Proxy::start(Settings::default(), &Table::default(), 1);
        proxy.apply(snapshot(instance_address))?;
        let address = proxy.serve("web", TcpListener::bind("127.0.0.1:0")?)?;
        Ok::<_, Box<dyn Error>>((proxy, address))
    })?;

    let count = Arc::new(AtomicU64::new(0));
    for _ in 0..connections {
        load_threads.spawn(load(address, Arc::clone(&count)));
    }
    std::thread::sleep(Duration::from_secs(1));
    let (before, spent_before, begun) = (count.load(Ordering::Relaxed), processor_time("proxy")?, Instant::now());
    std::thread::sleep(Duration::from_secs(seconds));
    let requests = count.load(Ordering::Relaxed) - before;
    let spent = processor_time("proxy")?.saturating_sub(spent_before);
    let report = proxy.report();
    println!(
        "{connections} connections, {requests} requests, {:.0} per second, {:.1} µs of the proxy's processor time each",
        requests as f64 / begun.elapsed().as_secs_f64(),
        spent.as_secs_f64() * 1e6 / requests as f64,
    );
    for revision in &report.revisions {
        let of = |quantile| revision.latency.quantile(quantile).unwrap_or_default();
        println!(
            "head of the answer: p50 {:?}, p99 {:?}, p99.9 {:?}",
            of(0.5),
            of(0.99),
            of(0.999)
        );
        println!("{}", serde_json::to_string(&revision.counts)?);
    }
    Ok(())
}

fn named(name: &str) -> std::io::Result<Runtime> {
    Builder::new_multi_thread()
        .thread_name(name)
        .worker_threads(2)
        .enable_all()
        .build()
}

fn snapshot(instance: SocketAddr) -> Snapshot {
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
        backends: [("r1".to_owned(), vec![instance])].into(),
        limits: Limits::default(),
        forwarded: Forwarded::default(),
    }
}

/// Answers whatever looks like the end of a head; as cheap as an instance can be.
async fn serve(socket: TcpListener) -> std::io::Result<()> {
    let socket = tokio::net::TcpListener::from_std(socket)?;
    loop {
        let (mut stream, _) = socket.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            let mut buffer = [0; 4096];
            let mut filled = 0;
            while let Ok(read @ 1..) = stream.read(&mut buffer[filled..]).await {
                filled += read;
                if buffer[..filled].ends_with(b"\r\n\r\n") {
                    filled = 0;
                    if stream.write_all(ANSWER).await.is_err() {
                        return;
                    }
                }
            }
        });
    }
}

async fn load(address: SocketAddr, count: Arc<AtomicU64>) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = [0; 4096];
    loop {
        stream.write_all(REQUEST).await?;
        let mut filled = 0;
        while !buffer[..filled].ends_with(b"world!") {
            match stream.read(&mut buffer[filled..]).await? {
                0 => return Ok(()),
                read => filled += read,
            }
        }
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Returns the time that the threads of this name have run, from `/proc/self/task/*/schedstat`.
fn processor_time(name: &str) -> Result<Duration, Box<dyn Error>> {
    let mut nanoseconds = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let path = task?.path();
        if std::fs::read_to_string(path.join("comm"))?.trim() == name {
            let statistics = std::fs::read_to_string(path.join("schedstat"))?;
            nanoseconds += statistics
                .split(' ')
                .next()
                .ok_or("an empty schedstat")?
                .parse::<u64>()?;
        }
    }
    Ok(Duration::from_nanos(nanoseconds))
}
