//! The event as the filters of workflows see it.
//!
//! What a filter is about differs from event to event: of a pull request the branch that it goes to, of another
//! workflow's run the branch that it ran for, of a merge group the branch that it will be merged into. Source: "Events
//! that trigger workflows" of GitHub's documentation.

use lockgate_dialect::github::{Event, Reference};
use lockgate_pipeline::plan::Trigger;
use serde_json::Value;

/// Returns the event for the filters, with the changed files where they are known.
pub(super) fn event(trigger: &Trigger, payload: &Value, changed: Option<Vec<String>>) -> Event {
    let text = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    Event {
        name: trigger.event.clone(),
        activity: text("/action"),
        reference: reference(trigger, payload),
        changed_paths: changed,
        workflow: text("/workflow_run/name"),
        schedule: text("/schedule"),
        messages: Vec::new(),
    }
}

fn reference(trigger: &Trigger, payload: &Value) -> Option<Reference> {
    let text = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str);
    match trigger.event.as_str() {
        "pull_request" | "pull_request_target" => Some(Reference::Branch(trigger.base_ref.clone())),
        "workflow_run" => text("/workflow_run/head_branch").map(|branch| Reference::Branch(branch.to_owned())),
        "merge_group" => text("/merge_group/base_ref").map(named),
        _ => Some(named(&trigger.reference)),
    }
}

/// Returns the branch or tag of a full name, such as `refs/heads/main`.
fn named(reference: &str) -> Reference {
    match reference.strip_prefix("refs/tags/") {
        Some(tag) => Reference::Tag(tag.to_owned()),
        None => Reference::Branch(reference.strip_prefix("refs/heads/").unwrap_or(reference).to_owned()),
    }
}

/// The events that run for the default branch, whatever they are about.
const ON_DEFAULT_BRANCH: [&str; 19] = [
    "branch_protection_rule",
    "check_run",
    "check_suite",
    "delete",
    "discussion",
    "discussion_comment",
    "fork",
    "gollum",
    "image_version",
    "issue_comment",
    "issues",
    "label",
    "milestone",
    "public",
    "pull_request_target",
    "repository_dispatch",
    "schedule",
    "watch",
    "workflow_run",
];

/// Returns the full name of the branch or tag that a payload is about; `None` where it is that of the event's own kind.
pub(super) fn named_by(event: &str, payload: &Value) -> Option<String> {
    let text = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str);
    match event {
        "create" => match (text("/ref_type")?, text("/ref")?) {
            ("tag", tag) => Some(format!("refs/tags/{tag}")),
            (_, branch) => Some(format!("refs/heads/{branch}")),
        },
        "release" => text("/release/tag_name").map(|tag| format!("refs/tags/{tag}")),
        "merge_group" => text("/merge_group/head_ref").map(str::to_owned),
        default if ON_DEFAULT_BRANCH.contains(&default) => {
            text("/repository/default_branch").map(|branch| format!("refs/heads/{branch}"))
        }
        _ => text("/ref")
            .filter(|reference| reference.starts_with("refs/"))
            .map(str::to_owned),
    }
}

/// Returns the messages of the commits that a payload holds.
pub(super) fn messages(payload: &Value) -> Vec<String> {
    let commits = payload.get("commits").and_then(Value::as_array).into_iter().flatten();
    commits
        .chain(payload.get("head_commit"))
        .filter_map(|commit| commit.get("message")?.as_str())
        .map(str::to_owned)
        .collect()
}

/// Returns the files that the commits of a payload touch; `None` when it does not say.
pub(super) fn touched(payload: &Value) -> Option<Vec<String>> {
    let commits = payload.get("commits")?.as_array()?;
    let mut paths = std::collections::BTreeSet::new();
    for commit in commits {
        for key in ["added", "removed", "modified"] {
            let listed = commit.get(key)?.as_array()?;
            paths.extend(listed.iter().filter_map(Value::as_str).map(str::to_owned));
        }
    }
    Some(paths.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(name: &str, payload: &Value, branch: Option<&str>) {
        let trigger = Trigger {
            event: name.to_owned(),
            reference: "refs/heads/here".to_owned(),
            base_ref: "base".to_owned(),
            ..Trigger::default()
        };
        let expected = branch.map(|branch| Reference::Branch(branch.to_owned()));
        assert_eq!(event(&trigger, payload, None).reference, expected, "{name}");
    }

    #[test]
    fn each_event_has_the_branch_that_its_filters_mean() {
        check("push", &json!({}), Some("here"));
        check("pull_request", &json!({}), Some("base"));
        let run = json!({ "workflow_run": { "head_branch": "topic", "name": "CI" } });
        check("workflow_run", &run, Some("topic"));
        check("workflow_run", &json!({}), None);
        let group = json!({ "merge_group": { "base_ref": "refs/heads/main" } });
        check("merge_group", &group, Some("main"));
    }

    #[test]
    fn each_event_runs_for_the_branch_or_tag_that_github_says() {
        for (event, payload, expected) in [
            ("push", json!({ "ref": "refs/tags/v1" }), Some("refs/tags/v1")),
            ("push", json!({ "ref": "v1" }), None),
            (
                "create",
                json!({ "ref": "v1", "ref_type": "tag" }),
                Some("refs/tags/v1"),
            ),
            (
                "create",
                json!({ "ref": "a/b", "ref_type": "branch" }),
                Some("refs/heads/a/b"),
            ),
            ("delete", json!({ "ref": "a/b", "ref_type": "branch" }), None),
            (
                "release",
                json!({ "release": { "tag_name": "v2" } }),
                Some("refs/tags/v2"),
            ),
            (
                "issues",
                json!({ "repository": { "default_branch": "dev" } }),
                Some("refs/heads/dev"),
            ),
            (
                "watch",
                json!({ "action": "started", "repository": { "default_branch": "trunk" } }),
                Some("refs/heads/trunk"),
            ),
            (
                "check_suite",
                json!({ "ref": "refs/heads/x", "repository": { "default_branch": "trunk" } }),
                Some("refs/heads/trunk"),
            ),
            (
                "deployment",
                json!({ "repository": { "default_branch": "trunk" } }),
                None,
            ),
        ] {
            assert_eq!(named_by(event, &payload).as_deref(), expected, "{event}");
        }
    }

    #[test]
    fn a_payload_says_what_its_commits_touch() {
        let commit = |added: &[&str]| json!({ "added": added, "removed": [], "modified": ["m"] });
        let payload = json!({ "commits": [commit(&["b"]), commit(&["a", "b"])] });
        assert_eq!(touched(&payload), Some(vec!["a".into(), "b".into(), "m".into()]));
        assert_eq!(touched(&json!({ "commits": [{ "id": "1" }] })), None);
        assert_eq!(touched(&json!({})), None);
    }
}
