//! The runners that a job asks for, also through its matrix.

use lockgate_core::Span;

use super::super::runner::axis;
use super::subject::Job;
use crate::yaml::Node;

/// A label that a job may ask for.
#[derive(Clone, Copy)]
pub(super) struct Label<'n> {
    pub(super) text: &'n str,
    pub(super) span: Span,
}

/// What one item of `runs-on` can be: each choice has labels that are asked for together.
pub(super) struct Asked<'n> {
    pub(super) choices: Vec<Vec<Label<'n>>>,
}

/// Returns the labels of `runs-on`; one that is an axis of the matrix becomes the values of the axis.
pub(super) fn labels<'n>(job: &Job<'n>) -> Vec<Label<'n>> {
    let choices = asked(job).into_iter().flat_map(|asked| asked.choices);
    choices.flatten().collect()
}

/// Returns what is asked for by each item of `runs-on`.
///
/// What only the run knows is a choice with the expression as its label.
pub(super) fn asked<'n>(job: &Job<'n>) -> Vec<Asked<'n>> {
    let items = job.node.get("runs-on").map(axis::labels_of).unwrap_or_default();
    items.iter().map(|item| of_item(job, item)).collect()
}

fn of_item<'n>(job: &Job<'n>, item: &'n Node) -> Asked<'n> {
    let values = item.as_scalar().and_then(|scalar| axis::values(job.node, &scalar.text));
    let (written, are_all) = values.map_or((Vec::new(), false), |values| (values.written, values.are_all));
    let itself = (!are_all || written.is_empty()).then_some(item);
    let choices = written.into_iter().chain(itself);
    Asked {
        choices: choices
            .map(|value| axis::labels_of(value).iter().filter_map(label).collect())
            .collect(),
    }
}

fn label(node: &Node) -> Option<Label<'_>> {
    Some(Label {
        text: node.as_scalar()?.text.as_str(),
        span: node.span,
    })
}
