//! Commands by comment: `/deploy` below an issue, from whoever can write there.

use super::embedded::scalars;
use super::guard::{Guards, Known};
use super::subject::{Job, Subject, Trigger};
use super::{Finding, Level};
use crate::codes;
use crate::yaml::Node;

/// Words by which a job may ask who it is.
const WHO: [&str; 5] = [
    "author_association",
    "github.actor",
    "github.triggering_actor",
    "event.sender",
    "comment.user",
];

/// Words by which a condition reads what only the run knows, such as who may do it.
const OF_RUN: [&str; 5] = ["vars.", "needs.", "steps.", "env.", "secrets."];

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
    let triggers: Vec<(&Trigger<'_>, Strangers<'_, '_>)> = events
        .iter()
        .filter_map(|name| subject.trigger(name))
        .map(|trigger| (trigger, Strangers::of(subject, trigger.name)))
        .collect();
    for job in subject.jobs.iter().filter(|job| is_command(job)) {
        let open = triggers.iter().find(|(_, strangers)| !strangers.are_asked(job));
        if let Some((trigger, _)) = open {
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

/// Those who comment by one event.
struct Strangers<'s, 'n> {
    subject: &'s Subject<'n>,
    by_event: Guards<'s, 'n>,
    by_person: Guards<'s, 'n>,
}

impl<'s, 'n> Strangers<'s, 'n> {
    fn of(subject: &'s Subject<'n>, event: &'s str) -> Self {
        let guards = |known| Guards::of(subject, event, known);
        Self {
            subject,
            by_event: guards(Known::Origin),
            by_person: guards(Known::Doer),
        }
    }

    /// Returns whether the job, or one that it waits for, asks whose doing it is: by a condition that keeps strangers out,
    /// or by a script that may.
    fn are_asked(&self, job: &Job<'n>) -> bool {
        let asks = |job: &Job<'n>| mentions_outside_of_conditions(job, &WHO) || self.are_asked_in_a_step(job);
        asks_by_call(self.subject, job)
            || self.by_person.keep_out_of(job)
            || self.subject.with_needed(job).into_iter().any(asks)
    }

    /// Returns whether a step asks it. One that nobody's comment comes to asks nobody.
    fn are_asked_in_a_step(&self, job: &Job<'n>) -> bool {
        job.steps
            .iter()
            .any(|step| self.by_person.keep_out_of_step(job, *step) && !self.by_event.keep_out_of_step(job, *step))
    }
}

/// Returns whether such a word stands anywhere but in a condition of which all is known before the run.
fn mentions_outside_of_conditions(job: &Job<'_>, words: &[&str]) -> bool {
    let nodes = std::iter::once(job.node).chain(job.steps.iter().map(|step| step.node));
    let conditions: Vec<&Node> = nodes.filter_map(|node| node.get("if")).collect();
    let has = |text: &str, words: &[&str]| words.iter().any(|word| text.contains(word));
    let mut is_there = false;
    scalars(job.node, &mut |scalar| {
        let text = lower(scalar);
        let is_condition = || conditions.iter().any(|condition| std::ptr::eq(*condition, scalar));
        is_there |= has(&text, words) && (!is_condition() || has(&text, &OF_RUN));
    });
    is_there
}

/// Returns whether the job, or one that it waits for, asks GitHub what somebody may do.
pub(super) fn asks_by_call(subject: &Subject<'_>, job: &Job<'_>) -> bool {
    subject.with_needed(job).into_iter().any(|job| mentions(job, &CALLS))
}

fn mentions(job: &Job<'_>, words: &[&str]) -> bool {
    let mut is_there = false;
    scalars(job.node, &mut |scalar| {
        let text = lower(scalar);
        is_there |= words.iter().any(|word| text.contains(word));
    });
    is_there
}

fn lower(scalar: &Node) -> String {
    scalar
        .as_scalar()
        .map_or(String::new(), |scalar| scalar.text.to_ascii_lowercase())
}
