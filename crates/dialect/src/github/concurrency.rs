//! `concurrency` of a workflow and of a job.

use lockgate_pipeline::definition::Concurrency;
use lockgate_pipeline::expression::Template;

use super::availability::{JOB_CONCURRENCY as AT_JOB, WORKFLOW_CONCURRENCY as AT_WORKFLOW};
use super::lowering::Lowering;
use super::shapes::{JOB_CONCURRENCY, WORKFLOW_CONCURRENCY};
use crate::shape::{Availability, Shape};
use crate::yaml::Node;

impl Lowering {
    /// Returns `concurrency` of a workflow; an empty text is no group.
    pub(super) fn workflow_concurrency(&mut self, node: &Node) -> Option<Concurrency> {
        if node.as_mapping().is_some() {
            return self.concurrency(node, &WORKFLOW_CONCURRENCY, &AT_WORKFLOW);
        }
        if node.as_sequence().is_some() {
            self.reader.wrong_type(node, "`concurrency`", "a text or a mapping");
            return None;
        }
        let group = self.template(node, "`concurrency`", &AT_WORKFLOW)?;
        (!group.source().is_empty()).then(|| of_group(group))
    }

    /// Returns `concurrency` of a job.
    pub(super) fn job_concurrency(&mut self, node: &Node) -> Option<Concurrency> {
        if node.as_mapping().is_some() {
            return self.concurrency(node, &JOB_CONCURRENCY, &AT_JOB);
        }
        if node.as_sequence().is_some() {
            self.reader.wrong_type(node, "`concurrency`", "a text or a mapping");
            return None;
        }
        let group = self.filled_template(node, "`concurrency`", &AT_JOB)?;
        Some(of_group(group))
    }

    fn concurrency(&mut self, node: &Node, shape: &'static Shape, at: &Availability) -> Option<Concurrency> {
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

fn of_group(group: Template) -> Concurrency {
    Concurrency {
        group,
        cancel_in_progress: None,
    }
}
