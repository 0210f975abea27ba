//! Names with texts, such as `env`, `with` and `outputs`.

use lockgate_pipeline::definition::Entries;
use lockgate_pipeline::expression::Template;

use super::lowering::Lowering;
use crate::codes;
use crate::shape::Availability;
use crate::yaml::{Entry, Node};

impl Lowering {
    /// Returns names with texts, such as `env` and `with`.
    pub(super) fn entries(&mut self, node: &Node, what: &'static str, at: &Availability) -> Entries {
        if let Some(scalar) = node
            .as_scalar()
            .filter(|scalar| scalar.text.trim_start().starts_with("${{"))
        {
            if self.scalar_template(scalar, node.span, at).is_some() {
                self.note_unsupported(
                    node.span,
                    what,
                    "an expression for all of its keys is not evaluated by this version",
                    "write the keys out and put an expression into each value",
                );
            }
            return Entries::new();
        }
        for entry in node.as_mapping().unwrap_or_default() {
            self.computed_name(entry, what, at);
        }
        self.warn_of_numbers(node);
        self.named(node, what, at)
    }

    /// Returns names with texts, of which one expression cannot stand for all.
    pub(super) fn values(&mut self, node: &Node, what: &'static str, at: &Availability) -> Entries {
        self.warn_of_numbers(node);
        self.typed_values(node, what, at)
    }

    /// Returns names with texts that keep their types where they go, of which one expression cannot stand for all.
    pub(super) fn typed_values(&mut self, node: &Node, what: &'static str, at: &Availability) -> Entries {
        for entry in node.as_mapping().unwrap_or_default() {
            self.plain_name(entry, what);
        }
        self.named(node, what, at)
    }

    /// Notes an expression as a name where none is evaluated.
    pub(super) fn plain_name(&mut self, entry: &Entry, what: &str) {
        self.is_plain(&entry.key.name, entry.key.span, &format!("the names of {what}"));
    }

    fn warn_of_numbers(&mut self, node: &Node) {
        for entry in node.as_mapping().unwrap_or_default() {
            self.warn_if_number_changes(&entry.value);
        }
    }

    fn named(&mut self, node: &Node, what: &'static str, at: &Availability) -> Entries {
        let Some(fields) = self.reader.fields(node, what) else {
            return Entries::new();
        };
        let mut entries: Entries = Vec::new();
        for entry in fields.rest() {
            if entry.key.name.is_empty() {
                self.error(codes::WRONG_VALUE, entry.key.span, format!("a name in {what} is empty"));
            }
            if let Some(template) = self.template(&entry.value, &value_of(&entry.key.name), at) {
                entries.push((entry.key.name.clone(), template));
            }
        }
        entries
    }

    fn computed_name(&mut self, entry: &Entry, what: &str, at: &Availability) {
        if !entry.key.name.contains("${{") {
            return;
        }
        let template = match Template::parse_fully(entry.key.name.as_str()) {
            Ok(template) => template,
            Err(mistakes) => {
                for mistake in mistakes {
                    self.error(codes::EXPRESSION_SYNTAX, entry.key.span, mistake.message);
                }
                return;
            }
        };
        for found in template.contexts_used() {
            if !at.contexts.contains(&found.name.as_str()) {
                let diagnostic = self.unavailable_context(&found, entry.key.span, at);
                self.reader.report(diagnostic);
            }
        }
        let why = "an expression as a name is not evaluated by this version";
        self.note_unsupported(entry.key.span, what, why, "write the name itself");
    }
}

fn value_of(name: &str) -> String {
    format!("`{name}`")
}
