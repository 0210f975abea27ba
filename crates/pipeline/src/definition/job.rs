//! A job: the unit of scheduling.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Call, Entries, Place, Step, TemplateValue, Unsupported};
use crate::expression::{Condition, Template};

/// The unit of scheduling; its steps share a workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The id, unique in the pipeline.
    pub id: String,
    /// The name shown to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Template>,
    /// The ids of the jobs that have to be over before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Whether it runs (`if`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// How it is expanded.
    #[serde(default)]
    pub strategy: Strategy,
    /// What it asks of its runner.
    #[serde(default)]
    pub runs_on: RunsOn,
    /// Environment variables of its steps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Entries,
    /// What its steps use when they do not say otherwise.
    #[serde(default)]
    pub defaults: Defaults,
    /// What later jobs read as `needs.ID.outputs`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Entries,
    /// The steps, in order; none of a job that calls a workflow.
    pub steps: Vec<Step>,
    /// The workflow that it calls in place of steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Box<Call>>,
    /// The longest it may take, in minutes; 360 when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_minutes: Option<Template>,
    /// Whether its failure leaves the run successful.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continue_on_error: Option<Template>,
    /// The environment that it deploys to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<JobEnvironment>,
    /// Its concurrency group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<Concurrency>,
    /// What its token may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Permissions>,
    /// What it asks for and this version cannot do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsupported: Vec<Unsupported>,
    /// Where it stands.
    pub place: Place,
    /// Line and column of the keys that hold expressions, such as `env.NAME` and `strategy.matrix`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub places: BTreeMap<String, (usize, usize)>,
}

impl Job {
    /// Returns a job with these steps and nothing else.
    pub fn new(id: impl Into<String>, steps: Vec<Step>, place: Place) -> Self {
        Self {
            id: id.into(),
            name: None,
            needs: Vec::new(),
            condition: None,
            strategy: Strategy::default(),
            runs_on: RunsOn::default(),
            env: Vec::new(),
            defaults: Defaults::default(),
            outputs: Vec::new(),
            steps,
            call: None,
            timeout_minutes: None,
            continue_on_error: None,
            environment: None,
            concurrency: None,
            permissions: None,
            unsupported: Vec::new(),
            place,
            places: BTreeMap::new(),
        }
    }

    /// Returns where a key stands; where the job stands when that is not known.
    pub fn place_of(&self, key: &str) -> Place {
        match self.places.get(key) {
            Some((line, column)) => Place::new(self.place.file.clone(), *line, *column),
            None => self.place.clone(),
        }
    }
}

/// How one job becomes several.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Strategy {
    /// The parameters that expand the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matrix: Option<Matrix>,
    /// Whether the first failure cancels the other jobs of the matrix; true when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fail_fast: Option<Template>,
    /// How many of them may run at once; all when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_parallel: Option<Template>,
}

/// The parameters that expand one job into several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Matrix {
    /// Axes that are written out.
    Written {
        /// The axes in the order of the file; the first varies slowest. Each is a list, or a template for one.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        axes: Vec<(String, TemplateValue)>,
        /// Combinations to extend or add: a list of maps, or a template for one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        include: Option<TemplateValue>,
        /// Combinations to leave out: a list of maps, or a template for one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exclude: Option<TemplateValue>,
    },
    /// One expression that gives all of it, `include` and `exclude` too.
    Deferred(Template),
}

/// What a job asks of its runner.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunsOn {
    /// The labels: a list, a text, or a template for either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<TemplateValue>,
    /// The runner group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Template>,
}

/// What `run` steps use when they do not say otherwise.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Defaults {
    /// The shell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shell: Option<Template>,
    /// The directory, relative to the workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_directory: Option<Template>,
}

/// The environment that a job deploys to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobEnvironment {
    /// Its name.
    pub name: Template,
    /// The address of what is deployed, made of the outputs of the steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Template>,
    /// Whether GitHub notes a deployment; true when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<Template>,
}

/// A name that at most one run or job holds at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Concurrency {
    /// The name of the group.
    pub group: Template,
    /// Whether a newcomer cancels the holder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_in_progress: Option<Template>,
}

/// What a token may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Permissions {
    /// Everything may be read.
    ReadAll,
    /// Everything may be written.
    WriteAll,
    /// A level (`read`, `write`, `none`) for each named scope, none for the others.
    Scopes(Vec<(String, String)>),
}
