//! Called workflows as parts of a plan.
//!
//! A call is expanded where it stands: each leg of the job that calls brings the jobs of the called workflow, which
//! stay apart only in what they can read and need. So a run knows one graph of jobs, whatever called what. The legs of
//! such a job have to be known beforehand; the inputs of a call do not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::beforehand::unknown_matrix;
use super::fate::{self, Before};
use super::known::{Ended, KnownNeeds};
use super::selection::{self, Asked};
use super::{Contexts, Expansion, Leg, PlanError, PlannedJob};
use crate::definition::{Call, CallInput, Called, Job, Pipeline, Place};
use crate::expression::{ContextUse, EvaluationError, Object, Scope, Template, Value};
use crate::scope::KnownContexts;

/// The most workflows that lie in each other, the first caller included, as on GitHub.
pub const MOST_LEVELS: usize = 10;

/// The most jobs that a plan has with those of the workflows that are called.
pub(super) const MOST_JOBS: usize = 5_000;

/// Where the definition of a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefinedAt {
    /// The call whose workflow it belongs to; `None` of the plan's own pipeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<usize>,
    /// Its place in the pipeline.
    pub job: usize,
}

/// One call of a workflow: one leg of a job that calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedCall {
    /// The place of the job that calls.
    pub caller: usize,
    /// Which leg of it.
    pub leg: usize,
    /// The file that is called.
    pub workflow: String,
    /// The inputs, as far as they are known.
    pub inputs: Value,
    /// The names of the inputs that are known only when the call begins.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub open: BTreeSet<String>,
}

/// Why an input of a call has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallInputError {
    /// Its expression has none.
    #[error("the input `{name}` cannot be evaluated: {source}")]
    Evaluation {
        /// The input.
        name: String,
        /// Why not.
        source: EvaluationError,
    },
    /// It is of another type.
    #[error("the input `{name}` takes {takes}, but got {got}")]
    WrongType {
        /// The input.
        name: String,
        /// What it takes.
        takes: &'static str,
        /// What it got, with what helps.
        got: String,
    },
}

impl CallInputError {
    /// Returns where the input is given; where the job stands when it is not.
    pub(crate) fn place(&self, job: &Job, call: &Call) -> Place {
        let (Self::Evaluation { name, .. } | Self::WrongType { name, .. }) = self;
        let mut given = call.with.iter().map(|(given, _)| given);
        match given.find(|given| given.eq_ignore_ascii_case(name)) {
            Some(given) => job.place_of(&format!("with.{given}")),
            None => job.place.clone(),
        }
    }
}

/// Returns the value of an input, given or its own.
pub(crate) fn input(input: &CallInput, call: &Call, scope: &dyn Scope) -> Result<Value, CallInputError> {
    let Some(template) = template_of(input, call) else {
        return Ok(input.kind.empty());
    };
    if let Some(text) = template.as_literal() {
        return input.kind.of_text(text).ok_or_else(|| CallInputError::WrongType {
            name: input.name.clone(),
            takes: input.kind.words(),
            got: format!("`{text}`"),
        });
    }
    let value = template.evaluate(scope).map_err(|source| CallInputError::Evaluation {
        name: input.name.clone(),
        source,
    })?;
    let got = match &value {
        Value::String(text) => format!("the text `{text}`; `fromJSON(…)` makes a value of it"),
        other if other.is_primitive() => format!("the {} `{}`", other.kind(), other.to_text()),
        other => format!("an {}", other.kind()),
    };
    input.kind.typed(value).ok_or(CallInputError::WrongType {
        name: input.name.clone(),
        takes: input.kind.words(),
        got,
    })
}

/// Returns what an input is given, or has by itself.
pub(super) fn template_of<'c>(input: &'c CallInput, call: &'c Call) -> Option<&'c Template> {
    let mut given = call.with.iter();
    let given = given.find(|(name, _)| name.eq_ignore_ascii_case(&input.name));
    given.map(|(_, template)| template).or(input.default.as_ref())
}

/// The `inputs` context of one workflow, as far as it is known.
#[derive(Clone, Debug)]
pub(super) struct KnownInputs {
    value: Value,
    open: BTreeSet<String>,
}

impl KnownInputs {
    /// Returns inputs of which all are known.
    pub(super) fn whole(value: Value) -> Self {
        Self {
            value,
            open: BTreeSet::new(),
        }
    }

    /// Returns inputs of which those named `open` are not known.
    pub(super) fn part(value: Value, open: BTreeSet<String>) -> Self {
        Self { value, open }
    }

