//! The properties of contexts whose names are fixed.
//!
//! After GitHub's reference of contexts. A context of which the names depend on the workflow is not here.

/// Returns the properties of a context; `None` when any name is possible.
pub fn of_context(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        "github" => GITHUB,
        "runner" => RUNNER,
        "job" => JOB,
        "strategy" => STRATEGY,
        _ => return None,
    })
}

/// Returns the properties of what a context has for each name, such as those of a step.
pub(super) fn of_entry(context: &str) -> Option<&'static [&'static str]> {
    Some(match context {
        "steps" => &["outputs", "outcome", "conclusion"],
        "needs" | "jobs" => &["result", "outputs"],
        _ => return None,
    })
}

const GITHUB: &[&str] = &[
    "action",
    "action_path",
    "action_ref",
    "action_repository",
    "action_status",
    "actor",
    "actor_id",
    "api_url",
    "artifact_cache_size_limit",
    "base_ref",
    "env",
    "event",
    "event_name",
    "event_path",
    "graphql_url",
    "head_ref",
    "job",
    "job_workflow_sha",
    "output",
    "path",
    "ref",
    "ref_name",
    "ref_protected",
    "ref_type",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "repository_visibility",
    "repositoryUrl",
    "retention_days",
    "run_attempt",
    "run_id",
    "run_number",
    "secret_source",
    "server_url",
    "sha",
    "state",
    "step_summary",
    "token",
    "triggering_actor",
    "workflow",
    "workflow_ref",
    "workflow_sha",
    "workspace",
];
const RUNNER: &[&str] = &[
    "arch",
    "debug",
    "environment",
    "name",
    "os",
    "temp",
    "tool_cache",
    "workspace",
];
const JOB: &[&str] = &[
    "check_run_id",
    "container",
    "services",
    "status",
    "workflow_file_path",
    "workflow_ref",
    "workflow_repository",
    "workflow_sha",
];
const STRATEGY: &[&str] = &["fail-fast", "job-index", "job-total", "max-parallel"];
