//! Jobs that deploy, in a workflow that pull requests start too.
//!
//! A job without a condition runs for every event of its workflow. Who adds `pull_request` to a workflow for its tests
//! gives every proposed change the way to production.

use super::subject::{Job, Kind, Step, Subject};
use super::{Finding, Level};
use crate::codes;

/// Commands that change what others use.
const DEPLOYING: [&str; 16] = [
    "deploy",
    "rollout",
    "kubectl apply",
    "kubectl set image",
    "kubectl patch",
    "helm upgrade",
    "helm install",
    "terraform apply",
    "docker push",
    "docker stack deploy",
    "cargo publish",
    "npm publish",
    "twine upload",
    "gcloud run deploy",
    "aws s3 sync",
    "lockgate ship",
];

pub(super) fn audit(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let events = ["pull_request", "pull_request_target"];
    let Some(trigger) = events.iter().find_map(|name| subject.trigger(name)) else {
        return;
    };
    if subject.kind == Kind::Action {
        return;
    }
    for job in subject.jobs.iter().filter(|job| is_named_so(job)) {
        let deploys = job
            .steps
            .iter()
            .any(|step| step.condition().is_empty() && deploys(*step));
        if deploys && !is_conditional(subject, job) {
            let message = format!("the job `{}` deploys, also what a pull request proposes", job.id);
            let diagnostic = subject
                .warning(codes::DEPLOYS_PULL_REQUEST, job.span, message)
                .help(
                    "give it a condition, such as `if: github.event_name == 'push' && github.ref == 'refs/heads/main'`",
                )
                .related(trigger.span, "this event starts it too");
            found.push(Finding::new(Level::Strict, diagnostic));
        }
    }
}

fn is_named_so(job: &Job<'_>) -> bool {
    let named = format!("{} {}", job.id, super::subject::text(job.node, "name")).to_ascii_lowercase();
    let is_trial = ["preview", "dry", "test", "check", "lint"]
        .iter()
        .any(|word| named.contains(word));
    !is_trial && ["deploy", "publish", "rollout"].iter().any(|word| named.contains(word))
}

fn deploys(step: Step<'_>) -> bool {
    let script = step.script().to_ascii_lowercase();
    let uses = step.uses().map_or(String::new(), |(uses, _)| uses.to_ascii_lowercase());
    let is_trial = script.contains("--dry-run");
    !is_trial
        && DEPLOYING
            .iter()
            .any(|word| script.contains(word) || uses.contains(word))
}

/// Returns whether the job, or one that it waits for, runs only when a condition holds, or in an environment that may
/// let only some branches in.
fn is_conditional(subject: &Subject<'_>, job: &Job<'_>) -> bool {
    let waits = |job: &Job<'_>| !job.condition().is_empty() || job.node.get("environment").is_some();
    subject.with_needed(job).into_iter().any(waits)
}
