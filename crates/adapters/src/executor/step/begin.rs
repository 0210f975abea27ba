//! Begins a step: environment, files, script, and the shim that runs it.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lockgate_host::durable::Durability;
use lockgate_host::shim::{self, AttemptSpec, AttemptState, Ending, Leftovers};
use lockgate_pipeline::run::effect::{AttemptBody, StepAttempt};
use sha2::{Digest as _, Sha256};

use super::node;
use super::passable::{self, Impassable};
use super::record::{self, StepRecord};
use crate::executor::files::StepFiles;
use crate::executor::hash_files::hexadecimal;
use crate::executor::run::Run;
use crate::executor::secrets::RevealError;
use crate::executor::shell::{Shell, ShellError};
use crate::executor::workspace::JobFolder;
use crate::executor::workspace::variables::{Parts, assemble};

/// The variables that workflow commands read.
const SWITCHES: [&str; 2] = [
    "ACTIONS_ALLOW_UNSECURE_COMMANDS",
    "ACTIONS_ALLOW_UNSECURE_STOPCOMMAND_TOKENS",
];

/// The variable by which processes are found that a step left running, as with GitHub's runner: one that takes it away
/// and leaves the session means to outlive its job.
const TRACKING: &str = "RUNNER_TRACKING_ID";

/// Why a step cannot be begun; the whole of it in one sentence, for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum BeginError {
    #[error(transparent)]
    Secret(#[from] RevealError),
    #[error(transparent)]
    Shell(#[from] ShellError),
    #[error(transparent)]
    Environment(#[from] Impassable),
    #[error("{0}")]
    Node(String),
    #[error("could not prepare the step: {0}")]
    Prepare(#[from] io::Error),
    #[error("could not start the step: {0}")]
    Spawn(String),
}

/// What runs, in which environment and folder.
pub(super) struct Command {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
    pub(super) folder: PathBuf,
    pub(super) heading: Vec<String>,
    /// What has no effect, for the log and the annotations.
    pub(super) warnings: Vec<String>,
    pub(super) script: Option<PathBuf>,
}

/// Begins the step unless somebody has; to be called under the attempt's lock.
pub(super) async fn begin(run: &Run, step: &StepAttempt) -> Result<StepRecord, BeginError> {
    let attempt = run.folder.attempt(step.attempt.as_str());
    let begun = !matches!(shim::observe(&attempt)?, AttemptState::Absent | AttemptState::Claimed);
    if begun && let Some(record) = StepRecord::read(run, &step.attempt) {
        return Ok(record);
    }
    let job = run.job(&step.directory);
    let mut env = environment(run, step, &job)?;
    env.entry(TRACKING.to_owned()).or_insert_with(|| tracking_id(&attempt));
    passable::check(&env)?;
    let command = command(run, step, &job, &env).await?;
    let record = StepRecord {
        attempt: step.attempt.clone(),
        job: step.job.clone(),
        directory: step.directory.clone(),
        path: step.path.clone(),
        name: run.hidden_name(&step.name),
        log: record::log_name(run, step),
        heading: command.heading,
        warnings: command.warnings,
        switches: SWITCHES
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), env.get(*name)?.clone())))
            .collect(),
        script: command.script,
    };
    record.write(run)?;
    let raw = record.raw(run);
    create_private(&raw)?;
    let spec = AttemptSpec {
        id: step.attempt.to_string(),
        program: command.program,
        args: command.arguments,
        env,
        working_directory: command.folder,
        stdout: raw.clone(),
        stderr: raw,
        grace: Duration::from_secs(10),
        ending: Ending::Interrupt,
        leftovers: Leftovers::Leave,
        trace: Some(format!("{TRACKING}={}", tracking_id(&attempt))),
        durability: Durability::Process,
    };
    let spawned = shim::spawn(&run.options.roles, &attempt, &spec).await;
    spawned.map_err(|error| BeginError::Spawn(crate::executor::job::chain(&error)))?;
    Ok(record)
}

fn environment(run: &Run, step: &StepAttempt, job: &JobFolder) -> Result<BTreeMap<String, String>, BeginError> {
    let refusals = run.refusals();
    let all = assemble(Parts {
        user: &run.options.user,
        job,
        workflow: &step.env,
        path: &step.path_additions,
        refusals: refusals.as_deref(),
        debug: run.options.debug,
    });
    let mut revealed = BTreeMap::new();
    for (name, value) in all {
        revealed.insert(name, run.reveal(&step.directory, &value)?);
    }
    let files = StepFiles::of(&job.temp(), step.attempt.as_str());
    files.create()?;
    for (name, path) in files.variables() {
        revealed.insert(name.to_owned(), path.to_string_lossy().into_owned());
    }
    Ok(revealed)
}

/// Returns what no other attempt on this machine has.
fn tracking_id(attempt: &Path) -> String {
    let digest = Sha256::digest(attempt.as_os_str().as_encoded_bytes());
    format!("github_{}", hexadecimal(&digest[..16]))
}

async fn command(
    run: &Run,
    step: &StepAttempt,
    job: &JobFolder,
    env: &BTreeMap<String, String>,
) -> Result<Command, BeginError> {
    let path = env.get("PATH").map_or("", String::as_str);
    match &step.body {
        AttemptBody::Run {
            script,
            shell,
            working_directory,
        } => {
            let shell = Shell::resolve(shell.as_deref(), path)?;
            let file = job.temp().join(format!("{}{}", step.attempt, shell.extension()));
            write_script(&file, &shell.script(&run.reveal(&step.directory, script)?))?;
            let invocation = shell.invoke(&file)?;
            let folder = run.reveal(&step.directory, working_directory.as_deref().unwrap_or_default())?;
            Ok(Command {
                program: invocation.program,
                arguments: invocation.arguments,
                folder: job.workspace().join(folder),
                heading: heading(&run.secrets.hide(script), &invocation.shown),
                warnings: Vec::new(),
                script: Some(file),
            })
        }
        AttemptBody::Node {
            directory,
            entry,
            version,
            phase,
        } => {
            let wanted = node::Wanted {
                phase: *phase,
                directory: Path::new(directory),
                entry,
                version: *version,
            };
            node::command(run, job, &wanted, path).await.map_err(BeginError::Node)
        }
        AttemptBody::Builtin { .. } => unreachable!("a built-in action is not begun as a process"),
    }
}

/// The lines that GitHub writes before a script's output.
fn heading(script: &str, shell: &str) -> Vec<String> {
    let text = script.replace("\r\n", "\n");
    let first = text.trim_start().lines().next().unwrap_or_default();
    let mut lines = vec![format!("##[group]Run {first}")];
    lines.extend(text.trim_end_matches('\n').split('\n').map(str::to_owned));
    lines.push(format!("shell: {shell}"));
    lines.push("##[endgroup]".to_owned());
    lines
}

fn write_script(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o700)
        .open(path)?;
    file.write_all(text.as_bytes())
}

fn create_private(path: &Path) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    Ok(())
}
