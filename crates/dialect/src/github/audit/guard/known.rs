//! What of a run is known of every stranger.

use super::Known;

/// What the run of any stranger reads, behind `github.`.
const ORIGIN: [&str; 31] = [
    "event_name",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "event.repository.full_name",
    "event.repository.id",
    "event.repository.owner.login",
    "event.repository.owner.id",
    "event.pull_request.base.repo.full_name",
    "event.pull_request.base.repo.id",
    "event.pull_request.base.repo.owner.login",
    "event.pull_request.base.repo.owner.id",
    "event.pull_request.head.label",
    "event.pull_request.head.repo.full_name",
    "event.pull_request.head.repo.id",
    "event.pull_request.head.repo.owner.login",
    "event.pull_request.head.repo.owner.id",
    "event.pull_request.head.repo.fork",
    "event.pull_request.head.user.login",
    "event.pull_request.head.user.id",
    "event.workflow_run.event",
    "event.workflow_run.repository.full_name",
    "event.workflow_run.repository.id",
    "event.workflow_run.repository.owner.login",
    "event.workflow_run.repository.owner.id",
    "event.workflow_run.head_repository.full_name",
    "event.workflow_run.head_repository.id",
    "event.workflow_run.head_repository.owner.login",
    "event.workflow_run.head_repository.owner.id",
    "event.workflow_run.head_repository.fork",
];

/// By whom it was caused.
const PERSON: [&str; 22] = [
    "actor",
    "actor_id",
    "triggering_actor",
    "event.sender.login",
    "event.sender.id",
    "event.pull_request.user.login",
    "event.pull_request.user.id",
    "event.pull_request.author_association",
    "event.issue.user.login",
    "event.issue.user.id",
    "event.issue.author_association",
    "event.comment.user.login",
    "event.comment.user.id",
    "event.comment.author_association",
    "event.review.user.login",
    "event.review.user.id",
    "event.review.author_association",
    "event.discussion.user.login",
    "event.discussion.user.id",
    "event.discussion.author_association",
    "event.workflow_run.actor.login",
    "event.workflow_run.actor.id",
];

/// Returns whether the run of a stranger knows what stands at a path.
pub(super) fn is_known(path: &[String], known: Known) -> bool {
    let path = path.join(".").to_ascii_lowercase();
    ORIGIN.contains(&path.as_str()) || (known == Known::Person && PERSON.contains(&path.as_str()))
}
