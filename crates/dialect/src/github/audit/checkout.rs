//! Scripts and actions of the repository in jobs that never fetch it.
//!
//! A job begins in an empty folder. `./scripts/deploy.sh` and `uses: ./.github/actions/greet` are not there until a
//! checkout, or something else that brings files; what may bring files is taken to bring this one.

use std::collections::BTreeSet;

use lockgate_core::Span;

use super::embedded::part;
use super::subject::{Kind, Step, Subject};
use super::{Finding, Level};
use crate::codes;

/// Words of scripts that may bring or write files.
const BRINGING: [&str; 16] = [
    "action.y", "clone", "degit", "git ", "gh ", "curl", "wget", "tar ", "unzip", "cp ", "mv ", "tee ", "touch",
    "svn ", "rsync", "scp ",
];

/// Variables of files that are the runner's, and no scripts.
const OF_RUNNER: [&str; 4] = ["GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY"];

/// Actions that bring tools and no files of the repository.
const HARMLESS: [&str; 10] = [
    "actions/create-github-app-token",
    "actions/upload-artifact",
    "aws-actions/configure-aws-credentials",
    "google-github-actions/auth",
    "step-security/harden-runner",
    "docker/login-action",
    "docker/setup-buildx-action",
    "docker/setup-qemu-action",
    "dtolnay/rust-toolchain",
    "azure/login",
];

pub(super) fn audit(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    if subject.kind == Kind::Action {
        return;
    }
    for job in &subject.jobs {
        let mut written = Files::default();
        for step in &job.steps {
            written.add(step.script());
            let action = step.uses().filter(|(uses, _)| is_local(uses) && !written.has_open);
            if action.is_none() && may_bring(*step) {
                break;
            }
            let Some((name, span)) = action.or_else(|| script(subject, *step, &written)) else {
                continue;
            };
            let message = format!("`{name}` is not there: no step before fetches the repository");
            let diagnostic = subject
                .warning(codes::NO_CHECKOUT, span, message)
                .help("begin the job with `- uses: actions/checkout@v4`");
            found.push(Finding::new(Level::Strict, diagnostic));
            break;
        }
    }
}

/// Returns whether `uses` names an action of the repository itself.
fn is_local(uses: &str) -> bool {
    (uses == "." || uses.starts_with("./")) && !uses.contains("${{")
}

fn may_bring(step: Step<'_>) -> bool {
    if let Some((uses, _)) = step.uses() {
        let name = uses.split('@').next().unwrap_or_default().to_ascii_lowercase();
        return !name.starts_with("actions/setup-") && !HARMLESS.contains(&name.as_str());
    }
    let script = step.script();
    BRINGING.iter().any(|word| script.contains(word))
        || !super::subject::text(step.node, "working-directory").is_empty()
}

/// The files that scripts write, as far as their `>` tell.
#[derive(Default)]
struct Files<'n> {
    names: BTreeSet<&'n str>,
    /// Whether one has a name that only the run knows.
    has_open: bool,
}

impl<'n> Files<'n> {
    fn add(&mut self, script: &'n str) {
        for behind in script.split('>').skip(1) {
            let behind = behind.trim_start_matches(['|', ' ', '"', '\'']);
            let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | ')' | '&' | '|' | '<');
            let target = behind.split(is_end).next().unwrap_or_default();
            self.has_open |= target.contains('$') && !OF_RUNNER.iter().any(|file| target.contains(file));
            self.names.extend(target.rsplit('/').next());
        }
    }

    fn has(&self, path: &str) -> bool {
        self.has_open || self.names.contains(path.rsplit('/').next().unwrap_or(path))
    }
}

/// Returns the file of the repository that a step runs, if none has written it.
fn script<'n>(subject: &Subject<'n>, step: Step<'n>, written: &Files<'_>) -> Option<(&'n str, Span)> {
    let (place, path) = of_repository(step).filter(|(_, path)| !written.has(path))?;
    let run = step.node.get("run")?;
    Some((path, part(subject.file, run, place, place + path.len())))
}

/// Returns the first file of the repository that a script runs, and where its name stands.
fn of_repository(step: Step<'_>) -> Option<(usize, &str)> {
    let script = step.script();
    let mut start = 0;
    for line in script.split_inclusive('\n') {
        let mut words = line
            .split_whitespace()
            .skip_while(|word| word.contains('=') && !word.starts_with("./"));
        let first = words.next().unwrap_or_default();
        let path = match first {
            "bash" | "sh" | "python" | "python3" | "node" | "ruby" | "source" | "." => words.next().unwrap_or_default(),
            _ => first,
        };
        let is_file = path.starts_with("./") && path.len() > 2 || (path != first && is_script(path));
        if is_file {
            return Some((start + line.find(path)?, path));
        }
        start += line.len();
    }
    None
}

fn is_script(path: &str) -> bool {
    let is_relative = !path.starts_with(['/', '-', '$', '~', '"', '\'']);
    is_relative && [".sh", ".py", ".js", ".rb"].iter().any(|ending| path.ends_with(ending))
}
