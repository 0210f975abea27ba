//! The strangers that a condition may tell apart, and what their runs read.

use std::collections::BTreeSet;

use lockgate_pipeline::expression::{Need, Scope, Status, Value};

/// A stranger, and the repository whose workflow runs.
#[derive(Clone)]
pub(super) struct Stranger<'c> {
    repository: String,
    /// The numbers of the repository and of its owner.
    ids: [f64; 2],
    association: &'static str,
    /// The event behind a `workflow_run`.
    cause: &'static str,
    branch: &'c str,
}

/// What GitHub says of who has no rights in a repository.
const ASSOCIATIONS: [&str; 5] = [
    "NONE",
    "FIRST_TIMER",
    "FIRST_TIME_CONTRIBUTOR",
    "CONTRIBUTOR",
    "MANNEQUIN",
];

/// The events of pull requests that run for the code of a fork.
const CAUSES: [&str; 3] = ["pull_request", "pull_request_review", "pull_request_review_comment"];

/// A name that nobody has, so that no condition names it.
const NOBODY: &str = "\u{1}";

/// Numbers that nothing has, so that no condition names them: of the fork, of the repository and of its owner.
const FORK: f64 = 0.125;
const UNNAMED: [f64; 2] = [0.25, 0.375];

impl<'c> Stranger<'c> {
    /// Returns the strangers by `event` that a condition may tell apart; `None` when they are too many.
    pub(super) fn all(condition: &'c str, event: &str) -> Option<Vec<Self>> {
        let lower = condition.to_ascii_lowercase();
        let mut all = vec![Self {
            repository: "owner/repository".to_owned(),
            ids: UNNAMED,
            association: ASSOCIATIONS[0],
            cause: CAUSES[0],
            branch: NOBODY,
        }];
        if lower.contains("repo") {
            all = each(&all, &repositories(condition), |one, name| {
                one.repository.clone_from(name);
            })?;
            all = each(&all, &ids(condition)?, |one, ids| one.ids = *ids)?;
        }
        if lower.contains("association") {
            all = each(&all, &ASSOCIATIONS, |one, association| one.association = association)?;
        }
        if event == "workflow_run" && lower.contains("event.workflow_run.event") {
            all = each(&all, &CAUSES, |one, cause| one.cause = cause)?;
        }
        if ["head.label", "'label'"].iter().any(|word| lower.contains(word)) {
            let branches: Vec<&str> = texts(condition).chain([NOBODY]).collect();
            all = each(&all, &branches, |one, branch| one.branch = branch)?;
        }
        Some(all)
    }

    /// Returns the run that the stranger causes by `event`, as far as it is known.
    pub(super) fn run(&self, event: &str) -> Run {
        let owner = self.repository.split('/').next().unwrap_or_default();
        let [id, owner_id] = self.ids;
        let base = Value::object([
            ("full_name", Value::from(self.repository.as_str())),
            ("id", Value::from(id)),
            ("owner", person(owner, owner_id)),
        ]);
        let nobody = || person(NOBODY, FORK);
        let github = Value::object([
            ("event_name", Value::from(event)),
            ("repository", Value::from(self.repository.as_str())),
            ("repository_id", Value::from(id)),
            ("repository_owner", Value::from(owner)),
            ("repository_owner_id", Value::from(owner_id)),
            ("actor", Value::from(NOBODY)),
            ("actor_id", Value::from(FORK)),
            ("triggering_actor", Value::from(NOBODY)),
            (
                "event",
                Value::object(
                    [("repository", base.clone()), ("sender", nobody())]
                        .into_iter()
                        .chain(self.payload(event, &base)),
                ),
            ),
        ]);
        Run { github }
    }

    /// Returns what the event is about. What it does not have is null, as in a run.
    fn payload(&self, event: &str, base: &Value) -> Vec<(&'static str, Value)> {
        let nobody = || person(NOBODY, FORK);
        let with = |more: Vec<(&'static str, Value)>| {
            let by_stranger = [
                ("user", nobody()),
                ("author_association", Value::from(self.association)),
                ("actor", nobody()),
            ];
            Value::object(by_stranger.into_iter().chain(more))
        };
        let fork = Value::object([
            ("full_name", Value::from(format!("{NOBODY}/fork"))),
            ("id", Value::from(FORK)),
            ("owner", nobody()),
            ("fork", Value::from(true)),
        ]);
        let mut payload = Vec::new();
        if event.starts_with("pull_request") {
            let head = Value::object([
                ("label", Value::from(format!("{NOBODY}:{}", self.branch))),
                ("repo", fork.clone()),
                ("user", nobody()),
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

/// Returns each of `all` once for each of `values`; `None` when they would be too many.
fn each<'c, T>(all: &[Stranger<'c>], values: &[T], set: impl Fn(&mut Stranger<'c>, &T)) -> Option<Vec<Stranger<'c>>> {
    const MOST: usize = 64;
    let of_value = |one: &Stranger<'c>, value| {
        let mut one = one.clone();
        set(&mut one, value);
        one
    };
    let of_all = all
        .iter()
        .flat_map(|one| values.iter().map(|value| of_value(one, value)));
    (values.len() <= MOST / all.len()).then(|| of_all.collect())
}

fn texts(condition: &str) -> impl Iterator<Item = &str> {
    let texts = condition.split('\'').skip(1).step_by(2);
    texts.filter(|text| !text.is_empty())
}

/// Returns the repositories that the file may stand in, as far as the condition tells them apart: one that it does not
/// name, and each that it does.
fn repositories(condition: &str) -> Vec<String> {
    let mut found = vec!["owner/repository".to_owned()];
    let names = texts(condition).filter(|text| !text.contains(char::is_whitespace));
    found.extend(names.filter_map(|name| match name.matches('/').count() {
        0 => Some(format!("{name}/repository")),
        1 => Some(name.to_owned()),
        _ => None,
    }));
    found
}

/// Returns the numbers that the repository and its owner may have, as the condition tells them apart; `None` when it
/// names several, of which nobody knows whose they are.
fn ids(condition: &str) -> Option<Vec<[f64; 2]>> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let words = condition.split(|c| !is_of_name(c));
    let named: BTreeSet<u64> = words.filter_map(|word| word.parse().ok()).collect();
    let mut found = vec![UNNAMED];
    let asks = ["id", "ID", "Id"].iter().any(|word| condition.contains(word));
    if asks {
        for id in &named {
            let id = *id as f64;
            found.extend([[id, UNNAMED[1]], [UNNAMED[0], id]]);
        }
    }
    (!asks || named.len() <= 1).then_some(found)
}
