//! What the result of an effect means.
//!
//! A result counts when its effect is wanted, is news, and answers what the effect asks; everything else is late, and
//! late is no error.

use std::sync::Arc;
use std::time::Duration;

use lockgate_core::{Now, ResultStamp};

use super::tolerance::FailedStep;
use super::{tolerance, variables};
use crate::run::effect::{AttemptBody, Phase, RunEffect, WorkspaceWant};
use crate::run::environment::Variables;
use crate::run::event::{JobEvent, RunEvent};
use crate::run::input::{RunResult, StepEnd, StepExit, WorkspacePlace};
use crate::run::job::{Activity, JobState, RunningStep};
use crate::run::outcome::{Outcome, StopReason};
use crate::run::{OnInterrupt, Run};

/// How often a step is tried of which nobody knows how far it came.
const TRIES: u32 = 3;

/// Returns the event that a result causes; `None` when it is late.
pub(super) fn event(run: &Run, stamp: &ResultStamp, result: RunResult, now: &Now) -> Option<RunEvent> {
    if run.frozen.is_some() {
        return None;
    }
    let effect = run.wanted.effects().get(&stamp.key)?;
    let key = effect.job()?;
    let job = run.jobs.get(key)?;
    if !job.is_news(stamp) {
        return None;
    }
    let event = match result {
        RunResult::StepStarted => {
            job.running_step()?;
            JobEvent::StepStarted {
                stamp: stamp.clone(),
                at: now.wall,
            }
        }
        RunResult::StepEnded(end) => step_ended(run, job, stamp, end, now)?,
        other => answer(run, job, effect, stamp, other)?,
    };
    Some(RunEvent::Job {
        job: key.clone(),
        event,
    })
}

/// Returns the event of a result that answers a question; `None` when nobody asks any more.
fn answer(run: &Run, job: &JobState, effect: &RunEffect, stamp: &ResultStamp, result: RunResult) -> Option<JobEvent> {
    let stamp = stamp.clone();
    let preparing = job.activity == Activity::Preparing;
    let hashing = matches!(job.activity, Activity::Hashing { .. });
    let loading = matches!(job.activity, Activity::Loading { .. });
    Some(match result {
        RunResult::WorkspaceReady(place) if preparing => match variables::at_place(run, job, &place) {
            Ok(given) => JobEvent::WorkspaceReady {
                stamp,
                env: Arc::new(located(job, &place)),
                given: Arc::new(given),
                place: Arc::new(*place),
            },
            Err(reason) => JobEvent::WorkspaceFailed { stamp, reason },
        },
        RunResult::WorkspaceFailed { reason } if preparing => JobEvent::WorkspaceFailed { stamp, reason },
        RunResult::WorkspaceRemoved => match effect {
            RunEffect::Workspace(workspace) if workspace.want == WorkspaceWant::Remove => {
                JobEvent::WorkspaceRemoved { stamp }
            }
            _ => return None,
        },
        RunResult::ActionLoaded { definition, directory } if loading => JobEvent::ActionLoaded {
            stamp,
            definition,
            directory,
        },
        RunResult::ActionMissing { reason } if loading => JobEvent::ActionMissing { stamp, reason },
        RunResult::Hashed { digest } if hashing => JobEvent::Hashed { stamp, digest },
        RunResult::HashFailed { reason } if hashing => JobEvent::HashFailed { stamp, reason },
        _ => return None,
    })
}

/// Returns the variables that tell a job's steps where they are.
fn located(job: &JobState, place: &WorkspacePlace) -> Variables {
    let parent = place
        .workspace
        .trim_end_matches('/')
        .rsplit_once('/')
        .map_or("", |(parent, _)| parent);
    let variables = [
        ("GITHUB_JOB", job.definition.id.as_str()),
        ("GITHUB_WORKSPACE", &place.workspace),
        ("GITHUB_EVENT_PATH", &place.event_path),
        ("RUNNER_OS", &place.os),
        ("RUNNER_ARCH", &place.arch),
        ("RUNNER_NAME", &place.runner),
        ("RUNNER_TEMP", &place.temp),
        ("RUNNER_TOOL_CACHE", &place.tool_cache),
        ("RUNNER_WORKSPACE", parent),
        ("RUNNER_ENVIRONMENT", "self-hosted"),
    ];
    variables
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn step_ended(run: &Run, job: &JobState, stamp: &ResultStamp, end: Box<StepEnd>, now: &Now) -> Option<JobEvent> {
    let step = job.running_step()?;
    let retries = run.start.on_interrupt == OnInterrupt::Retry && step.number < TRIES && step.stopping.is_none();
    if end.exit == StepExit::Unknown && retries {
        return Some(JobEvent::StepRetried {
            stamp: stamp.clone(),
            attempt: step.number + 1,
            at: now.wall,
        });
    }
    let (outcome, why) = outcome(&end, step);
    let reason = end.reason.clone().or(why).filter(|_| outcome != Outcome::Success);
    let spec = &step.spec;
    let (conclusion, reason) = match outcome {
        Outcome::Failure if spec.step.path.is_post() => (tolerance::counted(spec.continue_on_error), reason),
        Outcome::Failure => {
            let failed = FailedStep {
                run,
                job,
                env: &spec.env,
                outputs: &end.outputs,
                known: spec.continue_on_error,
            };
            failed.judge(reason)
        }
        other => (other, reason),
    };
    let end = if keeps_outputs(step) {
        *end
    } else {
        StepEnd {
            outputs: Variables::new(),
            ..*end
        }
    };
    Some(JobEvent::StepEnded {
        stamp: stamp.clone(),
        end: Arc::new(end),
        outcome,
        conclusion,
        reason,
        at: now.wall,
    })
}

/// Returns whether anybody can read the outputs: a later phase has no result of its own.
fn keeps_outputs(step: &RunningStep) -> bool {
    !matches!(
        step.spec.body,
        AttemptBody::Builtin { phase: Phase::Post, .. } | AttemptBody::Node { phase: Phase::Post, .. }
    )
}

/// Returns how a step ended, and why in words. A success counts even when it was to end: it was faster.
fn outcome(end: &StepEnd, step: &RunningStep) -> (Outcome, Option<String>) {
    let stopped = step.stopping.as_ref();
    match (end.exit, stopped) {
        (StepExit::Success, _) => (Outcome::Success, None),
        (_, Some(why @ StopReason::StepTimedOut { .. })) => (Outcome::Failure, Some(why.to_string())),
        (_, Some(why)) => (Outcome::Cancelled, Some(why.to_string())),
        (StepExit::Failure { code }, None) => (Outcome::Failure, Some(format!("exit code {code}"))),
        (StepExit::TimedOut, None) => (Outcome::Failure, Some(timed_out(step.spec.timeout))),
        (StepExit::Cancelled, None) => (Outcome::Failure, Some("stopped from outside".to_owned())),
        (StepExit::Unknown, None) => {
            let tries = match step.number {
                1 => String::new(),
                tries => format!(" ({tries} tries)"),
            };
            let why = format!(
                "the step was interrupted and left no exit code, so that nobody knows how far it came{tries}; \
                 run it again when that is safe, or allow it with `on-interrupt: retry`"
            );
            (Outcome::Failure, Some(why))
        }
    }
}

fn timed_out(limit: Option<Duration>) -> String {
    match limit {
        Some(after) => StopReason::StepTimedOut { after }.to_string(),
        None => "the step took longer than its runner allows".to_owned(),
    }
}
