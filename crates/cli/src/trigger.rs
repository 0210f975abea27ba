//! The event of a local run, made of the Git repository or read from a file.

use std::path::Path;

use lockgate_adapters::git::{CommitDetails, Head, Repository};
use lockgate_pipeline::expression::Value;
use lockgate_pipeline::plan::Trigger;

use lockgate_dialect::github::Event;

use crate::exit::Failure;
use crate::planning::json_file::{JsonFile, in_words};
use crate::project::Project;
use payload::Facts;

mod changes;
mod happening;
mod payload;

/// The commit that a branch or tag came from, when nothing came before.
const NOTHING: &str = "0000000000000000000000000000000000000000";

/// What helps when a payload cannot be read.
const PAYLOAD: &str =
    "--event-file takes the payload of a webhook: one JSON object; without it one is made of the repository";

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

/// Returns the event, for plans and for the filters of workflows.
pub(crate) fn make(project: &Project, occasion: &Occasion<'_>) -> Result<(Trigger, Event), Failure> {
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
    let (mut commit, mut default_branch) = (None, "main".to_owned());
    if let Some(repository) = &project.repository {
        let known = look(repository)?;
        trigger.reference = reference(repository);
        trigger.sha.clone_from(&known.commit.sha);
        trigger.repository = known.slug.unwrap_or(trigger.repository);
        (commit, default_branch) = (Some(known.commit), known.default_branch);
    }
    if matches!(occasion.event, "pull_request" | "pull_request_target") {
        let head = trigger.reference_name().to_owned();
        trigger.head_ref = head;
        trigger.base_ref.clone_from(&default_branch);
        trigger.reference = match occasion.event {
            "pull_request" => "refs/pull/1/merge".to_owned(),
            _ => format!("refs/heads/{default_branch}"),
        };
    }
    trigger.is_made = occasion.payload.is_none();
    let repository = project.repository.as_ref();
    let (payload, changed) = if let Some(file) = occasion.payload {
        let payload = payload_of(file)?;
        follow(&mut trigger, &payload);
        let changed = changes::told(repository, &payload);
        (payload, changed)
    } else {
        let facts = Facts {
            trigger: &trigger,
            commit: commit.as_ref(),
            default_branch: &default_branch,
        };
        let known = repository.zip(commit.as_ref());
        let changed =
            known.map(|(repository, commit)| changes::made(repository, commit, occasion.event, &default_branch));
        (facts.payload(occasion), changed)
    };
    let mut event = happening::event(&trigger, &payload, changed);
    event.messages = match &commit {
        Some(commit) if occasion.payload.is_none() => vec![commit.message.clone()],
        _ => happening::messages(&payload),
    };
    trigger.payload = serde_json::from_value::<Value>(payload)
        .map_err(|error| Failure::usage("cannot read the event's payload").because(&error))?;
    Ok((trigger, event))
}

/// What Git knows of the commit and of the repository.
struct Known {
    commit: CommitDetails,
    slug: Option<String>,
    default_branch: String,
}

/// Asks Git for everything at once.
fn look(repository: &Repository) -> Result<Known, Failure> {
    let (commit, slug, branch) = std::thread::scope(|scope| {
        let slug = scope.spawn(|| repository.slug());
        let branch = scope.spawn(|| repository.default_branch());
        (repository.head_commit(), slug.join(), branch.join())
    });
    Ok(Known {
        commit: commit.map_err(|error| Failure::unavailable("cannot read the commit").because(&error))?,
        slug: slug.unwrap_or_default(),
        default_branch: branch.unwrap_or_default(),
    })
}

/// Takes what a given payload says of the repository, of who caused it, of reference and branches.
fn follow(trigger: &mut Trigger, payload: &serde_json::Value) {
    let text = |pointer: &str| payload.pointer(pointer).and_then(serde_json::Value::as_str);
    if let Some(reference) = happening::named_by(&trigger.event, payload) {
        trigger.reference = reference;
    }
    if let Some(repository) = text("/repository/full_name") {
        repository.clone_into(&mut trigger.repository);
    }
    if let Some(sender) = text("/sender/login") {
        sender.clone_into(&mut trigger.actor);
    }
    if payload.get("pull_request").is_some() {
        text("/pull_request/base/ref")
            .unwrap_or_default()
            .clone_into(&mut trigger.base_ref);
        text("/pull_request/head/ref")
            .unwrap_or_default()
            .clone_into(&mut trigger.head_ref);
        let is_merged = payload.pointer("/pull_request/merged") == Some(&serde_json::Value::Bool(true));
        if trigger.event == "pull_request" && is_merged {
            // What was merged has no branch of its own any more.
            trigger.reference = format!("refs/heads/{}", trigger.base_ref);
        } else if trigger.event == "pull_request" {
            let number = payload.pointer("/pull_request/number").or(payload.get("number"));
            let number = number.and_then(serde_json::Value::as_u64).unwrap_or(1);
            trigger.reference = format!("refs/pull/{number}/merge");
        }
    }
}

/// Returns the branch as a full name; of a detached head the tag, or the only branch that is there, too.
fn reference(repository: &Repository) -> String {
    match &repository.head {
        Head::Branch(branch) => format!("refs/heads/{branch}"),
        _ => match repository.tags_at_head().first() {
            Some(tag) => format!("refs/tags/{tag}"),
            None => match &repository.branches_at_head()[..] {
                // As a pipeline checks a branch out: its commit, without its name.
                [branch] => format!("refs/heads/{branch}"),
                _ => "refs/heads/detached".to_owned(),
            },
        },
    }
}

fn payload_of(file: &Path) -> Result<serde_json::Value, Failure> {
    let json = JsonFile::read(file, PAYLOAD)?;
    let payload: serde_json::Value = serde_json::from_str(json.text())
        .map_err(|error| json.unexpected((error.line(), error.column()), &format!("this cannot be read: {error}")))?;
    if payload.is_object() {
        return Ok(payload);
    }
    let message = format!("a payload is one JSON object, not {}", in_words(&json.value));
    Err(json.unexpected((1, 1), &message))
}
