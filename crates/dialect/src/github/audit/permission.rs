//! What the token of a run may do.
//!
//! Every step can use the token, those of others' actions too. Without `permissions` it may do what the repository's
//! settings say, which for older repositories is everything.

mod modesty;

use lockgate_core::Span;

use super::fix::{Edit, Fix, Safety};
use super::guard::{Guards, Known};
use super::subject::{Job, Kind, Subject, Trigger, entry};
use super::{Finding, Level};
use crate::codes;
use crate::yaml::{Entry, Node};

/// Permissions with which a run can change what others get.
const GRAVE: [&str; 6] = ["contents", "packages", "id-token", "actions", "deployments", "pages"];

pub(super) fn audit(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    if subject.kind == Kind::Action {
        return;
    }
    found.extend(missing(subject));
    let levels = std::iter::once(subject.root).chain(subject.jobs.iter().map(|job| job.node));
    for permissions in levels.filter_map(|level| level.get("permissions")) {
        if permissions.as_scalar().is_some_and(|scalar| scalar.text == "write-all") {
            let diagnostic = subject
                .warning(
                    codes::ALL_PERMISSIONS,
                    permissions.span,
                    "`write-all` lets every step do everything to the repository",
                )
                .help("name what is needed, such as `permissions: { contents: read }`");
            found.push(Finding::new(Level::Strict, diagnostic));
        }
    }
    broad(subject, found);
    for_strangers(subject, found);
}

fn missing(subject: &Subject<'_>) -> Option<Finding> {
    let jobs = entry(subject.root, "jobs")?;
    if subject.root.get("permissions").is_some() {
        return None;
    }
    let without: Vec<&Job<'_>> = subject
        .jobs
        .iter()
        .filter(|job| job.node.get("permissions").is_none())
        .collect();
    let names: Vec<String> = without.iter().take(3).map(|job| format!("`{}`", job.id)).collect();
    let (first, rest) = (without.first()?, without.len() - names.len());
    let more = if rest > 0 {
        format!(" and {rest} more")
    } else {
        String::new()
    };
    let message = format!("nothing limits what the token may do in {}{more}", names.join(", "));
    let diagnostic = subject
        .warning(codes::NO_PERMISSIONS, first.span, message)
        .help("write `permissions: { contents: read }` at the top of the file, and more at the jobs that need it");
    // A workflow that is only called gets no more than its caller has.
    let is_called =
        !subject.triggers.is_empty() && subject.triggers.iter().all(|trigger| trigger.name == "workflow_call");
    let level = if is_called { Level::Advice } else { Level::Strict };
    Some(Finding::new(level, diagnostic).with_fix(reading(subject, &without, jobs)))
}

/// Returns the fix that allows to read the repository and nothing else.
fn reading(subject: &Subject<'_>, without: &[&Job<'_>], jobs: &Entry) -> Option<Fix> {
    let source = &subject.file.text;
    let at = jobs.key.span.start;
    let is_first_of_line = at == 0 || source[..at].ends_with('\n');
    is_first_of_line.then(|| Fix {
        description: "the token may only read the repository".to_owned(),
        edits: vec![Edit {
            span: Span::new(at, at),
            text: "permissions:\n  contents: read\n\n".to_owned(),
        }],
        safety: if without.iter().all(|job| modesty::is_modest(subject, job)) {
            Safety::Safe
        } else {
            Safety::ForPeople
        },
    })
}

/// Tells of permissions to write that all of several jobs get.
fn broad(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let inheriting = subject
        .jobs
        .iter()
        .filter(|job| job.node.get("permissions").is_none())
        .count();
    if inheriting < 2 {
        return;
    }
    for written in writes(subject.root) {
        let scope = &written.key.name;
        let message = format!("`{scope}: write` is given to all {inheriting} jobs");
        let help = format!("give it to the job that needs it: `permissions: {{ {scope}: write }}` there");
        let diagnostic = subject
            .warning(codes::BROAD_PERMISSIONS, written.key.span, message)
            .help(help);
        found.push(Finding::new(Level::Strict, diagnostic));
    }
}

/// Tells of grave permissions in runs that strangers start.
fn for_strangers(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let events = [
        "pull_request_target",
        "issue_comment",
        "issues",
        "discussion",
        "discussion_comment",
    ];
    let triggers = events.iter().filter_map(|name| subject.trigger(name));
    let triggers: Vec<(&Trigger<'_>, Guards<'_, '_>)> = triggers
        .map(|trigger| (trigger, Guards::of(subject, trigger.name, Known::Doer)))
        .collect();
    if triggers.is_empty() {
        return;
    }
    let grave = |level| {
        let level: &Node = level;
        writes(level).filter(|written| GRAVE.contains(&written.key.name.as_str()))
    };
    let starts = |job| {
        let open = triggers.iter().find(|(_, guards)| !guards.keep_out_of(job));
        open.map(|(trigger, _)| *trigger)
    };
    let is_inheriting = |job: &&Job<'_>| job.node.get("permissions").is_none();
    let mut levels = Vec::new();
    if grave(subject.root).next().is_some() {
        let trigger = subject.jobs.iter().filter(is_inheriting).find_map(starts);
        levels.extend(trigger.map(|trigger| (subject.root, trigger)));
    }
    let of_jobs = subject.jobs.iter().filter(|job| grave(job.node).next().is_some());
    levels.extend(of_jobs.filter_map(|job| Some((job.node, starts(job)?))));
    for (level, trigger) in levels {
        for written in grave(level) {
            let message = format!(
                "`{}: write` in a run that anybody starts by `{}`",
                written.key.name, trigger.name
            );
            let diagnostic = subject
                .warning(codes::STRANGERS_WRITE, written.key.span, message)
                .help("do what needs it in a workflow that a `push` or a person starts")
                .related(trigger.span, "anybody can cause this event");
            found.push(Finding::new(Level::Strict, diagnostic));
        }
    }
}

fn writes(level: &Node) -> impl Iterator<Item = &Entry> {
    let entries = level.get("permissions").and_then(Node::as_mapping).unwrap_or_default();
    entries
        .iter()
        .filter(|entry| entry.value.as_scalar().is_some_and(|scalar| scalar.text == "write"))
}
