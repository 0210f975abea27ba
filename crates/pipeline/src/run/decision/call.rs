//! When a called workflow begins and ends.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Decision, admission};
use crate::definition::Place;
use crate::expression::{Object, Value, secret};
use crate::plan::input;
use crate::run::call::unbegun;
use crate::run::environment::Variables;
use crate::run::event::{CallSpec, JobEnd, RunEvent};
use crate::run::outcome::{Outcome, StopReason};
use crate::run::{JobKey, Run};

impl Decision {
    /// Begins the calls of a job that may run, as many as may at once.
    pub(super) fn begin_calls(&mut self, place: usize) {
        for call in self.run.graph.calls[place].clone() {
            let group = &self.run.groups[place];
            let Some(expansion) = group.expansion.as_ref().filter(|_| group.over.is_none()) else {
                return;
            };
            if expansion.max_parallel.is_some_and(|most| group.running >= most) {
                return;
            }
            if !self.run.calls[call].is_waiting() {
                continue;
            }
            match spec(&self.run, call) {
                Ok(spec) => {
                    let (job, at) = (self.run.call_key(call), self.now.wall);
                    let spec = Arc::new(spec);
                    self.push(RunEvent::CallBegun { job, spec, at });
                }
                Err(reason) => {
                    self.end_unbegun(call, Outcome::Failure, reason);
                    self.stop_sibling_calls(call);
                }
            }
        }
    }

    /// Ends a call of which every job is over.
    pub(super) fn end_call(&mut self, call: usize) {
        if !self.run.calls[call].is_done() {
            return;
        }
        let end = end(&self.run, call, self.now.wall);
        let failed = end.outcome == Outcome::Failure;
        let job = self.run.call_key(call);
        self.push(RunEvent::CallEnded {
            job,
            end: Arc::new(end),
        });
        if failed {
            self.stop_sibling_calls(call);
        }
    }

    /// Ends a call that has not begun.
    fn end_unbegun(&mut self, call: usize, outcome: Outcome, reason: String) {
        let job = self.run.call_key(call);
        let end = Arc::new(unbegun(outcome, reason, self.now.wall));
        self.push(RunEvent::CallEnded { job, end });
    }

    /// Cancels the other calls of the matrix in which one failed, where it says so.
    fn stop_sibling_calls(&mut self, failed: usize) {
        let place = self.run.graph.callers[failed];
        let group = &self.run.groups[place];
        if group.over.is_some() || group.expansion.as_ref().is_none_or(|expansion| !expansion.fail_fast) {
            return;
        }
        let why = StopReason::FailFast {
            failed: self.run.call_key(failed),
        };
        for call in self.run.graph.calls[place].clone() {
            if call != failed {
                self.stop_call(call, &why);
            }
        }
    }

    /// Lets a call come to its end: what still wants to run in that case does.
    fn stop_call(&mut self, call: usize, why: &StopReason) {
        let state = &self.run.calls[call];
        if state.is_waiting() {
            return self.end_unbegun(call, Outcome::Cancelled, why.to_string());
        }
        if !state.is_running() || state.stopping.is_some() {
            return;
        }
        let (job, at) = (self.run.call_key(call), self.now.wall);
        let why = why.clone();
        self.push(RunEvent::CallStopping {
            job,
            why: why.clone(),
            at,
        });
        self.stop_waiting_calls(Some(call), &why);
        let inside = |run: &Run, place: usize| run.calls_around(place).any(|around| around == call);
        let unwanted = self.open_jobs(|run, job| {
            let place = job.place.group;
            inside(run, place) && admission::holds(run, place) != Ok(true)
        });
        for key in unwanted {
            self.stop_job(&key, why.clone());
        }
    }

    /// Ends the calls that wait only for others of their job, in one call or anywhere, unless they want to run.
    pub(super) fn stop_waiting_calls(&mut self, within: Option<usize>, why: &StopReason) {
        for call in 0..self.run.calls.len() {
            let place = self.run.graph.callers[call];
            let is_meant = within.is_none_or(|within| self.run.calls_around(place).any(|around| around == within));
            let is_admitted = self.run.groups[place].expansion.is_some();
            let is_unwanted = self.run.killed || admission::holds(&self.run, place) != Ok(true);
            if is_meant && is_admitted && self.run.calls[call].is_waiting() && is_unwanted {
                self.end_unbegun(call, Outcome::Cancelled, why.to_string());
            }
        }
    }

