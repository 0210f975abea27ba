//! `pull_request_target` and `workflow_run`: events that run with secrets and a token that writes, for strangers' pull
//! requests.
//!
//! They are safe as long as the code of the base runs. A checkout of the pull request's code turns every build script
//! into commands with the repository's secrets.

use std::cell::{LazyCell, OnceCell};
use std::collections::BTreeMap;

use lockgate_core::{Diagnostic, Span};
use lockgate_pipeline::expression::Flow;

use super::command::{Part, commands, unquoted};
use super::comment::asks_by_call;
use super::embedded::expressions;
use super::guard::{Guards, Known};
use super::subject::{Kind, Step, Subject, Trigger};
use super::{Finding, Level};
use crate::codes;
use crate::yaml::{Entry, Node};

const PRIVILEGED: [&str; 2] = ["pull_request_target", "workflow_run"];

pub(super) fn audit(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    if subject.kind == Kind::Action {
        return;
    }
    let events = PRIVILEGED.iter().chain(&["issue_comment"]);
    for trigger in events.filter_map(|name| subject.trigger(name)) {
        let guards = [Known::Origin, Known::Person].map(|known| Guards::of(subject, trigger.name, known));
        let of_file = LazyCell::new(|| strange_variables(subject.root, trigger.name));
        for job in &subject.jobs {
            let of_job = LazyCell::new(|| strange_variables(job.node, trigger.name));
            let asks = LazyCell::new(|| asks_by_call(subject, job));
            for step in job.steps.iter().copied() {
                let outer: [LevelOf<'_>; 2] = [&|name| of_job.get(name).copied(), &|name| of_file.get(name).copied()];
                let checkout = strange_checkout(step, &Sight::of(step, trigger.name, outer));
                if let Some((span, what)) = checkout
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

/// Whether a variable of a level names the code of strangers; `None` of one that is not there.
type LevelOf<'s> = &'s dyn Fn(&str) -> Option<bool>;

/// What is seen of strangers' code from a step.
struct Sight<'s> {
    event: &'s str,
    step: Step<'s>,
    of_step: OnceCell<BTreeMap<&'s str, bool>>,
    /// The job, and the workflow.
    outer: [LevelOf<'s>; 2],
}

impl<'s> Sight<'s> {
    fn of(step: Step<'s>, event: &'s str, outer: [LevelOf<'s>; 2]) -> Self {
        Self {
            event,
            step,
            of_step: OnceCell::new(),
            outer,
        }
    }

    /// Returns whether a variable names the code of strangers.
    fn is_strange_variable(&self, name: &str) -> bool {
        let of_step = self
            .of_step
            .get_or_init(|| strange_variables(self.step.node, self.event));
        let own = of_step.get(name).copied();
        let outer = || self.outer.iter().find_map(|of_level| of_level(name));
        own.or_else(outer).unwrap_or(false)
    }

    /// Returns whether a value names the code of strangers, itself or by a variable.
    fn is_strange(&self, value: &str) -> bool {
        is_strange(value, self.event)
            || flows(value).iter().any(
                |flow| matches!(flow.path.as_slice(), [env, name] if env == "env" && self.is_strange_variable(name)),
            )
    }
}

/// Returns the variables of a level, each with whether it names the code of strangers.
fn strange_variables<'n>(level: &'n Node, event: &str) -> BTreeMap<&'n str, bool> {
    let entries = level.get("env").and_then(Node::as_mapping).unwrap_or_default();
    let of_entry = |entry: &'n Entry| (entry.key.name.as_str(), is_strange(text_of(&entry.value), event));
    entries.iter().map(of_entry).collect()
}

/// Returns where a step fetches code that strangers wrote, and what that is.
fn strange_checkout(step: Step<'_>, sight: &Sight<'_>) -> Option<(Span, &'static str)> {
    const WHAT: &str = "the code of a pull request";
    if step.uses_action("actions/checkout") {
        return ["ref", "repository"].iter().find_map(|name| {
            let node = step.input(name)?;
            sight.is_strange(&node.as_scalar()?.text).then_some((node.span, WHAT))
        });
    }
    let script = step.script();
    let fetches = script.contains("gh pr checkout")
        || (script.contains("git fetch") && script.contains("pull/"))
        || (script.contains("git ") || script.contains("gh repo clone")) && fetches(script, sight);
    fetches.then(|| (step.node.get("run").map_or(step.place(), head), WHAT))
}

/// Returns whether a script puts code of strangers among its files: by a command that names it, or by one behind a
/// fetch that does.
fn fetches(script: &str, sight: &Sight<'_>) -> bool {
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
    let mut has_fetched = false;
    commands(script).iter().any(|command| {
        let words = command.words();
        if !words.starts_with("git ") && !words.starts_with("gh repo clone") {
            return false;
        }
        let has = |word: &str| words.split_whitespace().any(|part| part == word);
        let is_placing = PLACING.iter().any(|word| has(word));
        let is_fetching = has("fetch") || has("remote");
        let is_strange = (is_placing || is_fetching)
            && (sight.is_strange(words)
                || unquoted(words, 0)
                    .iter()
                    .flat_map(Part::variables)
                    .any(|(_, name)| sight.is_strange_variable(name)));
        has_fetched |= is_strange && is_fetching;
        is_placing && (is_strange || has_fetched)
    })
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
    flows(value).iter().any(|flow| {
        let path = flow.path.join(".").to_ascii_lowercase();
        path_of_strangers.iter().any(|start| path.starts_with(start))
    })
}

/// Returns the values that the expressions of a text let out.
fn flows(text: &str) -> Vec<Flow> {
    let found = expressions(text);
    found.iter().flat_map(super::embedded::Embedded::flows).collect()
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
