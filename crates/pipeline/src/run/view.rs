//! What a run looks like, for people.

use std::sync::Arc;

use lockgate_core::Timestamp;

use super::environment::Variables;
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
    pub fn jobs(&self) -> impl Iterator<Item = JobView<'_>> {
        self.groups.iter().enumerate().flat_map(move |(place, group)| {
            let legs = group.expansion.as_ref().map_or(&[][..], |expansion| &expansion.legs);
            let of_legs = legs.iter().filter_map(move |leg| {
                let state = self.jobs.get(&leg.key)?;
                Some(JobView {
                    run: self,
                    place,
                    state: Some(state),
                })
            });
            let none_yet = legs.is_empty().then_some(JobView {
                run: self,
                place,
                state: None,
            });
            none_yet.into_iter().chain(of_legs)
        })
    }

    /// Returns the job with this key.
    pub fn job(&self, key: &JobKey) -> Option<JobView<'_>> {
        let state = self.jobs.get(key)?;
        Some(JobView {
            run: self,
            place: state.place.group,
            state: Some(state),
        })
    }

    /// Returns everything that its steps uploaded, in the order of the jobs.
    pub fn artifacts(&self) -> impl Iterator<Item = &UploadedArtifact> {
        self.jobs()
            .filter_map(|job| job.state)
            .flat_map(|state| state.artifacts.iter())
    }
}

impl<'r> JobView<'r> {
    /// Returns the id of the job in the file.
    pub fn id(&self) -> &'r str {
        &self.definition().id
    }

    /// Returns the key in the run; that of the whole job when its matrix is not expanded yet.
    pub fn key(&self) -> JobKey {
        match self.state {
            Some(state) => state.key.clone(),
            None => JobKey::new(self.id()),
        }
    }

    /// Returns the name shown to people.
    pub fn name(&self) -> &'r str {
        match self.state {
            Some(state) => &state.leg.name,
            None => self
                .definition()
                .name
                .as_ref()
                .and_then(|name| name.as_literal())
                .unwrap_or(self.id()),
        }
    }

    /// Returns the definition.
    pub fn definition(&self) -> &'r Arc<Job> {
        self.run.start.plan.definition(self.place)
    }

    /// Returns how it stands.
    pub fn status(&self) -> JobStatus {
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
        match self.state {
            Some(state) => state.end.as_ref()?.reason.as_deref(),
            None => self.run.groups[self.place].over.as_ref()?.reason.as_deref(),
        }
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
        match self.state {
            Some(state) => Some(state.end.as_ref()?.at),
            None => Some(self.run.groups[self.place].over.as_ref()?.at),
        }
    }
}
