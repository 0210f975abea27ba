//! The strangers that a condition may tell apart, and what their runs read.

use std::collections::BTreeSet;

use lockgate_pipeline::expression::{Condition, Need, Scope, Status, Value};

use super::name::{Asked, texts};

/// A stranger, and the repository whose workflow runs.
#[derive(Clone)]
pub(super) struct Stranger<'c> {
    login: String,
    id: f64,
    /// The name of the fork, without its owner.
    fork: String,
    repository: String,
    /// The numbers of the repository and of its owner.
    ids: [f64; 2],
    association: &'static str,
    /// The event behind a `workflow_run`.
    cause: &'static str,
    branch: &'c str,
}

/// What GitHub says of who has no rights in a repository. A `MANNEQUIN` stands for somebody of whom only old words were
/// brought along, and does nothing.
const ASSOCIATIONS: [&str; 4] = ["NONE", "FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR", "CONTRIBUTOR"];

/// The events of pull requests that run for the code of a fork.
const CAUSES: [&str; 3] = ["pull_request", "pull_request_review", "pull_request_review_comment"];

/// A name that nobody has, so that no condition names it.
pub(super) const NOBODY: &str = "\u{1}";

/// Numbers that nothing has, so that no condition names them: of the fork, of the repository and of its owner.
pub(super) const FORK: f64 = 0.125;
const UNNAMED: [f64; 2] = [0.25, 0.375];

impl<'c> Stranger<'c> {
    /// Returns the strangers by `event` that a condition may tell apart; `None` when they are too many.
    pub(super) fn all(condition: &'c str, parsed: &Condition, event: &str) -> Option<Vec<Self>> {
        let lower = condition.to_ascii_lowercase();
        let asked = Asked::of(condition, parsed);
        let mut all = vec![Self {
            login: NOBODY.to_owned(),
            id: FORK,
            fork: "fork".to_owned(),
            repository: "owner/repository".to_owned(),
            ids: UNNAMED,
            association: ASSOCIATIONS[0],
            cause: CAUSES[0],
            branch: NOBODY,
        }];
        if names_base(parsed) {
            all = each(&all, |_| repositories(condition), |one, name| one.repository = name)?;
            let ids = ids(condition)?;
            all = each(&all, |_| ids.clone(), |one, ids| one.ids = ids)?;
        }
        if lower.contains("association") {
            all = each(&all, |_| ASSOCIATIONS, |one, found| one.association = found)?;
        }
        if event == "workflow_run" && lower.contains("event.workflow_run.event") {
            all = each(&all, |_| CAUSES, |one, cause| one.cause = cause)?;
        }
        if ["head.label", "'label'"].iter().any(|word| lower.contains(word)) {
            let branches: BTreeSet<&str> = texts(condition).chain(asked.branches()).chain([NOBODY]).collect();
            all = each(&all, |_| branches.iter().copied(), |one, branch| one.branch = branch)?;
        }
        if asked.is_long() {
            return None;
        }
        if asked.is_any() {
            all = each(&all, |one| asked.logins(&one.repository), |one, name| one.login = name)?;
            all = each(&all, |one| asked.forks(&one.repository), |one, fork| one.fork = fork)?;
            all = each(&all, |_| asked.ids(), |one, id| one.id = id)?;
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
        let stranger = || person(&self.login, self.id);
        let github = Value::object([
            ("event_name", Value::from(event)),
            ("repository", Value::from(self.repository.as_str())),
            ("repository_id", Value::from(id)),
            ("repository_owner", Value::from(owner)),
            ("repository_owner_id", Value::from(owner_id)),
            ("actor", Value::from(self.login.as_str())),
            ("actor_id", Value::from(self.id)),
            ("triggering_actor", Value::from(self.login.as_str())),
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
        let stranger = || person(&self.login, self.id);
        let with = |more: Vec<(&'static str, Value)>| {
            let by_stranger = [
                ("user", stranger()),
                ("author_association", Value::from(self.association)),
                ("actor", stranger()),
            ];
            Value::object(by_stranger.into_iter().chain(more))
        };
        let fork = Value::object([
            ("full_name", Value::from(format!("{}/{}", self.login, self.fork))),
            ("id", Value::from(FORK)),
            ("owner", stranger()),
            ("fork", Value::from(true)),
        ]);
        let mut payload = Vec::new();
        if event.starts_with("pull_request") {
            let head = Value::object([
                ("label", Value::from(format!("{}:{}", self.login, self.branch))),
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

/// Returns each of `all` once for each of its values; `None` when they would be too many.
fn each<'c, I: IntoIterator>(
    all: &[Stranger<'c>],
    values: impl Fn(&Stranger<'c>) -> I,
    set: impl Fn(&mut Stranger<'c>, I::Item),
) -> Option<Vec<Stranger<'c>>> {
    const MOST: usize = 512;
    let mut found = Vec::new();
    for one in all {
        for value in values(one) {
            let mut one = one.clone();
            set(&mut one, value);
            found.push(one);
        }
        if found.len() > MOST {
            return None;
        }
    }
    Some(found)
}

/// Returns whether a condition reads something of the repository whose workflow runs.
fn names_base(parsed: &Condition) -> bool {
    let is_of_base = |part: &String| {
        let part = part.to_ascii_lowercase();
        part == "base" || part.starts_with("repository")
    };
    parsed
        .contexts_used()
        .iter()
        .any(|found| found.path.iter().any(is_of_base))
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