    /// Notes what follows from the end of the job at `place`, or of a call.
    ///
    /// Jobs behind it that the plan says will not run may have ended with it.
    pub(super) fn note_over(&mut self, place: usize) {
        let run = &self.run;
        let mut seen = BTreeSet::from([place]);
        let mut open = vec![place];
        while let Some(place) = open.pop() {
            if run.groups[place].over.is_none() {
                continue;
            }
            self.considered.extend(&run.graph.dependents[place]);
            self.ending.extend(run.graph.within[place]);
            let behind = run.graph.dependents[place].iter().copied();
            let unplanned = behind.filter(|place| !run.start.plan.jobs[*place].fate.may_run());
            open.extend(unplanned.filter(|place| seen.insert(*place)));
        }
    }

    /// Notes what follows from an event of the call that the leg `job` makes.
    pub(super) fn note_call(&mut self, job: &JobKey) {
        let Some(call) = self.run.graph.call(job) else {
            return;
        };
        let caller = self.run.graph.callers[call];
        if self.run.calls[call].is_running() {
            self.considered.extend(&self.run.graph.jobs[call]);
            self.ending.insert(call);
            for place in self.run.graph.jobs[call].clone() {
                self.note_over(place);
            }
        } else {
            self.callers.insert(caller);
            self.note_over(caller);
        }
    }
}

/// Returns what a call begins with, or in words why it cannot.
fn spec(run: &Run, call: usize) -> Result<CallSpec, String> {
    let place = run.graph.callers[call];
    let plan = &run.start.plan;
    let definition = plan.definition(place);
    let at = |why: String| format!("{}: {why}", definition.place);
    let (Some(calls), Some(called)) = (&definition.call, plan.called.get(&plan.calls[call].workflow)) else {
        return Err(at("the workflow that it calls is not in the plan".to_owned()));
    };
    let scope = run.call_scope(call);
    let mut inputs = Object::default();
    for declared in &called.interface.inputs {
        let value =
            input(declared, calls, &scope).map_err(|error| format!("{}: {error}", error.place(definition, calls)))?;
        inputs.insert(declared.name.clone(), value);
    }
    Ok(CallSpec {
        inputs: admission::as_read_back(Value::Object(inputs)),
        secrets: CallSpec::secrets_of(definition, run, &scope)?,
    })
}

/// Returns the end of a call of which every job is over.
fn end(run: &Run, call: usize, at: lockgate_core::Timestamp) -> JobEnd {
    let outcome = run.call_outcome(call);
    let (values, problem) = outputs(run, call);
    let (withheld, outputs): (Variables, Variables) = values
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .partition(|(_, value)| secret::contains_marker(value));
    let outcome = match &problem {
        Some(_) if outcome == Outcome::Success => Outcome::Failure,
        _ => outcome,
    };
    let stopped = run.calls[call]
        .stopping
        .as_ref()
        .filter(|_| outcome == Outcome::Cancelled);
    JobEnd {
        outcome,
        conclusion: outcome,
        outputs,
        withheld: withheld.into_keys().collect(),
        reason: problem.or(stopped.map(ToString::to_string)),
        at,
    }
}

/// Returns the outputs of a call as far as they have a value, and in words the first that has none.
fn outputs(run: &Run, call: usize) -> (Variables, Option<String>) {
    let plan = &run.start.plan;
    let declared = plan.called.get(&plan.calls[call].workflow);
    let declared = declared.map_or(&[][..], |called| &called.interface.outputs);
    let inputs = run.calls[call].spec.as_ref().map(|spec| spec.inputs.clone());
    let contexts = plan.contexts.for_jobs();
    let scope = contexts
        .with("inputs", inputs.unwrap_or(Value::Null))
        .with("jobs", run.call_jobs(call));
    let mut values = Variables::new();
    let mut problem = None;
    for output in declared {
        match output.value.evaluate_to_string(&scope) {
            Ok(value) => _ = values.insert(output.name.clone(), value),
            Err(error) => {
                let place: &Place = &output.place;
                let name = &output.name;
                problem.get_or_insert_with(|| format!("{place}: the output `{name}` cannot be evaluated: {error}"));
            }
        }
    }
    (values, problem)
}
