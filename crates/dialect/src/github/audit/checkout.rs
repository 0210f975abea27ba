//! Scripts of the repository in jobs that never fetch it.
//!
//! A job begins in an empty folder. `./scripts/deploy.sh` is not there until a checkout, or something else that brings
//! files; what may bring files is taken to bring this one.

use super::embedded::part;
use super::subject::{Kind, Step, Subject};
use super::{Finding, Level};
use crate::codes;

/// Words of scripts that may bring or write files.
const BRINGING: [&str; 14] = [
    "git ", "gh ", "curl", "wget", "tar ", "unzip", "cp ", "cat >", "tee ", "> ./", "touch", "svn ", "rsync", "scp ",
];

/// Actions that bring tools and no files of the repository.
const HARMLESS: [&str; 5] = [
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
        for step in &job.steps {
            if may_bring(*step) {
                break;
            }
            let Some((at, path)) = of_repository(*step) else {
                continue;
            };
            let Some(run) = step.node.get("run") else {
                continue;
            };
            let message = format!("`{path}` is not there: no step before fetches the repository");
            let diagnostic = subject
                .warning(
                    codes::NO_CHECKOUT,
                    part(subject.file, run, at, at + path.len()),
                    message,
                )
                .help("begin the job with `- uses: actions/checkout@v4`");
            found.push(Finding::new(Level::Strict, diagnostic));
            break;
        }
    }
}

fn may_bring(step: Step<'_>) -> bool {
    if let Some((uses, _)) = step.uses() {
        let name = uses.split('@').next().unwrap_or_default().to_ascii_lowercase();
        return !name.starts_with("actions/setup-") && !HARMLESS.contains(&name.as_str());
    }
    BRINGING.iter().any(|word| step.script().contains(word))
        || !super::subject::text(step.node, "working-directory").is_empty()
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
