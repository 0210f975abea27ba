//! One decision: what an input causes, and all that follows from it at once.
//!
//! A decision works on a copy of the run and folds each of its events at once, so that every step of it sees what the
//! steps before it decided. It ends when nothing is left to decide: every job then waits for an effect or for a slot.

mod action;
mod admission;
mod call;
mod ending;
mod progress;
mod result;
pub(super) mod runner;
mod start;
mod step;
mod stopping;
mod tolerance;
mod variables;

use std::collections::BTreeSet;

use lockgate_core::{Machine, Now};

use super::effect::RunEffect;
use super::event::{JobEvent, RunEvent};
use super::job::JobState;
use super::outcome::{Conclusion, Outcome, StopReason};
use super::wanted::Timer;
use super::{JobKey, Run, RunInput, RunRejection};

/// A decision that is being made.
pub(super) struct Decision {
    run: Run,
    events: Vec<RunEvent>,
    now: Now,
    /// The jobs that may have something to do next.
    touched: BTreeSet<JobKey>,
    /// The places of the jobs whose needs have changed.
    considered: BTreeSet<usize>,
    /// The places of the jobs of which calls may begin.
    callers: BTreeSet<usize>,
    /// The calls of which every job may be over.
    ending: BTreeSet<usize>,
    /// Whether a slot may have become free, or a job have come to wait for one.
    slots_changed: bool,
}

impl Decision {
    /// Returns the events that `input` causes in `run`.
    pub(super) fn on(run: &Run, input: RunInput, now: Now) -> Result<Vec<RunEvent>, RunRejection> {
        match input {
            RunInput::Cancel { by } => {
                refuse_if_settled(run)?;
                if run.cancelled.is_some() {
                    return Err(RunRejection::AlreadyCancelled);
                }
                let mut decision = Self::begin(run, now);
                decision.cancel(&by);
                Ok(decision.settle())
            }
            RunInput::Kill { by } => {
                refuse_if_settled(run)?;
                if run.killed {
                    return Err(RunRejection::AlreadyKilled);
                }
                let mut decision = Self::begin(run, now);
                decision.kill(&by);
                Ok(decision.settle())
            }
            RunInput::Result { stamp, result } => {
                let Some(event) = result::event(run, &stamp, result, &now) else {
                    return Ok(Vec::new());
                };
                let mut decision = Self::begin(run, now);
                decision.push(event);
                Ok(decision.settle())
            }
            RunInput::Woken { key } => {
                let (Some(RunEffect::Wake(wake)), None) = (run.effects().get(&key), &run.frozen) else {
                    return Ok(Vec::new());
                };
                if !wake.is_due(&now) {
                    let again = wake.rearmed(&now);
                    return Ok(again
                        .map(|wake| RunEvent::TimerRearmed { key, wake })
                        .into_iter()
                        .collect());
                }
                let Some(timer) = run.wanted.timer(&key).cloned() else {
                    return Ok(Vec::new());
                };
                let mut decision = Self::begin(run, now);
                decision.time_is_up(timer);
                Ok(decision.settle())
            }
        }
    }

    fn begin(run: &Run, now: Now) -> Self {
        Self {
            run: run.clone(),
            events: Vec::new(),
            now,
            touched: BTreeSet::new(),
            considered: BTreeSet::new(),
            callers: BTreeSet::new(),
            ending: BTreeSet::new(),
            slots_changed: false,
        }
    }

    /// Adds an event, and notes whom it concerns.
    fn push(&mut self, event: RunEvent) {
        self.run.evolve(&event);
        match &event {
            RunEvent::Begun => self.considered.extend(0..self.run.groups.len()),
            RunEvent::JobAdmitted { id, .. } => {
                self.slots_changed = true;
                self.callers.extend(self.run.graph.place(id));
            }
            RunEvent::CallBegun { job, .. } | RunEvent::CallEnded { job, .. } => self.note_call(job),
            RunEvent::JobPassedOver { id, .. } => {
                if let Some(place) = self.run.graph.place(id) {
                    self.note_over(place);
                }
            }
            RunEvent::Job { job, event } => {
                self.touched.insert(job.clone());
                if let JobEvent::Ended(_) = event {
                    self.slots_changed = true;
                    let place = self.run.jobs.get(job).map(|job| job.place.group);
                    if let Some(place) = place {
                        self.note_over(place);
                    }
                }
            }
            _ => {}
        }
        self.events.push(event);
    }

