//! `lockgate run`: a run driven in the foreground, in the project's own log.
//!
//! The run outlives this process: its steps are under shims, and `--resume` takes it up where it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lockgate_adapters::clock::SystemClock;
use lockgate_adapters::executor::LogEvent;
use lockgate_adapters::run::{RunFolders, RunPerformer, RunRecord};
use lockgate_core::machine::replay;
use lockgate_core::{InputId, Machine, Secret, Standing, StreamId};
use lockgate_engine::{Clock, Domain, EventLog, Handle};
use lockgate_pipeline::plan::Plan;
use lockgate_pipeline::run::{Conclusion, Limits, OnInterrupt, Run, RunInput, RunStart, Source, SourceFiles};
use lockgate_store::{Durability, SqliteLog};
use tokio::sync::mpsc;

use crate::arguments::{RunArguments, WorkflowArguments};
use crate::config;
use crate::delivery::unreadable;
use crate::exit::{Exit, Failure};
use crate::home::Home;
use crate::interrupts::Interrupts;
use crate::planning::{self, Context, Request, fresh_run};
use crate::project::Project;
use crate::render::out;
use crate::render::run::{Output, RunScreen};
use crate::{host_command, user};

pub(crate) mod again;
mod marks;

/// How long a step that is told to end may take: 7.5 seconds after the interrupt, and 2.5 after TERM, as on GitHub.
pub(crate) const GRACE: Duration = Duration::from_secs(10);

/// What drives the runs of one project in this process.
struct Workbench {
    identity: String,
    folders: RunFolders,
    performer: Arc<RunPerformer>,
    runs: Domain<Run, RunPerformer>,
    lines: mpsc::UnboundedReceiver<LogEvent>,
    signals: Interrupts,
}

pub(crate) async fn run(directory: &Path, arguments: &RunArguments, debug: bool) -> Result<Exit, Failure> {
    let project = Project::find(directory, config::project_name)?;
    let mut bench = Workbench::open(&project).await?;
    if let Some(id) = &arguments.resume {
        return bench.resume(id, arguments, debug).await;
    }
    let id = fresh_run(SystemClock::new().now().wall)?;
    let replaced = if arguments.with_replaced_jobs {
        BTreeSet::new()
    } else {
        planning::replaced_jobs(&project, arguments.workflow.workflow.as_deref())?
    };
    let request = Request {
        project: &project,
        arguments: &arguments.workflow,
        replaced,
        is_draft: false,
        run: &id,
    };
    let mut context = Context::read(&request)?;
    context.trigger.run_number = run_number(&bench.folders, &bench.identity);
    let plans = planning::plans_on(planning::candidates(&request, &context)?, &arguments.workflow.event)?;
    let (mut worst, mut last) = (Exit::Ok, Exit::Ok);
    let (mut told, mut ends) = (Vec::new(), Vec::new());
    for (number, (file, plan)) in plans.into_iter().enumerate() {
        if last == Exit::Cancelled {
            ends.push(format!("{file}: not started"));
            continue;
        }
        let id = if number == 0 {
            id.clone()
        } else {
            format!("{id}-{number}")
        };
        let record = RunRecord {
            directory: project.root.clone(),
            commit: None,
            repository: context.trigger.repository.clone(),
            event: planning::payload(&plan),
            system_changes: arguments.allow_system_changes,
            debug,
            marker_key: plan.contexts.marker_key.clone(),
            user: user::environment(),
        };
        let stream = bench.begin(&id, &record, &plan, context.secrets.clone())?;
        let start = start(plan, &record, slots(arguments.jobs));
        let handle = bench.runs.begin(&stream, start).await.map_err(unreadable)?;
        last = bench.watch(&handle, arguments, debug).await;
        told.push(bench.outcome(&handle));
        let conclusion = handle.state().conclusion();
        let end = conclusion.map_or_else(|| "not over".to_owned(), |conclusion| conclusion.to_string());
        ends.push(format!("{file}: {end}"));
        worst = if worst == Exit::Ok { last } else { worst };
    }
    if ends.len() > 1 {
        // The end of the last one alone says nothing of those before it.
        out::progress(format_args!(
            "{} workflows: {}",
            ends.len(),
            out::name(&ends.join(", "))
        ));
    }
    if arguments.json {
        out::json(&serde_json::json!({ "runs": told }));
    }
    Ok(worst)
}

