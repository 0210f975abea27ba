//! Calls of workflows while a run goes on.
//!
//! A job that calls is over when the jobs of the workflow are: it takes no slot and has no workspace. One call stands
//! for one leg of it. What the workflow can read of its caller stands in the event that begins the call, evaluated.

use std::sync::Arc;

use lockgate_core::Timestamp;

use super::environment::Variables;
use super::event::{CallSpec, JobEnd};
use super::outcome::{Outcome, StopReason};
use super::{JobKey, Run};
use crate::definition::{Job, PassedSecrets};
use crate::expression::Value;
use crate::scope::KnownContexts;

/// The name of the run's own token among the secrets.
pub(super) const TOKEN: &str = "GITHUB_TOKEN";

/// One call of a workflow.
#[derive(Clone, Debug, Default)]
pub(super) struct CallState {
    /// What it began with, once it has.
    pub(super) spec: Option<Arc<CallSpec>>,
    /// How many jobs of its workflow are not over.
    pub(super) open_jobs: usize,
    /// Why what is left of it is to end.
    pub(super) stopping: Option<StopReason>,
    /// How it ended.
    pub(super) end: Option<Arc<JobEnd>>,
}

impl CallState {
    /// Returns a call of a workflow with so many jobs.
    pub(super) fn waiting(jobs: usize) -> Self {
        Self {
            open_jobs: jobs,
            ..Self::default()
        }
    }

    /// Returns whether it has begun and is not over.
    pub(super) fn is_running(&self) -> bool {
        self.spec.is_some() && self.end.is_none()
    }

    /// Returns whether it has neither begun nor ended.
    pub(super) fn is_waiting(&self) -> bool {
        self.spec.is_none() && self.end.is_none()
    }

    /// Returns whether nothing is left but to say how it ended.
    pub(super) fn is_done(&self) -> bool {
        self.is_running() && self.open_jobs == 0
    }
}

impl Run {
    /// Returns the key of the leg that makes a call.
    pub(super) fn call_key(&self, call: usize) -> JobKey {
        let leg = self.start.plan.leg_of(call);
        leg.map_or_else(|| JobKey::new(""), |leg| leg.key.clone())
    }

    /// Returns the calls that the job at `place` lies in, the innermost first.
    pub(super) fn calls_around(&self, place: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.graph.within[place], |call| {
            self.graph.within[self.graph.callers[*call]]
        })
    }

    /// Returns why the call is to end that the job at `place` lies in.
    pub(super) fn call_stopping(&self, place: usize) -> Option<&StopReason> {
        let mut around = self.calls_around(place);
        around.find_map(|call| self.calls[call].stopping.as_ref())
    }

    /// Returns whether what lies at `place` is cancelled: with the run, or with a call around it.
    pub(super) fn is_cancelled_at(&self, place: usize) -> bool {
        self.cancelled.is_some() || self.call_stopping(place).is_some()
    }

    /// Returns what `inputs` is for the job at `place`.
    pub(super) fn inputs(&self, place: usize) -> Value {
        match self.graph.within[place] {
            None => self.start.plan.contexts.inputs.clone(),
            Some(call) => {
                let spec = self.calls[call].spec.as_ref();
                spec.map_or(Value::Null, |spec| spec.inputs.clone())
            }
        }
    }

    /// Returns what `secrets` is for the job at `place`: markers.
    pub(super) fn secrets(&self, place: usize) -> Value {
        let given = self.calls_around(place).find_map(|call| {
            let spec = self.calls[call].spec.as_ref()?;
            spec.secrets.as_ref()
        });
        match given {
            Some(secrets) => super::scope::texts(secrets),
            None => self.start.plan.contexts.secrets(),
        }
    }

    /// Returns what the keys of a call can read.
    pub(super) fn call_scope(&self, call: usize) -> KnownContexts {
        let place = self.graph.callers[call];
        let planned = &self.start.plan.calls[call];
        let scope = self.job_scope(place).with("secrets", self.secrets(place));
        let Some(expansion) = &self.groups[place].expansion else {
            return scope;
        };
        let matrix = expansion.legs.get(planned.leg).map(|leg| leg.matrix.clone());
        scope
            .with("matrix", matrix.unwrap_or(Value::Null))
            .with("strategy", expansion.strategy_context(planned.leg))
    }

    /// Returns how a call ended of which every job is over.
    pub(super) fn call_outcome(&self, call: usize) -> Outcome {
        let results = self.graph.jobs[call]
            .iter()
            .filter_map(|place| self.groups[*place].over.as_ref());
        let worst = results.map(|over| over.result).max_by_key(|result| match result {
            Outcome::Success | Outcome::Skipped => 0,
            Outcome::Cancelled => 1,
            Outcome::Failure => 2,
        });
        match worst {
            Some(worst @ (Outcome::Failure | Outcome::Cancelled)) => worst,
            _ if self.calls[call].stopping.is_some() => Outcome::Cancelled,
            _ => Outcome::Success,
        }
    }

    /// Returns the `jobs` context of a call.
    pub(super) fn call_jobs(&self, call: usize) -> Value {
        let fields = self.graph.jobs[call].iter().map(|place| {
            let id = self.start.plan.definition(*place).id.clone();
            (id, self.result_of(*place))
        });
        Value::object(fields)
    }
}

impl CallSpec {
    /// Returns what a job passes on of its secrets to the workflow that it calls; `None` is all of them.
    pub(super) fn secrets_of(job: &Job, run: &Run, scope: &KnownContexts) -> Result<Option<Variables>, String> {
        let Some(PassedSecrets::Given(given)) = job.call.as_ref().map(|call| &call.secrets) else {
            return Ok(None);
        };
        let mut secrets = Variables::new();
        let contexts = &run.start.plan.contexts;
        if contexts.secrets.contains(TOKEN) {
            secrets.insert(TOKEN.to_owned(), contexts.marker_key.marker(TOKEN));
        }
        for (name, template) in given {
            let text = template.evaluate_to_string(scope).map_err(|error| {
                let place = job.place_of(&format!("secrets.{name}"));
                format!("{place}: the secret `{name}` cannot be evaluated: {error}")
            })?;
            secrets.insert(name.clone(), text);
        }
        Ok(Some(secrets))
    }
}

/// The end of a call that has not begun.
pub(super) fn unbegun(outcome: Outcome, reason: String, at: Timestamp) -> JobEnd {
    JobEnd {
        outcome,
        conclusion: outcome,
        outputs: Variables::new(),
        withheld: Vec::new(),
        reason: Some(reason),
        at,
    }
}
