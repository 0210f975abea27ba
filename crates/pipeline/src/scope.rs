//! Contexts that are known as values.

use std::collections::BTreeMap;

use crate::expression::{Need, Scope, Status, Value};

/// A scope of named values, in which no file can be read.
#[derive(Clone, Debug)]
pub(crate) struct KnownContexts {
    contexts: BTreeMap<&'static str, Value>,
    status: Status,
}

impl KnownContexts {
    /// Returns the scope of these contexts.
    pub(crate) fn new(contexts: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        Self {
            contexts: contexts.into_iter().collect(),
            status: Status::SUCCESS,
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
