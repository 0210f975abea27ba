//! What a run looks like, for people.

use std::sync::Arc;

use lockgate_core::Timestamp;

use super::environment::Variables;
use super::event::JobEnd;
use super::input::UploadedArtifact;
use super::job::{Activity, JobState, StepRecord};
use super::outcome::StopReason;
use super::{Conclusion, JobKey, Outcome, Run, RunId, RunStart};
use crate::definition::Job;
use crate::plan::Plan;

/// One job of a run: one for each leg of a matrix, and one for each job that has none yet.
#[derive(Clone, Copy, Debug)]
pub struct JobView<'r> {
    run: &'r Run,
    place: usize,
    state: Option<&'r JobState>,
    /// The call that the job makes, when it stands for that.
    call: Option<usize>,
}

/// How a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobStatus {
    /// What it needs is not over.
    Waiting,
    /// It waits for a slot.
    Queued,
    /// Its workspace is being prepared.
    Preparing,
    /// Its steps run.
    Running,
    /// It is to end and has not yet.
    Stopping,
    /// It is over.
    Over {
        /// How it ended.
        outcome: Outcome,
        /// How it counts for the run.
        conclusion: Outcome,
    },
}

impl Run {
    /// Returns the run's id.
    pub fn id(&self) -> &RunId {
        &self.id
    }

    /// Returns what it was started with.
    pub fn start(&self) -> &Arc<RunStart> {
        &self.start
    }

    /// Returns its plan.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.start.plan
    }

    /// Returns when it was created.
    pub fn created_at(&self) -> Timestamp {
        self.created
    }

    /// Returns when its last job was over.
    pub fn concluded_at(&self) -> Option<Timestamp> {
        self.concluded.map(|concluded| concluded.at)
    }

    /// Returns how it ended, once every job is over.
    pub fn conclusion(&self) -> Option<Conclusion> {
        self.concluded.map(|concluded| concluded.conclusion)
    }

    /// Returns who cancelled it.
    pub fn cancelled_by(&self) -> Option<&str> {
        self.cancelled.as_deref()
    }

    /// Returns every job in the order of the file, then of its matrix.
    ///
    /// A job that calls a workflow stands for itself only when the workflow does not come to run; else the jobs of the
    /// workflow stand for it.
    pub fn jobs(&self) -> impl Iterator<Item = JobView<'_>> {
        (0..self.groups.len()).flat_map(|place| {
            let calls = &self.graph.calls[place];
            if calls.is_empty() {
                self.jobs_at(place)
            } else {
                self.calls_at(place, calls)
            }
        })
    }

    /// Returns the legs of a job with steps, or the job itself while it has none.
    fn jobs_at(&self, place: usize) -> Vec<JobView<'_>> {
        let is_called = self.calls_around(place).all(|call| !self.is_left_out(call));
        if !is_called {
            return Vec::new();
        }
        let expansion = self.groups[place].expansion.as_ref();
        let legs = expansion.map_or(&[][..], |expansion| &expansion.legs);
        let view = |state| JobView {
            run: self,
            place,
            state,
            call: None,
        };
        if legs.is_empty() {
            return vec![view(None)];
        }
        let states = legs.iter().filter_map(|leg| self.jobs.get(&leg.key));
        states.map(|state| view(Some(state.as_ref()))).collect()
    }

    /// Returns the calls of a job that do not come to run, or the job itself when it does not.
    fn calls_at(&self, place: usize, calls: &[usize]) -> Vec<JobView<'_>> {
        let is_called = self.calls_around(place).all(|call| !self.is_left_out(call));
        let view = |call| JobView {
            run: self,
            place,
            state: None,
            call,
        };
        let group = &self.groups[place];
        match (is_called, &group.over, &group.expansion) {
            (false, ..) | (_, None, None) => Vec::new(),
            (true, Some(_), None) => vec![view(None)],
            (true, _, Some(_)) => {
                let told = calls.iter().copied().filter(|call| self.is_told(*call));
                told.map(|call| view(Some(call))).collect()
            }
        }
    }

    /// Returns whether a call ended without having begun.
    fn is_left_out(&self, call: usize) -> bool {
        let call = &self.calls[call];
        call.spec.is_none() && call.end.is_some()
    }

    /// Returns whether the jobs of a call do not say how it ended.
    fn is_told(&self, call: usize) -> bool {
        let end = self.calls[call].end.as_ref();
        let failed = end.is_some_and(|end| end.outcome == Outcome::Failure && end.reason.is_some());
        self.is_left_out(call) || failed
    }

    /// Returns the job with this key.
    pub fn job(&self, key: &JobKey) -> Option<JobView<'_>> {
        let state = self.jobs.get(key)?;
        Some(JobView {
            run: self,
            place: state.place.group,
            state: Some(state),
            call: None,
        })
    }

    /// Returns the outputs of calls that are kept from later jobs because a secret is in them, each behind the call.
    pub fn withheld_by_calls(&self) -> Vec<(&str, &str)> {
        let mut withheld = Vec::new();
        for (call, state) in self.calls.iter().enumerate() {
            let (Some(leg), Some(end)) = (self.start.plan.leg_of(call), &state.end) else {
                continue;
            };
            withheld.extend(end.withheld.iter().map(|name| (leg.name.as_str(), name.as_str())));
        }
        withheld
    }

    /// Returns everything that its steps uploaded, in the order of the jobs.
    pub fn artifacts(&self) -> impl Iterator<Item = &UploadedArtifact> {
        self.jobs()
            .filter_map(|job| job.state)
            .flat_map(|state| state.artifacts.iter())
    }
}

