//! `environment` of a job.

use lockgate_pipeline::definition::JobEnvironment;

use super::availability::{ENVIRONMENT_URL, JOB_KEY};
use super::lowering::Lowering;
use super::shapes::ENVIRONMENT;
use crate::yaml::Node;

impl Lowering {
    /// Returns the environment.
    pub(super) fn environment(&mut self, node: &Node) -> Option<JobEnvironment> {
        if node.as_sequence().is_some() {
            self.reader.wrong_type(node, "`environment`", "a name or a mapping");
            return None;
        }
        if node.as_mapping().is_none() {
            return Some(JobEnvironment {
                name: self.template(node, "`environment`", &JOB_KEY)?,
                url: None,
                deployment: None,
            });
        }
        let mut fields = self.reader.shaped(node, &ENVIRONMENT)?;
        let name = fields.require("name", &mut self.reader);
        let name = name.and_then(|name| self.template(name, "`name`", &JOB_KEY));
        let url = fields.take("url").and_then(|url| {
            // The steps give it, so that all of them are known.
            let steps = self.known.steps.take();
            let url = self.template(url, "`url`", &ENVIRONMENT_URL);
            self.known.steps = steps;
            url
        });
        let deployment = fields
            .take("deployment")
            .and_then(|deployment| self.boolean_template(deployment, "`deployment`", &JOB_KEY));
        fields.finish(&mut self.reader);
        Some(JobEnvironment {
            name: name?,
            url,
            deployment,
        })
    }
}
