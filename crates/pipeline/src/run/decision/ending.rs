//! How a job, or a composite action in it, ends.

use std::sync::Arc;

use lockgate_core::Now;

use super::progress;
use super::step::{Evaluation, Stuck};
use super::tolerance::FailedStep;
use crate::expression::secret;
use crate::run::Run;
use crate::run::environment::Variables;
use crate::run::event::{JobEnd, JobEvent};
use crate::run::job::{Composite, Frame, JobState, StepRecord, StepState};
use crate::run::outcome::{Outcome, StopReason};
use crate::run::scope::StepScope;

/// Returns the end of a composite action, or what its outputs need first.
pub(super) fn composite(run: &Run, job: &JobState, frame: &Frame, composite: &Composite, now: &Now) -> JobEvent {
    let spec = &composite.spec;
    let evaluation = Evaluation {
        job,
        scope: StepScope::of(run, job),
    };
    let (mut outcome, mut reason) = match (frame.timed_out, frame.failed, frame.stopped) {
        (Some(after), _, _) => (Outcome::Failure, Some(StopReason::StepTimedOut { after }.to_string())),
        (None, true, _) => (Outcome::Failure, Some("a step of the action failed".to_owned())),
        (None, false, true) => (Outcome::Cancelled, None),
        (None, false, false) => (Outcome::Success, None),
    };
    let outputs = match evaluation.texts("outputs", &composite.definition.outputs) {
        Ok(outputs) => outputs,
        Err(Stuck::Fails(why)) => {
            outcome = Outcome::Failure;
            reason = Some(why);
            Variables::new()
        }
        Err(question) => return progress::unstuck(job, spec.step.clone(), question, now),
    };
    let mut conclusion = outcome;
    if outcome == Outcome::Failure {
        let mut outside = job.clone();
        outside.frames.pop();
        let failed = FailedStep {
            run,
            job: &outside,
            env: &spec.env,
            outputs: &outputs,
            known: spec.continue_on_error,
        };
        (conclusion, reason) = failed.judge(reason);
    }
    JobEvent::CompositeLeft {
        path: spec.step.path.clone(),
        outputs,
        outcome,
        conclusion,
        reason,
        at: now.wall,
    }
}

/// Returns the end of a job, or what its outputs need first.
pub(super) fn job(run: &Run, job: &JobState, now: &Now) -> JobEvent {
    let mut outcome = job.outcome();
    let mut reason = reason(job);
    let mut outputs = Variables::new();
    if !job.killed && job.homeless.is_none() {
        let evaluation = Evaluation {
            job,
            scope: StepScope::of(run, job),
        };
        match job_outputs(&evaluation, job) {
            Ok(values) => outputs = values,
            Err(Stuck::Hash(patterns)) => {
                return JobEvent::HashWanted {
                    number: job.hashes + 1,
                    patterns,
                };
            }
            Err(Stuck::Fails(why) | Stuck::Undecided(why, _) | Stuck::Action(why)) => {
                if outcome == Outcome::Success {
                    outcome = Outcome::Failure;
                    reason = Some(why);
                }
            }
        }
    }
    outputs.retain(|_, value| !value.is_empty());
    let with_secret = |(name, value): (&String, &String)| secret::contains_marker(value).then(|| name.clone());
    let withheld: Vec<String> = outputs.iter().filter_map(with_secret).collect();
    outputs.retain(|_, value| !secret::contains_marker(value));
    let timed_out = job.stopping.as_ref().is_some_and(StopReason::is_timeout);
    let conclusion = match outcome {
        Outcome::Failure if job.continues_on_error() => Outcome::Success,
        Outcome::Cancelled if timed_out && job.continues_on_error() => Outcome::Success,
        other => other,
    };
    JobEvent::Ended(Arc::new(JobEnd {
        outcome,
        conclusion,
        outputs,
        withheld,
        reason,
        at: now.wall,
    }))
}

/// Returns the outputs of a job, or what stands against it, with the place of the output.
fn job_outputs(evaluation: &Evaluation<'_>, job: &JobState) -> Result<Variables, Stuck> {
    let mut outputs = Variables::new();
    for entry in &job.definition.outputs {
        let of_one = evaluation.texts("outputs", std::slice::from_ref(entry));
        outputs.extend(of_one.map_err(|stuck| match stuck {
            Stuck::Fails(why) => {
                let place = job.definition.place_of(&format!("outputs.{}", entry.0));
                Stuck::Fails(format!("{place}: {why}"))
            }
            other => other,
        })?);
    }
    Ok(outputs)
}

/// Returns in words why a job does not succeed; `None` when it does.
fn reason(job: &JobState) -> Option<String> {
    if let Some(why) = &job.stopping {
        return Some(why.to_string());
    }
    if let Some(why) = &job.homeless {
        return Some(format!("its workspace could not be made: {why}"));
    }
    let failed = |record: &&Arc<StepRecord>| {
        let counts = StepState::Over {
            outcome: Outcome::Failure,
            conclusion: Outcome::Failure,
        };
        record.state == counts && record.path.depth() == 0
    };
    let record = job.records.iter().find(failed)?;
    Some(match &record.reason {
        Some(why) => format!("step `{}` failed: {why}", record.name),
        None => format!("step `{}` failed", record.name),
    })
}
