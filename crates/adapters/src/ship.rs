//! Performs the effects of ships: begins what they drive, and follows it to its end.
//!
//! A ship owns neither its run nor its rollout; both are streams of the same driver, begun under ids that derive from the
//! ship's. So beginning them again after a crash attaches.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lockgate_core::{EffectKey, InputId, Machine, ResultStamp, Sequence, Standing, StreamId};
use lockgate_delivery::environment::Actor;
use lockgate_delivery::explain::Progress;
use lockgate_delivery::{Environment, EnvironmentInput, EnvironmentStart, Intent, Release, Source};
use lockgate_engine::domain::{OpenError, decode};
use lockgate_engine::driver::Chain;
use lockgate_engine::{Clock, Domain, Fence, Handle, Inputs, Performer, SubmitError, Task};
use lockgate_pipeline::run::{Conclusion, JobStatus, Outcome, Run, RunId, RunInput};
use lockgate_ship::gate::Content;
use lockgate_ship::ship::input::{Artifact, FailedJob};
use lockgate_ship::{Effect, Report, Ship, ShipInput};

use crate::release::{Draft, ReleaseStore};
use crate::run::{RunFolders, RunPerformer};
use crate::target::process::ProcessTarget;

/// The environments of a driver.
pub type Environments = Domain<Environment, ProcessTarget>;
/// The runs of a driver.
pub type Runs = Domain<Run, RunPerformer>;

/// Performs the effects of ships with the driver's own runs and environments.
pub struct ShipPerformer {
    root: PathBuf,
    folders: RunFolders,
    runs: Arc<Runs>,
    environments: Arc<Environments>,
    clock: Arc<dyn Clock>,
    counter: AtomicU64,
}

/// Sends the reports of one effect.
struct Reporter<'a> {
    inputs: Inputs<Ship>,
    key: EffectKey,
    fence: Fence,
    counter: &'a AtomicU64,
}

impl Reporter<'_> {
    fn send(&self, report: Report) {
        let sequence = self.counter.fetch_add(1, Ordering::Relaxed) + 1;
        let stamp = ResultStamp {
            key: self.key.clone(),
            incarnation: self.fence.owner.0,
            sequence,
        };
        self.inputs.send(ShipInput::Reported { stamp, report });
    }
}

impl ShipPerformer {
    /// Returns a performer whose state is below `root`.
    pub fn new(
        root: impl Into<PathBuf>,
        runs: Arc<Runs>,
        environments: Arc<Environments>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let root = root.into();
        Self {
            folders: RunFolders::new(&root),
            root,
            runs,
            environments,
            clock,
            counter: AtomicU64::new(0),
        }
    }

    async fn run(&self, run: &RunId, reporter: &Reporter<'_>) {
        if let Some(handle) = self.begun_run(run, reporter).await {
            self.attend(&handle, reporter).await;
        }
    }

    async fn cancel(&self, run: &RunId, by: &str, reporter: &Reporter<'_>) {
        let Some(handle) = self.begun_run(run, reporter).await else {
            return;
        };
        let id = InputId(format!("{}/cancel", handle.stream()));
        match handle.submit(RunInput::Cancel { by: by.to_owned() }, id).await {
            // A run that is over, or being cancelled already, refuses; either way it ends.
            Ok(_) | Err(SubmitError::Rejected(_)) => {}
            Err(error) => return tracing::error!(error = %Chain(&error), "the run cannot be cancelled; trying again"),
        }
        self.attend(&handle, reporter).await;
    }

    /// Returns the run, begun now or before; what passes by itself is tried again later, the rest is reported.
    async fn begun_run(&self, run: &RunId, reporter: &Reporter<'_>) -> Option<Handle<Run>> {
        let stream = StreamId::new("run", run);
        match self.open_run(&stream).await {
            Ok(Ok(handle)) => Some(handle),
            Ok(Err(reason)) => {
                self.folders.forget_secrets(&stream);
                reporter.send(Report::RunRefused { reason });
                None
            }
            Err(error) => {
                tracing::error!(error = %Chain(&error), "the run cannot be opened; trying again");
                None
            }
        }
    }

