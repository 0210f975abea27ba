//! An action as its `action.yml` defines it.

use serde::{Deserialize, Serialize};

use crate::definition::{Entries, Step, Unsupported};
use crate::expression::{Condition, Template};

/// A reusable step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionDefinition {
    /// The name shown to people.
    pub name: String,
    /// The inputs, in the order of the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<ActionInput>,
    /// The outputs of a composite action; those of others come from their program.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Entries,
    /// What it does.
    pub runs: ActionRuns,
    /// What it asks for and this version cannot do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsupported: Vec<Unsupported>,
}

/// An input of an action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionInput {
    /// The name.
    pub name: String,
    /// Its value when the step gives none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Template>,
    /// Why it should no longer be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecation: Option<String>,
}

/// What an action does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActionRuns {
    /// Runs steps in the job that uses it.
    Composite {
        /// The steps, in order.
        steps: Vec<Step>,
    },
    /// Runs JavaScript files.
    Node(Box<NodeAction>),
}

/// The JavaScript files of an action, relative to its directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeAction {
    /// The major version of Node that the action asks for.
    pub version: u32,
    /// The file that does the work.
    pub main: String,
    /// The file to run before the job's first step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre: Option<String>,
    /// When `pre` runs; always when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_if: Option<Condition>,
    /// The file to run after the job's last step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<String>,
    /// When `post` runs; always when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_if: Option<Condition>,
}
