//! Mistakes in an environment's decisions.

use lockgate_core::{Machine, Now};
use lockgate_delivery::environment::effect::RouteTable;
use lockgate_delivery::environment::event::Fact;
use lockgate_delivery::environment::input::Report;
use lockgate_delivery::environment::reason::Reason;
use lockgate_delivery::{Environment, EnvironmentEvent, EnvironmentInput};
use lockgate_gate::{Outcome, Verdict};

use crate::behaviour::{Behaviour, Decision};

/// Returns the mutants of the environment.
pub fn environment() -> Vec<Behaviour<Environment>> {
    vec![
        Behaviour::deciding("switches before the candidate is ready", switches_early),
        Behaviour::deciding("promotes before the proxy follows", promotes_early),
        Behaviour::deciding("stops the stable revision at the switch", stops_stable),
        Behaviour::deciding("soaks by the clock alone", soaks_by_the_clock),
        Behaviour::deciding("takes a failed smoke check for a pass", passes_smoke),
        Behaviour::deciding("overlooks a broken rule", overlooks_a_rule),
        Behaviour::deciding("forgets that a drain has ended", forgets_a_drain),
        Behaviour::deciding("takes a late report for news", believes_late_reports),
        Behaviour::deciding("waits for a clock that was set back", never_rearms),
    ]
}

/// Decides as built, and lets `change` have a look at each fact.
fn altered(
    state: &Environment,
    input: EnvironmentInput,
    now: Now,
    change: impl Fn(Fact) -> Vec<Fact>,
) -> Decision<Environment> {
    let events = state.decide(input, now)?;
    let rewrite = |event: EnvironmentEvent| {
        let EnvironmentEvent { at, cause, fact } = event;
        let facts = change(fact).into_iter();
        facts.map(move |fact| EnvironmentEvent {
            at,
            cause: cause.clone(),
            fact,
        })
    };
    Ok(events.into_iter().flat_map(rewrite).collect())
}

fn switches_early(state: &Environment, input: EnvironmentInput, now: Now) -> Decision<Environment> {
    let candidate = state.rollout().map(|rollout| rollout.plan.revision);
    altered(state, input, now, |fact| {
        let early = match &fact {
            Fact::InstanceStarted { revision, address, .. } if candidate == Some(*revision) => {
                let table = RouteTable::all_to(*revision, vec![address.clone()]);
                let revision = *revision;
                Some(Fact::SwitchDecided { revision, table })
            }
            _ => None,
        };
        [fact].into_iter().chain(early).collect()
    })
}

fn promotes_early(state: &Environment, input: EnvironmentInput, now: Now) -> Decision<Environment> {
    let at = now.clone();
    altered(state, input, now, |fact| {
        let after = |after| lockgate_core::WakeAt { set: at.clone(), after };
        let early = match &fact {
            Fact::SwitchDecided { revision, .. } => {
                let strategy = state.rollout().map(|rollout| rollout.plan.definition.strategy.clone());
                strategy.map(|strategy| Fact::Promoted {
                    revision: *revision,
                    previous: state.stable().map(|stable| stable.number),
                    address: "127.0.0.1:4000".into(),
                    drain: after(strategy.drain),
                    soak: after(strategy.soak),
                    silence: after(strategy.silence()),
                })
            }
            _ => None,
        };
        [fact].into_iter().chain(early).collect()
    })
}

fn stops_stable(state: &Environment, input: EnvironmentInput, now: Now) -> Decision<Environment> {
    altered(state, input, now, |fact| {
        let stopped = match &fact {
            Fact::Promoted { previous, .. } => previous.map(|revision| Fact::StopDecided { revision }),
            _ => None,
        };
        [fact].into_iter().chain(stopped).collect()
    })
}

fn soaks_by_the_clock(state: &Environment, input: EnvironmentInput, now: Now) -> Decision<Environment> {
    altered(state, input, now, |fact| {
        let soaked = match &fact {
            Fact::SoakTimePassed { revision } => Some(Fact::Soaked {
                revision: *revision,
                verdict: Verdict::new(Outcome::Pass, "the time has passed"),
                by: None,
            }),
            _ => None,
        };
        [fact].into_iter().chain(soaked).collect()
    })
}

fn passes_smoke(state: &Environment, mut input: EnvironmentInput, now: Now) -> Decision<Environment> {
    if let EnvironmentInput::Reported {
        report: Report::SmokeEnded { results },
        ..
    } = &mut input
    {
        for result in results {
            result.outcome = Outcome::Pass;
        }
    }
    state.decide(input, now)
}

fn overlooks_a_rule(state: &Environment, input: EnvironmentInput, now: Now) -> Decision<Environment> {
    let events = state.decide(input, now)?;
    let by_rule = |event: &EnvironmentEvent| {
        let (Fact::RollbackDecided { reason, .. } | Fact::LeftServing { reason, .. }) = &event.fact else {
            return false;
        };
        matches!(reason, Reason::Rule { .. })
    };
    Ok(before(events, by_rule))
}

fn forgets_a_drain(state: &Environment, input: EnvironmentInput, now: Now) -> Decision<Environment> {
    let events = state.decide(input, now)?;
    let is_end = |event: &EnvironmentEvent| matches!(event.fact, Fact::CandidateDrained { .. });
    Ok(before(events, is_end))
}

fn never_rearms(state: &Environment, input: EnvironmentInput, now: Now) -> Decision<Environment> {
    let events = state.decide(input, now)?;
    Ok(before(events, |event| matches!(event.fact, Fact::TimerRearmed { .. })))
}

/// Returns the events before the first that `is_it`.
fn before(events: Vec<EnvironmentEvent>, is_it: impl Fn(&EnvironmentEvent) -> bool) -> Vec<EnvironmentEvent> {
    events.into_iter().take_while(|event| !is_it(event)).collect()
}

fn believes_late_reports(state: &Environment, mut input: EnvironmentInput, now: Now) -> Decision<Environment> {
    if let EnvironmentInput::Reported { stamp, .. } = &mut input {
        stamp.sequence = now.wall.0 as u64;
    }
    state.decide(input, now)
}