    /// Returns the run, or why there can be none; an error passes by itself.
    async fn open_run(&self, stream: &StreamId) -> Result<Result<Handle<Run>, String>, OpenError> {
        if let Some(handle) = self.runs.get(stream).await? {
            return Ok(Ok(handle));
        }
        let start = match self.folders.start(stream) {
            Ok(start) => start,
            Err(error) => return Ok(Err(format!("its plan cannot be read: {error}"))),
        };
        match self.runs.begin(stream, start).await {
            Err(OpenError::Exists(_)) => match self.runs.get(stream).await? {
                Some(handle) => Ok(Ok(handle)),
                None => Err(OpenError::Exists(stream.clone())),
            },
            begun => begun.map(Ok),
        }
    }

    async fn attend(&self, handle: &Handle<Run>, reporter: &Reporter<'_>) {
        let run = handle.finished().await;
        if run.standing() != Standing::Over {
            return tracing::error!(stream = %handle.stream(), "the run's driver has stopped; attending to it again");
        }
        self.folders.forget_secrets(handle.stream());
        let artifact = |uploaded: &lockgate_pipeline::run::input::UploadedArtifact| Artifact {
            name: uploaded.name.clone(),
            digest: uploaded.digest.clone(),
        };
        reporter.send(Report::RunEnded {
            conclusion: run.conclusion().unwrap_or(Conclusion::Cancelled),
            artifacts: run.artifacts().map(artifact).collect(),
            failed_jobs: failed_jobs(&run),
        });
    }

    async fn release(&self, effect: Effect, reporter: &Reporter<'_>) {
        let Effect::Release {
            release,
            version,
            commit,
            content,
            artifact,
            run,
            configuration,
            ..
        } = effect
        else {
            return;
        };
        let stream = StreamId::new("run", &run);
        let own = configuration.clone();
        let draft = Draft {
            id: Some(release),
            version,
            commit,
            source: Source::Run(stream.to_string()),
            configuration,
        };
        let (root, folders, now) = (self.root.clone(), self.folders.clone(), self.clock.now().wall);
        let made = tokio::task::spawn_blocking(move || {
            let project = stream.rest().rsplit_once('/').map_or("", |(project, _)| project);
            let store = ReleaseStore::new(root.join("projects").join(project).join("releases"));
            let staging = folders.of(&stream).join("release");
            let draft = gather(&folders, &stream, &content, &staging, draft)?;
            let artifacts = BTreeMap::from([(artifact, staging.clone())]);
            let kept = store
                .create(draft, &artifacts, now)
                .map_err(|error| Chain(&error).to_string())?;
            // What is left of the copy is only in the way.
            let _ = fs::remove_dir_all(&staging);
            // The same content may have been released before with another configuration; this one is deployed.
            Ok::<_, String>(Release {
                configuration: own,
                ..kept.release
            })
        })
        .await;
        reporter.send(match made {
            Ok(Ok(release)) => Report::Released {
                release: Box::new(release),
            },
            Ok(Err(reason)) => Report::ReleaseRefused { reason },
            Err(error) => Report::ReleaseRefused {
                reason: error.to_string(),
            },
        });
    }

    async fn deploy(&self, wish: Wish, reporter: &Reporter<'_>) {
        let stream = StreamId::new("environment", format_args!("{}/{}", wish.project, wish.environment));
        let handle = match self.begun_environment(&stream, &wish).await {
            Ok(handle) => handle,
            Err(error) => {
                return tracing::error!(error = %Chain(&error), "the environment cannot be opened; trying again");
            }
        };
        let asked = EnvironmentInput::Asked {
            id: wish.input.clone(),
            by: wish.by,
            intent: wish.intent,
        };
        match handle.submit(asked, wish.input.clone()).await {
            Ok(_) => self.follow(&handle, &wish.input, reporter).await,
            Err(SubmitError::Rejected(refusal)) => reporter.send(Report::DeployRefused {
                reason: refusal.to_string(),
            }),
            Err(error) => tracing::error!(error = %Chain(&error), "the deploy cannot be recorded; trying again"),
        }
    }