    /// Returns whether this use of a context can be answered.
    pub(super) fn knows(&self, found: &ContextUse) -> bool {
        if found.name != "inputs" || self.open.is_empty() {
            return true;
        }
        let name = found.path.first();
        name.is_some_and(|name| !self.open.iter().any(|open| open.eq_ignore_ascii_case(name)))
    }

    /// Returns whether this use of a context has a value: also what is open only because the forge would say more, which a
    /// run here finds empty, so that jobs can be expanded by it.
    pub(super) fn has(&self, found: &ContextUse) -> bool {
        let is_there = |name: &String| self.value.get(name).is_some();
        self.knows(found) || found.path.first().is_some_and(is_there)
    }

    /// Returns those that are not open.
    fn known(&self) -> Value {
        let Value::Object(values) = &self.value else {
            return self.value.clone();
        };
        let known = values.iter().filter(|(name, _)| !self.open.contains(*name));
        Value::object(known.map(|(name, value)| (name.to_owned(), value.clone())))
    }
}

/// What the jobs of one workflow have in common before anything runs.
pub(super) struct Level<'l> {
    pub(super) pipeline: &'l Pipeline,
    pub(super) scope: KnownContexts,
    pub(super) inputs: KnownInputs,
    /// The leg that calls it.
    pub(super) within: Option<&'l Leg>,
    call: Option<usize>,
    depth: usize,
}

impl<'l> Level<'l> {
    /// Returns the level of the plan's own pipeline.
    pub(super) fn top(pipeline: &'l Pipeline, contexts: &Contexts) -> Self {
        Self {
            pipeline,
            scope: contexts.for_jobs(),
            inputs: KnownInputs::whole(contexts.inputs.clone()),
            within: None,
            call: None,
            depth: 1,
        }
    }
}

/// Makes a plan level by level.
pub(super) struct Planner<'r> {
    called: &'r BTreeMap<String, Called>,
    known: &'r BTreeMap<String, Ended>,
    pub(super) jobs: Vec<PlannedJob>,
    pub(super) calls: Vec<PlannedCall>,
    pub(super) errors: Vec<PlanError>,
    /// Whether there are more jobs than a plan has.
    is_full: bool,
}

impl<'r> Planner<'r> {
    /// Returns a planner that knows these workflows, and that these jobs ended so.
    pub(super) fn new(called: &'r BTreeMap<String, Called>, known: &'r BTreeMap<String, Ended>) -> Self {
        Self {
            called,
            known,
            jobs: Vec::new(),
            calls: Vec::new(),
            errors: Vec::new(),
            is_full: false,
        }
    }

    /// Plans the jobs of one workflow, each followed by those of the workflow that it calls.
    pub(super) fn plan(&mut self, level: &Level<'_>, asked: &Asked<'_>) {
        let ready =
            selection::order(level.pipeline).and_then(|order| Ok((order, selection::outside(level.pipeline, asked)?)));
        let (order, outside) = match ready {
            Ok(ready) => ready,
            Err(errors) => return self.errors.extend(errors),
        };
        let nothing = BTreeMap::new();
        let before = Before {
            order: &order,
            outside,
            known: if level.call.is_none() { self.known } else { &nothing },
        };
        let planned = fate::decide(level, before, &mut self.errors);
        if planned.iter().any(|job| job.fate.may_run()) {
            let unsupported = level.pipeline.unsupported.iter().cloned();
            self.errors.extend(unsupported.map(PlanError::Unsupported));
        }
        for (index, job) in planned.into_iter().enumerate() {
            let place = self.jobs.len();
            let definition = &level.pipeline.jobs[index];
            let call = definition.call.as_deref().filter(|_| job.fate.may_run());
            let expansion = job.expansion.clone();
            self.jobs.push(PlannedJob {
                id: path(level.within, &job.id),
                at: Some(DefinedAt {
                    call: level.call,
                    job: index,
                }),
                ..job
            });
            if let Some(call) = call {
                let calling = Calling {
                    place,
                    job: definition,
                    call,
                };
                self.expand(
                    level,
                    &calling,
                    expansion.as_deref(),
                    &asked.inside(level.pipeline, &definition.id),
                );
            }
        }
    }

