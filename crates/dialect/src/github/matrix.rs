//! `strategy` with its matrix.

use lockgate_pipeline::definition::{Matrix, Strategy, TemplateValue};

use super::availability::STRATEGY;
use super::lowering::Lowering;
use super::shapes::{MATRIX, STRATEGY as SHAPE};
use crate::codes;
use crate::shape::Availability;
use crate::yaml::{Content, Key, Node};

/// The most jobs that a matrix makes.
const MOST_JOBS: usize = 256;

impl Lowering {
    pub(super) fn strategy(&mut self, node: &Node) -> Strategy {
        if self.note_whole_expression(node, "strategy", &STRATEGY) {
            return Strategy::default();
        }
        let Some(mut fields) = self.reader.shaped(node, &SHAPE) else {
            return Strategy::default();
        };
        let strategy = Strategy {
            matrix: fields.take("matrix").and_then(|matrix| self.matrix(matrix)),
            fail_fast: fields
                .take("fail-fast")
                .and_then(|node| self.boolean_template(node, "`fail-fast`", &STRATEGY)),
            max_parallel: fields
                .take("max-parallel")
                .and_then(|node| self.number_template(node, "`max-parallel`", &STRATEGY)),
        };
        fields.finish(&mut self.reader);
        strategy
    }

    /// Returns the names that the matrix in a `strategy` gives; `None` when they are only known later.
    pub(super) fn matrix_names(strategy: Option<&Node>) -> Option<Vec<String>> {
        let Some(matrix) = strategy.and_then(|strategy| strategy.get("matrix")) else {
            // A reference to a matrix that is not there is as wrong as one to a missing name.
            return strategy.is_none_or(|node| node.as_mapping().is_some()).then(Vec::new);
        };
        let mut names = Vec::new();
        for entry in matrix.as_mapping()? {
            match entry.key.name.as_str() {
                "exclude" => {}
                "include" => {
                    for item in entry.value.as_sequence()? {
                        names.extend(item.as_mapping()?.iter().map(|field| field.key.name.clone()));
                    }
                }
                name => names.push(name.to_owned()),
            }
        }
        Some(names)
    }

    fn matrix(&mut self, node: &Node) -> Option<Matrix> {
        if node.has_expression() {
            return self.template(node, "`matrix`", &STRATEGY).map(Matrix::Deferred);
        }
        let mut fields = self.reader.shaped(node, &MATRIX)?;
        let include = fields
            .take("include")
            .and_then(|node| self.combinations(node, "`include`"));
        let exclude = fields.take("exclude").and_then(|exclude| {
            self.check_names(exclude, node);
            self.combinations(exclude, "`exclude`")
        });
        let mut axes = Vec::new();
        for entry in fields.rest() {
            if let Some(values) = self.axis(&entry.value, &entry.key.name) {
                axes.push((entry.key.name.clone(), values));
            }
        }
        if exclude.is_none() {
            self.check_size(node, &axes);
        }
        if node.as_mapping().is_some_and(<[_]>::is_empty) {
            let message = "the matrix has neither an axis nor an `include`";
            self.error(codes::WRONG_MATRIX, node.span, message);
        }
        Some(Matrix::Written { axes, include, exclude })
    }

    /// Notes what `exclude` names and is no axis of the matrix.
    fn check_names(&mut self, exclude: &Node, matrix: &Node) {
        let keys = |node: &Node| -> Vec<Key> {
            let entries = node.as_mapping().unwrap_or_default().iter();
            entries.map(|entry| entry.key.clone()).collect()
        };
        let mut axes: Vec<String> = keys(matrix).into_iter().map(|key| key.name).collect();
        axes.retain(|name| !matches!(name.as_str(), "include" | "exclude"));
        for key in exclude.as_sequence().unwrap_or_default().iter().flat_map(keys) {
            if !axes.iter().any(|axis| axis.eq_ignore_ascii_case(&key.name)) {
                let message = format!(
                    "`exclude` names `{}`, which is no axis of the matrix, so that it can leave nothing out",
                    key.name
                );
                let help = match axes.as_slice() {
                    [] => "there is no axis; remove the `exclude`".to_owned(),
                    axes => format!("the axes are `{}`", axes.join("`, `")),
                };
                self.error_with_help(codes::WRONG_MATRIX, key.span, message, help);
            }
        }
    }

    /// Notes more combinations than GitHub makes jobs of, as far as the axes are written out.
    fn check_size(&mut self, node: &Node, axes: &[(String, TemplateValue)]) {
        let lengths = axes.iter().map(|(_, values)| match values {
            TemplateValue::List(items) => items.len(),
            _ => 1,
        });
        let size = lengths.fold(1_usize, usize::saturating_mul);
        if size > MOST_JOBS {
            let message = format!("the matrix has {size} combinations, but GitHub makes {MOST_JOBS} jobs at most");
            let help = "take values out, or leave combinations out with `exclude`";
            self.error_with_help(codes::WRONG_MATRIX, node.span, message, help);
        }
    }

    fn axis(&mut self, node: &Node, name: &str) -> Option<TemplateValue> {
        match &node.content {
            Content::Scalar(scalar) if scalar.text.contains("${{") => {}
            Content::Sequence(items) if items.is_empty() => {
                let message = format!("`{name}` is an empty list, so that the matrix has no combination");
                self.error(codes::WRONG_MATRIX, node.span, message);
                return None;
            }
            Content::Sequence(_) => {}
            _ => {
                let what = format!("the axis `{name}`");
                self.reader.wrong_type(node, &what, "a list of values or an expression");
                return None;
            }
        }
        self.value(node, &STRATEGY)
    }

    fn combinations(&mut self, node: &Node, what: &str) -> Option<TemplateValue> {
        match &node.content {
            Content::Scalar(scalar) if scalar.text.contains("${{") => {}
            Content::Sequence(items) => {
                for item in items {
                    let is_expression = item.as_scalar().is_some_and(|scalar| scalar.text.contains("${{"));
                    if item.as_mapping().is_none() && !is_expression {
                        let what = format!("an item of {what}");
                        self.reader.wrong_type(item, &what, "a mapping of names to values");
                        return None;
                    }
                    if item.as_mapping().is_some_and(<[_]>::is_empty) {
                        let message = format!("an item of {what} has no values");
                        self.error_with_help(codes::WRONG_MATRIX, item.span, message, "give it one, or remove it");
                        return None;
                    }
                }
            }
            _ => {
                self.reader
                    .wrong_type(node, what, "a list of combinations or an expression");
                return None;
            }
        }
        self.value(node, &STRATEGY)
    }

    /// Returns whether all of a mapping is one expression, after noting that this is not supported.
    pub(super) fn note_whole_expression(&mut self, node: &Node, what: &str, at: &Availability) -> bool {
        let is_expression = node.has_expression();
        if is_expression && self.template(node, what, at).is_some() {
            let why = "an expression for all of its keys is not evaluated by this version";
            self.note_unsupported(
                node.span,
                what,
                why,
                "write the keys out and put an expression into each value",
            );
        }
        is_expression
    }
}
