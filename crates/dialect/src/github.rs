//! GitHub Actions: workflow files and action files.
//!
//! The measure is GitHub's own parser: its keys, its types, the contexts that it allows at each key. What this version
//! cannot run yet is still read and checked; it becomes a warning here and a refusal when the job would run.
//!
//! One pass reads and lowers: each value becomes its part of the pipeline where it is read, so there is no second
//! model of the file that could disagree with the first.

pub mod action;
mod action_runs;
pub mod audit;
mod availability;
mod branding;
mod builtin;
mod call;
mod concurrency;
mod container;
mod cron;
mod defaults;
mod entries;
mod environment;
mod event;
mod glob;
mod input;
mod job;
mod letter_case;
mod local;
mod lowering;
mod matrix;
mod need;
mod permission;
mod place;
mod property;
mod reach;
mod reference;
mod runner;
mod shapes;
mod step;
mod step_form;
mod time_zone;
mod trigger;
mod unsupported;
mod usage;
mod workflow;

use lockgate_core::{Diagnostic, SourceFile};
use lockgate_pipeline::definition::{Permissions, Pipeline};

use crate::yaml::{self, Node};

pub use call::{Callable, CalledWorkflows, ReachedWorkflow, WorkflowCall, WorkflowFile};
pub use cron::{Cron, LocalMinute};
pub use event::{EVENTS, event_named};
pub use input::{Input, InputKind, InputMistake, resolve_inputs, too_long};
pub use local::LocalUse;
pub use permission::{Levels, SCOPES};
pub use property::of_context as properties_of_context;
pub use reach::{ACTION_FILES, ActionFile, LocalActions, is_action_file};
pub use shapes::{OF_ACTIONS, OF_WORKFLOWS};
pub use trigger::{
    Check, Decision, Event, Filter, Judgement, Pattern, Reference, Schedule, Trigger, Triggers, judged, triggered,
};

/// A workflow file, read without an error.
#[derive(Clone, Debug)]
pub struct Workflow {
    /// What starts it.
    pub triggers: Triggers,
    /// What it does.
    pub pipeline: Pipeline,
    /// What its jobs ask for and get otherwise: of the diagnostics, those that who starts a job should know.
    pub cautions: Vec<Caution>,
}

/// A warning of a job that runs otherwise than it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caution {
    /// The job.
    pub job: String,
    /// The warning.
    pub diagnostic: Diagnostic,
}

/// What became of a file.
#[derive(Clone, Debug, Default)]
pub struct Lowered {
    /// The workflow; `None` when a diagnostic is an error.
    pub workflow: Option<Workflow>,
    /// What the file allows its jobs, also when it has an error elsewhere.
    pub permissions: Option<Permissions>,
    /// Everything that is wrong or doubtful, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
    /// The steps that use actions of the repository itself, in the order of the file.
    pub uses: Vec<LocalUse>,
    /// The jobs that call workflows of the repository itself, in the order of the file.
    pub calls: Vec<WorkflowCall>,
    /// Whether the file can be called, and with what.
    pub callable: Callable,
}

/// Returns the workflow in `file`, lowered to a pipeline, and everything that is wrong with it.
pub fn lower(file: &SourceFile) -> Lowered {
    let (node, diagnostics) = yaml::parse(file);
    lower_parsed(file, node.as_ref(), diagnostics)
}

/// Returns the workflow in `file`; `node` and `diagnostics` are what [`yaml::parse`] has returned of it.
///
/// For who looks at the tree for other reasons too: to parse a file takes half of the time that it takes to read it.
pub fn lower_parsed(file: &SourceFile, node: Option<&Node>, diagnostics: Vec<Diagnostic>) -> Lowered {
    workflow::read(file, node, diagnostics)
}
