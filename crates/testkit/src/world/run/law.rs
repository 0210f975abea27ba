//! The invariants of a run's outside, over what was really executed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use lockgate_core::{Broken, EffectKey};
use lockgate_pipeline::definition::StepBody;
use lockgate_pipeline::plan::Plan;
use lockgate_pipeline::run::effect::{AttemptId, JobKey, StepPath};
use lockgate_pipeline::run::event::{JobEvent, RunEvent};
use lockgate_pipeline::run::input::StepExit;
use lockgate_pipeline::run::outcome::{Conclusion, StopReason};

use super::attempts::{Attempt, Mark};

/// What the world remembers to judge by.
#[derive(Debug)]
pub(super) struct Law {
    plan: Arc<Plan>,
    /// By job: what it needs.
    needs: Vec<Vec<usize>>,
    slots: usize,
    executed: BTreeSet<AttemptId>,
    /// When what has a time limit was decided to begin, and in which boot: jobs, and steps by their path.
    begun: BTreeMap<(JobKey, Option<StepPath>), (Duration, u32)>,
    broken: Option<Broken>,
}

type Attempts = BTreeMap<AttemptId, Attempt>;

impl Law {
    pub(super) fn of(plan: &Arc<Plan>, slots: u32) -> Self {
        Self {
            needs: plan.needs(),
            plan: Arc::clone(plan),
            slots: slots as usize,
            executed: BTreeSet::new(),
            begun: BTreeMap::new(),
            broken: None,
        }
    }

    /// Returns the first violation.
    pub(super) fn check(&self) -> Result<(), Broken> {
        self.broken.clone().map_or(Ok(()), Err)
    }

    /// Records a violation.
    pub(super) fn violate(&mut self, invariant: &str, detail: impl Into<String>) {
        self.broken.get_or_insert_with(|| Broken::new(invariant, detail));
    }

    /// Judges the start of a step's process.
    pub(super) fn judge_exec(&mut self, id: &AttemptId, attempt: &Attempt, all: &Attempts) {
        if !self.executed.insert(id.clone()) {
            self.violate(
                "5 a step is executed once per attempt",
                format!("{id} is executed again"),
            );
        }
        let mut busy = BTreeSet::from([&attempt.job]);
        for (other_id, other) in all.iter().filter(|(other, _)| *other != id) {
            let same_step = other.job == attempt.job && other.path == attempt.path;
            let completed = matches!(other.mark, Mark::Exited(_)) && self.executed.contains(other_id);
            if same_step && completed {
                let detail = format!("{id} is executed, though {other_id} has completed");
                self.violate("5 a completed step is never executed again", detail);
            }
            if !other.is_alive() {
                continue;
            }
            busy.insert(&other.job);
            if other.job == attempt.job {
                self.violate(
                    "run: order",
                    format!("{id} begins while {other_id} runs in the same job"),
                );
            }
            if self.has_to_wait(&attempt.job, &other.job) {
                self.violate(
                    "run: needs",
                    format!("{id} begins while {other_id} of a needed job runs"),
                );
            }
        }
        if busy.len() > self.slots {
            let detail = format!("{} jobs are busy with {} slots", busy.len(), self.slots);
            self.violate("run: slots", detail);
        }
    }

    /// Judges an event of the log by what was really executed.
    pub(super) fn judge(&mut self, event: &RunEvent, attempts: &Attempts, moment: (Duration, u32)) {
        match event {
            RunEvent::Job { job, event } => self.judge_job(job, event, attempts, moment),
            RunEvent::Concluded { .. } => {
                if let Some((id, _)) = attempts.iter().find(|(_, attempt)| attempt.is_alive()) {
                    self.violate("run: end", format!("the run is concluded while {id} runs"));
                }
            }
            _ => {}
        }
    }

    fn judge_job(&mut self, job: &JobKey, event: &JobEvent, attempts: &Attempts, moment: (Duration, u32)) {
        match event {
            JobEvent::StepEnded { stamp, end, .. } => {
                let truth = by_key(attempts, &stamp.key).and_then(|(_, attempt)| attempt.end());
                if truth.as_ref().map(|truth| truth.exit) != Some(end.exit) {
                    let detail = format!("{} is recorded as {:?} and was {truth:?}", stamp.key, end.exit);
                    self.violate("run: truth", detail);
                }
            }
            JobEvent::Started(_) => self.begins(job, None, moment),
            JobEvent::StepBegun(spec) => self.begins(job, Some(&spec.step.path), moment),
            JobEvent::CompositeEntered(spec) => self.begins(job, Some(&spec.step.path), moment),
            JobEvent::CompositeTimedOut { path, after } => self.judge_timeout((job, Some(path)), *after, moment),
            JobEvent::StepStopping {
                why: StopReason::StepTimedOut { after },
                ..
            } => {
                let alive = attempts.values().find(|found| found.is_alive() && found.job == *job);
                if let Some(attempt) = alive {
                    self.judge_timeout((job, Some(&attempt.path)), *after, moment);
                }
            }
            JobEvent::Stopping {
                why: StopReason::JobTimedOut { after },
                ..
            } => self.judge_timeout((job, None), *after, moment),
            JobEvent::Ended(_) => {
                let alive = attempts.iter().find(|(_, found)| found.is_alive() && found.job == *job);
                if let Some((id, _)) = alive {
                    self.violate("run: end", format!("{job} is over while {id} runs"));
                }
            }
            _ => {}
        }
    }