    fn expand(&mut self, level: &Level<'_>, calling: &Calling<'_>, expansion: Option<&Expansion>, asked: &Asked<'_>) {
        let Some((called, expansion)) = self.callable(level, calling, expansion) else {
            return;
        };
        for (index, leg) in expansion.legs.iter().enumerate() {
            if self.is_full {
                return;
            }
            let inputs = self.inputs(level, calling, called, (expansion, index));
            self.calls.push(PlannedCall {
                caller: calling.place,
                leg: index,
                workflow: calling.call.workflow.clone(),
                inputs: inputs.known(),
                open: inputs.open.clone(),
            });
            let inner = Level {
                pipeline: &called.pipeline,
                scope: level.scope.with("inputs", inputs.value.clone()),
                inputs,
                within: Some(leg),
                call: Some(self.calls.len() - 1),
                depth: level.depth + 1,
            };
            let errors = self.errors.len();
            self.plan(&inner, asked);
            if self.jobs.len() > MOST_JOBS && !self.is_full {
                self.is_full = true;
                let place = calling.job.place.clone();
                self.errors.push(PlanError::TooManyJobs { place, most: MOST_JOBS });
            }
            // What is wrong in one leg is mostly wrong in all of them.
            if self.errors.len() > errors {
                return;
            }
        }
    }

    /// Returns what a job calls and its legs, or notes why that is not known.
    fn callable<'e>(
        &mut self,
        level: &Level<'_>,
        calling: &Calling<'_>,
        expansion: Option<&'e Expansion>,
    ) -> Option<(&'r Called, &'e Expansion)> {
        let (job, workflow) = (calling.job, &calling.call.workflow);
        let place = job.place.clone();
        let Some(called) = self.called.get(workflow) else {
            self.errors.push(PlanError::UnknownWorkflow {
                job: job.id.clone(),
                workflow: workflow.clone(),
                place,
            });
            return None;
        };
        if level.depth >= MOST_LEVELS {
            let workflow = workflow.clone();
            self.errors.push(PlanError::TooDeep { workflow, place });
            return None;
        }
        // A matrix that is wrong was told where it was expanded.
        if expansion.is_none() && is_open(level, job) {
            self.errors.push(PlanError::Unsupported(unknown_matrix(job)));
        }
        Some((called, expansion?))
    }

    /// Returns the inputs of one call, as far as they are known.
    fn inputs(
        &mut self,
        level: &Level<'_>,
        calling: &Calling<'_>,
        called: &Called,
        (expansion, leg): (&Expansion, usize),
    ) -> KnownInputs {
        let told = KnownNeeds::of(calling.job, |need| match level.call {
            None => self.known.get(need).cloned(),
            Some(_) => None,
        });
        let scope = level
            .scope
            .with("needs", told.value())
            .with("matrix", expansion.legs[leg].matrix.clone())
            .with("strategy", expansion.strategy_context(leg));
        let mut values = Object::default();
        let mut open = BTreeSet::new();
        for declared in &called.interface.inputs {
            let uses = template_of(declared, calling.call).map_or(Vec::new(), Template::contexts_used);
            let is_known = |found: &ContextUse| level.inputs.knows(found) && level.scope.knows(found);
            if !uses.iter().all(|found| told.knows(found) && is_known(found)) {
                open.insert(declared.name.clone());
            }
            if !uses.iter().all(|found| told.knows(found) && level.inputs.has(found)) {
                continue;
            }
            match input(declared, calling.call, &scope) {
                Ok(value) => values.insert(declared.name.clone(), value),
                // The forge may say what has a value.
                Err(_) if open.contains(&declared.name) => {}
                Err(source) => self.errors.push(PlanError::CallInput {
                    job: calling.job.id.clone(),
                    place: source.place(calling.job, calling.call),
                    source,
                }),
            }
        }
        KnownInputs {
            value: Value::Object(values),
            open,
        }
    }
}

/// A job that calls a workflow.
struct Calling<'c> {
    place: usize,
    job: &'c Arc<Job>,
    call: &'c Call,
}

/// Returns whether the strategy of a job reads what only a run knows.
fn is_open(level: &Level<'_>, job: &Job) -> bool {
    let is_open = |found: &ContextUse| (found.name == "needs" && !job.needs.is_empty()) || !level.inputs.knows(found);
    super::known::read_by_expansion(job).iter().any(is_open)
}

/// Returns the id of a job in the plan: that in its file, behind the leg that calls the workflow.
pub(super) fn path(within: Option<&Leg>, id: &str) -> String {
    within.map_or_else(|| id.to_owned(), |leg| format!("{} / {id}", leg.key))
}
