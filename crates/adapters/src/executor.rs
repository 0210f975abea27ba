//! Runs the jobs of a run as processes of this machine.
//!
//! Each effect of a run is an *ensure*: performing it again attaches to the step that
//! runs, or reads how it ended, also in a new process after a crash. Dropping the future
//! ends nothing outside; only `Stop` does. Steps run under the host's shim, which
//! outlives this process; their raw output goes to a private file, from which the
//! kept log, masked, is written here.
//!
//! What is not here: timers and timeouts, which are decisions of the run.

pub mod annotation;
pub mod archive;
pub mod artifact;
pub mod builtin;
pub mod command;
pub mod files;
pub mod glob;
pub mod hash_files;
pub mod interpreter;
pub mod log;
pub mod mask;
pub mod options;
pub mod problem;
pub mod refusal;
pub mod secrets;
pub mod shell;
pub mod workspace;

mod action;
mod inside;
mod job;
mod run;
mod step;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use lockgate_core::EffectKey;
use lockgate_pipeline::run::effect::{RunEffect, StepAttempt, WorkspaceWant};
use lockgate_pipeline::run::input::{RunInput, RunResult};
use tokio::sync::mpsc;

pub use annotation::{Annotation, Level};
pub use artifact::{ArtifactStore, StoredArtifact};
pub use interpreter::Debug;
pub use log::{LogChange, LogEvent, LogSink};
pub use options::{ExecutorOptions, Source};
pub use refusal::SystemChanges;
pub use workspace::variables::UserEnvironment;

use run::{Report, Run};

/// Performs the effects of one run with processes of this machine.
#[derive(Clone, Debug)]
pub struct ProcessExecutor {
    run: Arc<Run>,
}

impl ProcessExecutor {
    /// Returns the executor of the run in `options.home`, new or found again after a crash.
    ///
    /// # Errors
    /// Returns why the run's folder cannot be used.
    pub fn new(options: ExecutorOptions) -> io::Result<Self> {
        Ok(Self {
            run: Arc::new(Run::open(options)?),
        })
    }

    /// Performs one effect and sends its results, until there is nothing more to tell.
    ///
    /// `Wake` is no business of an executor: nothing happens.
    pub async fn perform(&self, key: &EffectKey, effect: &RunEffect, results: &mpsc::UnboundedSender<RunInput>) {
        let report = Report {
            key: key.clone(),
            results: results.clone(),
        };
        let run = &self.run;
        match effect {
            RunEffect::Workspace(workspace) => match workspace.want {
                WorkspaceWant::Prepare => report.send(1, job::prepare(run, workspace).await),
                WorkspaceWant::Remove => {
                    job::remove(run, workspace).await;
                    report.send(2, RunResult::WorkspaceRemoved);
                }
            },
            RunEffect::LoadAction { job, reference } => report.send(1, action::load(run, job, reference).await),
            RunEffect::HashFiles { job, patterns } => report.send(1, job::hash(run, job, patterns).await),
            RunEffect::Step(step) => step::ensure(run, step, &report).await,
            RunEffect::Stop(stop) => step::stop(run, stop, &report).await,
            RunEffect::Wake(_) => {}
        }
    }

    /// Returns the kept log of a step attempt.
    pub fn log_of(&self, step: &StepAttempt) -> PathBuf {
        step::log_path(&self.run, step)
    }

    /// Returns the artifacts of the run.
    pub fn artifacts(&self) -> ArtifactStore {
        ArtifactStore::new(self.run.options.artifacts.clone())
    }
}