/// Returns how many jobs run at once.
pub(crate) fn slots(given: Option<u32>) -> u32 {
    let cores = || std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32);
    given.unwrap_or_else(cores)
}

/// Returns the number of the next run of a project: one more than there have been.
pub(crate) fn run_number(folders: &RunFolders, identity: &str) -> u64 {
    let runs = std::fs::read_dir(folders.runs(identity));
    1 + runs.map_or(0, |runs| runs.count() as u64)
}

/// Returns the start of a run of a plan.
pub(crate) fn start(plan: Arc<Plan>, record: &RunRecord, slots: u32) -> RunStart {
    let files = match &record.commit {
        Some(sha) => SourceFiles::Commit(sha.clone()),
        None => SourceFiles::WorkingTree,
    };
    RunStart {
        plan,
        limits: Limits::slots(slots),
        source: Arc::new(Source {
            directory: record.directory.display().to_string(),
            files,
        }),
        on_interrupt: OnInterrupt::Fail,
        grace: GRACE,
    }
}

/// Returns how a run's end is said to the shell.
pub(crate) fn exit_of(run: &Run) -> Exit {
    match run.conclusion() {
        Some(Conclusion::Success) => Exit::Ok,
        Some(Conclusion::Failure) => Exit::Failed,
        Some(Conclusion::Cancelled) => Exit::Cancelled,
        None => Exit::Unavailable,
    }
}

/// Returns the identity of a project for its runs; a folder without a repository has its path's.
pub(crate) fn identity(project: &Project) -> String {
    project.identity.clone().unwrap_or_else(|| {
        use sha2::Digest;
        let digest = sha2::Sha256::digest(project.root.as_os_str().as_encoded_bytes());
        format!("folder-{}", lockgate_adapters::tree::hex(&digest[..8]))
    })
}

impl Workbench {
    async fn open(project: &Project) -> Result<Self, Failure> {
        let home = Home::find()?;
        let identity = identity(project);
        Home::create(&home.project(&identity))?;
        let log = SqliteLog::open(&home.runs_log(&identity), Durability::Process)
            .await
            .map_err(unreadable)?;
        let log: Arc<dyn EventLog> = Arc::new(log);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let folders = RunFolders::new(home.folder());
        let (sink, lines) = mpsc::unbounded_channel();
        let performer = RunPerformer::new(folders.clone(), host_command::roles()?, Arc::clone(&clock));
        let performer = Arc::new(performer.with_sink(sink));
        let runs = Domain::idle(log, clock, Arc::clone(&performer));
        Ok(Self {
            identity,
            folders,
            performer,
            runs,
            lines,
            signals: Interrupts::listen()?,
        })
    }

    /// Makes the run's folder; its secrets stay in memory.
    fn begin(
        &self,
        id: &str,
        record: &RunRecord,
        plan: &Plan,
        secrets: BTreeMap<String, Secret>,
    ) -> Result<StreamId, Failure> {
        let stream = RunFolders::stream(&self.identity, id);
        let unusable = |error| Failure::unavailable("cannot make the run's folder").because(&error);
        self.folders
            .prepare(&stream, record, &BTreeMap::new())
            .map_err(unusable)?;
        marks::keep(&self.folders.of(&stream), &marks::of(stream.as_str(), &secrets)).map_err(unusable)?;
        marks::keep_spoken(&self.folders.of(&stream), &marks::spoken(plan, &secrets)).map_err(unusable)?;
        self.performer.register(&stream, record, secrets).map_err(unusable)?;
        Ok(stream)
    }

    async fn resume(&mut self, id: &str, arguments: &RunArguments, debug: bool) -> Result<Exit, Failure> {
        let streams = self.runs.streams().await.map_err(unreadable)?;
        let stream = match id {
            "last" => streams.last().cloned(),
            id => Some(RunFolders::stream(&self.identity, id)).filter(|stream| streams.contains(stream)),
        };
        let stream = stream.ok_or_else(|| {
            Failure::usage(format!("there is no run `{id}`"))
                .help("the runs are the folders below `projects/…/runs` of the state")
        })?;
        let unknown = || Failure::usage(format!("there is no run `{id}`"));
        self.take_up(&stream, &arguments.workflow).await?;
        let handle = self.runs.get(&stream).await.map_err(unreadable)?.ok_or_else(unknown)?;
        if handle.states().borrow().standing() == Standing::Over {
            out::progress(format_args!(
                "the run `{}` is over, and this is how it ended",
                stream.rest()
            ));
        }
        let exit = self.watch(&handle, arguments, debug).await;
        if arguments.json {
            out::json(&serde_json::json!({ "runs": [self.outcome(&handle)] }));
        }
        Ok(exit)
    }

