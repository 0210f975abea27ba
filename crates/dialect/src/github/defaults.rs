//! `defaults` of a workflow and of a job.

use lockgate_pipeline::definition::Defaults;
use lockgate_pipeline::expression::Template;

use super::availability::JOB_DEFAULTS as AT_JOB;
use super::lowering::Lowering;
use super::shapes::{JOB_DEFAULTS, JOB_DEFAULTS_RUN, WORKFLOW_DEFAULTS, WORKFLOW_DEFAULTS_RUN};
use crate::shape::{Availability, Shape};
use crate::yaml::Node;

impl Lowering {
    /// Returns `defaults` of a workflow, in which no expression is evaluated.
    pub(super) fn workflow_defaults(&mut self, node: &Node) -> Defaults {
        self.defaults(node, (&WORKFLOW_DEFAULTS, &WORKFLOW_DEFAULTS_RUN), None)
            .unwrap_or_default()
    }

    /// Returns `defaults` of a job.
    pub(super) fn job_defaults(&mut self, node: &Node) -> Defaults {
        self.defaults(node, (&JOB_DEFAULTS, &JOB_DEFAULTS_RUN), Some(&AT_JOB))
            .unwrap_or_default()
    }

    fn defaults(
        &mut self,
        node: &Node,
        (outer, inner): (&'static Shape, &'static Shape),
        at: Option<&Availability>,
    ) -> Option<Defaults> {
        let mut fields = self.reader.shaped(node, outer)?;
        let run = fields.take("run");
        fields.finish(&mut self.reader);
        if at.is_some_and(|at| run.is_some_and(|run| self.note_whole_expression(run, "run", at))) {
            return None;
        }
        let mut fields = self.reader.shaped(run?, inner)?;
        let mut read = |node: Option<&Node>, what: &str| match at {
            Some(at) => self.filled_template(node?, what, at),
            None => self.plain(node?, what).map(Template::literal),
        };
        let defaults = Defaults {
            shell: read(fields.take("shell"), "`shell`"),
            working_directory: read(fields.take("working-directory"), "`working-directory`"),
        };
        fields.finish(&mut self.reader);
        Some(defaults)
    }
}