    async fn begun_environment(&self, stream: &StreamId, wish: &Wish) -> Result<Handle<Environment>, OpenError> {
        let start = EnvironmentStart {
            project: wish.project.clone(),
            environment: wish.environment.clone(),
        };
        match self.environments.begin(stream, start).await {
            Err(OpenError::Exists(stream)) => self.environments.get(&stream).await?.ok_or(OpenError::Exists(stream)),
            other => other,
        }
    }

    async fn follow(&self, handle: &Handle<Environment>, input: &InputId, reporter: &Reporter<'_>) {
        let mut tail = self.environments.tail(handle, Sequence(0));
        let (mut progress, mut last) = (Progress::Unknown, Progress::Unknown);
        while let Ok(Some(batch)) = tail.next().await {
            for recorded in batch {
                match decode::<Environment>(handle.stream(), &recorded) {
                    Ok(event) => progress = progress.after(&event, input),
                    Err(error) => return tracing::error!(error = %Chain(&error), "the environment cannot be followed"),
                }
            }
            if progress != last {
                last = progress.clone();
                reporter.send(Report::RolloutSeen {
                    progress: progress.clone(),
                });
            }
            if matches!(last, Progress::Ended(_)) {
                return;
            }
        }
    }
}

/// What a ship asks of an environment.
struct Wish {
    input: InputId,
    project: String,
    environment: String,
    by: Actor,
    intent: Intent,
}

/// Puts what is delivered into `staging`, and returns the draft with its true source.
fn gather(
    folders: &RunFolders,
    stream: &StreamId,
    content: &Content,
    staging: &Path,
    mut draft: Draft,
) -> Result<Draft, String> {
    match fs::remove_dir_all(staging) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.to_string()),
        _ => {}
    }
    fs::create_dir_all(staging).map_err(|error| error.to_string())?;
    match content {
        Content::Artifact(name) => {
            let store = folders.artifacts(stream);
            let stored = store.find(name).map_err(|error| error.to_string())?;
            let stored = stored.ok_or_else(|| format!("the run's artifact `{name}` is not stored any more"))?;
            store
                .unpack(&stored, staging)
                .map_err(|error| Chain(&error).to_string())?;
        }
        Content::Tree => {
            let record = folders.record(stream).map_err(|error| error.to_string())?;
            crate::git::export(&record.directory, &draft.commit, staging).map_err(|error| Chain(&error).to_string())?;
            draft.source = Source::Tree;
        }
    }
    Ok(draft)
}

fn failed_jobs(run: &Run) -> Vec<FailedJob> {
    let failed = run.jobs().filter(|job| {
        matches!(
            job.status(),
            JobStatus::Over {
                conclusion: Outcome::Failure,
                ..
            }
        )
    });
    failed
        .map(|job| {
            let step = job
                .steps()
                .iter()
                .find_map(|step| Some(format!("step `{}`: {}", step.name, step.reason.as_deref()?)));
            let reason = step.or_else(|| job.reason().map(str::to_owned));
            FailedJob {
                name: job.name().to_owned(),
                reason: reason.unwrap_or_else(|| "it failed".to_owned()),
            }
        })
        .collect()
}

impl Performer<Ship> for ShipPerformer {
    async fn perform(&self, task: Task<Ship>) {
        let Task {
            key,
            effect,
            fence,
            inputs,
            ..
        } = task;
        let reporter = Reporter {
            inputs,
            key,
            fence,
            counter: &self.counter,
        };
        match effect {
            Effect::Run { run, .. } => self.run(&run, &reporter).await,
            Effect::Cancel { run, by } => self.cancel(&run, &by, &reporter).await,
            effect @ Effect::Release { .. } => self.release(effect, &reporter).await,
            Effect::Deploy {
                input,
                project,
                environment,
                by,
                intent,
            } => {
                self.deploy(
                    Wish {
                        input,
                        project,
                        environment,
                        by,
                        intent: *intent,
                    },
                    &reporter,
                )
                .await;
            }
        }
    }

    async fn sweep(&self, _stream: &StreamId, _effects: &BTreeMap<EffectKey, Effect>) {}
}