    fn begins(&mut self, job: &JobKey, path: Option<&StepPath>, moment: (Duration, u32)) {
        self.begun.insert((job.clone(), path.cloned()), moment);
    }

    /// A job or step may be stopped for the time that it takes only when it took that time.
    ///
    /// Across a restart of the machine only the wall clock is there to tell, which may have jumped.
    fn judge_timeout(&mut self, what: (&JobKey, Option<&StepPath>), after: Duration, moment: (Duration, u32)) {
        let (job, path) = what;
        // A step inside a composite action is also stopped when the time of the action is over.
        let around = |begun: &StepPath| path.is_some_and(|path| path.as_str().starts_with(begun.as_str()));
        let limited = self.begun.iter().filter(|((of, begun), _)| match begun {
            None => of == job && path.is_none(),
            Some(begun) => of == job && around(begun),
        });
        let took = limited.map(|(_, (began, boots))| (*boots == moment.1).then(|| moment.0.saturating_sub(*began)));
        let longest = took.max_by_key(|took| took.unwrap_or(Duration::MAX)).flatten();
        if let Some(took) = longest.filter(|took| *took < after) {
            self.violate(
                "run: time",
                format!("{job} {path:?} timed out after {took:?} of {after:?}"),
            );
        }
    }

    /// Judges how the run ended by how its steps did.
    pub(super) fn check_conclusion(&self, conclusion: Option<Conclusion>, attempts: &Attempts) -> Result<(), Broken> {
        let Some(conclusion) = conclusion else {
            return Err(Broken::new("run: end", "it is over without a conclusion"));
        };
        if conclusion != Conclusion::Success {
            return Ok(());
        }
        for (id, attempt) in attempts {
            let failed = match &attempt.mark {
                Mark::Exited(end) => matches!(end.exit, StepExit::Failure { .. }),
                _ => false,
            };
            if failed && self.counts(&attempt.job, &attempt.path) {
                return Err(Broken::new(
                    "6 a failure never passes",
                    format!("{id} failed, and the run succeeded"),
                ));
            }
        }
        self.check_complete(attempts)
    }

    /// In a run that succeeded, every unconditional step of every unconditional job has succeeded.
    fn check_complete(&self, attempts: &Attempts) -> Result<(), Broken> {
        for place in (0..self.plan.jobs.len()).filter(|place| self.is_unconditional(*place)) {
            let job = self.plan.definition(place);
            let key = &self.plan.jobs[place].id;
            for (at, step) in job.steps.iter().enumerate() {
                let plain = matches!(step.body, StepBody::Run { .. }) && step.env.is_empty();
                if !plain || step.condition.is_some() || step.continue_on_error.is_some() {
                    continue;
                }
                let path = StepPath::top(at + 1);
                let succeeded = attempts.values().any(|attempt| {
                    let ended_well = attempt.end().is_some_and(|end| end.exit == StepExit::Success);
                    attempt.job.as_str() == key && attempt.path == path && ended_well
                });
                if !succeeded {
                    let detail = format!("step {path} of {key} has not succeeded, and the run has");
                    return Err(Broken::new("6 nothing is left out", detail));
                }
            }
        }
        Ok(())
    }

    /// Returns whether a job runs whatever happens before, also in the workflow that it belongs to.
    fn is_unconditional(&self, place: usize) -> bool {
        let always = |place: usize| {
            let job = self.plan.definition(place);
            job.condition.is_none() && job.needs.is_empty() && job.strategy.matrix.is_none()
        };
        self.around(place).into_iter().all(always) && self.plan.definition(place).continue_on_error.is_none()
    }

    /// Returns whether one job, or a call that it lies in, needs another, or a call that this one lies in.
    fn has_to_wait(&self, job: &JobKey, other: &JobKey) -> bool {
        let (Some(job), Some(other)) = (self.place_of(job), self.place_of(other)) else {
            return false;
        };
        let others = self.around(other);
        let needs = self.around(job).into_iter().flat_map(|place| &self.needs[place]);
        needs.into_iter().any(|need| others.contains(need))
    }

    /// Returns a job and those that call the workflow that it belongs to.
    fn around(&self, place: usize) -> Vec<usize> {
        let caller = |place: &usize| self.plan.call_of(*place).map(|call| self.plan.calls[call].caller);
        std::iter::successors(Some(place), caller).collect()
    }

    /// Returns the place of the job that a leg belongs to.
    fn place_of(&self, leg: &JobKey) -> Option<usize> {
        let is_leg = |id: &str| {
            let rest = leg.as_str().strip_prefix(id);
            rest.is_some_and(|rest| rest.is_empty() || (rest.starts_with(" (") && !rest.contains(" / ")))
        };
        self.plan.jobs.iter().position(|job| is_leg(&job.id))
    }

    /// Returns whether the failure of this step makes the run fail.
    fn counts(&self, job: &JobKey, path: &StepPath) -> bool {
        let Some(job) = self.place_of(job).map(|place| self.plan.definition(place)) else {
            return false;
        };
        let first = path.as_str().split('.').next().and_then(|at| at.parse::<usize>().ok());
        let step = first.and_then(|at| job.steps.get(at.checked_sub(1)?));
        job.continue_on_error.is_none() && step.is_some_and(|step| step.continue_on_error.is_none())
    }
}

fn by_key<'a>(attempts: &'a Attempts, key: &EffectKey) -> Option<(&'a AttemptId, &'a Attempt)> {
    attempts.iter().find(|(_, attempt)| attempt.key == *key)
}
