//! The fields of one mapping while they are read.

use lockgate_core::{Diagnostic, Span};

use super::reader::{Reader, suggestion};
use super::{Entry, Node};
use crate::codes;

/// The fields of one mapping: what was asked for is known, what remains at the end is a mistake.
///
/// Ends with [`Fields::finish`] or, where any key is allowed, with [`Fields::rest`].
#[must_use = "unknown keys are only noticed by `finish`"]
pub struct Fields<'n> {
    what: &'static str,
    span: Span,
    entries: &'n [Entry],
    taken: Vec<bool>,
    known: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    pub(super) fn new(what: &'static str, span: Span, entries: &'n [Entry]) -> Self {
        Self {
            what,
            span,
            taken: vec![false; entries.len()],
            entries,
            known: Vec::new(),
        }
    }

    /// Returns where the mapping stands.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Returns the value of `name` when it is there.
    pub fn take(&mut self, name: &'static str) -> Option<&'n Node> {
        self.take_entry(name).map(|entry| &entry.value)
    }

    /// Returns the key and value of `name` when it is there.
    pub fn take_entry(&mut self, name: &'static str) -> Option<&'n Entry> {
        self.known.push(name);
        self.take_unsuggested(name)
    }

    /// Returns the key and value of `name` without ever suggesting it.
    pub fn take_unsuggested(&mut self, name: &str) -> Option<&'n Entry> {
        let at = self.entries.iter().position(|entry| entry.key.name == name)?;
        self.taken[at] = true;
        self.entries.get(at)
    }

    /// Returns the value of `name`, or notes that it is missing.
    pub fn require(&mut self, name: &'static str, reader: &mut Reader) -> Option<&'n Node> {
        let found = self.take(name);
        if found.is_none() {
            let message = format!("{} needs the key `{name}`", self.what);
            reader.report(reader.error(codes::MISSING_KEY, self.first_key(), message));
        }
        found
    }

    /// Returns the place of the first key, to point at the mapping without covering it.
    pub fn first_key(&self) -> Span {
        self.entries.first().map_or(self.span, |entry| entry.key.span)
    }

    /// Returns the entries that nobody has taken.
    pub fn rest(&self) -> impl Iterator<Item = &'n Entry> {
        self.entries
            .iter()
            .zip(&self.taken)
            .filter_map(|(entry, taken)| (!taken).then_some(entry))
    }

    /// Notes every key that nobody has asked for.
    pub fn finish(self, reader: &mut Reader) {
        self.finish_with(reader, |_, diagnostic| diagnostic);
    }

    /// Notes every key that nobody has asked for, after `explain` has completed the mistake.
    pub fn finish_with(self, reader: &mut Reader, explain: impl Fn(&Entry, Diagnostic) -> Diagnostic) {
        for entry in self.rest().filter(|entry| entry.key.name != "<<") {
            let message = format!("{} has no key `{}`", self.what, entry.key.name);
            let diagnostic = reader
                .error(codes::UNKNOWN_KEY, entry.key.span, message)
                .help(suggestion(&entry.key.name, &self.known));
            reader.report(explain(entry, diagnostic));
        }
    }
}
