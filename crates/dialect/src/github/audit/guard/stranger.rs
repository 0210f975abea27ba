//! The strangers that a condition may tell apart, and what their runs read.

use lockgate_pipeline::expression::{Need, Scope, Status, Value};

/// A stranger, by what a condition may know of one. What else it reads are names that stand for those of all.
#[derive(Clone, Copy)]
pub(super) struct Stranger {
    association: &'static str,
    /// The event behind a `workflow_run`.
    cause: &'static str,
}

/// What GitHub says of who has no rights in a repository. A `MANNEQUIN` stands for somebody of whom only old words were
/// brought along, and does nothing.
const ASSOCIATIONS: [&str; 4] = ["NONE", "FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR", "CONTRIBUTOR"];

/// The events of pull requests that run for the code of a fork.
const CAUSES: [&str; 4] = [
    "pull_request",
    "pull_request_target",
    "pull_request_review",
    "pull_request_review_comment",
];

/// The login of the stranger, of signs that no name has and that JSON has as they are, and the numbers of the stranger and
/// of the fork.
const LOGIN: &str = "\u{e001}";
const ID: f64 = 0.125;

/// The repository whose workflow runs, and the numbers of it and of its owner.
const OWNER: &str = "\u{e002}";
const REPOSITORY: &str = "\u{e002}/\u{e002}";
const IDS: [f64; 2] = [0.25, 0.375];

impl Stranger {
    /// Returns those that a condition, in lower case, may tell apart.
    pub(super) fn all(condition: &str) -> impl Iterator<Item = Self> {
        let asks = |word| condition.contains(word);
        let associations = if asks("association") { ASSOCIATIONS.len() } else { 1 };
        let causes = if asks("workflow_run") { CAUSES.len() } else { 1 };
        let causes = CAUSES.into_iter().take(causes);
        causes.flat_map(move |cause| {
            let associations = ASSOCIATIONS.into_iter().take(associations);
            associations.map(move |association| Self { association, cause })
        })
    }

    /// Returns the run that the stranger causes by `event`, as far as it is known.
    pub(super) fn run(&self, event: &str) -> Run {
        let [id, owner_id] = IDS;
        let base = Value::object([
            ("full_name", Value::from(REPOSITORY)),
            ("id", Value::from(id)),
            ("owner", person(OWNER, owner_id)),
        ]);
        let stranger = || person(LOGIN, ID);
        let github = Value::object([
            ("event_name", Value::from(event)),
            ("repository", Value::from(REPOSITORY)),
            ("repository_id", Value::from(id)),
            ("repository_owner", Value::from(OWNER)),
            ("repository_owner_id", Value::from(owner_id)),
            ("actor", Value::from(LOGIN)),
            ("actor_id", Value::from(ID)),
            ("triggering_actor", Value::from(LOGIN)),
            (
                "event",
                Value::object(
                    [("repository", base.clone()), ("sender", stranger())]
                        .into_iter()
                        .chain(self.payload(event, &base)),
                ),
            ),
        ]);
        Run { github }
    }

    /// Returns what the event is about. What it does not have is null, as in a run.
    fn payload(&self, event: &str, base: &Value) -> Vec<(&'static str, Value)> {
        let stranger = || person(LOGIN, ID);
        let with = |more: Vec<(&'static str, Value)>| {
            let by_stranger = [
                ("user", stranger()),
                ("author_association", Value::from(self.association)),
                ("actor", stranger()),
            ];
            Value::object(by_stranger.into_iter().chain(more))
        };
        let fork = Value::object([
            ("full_name", Value::from(format!("{LOGIN}/{LOGIN}"))),
            ("id", Value::from(ID)),
            ("owner", stranger()),
            ("fork", Value::from(true)),
        ]);
        let mut payload = Vec::new();
        if event.starts_with("pull_request") {
            let head = Value::object([
                ("label", Value::from(format!("{LOGIN}:{LOGIN}"))),
                ("repo", fork.clone()),
                ("user", stranger()),
            ]);
            let base = Value::object([("repo", base.clone())]);
            payload.push(("pull_request", with(vec![("head", head), ("base", base)])));
        }
        if event == "workflow_run" {
            let of_run = vec![
                ("event", Value::from(self.cause)),
                ("repository", base.clone()),
                ("head_repository", fork),
            ];
            payload.push(("workflow_run", with(of_run)));
        }
        for (key, events) in [
            ("issue", "issue"),
            ("discussion", "discussion"),
            ("review", "pull_request_review"),
        ] {
            if event.starts_with(events) {
                payload.push((key, with(Vec::new())));
            }
        }
        if event.ends_with("_comment") {
            payload.push(("comment", with(Vec::new())));
        }
        payload
    }
}

/// The run of a stranger, as far as it is known.
pub(super) struct Run {
    github: Value,
}

impl Scope for Run {
    fn context(&self, name: &str) -> Option<Value> {
        (name == "github").then(|| self.github.clone())
    }

    fn status(&self) -> Status {
        Status::SUCCESS
    }

    fn hash_files(&self, patterns: &[String]) -> Result<String, Need> {
        Err(Need::HashFiles(patterns.to_vec()))
    }
}

fn person(login: &str, id: f64) -> Value {
    Value::object([("login", Value::from(login)), ("id", Value::from(id))])
}
