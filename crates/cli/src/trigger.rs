//! The event of a local run, made of the Git repository or read from a file.

use std::path::Path;

use lockgate_adapters::git::{Head, Repository};
use lockgate_pipeline::expression::Value;
use lockgate_pipeline::plan::Trigger;
use serde_json::json;

use crate::exit::Failure;
use crate::project::Project;

/// The commit that a branch or tag came from, when nothing came before.
const NOTHING: &str = "0000000000000000000000000000000000000000";

/// What a local event is made of.
pub(crate) struct Occasion<'a> {
    /// The event's name.
    pub(crate) event: &'a str,
    /// The payload's file.
    pub(crate) payload: Option<&'a Path>,
    /// The inputs of a dispatched workflow, as they were given.
    pub(crate) inputs: &'a std::collections::BTreeMap<String, String>,
    /// Names the run.
    pub(crate) run: &'a str,
}

/// Returns the event, and the paths that changed with it.
pub(crate) fn make(project: &Project, occasion: &Occasion<'_>) -> Result<(Trigger, Vec<String>), Failure> {
    let mut trigger = Trigger {
        event: occasion.event.to_owned(),
        repository: format!("local/{}", project.name),
        actor: crate::user::name(),
        run_id: occasion.run.to_owned(),
        run_number: 1,
        run_attempt: 1,
        server_url: "https://github.com".to_owned(),
        sha: NOTHING.to_owned(),
        reference: "refs/heads/main".to_owned(),
        ..Trigger::default()
    };
    let mut paths = Vec::new();
    if let Some(repository) = &project.repository {
        trigger.reference = reference(repository);
        let (commit, slug) = std::thread::scope(|scope| {
            let slug = scope.spawn(|| repository.slug());
            (repository.head_commit(), slug.join().unwrap_or_default())
        });
        let (commit, changed) = commit.map_err(|error| Failure::unavailable("read the commit").because(&error))?;
        (trigger.sha, paths) = (commit.sha, changed);
        trigger.repository = slug.unwrap_or(trigger.repository);
    }
    let payload = match occasion.payload {
        Some(file) => payload_of(file)?,
        None => payload(&trigger, occasion),
    };
    if let Some(reference) = payload
        .get("ref")
        .and_then(serde_json::Value::as_str)
        .filter(|r| r.starts_with("refs/"))
    {
        reference.clone_into(&mut trigger.reference);
    }
    if let Some(request) = payload.get("pull_request") {
        let name = |side: &str| {
            request
                .pointer(side)
                .and_then(serde_json::Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        (trigger.base_ref, trigger.head_ref) = (name("/base/ref"), name("/head/ref"));
    }
    trigger.payload = serde_json::from_value::<Value>(payload)
        .map_err(|error| Failure::usage("read the event's payload").because(&error))?;
    Ok((trigger, paths))
}

/// Returns the branch, or the tag of a detached head, as a full name.
fn reference(repository: &Repository) -> String {
    match &repository.head {
        Head::Branch(branch) => format!("refs/heads/{branch}"),
        _ => match repository.tags_at_head().first() {
            Some(tag) => format!("refs/tags/{tag}"),
            None => "refs/heads/detached".to_owned(),
        },
    }
}

fn payload_of(file: &Path) -> Result<serde_json::Value, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("read `{}`", file.display())).because(&error))?;
    let payload: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| Failure::usage(format!("`{}` is no JSON", file.display())).because(&error))?;
    if payload.is_object() {
        return Ok(payload);
    }
    Err(Failure::usage(format!("`{}` holds no JSON object", file.display())).help("an event's payload is an object"))
}

fn payload(trigger: &Trigger, occasion: &Occasion<'_>) -> serde_json::Value {
    let name = trigger.repository.rsplit('/').next().unwrap_or_default();
    let repository = json!({ "name": name, "full_name": trigger.repository, "default_branch": "main" });
    let sender = json!({ "login": trigger.actor });
    match occasion.event {
        "push" => json!({
            "ref": trigger.reference, "before": NOTHING, "after": trigger.sha,
            "repository": repository, "sender": sender, "head_commit": { "id": trigger.sha },
        }),
        "pull_request" | "pull_request_target" => json!({
            "action": "opened", "number": 1, "repository": repository, "sender": sender,
            "pull_request": {
                "number": 1,
                "head": { "ref": trigger.reference.trim_start_matches("refs/heads/"), "sha": trigger.sha },
                "base": { "ref": "main" },
            },
        }),
        "workflow_dispatch" => {
            json!({ "ref": trigger.reference, "inputs": occasion.inputs, "repository": repository, "sender": sender })
        }
        _ => json!({ "repository": repository, "sender": sender }),
    }
}
