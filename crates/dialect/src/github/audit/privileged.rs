//! `pull_request_target` and `workflow_run`: events that run with secrets and a token that writes, for strangers' pull
//! requests.
//!
//! They are safe as long as the code of the base runs. A checkout of the pull request's code turns every build script
//! into commands with the repository's secrets.

use lockgate_core::Span;

use super::comment::asks_who;
use super::embedded::expressions;
use super::subject::{Job, Kind, Step, Subject, Trigger};
use super::{Finding, Level};
use crate::codes;
use crate::yaml::Node;

const PRIVILEGED: [&str; 2] = ["pull_request_target", "workflow_run"];

/// Words of a condition that let only branches of the repository itself pass.
const OWN_BRANCHES: [&str; 4] = [
    "head.repo.full_name",
    "head.repo.fork",
    "head_repository",
    "head.repo.owner",
];

pub(super) fn audit(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    if subject.kind == Kind::Action {
        return;
    }
    for trigger in PRIVILEGED
        .iter()
        .chain(&["issue_comment"])
        .filter_map(|name| subject.trigger(name))
    {
        for (job, step) in subject.steps().filter(|(job, step)| is_reached(job, *step, trigger)) {
            if let Some((span, what)) = strange_checkout(step, trigger.name) {
                let message = format!("{what} runs with the secrets and the token of this repository");
                let diagnostic = subject
                    .warning(codes::STRANGERS_CODE, span, message)
                    .help(
                        "build pull requests in a workflow that `pull_request` starts, without secrets, and do what needs \
                         them in another one with what that one left as an artifact",
                    )
                    .related(trigger.span, "this event runs with secrets, also for forks");
                // An environment may wait for a person, and a job may ask for one, who has looked at the code first.
                let waits = job.node.get("environment").is_some() || asks_who(subject, job);
                let level = if waits { Level::Strict } else { Level::Certain };
                found.push(Finding::new(level, diagnostic));
            }
        }
    }
    let triggers = PRIVILEGED.iter().filter_map(|name| subject.trigger(name));
    found.extend(triggers.filter_map(|trigger| bare(subject, trigger)));
}

/// Returns whether a step can run for strangers by the trigger.
fn is_reached(job: &Job<'_>, step: Step<'_>, trigger: &Trigger<'_>) -> bool {
    [job.condition(), step.condition()].iter().all(|condition| {
        let is_other = condition.contains("github.event_name ==") && !condition.contains(trigger.name);
        let is_excluded = condition.contains("github.event_name != ") && condition.contains(trigger.name);
        !is_other && !is_excluded && !OWN_BRANCHES.iter().any(|word| condition.contains(word))
    })
}

/// Returns where a step fetches code that strangers wrote, and what that is.
fn strange_checkout(step: Step<'_>, event: &str) -> Option<(Span, &'static str)> {
    const WHAT: &str = "the code of a pull request";
    if step.uses_action("actions/checkout") {
        return ["ref", "repository"].iter().find_map(|name| {
            let node = step.input(name)?;
            is_strange(&node.as_scalar()?.text, event).then_some((node.span, WHAT))
        });
    }
    let script = step.script();
    let fetches = script.contains("gh pr checkout") || (script.contains("git fetch") && script.contains("pull/"));
    fetches.then(|| (step.node.get("run").map_or(step.place(), head), WHAT))
}

/// Returns the start of a script, to point at it without covering it.
fn head(run: &Node) -> Span {
    Span::new(run.span.start, run.span.end.min(run.span.start + 1))
}

fn is_strange(value: &str, event: &str) -> bool {
    if value.contains("refs/pull/") {
        return true;
    }
    let path_of_strangers: &[&str] = match event {
        "workflow_run" => &[
            "github.event.workflow_run.head_",
            "github.event.workflow_run.pull_requests.",
        ],
        "issue_comment" => return false,
        _ => &[
            "github.event.pull_request.head.",
            "github.head_ref",
            "github.event.pull_request.merge_commit_sha",
        ],
    };
    expressions(value)
        .iter()
        .flat_map(super::embedded::Embedded::flows)
        .any(|flow| {
            let path = flow.path.join(".");
            path_of_strangers.iter().any(|start| path.starts_with(start))
        })
}

/// Tells of the event itself, when the jobs have more than a token that reads.
fn bare(subject: &Subject<'_>, trigger: &Trigger<'_>) -> Option<Finding> {
    let is_limited = |level: &Node| {
        level
            .get("permissions")
            .is_some_and(|permissions| match permissions.as_mapping() {
                Some(entries) => entries.iter().all(|entry| text_of(&entry.value) != "write"),
                None => text_of(permissions) == "read-all",
            })
    };
    let uses_secrets = subject.file.text.contains("secrets.");
    let all_limited = subject.jobs.iter().all(|job| {
        if job.node.get("permissions").is_some() {
            is_limited(job.node)
        } else {
            is_limited(subject.root)
        }
    });
    if all_limited && !uses_secrets {
        return None;
    }
    let message = format!(
        "`{}` runs with secrets and a token that may write, also for pull requests of strangers",
        trigger.name
    );
    let diagnostic = subject
        .warning(codes::PRIVILEGED_TRIGGER, trigger.span, message)
        .help("use `pull_request` where no secret is needed; else never run code of the pull request, and allow this with the reason");
    Some(Finding::new(Level::Advice, diagnostic))
}

fn text_of(node: &Node) -> &str {
    node.as_scalar().map_or("", |scalar| scalar.text.as_str())
}
