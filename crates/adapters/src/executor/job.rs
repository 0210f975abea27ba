//! A job's workspace: made, hashed, and removed with all that its steps left running.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lockgate_host::shim;
use lockgate_pipeline::run::effect::{JobKey, Workspace};
use lockgate_pipeline::run::input::RunResult;

use super::hash_files::{HashFilesError, hash_files};
use super::run::Run;
use super::step::record::StepRecord;

/// Makes the workspace.
pub(super) async fn prepare(run: &Arc<Run>, workspace: &Workspace) -> RunResult {
    let folder = run.job(&workspace.directory);
    let (job, event) = (workspace.job.clone(), run.options.event.clone());
    let prepared = blocking(move || folder.prepare(&job, &event).map(|()| folder.place())).await;
    match prepared {
        Ok(place) => RunResult::WorkspaceReady(Box::new(place)),
        Err(cause) => RunResult::WorkspaceFailed {
            reason: format!("could not create the workspace of the job `{}`: {cause}", workspace.job),
        },
    }
}

/// Ends what steps left running, and removes all but the logs.
pub(super) async fn remove(run: &Arc<Run>, workspace: &Workspace) {
    let records = StepRecord::all_of(run, &workspace.directory);
    for record in &records {
        if let Err(cause) = end(run.folder.attempt(record.attempt.as_str())).await {
            tracing::warn!(attempt = %record.attempt, %cause, "what a step left running may run on");
        }
    }
    let folder = run.job(&workspace.directory);
    let removed = blocking(move || folder.remove()).await;
    if let Err(cause) = removed {
        tracing::warn!(job = %workspace.job, %cause, "the workspace stays");
    }
    for record in &records {
        record.forget(run);
    }
    run.forget_job(&workspace.directory);
}

/// Hashes files of the workspace.
pub(super) async fn hash(run: &Arc<Run>, job: &JobKey, patterns: &[String]) -> RunResult {
    let folder = match run.job_of(job) {
        Ok(folder) => folder,
        Err(reason) => return RunResult::HashFailed { reason },
    };
    let (patterns, home) = (patterns.to_vec(), run.options.user.home.clone());
    let hashed = blocking(move || Ok(hash_files(&patterns, &folder.workspace(), &home))).await;
    match hashed {
        Ok(Ok(digest)) => RunResult::Hashed { digest },
        Ok(Err(HashFilesError::Pattern(cause))) => RunResult::HashFailed {
            reason: cause.to_string(),
        },
        Ok(Err(error @ HashFilesError::Read { .. })) => RunResult::HashFailed { reason: chain(&error) },
        Err(cause) => RunResult::HashFailed {
            reason: cause.to_string(),
        },
    }
}

async fn end(attempt: PathBuf) -> io::Result<()> {
    if shim::stop(&attempt, Duration::ZERO)? == shim::Stopping::Asked {
        shim::wait(&attempt).await?;
    }
    blocking(move || {
        shim::sweep(&attempt)?;
        shim::release(&attempt)
    })
    .await
}

/// Returns an error with its causes, as one sentence.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|panic| Err(io::Error::other(panic)))
}
