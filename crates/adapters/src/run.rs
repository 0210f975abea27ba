//! Performs the effects of runs: each run has an executor of its own, found again after a restart.
//!
//! What an executor needs beyond the effects lies in the run's folder, so that another process can take the run up:
//! `run.json`, and for runs of the driver `secrets.json` (mode 0600), which goes when the run is over.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use lockgate_core::{EffectKey, Secret, StreamId};
use lockgate_engine::clock::wait_until;
use lockgate_engine::{Clock, Performer, Task};
use lockgate_host::Roles;
use lockgate_pipeline::expression::secret::MarkerKey;
use lockgate_pipeline::run::effect::RunEffect;
use lockgate_pipeline::run::{Run, RunInput, RunStart};
use serde::{Deserialize, Serialize};

use crate::executor::workspace::RunFolder;
use crate::executor::{
    ArtifactStore, Debug, ExecutorOptions, LogSink, ProcessExecutor, Source, SystemChanges, UserEnvironment,
};

/// What an executor needs to know of a run, beyond its effects.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunRecord {
    /// The repository on disk.
    pub directory: PathBuf,
    /// The commit that a checkout brings; the working tree with its edits when there is none.
    pub commit: Option<String>,
    /// The repository as `owner/name`.
    pub repository: String,
    /// The event's payload as JSON.
    pub event: String,
    /// Whether steps may change the machine.
    pub system_changes: bool,
    /// Whether debug messages are wanted.
    pub debug: bool,
    /// What the marks of its secrets have in them, as its plan says.
    #[serde(default)]
    pub marker_key: MarkerKey,
    /// What of the environment of whoever asked its steps get to see.
    pub user: UserEnvironment,
}

/// Where the runs of all projects have their folders.
#[derive(Clone, Debug)]
pub struct RunFolders {
    root: PathBuf,
}

/// Performs the effects of runs with processes of this machine.
pub struct RunPerformer {
    folders: RunFolders,
    roles: Roles,
    clock: Arc<dyn Clock>,
    sink: Option<LogSink>,
    executors: Mutex<BTreeMap<StreamId, ProcessExecutor>>,
}

impl RunFolders {
    /// Returns the folders below the state's root.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Returns the stream of a project's run.
    pub fn stream(project: &str, run: &str) -> StreamId {
        StreamId::new("run", format_args!("{project}/{run}"))
    }

    /// Returns the folder that holds the runs of a project.
    pub fn runs(&self, project: &str) -> PathBuf {
        self.root.join("projects").join(project).join("runs")
    }

    /// Returns the folder of the run with the stream `run/PROJECT/ID`.
    pub fn of(&self, stream: &StreamId) -> PathBuf {
        let (project, run) = stream.rest().rsplit_once('/').unwrap_or(("", stream.rest()));
        self.runs(project).join(run)
    }

    /// Returns what a run uploaded.
    pub fn artifacts(&self, stream: &StreamId) -> ArtifactStore {
        ArtifactStore::new(self.of(stream).join("artifacts"))
    }

    /// Writes what another process needs to take the run up.
    ///
    /// # Errors
    /// Returns what the file system said.
    pub fn prepare(&self, stream: &StreamId, record: &RunRecord, secrets: &BTreeMap<String, Secret>) -> io::Result<()> {
        let folder = self.of(stream);
        fs::create_dir_all(&folder)?;
        if !secrets.is_empty() {
            let exposed: BTreeMap<&str, &str> = secrets
                .iter()
                .map(|(name, secret)| (name.as_str(), secret.expose()))
                .collect();
            let file = fs::OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(folder.join("secrets.json"))?;
            serde_json::to_writer(file, &exposed)?;
        }
        fs::write(folder.join("run.json"), serde_json::to_vec_pretty(record)?)
    }

    /// Writes what the run is to be begun with, for whoever begins it later.
    ///
    /// # Errors
    /// Returns what the file system said.
    pub fn keep_start(&self, stream: &StreamId, start: &RunStart) -> io::Result<()> {
        fs::write(self.of(stream).join("start.json"), serde_json::to_vec(start)?)
    }

    /// Returns what the run is to be begun with.
    ///
    /// # Errors
    /// Returns what the file system said.
    pub fn start(&self, stream: &StreamId) -> io::Result<RunStart> {
        Ok(serde_json::from_slice(&fs::read(self.of(stream).join("start.json"))?)?)
    }

    /// Returns what an executor needs to know of a run.
    ///
    /// # Errors
    /// Returns what the file system said.
    pub fn record(&self, stream: &StreamId) -> io::Result<RunRecord> {
        Ok(serde_json::from_slice(&fs::read(self.of(stream).join("run.json"))?)?)
    }

    /// Removes the secrets of a run that is over.
    pub fn forget_secrets(&self, stream: &StreamId) {
        match fs::remove_file(self.of(stream).join("secrets.json")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, %stream, "the secrets of a run that is over could not be removed");
            }
            _ => {}
        }
    }

    fn caches(&self, stream: &StreamId) -> PathBuf {
        let project = stream.rest().rsplit_once('/').map_or("", |(project, _)| project);
        self.root.join("projects").join(project).join("caches")
    }
}

