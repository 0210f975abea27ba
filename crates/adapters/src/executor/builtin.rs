//! The first-party actions that are part of Lockgate, done in this process.
//!
//! Their work is files only, so they have no shim: after a crash they are done again from
//! the beginning, and each of them is written so that this changes nothing. Their end is
//! kept like that of a process, so that a completed one is never done again.

mod cache;
mod checkout;
mod context;
mod download;
mod upload;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use lockgate_pipeline::builtin::BuiltinAction;
use lockgate_pipeline::run::StopReason;
use lockgate_pipeline::run::effect::{AttemptBody, AttemptId, Phase, StepAttempt, Stop};
use lockgate_pipeline::run::environment::Variables;
use lockgate_pipeline::run::input::{StepEnd, StepExit, UploadedArtifact};
use tokio::sync::watch;

use super::log::{KeptLog, LogOwner};
use super::run::Run;
use super::step::record;
use context::{Context, Done, Failure};

/// How GitHub's runner begins the log of what an action does after the job's last step.
pub(crate) const POST: &str = "Post job cleanup.";

/// The built-in actions at work in this process.
#[derive(Debug, Default)]
pub(crate) struct Builtins {
    running: Mutex<BTreeMap<AttemptId, Working>>,
}

#[derive(Clone, Debug)]
struct Working {
    stopped: Arc<OnceLock<StopReason>>,
    end: watch::Receiver<Option<StepEnd>>,
}

/// Ensures that the action is done; attaches to it when it is at work.
pub(crate) async fn ensure(run: &Arc<Run>, step: &Arc<StepAttempt>) -> StepEnd {
    let working = {
        let mut running = run.builtins.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(end) = record::ended(run, &step.attempt) {
            return end;
        }
        running
            .entry(step.attempt.clone())
            .or_insert_with(|| begin(run, step))
            .clone()
    };
    ended(working).await
}

/// Cancels the action when it is at work in this process, and returns its end.
pub(crate) async fn stop(run: &Arc<Run>, stop: &Stop) -> Option<StepEnd> {
    let working = {
        let running = run.builtins.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.get(&stop.attempt)?.clone()
    };
    working.stopped.get_or_init(|| stop.why.clone());
    Some(ended(working).await)
}

async fn ended(mut working: Working) -> StepEnd {
    match working.end.wait_for(Option::is_some).await {
        Ok(end) => end.clone().unwrap_or_default(),
        Err(_) => failed("the built-in action broke off: this is a mistake in Lockgate".to_owned()),
    }
}

fn begin(run: &Arc<Run>, step: &Arc<StepAttempt>) -> Working {
    let stopped = Arc::new(OnceLock::new());
    let (sender, end) = watch::channel(None);
    let working = Working {
        stopped: Arc::clone(&stopped),
        end,
    };
    let (run, step) = (Arc::clone(run), Arc::clone(step));
    tokio::task::spawn_blocking(move || {
        let end = work(&run, &step, &stopped);
        let end = record::end(&run, &step.attempt, end);
        let mut running = run.builtins.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.remove(&step.attempt);
        drop(running);
        sender.send_replace(Some(end));
    });
    working
}

fn work(run: &Run, step: &StepAttempt, stopped: &OnceLock<StopReason>) -> StepEnd {
    let owner = LogOwner {
        job: step.job.clone(),
        step: step.path.clone(),
        attempt: step.attempt.clone(),
        sink: run.options.sink.clone(),
    };
    let masker = run.masker(&step.directory);
    let log = match KeptLog::begin(&record::log_path(run, step), owner, masker.clone()) {
        Ok(log) => log,
        Err(cause) => return failed(format!("the log cannot be written: {cause}")),
    };
    let mut context = match Context::new(run, step, log, stopped) {
        Ok(context) => context,
        Err(reason) => return failed(reason),
    };
    let done = dispatch(step, &mut context);
    let end = match done {
        Ok(done) => conclude(run, step, done),
        Err(Failure::Cancelled) => {
            let words = stopped.get().map(|why| record::last_words(why, &step.name));
            context.say(&format!("##[error]{}", words.unwrap_or_default()));
            StepEnd {
                exit: StepExit::Cancelled,
                ..StepEnd::default()
            }
        }
        Err(Failure::Refused(reason)) => {
            context.error(&reason);
            failed(masker.mask(&reason))
        }
    };
    StepEnd {
        annotations: context.close(),
        ..end
    }
}

fn dispatch(step: &StepAttempt, context: &mut Context<'_>) -> Result<Done, Failure> {
    let AttemptBody::Builtin { action, phase, .. } = &step.body else {
        unreachable!("only a built-in action is done here");
    };
    if *phase == Phase::Post {
        context.say(POST);
    } else {
        context.say(&format!("##[group]Run {action}"));
        context.say_inputs();
        context.say("##[endgroup]");
        context.warn_of_unknown(action.inputs());
    }
    match (action, phase) {
        (BuiltinAction::Checkout, Phase::Main) => checkout::run(context),
        (BuiltinAction::Cache, Phase::Main) => cache::restore(context, cache::Outputs::Hit),
        (BuiltinAction::Cache, Phase::Post) => cache::save_after(context),
        (BuiltinAction::CacheRestore, Phase::Main) => cache::restore(context, cache::Outputs::All),
        (BuiltinAction::CacheSave, Phase::Main) => cache::save(context),
        (BuiltinAction::UploadArtifact, Phase::Main) => upload::run(context),
        (BuiltinAction::DownloadArtifact, Phase::Main) => download::run(context),
        (_, Phase::Post) => Ok(Done::default()),
    }
}

fn conclude(run: &Run, step: &StepAttempt, done: Done) -> StepEnd {
    let masker = run.masker(&step.directory);
    let seal = |pairs: Variables| {
        pairs
            .into_iter()
            .map(|(name, value)| Ok((name, run.secrets.seal(&value, &masker)?)))
            .collect::<std::io::Result<Variables>>()
    };
    let artifacts = done.artifacts.into_iter().map(|artifact| {
        let name = run.secrets.hide(&run.secrets.seal(&artifact.name, &masker)?);
        Ok(UploadedArtifact { name, ..artifact })
    });
    let artifacts: std::io::Result<Vec<_>> = artifacts.collect();
    match (seal(done.outputs), seal(done.state), artifacts) {
        (Ok(outputs), Ok(state), Ok(artifacts)) => StepEnd {
            outputs,
            state,
            artifacts,
            ..StepEnd::default()
        },
        (Err(cause), ..) | (_, Err(cause), _) | (.., Err(cause)) => {
            failed(format!("what the step wrote could not be kept: {cause}"))
        }
    }
}

fn failed(reason: String) -> StepEnd {
    StepEnd {
        exit: StepExit::Failure { code: 1 },
        reason: Some(reason),
        ..StepEnd::default()
    }
}
