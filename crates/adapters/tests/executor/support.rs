//! A run on this machine, in a temporary folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lockgate_adapters::executor::shell::find_program;
use lockgate_adapters::executor::{Debug, ExecutorOptions, ProcessExecutor, Source, SystemChanges, UserEnvironment};
use lockgate_core::{EffectKey, Secret};
use lockgate_host::Roles;
use lockgate_host::shim::{self, AttemptState};
use lockgate_pipeline::builtin::BuiltinAction;
use lockgate_pipeline::expression::secret::MarkerKey;
use lockgate_pipeline::run::effect::{
    AttemptBody, AttemptId, JobKey, Phase, RunEffect, StepAttempt, StepPath, Stop, Workspace, WorkspaceWant,
};
use lockgate_pipeline::run::environment::{Environment, Variables};
use lockgate_pipeline::run::input::{RunInput, RunResult, StepEnd, StepExit, WorkspacePlace};
use lockgate_pipeline::run::{self, StopReason};
use tokio::sync::mpsc;

/// What takes longer has failed.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) fn marker_key() -> MarkerKey {
    MarkerKey::new("0a1b")
}

/// Returns what stands for a secret of the run.
pub(crate) fn marker(name: &str) -> String {
    marker_key().marker(name)
}

pub(crate) struct Fixture {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) options: ExecutorOptions,
    pub(crate) executor: ProcessExecutor,
    steps: usize,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::with(|_| ())
    }

    pub(crate) fn with(change: impl FnOnce(&mut ExecutorOptions)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for path in ["home", "source"] {
            std::fs::create_dir(root.join(path)).unwrap();
        }
        let mut options = ExecutorOptions {
            home: root.join("run"),
            roles: roles(),
            source: Source::WorkingTree {
                path: root.join("source"),
            },
            secrets: BTreeMap::new(),
            marker_key: marker_key(),
            repository: "octo/hello".into(),
            event: "{\"action\":\"opened\"}".into(),
            artifacts: root.join("run/artifacts"),
            caches: root.join("caches"),
            user: UserEnvironment {
                path: std::env::var("PATH").unwrap(),
                home: root.join("home"),
                lang: "C.UTF-8".into(),
                user: "tester".into(),
                shell: None,
            },
            debug: Debug::Hidden,
            system: SystemChanges::Refused,
            sink: None,
        };
        change(&mut options);
        let executor = ProcessExecutor::new(options.clone()).unwrap();
        Self {
            folder,
            options,
            executor,
            steps: 0,
        }
    }

    pub(crate) fn with_secrets(secrets: &[(&str, &str)]) -> Self {
        Self::with(|options| {
            for (name, value) in secrets {
                options.secrets.insert((*name).into(), Secret::new(*value));
            }
        })
    }

    /// Forgets all that is in memory, as a new process does.
    pub(crate) fn restart(&mut self) {
        self.executor = ProcessExecutor::new(self.options.clone()).unwrap();
    }

    pub(crate) fn source(&self) -> PathBuf {
        self.options.source.path().to_owned()
    }

    pub(crate) async fn prepare(&self, job: &str) -> WorkspacePlace {
        match self.workspace(job, WorkspaceWant::Prepare).await {
            RunResult::WorkspaceReady(place) => *place,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn remove(&self, job: &str) {
        assert_eq!(
            self.workspace(job, WorkspaceWant::Remove).await,
            RunResult::WorkspaceRemoved
        );
    }

    async fn workspace(&self, job: &str, want: WorkspaceWant) -> RunResult {
        let effect = RunEffect::Workspace(Workspace {
            job: JobKey::new(job),
            directory: job.into(),
            labels: Vec::new(),
            want,
        });
        self.results(&format!("workspace/{job}"), &effect).await.remove(0)
    }

    pub(crate) fn attempt(&mut self, job: &str, body: AttemptBody) -> StepAttempt {
        self.steps += 1;
        let path = StepPath::top(self.steps);
        StepAttempt {
            attempt: AttemptId::new("run", job, &path, 1),
            job: JobKey::new(job),
            directory: job.into(),
            path,
            name: "a step".into(),
            body,
            env: Environment::default(),
            path_additions: Arc::new(Vec::new()),
            source: Arc::new(run::Source {
                directory: self.source().to_string_lossy().into_owned(),
                files: run::SourceFiles::WorkingTree,
            }),
        }
    }

    pub(crate) async fn perform(&self, step: StepAttempt) -> StepEnd {
        let key = format!("step/{}/{}#1", step.job, step.path);
        let mut results = self.results(&key, &RunEffect::Step(Arc::new(step))).await;
        assert_eq!(results[0], RunResult::StepStarted, "{results:?}");
        match results.pop() {
            Some(RunResult::StepEnded(end)) => *end,
            other => panic!("{other:?}"),
        }
    }

    /// Runs a script in the job `build`.
    pub(crate) async fn sh(&mut self, script: &str) -> StepEnd {
        let step = self.attempt("build", self::script(script));
        self.perform(step).await
    }

    /// Runs a script in the job `build`, and returns its log without the heading.
    pub(crate) async fn log(&mut self, script: &str) -> String {
        self.log_in("build", script).await
    }

    /// Runs a script, and returns its log without the heading.
    pub(crate) async fn log_in(&mut self, job: &str, script: &str) -> String {
        let step = self.attempt(job, self::script(script));
        let path = self.executor.log_of(&step);
        self.perform(step).await;
        body_of(&path)
    }

    /// Runs a built-in action in the job `build`.
    pub(crate) async fn uses(&mut self, action: BuiltinAction, inputs: &[(&str, &str)]) -> StepEnd {
        let step = self.attempt("build", builtin(action, inputs));
        self.perform(step).await
    }

    pub(crate) async fn stop(&self, step: &StepAttempt, grace: Duration) -> StepEnd {
        self.stop_for(step, grace, StopReason::Cancelled { by: "tester".into() })
            .await
    }

    pub(crate) async fn stop_for(&self, step: &StepAttempt, grace: Duration, why: StopReason) -> StepEnd {
        let key = format!("step/{}/{}#1", step.job, step.path);
        let stop = RunEffect::Stop(Stop {
            attempt: step.attempt.clone(),
            job: step.job.clone(),
            grace,
            why,
        });
        match self.results(&key, &stop).await.pop() {
            Some(RunResult::StepEnded(end)) => *end,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn results(&self, key: &str, effect: &RunEffect) -> Vec<RunResult> {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let name = EffectKey::new(key);
        let performing = self.executor.perform(&name, effect, &sender);
        tokio::time::timeout(PATIENCE, performing)
            .await
            .expect("within a minute");
        let mut last = 0;
        std::iter::from_fn(|| receiver.try_recv().ok())
            .map(|input| match input {
                RunInput::Result { stamp, result } => {
                    assert_eq!(stamp.key.as_str(), key);
                    assert!(stamp.sequence > last, "results are told in order");
                    last = stamp.sequence;
                    result
                }
                other => panic!("{other:?}"),
            })
            .collect()
    }
}

impl Drop for Fixture {
    /// A failed test leaves no step running.
    fn drop(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(10);
        for entry in std::fs::read_dir(self.options.home.join("attempts"))
            .into_iter()
            .flatten()
        {
            let attempt = entry.unwrap().path();
            let _ = shim::stop(&attempt, Duration::ZERO);
            while matches!(shim::observe(&attempt), Ok(AttemptState::Running { .. })) && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(2));
            }
            let _ = shim::sweep(&attempt);
        }
    }
}

/// Returns a `run` body with the default shell.
pub(crate) fn script(script: &str) -> AttemptBody {
    AttemptBody::Run {
        script: script.into(),
        shell: None,
        working_directory: None,
    }
}

/// Returns a `run` body with a shell.
pub(crate) fn script_in(shell: &str, script: &str) -> AttemptBody {
    AttemptBody::Run {
        script: script.into(),
        shell: Some(shell.into()),
        working_directory: None,
    }
}

pub(crate) fn builtin(action: BuiltinAction, inputs: &[(&str, &str)]) -> AttemptBody {
    AttemptBody::Builtin {
        action,
        inputs: pairs(inputs),
        state: BTreeMap::new(),
        phase: Phase::Main,
    }
}

pub(crate) fn pairs<M: FromIterator<(String, String)>>(entries: &[(&str, &str)]) -> M {
    entries
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()))
        .collect()
}