impl RunPerformer {
    /// Returns a performer for runs below the folders.
    pub fn new(folders: RunFolders, roles: Roles, clock: Arc<dyn Clock>) -> Self {
        Self {
            folders,
            roles,
            clock,
            sink: None,
            executors: Mutex::default(),
        }
    }

    /// Sends the live lines of all runs to `sink`.
    #[must_use]
    pub fn with_sink(mut self, sink: LogSink) -> Self {
        self.sink = Some(sink);
        self
    }

    /// Gives a run its executor, with secrets that are kept in memory only.
    ///
    /// # Errors
    /// Returns why the run's folder cannot be used.
    pub fn register(&self, stream: &StreamId, record: &RunRecord, secrets: BTreeMap<String, Secret>) -> io::Result<()> {
        let executor = ProcessExecutor::new(self.options(stream, record, secrets))?;
        self.executors().insert(stream.clone(), executor);
        Ok(())
    }

    fn options(&self, stream: &StreamId, record: &RunRecord, secrets: BTreeMap<String, Secret>) -> ExecutorOptions {
        let home = self.folders.of(stream);
        let path = record.directory.clone();
        ExecutorOptions {
            artifacts: home.join("artifacts"),
            caches: self.folders.caches(stream),
            home,
            roles: self.roles.clone(),
            source: match &record.commit {
                Some(sha) => Source::Commit { path, sha: sha.clone() },
                None => Source::WorkingTree { path },
            },
            secrets,
            marker_key: record.marker_key.clone(),
            repository: record.repository.clone(),
            event: record.event.clone(),
            user: record.user.clone(),
            debug: if record.debug { Debug::Shown } else { Debug::Hidden },
            system: if record.system_changes {
                SystemChanges::Allowed
            } else {
                SystemChanges::Refused
            },
            sink: self.sink.clone(),
        }
    }

    fn executor(&self, stream: &StreamId) -> io::Result<ProcessExecutor> {
        // Made under the lock: effects begin together, and two must not make one folder at once.
        let mut executors = self.executors();
        if let Some(executor) = executors.get(stream) {
            return Ok(executor.clone());
        }
        let record = self.folders.record(stream)?;
        let secrets = secrets(&self.folders.of(stream))?;
        let executor = ProcessExecutor::new(self.options(stream, &record, secrets))?;
        executors.insert(stream.clone(), executor.clone());
        Ok(executor)
    }

    fn executors(&self) -> std::sync::MutexGuard<'_, BTreeMap<StreamId, ProcessExecutor>> {
        self.executors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn secrets(folder: &Path) -> io::Result<BTreeMap<String, Secret>> {
    match fs::read(folder.join("secrets.json")) {
        Ok(text) => Ok(serde_json::from_slice(&text)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(error),
    }
}

impl Performer<Run> for RunPerformer {
    async fn perform(&self, task: Task<Run>) {
        if let RunEffect::Wake(wake) = &task.effect {
            wait_until(&*self.clock, wake).await;
            return task.inputs.send(RunInput::Woken { key: task.key });
        }
        match self.executor(&task.stream) {
            Ok(executor) => executor.perform(&task.key, &task.effect, task.inputs.sender()).await,
            Err(error) => {
                tracing::error!(%error, stream = %task.stream, "the run's folder cannot be used; trying again");
            }
        }
    }

    async fn sweep(&self, _stream: &StreamId, _effects: &BTreeMap<EffectKey, RunEffect>) {}

    /// Lets the executor go, with the secrets that it knows and those that its steps made known.
    fn forget(&self, stream: &StreamId) {
        self.executors().remove(stream);
        self.folders.forget_secrets(stream);
        if let Err(error) = RunFolder::forget_secrets(&self.folders.of(stream)) {
            tracing::warn!(%error, %stream, "what a run that is over kept to itself could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    #[test]
    fn effects_that_begin_together_have_one_executor() {
        let folder = tempfile::tempdir().unwrap();
        let folders = RunFolders::new(folder.path());
        let stream = RunFolders::stream("shop", "1");
        let record = RunRecord {
            directory: folder.path().to_owned(),
            commit: None,
            repository: "octo/shop".into(),
            event: "{}".into(),
            system_changes: false,
            debug: false,
            marker_key: MarkerKey::default(),
            user: UserEnvironment {
                path: "/usr/bin".into(),
                home: folder.path().to_owned(),
                lang: "C".into(),
                user: "tester".into(),
                shell: None,
            },
        };
        folders.prepare(&stream, &record, &BTreeMap::new()).unwrap();
        let performer = RunPerformer::new(
            folders,
            Roles::standard("/nowhere".into()),
            Arc::new(SystemClock::new()),
        );
        std::thread::scope(|scope| {
            let begun: Vec<_> = (0..16)
                .map(|_| scope.spawn(|| performer.executor(&stream).map(drop)))
                .collect();
            for effect in begun {
                effect.join().unwrap().unwrap();
            }
        });
    }
}
