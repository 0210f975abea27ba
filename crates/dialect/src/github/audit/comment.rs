//! Commands by comment: `/deploy` below an issue, from whoever can write there.

use super::embedded::scalars;
use super::subject::{Job, Subject};
use super::{Finding, Level};
use crate::codes;

/// Words by which a job may ask who it is.
const WHO: [&str; 5] = [
    "author_association",
    "github.actor",
    "github.triggering_actor",
    "event.sender",
    "comment.user",
];

/// Words by which it asks GitHub about somebody, which is done for no other reason.
const CALLS: [&str; 5] = [
    "getcollaboratorpermissionlevel",
    "checkcollaborator",
    "/collaborators/",
    "actions-user-permission",
    "get-user-teams",
];

pub(super) fn audit(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let events = ["issue_comment", "discussion_comment", "pull_request_review_comment"];
    let Some(trigger) = events.iter().find_map(|name| subject.trigger(name)) else {
        return;
    };
    for job in &subject.jobs {
        if is_command(job) && !asks_who(subject, job) {
            let message = format!("whoever can comment can start the job `{}`", job.id);
            let help = "ask who it is: `if: contains(fromJSON('[\"OWNER\",\"MEMBER\",\"COLLABORATOR\"]'), \
                        github.event.comment.author_association) && …`";
            let diagnostic = subject
                .warning(codes::COMMENT_COMMAND, job.span, message)
                .help(help)
                .related(trigger.span, "anybody can comment");
            found.push(Finding::new(Level::Strict, diagnostic));
        }
    }
}

/// Returns whether what a comment says decides what the job does.
fn is_command(job: &Job<'_>) -> bool {
    mentions(job, &["comment.body"])
}

/// Returns whether the job, or one that it waits for, asks whose doing it is.
fn asks_who(subject: &Subject<'_>, job: &Job<'_>) -> bool {
    asks_by_call(subject, job) || subject.with_needed(job).into_iter().any(|job| mentions(job, &WHO))
}

/// Returns whether the job, or one that it waits for, asks GitHub what somebody may do.
pub(super) fn asks_by_call(subject: &Subject<'_>, job: &Job<'_>) -> bool {
    subject.with_needed(job).into_iter().any(|job| mentions(job, &CALLS))
}

fn mentions(job: &Job<'_>, words: &[&str]) -> bool {
    let mut is_there = false;
    scalars(job.node, &mut |scalar| {
        let text = scalar
            .as_scalar()
            .map_or(String::new(), |scalar| scalar.text.to_ascii_lowercase());
        is_there |= words.iter().any(|word| text.contains(word));
    });
    is_there
}
