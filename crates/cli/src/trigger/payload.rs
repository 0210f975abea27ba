//! What an event says of itself, in the words of GitHub's webhooks.
//!
//! Source: "Webhook events and payloads" of GitHub's documentation. Said is what the
//! repository on disk knows; ids, scores and everything else that only the forge has
//! are left out: a plan says that what reads them is open, and a run finds nothing there.

use lockgate_adapters::git::{CommitDetails, Person};
use lockgate_pipeline::plan::Trigger;
use serde_json::{Value, json};

use super::{NOTHING, Occasion};

/// What the repository knows, beyond the trigger.
pub(super) struct Facts<'a> {
    pub(super) trigger: &'a Trigger,
    /// The commit at HEAD; none without a repository.
    pub(super) commit: Option<&'a CommitDetails>,
    /// The branch that pull requests go to.
    pub(super) default_branch: &'a str,
}

impl Facts<'_> {
    /// Returns the payload of an event.
    pub(super) fn payload(&self, occasion: &Occasion<'_>) -> Value {
        let mut payload = match occasion.event {
            "push" => self.push(),
            "pull_request" | "pull_request_target" => self.pull_request(),
            "workflow_dispatch" => json!({ "ref": self.trigger.reference, "inputs": occasion.inputs }),
            _ => json!({}),
        };
        payload["repository"] = self.repository();
        payload["sender"] = self.user();
        payload
    }

    fn push(&self) -> Value {
        let before = self.commit.and_then(|commit| commit.parents.first());
        let before = before.map_or(NOTHING, String::as_str);
        let head = self.commit.map(|commit| self.commit(commit));
        json!({
            "ref": self.trigger.reference,
            "before": before,
            "after": self.trigger.sha,
            "base_ref": null,
            "created": before == NOTHING,
            "deleted": false,
            "forced": false,
            "compare": format!("{}/compare/{before}...{}", self.address(), self.trigger.sha),
            "commits": head.iter().collect::<Vec<_>>(),
            "head_commit": head,
            "pusher": {
                "name": self.trigger.actor,
                "email": self.commit.map_or("", |commit| &commit.committer.email),
            },
        })
    }

    fn pull_request(&self) -> Value {
        let side = |branch: &str, sha: &str| {
            json!({
                "label": format!("{}:{branch}", self.owner()), "ref": branch, "sha": sha,
                "user": self.user(), "repo": self.repository(),
            })
        };
        let base = self.commit.and_then(|commit| commit.parents.first());
        let message = self.commit.map_or("", |commit| &commit.message);
        let (title, body) = message.split_once('\n').unwrap_or((message, ""));
        json!({
            "action": "opened",
            "number": 1,
            "pull_request": {
                "number": 1,
                "state": "open",
                "title": title,
                "body": body.trim(),
                "draft": false,
                "merged": false,
                "labels": [],
                "user": self.user(),
                "html_url": format!("{}/pull/1", self.address()),
                "head": side(&self.trigger.head_ref, &self.trigger.sha),
                "base": side(self.default_branch, base.map_or(NOTHING, String::as_str)),
            },
        })
    }

    fn commit(&self, commit: &CommitDetails) -> Value {
        let person = |person: &Person| json!({ "name": person.name, "email": person.email });
        json!({
            "id": commit.sha,
            "tree_id": commit.tree,
            "distinct": true,
            "message": commit.message,
            "timestamp": commit.at,
            "url": format!("{}/commit/{}", self.address(), commit.sha),
            "author": person(&commit.author),
            "committer": person(&commit.committer),
            "added": commit.added,
            "removed": commit.removed,
            "modified": commit.modified,
        })
    }

    fn repository(&self) -> Value {
        let full = &self.trigger.repository;
        let name = full.rsplit('/').next().unwrap_or_default();
        json!({
            "name": name,
            "full_name": full,
            "owner": { "login": self.owner(), "name": self.owner() },
            "html_url": self.address(),
            "url": self.address(),
            "clone_url": format!("{}.git", self.address()),
            "default_branch": self.default_branch,
            "fork": false,
        })
    }

    fn user(&self) -> Value {
        json!({ "login": self.trigger.actor, "type": "User" })
    }

    fn owner(&self) -> &str {
        self.trigger.repository.split('/').next().unwrap_or_default()
    }

    fn address(&self) -> String {
        format!("{}/{}", self.trigger.server_url, self.trigger.repository)
    }
}
