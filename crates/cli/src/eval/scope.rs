//! The contexts that were given.

use std::cell::RefCell;
use std::path::Path;

use lockgate_adapters::executor::hash_files::hash_files;
use lockgate_core::diagnostic::nearest;
use lockgate_pipeline::expression::{CONTEXTS, Need, Object, Scope, Status, Value};

use crate::exit::Failure;
use crate::planning::json_file::{JsonFile, in_words};

/// What helps when the file is not as expected.
const EXAMPLE: &str =
    r#"it holds one object with a field for each context, such as {"github": {"ref": "refs/heads/main"}}"#;

/// Contexts from a file; those that are not in it are null.
#[derive(Debug)]
pub(super) struct GivenContexts {
    contexts: Object,
    status: Status,
}

impl GivenContexts {
    /// Returns no contexts.
    pub(super) fn none() -> Self {
        Self::of(Object::default())
    }

    /// Returns the contexts that the file holds.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let json = JsonFile::read(path, EXAMPLE)?;
        let Value::Object(contexts) = &json.value else {
            let message = format!("contexts are one JSON object, not {}", in_words(&json.value));
            return Err(json.unexpected((1, 1), &message));
        };
        for (name, _) in contexts.iter() {
            if !CONTEXTS.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                let near = nearest(name, CONTEXTS);
                let help = near.map_or_else(
                    || format!("the contexts are {}", CONTEXTS.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                return Err(Failure::usage(format!("{}: there is no context `{name}`", path.display())).help(help));
            }
        }
        Ok(Self::of(contexts.clone()))
    }

    fn of(mut contexts: Object) -> Self {
        // As on a Linux runner, where the names of variables differ in case.
        if let Some(Value::Object(env)) = contexts.get("env") {
            let mut exact = Object::case_sensitive();
            for (name, value) in env.iter() {
                exact.insert(name, value.clone());
            }
            contexts.insert("env", Value::Object(exact));
        }
        let status = match contexts.get("job").and_then(|job| job.get("status")) {
            Some(Value::String(word)) if word == "failure" => Status::FAILURE,
            Some(Value::String(word)) if word == "cancelled" => Status::CANCELLED,
            _ => Status::SUCCESS,
        };
        Self { contexts, status }
    }

    /// Returns the same, of which no part is shared: two threads that count who reads one value wait for each other.
    pub(super) fn apart(&self) -> Self {
        let fields = self.contexts.iter();
        Self {
            contexts: fields.map(|(name, value)| (name.to_owned(), value.apart())).collect(),
            status: self.status,
        }
    }
}

/// What one expression is evaluated in.
#[derive(Debug)]
pub(super) struct Place<'c> {
    given: &'c GivenContexts,
    /// What kept `hashFiles` from its digest.
    failure: RefCell<Option<String>>,
}

impl<'c> Place<'c> {
    pub(super) fn of(given: &'c GivenContexts) -> Self {
        Self {
            given,
            failure: RefCell::default(),
        }
    }

    /// Returns what kept `hashFiles` from its digest.
    pub(super) fn failure(self) -> Option<String> {
        self.failure.into_inner()
    }
}

impl Scope for Place<'_> {
    fn context(&self, name: &str) -> Option<Value> {
        Some(self.given.contexts.get(name).cloned().unwrap_or_default())
    }

    fn status(&self) -> Status {
        self.given.status
    }

    fn hash_files(&self, patterns: &[String]) -> Result<String, Need> {
        let home = std::env::home_dir().unwrap_or_default();
        let digest = std::path::absolute(".")
            .map_err(|error| error.to_string())
            .and_then(|here| hash_files(patterns, &here, &home).map_err(|error| with_causes(&error)));
        digest.map_err(|problem| {
            *self.failure.borrow_mut() = Some(format!("`hashFiles` has no digest: {problem}"));
            Need::HashFiles(patterns.to_vec())
        })
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
