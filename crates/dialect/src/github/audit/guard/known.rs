//! What of a run is known of every stranger.

use lockgate_pipeline::expression::Knowledge;

use super::Known;

/// What the run of any stranger reads, behind `github.`.
const VALUES: [&str; 4] = [
    "event_name",
    "event.pull_request.head.repo.fork",
    "event.workflow_run.event",
    "event.workflow_run.head_repository.fork",
];

/// The repository whose workflow runs.
const BASE: [&str; 16] = [
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
    "event.workflow_run.repository.full_name",
    "event.workflow_run.repository.id",
    "event.workflow_run.repository.owner.login",
    "event.workflow_run.repository.owner.id",
];

/// The fork from which the code comes.
const FORK: [&str; 11] = [
    "event.pull_request.head.label",
    "event.pull_request.head.repo.full_name",
    "event.pull_request.head.repo.id",
    "event.pull_request.head.repo.owner.login",
    "event.pull_request.head.repo.owner.id",
    "event.pull_request.head.user.login",
    "event.pull_request.head.user.id",
    "event.workflow_run.head_repository.full_name",
    "event.workflow_run.head_repository.id",
    "event.workflow_run.head_repository.owner.login",
    "event.workflow_run.head_repository.owner.id",
];

/// By whom it was caused.
const PERSON: [&str; 17] = [
    "actor",
    "actor_id",
    "triggering_actor",
    "event.sender.login",
    "event.sender.id",
    "event.pull_request.user.login",
    "event.pull_request.user.id",
    "event.issue.user.login",
    "event.issue.user.id",
    "event.comment.user.login",
    "event.comment.user.id",
    "event.review.user.login",
    "event.review.user.id",
    "event.discussion.user.login",
    "event.discussion.user.id",
    "event.workflow_run.actor.login",
    "event.workflow_run.actor.id",
];

/// What GitHub says of who that is.
const ASSOCIATION: [&str; 5] = [
    "event.pull_request.author_association",
    "event.issue.author_association",
    "event.comment.author_association",
    "event.review.author_association",
    "event.discussion.author_association",
];

/// What the events with these beginnings are about, whose author another one may be than who caused them.
const SUBJECTS: [(&str, &str); 3] = [
    ("issue_comment", "event.issue."),
    ("discussion_comment", "event.discussion."),
    ("pull_request_review", "event.pull_request."),
];

/// Returns what the run of a stranger by `event` knows of what stands at a path behind `github`.
pub(super) fn knowledge(path: &[String], event: &str, known: Known) -> Knowledge {
    let path = path.join(".").to_ascii_lowercase();
    let path = path.as_str();
    let is_of_author = || {
        let mut subjects = SUBJECTS.iter().filter(|(start, _)| event.starts_with(start));
        subjects.any(|(_, subject)| path.starts_with(subject))
    };
    let of_person = || match known {
        Known::Origin => false,
        Known::Doer => !is_of_author(),
        Known::Person => true,
    };
    if VALUES.contains(&path) || (ASSOCIATION.contains(&path) && of_person()) {
        Knowledge::Value
    } else if BASE.contains(&path) {
        Knowledge::Name
    } else if FORK.contains(&path) || (PERSON.contains(&path) && of_person()) {
        Knowledge::NameOfOthers
    } else {
        Knowledge::Nothing
    }
}
