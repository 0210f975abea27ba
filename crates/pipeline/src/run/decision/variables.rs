//! The variables of a workflow and of a job.
//!
//! They are evaluated when the job begins, before anything of it exists. Those that read where it runs wait until its
//! workspace is there: evaluated before, a path such as `${{ github.workspace }}/build` would begin at the root of the
//! machine.

use std::collections::BTreeMap;

use super::start::cannot;
use crate::definition::{Entries, Job, Pipeline};
use crate::expression::{ContextUse, Scope, Template, Value};
use crate::run::Run;
use crate::run::environment::Variables;
use crate::run::input::WorkspacePlace;
use crate::run::job::JobState;

/// Returns the variables that are known before the job has a workspace, those of the job over those of the workflow.
///
/// # Errors
/// Returns in words which cannot be evaluated, and where it stands.
pub(super) fn at_start(run: &Run, job: &JobState) -> Result<Variables, String> {
    let entries = of_workflow(run.start.plan.pipeline_of(job.place.group)).chain(of_job(&job.definition));
    let known = entries.filter(|entry| !entry.reads_place());
    evaluated(known, &scope(run, job, None))
}

/// Returns the variables that read where the job runs: at `place`.
///
/// # Errors
/// Returns in words which cannot be evaluated, and where it stands.
pub(super) fn at_place(run: &Run, job: &JobState, place: &WorkspacePlace) -> Result<Variables, String> {
    let entries = of_workflow(run.start.plan.pipeline_of(job.place.group)).chain(of_job(&job.definition));
    let winning: BTreeMap<&str, Entry<'_>> = entries.map(|entry| (entry.name, entry)).collect();
    let open = winning.into_values().filter(Entry::reads_place);
    evaluated(open, &scope(run, job, Some(place)))
}

fn scope(run: &Run, job: &JobState, place: Option<&WorkspacePlace>) -> impl Scope {
    let github = Value::Object(run.github_of(job, place));
    run.leg_scope(job).with("github", github)
}

fn evaluated<'e>(entries: impl Iterator<Item = Entry<'e>>, scope: &dyn Scope) -> Result<Variables, String> {
    let evaluated = entries.map(|entry| {
        let value = entry.template.evaluate_to_string(scope);
        let value = value.map_err(|error| {
            let why = cannot(&format!("`env.{}`", entry.name), &error);
            format!("{}: {why}", entry.place())
        })?;
        Ok((entry.name.to_owned(), value))
    });
    evaluated.collect()
}

/// One variable, and whose it is.
struct Entry<'e> {
    name: &'e str,
    template: &'e Template,
    owner: Owner<'e>,
}

enum Owner<'e> {
    Workflow(&'e Pipeline),
    Job(&'e Job),
}

fn of_workflow(pipeline: &Pipeline) -> impl Iterator<Item = Entry<'_>> {
    entries(&pipeline.env, || Owner::Workflow(pipeline))
}

fn of_job(job: &Job) -> impl Iterator<Item = Entry<'_>> {
    entries(&job.env, || Owner::Job(job))
}

fn entries<'e>(entries: &'e Entries, owner: impl Fn() -> Owner<'e>) -> impl Iterator<Item = Entry<'e>> {
    entries.iter().map(move |(name, template)| Entry {
        name,
        template,
        owner: owner(),
    })
}

impl Entry<'_> {
    /// Returns whether it reads what only the workspace tells; whoever reads all of `github` does.
    fn reads_place(&self) -> bool {
        let reads = |found: &ContextUse| {
            let read = found.path.first().map(|name| name.to_ascii_lowercase());
            found.name == "github" && matches!(read.as_deref(), None | Some("workspace" | "event_path"))
        };
        self.template.contexts_used().iter().any(reads)
    }

    fn place(&self) -> String {
        let key = format!("env.{}", self.name);
        match self.owner {
            Owner::Workflow(pipeline) => pipeline.place_of(&key).to_string(),
            Owner::Job(job) => job.place_of(&key).to_string(),
        }
    }
}
