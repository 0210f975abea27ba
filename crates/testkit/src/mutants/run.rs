//! Mistakes in a run's decisions.

use std::collections::BTreeMap;
use std::sync::Arc;

use lockgate_core::{BootId, EffectKey, Machine, Now, Timestamp};
use lockgate_pipeline::run::Run;
use lockgate_pipeline::run::effect::{AttemptId, RunEffect, StepPath};
use lockgate_pipeline::run::event::{JobEvent, RunEvent};
use lockgate_pipeline::run::input::{RunInput, RunResult, StepExit};
use lockgate_pipeline::run::outcome::Outcome;

use crate::behaviour::{Behaviour, Decision};

/// Returns the mutants of the run.
pub fn run() -> Vec<Behaviour<Run>> {
    vec![
        Behaviour::wanting("repeats a completed step", repeats_a_step),
        Behaviour::deciding("takes an old result for the present step's", believes_old_results),
        Behaviour::deciding("takes a failure for a success", overlooks_a_failure),
        Behaviour::deciding("does not wait for needs", ignores_needs),
        Behaviour::deciding("drops the end of a step", drops_an_end),
        Behaviour::deciding("trusts a timer that fires early", trusts_timers),
        Behaviour::deciding("leaves out a step", leaves_out_a_step),
        Behaviour::deciding("waits for a clock that was set back", never_rearms),
    ]
}

fn repeats_a_step(_: &Run, effects: &mut BTreeMap<EffectKey, RunEffect>) {
    let first = StepPath::top(1);
    let later = effects.values().filter_map(|effect| match effect {
        RunEffect::Step(attempt) if attempt.path == StepPath::top(2) => Some(Arc::clone(attempt)),
        _ => None,
    });
    for attempt in later.collect::<Vec<_>>() {
        let mut again = (*attempt).clone();
        again.attempt = AttemptId::new("shop-1", &again.directory, &first, 99);
        again.path = first.clone();
        let key = EffectKey::attempt("step", format_args!("{}/{first}", again.job), 99);
        effects.insert(key, RunEffect::Step(Arc::new(again)));
    }
}

fn believes_old_results(state: &Run, mut input: RunInput, now: Now) -> Decision<Run> {
    if let RunInput::Result {
        stamp,
        result: RunResult::StepEnded(_),
    } = &mut input
    {
        let job = stamp
            .key
            .as_str()
            .rsplit_once('/')
            .map_or("", |(job, _)| job)
            .to_owned();
        let present = state.effects().keys().find(|key| key.as_str().starts_with(&job));
        if let Some(present) = present {
            stamp.key = present.clone();
            stamp.incarnation += 1_000;
        }
    }
    state.decide(input, now)
}

fn overlooks_a_failure(state: &Run, input: RunInput, now: Now) -> Decision<Run> {
    let mut events = state.decide(input, now)?;
    for event in &mut events {
        if let RunEvent::Job {
            event:
                JobEvent::StepEnded {
                    end,
                    outcome,
                    conclusion,
                    ..
                },
            ..
        } = event
            && matches!(end.exit, StepExit::Failure { .. })
        {
            *outcome = Outcome::Success;
            *conclusion = Outcome::Success;
        }
    }
    Ok(events)
}

fn ignores_needs(state: &Run, input: RunInput, now: Now) -> Decision<Run> {
    let at = now.wall;
    let mut events = state.decide(input, now)?;
    if events.contains(&RunEvent::Begun) {
        let plan = state.plan();
        let waiting = plan.jobs.iter().enumerate().filter(|(at, job)| {
            job.expansion.is_some() && !plan.definition(*at).needs.is_empty() && job.fate.may_run()
        });
        events.extend(waiting.map(|(_, job)| RunEvent::JobAdmitted {
            id: job.id.clone(),
            expansion: None,
            at,
        }));
    }
    Ok(events)
}

fn drops_an_end(state: &Run, input: RunInput, now: Now) -> Decision<Run> {
    let events = state.decide(input, now)?;
    let is_end = |event: &RunEvent| {
        matches!(
            event,
            RunEvent::Job {
                event: JobEvent::StepEnded { .. },
                ..
            }
        )
    };
    Ok(events.into_iter().take_while(|event| !is_end(event)).collect())
}

fn trusts_timers(state: &Run, input: RunInput, mut now: Now) -> Decision<Run> {
    if matches!(input, RunInput::Woken { .. }) {
        now.boot = BootId("some other boot".into());
        now.wall = Timestamp(i64::MAX);
    }
    state.decide(input, now)
}

fn leaves_out_a_step(state: &Run, input: RunInput, now: Now) -> Decision<Run> {
    let at = now.wall;
    let mut events = state.decide(input, now)?;
    for event in &mut events {
        if let RunEvent::Job { event, .. } = event
            && let JobEvent::StepBegun(spec) = event
            && spec.step.path == StepPath::top(2)
        {
            *event = JobEvent::StepSkipped {
                step: spec.step.clone(),
                reason: "left out".into(),
                at,
            };
        }
    }
    Ok(events)
}

fn never_rearms(state: &Run, input: RunInput, now: Now) -> Decision<Run> {
    let mut events = state.decide(input, now)?;
    events.retain(|event| !matches!(event, RunEvent::TimerRearmed { .. }));
    Ok(events)
}
