//! One job of a run, folded from its events.

mod activity;
mod fold;
mod frame;
mod record;

use std::collections::BTreeMap;
use std::sync::Arc;

use lockgate_core::{EffectKey, ResultStamp, Timestamp};

pub(super) use activity::{Activity, RunningStep};
pub(super) use fold::Folding;
pub(super) use frame::{Composite, Frame, Post, StepFacts};
pub use record::{StepRecord, StepState};

use super::effect::JobKey;
use super::environment::Variables;
use super::event::{JobEnd, JobStart};
use super::graph::LegPlace;
use super::input::{UploadedArtifact, WorkspacePlace};
use super::outcome::{Outcome, StopReason};
use crate::definition::Job;
use crate::expression::Status;
use crate::plan::Leg;

/// One job of a run.
#[derive(Clone, Debug)]
pub(super) struct JobState {
    pub(super) key: JobKey,
    pub(super) place: LegPlace,
    pub(super) definition: Arc<Job>,
    pub(super) leg: Leg,
    pub(super) queued: Timestamp,
    pub(super) activity: Activity,
    /// What it began with, once it has.
    pub(super) start: Option<Arc<JobStart>>,
    /// Where it runs, once that is known.
    pub(super) workspace: Option<Arc<WorkspacePlace>>,
    /// Why its workspace could not be made.
    pub(super) homeless: Option<String>,
    /// The variables of the workflow and of the job that read where it runs.
    pub(super) given: Arc<Variables>,
    /// The variables that tell its steps where they are.
    pub(super) located: Arc<Variables>,
    /// The variables that steps set for later ones.
    pub(super) exported: Arc<Variables>,
    /// The directories that steps put before `PATH`, the latest first.
    pub(super) path: Arc<Vec<String>>,
    /// Its own steps, then those of the composite actions that it is in.
    pub(super) frames: Vec<Frame>,
    /// What is to be done after its last step, the next to do last.
    pub(super) posts: Vec<Post>,
    /// What was found out for the step that comes next.
    pub(super) facts: StepFacts,
    /// How many digests were asked for.
    pub(super) hashes: u32,
    /// Whether a step has failed that counts.
    pub(super) failed: bool,
    /// Why it is to end.
    pub(super) stopping: Option<StopReason>,
    /// Whether nothing more is to be done.
    pub(super) killed: bool,
    pub(super) records: Vec<Arc<StepRecord>>,
    pub(super) artifacts: Vec<UploadedArtifact>,
    pub(super) end: Option<Arc<JobEnd>>,
    stamps: BTreeMap<EffectKey, ResultStamp>,
}

impl JobState {
    /// Returns the job as it waits for a slot.
    pub(super) fn queued(definition: Arc<Job>, leg: Leg, place: LegPlace, at: Timestamp) -> Self {
        Self {
            key: leg.key.clone(),
            place,
            frames: vec![Frame::of_job(Arc::clone(&definition))],
            definition,
            leg,
            queued: at,
            activity: Activity::Queued,
            start: None,
            workspace: None,
            homeless: None,
            given: Arc::default(),
            located: Arc::default(),
            exported: Arc::default(),
            path: Arc::default(),
            posts: Vec::new(),
            facts: StepFacts::default(),
            hashes: 0,
            failed: false,
            stopping: None,
            killed: false,
            records: Vec::new(),
            artifacts: Vec::new(),
            end: None,
            stamps: BTreeMap::new(),
        }
    }

    /// Returns whether it has a slot.
    pub(super) fn is_running(&self) -> bool {
        self.start.is_some() && self.end.is_none()
    }

    /// Returns whether a result with this stamp is newer than what is known of its effect.
    pub(super) fn is_news(&self, stamp: &ResultStamp) -> bool {
        self.stamps
            .get(&stamp.key)
            .is_none_or(|last| (last.incarnation, last.sequence) < (stamp.incarnation, stamp.sequence))
    }

    /// Returns the step that runs.
    pub(super) fn running_step(&self) -> Option<&RunningStep> {
        match &self.activity {
            Activity::Step(step) => Some(step),
            _ => None,
        }
    }

    /// Returns what the status functions answer to a step of the innermost frame.
    pub(super) fn status(&self) -> Status {
        let failed = match self.frames.as_slice() {
            [_, .., inner] => inner.failed,
            _ => self.failed,
        };
        self.status_with(failed)
    }

    /// Returns what the status functions answer after the last step.
    pub(super) fn final_status(&self) -> Status {
        self.status_with(self.failed)
    }

    fn status_with(&self, failed: bool) -> Status {
        match (self.stopping.is_some(), failed) {
            (true, _) => Status::CANCELLED,
            (false, true) => Status::FAILURE,
            (false, false) => Status::SUCCESS,
        }
    }

    /// Returns how it ended, were it to end now.
    pub(super) fn outcome(&self) -> Outcome {
        if self.stopping.is_some() {
            Outcome::Cancelled
        } else if self.failed || self.homeless.is_some() {
            Outcome::Failure
        } else {
            Outcome::Success
        }
    }

    /// Returns whether its failure leaves the run successful.
    pub(super) fn continues_on_error(&self) -> bool {
        self.start.as_ref().is_some_and(|start| start.continue_on_error)
    }
}
