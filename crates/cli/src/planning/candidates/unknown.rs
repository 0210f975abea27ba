//! Names on the command line that no workflow of the event has.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_core::diagnostic::nearest;
use lockgate_core::words::listed;
use lockgate_pipeline::plan::Ended;

use super::Found;
use crate::exit::Failure;

/// A job that no workflow has is told before what else is wrong with workflows that may not be meant.
pub(super) fn refuse_jobs(asked: &[String], starting: &[&Found]) -> Result<(), Failure> {
    let is_unknown = |asked: &&String| !starting.iter().any(|found| found.has(asked));
    let unknown: Vec<String> = asked.iter().filter(is_unknown).map(|id| format!("`{id}`")).collect();
    if unknown.is_empty() || starting.is_empty() {
        return Ok(());
    }
    let of_file = |found: &&Found| {
        let jobs = found.workflow.pipeline.jobs.iter();
        let jobs: Vec<String> = jobs.map(|job| format!("`{}`", job.id)).collect();
        format!("\n  {}: {}", found.file, jobs.join(", "))
    };
    let jobs: String = starting.iter().map(of_file).collect();
    let message = format!("there is no job {}; the jobs are{jobs}", unknown.join(", "));
    let ids = starting.iter().flat_map(|found| &found.workflow.pipeline.jobs);
    let meant = asked
        .iter()
        .filter(is_unknown)
        .find_map(|id| nearest(id, ids.clone().map(|job| job.id.as_str())));
    let failure = Failure::usage(message);
    Err(match meant {
        Some(meant) => failure.help(format!("did you mean `{meant}`?")),
        None => failure,
    })
}

/// Ends of jobs that no workflow has are refused, and outputs that a job does not declare: they would decide nothing.
pub(super) fn refuse_ends(known: &BTreeMap<String, Ended>, starting: &[&Found]) -> Result<(), Failure> {
    for (id, ended) in known {
        let having = starting
            .iter()
            .filter(|found| found.workflow.pipeline.job(id).is_some());
        let having: Vec<&&Found> = having.collect();
        if having.is_empty() {
            return Err(unknown_end(id, starting));
        }
        let declared: BTreeSet<&str> = having.iter().flat_map(|found| outputs(found, id)).collect();
        let is_unknown = |name: &&String| !declared.iter().any(|known| known.eq_ignore_ascii_case(name));
        // What is not supported is refused with its own words.
        let jobs = || having.iter().filter_map(|found| found.workflow.pipeline.job(id));
        let is_known = jobs().all(|job| job.unsupported.is_empty());
        let Some(name) = ended.outputs.keys().find(is_unknown).filter(|_| is_known) else {
            continue;
        };
        let names: Vec<String> = declared.iter().map(|name| format!("`{name}`")).collect();
        let failure = Failure::usage(format!(
            "--outputs tells of an output `{name}`, which `{id}` does not have"
        ));
        return Err(match names.as_slice() {
            [] => failure.help("it declares none"),
            names => failure.help(format!("it has {}", listed(names))),
        });
    }
    Ok(())
}

fn unknown_end(id: &str, starting: &[&Found]) -> Failure {
    let failure = Failure::usage(format!(
        "--outputs tells of a job `{id}`, which no workflow of the plan has"
    ));
    if starting.is_empty() {
        return failure.help("no workflow starts on this event");
    }
    let jobs = starting.iter().flat_map(|found| &found.workflow.pipeline.jobs);
    let ids: BTreeSet<String> = jobs.map(|job| format!("`{}`", job.id)).collect();
    let ids: Vec<String> = ids.into_iter().collect();
    failure.help(format!("the jobs are {}", ids.join(", ")))
}

/// Returns the outputs that a job has: its own, or those of the workflow that it calls.
fn outputs<'f>(found: &'f Found, id: &str) -> Vec<&'f str> {
    let Some(job) = found.workflow.pipeline.job(id) else {
        return Vec::new();
    };
    let called = job.call.as_ref().and_then(|call| found.called.get(&call.workflow));
    let of_call = called.map_or(&[][..], |called| called.interface.outputs.as_slice());
    let own = job.outputs.iter().map(|(name, _)| name.as_str());
    own.chain(of_call.iter().map(|output| output.name.as_str())).collect()
}
