//! The `github` context, as far as it does not depend on the job.

use std::collections::BTreeSet;

use crate::definition::Pipeline;
use crate::expression::Value;
use crate::expression::secret::MarkerKey;
use crate::run::environment::Variables;

/// What happened, and to which commit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trigger {
    /// The name of the event, such as `push`.
    pub event: String,
    /// What the event says (`github.event`).
    pub payload: Value,
    /// Whether the payload was made of the repository, so that the forge would say more.
    pub is_made: bool,
    /// The commit.
    pub sha: String,
    /// The full name of the branch or tag, such as `refs/heads/main`.
    pub reference: String,
    /// The branch that a pull request goes to.
    pub base_ref: String,
    /// The branch that a pull request comes from.
    pub head_ref: String,
    /// The repository, `owner/name`.
    pub repository: String,
    /// Who did it.
    pub actor: String,
    /// Identifies the run.
    pub run_id: String,
    /// Counts the runs of this pipeline, from 1.
    pub run_number: u64,
    /// Counts the attempts of this run, from 1.
    pub run_attempt: u32,
    /// The address of the forge, such as `https://github.com`.
    pub server_url: String,
}

impl Trigger {
    /// Returns the `github` context.
    pub(super) fn context(&self, pipeline: &Pipeline, secrets: &BTreeSet<String>, key: &MarkerKey) -> Value {
        let owner = self.repository.split_once('/').map_or("", |(owner, _)| owner);
        let token = if secrets.contains("GITHUB_TOKEN") {
            key.marker("GITHUB_TOKEN")
        } else {
            String::new()
        };
        let workflow_ref = format!("{}/{}@{}", self.repository, pipeline.path, self.reference);
        let api = match self.server_url.as_str() {
            "https://github.com" => "https://api.github.com".to_owned(),
            server => format!("{server}/api/v3"),
        };
        let graphql = format!("{}/graphql", api.trim_end_matches("/v3"));
        let texts = [
            ("event_name", self.event.as_str()),
            ("sha", &self.sha),
            ("ref", &self.reference),
            ("ref_name", self.reference_name()),
            ("ref_type", self.reference_type()),
            ("base_ref", &self.base_ref),
            ("head_ref", &self.head_ref),
            ("repository", &self.repository),
            ("repository_owner", owner),
            ("repositoryUrl", &format!("git://{}.git", self.repository)),
            ("actor", &self.actor),
            ("triggering_actor", &self.actor),
            ("workflow", &pipeline.name),
            ("workflow_ref", &workflow_ref),
            ("workflow_sha", &self.sha),
            ("run_id", &self.run_id),
            ("run_number", &self.run_number.to_string()),
            ("run_attempt", &self.run_attempt.to_string()),
            ("retention_days", "90"),
            ("secret_source", "Actions"),
            ("server_url", &self.server_url),
            ("api_url", &api),
            ("graphql_url", &graphql),
            ("token", &token),
        ];
        let texts = texts.into_iter().map(|(name, text)| (name, Value::from(text)));
        let others = [
            ("ref_protected", Value::Boolean(false)),
            ("event", self.payload.clone()),
        ];
        Value::object(texts.chain(others))
    }

    /// Returns the short name of the reference, such as `main` or `1/merge`.
    pub fn reference_name(&self) -> &str {
        let short = ["refs/heads/", "refs/tags/", "refs/pull/"];
        let short = short.iter().find_map(|prefix| self.reference.strip_prefix(prefix));
        short.unwrap_or(&self.reference)
    }

    fn reference_type(&self) -> &'static str {
        if self.reference.starts_with("refs/tags/") {
            "tag"
        } else {
            "branch"
        }
    }
}

/// Returns the variables that a runner makes of the context for every step: not the token, not the event.
pub(super) fn environment(github: &Value) -> Variables {
    let Value::Object(github) = github else {
        return Variables::new();
    };
    let named = |(name, value): (&str, &Value)| match value {
        Value::String(text) if !matches!(name, "token" | "repositoryUrl" | "secret_source") => {
            Some((format!("GITHUB_{}", name.to_ascii_uppercase()), text.clone()))
        }
        Value::Boolean(flag) => Some((format!("GITHUB_{}", name.to_ascii_uppercase()), flag.to_string())),
        _ => None,
    };
    github.iter().filter_map(named).collect()
}
