//! The scripts that stand in a command: its substitutions, and the texts that a shell which it runs reads.

use super::super::walk::Walk;
use super::again::{CONTAINERS, Reader, may_read_again, readers, substituted, substituted_by, texts};
use super::words::{program, words};
use super::{Command, Part};

impl<'t> Command<'t> {
    /// Returns the scripts in which something may be read as commands once more, each with where it stands.
    pub(super) fn scripts(&self, script: &'t str) -> Vec<(&'t str, usize)> {
        let has_commands = |text: &str| ["$(", "`", "<(", ">("].iter().any(|sign| text.contains(sign));
        let mut found = Vec::new();
        if has_commands(self.text) {
            found.extend(substituted(self.text, self.start, self.shell));
        }
        for part in self
            .documents(script)
            .filter(|part| part.is_replaced() && has_commands(part.text))
        {
            found.extend(substituted_by(
                Walk::of_document(part.text, self.shell),
                part.text,
                part.start,
            ));
        }
        found.extend(self.read_here());
        if matches!(self.reader_of_input(), Some((_, Reader::Shell))) && !self.runs_elsewhere() {
            found.extend(self.unchanged(script));
        }
        found.retain(|(text, _)| may_read_again(text));
        found
    }

    /// Returns its here-documents in which this shell replaces nothing, when it hands them on as they are.
    pub(super) fn handed_on(&self, script: &'t str) -> impl Iterator<Item = (&'t str, usize)> {
        let documents = self.is_cat().then(|| self.unchanged(script));
        documents.into_iter().flatten()
    }

    /// Returns what this shell replaces in its here-documents, when it hands them on as they are.
    pub(super) fn given_on(&self, script: &'t str) -> Vec<Part<'t>> {
        if self.is_cat() { self.given(script) } else { Vec::new() }
    }

    /// Returns whether all that it does is to say what it reads.
    fn is_cat(&self) -> bool {
        let mut operands = self.words().split_whitespace().skip(1);
        self.program() == "cat" && operands.all(|word| word.starts_with("<<") || word == "-")
    }

    fn unchanged(&self, script: &'t str) -> impl Iterator<Item = (&'t str, usize)> {
        let documents = self.documents(script).filter(|part| !part.is_replaced());
        documents.map(|part| (part.text, part.start))
    }

    /// Returns the texts in single quotes that a shell on this machine reads.
    fn read_here(&self) -> Vec<(&'t str, usize)> {
        if !self.text.contains('\'') || self.runs_elsewhere() {
            return Vec::new();
        }
        let words = words(self.words(), self.shell);
        let texts = readers(&words)
            .filter(|(_, reader)| *reader == Reader::Shell)
            .find_map(|(at, reader)| texts(&words, at, reader));
        let quoted = texts.into_iter().flatten().filter_map(|word| {
            let inner = word.strip_prefix('\'')?.strip_suffix('\'')?;
            (!inner.contains('\'')).then(|| (inner, self.start_of(inner)))
        });
        quoted.collect()
    }

    /// Returns whether what it runs has none of the variables of this script.
    fn runs_elsewhere(&self) -> bool {
        CONTAINERS.contains(&program(self.word()))
    }
}
