//! Which jobs come to run: conditions, expansion, slots.

use std::sync::Arc;

use super::{Decision, start};
use crate::expression::{Condition, EvaluationError, Status, Value};
use crate::plan::Expansion;
use crate::run::Run;
use crate::run::effect::JobKey;
use crate::run::event::{JobEnd, JobEvent, RunEvent};
use crate::run::graph::LegPlace;
use crate::run::outcome::Outcome;

impl Decision {
    /// Decides about a job of which all needs are over.
    pub(super) fn consider(&mut self, place: usize) {
        if !self.run.groups[place].is_open() {
            return;
        }
        let id = self.run.start.plan.jobs[place].id.clone();
        let at = self.now.wall;
        let event = match admission(&self.run, place) {
            Ok(expansion) => RunEvent::JobAdmitted { id, expansion, at },
            Err((outcome, reason)) => RunEvent::JobPassedOver {
                id,
                outcome,
                reason,
                at,
            },
        };
        self.push(event);
    }

    /// Starts the jobs that wait, in the order of the file, as long as there is room.
    pub(super) fn fill_slots(&mut self) {
        let limits = self.run.start.limits.clone();
        let mut from = LegPlace { group: 0, leg: 0 };
        while self.run.used.slots < limits.slots {
            let Some((place, key)) = self
                .run
                .queue
                .range(from..)
                .next()
                .map(|(place, key)| (*place, key.clone()))
            else {
                return;
            };
            let group = &self.run.groups[place.group];
            let most = group.expansion.as_ref().and_then(|expansion| expansion.max_parallel);
            if most.is_some_and(|most| group.running >= most) {
                from = LegPlace {
                    group: place.group + 1,
                    leg: 0,
                };
                continue;
            }
            from = LegPlace {
                leg: place.leg + 1,
                ..place
            };
            self.start_if_it_fits(&key);
        }
    }

    fn start_if_it_fits(&mut self, key: &JobKey) {
        let Some(job) = self.run.jobs.get(key) else {
            return;
        };
        match start::start(&self.run, job, &self.now) {
            Ok(start) => {
                if self.run.start.limits.has_room(self.run.used, start.weight) {
                    self.job(key, JobEvent::Started(Arc::new(start)));
                }
            }
            Err(reason) => {
                self.end_unstarted(key, Outcome::Failure, reason);
                if let Some(failed) = self.run.jobs.get(key).cloned() {
                    self.stop_siblings(&failed);
                }
            }
        }
    }

    /// Ends a job that has not started.
    pub(super) fn end_unstarted(&mut self, key: &JobKey, outcome: Outcome, reason: String) {
        let end = JobEnd {
            outcome,
            conclusion: outcome,
            outputs: crate::run::environment::Variables::new(),
            withheld: Vec::new(),
            reason: Some(reason),
            at: self.now.wall,
        };
        self.job(key, JobEvent::Ended(Arc::new(end)));
    }
}

/// Returns whether a job runs, in the standing of now.
pub(super) fn holds(run: &Run, place: usize) -> Result<bool, EvaluationError> {
    let implied = Condition::default();
    let definition = run.start.plan.definition(place);
    let condition = definition.condition.as_ref().unwrap_or(&implied);
    condition.evaluate(&run.job_scope(place))
}

/// Returns what a job expands to, where the plan does not know, or how and why it ends without running.
fn admission(run: &Run, place: usize) -> Result<Option<Arc<Expansion>>, (Outcome, String)> {
    let definition = run.start.plan.definition(place);
    if run.killed {
        return Err((Outcome::Skipped, why_not(run, place)));
    }
    match holds(run, place) {
        Ok(true) => {}
        Ok(false) => return Err((Outcome::Skipped, why_not(run, place))),
        Err(error) => {
            let place = definition.place_of("if");
            return Err((
                Outcome::Failure,
                format!("{place}: its `if` cannot be evaluated: {error}"),
            ));
        }
    }
    if run.start.plan.jobs[place].expansion.is_some() {
        return Ok(None);
    }
    let plan = &run.start.plan;
    let within = plan.call_of(place).and_then(|call| plan.leg_of(call));
    match Expansion::of(definition, &run.job_scope(place), within) {
        Ok(expansion) if expansion.legs.is_empty() => {
            Err((Outcome::Skipped, "its matrix excludes every combination".to_owned()))
        }
        Ok(expansion) => Ok(Some(Arc::new(as_stored(expansion)))),
        Err(error) => {
            let place = definition.place_of(error.key());
            Err((Outcome::Failure, format!("{place}: {error}")))
        }
    }
}

/// Returns the expansion as it is read back from the log, so that a replayed run is the same to the last bit.
fn as_stored(mut expansion: Expansion) -> Expansion {
    for leg in &mut expansion.legs {
        leg.matrix = as_read_back(std::mem::take(&mut leg.matrix));
    }
    expansion
}

/// Returns a value as it is read back from the log.
pub(super) fn as_read_back(value: Value) -> Value {
    let read = serde_json::to_value(&value).and_then(serde_json::from_value::<Value>);
    read.unwrap_or(value)
}

/// Returns in words why the condition of a job does not hold.
fn why_not(run: &Run, place: usize) -> String {
    let definition = run.start.plan.definition(place);
    let implied = Condition::default();
    let condition = definition.condition.as_ref().unwrap_or(&implied);
    if let Some(by) = run.cancelled.as_ref().filter(|_| run.killed) {
        return format!("the run was ended at once by {by}");
    }
    let had_all_gone_well = condition.evaluate(&run.job_scope(place).standing(Status::SUCCESS));
    if had_all_gone_well != Ok(true) {
        return format!("its condition does not hold: `{condition}`");
    }
    if let Some(by) = &run.cancelled {
        return format!("the run was cancelled by {by}");
    }
    if let Some(why) = run.call_stopping(place) {
        return format!("the call is to end: {why}");
    }
    let bad = run.graph.needs[place].iter().find_map(|need| {
        let result = run.groups[*need].over.as_ref()?.result;
        let did = match result {
            Outcome::Success => return None,
            Outcome::Failure => "failed",
            Outcome::Cancelled => "was cancelled",
            Outcome::Skipped => "was skipped",
        };
        Some(format!(
            "it needs `{}`, which {did}",
            run.start.plan.definition(*need).id
        ))
    });
    bad.unwrap_or_else(|| "a job further before it did not succeed".to_owned())
}
