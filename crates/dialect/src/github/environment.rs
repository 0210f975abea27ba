//! `environment` of a job.

use lockgate_pipeline::expression::Template;

use super::availability::{ENVIRONMENT_URL, JOB_KEY};
use super::lowering::Lowering;
use super::shapes::ENVIRONMENT;
use crate::yaml::Node;

impl Lowering {
    /// Returns the name of the environment.
    pub(super) fn environment(&mut self, node: &Node) -> Option<Template> {
        if node.as_sequence().is_some() {
            self.reader.wrong_type(node, "`environment`", "a name or a mapping");
            return None;
        }
        if node.as_mapping().is_none() {
            return self.template(node, "`environment`", &JOB_KEY);
        }
        let mut fields = self.reader.shaped(node, &ENVIRONMENT)?;
        let name = fields.require("name", &mut self.reader);
        let name = name.and_then(|name| self.template(name, "`name`", &JOB_KEY));
        if let Some(url) = fields.take("url") {
            // The steps give it, so that all of them are known.
            let steps = self.known.steps.take();
            self.template(url, "`url`", &ENVIRONMENT_URL);
            self.known.steps = steps;
        }
        if let Some(deployment) = fields.take("deployment") {
            self.boolean_template(deployment, "`deployment`", &JOB_KEY);
        }
        fields.finish(&mut self.reader);
        name
    }
}
