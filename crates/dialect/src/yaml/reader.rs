//! Collects what is wrong while a tree is read.

use std::collections::BTreeMap;

use lockgate_core::diagnostic::nearest;
use lockgate_core::words::listed;
use lockgate_core::{Diagnostic, Severity, SourceFile, Span};

use super::fields::Fields;
use super::{Content, Node, Resolved};
use crate::shape::Shape;
use crate::{codes, limit};

/// Reads values of one file and collects every mistake.
///
/// Each method returns what it read, or `None` after it has noted what was expected instead.
pub struct Reader {
    file: SourceFile,
    diagnostics: Vec<Diagnostic>,
    errors: usize,
    /// By kind: which diagnostic tells it, and in how many places it is found.
    kinds: BTreeMap<String, (usize, usize)>,
}

/// The most places that are named of one kind.
const MOST_PLACES: usize = 20;

impl Reader {
    /// Returns a reader of `file` without any mistake so far.
    pub fn new(file: &SourceFile) -> Self {
        Self {
            file: file.clone(),
            diagnostics: Vec::new(),
            errors: 0,
            kinds: BTreeMap::new(),
        }
    }

    /// Returns the file.
    pub fn file(&self) -> &SourceFile {
        &self.file
    }

    /// Returns line and column of a byte, both from 1.
    pub fn position(&self, byte: usize) -> (usize, usize) {
        self.file.position(byte)
    }

