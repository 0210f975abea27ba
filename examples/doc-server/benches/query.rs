//! Measures the search and the JSON-RPC call around it: `cargo bench`.
//!
//! Writes JSON to stdout, or to the file that `BENCH_OUT` names: for each case the median and the
//! 99th percentile in nanoseconds over batches, so that two runs can be compared.

use std::hint::black_box;
use std::time::{Duration, Instant};

use doc_server::release;
use doc_server::rpc;
use doc_server::search::Index;
use serde_json::{Value, json};

const BATCHES: usize = 200;
const PER_BATCH: u32 = 50;

fn main() {
    let index = Index::embedded();
    let body = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "rust_query", "arguments": { "query": "async fn", "limit": 5 } },
    })
    .to_string();
    let report = json!({
        "version": release::VERSION,
        "unit": "ns",
        "cases": {
            "search_one_word": measure(|| { black_box(index.search("await", 5)); }),
            "search_sentence": measure(|| {
                black_box(index.search("who owns a value that a closure captured", 5));
            }),
            "tools_call": measure(|| { black_box(rpc::answer(&index, body.as_bytes())); }),
        },
    });
    let text = format!("{report:#}\n");
    match std::env::var_os("BENCH_OUT") {
        Some(path) => std::fs::write(&path, text).expect("BENCH_OUT can be written"),
        None => print!("{text}"),
    }
}

fn measure(mut work: impl FnMut()) -> Value {
    for _ in 0..PER_BATCH {
        work();
    }
    let mut samples: Vec<Duration> = (0..BATCHES)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..PER_BATCH {
                work();
            }
            start.elapsed() / PER_BATCH
        })
        .collect();
    samples.sort();
    json!({
        "median": samples[BATCHES / 2].as_nanos() as u64,
        "p99": samples[BATCHES * 99 / 100].as_nanos() as u64,
    })
}
