//! What `runs-on` asks for and this version does not give.

use super::lowering::Lowering;
use crate::codes;
use crate::yaml::Node;

impl Lowering {
    /// Warns of labels of systems that no job runs on here; `job` is the whole job.
    pub(super) fn note_other_systems(&mut self, runs_on: &Node, job: &Node) {
        let labels = runs_on.get("labels").unwrap_or(runs_on);
        let written = match labels.as_sequence() {
            Some(items) => items.iter().collect(),
            None => vec![labels],
        };
        let matrix = job.get("strategy").and_then(|strategy| strategy.get("matrix"));
        for label in written {
            self.note_other_system(label);
            let axis = label.as_scalar().and_then(|scalar| axis_of(&scalar.text));
            if let (Some(axis), Some(matrix)) = (axis, matrix) {
                values(matrix, axis).for_each(|value| self.note_other_system(value));
            }
        }
    }

    fn note_other_system(&mut self, label: &Node) {
        let text = label.as_scalar().map_or("", |scalar| scalar.text.as_str());
        if let Some(system) = system_of(text) {
            let message = format!("`{text}` asks for {system}, and every job runs on this machine");
            let help = "steps that need another system fail here; `--job` runs only the jobs that it names";
            self.caution(codes::NO_EFFECT, label.span, message, help);
        }
    }
}

/// Returns the system that a label of GitHub's asks for, unless it is Linux.
fn system_of(label: &str) -> Option<&'static str> {
    let label = label.to_ascii_lowercase();
    [("windows", "Windows"), ("macos", "macOS")]
        .into_iter()
        .find(|(word, _)| {
            let rest = label.strip_prefix(word);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        })
        .map(|(_, system)| system)
}

/// Returns the name behind `matrix.` in an expression that is nothing else.
fn axis_of(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("${{")?.strip_suffix("}}")?.trim();
    let name = inner.strip_prefix("matrix.")?;
    let is_name = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    is_name.then_some(name)
}

/// Returns the values of an axis, also those that `include` adds.
fn values<'n>(matrix: &'n Node, axis: &'n str) -> impl Iterator<Item = &'n Node> {
    let of_axis = matrix.get(axis).and_then(Node::as_sequence).unwrap_or_default();
    let include = matrix.get("include").and_then(Node::as_sequence).unwrap_or_default();
    of_axis
        .iter()
        .chain(include.iter().filter_map(move |item| item.get(axis)))
}
