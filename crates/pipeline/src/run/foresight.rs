//! What will go otherwise in a run than its file reads, as far as the plan shows it.
//!
//! Found before anything runs and without running anything: by the same functions that decide in the run, in what a plan
//! knows of the contexts. What only the run can tell is not guessed.

mod concurrency;
mod event;
mod secrets;

use super::decision::runner::{self, NoRunner};
use crate::expression::{EvaluationError, Value};
use crate::plan::{Expansion, Plan};
use crate::scope::KnownContexts;

/// Something to know before a run begins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Foreseen {
    /// Where what is to blame stands.
    pub at: String,
    /// What will happen, in words.
    pub words: String,
}

/// Returns what will go otherwise in a run of `plan` than its files read.
pub fn foreseen(plan: &Plan) -> Vec<Foreseen> {
    let jobs: Vec<usize> = (0..plan.jobs.len())
        .filter(|place| plan.jobs[*place].fate.may_run())
        .collect();
    let mut found = concurrency::unkept(plan, &jobs);
    found.extend(secrets::missing(plan));
    found.extend(event::unsaid(plan, &jobs));
    found.extend(jobs.into_iter().filter_map(|place| without_runner(plan, place)));
    found
}

/// Returns that a job will fail because its `runs-on` names no runner.
fn without_runner(plan: &Plan, place: usize) -> Option<Foreseen> {
    let job = plan.definition(place);
    let expansion = plan.jobs[place].expansion.as_ref()?;
    let scope = known_to_jobs(plan, place);
    let why = (0..expansion.legs.len()).find_map(|leg| {
        match runner::labels(&job.runs_on, &of_leg(&scope, expansion, leg)) {
            Ok(_) | Err(NoRunner::Evaluation(EvaluationError::ContextUnavailable(_))) => None,
            Err(why) => Some(why),
        }
    })?;
    Some(Foreseen {
        at: job.place_of("runs-on").to_string(),
        words: format!("{why}, so that `{}` fails when it starts", plan.selector(place)),
    })
}

/// Returns what the keys of the job at `place` can read as far as the plan knows it.
fn known_to_jobs(plan: &Plan, place: usize) -> KnownContexts {
    let contexts = &plan.contexts;
    match plan.call_of(place).map(|call| &plan.calls[call]) {
        None => contexts.for_jobs(),
        Some(call) if call.open.is_empty() => contexts.for_jobs().with("inputs", call.inputs.clone()),
        Some(_) => KnownContexts::new([("github", contexts.github.clone()), ("vars", contexts.vars.clone())]),
    }
}

fn of_leg(scope: &KnownContexts, expansion: &Expansion, leg: usize) -> KnownContexts {
    let matrix = expansion.legs.get(leg).map_or(Value::Null, |leg| leg.matrix.clone());
    scope
        .with("matrix", matrix)
        .with("strategy", expansion.strategy_context(leg))
}
