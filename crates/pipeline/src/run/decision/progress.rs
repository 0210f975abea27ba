//! What a job does next.

use std::sync::Arc;

use lockgate_core::Now;

use super::ending;
use super::step::{self, Stuck};
use crate::expression::Condition;
use crate::run::Run;
use crate::run::event::{Aftermath, JobEvent, StepHead, StepSpec};
use crate::run::job::{Activity, JobState, Post};
use crate::run::outcome::Outcome;
use crate::run::scope::StepScope;

/// Returns what a job does next; `None` while it waits for something.
pub(super) fn next(run: &Run, job: &JobState, now: &Now) -> Option<JobEvent> {
    if job.activity != Activity::Between {
        return None;
    }
    if job.killed || job.homeless.is_some() {
        return Some(ending::job(run, job, now));
    }
    let frame = job.frames.last()?;
    let in_composite = frame.composite();
    if let Some(composite) = in_composite
        && (frame.timed_out.is_some() || frame.current().is_none())
    {
        return Some(ending::composite(run, job, frame, composite, now));
    }
    Some(match (frame.current(), job.posts.last()) {
        (Some((step, path)), _) => step::next(run, job, step, path, now),
        (None, Some(post)) => next_post(run, job, post, now),
        (None, None) => ending::job(run, job, now),
    })
}

/// Returns whether the step that runs wants to go on in a job that is to end.
pub(super) fn is_spared(run: &Run, job: &JobState) -> bool {
    let Some(running) = job.running_step() else {
        return true;
    };
    let mut scope = StepScope::of(run, job);
    scope.set_env(&running.spec.env);
    let implied = Condition::default();
    let condition = if running.path().is_post() {
        job.posts.last().map(|post| &post.condition)
    } else {
        let step = job.frames.last().and_then(|frame| frame.current());
        step.and_then(|(step, _)| step.condition.as_ref())
    };
    condition.unwrap_or(&implied).evaluate(&scope) == Ok(true)
}

fn next_post(run: &Run, job: &JobState, post: &Post, now: &Now) -> JobEvent {
    let head = post.head();
    let mut scope = StepScope::of(run, job);
    scope.set_env(&post.env);
    scope.set_status(job.final_status());
    match post.condition.evaluate(&scope) {
        Ok(true) => JobEvent::StepBegun(Arc::new(StepSpec {
            step: head,
            body: post.body.clone(),
            env: Arc::clone(&post.env),
            own: Arc::clone(&post.own),
            timeout: None,
            continue_on_error: post.continue_on_error,
            post: None,
            notice: None,
            now: now.clone(),
        })),
        Ok(false) => JobEvent::StepSkipped {
            reason: step::why_skipped(job, Some(&post.condition)),
            step: head,
            at: now.wall,
        },
        Err(error) => unstuck(job, head, Stuck::of("`post-if`", error, job), now),
    }
}

/// Returns the event for a step that cannot be decided: a question, or a failure that nothing forgives.
pub(super) fn unstuck(job: &JobState, step: StepHead, stuck: Stuck, now: &Now) -> JobEvent {
    match stuck {
        Stuck::Hash(patterns) => JobEvent::HashWanted {
            number: job.hashes + 1,
            patterns,
        },
        Stuck::Action(reference) => JobEvent::ActionWanted {
            path: step.path,
            reference,
        },
        Stuck::Fails(reason) => unforgiven(step, reason, Aftermath::NextStep, now),
        Stuck::Undecided(reason, aftermath) => unforgiven(step, reason, aftermath, now),
    }
}

fn unforgiven(step: StepHead, reason: String, aftermath: Aftermath, now: &Now) -> JobEvent {
    JobEvent::StepRefused {
        step,
        reason,
        conclusion: Outcome::Failure,
        aftermath,
        at: now.wall,
    }
}
