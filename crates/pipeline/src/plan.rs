//! A pipeline made concrete for one trigger.
//!
//! Everything that can be decided without running is decided here: which jobs will not run and why, what the matrix
//! expands to, what the contexts say. The plan is a value: it is printed, compared, stored with its run and never
//! changed. What only a run can know (the outputs of earlier jobs) stays open and is marked as such.

mod beforehand;
mod call;
mod expanded;
mod expansion;
mod fate;
mod github;
mod known;
mod matrix;
mod outline;
pub mod picture;
mod selection;
mod tree;
mod untold;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use beforehand::{has_room, open_call, written_legs};
pub(crate) use call::input;
pub use call::{CallInputError, DefinedAt, MOST_LEVELS, PlannedCall};
pub use expansion::{Expansion, ExpansionError, Leg};
pub use fate::{Fate, WhyNot};
pub use github::Trigger;
pub use known::Ended;
pub use matrix::MatrixError;
pub use outline::{
    Hide, LeftOut, Outline, OutlinedCall, OutlinedCondition, OutlinedJob, OutlinedLeg, OutlinedMatrix, Part, Read, Runs,
};

use call::{Level, Planner};
use selection::Asked;

use crate::definition::{Called, Job, Pipeline, Place, Unsupported};
use crate::expression::secret::MarkerKey;
use crate::expression::{EvaluationError, Value};
use crate::run::environment::Variables;
use crate::scope::KnownContexts;

/// A pipeline made concrete for one trigger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What it was made of.
    pub pipeline: Arc<Pipeline>,
    /// The name of the run.
    pub run_name: String,
    /// The name of the event.
    pub event: String,
    /// What expressions can read in every job.
    pub contexts: Contexts,
    /// The environment variables that every step gets (`GITHUB_SHA` and its like).
    pub environment: Arc<Variables>,
    /// The jobs in the order of the file, each followed by those of the workflow that it calls.
    pub jobs: Vec<PlannedJob>,
    /// The calls of other workflows, in the order of their jobs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<PlannedCall>,
    /// The workflows that are called, by their file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub called: BTreeMap<String, Called>,
    /// The jobs whose end was told beforehand.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub known: BTreeMap<String, Ended>,
}

/// What expressions can read in every job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contexts {
    /// `github`, as far as it does not depend on the job.
    pub github: Value,
    /// Whether `github.event` was made of the repository, so that the forge would say more.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_event_made: bool,
    /// `inputs`.
    pub inputs: Value,
    /// `vars`.
    pub vars: Value,
    /// The names of the secrets that there are; their values are never here.
    pub secrets: BTreeSet<String>,
    /// What the marks of these secrets have in them.
    #[serde(default)]
    pub marker_key: MarkerKey,
}

impl Contexts {
    /// Returns what a job's own keys (`if`, `strategy`, `name`) can read, without `needs`.
    pub(crate) fn for_jobs(&self) -> KnownContexts {
        KnownContexts::new([
            ("github", self.github.clone()),
            ("inputs", self.inputs.clone()),
            ("vars", self.vars.clone()),
        ])
        .with_made_event(self.is_event_made)
    }

    /// Returns the `secrets` context: a marker for each name.
    pub(crate) fn secrets(&self) -> Value {
        let marker = |name: &String| (name.clone(), Value::String(self.marker_key.marker(name)));
        Value::object(self.secrets.iter().map(marker))
    }
}

/// A job with what is known about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedJob {
    /// Its id, unique in the plan; that of a job in a called workflow stands behind the leg that calls: `call / build`.
    pub id: String,
    /// Whether it will run; in a called workflow, when it is called.
    pub fate: Fate,
    /// What it expands to; `None` when that is known only after its needs.
    pub expansion: Option<Arc<Expansion>>,
    /// Where its definition stands; at its own place in the plan's pipeline when it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DefinedAt>,
}

