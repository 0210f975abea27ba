//! Which shell runs a script, and how a place in a script is quoted.

mod quoting;

pub(super) use quoting::{Quoting, at};

use super::label::labels;
use super::subject::{Job, Kind, Step, Subject, text};

/// The shell of a script, as far as its quoting goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shell {
    /// `bash` and `sh`.
    Posix,
    /// `pwsh` and `powershell`.
    Pwsh,
    /// Another one, or one that only the run knows.
    Unknown,
}

/// Returns the shell that runs the script of a step: its own, that of the defaults, or that of the runner.
pub(super) fn of(subject: &Subject<'_>, job: &Job<'_>, step: Step<'_>) -> Shell {
    let default_of = |node: &crate::yaml::Node| {
        let run = node.get("defaults").and_then(|defaults| defaults.get("run"));
        run.map_or(String::new(), |run| text(run, "shell").to_owned())
    };
    let named = [
        text(step.node, "shell").to_owned(),
        default_of(job.node),
        default_of(subject.root),
    ]
    .into_iter()
    .find(|name| !name.is_empty());
    match named {
        Some(name) => by_name(&name),
        None if subject.kind == Kind::Action => Shell::Unknown,
        None => by_runner(job),
    }
}

fn by_name(name: &str) -> Shell {
    let program = name.split_whitespace().next().unwrap_or_default();
    match program.rsplit('/').next().unwrap_or_default() {
        "bash" | "sh" => Shell::Posix,
        "pwsh" | "powershell" => Shell::Pwsh,
        _ => Shell::Unknown,
    }
}

fn by_runner(job: &Job<'_>) -> Shell {
    let labels = labels(job);
    let is_windows = |label: &str| label.to_ascii_lowercase().contains("windows");
    let is_unknown = labels.is_empty() || labels.iter().any(|label| label.text.contains("${{"));
    match labels.iter().filter(|label| is_windows(label.text)).count() {
        0 if !is_unknown => Shell::Posix,
        count if count == labels.len() && !is_unknown => Shell::Pwsh,
        _ => Shell::Unknown,
    }
}
