//! `pull_request_target` and `workflow_run`: events that run with secrets and a token that writes, for strangers' pull
//! requests.
//!
//! They are safe as long as the code of the base runs. A checkout of the pull request's code turns every build script
//! into commands with the repository's secrets.

mod outputs;
mod sight;

use std::cell::LazyCell;

use lockgate_core::{Diagnostic, Span};

use super::comment::asks_by_call;
use super::guard::{Guards, Known};
use super::subject::{Job, Kind, Step, Subject, Trigger};
use super::{Finding, Level};
use crate::codes;
use crate::yaml::Node;
use sight::{Names, Sight};

const PRIVILEGED: [&str; 2] = ["pull_request_target", "workflow_run"];

pub(super) fn audit(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    if subject.kind == Kind::Action {
        return;
    }
    let events = PRIVILEGED.iter().chain(&["issue_comment"]);
    for trigger in events.filter_map(|name| subject.trigger(name)) {
        let guards = [Known::Origin, Known::Person].map(|known| Guards::of(subject, trigger.name, known));
        let sight = Sight::of(subject, trigger.name);
        for job in &subject.jobs {
            let asks = LazyCell::new(|| asks_by_call(subject, job));
            for step in job.steps.iter().copied() {
                if let Some((span, what)) = strange_checkout(&sight, job, step)
                    && !guards[0].keep_out_of_step(job, step)
                {
                    // An environment may wait for a person, and a job may ask for one, who has looked at the code first.
                    let waits = job.node.get("environment").is_some() || guards[1].keep_out_of_step(job, step) || *asks;
                    let level = if waits { Level::Strict } else { Level::Certain };
                    found.push(Finding::new(level, diagnostic(subject, trigger, span, what)));
                }
            }
        }
    }
    let triggers = PRIVILEGED.iter().filter_map(|name| subject.trigger(name));
    found.extend(triggers.filter_map(|trigger| bare(subject, trigger)));
}

fn diagnostic(subject: &Subject<'_>, trigger: &Trigger<'_>, span: Span, what: &str) -> Diagnostic {
    let message = format!("{what} runs with the secrets and the token of this repository");
    subject
        .warning(codes::STRANGERS_CODE, span, message)
        .help(
            "build pull requests in a workflow that `pull_request` starts, without secrets, and do what needs them in another \
             one with what that one left as an artifact",
        )
        .related(trigger.span, "this event runs with secrets, also for forks")
}

/// Returns where a step fetches code that strangers wrote, and what that is.
fn strange_checkout<'n>(sight: &Sight<'_, 'n>, job: &Job<'n>, step: Step<'n>) -> Option<(Span, &'static str)> {
    const WHAT: &str = "the code of a pull request";
    if step.uses_action("actions/checkout") {
        return ["ref", "repository"].iter().find_map(|name| {
            let node = step.input(name)?;
            let is_strange = sight.is_strange(&node.as_scalar()?.text, job, step);
            is_strange.then_some((node.span, WHAT))
        });
    }
    let script = step.script();
    let fetches = script.contains("gh pr checkout")
        || (script.contains("git fetch") && script.contains("pull/"))
        || (script.contains("git ") || script.contains("gh repo clone")) && fetches(sight, job, step);
    fetches.then(|| (step.node.get("run").map_or(step.place(), head), WHAT))
}

/// Returns whether a script puts code of strangers among its files: by a command that names it, or by one that names what
/// a fetch before has brought of it.
fn fetches<'n>(sight: &Sight<'_, 'n>, job: &Job<'n>, step: Step<'n>) -> bool {
    const PLACING: [&str; 9] = [
        "checkout",
        "switch",
        "reset",
        "merge",
        "pull",
        "clone",
        "worktree",
        "rebase",
        "cherry-pick",
    ];
    let mut names = Names::of(sight, job, step);
    let mut fetched = Vec::new();
    sight.subject.commands(job, step).iter().any(|command| {
        names.follow(command);
        if !command.runs("git") && !command.words().starts_with("gh repo clone") {
            return false;
        }
        let words: Vec<&str> = command.words().split_whitespace().collect();
        let has = |word: &str| words.contains(&word);
        let is_placing = PLACING.iter().any(|word| has(word));
        let is_fetching = has("fetch") || has("remote");
        let is_strange = (is_placing || is_fetching) && names.is_strange(command.words());
        if is_strange && is_fetching {
            fetched.push("FETCH_HEAD");
            fetched.extend(brought(&words));
        }
        let mut operands = words.iter().map(|word| word.trim_matches(['"', '\'']));
        let is_of_these = |word: &str| fetched.iter().any(|name| is_within(word, name)) || names.may_be_any(word);
        is_placing && (is_strange || (!fetched.is_empty() && operands.any(is_of_these)))
    })
}

/// Returns the names that a command of Git gives to what it fetches: of a remote, and of branches.
fn brought<'t>(words: &[&'t str]) -> Vec<&'t str> {
    let behind_add = words.iter().skip_while(|word| **word != "add").skip(1);
    let remote = behind_add.into_iter().find(|word| !word.starts_with('-')).copied();
    let branches = words.iter().filter_map(|word| {
        let name = word.trim_matches(['"', '\'']).rsplit_once(':')?.1;
        let of_heads = name.strip_prefix("refs/heads/");
        of_heads.or_else(|| name.strip_prefix("refs/remotes/")).or(Some(name))
    });
    branches
        .chain(remote)
        .map(|name| name.trim_end_matches(['*', '/']))
        .filter(|name| !name.is_empty())
        .collect()
}

/// Returns whether a word names something, or something below it.
fn is_within(word: &str, name: &str) -> bool {
    let behind = word.strip_prefix(name);
    behind.is_some_and(|behind| behind.is_empty() || behind.starts_with(['/', '~', '^', ':']))
}

/// Returns the start of a script, to point at it without covering it.
fn head(run: &Node) -> Span {
    Span::new(run.span.start, run.span.end.min(run.span.start + 1))
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
