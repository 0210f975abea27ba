//! What failed in a run, where, and whether it counts.
//!
//! One list for everybody who tells people of a failed run. A composite action is not named beside the step inside of it
//! that failed; a job is named itself only when none of its steps is to blame.

use super::job::{StepRecord, StepState};
use super::outcome::{Outcome, StopReason};
use super::view::{JobStatus, JobView};
use super::{Run, StepPath};
use crate::definition::Place;

/// A step that failed, or a job without such a step.
#[derive(Clone, Debug)]
pub struct Failed<'r> {
    /// The job.
    pub job: JobView<'r>,
    /// The step; `None` when it is the job itself.
    pub step: Option<&'r StepRecord>,
    /// Where it stands: a step of a composite action in the file of the action.
    pub place: Option<Place>,
    /// Why, in words.
    pub reason: Option<&'r str>,
    /// Whether it counts.
    pub weight: Blame,
}

/// Whether a failure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// It is a reason why the run failed.
    Counts,
    /// `continue-on-error` allows it.
    Allowed,
}

impl Run {
    /// Returns everything that has failed so far, in the order of the jobs, then of their steps.
    pub fn failures(&self) -> Vec<Failed<'_>> {
        self.jobs().flat_map(of_job).collect()
    }
}

fn of_job(job: JobView<'_>) -> Vec<Failed<'_>> {
    let JobStatus::Over { outcome, conclusion } = job.status() else {
        return of_steps(job, Blame::Counts);
    };
    let blame = if conclusion == Outcome::Success {
        Blame::Allowed
    } else {
        Blame::Counts
    };
    let mut found = of_steps(job, blame);
    let timed_out = job.stopped_for().is_some_and(StopReason::is_timeout);
    let has_culprit = found.iter().any(|failed| failed.weight == blame);
    if timed_out || (outcome == Outcome::Failure && !has_culprit) {
        let definition = job.definition();
        found.push(Failed {
            job,
            step: None,
            place: timed_out.then(|| definition.place_of("timeout-minutes")),
            reason: job.reason(),
            weight: blame,
        });
    }
    found
}

fn of_steps(job: JobView<'_>, of_job: Blame) -> Vec<Failed<'_>> {
    let failed = |record: &&StepRecord| {
        matches!(
            record.state,
            StepState::Over {
                outcome: Outcome::Failure,
                ..
            }
        )
    };
    let records: Vec<&StepRecord> = job.steps().iter().map(AsRef::as_ref).filter(failed).collect();
    let counts = |record: &StepRecord| {
        matches!(
            record.state,
            StepState::Over {
                conclusion: Outcome::Failure,
                ..
            }
        )
    };
    let mut found = Vec::new();
    for record in &records {
        let blames_another = records
            .iter()
            .any(|other| counts(other) && is_inside(&other.path, &record.path));
        if blames_another {
            continue;
        }
        let around = |other: &&&StepRecord| is_inside(&record.path, &other.path);
        let is_allowed = !counts(record) || records.iter().filter(around).any(|other| !counts(other));
        found.push(Failed {
            job,
            step: Some(record),
            place: record.place.clone(),
            reason: record.reason.as_deref(),
            weight: if is_allowed { Blame::Allowed } else { of_job },
        });
    }
    found
}

/// Returns whether `inner` is a step of the composite action that `outer` uses.
fn is_inside(inner: &StepPath, outer: &StepPath) -> bool {
    let rest = inner.as_str().strip_prefix(outer.as_str());
    rest.is_some_and(|rest| rest.starts_with('.')) && !inner.is_post()
}
