//! What has happened to a run.
//!
//! An event holds every value that decided, so that folding it evaluates nothing. What is the same for all steps of a
//! job, or of a run, stands once, in the event that learnt it.

use std::sync::Arc;
use std::time::Duration;

use lockgate_core::{Broken, Now, ResultStamp, Timestamp};
use serde::{Deserialize, Serialize};

use super::RunStart;
use super::effect::{AttemptBody, JobKey, StepPath};
use super::environment::Variables;
use super::input::{StepEnd, WorkspacePlace};
use super::limits::Weight;
use super::outcome::{Conclusion, Outcome, StopReason};
use crate::action::ActionDefinition;
use crate::expression::Condition;
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
    },
    /// Its workspace could not be made.
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
    /// When.
    pub now: Now,
}

fn is_empty(variables: &Arc<Variables>) -> bool {
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
            Self::Job { event, .. } => event.name(),
            Self::CancelRequested { .. } => "CancelRequested",
            Self::KillRequested { .. } => "KillRequested",
            Self::Concluded { .. } => "Concluded",
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
