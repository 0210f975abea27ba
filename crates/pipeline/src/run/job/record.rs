//! What is known about a step, for people.

use lockgate_core::Timestamp;

use crate::definition::Place;
use crate::run::effect::{AttemptId, StepPath};
use crate::run::event::StepHead;
use crate::run::input::AnnotationCounts;
use crate::run::outcome::Outcome;

/// A step that has begun, or that was passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRecord {
    /// Where it stands in its job.
    pub path: StepPath,
    /// Its id, when the file gives one.
    pub id: Option<String>,
    /// The name shown to people.
    pub name: String,
    /// Where it stands in its file; `None` when the file is not known.
    pub place: Option<Place>,
    /// How it stands.
    pub state: StepState,
    /// Why it was skipped, failed or stopped, in words.
    pub reason: Option<String>,
    /// Something that the reader of its log should know.
    pub notice: Option<String>,
    /// Its tries, the last one last; empty of a composite action and of a step that did not run.
    pub attempts: Vec<AttemptId>,
    /// When it was decided.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// The digest of its summary.
    pub summary: Option<String>,
    /// How much it had to say.
    pub annotations: AnnotationCounts,
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// It runs.
    Running,
    /// It is over.
    Over {
        /// How it ended.
        outcome: Outcome,
        /// How it counts for the job.
        conclusion: Outcome,
    },
}

impl StepRecord {
    /// Returns the record of a step that begins.
    pub(in crate::run) fn begun(step: &StepHead, place: Option<Place>, at: Timestamp) -> Self {
        Self {
            path: step.path.clone(),
            id: step.id.clone(),
            name: step.name.clone(),
            place,
            state: StepState::Running,
            reason: None,
            notice: None,
            attempts: Vec::new(),
            began: at,
            ended: None,
            summary: None,
            annotations: AnnotationCounts::default(),
        }
    }

    /// Returns whether it is over.
    pub fn is_over(&self) -> bool {
        self.state != StepState::Running
    }
}