    fn job(&mut self, job: &JobKey, event: JobEvent) {
        self.push(RunEvent::Job {
            job: job.clone(),
            event,
        });
    }

    /// Decides until nothing is left to decide. Returns all events.
    fn settle(mut self) -> Vec<RunEvent> {
        if !self.run.begun {
            self.push(RunEvent::Begun);
        }
        loop {
            if let Some(job) = self.touched.pop_first() {
                self.go_on(&job);
            } else if let Some(place) = self.considered.pop_first() {
                self.consider(place);
            } else if let Some(place) = self.callers.pop_first() {
                self.begin_calls(place);
            } else if let Some(call) = self.ending.pop_first() {
                self.end_call(call);
            } else if std::mem::take(&mut self.slots_changed) {
                self.fill_slots();
            } else {
                break;
            }
        }
        self.conclude();
        self.events
    }

    fn go_on(&mut self, key: &JobKey) {
        let Some(job) = self.run.jobs.get(key) else {
            return;
        };
        let Some(event) = progress::next(&self.run, job, &self.now) else {
            return;
        };
        self.job(key, event);
        if let Some(failed) = self.run.jobs.get(key).filter(|job| fails_fast(job)).cloned() {
            self.stop_siblings(&failed);
        }
    }

    fn time_is_up(&mut self, timer: Timer) {
        match timer {
            Timer::Begin => {}
            Timer::JobTimeout(job) => {
                let start = self.run.jobs.get(&job).and_then(|job| job.start.clone());
                if let Some(start) = start {
                    self.stop_job(&job, StopReason::JobTimedOut { after: start.timeout });
                }
            }
            Timer::CleanUp(job) => {
                let after = super::CLEAN_UP;
                self.kill_job(&job, StopReason::CleanUpTimedOut { after });
            }
            Timer::StepTimeout(job, path) => self.step_timed_out(&job, &path),
        }
    }

    fn conclude(&mut self) {
        if self.run.open_groups > 0 || self.run.concluded.is_some() {
            return;
        }
        let failed = |job: &JobState| {
            let end = job.end.as_ref().map(|end| end.conclusion);
            matches!(end, Some(Outcome::Failure | Outcome::Cancelled))
        };
        let passed_over = |outcome| matches!(outcome, Outcome::Failure);
        let groups = self.run.groups.iter().filter_map(|group| group.over.as_ref());
        let conclusion = if self.run.cancelled.is_some() {
            Conclusion::Cancelled
        } else if self.run.jobs.values().any(|job| failed(job))
            || groups.into_iter().any(|over| passed_over(over.result))
        {
            Conclusion::Failure
        } else {
            Conclusion::Success
        };
        self.push(RunEvent::Concluded {
            conclusion,
            at: self.now.wall,
        });
    }
}

fn refuse_if_settled(run: &Run) -> Result<(), RunRejection> {
    if let Some(broken) = &run.frozen {
        return Err(RunRejection::Frozen {
            invariant: broken.invariant.clone(),
        });
    }
    match run.conclusion() {
        Some(conclusion) => Err(RunRejection::Over { conclusion }),
        None => Ok(()),
    }
}

/// Returns whether the end of a job is one that cancels its siblings.
fn fails_fast(job: &JobState) -> bool {
    let Some(end) = &job.end else {
        return false;
    };
    let timed_out = job.stopping.as_ref().is_some_and(StopReason::is_timeout);
    end.conclusion == Outcome::Failure || (end.conclusion == Outcome::Cancelled && timed_out)
}
