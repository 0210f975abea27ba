//! Machines of one's own that run what strangers propose.
//!
//! GitHub's runners are thrown away after each job. One's own keeps what a job left, and stands in one's own network.

use super::guard::{Guards, Known};
use super::label::labels;
use super::subject::{Kind, Subject, Trigger};
use super::{Finding, Level};
use crate::codes;

pub(super) fn audit(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    if subject.kind == Kind::Action {
        return;
    }
    let guards: Vec<(&Trigger<'_>, Guards<'_, '_>)> = subject
        .triggers_of_strangers()
        .map(|trigger| (trigger, Guards::of(subject, trigger.name, Known::Person)))
        .collect();
    if guards.is_empty() {
        return;
    }
    for job in &subject.jobs {
        let own = labels(job)
            .into_iter()
            .find(|label| label.text.eq_ignore_ascii_case("self-hosted"));
        let Some(own) = own else {
            continue;
        };
        if let Some((trigger, _)) = guards.iter().find(|(_, guards)| !guards.keep_out_of(job)) {
            let message = format!(
                "by `{}` strangers can run code of theirs on a machine of your own",
                trigger.name
            );
            let diagnostic = subject
                .warning(codes::SELF_HOSTED_RUNNER, own.span, message)
                .help(
                    "in a public repository run pull requests on runners that are thrown away, or let only branches of the \
                     repository itself pass: `if: github.event.pull_request.head.repo.full_name == github.repository`",
                )
                .related(trigger.span, "anybody can cause this event");
            found.push(Finding::new(Level::Strict, diagnostic));
        }
    }
}
