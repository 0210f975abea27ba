//! The fields of one mapping while they are read.

use lockgate_core::diagnostic::nearest;
use lockgate_core::{Diagnostic, Severity, Span};

use super::reader::{Reader, suggestion};
use super::{Entry, Node};
use crate::codes;
use crate::shape::Shape;

/// The fields of one mapping: what was asked for is known, what remains at the end is a mistake.
///
/// Ends with [`Fields::finish`] or, where any key is allowed, with [`Fields::rest`].
#[must_use = "unknown keys are only noticed by `finish`"]
pub struct Fields<'n> {
    what: &'static str,
    span: Span,
    entries: &'n [Entry],
    taken: Vec<bool>,
    known: Known,
}

/// The keys that are possible.
enum Known {
    /// Those that were asked for so far.
    Asked(Vec<&'static str>),
    /// Those of a table; no others are asked for.
    Declared(&'static Shape),
}

impl<'n> Fields<'n> {
    pub(super) fn new(what: &'static str, span: Span, entries: &'n [Entry]) -> Self {
        Self {
            what,
            span,
            taken: vec![false; entries.len()],
            entries,
            known: Known::Asked(Vec::new()),
        }
    }

    pub(super) fn of_shape(shape: &'static Shape, span: Span, entries: &'n [Entry]) -> Self {
        Self {
            known: Known::Declared(shape),
            ..Self::new(shape.what, span, entries)
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
        match &mut self.known {
            Known::Asked(names) => names.push(name),
            Known::Declared(shape) => {
                debug_assert!(shape.key(name).is_some(), "`{name}` is not declared of {}", shape.what);
            }
        }
        self.take_unsuggested(name)
    }

    /// Returns the key and value of `name` without ever suggesting it.
    pub fn take_unsuggested(&mut self, name: &str) -> Option<&'n Entry> {
        let at = self.entries.iter().position(|entry| entry.key.name == name)?;
        self.taken[at] = true;
        self.entries.get(at)
    }

    /// Returns the value of `name`, or notes that it is missing.
    ///
    /// A key that is only misspelt is not missing: [`Fields::finish`] says what is meant.
    pub fn require(&mut self, name: &'static str, reader: &mut Reader) -> Option<&'n Node> {
        let found = self.take(name);
        let is_declared = matches!(self.known, Known::Declared(_));
        if found.is_none() && !(is_declared && self.has_slip_of(name)) {
            let message = format!("{} needs the key `{name}`", self.what);
            let diagnostic = reader.error(codes::MISSING_KEY, self.first_key(), message);
            reader.report(match self.example(name) {
                Some(example) => diagnostic.help(format!("add it, for example `{example}`")),
                None => diagnostic,
            });
        }
        found
    }

    /// Returns whether a key that is not possible here is most likely meant to be `name`.
    ///
    /// Possible is what is declared, else what has been asked for until now.
    pub fn has_slip_of(&self, name: &str) -> bool {
        let names = self.names();
        let unknown = self.entries.iter().map(|entry| entry.key.name.as_str());
        unknown
            .filter(|key| nearest(key, [name]).is_some() && !names.contains(key))
            .any(|key| nearest(key, names.iter().copied()) == Some(name))
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
            if !reader.wants(Severity::Error) {
                return;
            }
            let message = format!("{} has no key `{}`", self.what, entry.key.name);
            let diagnostic = reader
                .error(codes::UNKNOWN_KEY, entry.key.span, message)
                .help(suggestion(&entry.key.name, &self.names()));
            reader.report(explain(entry, diagnostic));
        }
    }

    fn names(&self) -> Vec<&'static str> {
        match &self.known {
            Known::Asked(names) => names.clone(),
            Known::Declared(shape) => shape.keys.iter().map(|key| key.name).collect(),
        }
    }

    fn example(&self, name: &str) -> Option<&'static str> {
        match &self.known {
            Known::Asked(_) => None,
            Known::Declared(shape) => shape.key(name)?.example,
        }
    }
}
