//! What events say of jobs and steps, with every value known.

use std::sync::Arc;
use std::time::Duration;

use lockgate_core::{Now, Timestamp};
use serde::{Deserialize, Serialize};

use crate::expression::{Condition, Value};
use crate::run::effect::{AttemptBody, StepPath};
use crate::run::environment::Variables;
use crate::run::limits::Weight;
use crate::run::outcome::Outcome;

/// What a job begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobStart {
    /// What its runner must offer.
    pub labels: Vec<String>,
    /// What it takes.
    pub weight: Weight,
    /// The variables of the workflow and of the job.
    pub env: Arc<Variables>,
    /// The longest it may take.
    pub timeout: Duration,
    /// Whether its failure leaves the run successful.
    pub continue_on_error: bool,
    /// When.
    pub now: Now,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobEnd {
    /// How it ended.
    pub outcome: Outcome,
    /// How it counts for the run and for the jobs that need it.
    pub conclusion: Outcome,
    /// What later jobs can read.
    #[serde(default, skip_serializing_if = "Variables::is_empty")]
    pub outputs: Variables,
    /// The outputs that are kept from later jobs because a secret is in them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<String>,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// What a called workflow gets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallSpec {
    /// The inputs, with their types.
    pub inputs: Value,
    /// The secrets, as markers; `None` when they are those of the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Variables>,
}

/// Which step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepHead {
    /// Where it stands in the job.
    pub path: StepPath,
    /// The id by which later steps read its result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name shown to people.
    pub name: String,
}

/// A step with every value known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepSpec {
    /// Which step.
    pub step: StepHead,
    /// What it does.
    pub body: AttemptBody,
    /// Its variables, those of the composite actions around it included.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub env: Arc<Variables>,
    /// The variables that it gets for what it is (`GITHUB_ACTION`, `INPUT_…`, `STATE_…`).
    pub own: Arc<Variables>,
    /// The longest it may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Whether its failure leaves the job successful.
    pub continue_on_error: bool,
    /// What it leaves to be done after the job's last step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<PostSpec>,
    /// Something that the reader of its log should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// When.
    pub now: Now,
}

/// What a step leaves to be done after the job's last step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PostSpec {
    /// The file to run; `None` for an action that is part of Lockgate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// When it is done.
    pub condition: Condition,
}

/// A composite action with every value known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompositeSpec {
    /// The step that uses it.
    pub step: StepHead,
    /// Its inputs.
    #[serde(default, skip_serializing_if = "Variables::is_empty")]
    pub inputs: Variables,
    /// The variables that all its steps get.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub env: Arc<Variables>,
    /// The longest it may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Whether its failure leaves what uses it successful.
    pub continue_on_error: bool,
    /// Something that the reader of its log should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// When.
    pub now: Now,
}

fn is_empty(variables: &Arc<Variables>) -> bool {
    variables.is_empty()
}
