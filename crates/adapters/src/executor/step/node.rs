//! A JavaScript action, run by the Node that is installed.

use std::path::{Component, Path};

use lockgate_pipeline::action::ActionRuns;
use lockgate_pipeline::run::effect::Phase;

use super::begin::Command;
use crate::executor::action::definition_in;
use crate::executor::builtin::POST;
use crate::executor::run::Run;
use crate::executor::shell::find_program;
use crate::executor::workspace::JobFolder;

/// The script of an action.
pub(super) struct Wanted<'a> {
    pub(super) phase: Phase,
    pub(super) directory: &'a Path,
    pub(super) entry: &'a str,
    pub(super) version: u32,
}

/// Returns how the action is started, or why it cannot be, in words.
pub(super) async fn command(run: &Run, job: &JobFolder, wanted: &Wanted<'_>, path: &str) -> Result<Command, String> {
    let entry = Path::new(wanted.entry);
    let leads_out = entry
        .components()
        .any(|c| !matches!(c, Component::Normal(_) | Component::CurDir));
    let script = wanted.directory.join(entry);
    if leads_out || !script.is_file() {
        return Err(format!(
            "the action in {} names the script `{}`, which is not a file in it: build the action and check the file in",
            wanted.directory.display(),
            wanted.entry
        ));
    }
    let Some(program) = find_program("node", path) else {
        return Err(format!(
            "the action asks for Node {}, and there is no `node` on the PATH: install it, or bring it with an earlier step",
            wanted.version
        ));
    };
    let mut heading = match wanted.phase {
        Phase::Main => vec![format!("##[group]Run {}", reference(job, wanted.directory))],
        Phase::Post => vec![POST.to_owned()],
    };
    match run.node_version(&program).await {
        Some(installed) if installed < wanted.version => heading.push(format!(
            "the action asks for Node {}; Node {installed} is installed and is used",
            wanted.version
        )),
        _ => {}
    }
    if wanted.phase == Phase::Main {
        heading.push("##[endgroup]".to_owned());
    }
    let mut warnings = Vec::new();
    if wanted.phase == Phase::Main && has_pre(wanted.directory) {
        warnings.push(format!(
            "`pre` execution is not supported for local action from '{}'",
            reference(job, wanted.directory)
        ));
    }
    Ok(Command {
        program,
        arguments: vec![script.to_string_lossy().into_owned()],
        folder: job.workspace(),
        heading,
        warnings,
        script: None,
    })
}

/// GitHub prepares actions before the first step, when an action of the workspace is not there yet.
fn has_pre(directory: &Path) -> bool {
    let definition = definition_in(directory, &directory.to_string_lossy()).ok().flatten();
    definition.is_some_and(|definition| matches!(&definition.runs, ActionRuns::Node(node) if node.pre.is_some()))
}

/// Returns the action as the workflow names it.
fn reference(job: &JobFolder, directory: &Path) -> String {
    match directory.strip_prefix(job.workspace()) {
        Ok(inside) => format!("./{}", inside.display()),
        Err(_) => directory.display().to_string(),
    }
}
