//! The runners that a job asks for, also through its matrix.

use lockgate_core::Span;

use super::embedded::expressions;
use super::subject::Job;
use crate::yaml::Node;

/// A label that a job may ask for.
pub(super) struct Label<'n> {
    pub(super) text: &'n str,
    pub(super) span: Span,
}

/// Returns the labels of `runs-on`; one that is an axis of the matrix becomes the values of the axis.
pub(super) fn labels<'n>(job: &Job<'n>) -> Vec<Label<'n>> {
    let Some(runs_on) = job.node.get("runs-on") else {
        return Vec::new();
    };
    let written = runs_on.get("labels").unwrap_or(runs_on);
    let items = written.as_sequence().unwrap_or(std::slice::from_ref(written));
    items.iter().flat_map(|item| of_item(job, item)).collect()
}

fn of_item<'n>(job: &Job<'n>, item: &'n Node) -> Vec<Label<'n>> {
    let Some(scalar) = item.as_scalar() else {
        return Vec::new();
    };
    let label = |node: &'n Node| {
        Some(Label {
            text: node.as_scalar()?.text.as_str(),
            span: node.span,
        })
    };
    let matrix = job.node.get("strategy").and_then(|strategy| strategy.get("matrix"));
    if let (Some(axis), Some(matrix)) = (axis_of(&scalar.text), matrix) {
        let values = axis_values(matrix, &axis);
        if !values.is_empty() {
            return values.into_iter().filter_map(label).collect();
        }
    }
    label(item).into_iter().collect()
}

/// Returns the axis that a text is and nothing more.
fn axis_of(text: &str) -> Option<String> {
    let found = expressions(text);
    let [only] = found.as_slice() else {
        return None;
    };
    let flows = only.flows();
    match flows.as_slice() {
        [flow] if only.written(text) == text.trim() && flow.path.len() == 2 && flow.path[0] == "matrix" => {
            Some(flow.path[1].clone())
        }
        _ => None,
    }
}

fn axis_values<'n>(matrix: &'n Node, axis: &str) -> Vec<&'n Node> {
    let of_axis = matrix.get(axis).and_then(Node::as_sequence).unwrap_or_default();
    let include = matrix.get("include").and_then(Node::as_sequence).unwrap_or_default();
    of_axis
        .iter()
        .chain(include.iter().filter_map(|item| item.get(axis)))
        .collect()
}
