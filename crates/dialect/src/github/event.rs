//! The events that can start a workflow, with their activity types and filters.

use lockgate_core::diagnostic::nearest;

/// An event that can start a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventKind {
    /// The name.
    pub name: &'static str,
    /// The activity types that it can have; empty when it has none.
    pub types: &'static [&'static str],
    /// The types that start a workflow which names none; empty for all.
    pub default_types: &'static [&'static str],
    /// The filters that it can have, beside `types`.
    pub filters: &'static [&'static str],
}

const EDITS: &[&str] = &["created", "edited", "deleted"];
const PULL_REQUEST: &[&str] = &[
    "assigned",
    "unassigned",
    "labeled",
    "unlabeled",
    "opened",
    "edited",
    "closed",
    "reopened",
    "synchronize",
    "converted_to_draft",
    "locked",
    "unlocked",
    "enqueued",
    "dequeued",
    "milestoned",
    "demilestoned",
    "ready_for_review",
    "review_requested",
    "review_request_removed",
    "auto_merge_enabled",
    "auto_merge_disabled",
    "stacked",
];
const PULL_REQUEST_DEFAULT: &[&str] = &["opened", "synchronize", "reopened"];
const ISSUES: &[&str] = &[
    "opened",
    "edited",
    "deleted",
    "transferred",
    "pinned",
    "unpinned",
    "closed",
    "reopened",
    "assigned",
    "unassigned",
    "labeled",
    "unlabeled",
    "locked",
    "unlocked",
    "milestoned",
    "demilestoned",
    "field_added",
    "field_removed",
    "typed",
    "untyped",
];
const DISCUSSION: &[&str] = &[
    "created",
    "edited",
    "deleted",
    "transferred",
    "pinned",
    "unpinned",
    "labeled",
    "unlabeled",
    "locked",
    "unlocked",
    "category_changed",
    "answered",
    "unanswered",
];
const RELEASE: &[&str] = &[
    "published",
    "unpublished",
    "created",
    "edited",
    "deleted",
    "prereleased",
    "released",
];
const BRANCHES: &[&str] = &["branches", "branches-ignore"];
const BRANCHES_AND_PATHS: &[&str] = &["branches", "branches-ignore", "paths", "paths-ignore"];
const ALL_REFS: &[&str] = &[
    "branches",
    "branches-ignore",
    "tags",
    "tags-ignore",
    "paths",
    "paths-ignore",
];

/// Every event, by name.
pub const EVENTS: [EventKind; 37] = [
    with_types("branch_protection_rule", EDITS),
    with_types(
        "check_run",
        &["created", "rerequested", "completed", "requested_action"],
    ),
    with_types("check_suite", &["completed"]),
    plain("create"),
    plain("delete"),
    plain("deployment"),
    plain("deployment_status"),
    with_types("discussion", DISCUSSION),
    with_types("discussion_comment", EDITS),
    plain("fork"),
    plain("gollum"),
    filtered(
        "image_version",
        &["created", "ready", "deleted"],
        &["names", "versions"],
    ),
    with_types("issue_comment", EDITS),
    with_types("issues", ISSUES),
    with_types("label", EDITS),
    filtered("merge_group", &["checks_requested"], BRANCHES),
    with_types("milestone", &["created", "closed", "opened", "edited", "deleted"]),
    plain("page_build"),
    with_types("project", &["created", "closed", "reopened", "edited", "deleted"]),
    with_types("project_card", &["created", "moved", "converted", "edited", "deleted"]),
    with_types("project_column", &["created", "updated", "moved", "deleted"]),
    plain("public"),
    pull_request("pull_request"),
    with_types("pull_request_comment", EDITS),
    with_types("pull_request_review", &["submitted", "edited", "dismissed"]),
    with_types("pull_request_review_comment", EDITS),
    pull_request("pull_request_target"),
    filtered("push", &[], ALL_REFS),
    with_types("registry_package", &["published", "updated"]),
    with_types("release", RELEASE),
    // Its types are whatever the caller of the API names.
    plain("repository_dispatch"),
    plain("schedule"),
    plain("status"),
    with_types("watch", &["started"]),
    plain("workflow_call"),
    plain("workflow_dispatch"),
    filtered(
        "workflow_run",
        &["requested", "completed", "in_progress"],
        &["branches", "branches-ignore", "workflows"],
    ),
];

impl EventKind {
    /// Returns whether nothing can be said about the event.
    pub(super) fn is_bare(&self) -> bool {
        let has_keys = ["repository_dispatch", "schedule", "workflow_call", "workflow_dispatch"];
        self.types.is_empty() && self.filters.is_empty() && !has_keys.contains(&self.name)
    }
}

/// Returns the event of this name.
pub(super) fn named(name: &str) -> Option<&'static EventKind> {
    EVENTS.iter().find(|event| event.name == name)
}

/// Returns the event of this name.
///
/// # Errors
/// Returns what helps whoever wrote a name that no event has.
pub fn event_named(name: &str) -> Result<&'static EventKind, String> {
    named(name).ok_or_else(|| match nearest(name, EVENTS.iter().map(|event| event.name)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "events are for example `push`, `pull_request`, `workflow_dispatch` and `schedule`".to_owned(),
    })
}

const fn plain(name: &'static str) -> EventKind {
    filtered(name, &[], &[])
}

const fn with_types(name: &'static str, types: &'static [&'static str]) -> EventKind {
    filtered(name, types, &[])
}

const fn filtered(name: &'static str, types: &'static [&'static str], filters: &'static [&'static str]) -> EventKind {
    EventKind {
        name,
        types,
        default_types: &[],
        filters,
    }
}

const fn pull_request(name: &'static str) -> EventKind {
    EventKind {
        default_types: PULL_REQUEST_DEFAULT,
        ..filtered(name, PULL_REQUEST, BRANCHES_AND_PATHS)
    }
}
