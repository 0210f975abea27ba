//! One step attempt: begun once, attended by whoever is there, ended once.
//!
//! What is needed to attend it is in its record on disk, so that a new process can take
//! over in the middle, and a stop can end it without knowing how it was begun.

mod begin;
mod finish;
mod node;
mod output;
mod passable;
pub(super) mod record;

use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use lockgate_host::shim::{self, AttemptState};
use lockgate_pipeline::run::effect::{AttemptBody, StepAttempt, Stop};
use lockgate_pipeline::run::input::{RunResult, StepEnd, StepExit};

use super::builtin;
use super::run::{Report, Run};
use output::{More, Output};
use record::StepRecord;

/// How often a running step's output is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Ensures that the step has run: begins it, attaches to it, or tells how it ended.
pub(super) async fn ensure(run: &Arc<Run>, step: &Arc<StepAttempt>, report: &Report) {
    if let Some(end) = record::ended(run, &step.attempt) {
        report.send(1, RunResult::StepStarted);
        report.send(2, RunResult::StepEnded(Box::new(end)));
        return;
    }
    if let AttemptBody::Builtin { .. } = step.body {
        report.send(1, RunResult::StepStarted);
        let end = builtin::ensure(run, step).await;
        report.send(2, RunResult::StepEnded(Box::new(end)));
        return;
    }
    // Apart, so that it is not cut off between its two halves when this future is dropped.
    let begun = tokio::spawn({
        let (run, step) = (Arc::clone(run), Arc::clone(step));
        async move {
            let _turn = run.births.take(&step.attempt).await;
            begin::begin(&run, &step).await
        }
    });
    let record = match begun.await {
        Ok(Ok(record)) => record,
        Ok(Err(failure)) => {
            report.send(1, RunResult::StepStarted);
            let end = finish::refused(run, step, &failure.to_string());
            report.send(2, RunResult::StepEnded(Box::new(end)));
            return;
        }
        // The runtime goes down: the next process attaches.
        Err(_) => return,
    };
    report.send(1, RunResult::StepStarted);
    let end = attend(run, &record).await;
    report.send(2, RunResult::StepEnded(Box::new(end)));
}

/// Ensures that the step has ended.
pub(super) async fn stop(run: &Arc<Run>, stop: &Stop, report: &Report) {
    let end = stopped(run, stop).await;
    report.send(2, RunResult::StepEnded(Box::new(end)));
}

async fn stopped(run: &Arc<Run>, stop: &Stop) -> StepEnd {
    if let Some(end) = builtin::stop(run, stop).await {
        return end;
    }
    let _turn = run.births.take(&stop.attempt).await;
    if let Some(end) = record::ended(run, &stop.attempt) {
        return end;
    }
    let attempt = run.folder.attempt(stop.attempt.as_str());
    let record = StepRecord::read(run, &stop.attempt);
    let Some(record) = record.filter(|_| attempt.exists()) else {
        return record::end(run, &stop.attempt, cancelled());
    };
    if let Err(cause) = record.mark_stopped(run, &stop.why) {
        tracing::warn!(attempt = %stop.attempt, %cause, "a stop could not be noted");
    }
    if let Err(cause) = shim::stop(&attempt, stop.grace) {
        tracing::warn!(attempt = %stop.attempt, %cause, "a step could not be asked to stop");
    }
    attend(run, &record).await
}

/// Returns the kept log of a step attempt.
pub(super) fn log_path(run: &Run, step: &StepAttempt) -> PathBuf {
    record::log_path(run, step)
}

fn cancelled() -> StepEnd {
    StepEnd {
        exit: StepExit::Cancelled,
        ..StepEnd::default()
    }
}

/// Writes the step's log until it has ended, then reads what it left.
async fn attend(run: &Arc<Run>, record: &StepRecord) -> StepEnd {
    let attempt = run.folder.attempt(record.attempt.as_str());
    let mut output = Output::begin(run, record);
    let state = {
        let mut ended = pin!(shim::wait(&attempt));
        let mut pause = LOOK;
        loop {
            tokio::select! {
                biased;
                state = &mut ended => break state,
                () = tokio::time::sleep(pause) => {
                    pause = if output.advance() == More::Yes { Duration::ZERO } else { LOOK };
                }
            }
        }
    };
    let state = state.unwrap_or_else(|cause| {
        tracing::warn!(attempt = %record.attempt, %cause, "the end of a step could not be read");
        AttemptState::Unknown
    });
    output.close_ears();
    while output.advance() == More::Yes {
        tokio::task::yield_now().await;
    }
    finish::finish(run, record, output, &state)
}