impl<'r> JobView<'r> {
    /// Returns the id of the job in its file.
    pub fn id(&self) -> &'r str {
        &self.definition().id
    }

    /// Returns the words with which `--job` selects it.
    pub fn selector(&self) -> String {
        self.run.start.plan.selector(self.place)
    }

    /// Returns the key in the run; that of the whole job when its matrix is not expanded yet.
    pub fn key(&self) -> JobKey {
        match (self.state, self.call) {
            (Some(state), _) => state.key.clone(),
            (None, Some(call)) => self.run.call_key(call),
            (None, None) => JobKey::new(self.run.start.plan.jobs[self.place].id.as_str()),
        }
    }

    /// Returns the name shown to people.
    pub fn name(&self) -> &'r str {
        let plan = &self.run.start.plan;
        let leg = match (self.state, self.call) {
            (Some(state), _) => return &state.leg.name,
            (None, Some(call)) => plan.leg_of(call),
            (None, None) => None,
        };
        let planned = &plan.jobs[self.place];
        let legs = planned.expansion.as_ref().map_or(&[][..], |expansion| &expansion.legs);
        match (leg, plan.call_of(self.place), legs) {
            (Some(leg), ..) | (None, Some(_), [leg]) => &leg.name,
            (None, Some(_), _) => &planned.id,
            (None, None, _) => {
                let name = self.definition().name.as_ref();
                name.and_then(|name| name.as_literal()).unwrap_or(self.id())
            }
        }
    }

    /// Returns the definition.
    pub fn definition(&self) -> &'r Arc<Job> {
        self.run.start.plan.definition(self.place)
    }

    /// Returns how it stands.
    pub fn status(&self) -> JobStatus {
        if let Some(end) = self.call_end() {
            return JobStatus::Over {
                outcome: end.outcome,
                conclusion: end.conclusion,
            };
        }
        let Some(state) = self.state else {
            return match &self.run.groups[self.place].over {
                Some(over) => JobStatus::Over {
                    outcome: over.result,
                    conclusion: over.result,
                },
                None => JobStatus::Waiting,
            };
        };
        match (&state.activity, &state.end) {
            (_, Some(end)) => JobStatus::Over {
                outcome: end.outcome,
                conclusion: end.conclusion,
            },
            (Activity::Queued, None) => JobStatus::Queued,
            _ if state.stopping.is_some() => JobStatus::Stopping,
            (Activity::Preparing, None) => JobStatus::Preparing,
            _ => JobStatus::Running,
        }
    }

    /// Returns why it did not run, failed or was stopped, in words.
    pub fn reason(&self) -> Option<&'r str> {
        match (self.state, self.call_end()) {
            (Some(state), _) => state.end.as_ref()?.reason.as_deref(),
            (None, Some(end)) => end.reason.as_deref(),
            (None, None) => self.run.groups[self.place].over.as_ref()?.reason.as_deref(),
        }
    }

    fn call_end(&self) -> Option<&'r JobEnd> {
        self.run.calls[self.call?].end.as_deref()
    }

    /// Returns why it is to end before its steps do.
    pub(super) fn stopped_for(&self) -> Option<&'r StopReason> {
        self.state?.stopping.as_ref()
    }

    /// Returns the steps that have begun or were passed over, in that order, those of composite actions included.
    pub fn steps(&self) -> &'r [Arc<StepRecord>] {
        self.state.map_or(&[], |state| &state.records)
    }

    /// Returns what later jobs can read.
    pub fn outputs(&self) -> Option<&'r Variables> {
        Some(&self.state?.end.as_ref()?.outputs)
    }

    /// Returns the names of the outputs that are kept from later jobs because a secret is in them.
    pub fn withheld_outputs(&self) -> &'r [String] {
        let end = self.state.and_then(|state| state.end.as_ref());
        end.map_or(&[], |end| &end.withheld)
    }

    /// Returns when it began to wait for a slot.
    pub fn queued_at(&self) -> Option<Timestamp> {
        Some(self.state?.queued)
    }

    /// Returns when it got a slot.
    pub fn started_at(&self) -> Option<Timestamp> {
        Some(self.state?.start.as_ref()?.now.wall)
    }

    /// Returns when it ended.
    pub fn ended_at(&self) -> Option<Timestamp> {
        match (self.state, self.call_end()) {
            (Some(state), _) => Some(state.end.as_ref()?.at),
            (None, Some(end)) => Some(end.at),
            (None, None) => Some(self.run.groups[self.place].over.as_ref()?.at),
        }
    }
}
