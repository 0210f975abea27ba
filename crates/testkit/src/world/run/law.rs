//! The invariants of a run's outside, over what was really executed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use lockgate_core::{Broken, EffectKey};
use lockgate_pipeline::definition::{Pipeline, StepBody};
use lockgate_pipeline::plan::Plan;
use lockgate_pipeline::run::effect::{AttemptId, JobKey, StepPath};
use lockgate_pipeline::run::event::{JobEvent, RunEvent};
use lockgate_pipeline::run::input::StepExit;
use lockgate_pipeline::run::outcome::{Conclusion, StopReason};

use super::attempts::{Attempt, Mark};

/// What the world remembers to judge by.
#[derive(Debug)]
pub(super) struct Law {
    pipeline: Arc<Pipeline>,
    slots: usize,
    executed: BTreeSet<AttemptId>,
    /// When what has a time limit was decided to begin, and in which boot: jobs, and steps by their path.
    begun: BTreeMap<(JobKey, Option<StepPath>), (Duration, u32)>,
    broken: Option<Broken>,
}

type Attempts = BTreeMap<AttemptId, Attempt>;

impl Law {
    pub(super) fn of(plan: &Plan, slots: u32) -> Self {
        Self {
            pipeline: Arc::clone(&plan.pipeline),
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
        let needs = self.needs(&attempt.job);
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
            if needs.contains(definition_of(&other.job)) {
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
        let jobs = self.pipeline.jobs.iter();
        for job in jobs.filter(|job| job.condition.is_none() && job.needs.is_empty() && job.strategy.matrix.is_none()) {
            if job.continue_on_error.is_some() {
                continue;
            }
            for (at, step) in job.steps.iter().enumerate() {
                let plain = matches!(step.body, StepBody::Run { .. }) && step.env.is_empty();
                if !plain || step.condition.is_some() || step.continue_on_error.is_some() {
                    continue;
                }
                let path = StepPath::top(at + 1);
                let succeeded = attempts.values().any(|attempt| {
                    let ended_well = attempt.end().is_some_and(|end| end.exit == StepExit::Success);
                    attempt.job.as_str() == job.id && attempt.path == path && ended_well
                });
                if !succeeded {
                    let detail = format!("step {path} of {} has not succeeded, and the run has", job.id);
                    return Err(Broken::new("6 nothing is left out", detail));
                }
            }
        }
        Ok(())
    }

    fn needs(&self, job: &JobKey) -> BTreeSet<String> {
        let found = self.pipeline.job(definition_of(job));
        found.map(|job| job.needs.iter().cloned().collect()).unwrap_or_default()
    }

    /// Returns whether the failure of this step makes the run fail.
    fn counts(&self, job: &JobKey, path: &StepPath) -> bool {
        let Some(job) = self.pipeline.job(definition_of(job)) else {
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

/// Returns the id of the job that a leg belongs to.
fn definition_of(job: &JobKey) -> &str {
    job.as_str().split(" (").next().unwrap_or_default()
}
