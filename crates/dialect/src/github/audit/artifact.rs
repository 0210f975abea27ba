//! Artifacts: what strangers left in one, and what one of ours should not hold.

use std::collections::BTreeSet;

use super::command::{Part, unquoted};
use super::embedded::scalars;
use super::guard::{Guards, Known};
use super::subject::{Job, Kind, Step, Subject, entry, text};
use super::{Finding, Level};
use crate::codes;

pub(super) fn audit(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    if subject.kind == Kind::Workflow {
        of_strangers(subject, found);
    }
    for job in &subject.jobs {
        found.extend(with_credentials(subject, job));
    }
}

/// Tells of artifacts that the run of a pull request left, where they can overwrite what runs next.
fn of_strangers(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let Some(trigger) = subject.trigger("workflow_run") else {
        return;
    };
    let guards = Guards::of(subject, trigger.name, Known::Origin);
    for (job, step) in subject.steps() {
        let is_told = fetches_foreign(step) && !is_apart(subject, job, step);
        if is_told && !guards.keep_out_of_step(job, step) {
            let diagnostic = subject
                .warning(codes::STRANGERS_ARTIFACT, step.place(), "what the run of a pull request left lands among the files of this one")
                .help("put it apart, `path: ${{ runner.temp }}/artifact`, and read it as text: never run it, source it or write it to `GITHUB_ENV`")
                .related(trigger.span, "runs of strangers' pull requests cause this event");
            found.push(Finding::new(Level::Strict, diagnostic));
        }
    }
}

fn fetches_foreign(step: Step<'_>) -> bool {
    let by_action = step.uses_action("dawidd6/action-download-artifact")
        || (step.uses_action("actions/download-artifact") && step.input("run-id").is_some());
    by_action || is_download(step.script()) || step.input_text("script").contains("downloadArtifact")
}

fn is_apart<'n>(subject: &Subject<'n>, job: &Job<'n>, step: Step<'n>) -> bool {
    let writes = |line: &&str| line.contains("write") || line.contains("Write") || line.contains("path");
    is_temporary(step.input_text("path"))
        || is_temporary(text(step.node, "working-directory"))
        || step.input_text("script").lines().filter(writes).any(is_temporary)
        || fetches_apart(subject, job, step)
}

fn is_temporary(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["runner.temp", "runner_temp", "/tmp", "mktemp"]
        .iter()
        .any(|word| text.contains(word))
}

/// Returns whether every download of a script goes to a folder of its own, by its words or by a `cd` before.
fn fetches_apart<'n>(subject: &Subject<'n>, job: &Job<'n>, step: Step<'n>) -> bool {
    let script = step.script();
    if !is_download(script) || !is_temporary_somewhere(job, step) {
        return false;
    }
    let assignments = script.lines().filter_map(|line| line.trim().split_once('='));
    let assigned: BTreeSet<&str> = assignments
        .filter(|(_, value)| is_temporary(value))
        .map(|(name, _)| name)
        .collect();
    let names_folder = |text: &str| {
        is_temporary(text)
            || unquoted(text, 0).iter().flat_map(Part::variables).any(|(_, name)| {
                let of_levels = [step.node, job.node]
                    .into_iter()
                    .find_map(|level| entry(level.get("env")?, name));
                let value = of_levels.and_then(|variable| variable.value.as_scalar());
                assigned.contains(name) || value.is_some_and(|value| is_temporary(&value.text))
            })
    };
    let mut is_away = false;
    subject.commands(job, step).iter().all(|command| {
        is_away |= matches!(command.word(), "cd" | "pushd") && names_folder(command.text);
        !is_download(command.text) || is_away || names_folder(command.text)
    })
}

fn is_download(text: &str) -> bool {
    text.contains("gh run download")
}

/// Returns whether a script, or the variables of its job, name a folder for temporary files at all.
fn is_temporary_somewhere(job: &Job<'_>, step: Step<'_>) -> bool {
    let mut is_there = is_temporary(step.script());
    for variables in [step.node, job.node].iter().filter_map(|level| level.get("env")) {
        scalars(variables, &mut |value| {
            is_there |= value.as_scalar().is_some_and(|scalar| is_temporary(&scalar.text));
        });
    }
    is_there
}

/// Tells of a workspace that is uploaded as a whole, with the token that the checkout has left in `.git/config`.
fn with_credentials(subject: &Subject<'_>, job: &Job<'_>) -> Option<Finding> {
    let at = job.steps.iter().position(|step| leaves_token(*step))?;
    let upload = job.steps[at..].iter().find(|step| uploads_all(**step))?;
    let path = upload.input("path")?;
    let diagnostic = subject
        .warning(
            codes::CREDENTIALS_IN_ARTIFACT,
            path.span,
            "the whole workspace is uploaded, with the token that the checkout keeps in `.git/config`",
        )
        .help("upload the folder that is needed, or give the checkout `persist-credentials: false`")
        .related(job.steps[at].place(), "this checkout keeps the token");
    Some(Finding::new(Level::Certain, diagnostic))
}

fn leaves_token(step: Step<'_>) -> bool {
    step.uses_action("actions/checkout") && step.input_text("persist-credentials") != "false"
}

fn uploads_all(step: Step<'_>) -> bool {
    if !step.uses_action("actions/upload-artifact") {
        return false;
    }
    let paths = step.input_text("path");
    let is_all = paths.lines().any(|path| {
        let path = path.trim().trim_end_matches('/');
        matches!(
            path,
            "." | "./**" | "**" | "*" | "./*" | "${{ github.workspace }}" | "${{github.workspace}}"
        )
    });
    // Since its fourth version the action leaves hidden folders out, unless it is told otherwise.
    let version = step
        .uses()
        .map_or("", |(uses, _)| uses.rsplit('@').next().unwrap_or_default());
    let is_old = ["v1", "v2", "v3"]
        .iter()
        .any(|old| version == *old || version.starts_with(&format!("{old}.")));
    is_all && (is_old || step.input_text("include-hidden-files") == "true")
}