/// What a plan is made for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanRequest {
    /// What happened.
    pub trigger: Trigger,
    /// The inputs, with their types.
    pub inputs: Value,
    /// The configuration variables.
    pub vars: BTreeMap<String, String>,
    /// The names of the secrets that there are.
    pub secrets: BTreeSet<String>,
    /// What the marks of these secrets have in them: not to be guessed, when the plan is run.
    pub marker_key: MarkerKey,
    /// The workflows that jobs call, by their file, with those that these call.
    pub called: BTreeMap<String, Called>,
    /// The only jobs to run, with what they need; all when empty. One in a called workflow is `call / build`.
    pub selected: Vec<String>,
    /// The jobs that Lockgate itself does instead.
    pub replaced: BTreeSet<String>,
    /// How jobs ended, as far as it is known beforehand; what needs them is decided by it.
    pub known: BTreeMap<String, Ended>,
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// A job that would run asks for something that this version cannot do.
    #[error("{0}")]
    Unsupported(Unsupported),
    /// There is no job to select or to replace by this name.
    #[error("there is no job `{id}`; the jobs are {}", listed(known))]
    UnknownJob {
        /// The name.
        id: String,
        /// The jobs that there are.
        known: Vec<String>,
    },
    /// A job needs one that does not exist.
    #[error("{place}: job `{job}` needs `{need}`, which does not exist")]
    UnknownNeed {
        /// The job.
        job: String,
        /// What it needs.
        need: String,
        /// Where the job stands.
        place: Place,
    },
    /// Jobs need each other in a circle.
    #[error("{place}: the jobs {} need each other in a circle", listed(jobs))]
    Circle {
        /// The jobs of the circle.
        jobs: Vec<String>,
        /// Where the first of them stands.
        place: Place,
    },
    /// An expression of a job has no value.
    #[error("{place}: the {what} of job `{job}` cannot be evaluated: {source}")]
    Evaluation {
        /// What the expression is for, such as `if`.
        what: &'static str,
        /// The job.
        job: String,
        /// Where the job stands.
        place: Place,
        /// Why not.
        source: EvaluationError,
    },
    /// The name of the run has no value.
    #[error("the `run-name` cannot be evaluated: {0}")]
    RunName(EvaluationError),
    /// An input that a job gives the workflow that it calls has no value.
    #[error("{place}: job `{job}`: {source}")]
    CallInput {
        /// The job.
        job: String,
        /// Where the job stands.
        place: Place,
        /// Why not.
        source: CallInputError,
    },
    /// A job calls a workflow that is not there.
    #[error("{place}: job `{job}` calls `{workflow}`, which is not there")]
    UnknownWorkflow {
        /// The job.
        job: String,
        /// What it calls.
        workflow: String,
        /// Where the job stands.
        place: Place,
    },
    /// Workflows call each other too deep, or in a circle.
    #[error(
        "{place}: `{workflow}` lies in more than {MOST_LEVELS} workflows that call each other; do they in a circle?"
    )]
    TooDeep {
        /// The workflow that is one too many.
        workflow: String,
        /// Where the job stands that calls it.
        place: Place,
    },
    /// The workflows that are called have too many jobs.
    #[error("{place}: with the jobs of called workflows there are more than {most} of them")]
    TooManyJobs {
        /// Where the job stands whose call brings too many.
        place: Place,
        /// How many are possible.
        most: usize,
    },
    /// The matrix of a job makes no sense.
    #[error("{place}: the matrix of job `{job}` cannot be expanded: {source}")]
    Matrix {
        /// The job.
        job: String,
        /// Where the job stands.
        place: Place,
        /// Why not.
        source: MatrixError,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

fn listed(names: &[String]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

impl Plan {
    /// Returns the plan of `pipeline` for one trigger, to be run.
    ///
    /// # Errors
    /// Returns everything that stands against it, at least one thing.
    pub fn make(pipeline: Arc<Pipeline>, request: PlanRequest) -> Result<Self, Vec<PlanError>> {
        let (plan, unsupported) = Self::draft(pipeline, request)?;
        if unsupported.is_empty() {
            return Ok(plan);
        }
        Err(unsupported.into_iter().map(PlanError::Unsupported).collect())
    }

    /// Returns the plan of `pipeline` for one trigger, to be looked at, and what this version cannot run of it.
    ///
    /// # Errors
    /// Returns everything that stands against it, and what cannot be run, too.
    pub fn draft(pipeline: Arc<Pipeline>, request: PlanRequest) -> Result<(Self, Vec<Unsupported>), Vec<PlanError>> {
        let contexts = Contexts {
            github: request
                .trigger
                .context(&pipeline, &request.secrets, &request.marker_key),
            is_event_made: request.trigger.is_made,
            inputs: request.inputs,
            vars: Value::object(
                request
                    .vars
                    .into_iter()
                    .map(|(name, value)| (name, Value::String(value))),
            ),
            secrets: request.secrets,
            marker_key: request.marker_key,
        };
        let mut planner = Planner::new(&request.called, &request.known);
        planner.plan(
            &Level::top(&pipeline, &contexts),
            &Asked::of(&request.selected, &request.replaced, &request.known),
        );
        let Planner {
            mut jobs,
            calls,
            mut errors,
            ..
        } = planner;
        let run_name = run_name(&pipeline, &contexts).unwrap_or_else(|error| {
            errors.push(PlanError::RunName(error));
            String::new()
        });
        let is_unsupported = |error: &PlanError| match error {
            PlanError::Unsupported(unsupported) => Some(unsupported.clone()),
            _ => None,
        };
        let unsupported: Vec<Unsupported> = errors.iter().filter_map(is_unsupported).collect();
        if unsupported.len() < errors.len() {
            return Err(errors);
        }
        if calls.is_empty() {
            for job in &mut jobs {
                job.at = None;
            }
        }
        let mut called = request.called;
        // What is told may be why a workflow is not called.
        called.retain(|path, _| !request.known.is_empty() || calls.iter().any(|call| call.workflow == *path));
        let plan = Self {
            environment: Arc::new(github::environment(&contexts.github)),
            event: request.trigger.event,
            run_name,
            contexts,
            jobs,
            calls,
            called,
            known: request.known,
            pipeline,
        };
        Ok((plan, unsupported))
    }

    /// Returns the definition of the job at `index`.
    pub fn definition(&self, index: usize) -> &Arc<Job> {
        match self.jobs[index].at {
            Some(at) => &self.pipeline_in(at.call).jobs[at.job],
            None => &self.pipeline.jobs[index],
        }
    }

    /// Returns the pipeline that the job at `index` belongs to: the plan's own, or that of a called workflow.
    pub fn pipeline_of(&self, index: usize) -> &Arc<Pipeline> {
        self.pipeline_in(self.call_of(index))
    }

    /// Returns the call whose workflow the job at `index` belongs to; `None` of the plan's own pipeline.
    pub fn call_of(&self, index: usize) -> Option<usize> {
        self.jobs[index].at?.call
    }

    /// Returns the leg that makes a call.
    pub fn leg_of(&self, call: usize) -> Option<&Leg> {
        let call = &self.calls[call];
        self.jobs[call.caller].expansion.as_ref()?.legs.get(call.leg)
    }

    /// Returns by job the places of those that it needs, which are all of the same workflow.
    pub fn needs(&self) -> Vec<Vec<usize>> {
        let of_level = |place: usize| (self.call_of(place), self.definition(place).id.as_str());
        let places: BTreeMap<_, usize> = (0..self.jobs.len()).map(|place| (of_level(place), place)).collect();
        let needs = |place: usize| {
            let call = self.call_of(place);
            let needs = self.definition(place).needs.iter();
            let found: BTreeSet<usize> = needs
                .filter_map(|need| places.get(&(call, need.as_str())).copied())
                .collect();
            found.into_iter().collect()
        };
        (0..self.jobs.len()).map(needs).collect()
    }

    /// Returns the words with which `--job` selects the job at `index`: the ids of the calls and its own.
    pub fn selector(&self, index: usize) -> String {
        let own = &self.definition(index).id;
        match self.call_of(index) {
            Some(call) => format!("{} / {own}", self.selector(self.calls[call].caller)),
            None => own.clone(),
        }
    }

    fn pipeline_in(&self, call: Option<usize>) -> &Arc<Pipeline> {
        let called = call.and_then(|call| self.called.get(&self.calls[call].workflow));
        called.map_or(&self.pipeline, |called| &called.pipeline)
    }

    /// Returns whether any job may run.
    pub fn has_work(&self) -> bool {
        self.jobs.iter().any(|job| job.fate.may_run())
    }

    /// Returns the plan as lines for a terminal, without colour.
    pub fn tree(&self) -> Vec<String> {
        self.tree_hiding(&outline::nothing)
    }

    /// Returns the plan as lines for a terminal, without what `hide` takes out of a text.
    pub fn tree_hiding(&self, hide: Hide<'_>) -> Vec<String> {
        tree::lines(&self.outline_hiding(hide))
    }
}

fn run_name(pipeline: &Pipeline, contexts: &Contexts) -> Result<String, EvaluationError> {
    match &pipeline.run_name {
        Some(template) => template.evaluate_to_string(&contexts.for_jobs()),
        None => Ok(pipeline.name.clone()),
    }
}
