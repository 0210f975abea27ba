//! Finds and reads the definition of a local action.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockgate_core::{Diagnostic, Severity, SourceFile};
use lockgate_pipeline::action::ActionDefinition;
use lockgate_pipeline::run::effect::JobKey;
use lockgate_pipeline::run::input::RunResult;

use super::inside::inside;
use super::run::Run;
use super::workspace::JobFolder;

/// The names under which GitHub looks for a definition, in its order.
const NAMES: [&str; 2] = ["action.yml", "action.yaml"];

/// Reads the action that `reference` names in the job's workspace.
pub(super) async fn load(run: &Arc<Run>, job: &JobKey, reference: &str) -> RunResult {
    let (run, job, reference) = (Arc::clone(run), job.clone(), reference.to_owned());
    let loaded = tokio::task::spawn_blocking(move || read(&run.job_of(&job)?, &reference)).await;
    match loaded.unwrap_or_else(|panic| Err(panic.to_string())) {
        Ok((definition, directory)) => RunResult::ActionLoaded {
            definition: Arc::new(definition),
            directory: directory.to_string_lossy().into_owned(),
        },
        Err(reason) => RunResult::ActionMissing { reason },
    }
}

/// Returns the definition in a folder, or `None` when there is none; `reference` is its name in messages.
pub(super) fn definition_in(folder: &Path, reference: &str) -> Result<Option<ActionDefinition>, String> {
    for name in NAMES {
        let path = folder.join(name);
        match std::fs::read_to_string(&path) {
            Ok(text) => return parse(&text, reference, &path).map(Some),
            Err(cause) if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(cause) => return Err(format!("could not read {}: {cause}", path.display())),
        }
    }
    Ok(None)
}

fn read(job: &JobFolder, reference: &str) -> Result<(ActionDefinition, PathBuf), String> {
    let folder = inside(job.root(), &job.workspace(), reference).map_err(|error| super::job::chain(&error))?;
    if let Some(definition) = definition_in(&folder, reference)? {
        return Ok((definition, folder));
    }
    let is_empty = std::fs::read_dir(job.workspace()).map_or(true, |mut entries| entries.next().is_none());
    let remedy = if is_empty {
        "the workspace is empty: put a step with `uses: actions/checkout@v4` before it"
    } else {
        "check its path, which is relative to the top of the repository"
    };
    Err(format!(
        "there is no action.yml or action.yaml in `{reference}`: {remedy}"
    ))
}

fn parse(text: &str, reference: &str, path: &Path) -> Result<ActionDefinition, String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let file = SourceFile::new(format!("{}/{name}", reference.trim_end_matches('/')), text);
    let lowered = lockgate_dialect::github::action::lower(&file);
    lowered.action.ok_or_else(|| {
        let mistakes = lowered
            .diagnostics
            .iter()
            .filter(|found| found.severity == Severity::Error);
        mistakes.map(with_help).collect::<Vec<_>>().join("; ")
    })
}

fn with_help(found: &Diagnostic) -> String {
    let help = found.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    format!("{}{help}", found.in_one_line())
}
