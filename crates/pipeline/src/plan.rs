//! A pipeline made concrete for one trigger.
//!
//! Everything that can be decided without running is decided here: which jobs will not run and why, what the matrix
//! expands to, what the contexts say. The plan is a value: it is printed, compared, stored with its run and never
//! changed. What only a run can know (the outputs of earlier jobs) stays open and is marked as such.

mod expansion;
mod fate;
mod github;
mod known;
mod matrix;
mod selection;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use expansion::{Expansion, ExpansionError, Leg};
pub use fate::{Fate, WhyNot};
pub use github::Trigger;
pub use known::Ended;
pub use matrix::MatrixError;

use crate::definition::{Job, Pipeline, Place, Unsupported};
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
    /// The jobs, each at the place of its definition.
    pub jobs: Vec<PlannedJob>,
    /// The jobs whose end was told beforehand.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub known: BTreeMap<String, Ended>,
}

/// What expressions can read in every job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contexts {
    /// `github`, as far as it does not depend on the job.
    pub github: Value,
    /// `inputs`.
    pub inputs: Value,
    /// `vars`.
    pub vars: Value,
    /// The names of the secrets that there are; their values are never here.
    pub secrets: BTreeSet<String>,
}

impl Contexts {
    /// Returns what a job's own keys (`if`, `strategy`, `name`) can read, without `needs`.
    pub(crate) fn for_jobs(&self) -> KnownContexts {
        KnownContexts::new([
            ("github", self.github.clone()),
            ("inputs", self.inputs.clone()),
            ("vars", self.vars.clone()),
        ])
    }

    /// Returns the `secrets` context: a marker for each name.
    pub(crate) fn secrets(&self) -> Value {
        let marker = |name: &String| (name.clone(), Value::String(crate::expression::secret::marker(name)));
        Value::object(self.secrets.iter().map(marker))
    }
}

/// A job with what is known about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedJob {
    /// Its id.
    pub id: String,
    /// Whether it will run.
    pub fate: Fate,
    /// What it expands to; `None` when that is known only after its needs.
    pub expansion: Option<Arc<Expansion>>,
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
    /// The only jobs to run, with what they need; all when empty.
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

fn listed(names: &[String]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

impl Plan {
    /// Returns the plan of `pipeline` for one trigger.
    ///
    /// # Errors
    /// Returns everything that stands against it, at least one thing.
    pub fn make(pipeline: Arc<Pipeline>, request: PlanRequest) -> Result<Self, Vec<PlanError>> {
        let order = selection::order(&pipeline)?;
        let outside = selection::outside(&pipeline, &request)?;
        let contexts = Contexts {
            github: request.trigger.context(&pipeline, &request.secrets),
            inputs: request.inputs,
            vars: Value::object(
                request
                    .vars
                    .into_iter()
                    .map(|(name, value)| (name, Value::String(value))),
            ),
            secrets: request.secrets,
        };
        let mut errors = Vec::new();
        let run_name = run_name(&pipeline, &contexts).unwrap_or_else(|error| {
            errors.push(PlanError::RunName(error));
            String::new()
        });
        let before = fate::Before {
            order: &order,
            outside,
            known: &request.known,
        };
        let jobs = fate::decide(&pipeline, before, &contexts, &mut errors);
        if jobs.iter().any(|job| job.fate.may_run()) {
            errors.extend(pipeline.unsupported.iter().cloned().map(PlanError::Unsupported));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self {
            environment: Arc::new(github::environment(&contexts.github)),
            event: request.trigger.event,
            run_name,
            contexts,
            jobs,
            known: request.known,
            pipeline,
        })
    }

    /// Returns the definition of the job at `index`.
    pub fn definition(&self, index: usize) -> &Arc<Job> {
        &self.pipeline.jobs[index]
    }

    /// Returns whether any job may run.
    pub fn has_work(&self) -> bool {
        self.jobs.iter().any(|job| job.fate.may_run())
    }

    /// Returns the plan as lines for a terminal, without colour.
    pub fn tree(&self) -> Vec<String> {
        tree::lines(self)
    }
}

fn run_name(pipeline: &Pipeline, contexts: &Contexts) -> Result<String, EvaluationError> {
    match &pipeline.run_name {
        Some(template) => template.evaluate_to_string(&contexts.for_jobs()),
        None => Ok(pipeline.name.clone()),
    }
}
