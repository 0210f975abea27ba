//! A step: the unit of execution in a job.

use serde::{Deserialize, Serialize};

use super::{Entries, Place};
use crate::expression::{Condition, Template};

/// The unit of execution in a job: a command or an action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The id by which later steps read its result, when the file gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name shown to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Template>,
    /// Whether it runs (`if`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// What it does.
    pub body: StepBody,
    /// Environment variables of this step alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Entries,
    /// Whether its failure leaves the job successful.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continue_on_error: Option<Template>,
    /// The longest it may take, in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_minutes: Option<Template>,
    /// Where it stands.
    pub place: Place,
}

impl Step {
    /// Returns a step with this body and nothing else.
    pub fn new(body: StepBody, place: Place) -> Self {
        Self {
            id: None,
            name: None,
            condition: None,
            body,
            env: Vec::new(),
            continue_on_error: None,
            timeout_minutes: None,
            place,
        }
    }
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepBody {
    /// Runs a script in a shell.
    Run {
        /// The script.
        script: Template,
        /// The shell, as written.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shell: Option<Template>,
        /// The directory, relative to the workspace.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        working_directory: Option<Template>,
    },
    /// Runs an action.
    Uses {
        /// Which one: `./path`, `owner/repository/path@ref` or `docker://image`.
        reference: String,
        /// Its inputs.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        with: Entries,
    },
}
