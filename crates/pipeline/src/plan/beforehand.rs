//! What a definition alone says of the plan that will be made of it.
//!
//! Whoever reads a file can so tell what a plan will refuse, long before there is an event.

use super::call::MOST_JOBS;
use super::expansion::resolved;
use super::known::read_by_strategy;
use super::matrix::combinations;
use crate::definition::{Job, Unsupported};
use crate::scope::KnownContexts;

/// Returns why a job that calls a workflow cannot be planned as long as nobody knows how the jobs ended that it needs.
pub fn open_call(job: &Job) -> Option<Unsupported> {
    let reads_needs = || read_by_strategy(job).iter().any(|found| found.name == "needs");
    let is_open = job.call.is_some() && !job.needs.is_empty() && reads_needs();
    is_open.then(|| unknown_matrix(job))
}

/// Returns why a job that calls a workflow cannot be planned: its matrix is not known.
pub(super) fn unknown_matrix(job: &Job) -> Unsupported {
    Unsupported {
        what: "strategy.matrix".to_owned(),
        why: "the matrix of a job that calls a workflow has to be known before the run in this version".to_owned(),
        remedy: "write its values out, or let the called workflow have the matrix and give it the values as an input"
            .to_owned(),
        place: job.place_of("strategy.matrix"),
    }
}

/// Returns how many jobs a job becomes by what is written; one when an expression decides.
pub fn written_legs(job: &Job) -> usize {
    let Some(matrix) = job
        .strategy
        .matrix
        .as_ref()
        .filter(|_| read_by_strategy(job).is_empty())
    else {
        return 1;
    };
    let values = resolved(matrix, &KnownContexts::new([])).ok();
    let legs = values.and_then(|values| combinations(&values).ok());
    legs.map_or(1, |legs| legs.len())
}

/// Returns whether a plan has room for so many jobs.
pub fn has_room(jobs: usize) -> bool {
    jobs <= MOST_JOBS
}
