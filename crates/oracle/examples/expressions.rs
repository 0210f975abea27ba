//! Compares generated expressions with `@actions/expressions` and times both; prints the figures.
//!
//! `cargo run --release -p lockgate-oracle --example expressions -- --count 100000 --json --lockgate target/release/lockgate`

#![expect(clippy::print_stdout, reason = "the figures are its result")]

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use lockgate_oracle::Oracle;
use lockgate_oracle::expressions::bench::{Times, measure};
use lockgate_oracle::expressions::commands::{CommandTimes, measure_commands};
use lockgate_oracle::expressions::{Report, compare};
use serde_json::{Value, json};

/// How many expressions are timed.
const TIMED: usize = 10_000;

/// As the binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let count = number(&arguments, "--count", 100_000)?;
    let seed = number(&arguments, "--seed", 1)?;
    let oracle = Oracle::install()?;
    // First, while this process is as new as that of the library.
    let times = measure(&oracle, seed, TIMED)?;
    let binary = value(&arguments, "--lockgate")?.map(Path::new);
    let commands = binary
        .map(|lockgate| measure_commands(&oracle, lockgate, seed, TIMED))
        .transpose()?;
    let report = compare(&oracle, seed, count)?;
    if !arguments.iter().any(|argument| argument == "--json") {
        println!("{}", report.coverage.tables());
    }
    let mut figures = figures(&report, &times);
    if let Some(times) = commands {
        figures["commands"] = command_figures(&times);
    }
    println!("{}", serde_json::to_string_pretty(&figures)?);
    Ok(())
}

fn value<'a>(arguments: &'a [String], name: &str) -> Result<Option<&'a String>, String> {
    let Some(at) = arguments.iter().position(|argument| argument == name) else {
        return Ok(None);
    };
    let found = arguments.get(at + 1);
    found.map(Some).ok_or_else(|| format!("{name} needs a value"))
}

fn number(arguments: &[String], name: &str, default: u64) -> Result<u64, Box<dyn Error>> {
    let given = value(arguments, name)?;
    Ok(given.map_or(Ok(default), |text| text.parse())?)
}

/// Returns a time in milliseconds, to the hundredth.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e5).round() / 100.0
}

fn share(ours: Duration, theirs: Duration) -> f64 {
    (ours.as_secs_f64() / theirs.as_secs_f64() * 1e4).round() / 1e4
}

/// Returns the figures of `lockgate eval --each` and a program that does the same by the library.
fn command_figures(times: &CommandTimes) -> Value {
    json!({
        "expressions": times.expressions,
        "same_answers": times.same,
        "lockgate_ms": milliseconds(times.ours),
        "npm_ms": milliseconds(times.theirs),
        "share": share(times.ours, times.theirs),
    })
}

fn figures(report: &Report, times: &Times) -> Value {
    let explained: serde_json::Map<String, Value> = report
        .explained
        .iter()
        .map(|(name, explained)| ((*name).to_owned(), json!(explained.count)))
        .collect();
    let share = |theirs: Duration| share(times.ours, theirs);
    json!({
        "expressions": report.count,
        "evaluated_percent": (report.evaluated() * 10.0).round() / 10.0,
        "outcomes": report.outcomes,
        "operator_pairs_met": report.coverage.pairs.len(),
        "not_met": report.coverage.missing(),
        "explained": explained,
        "unexplained": report.unexplained.len(),
        "mistakes_at_the_same_place": report.same_place,
        "mistakes_at_another_place": report.other_place.len(),
        "timed": {
            "expressions": times.expressions,
            "lockgate_ms": milliseconds(times.ours),
            "npm_ms": milliseconds(times.theirs),
            "npm_processors_ms": milliseconds(times.theirs_of_processors),
            "npm_warm_ms": milliseconds(times.theirs_warm),
            "npm_with_start_ms": milliseconds(times.theirs_with_start),
            "share": share(times.theirs),
            "share_of_processors": share(times.theirs_of_processors),
            "share_of_warm": share(times.theirs_warm),
            "share_with_start": share(times.theirs_with_start),
        },
    })
}
