//! What a job is at.

use std::sync::Arc;

use lockgate_core::EffectKey;

use crate::run::effect::{AttemptId, StepPath};
use crate::run::event::StepSpec;
use crate::run::outcome::StopReason;

/// What a job is at.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::run) enum Activity {
    /// It waits for a slot.
    Queued,
    /// Its workspace is being prepared.
    Preparing,
    /// Between two steps: the next decision is due. Never seen after a decision.
    Between,
    /// The definition of the next step's action is being read.
    Loading {
        /// The effect.
        key: EffectKey,
    },
    /// The digest of files is being computed for the next step.
    Hashing {
        /// The effect.
        key: EffectKey,
        /// Which files.
        patterns: Vec<String>,
    },
    /// A step runs.
    Step(RunningStep),
    /// It is over.
    Over,
}

/// A step that runs.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::run) struct RunningStep {
    pub(in crate::run) spec: Arc<StepSpec>,
    pub(in crate::run) key: EffectKey,
    pub(in crate::run) attempt: AttemptId,
    /// The number of the try, from 1.
    pub(in crate::run) number: u32,
    pub(in crate::run) stopping: Option<StopReason>,
}

impl RunningStep {
    /// Returns where it stands in the job.
    pub(in crate::run) fn path(&self) -> &StepPath {
        &self.spec.step.path
    }
}

impl Activity {
    /// Returns the effect that will bring the next result, where the activity itself names it.
    pub(in crate::run) fn effect(&self) -> Option<&EffectKey> {
        match self {
            Self::Loading { key } | Self::Hashing { key, .. } => Some(key),
            Self::Step(step) => Some(&step.key),
            Self::Queued | Self::Preparing | Self::Between | Self::Over => None,
        }
    }
}
