//! A JavaScript action, run by the Node that is installed.

use std::path::{Component, Path};

use super::begin::Command;
use crate::executor::run::Run;
use crate::executor::shell::find_program;
use crate::executor::workspace::JobFolder;

/// The script of an action.
pub(super) struct Wanted<'a> {
    pub(super) name: &'a str,
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
    let mut heading = vec![format!("##[group]Run {}", run.secrets.hide(wanted.name))];
    match run.node_version(&program).await {
        Some(installed) if installed < wanted.version => heading.push(format!(
            "the action asks for Node {}; Node {installed} is installed and is used",
            wanted.version
        )),
        _ => {}
    }
    heading.push("##[endgroup]".to_owned());
    Ok(Command {
        program,
        arguments: vec![script.to_string_lossy().into_owned()],
        folder: job.workspace(),
        heading,
        script: None,
    })
}
