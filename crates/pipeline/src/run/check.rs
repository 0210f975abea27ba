//! The invariants of a run.

use lockgate_core::{Broken, EffectKey};

use super::effect::{RunEffect, WorkspaceWant};
use super::graph::workspace_key;
use super::job::{Activity, JobState, RunningStep};
use super::limits::Weight;
use super::{Run, StepPath};

const NO_ZOMBIE: &str = "3 no zombies";
const ONCE: &str = "5 a completed step is never executed again";
const ORDER: &str = "a job starts only when all that it needs is over";
const ROOM: &str = "no more runs at once than there is room for";

/// Returns the first invariant that does not hold.
pub(super) fn check(run: &Run) -> Result<(), Broken> {
    if run.frozen.is_some() || !run.begun {
        return Ok(());
    }
    jobs(run)?;
    calls(run)?;
    queue(run)?;
    end(run)?;
    steps(run)?;
    room(run)
}

/// Every job that is not over waits for something that will come.
fn jobs(run: &Run) -> Result<(), Broken> {
    for key in &run.running {
        let Some(job) = run.jobs.get(key) else {
            return Err(Broken::new(NO_ZOMBIE, format!("`{key}` runs and does not exist")));
        };
        if run.groups[job.place.group].open_needs > 0 {
            return Err(Broken::new(ORDER, format!("`{key}` runs too early")));
        }
        let awaited = match &job.activity {
            Activity::Preparing => Some(workspace_key(key)),
            other => other.effect().cloned(),
        };
        if awaited.is_none_or(|effect| !run.wanted.effects().contains_key(&effect)) {
            let detail = format!("`{key}` waits for nothing: {:?}", job.activity);
            return Err(Broken::new(NO_ZOMBIE, detail));
        }
    }
    if let Some(place) = run.groups.iter().position(|group| group.is_open()) {
        let detail = format!("nothing stands before `{}`", run.start.plan.jobs[place].id);
        return Err(Broken::new(NO_ZOMBIE, detail));
    }
    if run.open_groups == 0 && run.concluded.is_none() {
        return Err(Broken::new(NO_ZOMBIE, "every job is over, the run is not"));
    }
    Ok(())
}

/// A call that has begun waits for a job of its workflow, and one that has not for another call of its job.
fn calls(run: &Run) -> Result<(), Broken> {
    for (call, state) in run.calls.iter().enumerate() {
        let key = || run.call_key(call);
        if state.is_done() {
            return Err(Broken::new(
                NO_ZOMBIE,
                format!("every job of `{}` is over, the call is not", key()),
            ));
        }
        let caller = &run.groups[run.graph.callers[call]];
        let is_admitted = caller.expansion.is_some();
        if state.is_running() && !is_admitted {
            return Err(Broken::new(ORDER, format!("`{}` is called too early", key())));
        }
        if state.is_waiting() && is_admitted && caller.running == 0 {
            return Err(Broken::new(NO_ZOMBIE, format!("`{}` waits for nothing", key())));
        }
        let begun = |place: &usize| run.groups[*place].expansion.is_some();
        if state.is_waiting() && run.graph.jobs[call].iter().any(begun) {
            return Err(Broken::new(
                ORDER,
                format!("a job runs in `{}`, which is not called", key()),
            ));
        }
    }
    Ok(())
}

fn queue(run: &Run) -> Result<(), Broken> {
    match run.queue.values().next() {
        Some(job) if run.running.is_empty() => Err(Broken::new(
            NO_ZOMBIE,
            format!("`{job}` waits for a slot while nothing runs"),
        )),
        Some(_) if run.concluded.is_some() => Err(Broken::new(NO_ZOMBIE, "jobs wait behind the end of the run")),
        _ => Ok(()),
    }
}

/// Behind the end of a run only workspaces are left to remove.
fn end(run: &Run) -> Result<(), Broken> {
    if run.concluded.is_none() {
        return Ok(());
    }
    let is_removal = |effect: &RunEffect| match effect {
        RunEffect::Workspace(workspace) => workspace.want == WorkspaceWant::Remove,
        _ => false,
    };
    match run.wanted.effects().iter().find(|(_, effect)| !is_removal(effect)) {
        Some((key, _)) => Err(Broken::new(
            NO_ZOMBIE,
            format!("{key} is wanted behind the end of the run"),
        )),
        None => Ok(()),
    }
}

/// Every step that is in an effect is the one that its job is at, and is not over.
fn steps(run: &Run) -> Result<(), Broken> {
    for (key, effect) in run.wanted.effects() {
        let (job, attempt) = match effect {
            RunEffect::Step(step) => (&step.job, &step.attempt),
            RunEffect::Stop(stop) => (&stop.job, &stop.attempt),
            _ => continue,
        };
        let state = run.jobs.get(job);
        let is_running = state.is_some_and(|state| is_at(state, key) && !is_over(state));
        if !is_running {
            return Err(Broken::new(
                ONCE,
                format!("{key} is wanted as {attempt}, but its job is not at it"),
            ));
        }
    }
    Ok(())
}

fn is_at(job: &JobState, key: &EffectKey) -> bool {
    job.running_step().is_some_and(|step| step.key == *key)
}

/// Returns whether the step that the job is at has ended before.
fn is_over(job: &JobState) -> bool {
    let Some(path) = job.running_step().map(RunningStep::path) else {
        return false;
    };
    let of_path = |path: &StepPath| job.records.iter().filter(|record| record.path == *path).count();
    let last = job.records.iter().rev().find(|record| record.path == *path);
    last.is_none_or(|record| record.is_over()) || of_path(path) > 1
}

fn room(run: &Run) -> Result<(), Broken> {
    let weights = run.running.iter().filter_map(|key| run.jobs.get(key)?.start.as_ref());
    let used = weights.fold(Weight::default(), |sum, start| sum.plus(start.weight));
    if used != run.used {
        return Err(Broken::new(
            ROOM,
            format!("{used:?} is used, {:?} is counted", run.used),
        ));
    }
    if !run.start.limits.has_room(Weight::default(), used) {
        return Err(Broken::new(ROOM, format!("{used:?} is used of {:?}", run.start.limits)));
    }
    for (place, group) in run.groups.iter().enumerate() {
        let most = group.expansion.as_ref().and_then(|expansion| expansion.max_parallel);
        if most.is_some_and(|most| group.running > most) {
            let id = &run.start.plan.jobs[place].id;
            return Err(Broken::new(ROOM, format!("{} of `{id}` run at once", group.running)));
        }
    }
    Ok(())
}
