//! What remembers an attempt on disk, from its beginning to the removal of its job.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use lockgate_core::time::Spoken;
use lockgate_host::durable::{self, Durability};
use lockgate_host::shim;
use lockgate_pipeline::run::StopReason;
use lockgate_pipeline::run::effect::{AttemptId, JobKey, StepAttempt, StepPath};
use lockgate_pipeline::run::input::StepEnd;
use serde::{Deserialize, Serialize};

use crate::executor::log::file_name;
use crate::executor::run::Run;

const CANCELLED: &str = "The operation was canceled.";

/// What has to be known to attend a step that somebody else began. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StepRecord {
    pub(crate) attempt: AttemptId,
    pub(crate) job: JobKey,
    pub(crate) directory: String,
    pub(crate) path: StepPath,
    /// The name shown to people.
    #[serde(default)]
    pub(crate) name: String,
    /// The name of the log file.
    pub(crate) log: String,
    /// What stands at the beginning of the log.
    pub(crate) heading: Vec<String>,
    /// What has no effect: in the log behind the heading, and among the annotations.
    #[serde(default)]
    pub(crate) warnings: Vec<String>,
    /// The switches that the interpreter of commands reads in the step's environment.
    pub(crate) switches: BTreeMap<String, String>,
    /// The script, to be removed.
    pub(crate) script: Option<PathBuf>,
}

impl StepRecord {
    pub(crate) fn read(run: &Run, attempt: &AttemptId) -> Option<Self> {
        let path = run.folder.step(attempt.as_str(), "json");
        durable::read_json(&path).unwrap_or_else(|cause| {
            tracing::warn!(%attempt, %cause, "the record of a step is unreadable");
            None
        })
    }

    pub(crate) fn write(&self, run: &Run) -> io::Result<()> {
        let path = run.folder.step(self.attempt.as_str(), "json");
        durable::replace_json(&path, self, Durability::Process)
    }

    /// Returns the records of all attempts of a job.
    pub(crate) fn all_of(run: &Run, directory: &str) -> Vec<Self> {
        let Ok(entries) = fs::read_dir(run.folder.steps()) else {
            return Vec::new();
        };
        entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .filter_map(|path| durable::read_json::<Self>(&path).ok().flatten())
            .filter(|record| record.directory == directory)
            .collect()
    }

    /// Notes durably why the step is to be stopped, so that its end is no failure of its own. The first reason holds.
    pub(crate) fn mark_stopped(&self, run: &Run, why: &StopReason) -> io::Result<()> {
        let attempt = run.folder.attempt(self.attempt.as_str());
        if matches!(shim::observe(&attempt)?, shim::AttemptState::Exited { .. }) {
            return Ok(());
        }
        match durable::read_json::<StopReason>(&self.stopped(run)) {
            Ok(Some(_)) => Ok(()),
            _ => durable::replace_json(&self.stopped(run), why, Durability::Process),
        }
    }

    /// Returns the last words of the log when the step is to be stopped.
    pub(crate) fn stopped_with(&self, run: &Run) -> Option<String> {
        let path = self.stopped(run);
        let why = durable::read_json::<StopReason>(&path).ok().flatten();
        why.map(|why| last_words(&why, &self.name))
            .or_else(|| path.exists().then(|| CANCELLED.to_owned()))
    }

    pub(crate) fn log_path(&self, run: &Run) -> PathBuf {
        run.folder.logs(&self.directory).join(&self.log)
    }

    /// The raw output: unmasked, private, gone with the end of the step.
    pub(crate) fn raw(&self, run: &Run) -> PathBuf {
        let name = format!("{}.raw", self.attempt);
        run.job(&self.directory).private().join(name)
    }

    /// Removes what remembers the attempt.
    pub(crate) fn forget(&self, run: &Run) {
        for extension in ["stopped", "end", "json"] {
            let path = run.folder.step(self.attempt.as_str(), extension);
            if let Err(cause) = fs::remove_file(path)
                && cause.kind() != io::ErrorKind::NotFound
            {
                tracing::debug!(attempt = %self.attempt, %cause, "the record of a step stays");
            }
        }
    }

    fn stopped(&self, run: &Run) -> PathBuf {
        run.folder.step(self.attempt.as_str(), "stopped")
    }
}

/// Returns what GitHub's runner says at the end of a step that was stopped.
pub(crate) fn last_words(why: &StopReason, step: &str) -> String {
    let minutes = |after: &Duration| match (after.as_secs(), after.subsec_nanos()) {
        (seconds, 0) if seconds.is_multiple_of(60) => format!("{} minutes", seconds / 60),
        _ => Spoken(*after).to_string(),
    };
    match why {
        StopReason::StepTimedOut { after } => format!("The action '{step}' has timed out after {}.", minutes(after)),
        StopReason::JobTimedOut { after } => {
            format!("The job has exceeded the maximum execution time of {}.", minutes(after))
        }
        _ => CANCELLED.to_owned(),
    }
}

/// Returns how the attempt ended, when it has.
pub(crate) fn ended(run: &Run, attempt: &AttemptId) -> Option<StepEnd> {
    durable::read_json(&run.folder.step(attempt.as_str(), "end"))
        .ok()
        .flatten()
}

/// Keeps how the attempt ended; what was kept first holds.
pub(crate) fn end(run: &Run, attempt: &AttemptId, end: StepEnd) -> StepEnd {
    if let Some(first) = ended(run, attempt) {
        return first;
    }
    let path = run.folder.step(attempt.as_str(), "end");
    if let Err(cause) = durable::replace_json(&path, &end, Durability::Process) {
        tracing::warn!(%attempt, %cause, "the end of a step could not be kept");
    }
    end
}

pub(crate) fn log_name(run: &Run, step: &StepAttempt) -> String {
    let number = step
        .attempt
        .as_str()
        .rsplit('-')
        .next()
        .and_then(|text| text.parse().ok());
    file_name(&step.path, &run.hidden_name(&step.name), number.unwrap_or(1))
}

pub(crate) fn log_path(run: &Run, step: &StepAttempt) -> PathBuf {
    run.folder.logs(&step.directory).join(log_name(run, step))
}
