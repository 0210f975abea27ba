//! The report for people.

use std::fmt::Write;

use super::report::{Latency, Report};

/// Returns the report as lines of text.
pub(super) fn text(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_report(&mut out, report);
    out
}

fn write_report(out: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(
        out,
        "offered {} = completed {} + failed {}   in {:.1} s",
        report.offered, report.completed, report.failed, report.seconds
    )?;
    let (kept, new) = (&report.kept, &report.new);
    writeln!(
        out,
        "kept connections: {} offered, {} failed",
        kept.offered, kept.failed
    )?;
    writeln!(out, "new connections:  {} offered, {} failed", new.offered, new.failed)?;
    for (kind, count) in &report.failed_by_kind {
        writeln!(out, "failed, {}: {count}", format!("{kind:?}").to_lowercase())?;
    }
    for (status, count) in &report.failed_by_status {
        writeln!(out, "  status {status}: {count}")?;
    }
    write_latency(out, "latency from the due instant", &report.latency_ms)?;
    write_latency(out, "of it, the generator's delay", &report.send_delay_ms)?;
    for (name, version) in &report.versions {
        writeln!(
            out,
            "{name}: {} answers, {} failed, first {} ms, last {} ms",
            version.answers, version.failed, version.first_answer_ms, version.last_answer_ms
        )?;
    }
    for second in &report.timeline {
        let answers: Vec<String> = second
            .answers
            .iter()
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        writeln!(
            out,
            "{:>5} s  offered {:>6}  failed {:>6}  {}",
            second.second,
            second.offered,
            second.failed,
            answers.join(", ")
        )?;
    }
    for failure in report.first_failures.iter().take(10) {
        let (due, after, detail) = (failure.due_ms, failure.after_ms, &failure.detail);
        writeln!(
            out,
            "failure: due {due} ms, ended after {after} ms, {:?}: {detail}",
            failure.connection
        )?;
    }
    Ok(())
}

fn write_latency(out: &mut String, what: &str, latency: &Latency) -> std::fmt::Result {
    let Latency { p50, p90, p99, max } = latency;
    writeln!(
        out,
        "{what}: p50 {p50:.1} ms, p90 {p90:.1} ms, p99 {p99:.1} ms, max {max:.1} ms"
    )
}
