//! `runs-on`: what it asks for, and what of that this version does not give.

pub(super) mod axis;

use lockgate_pipeline::definition::{RunsOn, TemplateValue};
use lockgate_pipeline::expression::Template;

use super::availability::JOB_KEY;
use super::lowering::Lowering;
use super::shapes::RUNS_ON;
use crate::codes;
use crate::yaml::Node;

/// What can stand before the name of a group, to say whose it is.
const OWNERS: [&str; 4] = ["org", "organization", "ent", "enterprise"];

impl Lowering {
    /// Returns what `runs-on` asks for.
    pub(super) fn runs_on(&mut self, node: &Node) -> RunsOn {
        let Some(entries) = node.as_mapping() else {
            return RunsOn {
                labels: self.labels(node),
                group: None,
            };
        };
        let Some(mut fields) = self.reader.shaped(node, &RUNS_ON) else {
            return RunsOn::default();
        };
        let runs_on = RunsOn {
            group: fields.take("group").and_then(|node| self.runner_group(node)),
            labels: fields.take("labels").and_then(|node| self.labels(node)),
        };
        fields.finish(&mut self.reader);
        if entries.is_empty() {
            self.reader.wrong_type(
                node,
                "`runs-on`",
                "a label, a list of labels, or a mapping with `group` or `labels`",
            );
        }
        runs_on
    }

    fn labels(&mut self, node: &Node) -> Option<TemplateValue> {
        let is_text = |node: &Node| node.as_scalar().is_some_and(|scalar| !scalar.to_text().is_empty());
        match node.as_sequence() {
            Some([]) => {
                let message = "`runs-on` names no label";
                self.error_with_help(
                    codes::WRONG_TYPE,
                    node.span,
                    message,
                    "write one, such as `[self-hosted]`",
                );
                return None;
            }
            Some(items) => {
                let wrong: Vec<&Node> = items.iter().filter(|item| !is_text(item)).collect();
                for item in &wrong {
                    self.reader
                        .wrong_type(item, "a label of `runs-on`", "a text that is not empty");
                }
                if !wrong.is_empty() {
                    return None;
                }
            }
            None if is_text(node) => {}
            None => {
                self.reader.wrong_type(node, "`runs-on`", "a label or a list of labels");
                return None;
            }
        }
        self.value(node, &JOB_KEY)
    }

    fn runner_group(&mut self, node: &Node) -> Option<Template> {
        let group = self.filled_template(node, "`group`", &JOB_KEY)?;
        let is_known = match group.as_literal().map(|name| name.split('/').collect::<Vec<_>>()) {
            None => true,
            Some(parts) => match parts.as_slice() {
                [_] => true,
                [owner, name] => OWNERS.contains(owner) && !name.is_empty(),
                _ => false,
            },
        };
        if !is_known {
            let message = format!("`{}` names no group of runners", group.source());
            let help = "write the name alone, or `org/NAME` or `ent/NAME`";
            self.error_with_help(codes::WRONG_VALUE, node.span, message, help);
        }
        Some(group)
    }

    /// Warns of labels of systems that no job runs on here; `job` is the whole job.
    pub(super) fn note_other_systems(&mut self, runs_on: &Node, job: &Node) {
        for label in axis::labels_of(runs_on) {
            self.note_other_system(label);
            let values = label.as_scalar().and_then(|scalar| axis::values(job, &scalar.text));
            let labels = values.iter().flat_map(|values| &values.written);
            for label in labels.flat_map(|value| axis::labels_of(value)) {
                self.note_other_system(label);
            }
        }
    }

    fn note_other_system(&mut self, label: &Node) {
        let text = label.as_scalar().map_or("", |scalar| scalar.text.as_str());
        if let Some(system) = system_of(text) {
            let message = format!("`{text}` asks for {system}, and every job runs on this machine");
            let help = "steps that need another system fail here; `--job` runs only the jobs that it names";
            self.caution(codes::NO_EFFECT, label.span, &message, help);
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
