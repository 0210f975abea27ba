//! Cancellation, time limits and fail-fast: what is told to end, and what is spared.
//!
//! As on GitHub, what says that it wants to run after a cancellation is asked again: a job or a step whose condition
//! still holds is not touched.

use std::sync::Arc;
use std::time::Duration;

use super::{Decision, admission, progress};
use crate::run::effect::StepPath;
use crate::run::event::{JobEvent, RunEvent};
use crate::run::job::{Activity, JobState};
use crate::run::outcome::{Outcome, StopReason};
use crate::run::{JobKey, Run};

impl Decision {
    /// Cancels the run: jobs whose condition still holds go on, all others are to end.
    pub(super) fn cancel(&mut self, by: &str) {
        self.push(RunEvent::CancelRequested {
            by: by.to_owned(),
            at: self.now.wall,
        });
        let why = StopReason::Cancelled { by: by.to_owned() };
        for key in self.open_jobs(|run, job| admission::holds(run, job.place.group) != Ok(true)) {
            self.stop_job(&key, why.clone());
        }
        self.stop_waiting_calls(None, &why);
    }

    /// Ends the run at once.
    pub(super) fn kill(&mut self, by: &str) {
        self.push(RunEvent::KillRequested {
            by: by.to_owned(),
            at: self.now.wall,
        });
        let why = StopReason::Killed { by: by.to_owned() };
        for key in self.open_jobs(|_, _| true) {
            self.kill_job(&key, why.clone());
        }
        self.stop_waiting_calls(None, &why);
    }

    pub(super) fn open_jobs(&self, wanted: impl Fn(&Run, &JobState) -> bool) -> Vec<JobKey> {
        let queued = self.run.queue.values();
        let open = queued.chain(&self.run.running).filter_map(|key| self.run.jobs.get(key));
        let wanted = open.filter(|job| wanted(&self.run, job));
        wanted.map(|job| job.key.clone()).collect()
    }

    /// Lets a job come to its end: what its steps want done in that case is still done.
    pub(super) fn stop_job(&mut self, key: &JobKey, why: StopReason) {
        let Some(job) = self.run.jobs.get(key) else {
            return;
        };
        if job.activity == Activity::Queued {
            self.end_unstarted(key, Outcome::Cancelled, why.to_string());
            return;
        }
        if !job.is_running() || job.stopping.is_some() {
            return;
        }
        let stopping = JobEvent::Stopping {
            why: why.clone(),
            now: self.now.clone(),
        };
        self.job(key, stopping);
        let spared = self
            .run
            .jobs
            .get(key)
            .is_none_or(|job| progress::is_spared(&self.run, job));
        if !spared {
            let grace = self.run.start.grace;
            self.stop_step(key, why, grace);
        }
    }

    /// Ends a job at once.
    pub(super) fn kill_job(&mut self, key: &JobKey, why: StopReason) {
        let Some(job) = self.run.jobs.get(key) else {
            return;
        };
        if job.activity == Activity::Queued {
            self.end_unstarted(key, Outcome::Cancelled, why.to_string());
            return;
        }
        if !job.is_running() || job.killed {
            return;
        }
        self.job(key, JobEvent::Killed { why: why.clone() });
        self.stop_step(key, why, Duration::ZERO);
    }

    fn stop_step(&mut self, key: &JobKey, why: StopReason, grace: Duration) {
        if self.run.jobs.get(key).is_some_and(|job| job.running_step().is_some()) {
            self.job(key, JobEvent::StepStopping { why, grace });
        }
    }

    /// Ends a step whose time is up, or all that is left of a composite action.
    pub(super) fn step_timed_out(&mut self, key: &JobKey, path: &StepPath) {
        let Some(job) = self.run.jobs.get(key) else {
            return;
        };
        let grace = self.run.start.grace;
        if let Some(step) = job.running_step().filter(|step| step.path() == path) {
            let after = step.spec.timeout.unwrap_or_default();
            self.stop_step(key, StopReason::StepTimedOut { after }, grace);
            return;
        }
        let composites = job.frames.iter().filter_map(|frame| frame.composite());
        let Some(spec) = composites
            .map(|composite| &composite.spec)
            .find(|spec| spec.step.path == *path)
        else {
            return;
        };
        let after = spec.timeout.unwrap_or_default();
        let path = path.clone();
        self.job(key, JobEvent::CompositeTimedOut { path, after });
        self.stop_step(key, StopReason::StepTimedOut { after }, grace);
    }

    /// Cancels the other jobs of the matrix in which `failed` failed, where it says so.
    pub(super) fn stop_siblings(&mut self, failed: &Arc<JobState>) {
        let group = &self.run.groups[failed.place.group];
        let Some(expansion) = group.expansion.clone().filter(|expansion| expansion.fail_fast) else {
            return;
        };
        if group.open_legs == 0 {
            return;
        }
        let why = StopReason::FailFast {
            failed: failed.key.clone(),
        };
        for leg in expansion.legs.iter().filter(|leg| leg.key != failed.key) {
            self.stop_job(&leg.key, why.clone());
        }
    }
}
