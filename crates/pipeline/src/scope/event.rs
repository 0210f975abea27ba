//! What is known of an event whose payload was made of the repository.
//!
//! Such a payload has what a repository on disk knows. What else the forge would say is not null, but unknown, unless it
//! is about what only other events have. Source: "Webhook events and payloads" of GitHub's documentation.

use crate::expression::Value;

/// Events whose payload is made with all that stands at its top.
const WHOLE: [&str; 4] = ["push", "pull_request", "pull_request_target", "workflow_dispatch"];

const REQUESTS: &[&str] = &[
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_target",
];
const ISSUES: &[&str] = &["issue_comment", "issues"];
const COMMENTS: &[&str] = &["discussion_comment", "issue_comment", "pull_request_review_comment"];
const DEPLOYMENTS: &[&str] = &["deployment", "deployment_status"];
const DISCUSSIONS: &[&str] = &["discussion", "discussion_comment"];
const PUSH: &[&str] = &["push"];

/// What only some events are about, and which.
const SUBJECTS: [(&str, &[&str]); 21] = [
    ("check_run", &["check_run"]),
    ("check_suite", &["check_suite"]),
    ("client_payload", &["repository_dispatch"]),
    ("comment", COMMENTS),
    ("commits", PUSH),
    ("created", PUSH),
    ("deleted", PUSH),
    ("deployment", DEPLOYMENTS),
    ("deployment_status", &["deployment_status"]),
    ("discussion", DISCUSSIONS),
    ("forced", PUSH),
    ("head_commit", PUSH),
    ("inputs", &["workflow_dispatch"]),
    ("issue", ISSUES),
    ("merge_group", &["merge_group"]),
    ("pull_request", REQUESTS),
    ("pusher", PUSH),
    ("release", &["release"]),
    ("review", &["pull_request_review"]),
    ("schedule", &["schedule"]),
    ("workflow_run", &["workflow_run"]),
];

/// Returns whether the fields at `path` of the event of the context `github` are known; in a path names of any case are
/// the same.
pub(super) fn knows(github: &Value, path: &[String]) -> bool {
    let Some((top, rest)) = path.split_first() else {
        return false;
    };
    let Some(mut value) = github.get("event").and_then(|payload| payload.get(top)) else {
        let event = match github.get("event_name") {
            Some(Value::String(event)) => event.as_str(),
            _ => "",
        };
        let subject = SUBJECTS.iter().find(|(name, _)| name.eq_ignore_ascii_case(top));
        return WHOLE.contains(&event) || subject.is_some_and(|(_, events)| !events.contains(&event));
    };
    for name in rest {
        match value.get(name) {
            Some(field) => value = field,
            None => return !matches!(value, Value::Object(_)),
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_forge_alone_knows_is_open() {
        let json = r#"{"repository": {"name": "app", "topics": []}, "pull_request": {"draft": false, "body": null}}"#;
        let payload = Value::from_json(json).unwrap();
        let github = |event: &str| Value::object([("event_name", Value::from(event)), ("event", payload.clone())]);
        let knows = |event: &str, path: &str| {
            let path: Vec<String> = path.split('.').map(str::to_owned).collect();
            super::knows(&github(event), &path)
        };
        for path in [
            "repository.NAME",
            "repository.topics",
            "repository.topics.first",
            "pull_request",
            "Release",
        ] {
            assert!(knows("pull_request", path), "{path}");
        }
        assert!(knows("pull_request", "pull_request.body.length"));
        for path in ["repository.private", "pull_request.merged_by.login"] {
            assert!(!knows("pull_request", path), "{path}");
        }
        assert!(knows("pull_request", "label.name"));
        assert!(!knows("issues", "label.name") && !knows("issues", "issue.title") && !knows("issues", "action"));
        assert!(knows("issues", "comment.body") && knows("issues", "head_commit.message"));
        assert!(!super::knows(&github("push"), &[]));
    }
}
