//! What has happened to a run.
//!
//! An event holds every value that decided, so that folding it evaluates nothing. What is the same for all steps of a
//! job, or of a run, stands once, in the event that learnt it.

mod spec;

use std::sync::Arc;
use std::time::Duration;

use lockgate_core::{Broken, EffectKey, Now, ResultStamp, Timestamp, WakeAt};
use serde::{Deserialize, Serialize};

pub use spec::{CallSpec, CompositeSpec, JobEnd, JobStart, PostSpec, StepHead, StepSpec};

use super::RunStart;
use super::effect::{JobKey, StepPath};
use super::environment::Variables;
use super::input::{StepEnd, WorkspacePlace};
use super::outcome::{Conclusion, Outcome, StopReason};
use crate::action::ActionDefinition;
use crate::plan::Expansion;

/// Something that has happened to a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunEvent {
    /// The run exists.
    Created {
        /// What it executes, and how.
        start: Arc<RunStart>,
        /// When.
        now: Now,
    },
    /// The first jobs are being considered.
    Begun,
    /// A job may run: its legs wait for a slot.
    JobAdmitted {
        /// The job's id.
        id: String,
        /// What it expands to, where the plan did not know.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expansion: Option<Arc<Expansion>>,
        /// When.
        at: Timestamp,
    },
    /// A job ends without having run.
    JobPassedOver {
        /// The job's id.
        id: String,
        /// How it counts.
        outcome: Outcome,
        /// Why, in words.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// The jobs of a workflow that a job calls are being considered.
    CallBegun {
        /// The leg that calls.
        job: JobKey,
        /// What the workflow gets.
        spec: Arc<CallSpec>,
        /// When.
        at: Timestamp,
    },
    /// What is left of a call is to end; what its jobs want done in that case is still done.
    CallStopping {
        /// The leg that calls.
        job: JobKey,
        /// Why.
        why: StopReason,
        /// When.
        at: Timestamp,
    },
    /// Every job of a called workflow is over, or none of them runs.
    CallEnded {
        /// The leg that calls.
        job: JobKey,
        /// How it ended.
        end: Arc<JobEnd>,
    },
    /// Something has happened to one job.
    Job {
        /// Which.
        job: JobKey,
        /// What.
        event: JobEvent,
    },
    /// Somebody wanted the run to end.
    CancelRequested {
        /// Who.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// Somebody wanted the run to end at once.
    KillRequested {
        /// Who.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// Every job is over.
    Concluded {
        /// How the run ended.
        conclusion: Conclusion,
        /// When.
        at: Timestamp,
    },
    /// A timer of an earlier boot fired early, because the wall clock was set back; it counts anew.
    TimerRearmed {
        /// Which.
        key: EffectKey,
        /// What it is now.
        wake: WakeAt,
    },
    /// An invariant would have broken; the run decides nothing more.
    Frozen {
        /// Which.
        broken: Broken,
        /// When.
        at: Timestamp,
    },
}

/// Something that has happened to one job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobEvent {
    /// It has a slot; its workspace is being prepared.
    Started(Arc<JobStart>),
    /// Its workspace is there.
    WorkspaceReady {
        /// Which result.
        stamp: ResultStamp,
        /// Where.
        place: Arc<WorkspacePlace>,
        /// The variables that tell its steps where they are.
        env: Arc<Variables>,
        /// The variables of the workflow and of the job that read where it runs.
        #[serde(default, skip_serializing_if = "no_variables")]
        given: Arc<Variables>,
    },
    /// Its workspace could not be made, or its variables cannot be evaluated in it.
    WorkspaceFailed {
        /// Which result.
        stamp: ResultStamp,
        /// Why, in words.
        reason: String,
    },
    /// Its workspace is gone.
    WorkspaceRemoved {
        /// Which result.
        stamp: ResultStamp,
    },
    /// The next step uses an action whose definition is not known.
    ActionWanted {
        /// The step.
        path: StepPath,
        /// The action.
        reference: String,
    },
    /// The definition is known.
    ActionLoaded {
        /// Which result.
        stamp: ResultStamp,
        /// The definition.
        definition: Arc<ActionDefinition>,
        /// Its directory.
        directory: String,
    },
    /// There is no such action.
    ActionMissing {
        /// Which result.
        stamp: ResultStamp,
        /// Why, in words.
        reason: String,
    },
    /// An expression asks for the digest of files.
    HashWanted {
        /// Counts such questions of this job, from 1.
        number: u32,
        /// Which files.
        patterns: Vec<String>,
    },
    /// The digest is known.
    Hashed {
        /// Which result.
        stamp: ResultStamp,
        /// In hexadecimal digits; empty when no file matches.
        digest: String,
    },
    /// The files could not be read.
    HashFailed {
        /// Which result.
        stamp: ResultStamp,
        /// Why, in words.
        reason: String,
    },
    /// A step does not run.
    StepSkipped {
        /// Which.
        step: StepHead,
        /// Why, in words.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// A step cannot run: it fails before it begins.
    StepRefused {
        /// Which.
        step: StepHead,
        /// Why, in words.
        reason: String,
        /// How it counts for the job.
        conclusion: Outcome,
        /// What comes next.
        #[serde(default, skip_serializing_if = "Aftermath::is_next_step")]
        aftermath: Aftermath,
        /// When.
        at: Timestamp,
    },
    /// A step is to run.
    StepBegun(Arc<StepSpec>),
    /// Its process has begun.
    StepStarted {
        /// Which result.
        stamp: ResultStamp,
        /// When.
        at: Timestamp,
    },
    /// It is to end.
    StepStopping {
        /// Why.
        why: StopReason,
        /// How long it may take to end by itself.
        grace: Duration,
    },
    /// Its try was lost without a trace of how far it came; it is tried again.
    StepRetried {
        /// Which result.
        stamp: ResultStamp,
        /// The number of the new try.
        attempt: u32,
        /// When.
        at: Timestamp,
    },
    /// It is over.
    StepEnded {
        /// Which result.
        stamp: ResultStamp,
        /// What it left.
        end: Arc<StepEnd>,
        /// How it ended.
        outcome: Outcome,
        /// How it counts for the job.
        conclusion: Outcome,
        /// Why, in words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// The steps of a composite action begin.
    CompositeEntered(Arc<CompositeSpec>),
    /// They took too long.
    CompositeTimedOut {
        /// The step that uses the action.
        path: StepPath,
        /// What it was allowed to take.
        after: Duration,
    },
    /// They are over.
    CompositeLeft {
        /// The step that uses the action.
        path: StepPath,
        /// The action's outputs.
        outputs: Variables,
        /// How it ended.
        outcome: Outcome,
        /// How it counts for what uses it.
        conclusion: Outcome,
        /// Why, in words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// The job is to end; what its steps want done in that case is still done.
    Stopping {
        /// Why.
        why: StopReason,
        /// When.
        now: Now,
    },
    /// The job is to end; nothing more is done.
    Killed {
        /// Why.
        why: StopReason,
    },
    /// The job is over.
    Ended(Arc<JobEnd>),
}

/// What comes after a step that cannot run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aftermath {
    /// The next step is decided.
    #[default]
    NextStep,
    /// The composite action that it is in ends at once; in a job's own steps the next one is decided.
    EndOfAction,
}

impl Aftermath {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    fn is_next_step(&self) -> bool {
        *self == Self::NextStep
    }
}

fn no_variables(variables: &Arc<Variables>) -> bool {
    variables.is_empty()
}

impl RunEvent {
    /// Returns a stable name of the variant.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => "Created",
            Self::Begun => "Begun",
            Self::JobAdmitted { .. } => "JobAdmitted",
            Self::JobPassedOver { .. } => "JobPassedOver",
            Self::CallBegun { .. } => "CallBegun",
            Self::CallStopping { .. } => "CallStopping",
            Self::CallEnded { .. } => "CallEnded",
            Self::Job { event, .. } => event.name(),
            Self::CancelRequested { .. } => "CancelRequested",
            Self::KillRequested { .. } => "KillRequested",
            Self::Concluded { .. } => "Concluded",
            Self::TimerRearmed { .. } => "TimerRearmed",
            Self::Frozen { .. } => "Frozen",
        }
    }
}

impl JobEvent {
    /// Returns a stable name of the variant.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Started(_) => "JobStarted",
            Self::WorkspaceReady { .. } => "WorkspaceReady",
            Self::WorkspaceFailed { .. } => "WorkspaceFailed",
            Self::WorkspaceRemoved { .. } => "WorkspaceRemoved",
            Self::ActionWanted { .. } => "ActionWanted",
            Self::ActionLoaded { .. } => "ActionLoaded",
            Self::ActionMissing { .. } => "ActionMissing",
            Self::HashWanted { .. } => "HashWanted",
            Self::Hashed { .. } => "Hashed",
            Self::HashFailed { .. } => "HashFailed",
            Self::StepSkipped { .. } => "StepSkipped",
            Self::StepRefused { .. } => "StepRefused",
            Self::StepBegun(_) => "StepBegun",
            Self::StepStarted { .. } => "StepStarted",
            Self::StepStopping { .. } => "StepStopping",
            Self::StepRetried { .. } => "StepRetried",
            Self::StepEnded { .. } => "StepEnded",
            Self::CompositeEntered(_) => "CompositeEntered",
            Self::CompositeTimedOut { .. } => "CompositeTimedOut",
            Self::CompositeLeft { .. } => "CompositeLeft",
            Self::Stopping { .. } => "JobStopping",
            Self::Killed { .. } => "JobKilled",
            Self::Ended(_) => "JobEnded",
        }
    }
}