pub(crate) fn environment(entries: &[(&str, &str)]) -> Environment {
    Environment::of([Arc::new(pairs::<Variables>(entries))])
}

#[track_caller]
pub(crate) fn succeeded(end: &StepEnd) {
    assert_eq!(end.exit, StepExit::Success, "{end:?}");
}

#[track_caller]
pub(crate) fn failed(end: &StepEnd, words: &str) {
    assert!(matches!(end.exit, StepExit::Failure { .. }), "{end:?}");
    let reason = end.reason.as_deref().unwrap_or_default();
    assert!(reason.contains(words), "{reason}");
}

/// Returns a log without its heading.
pub(crate) fn body_of(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    match text.split_once("##[endgroup]\n") {
        Some((_, body)) => body.to_owned(),
        None => text,
    }
}

/// Returns when the condition holds; looks often, and not for ever.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "{what} did not come about");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Returns the number that a step wrote into a file.
pub(crate) async fn number_in(path: &Path) -> i32 {
    let read = || std::fs::read_to_string(path).ok()?.trim().parse().ok();
    until("a number in a file", || read().is_some()).await;
    read().unwrap()
}

pub(crate) fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(") ").next().unwrap_or_default();
    !stat.is_empty() && !state.starts_with('Z')
}

pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.com",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(["-c", "init.defaultBranch=main", "-C"])
        .arg(folder)
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Returns every file below a folder with its bytes.
pub(crate) fn all_files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            files.extend(all_files(&path));
        } else if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            files.push((path, bytes));
        }
    }
    files
}

/// Returns whether a program is there; `cargo xtask test` says what is left out without it.
pub(crate) fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    find_program(program, &path.to_string_lossy()).is_some()
}

fn roles() -> Roles {
    let mut folder = std::env::current_exe().unwrap();
    folder.pop();
    folder.pop();
    let shim = folder.join("examples/executor_shim");
    assert!(
        shim.exists(),
        "{} is not there; `cargo test -p lockgate-adapters` builds it",
        shim.display()
    );
    Roles::standard(shim)
}
