//! `concurrency` of a workflow and of a job.

use lockgate_pipeline::definition::Concurrency;

use super::lowering::Lowering;
use crate::shape::{Availability, Shape};
use crate::yaml::Node;

impl Lowering {
    /// Returns `concurrency`; `shape` is that of its mapping, `at` what its expressions can use.
    pub(super) fn concurrency(&mut self, node: &Node, shape: &'static Shape, at: &Availability) -> Option<Concurrency> {
        if node.as_mapping().is_none() {
            return Some(Concurrency {
                group: self.filled_template(node, "`concurrency`", at)?,
                cancel_in_progress: None,
            });
        }
        let mut fields = self.reader.shaped(node, shape)?;
        let group = fields.require("group", &mut self.reader);
        let group = group.and_then(|group| self.filled_template(group, "`group`", at));
        let cancel_in_progress = fields
            .take("cancel-in-progress")
            .and_then(|node| self.boolean_template(node, "`cancel-in-progress`", at));
        if let Some(queue) = fields.take("queue") {
            self.queue(queue, at);
        }
        fields.finish(&mut self.reader);
        Some(Concurrency {
            group: group?,
            cancel_in_progress,
        })
    }

    fn queue(&mut self, node: &Node, at: &Availability) {
        let is_long = if node.has_expression() {
            self.template(node, "`queue`", at).is_some()
        } else {
            let names = [("single", false), ("max", true)];
            self.reader.choice(node, "`queue`", &names).unwrap_or_default()
        };
        if is_long {
            let text = node.as_scalar().map_or("", |scalar| scalar.text.as_str());
            let why = "a queue of more than one waiting run is not supported by this version";
            self.note_unsupported(node.span, &format!("queue: {text}"), why, "remove the key");
        }
    }
}