    /// Gives an interrupted run its executor back, with the secrets that its output is masked by.
    async fn take_up(&self, stream: &StreamId, arguments: &WorkflowArguments) -> Result<(), Failure> {
        let events = self.runs.events(stream).await.map_err(unreadable)?;
        let Some(run) = replay::<Run>(stream.clone().into(), &events) else {
            return Ok(());
        };
        let secrets = planning::secrets(arguments)?;
        let unusable = |error| Failure::unavailable("cannot read the run's folder").because(&error);
        if run.standing() == Standing::Over {
            let spoken = marks::read_spoken(&self.folders.of(stream)).map_err(unusable)?;
            return marks::refuse_unhidden(&spoken, &marks::spoken(run.plan(), &secrets));
        }
        let record = self.folders.record(stream).map_err(unusable)?;
        let planned = &run.plan().contexts.secrets;
        let kept = marks::read(&self.folders.of(stream)).map_err(unusable)?;
        marks::refuse_others(stream.as_str(), &kept, planned, &secrets)?;
        self.performer.register(stream, &record, secrets).map_err(unusable)
    }

    /// Shows the run until it is over. The first interrupt cancels it cleanly, the second ends it at once.
    async fn watch(&mut self, handle: &Handle<Run>, arguments: &RunArguments, debug: bool) -> Exit {
        let logs = self.folders.of(handle.stream()).join("logs");
        let output = if debug {
            Output::Shown
        } else {
            Output::fitting(arguments.progress)
        };
        let mut screen = RunScreen::new(arguments.progress, output, logs, again::options(&arguments.workflow));
        let mut states = handle.states();
        let mut interrupts = 0;
        loop {
            let run = states.borrow_and_update().clone();
            screen.update(&run);
            if run.standing() == Standing::Over {
                break;
            }
            tokio::select! {
                changed = states.changed() => if changed.is_err() {
                    out::progress("another process has taken this run up, and it goes on there; `lockgate run --resume` brings it back");
                    break;
                },
                Some(line) = self.lines.recv() => screen.log(line),
                () = self.signals.next() => {
                    interrupts += 1;
                    interrupt(handle, interrupts).await;
                }
            }
        }
        while let Ok(line) = self.lines.try_recv() {
            screen.log(line);
        }
        let run = handle.state();
        screen.finish(&run);
        exit_of(&run)
    }

    fn outcome(&self, handle: &Handle<Run>) -> serde_json::Value {
        outcome(&handle.state(), &self.folders.of(handle.stream()).join("logs"))
    }
}

async fn interrupt(handle: &Handle<Run>, count: u32) {
    let by = user::name();
    let (input, words) = match count {
        1 => (RunInput::Cancel { by }, "cancelling; a second Ctrl-C ends it at once"),
        _ => (RunInput::Kill { by }, "ending it at once"),
    };
    out::progress(words);
    let id = InputId(format!("interrupt-{}-{count}", handle.stream()));
    if let Err(error) = handle.submit(input, id).await {
        out::progress(error);
    }
}

/// Returns how the run ended, for scripts; without secrets in what is made of the workflow's words.
pub(crate) fn outcome(run: &Run, logs: &Path) -> serde_json::Value {
    let jobs: Vec<_> = run
        .jobs()
        .map(|job| {
            let status = match job.status() {
                lockgate_pipeline::run::JobStatus::Over { conclusion, .. } => conclusion.to_string(),
                other => format!("{other:?}").to_lowercase(),
            };
            let outputs: Option<BTreeMap<_, _>> = job
                .outputs()
                .map(|outputs| outputs.iter().map(|(name, value)| (name, out::hidden(value))).collect());
            serde_json::json!({
                "job": out::hidden(job.key().as_str()), "name": out::hidden(job.name()), "conclusion": status,
                "reason": job.reason().map(out::hidden), "outputs": outputs,
            })
        })
        .collect();
    let artifacts: Vec<_> = run
        .artifacts()
        .map(|artifact| {
            serde_json::json!({ "name": out::hidden(&artifact.name), "digest": artifact.digest, "size": artifact.size })
        })
        .collect();
    serde_json::json!({
        "run": run.id(), "conclusion": run.conclusion(), "jobs": jobs, "logs": logs,
        "artifacts": artifacts,
    })
}
