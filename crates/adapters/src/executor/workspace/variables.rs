//! The environment of a step: the user's few, GitHub's, the workflow's, and nothing ambient.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lockgate_pipeline::run::environment::Environment;

use super::JobFolder;
use crate::executor::interpreter::Debug;

/// The name of the runner.
pub const RUNNER: &str = "lockgate";

const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What of the user's own environment steps get to see.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct UserEnvironment {
    /// Where programs are found.
    pub path: String,
    /// The home folder.
    pub home: PathBuf,
    /// The language, such as `C.UTF-8`.
    pub lang: String,
    /// The name of the user.
    pub user: String,
    /// The login shell.
    pub shell: Option<String>,
}

impl UserEnvironment {
    /// Returns what steps get to see of the environment of this process.
    pub fn of_this_process() -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let user = nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten();
        let home = variable("HOME").map(PathBuf::from);
        Self {
            path: variable("PATH").unwrap_or_else(|| DEFAULT_PATH.to_owned()),
            home: home
                .or_else(|| user.as_ref().map(|user| user.dir.clone()))
                .unwrap_or_else(|| PathBuf::from("/")),
            lang: variable("LC_ALL")
                .or_else(|| variable("LANG"))
                .unwrap_or_else(|| "C.UTF-8".to_owned()),
            user: user
                .map(|user| user.name)
                .or_else(|| variable("USER"))
                .unwrap_or_default(),
            shell: variable("SHELL"),
        }
    }
}

/// Returns the operating system as GitHub names it.
pub fn os() -> &'static str {
    match std::env::consts::OS {
        "macos" => "macOS",
        "windows" => "Windows",
        _ => "Linux",
    }
}

/// Returns the processor as GitHub names it.
pub fn arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86" => "X86",
        "arm" => "ARM",
        "aarch64" => "ARM64",
        _ => "X64",
    }
}

/// What makes up the environment of one step.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// The user's.
    pub user: &'a UserEnvironment,
    /// The job's folders.
    pub job: &'a JobFolder,
    /// The workflow's, still with markers.
    pub workflow: &'a Environment,
    /// Folders before the user's PATH, the first of them first.
    pub path: &'a [String],
    /// The programs that refuse to change the machine, before everything else.
    pub refusals: Option<&'a Path>,
    /// Whether debug messages are wanted.
    pub debug: Debug,
}

/// Returns all variables of a step but its own files'.
pub fn assemble(parts: Parts<'_>) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut set = |name: &str, value: String| all.insert(name.to_owned(), value);
    let user = parts.user;
    set("CI", "true".to_owned());
    set("GITHUB_ACTIONS", "true".to_owned());
    set("HOME", text(&user.home));
    set("USER", user.user.clone());
    set("LANG", user.lang.clone());
    set("RUNNER_ENVIRONMENT", "self-hosted".to_owned());
    set("RUNNER_NAME", RUNNER.to_owned());
    if let Some(shell) = &user.shell {
        set("SHELL", shell.clone());
    }
    for (name, value) in parts.workflow.flatten() {
        set(name, value.to_owned());
    }
    let place = parts.job.place();
    set("GITHUB_WORKSPACE", place.workspace);
    set("GITHUB_EVENT_PATH", place.event_path);
    set("RUNNER_WORKSPACE", text(&parts.job.root().join("work")));
    set("RUNNER_TEMP", place.temp.clone());
    set("RUNNER_TOOL_CACHE", place.tool_cache.clone());
    set("AGENT_TOOLSDIRECTORY", place.tool_cache);
    set("RUNNER_OS", place.os);
    set("RUNNER_ARCH", place.arch);
    if parts.debug == Debug::Shown {
        set("RUNNER_DEBUG", "1".to_owned());
    }
    let base = parts.workflow.get("PATH").unwrap_or(&user.path).to_owned();
    let refusals = parts.refusals.map(text);
    let folders = refusals.into_iter().chain(parts.path.iter().cloned()).chain([base]);
    set("PATH", folders.collect::<Vec<_>>().join(":"));
    all
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
