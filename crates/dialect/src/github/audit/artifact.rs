//! Artifacts: what strangers left in one, and what one of ours should not hold.

use super::subject::{Job, Kind, Step, Subject};
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
    for (job, step) in subject.steps() {
        let is_guarded = [job.condition(), step.condition()].iter().any(|condition| {
            condition.contains("head_repository") || condition.contains("workflow_run.event == 'push'")
        });
        if !is_guarded && fetches_foreign(step) && !is_apart(step) {
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
    by_action || step.script().contains("gh run download") || step.input_text("script").contains("downloadArtifact")
}

fn is_apart(step: Step<'_>) -> bool {
    let is_temporary = |text: &str| {
        let text = text.to_ascii_lowercase();
        text.contains("runner.temp") || text.contains("runner_temp") || text.contains("/tmp")
    };
    is_temporary(step.input_text("path")) || is_temporary(step.script()) || is_temporary(step.input_text("script"))
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
