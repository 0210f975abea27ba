//! An open-loop HTTP load generator.
//!
//! Requests leave on a schedule fixed before the first one, whatever becomes of the earlier
//! ones, and latency counts from the instant at which a request was due. A closed loop would
//! wait politely while the server stalls, and report that nothing happened
//! (coordinated omission).
//!
//! Invariants:
//! - offered = completed + failed: each request that was due ends exactly once.
//! - No retries: what is refused, reset, late, not 2xx or wrong is a failure.
//! - Even requests go over kept connections, odd ones over a new connection each.
//! - Only loopback addresses are loaded, for a bounded time and count.

mod client;
mod offer;
mod outcome;
mod render;
mod report;
mod target;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::Refusal;
use client::Client;
use offer::Schedule;
use report::Report;
use target::Target;

const MOST_REQUESTS: u64 = 20_000_000;
const MOST_RATE: u32 = 100_000;
const LONGEST: Duration = Duration::from_hours(4);

/// What to offer, and what to expect.
#[derive(Args)]
pub(crate) struct LoadArguments {
    /// Where the requests go; a loopback address
    #[arg(long)]
    url: String,
    /// Requests per second
    #[arg(long, default_value_t = 300)]
    rate: u32,
    /// How long requests are offered, such as 30s or 5m
    #[arg(long, default_value = "30s", value_parser = duration)]
    duration: Duration,
    /// How long one request may take, from the instant at which it is due
    #[arg(long, default_value = "10s", value_parser = duration)]
    timeout: Duration,
    /// Send this body by POST as JSON, instead of GET
    #[arg(long)]
    post: Option<String>,
    /// A text that the body of every answer has to contain
    #[arg(long, value_name = "TEXT")]
    expect_body_contains: Vec<String>,
    /// The header of an answer that names the version that made it
    #[arg(long, default_value = "doc-server-version", value_name = "HEADER")]
    version_header: String,
    /// The field of a JSON answer that names the version, where the header is missing
    #[arg(long, default_value = "version", value_name = "FIELD")]
    version_field: String,
    /// Stop early when this file appears
    #[arg(long, value_name = "PATH")]
    until_file: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// Write the report as JSON to this file
    #[arg(long, value_name = "PATH")]
    report: Option<PathBuf>,
}

/// Offers the load and prints the report; returns whether no request failed.
pub(crate) fn run(arguments: &LoadArguments) -> Result<bool, Refusal> {
    let target = Target::parse(&arguments.url).map_err(Refusal::new)?;
    let schedule = schedule(arguments)?;
    raise_descriptor_limit();
    let runtime =
        tokio::runtime::Runtime::new().map_err(|error| Refusal::new(format!("the runtime does not start: {error}")))?;
    eprintln!(
        "offering {} requests per second to {} for {}s",
        arguments.rate,
        arguments.url,
        arguments.duration.as_secs_f64()
    );
    let client = Client::new(target, arguments);
    let report = runtime.block_on(offer::offer(client, schedule, arguments.until_file.clone()));
    runtime.shutdown_background();
    show(&report, arguments)?;
    Ok(report.failed == 0)
}

fn schedule(arguments: &LoadArguments) -> Result<Schedule, Refusal> {
    if arguments.rate == 0 || arguments.rate > MOST_RATE {
        return Err(Refusal::new(format!("--rate has to be 1 to {MOST_RATE}")));
    }
    if arguments.duration.is_zero() || arguments.duration > LONGEST {
        return Err(Refusal::new("--duration has to be more than nothing and at most 4h"));
    }
    let schedule = Schedule::new(arguments.rate, arguments.duration);
    if schedule.count > MOST_REQUESTS {
        return Err(Refusal::new(format!(
            "{} requests are more than {MOST_REQUESTS}; lower --rate or --duration",
            schedule.count
        )));
    }
    Ok(schedule)
}

fn show(report: &Report, arguments: &LoadArguments) -> Result<(), Refusal> {
    let json = serde_json::to_string_pretty(report)
        .map_err(|error| Refusal::new(format!("the report is not JSON: {error}")))?;
    if let Some(path) = &arguments.report {
        std::fs::write(path, format!("{json}\n"))
            .map_err(|error| Refusal::new(format!("cannot write {}: {error}", path.display())))?;
    }
    if arguments.json {
        println!("{json}");
    } else {
        print!("{}", render::text(report));
    }
    Ok(())
}

/// A stalled server holds a connection per request; the usual 1,024 would be ours to blame.
fn raise_descriptor_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

/// Reads `500ms`, `30s`, `5m` or `1h`.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().map_err(|_| refuse_duration(text))?;
    let milliseconds = match &text[digits..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(refuse_duration(text)),
    };
    number
        .checked_mul(milliseconds)
        .map(Duration::from_millis)
        .ok_or_else(|| refuse_duration(text))
}

fn refuse_duration(text: &str) -> String {
    format!("`{text}` is not a duration: expected a number with a unit, such as 500ms, 30s or 5m")
}