    /// Returns an error to complete and [`Reader::report`].
    pub fn error(&self, code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, &self.file, span, message)
    }

    /// Returns a warning to complete and [`Reader::report`].
    pub fn warning(&self, code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::warning(code, &self.file, span, message)
    }

    /// Adds a mistake, unless there are already more than anybody reads.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        if self.wants(diagnostic.severity) {
            self.errors += usize::from(diagnostic.severity == Severity::Error);
            self.diagnostics.push(diagnostic);
        }
    }

    /// Returns whether a further mistake of this severity would be kept.
    pub(super) fn wants(&self, severity: Severity) -> bool {
        !self.is_full() || (severity == Severity::Error && self.errors == 0)
    }

    /// Adds a mistake that may be found in many places: the first one, as `told`, tells all of its `kind`, and names the
    /// others with their `label`.
    pub fn report_kind(&mut self, kind: &str, span: Span, label: String, told: impl FnOnce(&Self) -> Diagnostic) {
        let Some((at, count)) = self.kinds.get_mut(kind) else {
            if !self.is_full() {
                self.kinds.insert(kind.to_owned(), (self.diagnostics.len(), 1));
            }
            return self.report(told(self));
        };
        let first = &mut self.diagnostics[*at];
        let place = (span, label);
        // A value behind an alias is read once per place that uses it.
        if first.span == place.0 || first.also.contains(&place) {
            return;
        }
        *count += 1;
        if *count <= MOST_PLACES {
            first.also.push(place);
        }
    }

    /// Returns whether further mistakes are dropped; at least one error is kept when there is any.
    pub fn is_full(&self) -> bool {
        self.diagnostics.len() >= limit::MOST
    }

    /// Returns the mistakes in the order of the file, each once.
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        let is_full = self.is_full();
        let mut diagnostics = self.diagnostics;
        for (at, count) in self.kinds.into_values().filter(|(_, count)| *count > 1) {
            let message = &mut diagnostics[at].message;
            *message = format!("{message} ({count} places)");
        }
        diagnostics.sort_by(|left, right| (left.span, left.code).cmp(&(right.span, right.code)));
        // A value behind an alias is read once per place that uses it.
        diagnostics.dedup();
        if is_full {
            diagnostics.extend(diagnostics.first().map(limit::remark));
        }
        diagnostics
    }

    /// Returns the fields of a mapping; `what` names it in messages, such as `a job`.
    pub fn fields<'n>(&mut self, node: &'n Node, what: &'static str) -> Option<Fields<'n>> {
        let Content::Mapping(entries) = &node.content else {
            self.wrong_type(node, what, "a mapping of keys to values");
            return None;
        };
        Some(Fields::new(what, node.span, entries))
    }

    /// Returns the fields of a mapping of which `shape` declares the keys.
    pub fn shaped<'n>(&mut self, node: &'n Node, shape: &'static Shape) -> Option<Fields<'n>> {
        let Content::Mapping(entries) = &node.content else {
            self.wrong_type(node, shape.what, "a mapping of keys to values");
            return None;
        };
        Some(Fields::of_shape(shape, node.span, entries))
    }

    /// Returns the items of a list.
    pub fn list<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        let items = node.as_sequence();
        if items.is_none() {
            self.wrong_type(node, what, "a list");
        }
        items
    }

    /// Returns a single value as text; empty and `null` are no text.
    pub fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        match node.as_scalar() {
            Some(scalar) if scalar.resolved != Resolved::Null && !scalar.text.is_empty() => Some(scalar.to_text()),
            Some(_) => {
                self.wrong_type(node, what, "a text that is not empty");
                None
            }
            None => {
                self.wrong_type(node, what, "a text");
                None
            }
        }
    }

    /// Returns one text, or the texts of a list.
    pub fn texts(&mut self, node: &Node, what: &str) -> Option<Vec<(String, Span)>> {
        if let Some(items) = node.as_sequence() {
            let texts = items
                .iter()
                .filter_map(|item| self.text(item, what).map(|text| (text, item.span)));
            return Some(texts.collect());
        }
        if node.as_mapping().is_some() || node.is_null() {
            self.wrong_type(node, what, "a text or a list of texts");
            return None;
        }
        self.text(node, what).map(|text| vec![(text, node.span)])
    }

    /// Returns `true` or `false`.
    pub fn boolean(&mut self, node: &Node, what: &str) -> Option<bool> {
        let Some(Resolved::Boolean(value)) = node.as_scalar().map(|scalar| scalar.resolved) else {
            self.wrong_type(node, what, "`true` or `false`");
            return None;
        };
        Some(value)
    }

    /// Returns a whole number of at least 0.
    pub fn whole_number(&mut self, node: &Node, what: &str) -> Option<u64> {
        match node.as_scalar().map(|scalar| scalar.resolved) {
            Some(Resolved::Number(value)) if value >= 0.0 && value.fract() == 0.0 && value < 9e15 => Some(value as u64),
            _ => {
                self.wrong_type(node, what, "a whole number");
                None
            }
        }
    }

    /// Returns the one of `choices` that the text is.
    pub fn choice<T: Copy>(&mut self, node: &Node, what: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(node, what)?;
        let found = choices.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            let message = format!("{what} cannot be `{text}`");
            let diagnostic = self.error(codes::WRONG_VALUE, node.span, message);
            self.report(diagnostic.help(suggestion(&text, &names)));
        }
        found.map(|(_, value)| *value)
    }

    /// Notes that `node`, which is `what`, is not `expected`.
    pub fn wrong_type(&mut self, node: &Node, what: &str, expected: &str) {
        let message = format!("{what} must be {expected}, not {}", node.kind());
        let mut diagnostic = self.error(codes::WRONG_TYPE, node.span, message);
        let word = node.as_scalar().map_or("", |scalar| scalar.text.as_str());
        if expected.contains("`true`") && matches!(word, "yes" | "no" | "on" | "off") {
            let meant = matches!(word, "yes" | "on");
            diagnostic = diagnostic.help(format!("YAML 1.2 reads `{word}` as a text; write `{meant}`"));
        } else if node.is_null() {
            diagnostic = diagnostic.help("remove the key, or write what belongs to it below it, indented");
        }
        self.report(diagnostic);
    }
}

/// Returns the name meant, or all that are possible.
pub(super) fn suggestion(word: &str, names: &[&str]) -> String {
    if let Some(name) = nearest(word, names.iter().copied()) {
        return format!("did you mean `{name}`?");
    }
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => "no key is possible here".to_owned(),
        [only] => format!("possible is only {only}"),
        several => format!("possible are {}", listed(several)),
    }
}
