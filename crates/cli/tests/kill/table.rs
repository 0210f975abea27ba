//! The kills as a table for people and as figures for the evidence.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::trial::Row;

/// Returns one kill in a line.
pub(crate) fn line(row: &Row) -> String {
    let Row {
        target,
        aimed,
        last_event,
        outcome,
        deployed,
        serving,
        replaced_ms,
        served_ms,
        same_processes,
        report,
        ..
    } = row;
    let processes = if *same_processes { "same" } else { "OTHER" };
    let of_v3 = report.failed_of("v3");
    format!(
        "{target:<10}  {aimed:<17}  {last_event:<17}  {deployed} → {outcome:<10}  {serving}  offered {:>5}, failed {:>3}: \
         refused {}, reset {:>2}, v3's own {of_v3:>3}, other {}  serving {served_ms:>4} ms, replaced {replaced_ms:>4} ms, {processes} instances",
        report.number("offered"),
        report.number("failed"),
        report.failed_by("refused"),
        report.failed_by("reset"),
        others(report.number("failed"), row),
    )
}

fn others(failed: u64, row: &Row) -> u64 {
    let known = row.report.failed_by("refused") + row.report.failed_by("reset") + row.report.failed_of("v3");
    failed - known
}

/// Returns all kills, with the sums.
pub(crate) fn whole(rows: &[Row]) -> String {
    let mut text: Vec<String> = rows.iter().map(line).collect();
    let hit: BTreeSet<&str> = rows.iter().map(|row| row.last_event.as_str()).collect();
    let offered: u64 = rows.iter().map(|row| row.report.number("offered")).sum();
    text.push(format!(
        "{} kills behind {} distinct last events, {offered} requests offered",
        rows.len(),
        hit.len()
    ));
    text.join("\n")
}

/// Returns the figures.
pub(crate) fn figures(rows: &[Row]) -> Value {
    let hit: BTreeSet<&str> = rows.iter().map(|row| row.last_event.as_str()).collect();
    let rows: Vec<Value> = rows.iter().map(figure).collect();
    json!({ "kills": rows.len(), "distinct_last_events": hit, "rows": rows })
}

fn figure(row: &Row) -> Value {
    json!({
        "target": row.target,
        "aimed_behind": row.aimed,
        "last_event": row.last_event,
        "deployed": row.deployed,
        "outcome": row.outcome,
        "serving": row.serving,
        "offered": row.report.number("offered"),
        "completed": row.report.number("completed"),
        "failed": row.report.number("failed"),
        "failed_by_kind": row.report.0["failed_by_kind"],
        "failed_answers_of_v3": row.report.failed_of("v3"),
        "same_instances": row.same_processes,
        "command_exit": row.command_exit,
        "serving_again_ms": row.served_ms,
        "replaced_ms": row.replaced_ms,
        "wrong": row.wrongs(),
    })
}
