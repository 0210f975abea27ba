//! The plan as lines for a terminal.

use std::fmt::Write as _;

use super::expansion::suffix;
use super::outline::{LeftOut, Outline, OutlinedCall, OutlinedJob, OutlinedLeg, Runs};

/// Returns one line for the run, then the jobs, each behind what it needs, then its matrix and the jobs that it calls.
pub(super) fn lines(outline: &Outline) -> Vec<String> {
    let mut lines = vec![format!("{} on {}", outline.run_name, outline.event)];
    add_jobs(&outline.jobs, "", &mut lines);
    lines
}

fn add_jobs(jobs: &[OutlinedJob], stem: &str, lines: &mut Vec<String>) {
    for (count, job) in jobs.iter().enumerate() {
        let (branch, below) = branch(count + 1 == jobs.len());
        lines.push(format!("{stem}{branch}{}", line(job)));
        add_below(job, &format!("{stem}{below}"), lines);
    }
}

fn line(job: &OutlinedJob) -> String {
    let mut line = job.id.clone();
    if job.name != job.id {
        _ = write!(line, " “{}”", job.name);
    }
    if !job.needs.is_empty() {
        _ = write!(line, " after {}", job.needs.join(", "));
    }
    if let Some(call) = job.calls.first() {
        _ = write!(line, " calls {}", call.workflow);
    }
    if let Some(matrix) = job.matrix.as_ref().filter(|matrix| !matrix.known) {
        _ = write!(line, " ({})", matrix.when_known());
    }
    if let Some(told) = &job.told {
        _ = write!(line, " (told: {})", told.result);
    }
    if !job.unsupported.is_empty() {
        _ = write!(line, " (cannot run here: `{}`)", job.unsupported.join("`, `"));
    }
    match (&job.reason, job.runs) {
        (None, Runs::Yes) => line,
        (None, runs) => format!("{line}: {}", runs.words()),
        (Some(reason), runs) => format!("{line}: {}: {reason}", runs.words()),
    }
}

/// What stands below a job.
enum Below<'j> {
    Leg(String, Option<&'j OutlinedCall>),
    LeftOut(&'j LeftOut),
}

fn add_below(job: &OutlinedJob, stem: &str, lines: &mut Vec<String>) {
    let legs = job.matrix.as_ref().map_or(&[][..], |matrix| matrix.legs.as_slice());
    let mut below = Vec::new();
    if legs.len() > 1 {
        let call = |key: &str| job.calls.iter().find(|call| call.leg == key);
        below.extend(legs.iter().map(|leg| Below::Leg(title(leg, legs), call(&leg.key))));
    } else if let Some(call) = job.calls.first() {
        add_jobs(&call.jobs, stem, lines);
    }
    if let Some(matrix) = &job.matrix {
        below.extend(matrix.left_out.iter().map(Below::LeftOut));
    }
    for (index, entry) in below.iter().enumerate() {
        let (branch, deeper) = branch(index + 1 == below.len());
        match entry {
            Below::Leg(name, call) => {
                lines.push(format!("{stem}{branch}{name}"));
                if let Some(call) = call {
                    add_jobs(&call.jobs, &format!("{stem}{deeper}"), lines);
                }
            }
            Below::LeftOut(left_out) => lines.push(format!("{stem}{branch}{}", left_out.words())),
        }
    }
}

/// Returns the name of a leg; its values follow when another one has the same name.
fn title(leg: &OutlinedLeg, legs: &[OutlinedLeg]) -> String {
    if legs.iter().filter(|other| other.name == leg.name).nth(1).is_some() {
        format!("{}{}", leg.name, suffix(&leg.values))
    } else {
        leg.name.clone()
    }
}

/// Returns what stands before a line, and before those below it.
fn branch(is_last: bool) -> (&'static str, &'static str) {
    if is_last {
        ("└─ ", "   ")
    } else {
        ("├─ ", "│  ")
    }
}
