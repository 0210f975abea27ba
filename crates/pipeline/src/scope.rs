//! Contexts that are known as values.

use std::collections::BTreeMap;

use crate::expression::{ContextUse, Need, Scope, Status, Value};

mod event;

/// A scope of named values, in which no file can be read.
#[derive(Clone, Debug)]
pub(crate) struct KnownContexts {
    contexts: BTreeMap<&'static str, Value>,
    status: Status,
    /// Whether the payload of the event was made of the repository.
    is_event_made: bool,
}

impl KnownContexts {
    /// Returns the scope of these contexts.
    pub(crate) fn new(contexts: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        Self {
            contexts: contexts.into_iter().collect(),
            status: Status::SUCCESS,
            is_event_made: false,
        }
    }

    /// Returns the scope in which the event has more than the payload, if that `is_made` of the repository.
    pub(crate) fn with_made_event(self, is_made: bool) -> Self {
        Self {
            is_event_made: is_made,
            ..self
        }
    }

    /// Returns whether a use of a context is answered by what the event is known to say; so are those of other contexts.
    pub(crate) fn knows(&self, found: &ContextUse) -> bool {
        let Some(github) = self.contexts.get("github").filter(|_| self.is_event_made) else {
            return true;
        };
        match (found.name.as_str(), found.path.split_first()) {
            ("github", Some((name, path))) if name.eq_ignore_ascii_case("event") => event::knows(github, path),
            _ => true,
        }
    }

    /// Returns the scope with one context more.
    pub(crate) fn with(&self, name: &'static str, value: Value) -> Self {
        let mut scope = self.clone();
        scope.contexts.insert(name, value);
        scope
    }

    /// Returns the scope in which the status functions answer so.
    pub(crate) fn standing(&self, status: Status) -> Self {
        Self { status, ..self.clone() }
    }
}

impl Scope for KnownContexts {
    fn context(&self, name: &str) -> Option<Value> {
        self.contexts.get(name).cloned()
    }

    fn status(&self) -> Status {
        self.status
    }

    fn hash_files(&self, patterns: &[String]) -> Result<String, Need> {
        Err(Need::HashFiles(patterns.to_vec()))
    }
}
