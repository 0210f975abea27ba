//! The simulator on a machine small enough to be obviously right, and on its broken twins.
//!
//! A simulator that never fails proves nothing: each twin has one mistake, and the
//! simulator names the invariant that it breaks.

#[path = "toy/machine.rs"]
mod machine;
#[path = "toy/world.rs"]
mod world;

use lockgate_testkit::{Behaviour, Until, replay, run, unfaithful};

use machine::{Event, Input, Toy};
use world::ToyWorld;

const SEEDS: u64 = 4_000;

#[test]
fn the_toy_keeps_all_invariants_and_every_pair_is_visited() {
    let report = run::<Toy, ToyWorld>(0..SEEDS, &Behaviour::as_built(), Until::Exhausted);
    println!("{}", report.coverage);
    println!("{} seeds, {} events, {:?}", report.seeds, report.events, report.took);
    if let Some(failure) = &report.failure {
        panic!(
            "{failure}\n{}",
            replay::<Toy, ToyWorld>(failure.seed, &Behaviour::as_built())
        );
    }
    let unvisited = report.coverage.unvisited(machine::EVENTS, world::IMPOSSIBLE);
    assert!(unvisited.is_empty(), "{unvisited:#?}");
    let misjudged = report.coverage.misjudged(machine::EVENTS, world::IMPOSSIBLE);
    assert!(misjudged.is_empty(), "{misjudged:#?}");
}

#[test]
fn a_pair_that_is_not_visited_is_told() {
    let report = run::<Toy, ToyWorld>(0..2, &Behaviour::as_built(), Until::Exhausted);
    assert!(!report.coverage.unvisited(machine::EVENTS, world::IMPOSSIBLE).is_empty());
}

#[test]
fn every_seed_replays_byte_for_byte() {
    let differing = unfaithful::<Toy, ToyWorld>(0..200, &Behaviour::as_built());
    assert!(differing.is_empty(), "{differing:?}");
    let stories: std::collections::BTreeSet<String> = (0..200)
        .map(|seed| replay::<Toy, ToyWorld>(seed, &Behaviour::as_built()))
        .collect();
    assert!(stories.len() > 190, "different seeds tell different stories");
}

#[track_caller]
#[expect(clippy::unwrap_used, reason = "a twin that is not caught has to fail the test")]
fn check(twin: &Behaviour<Toy>, invariant: &str) {
    let report = run::<Toy, ToyWorld>(0..SEEDS, twin, Until::Failure);
    let failure = report.failure.unwrap();
    assert!(failure.broken.invariant.starts_with(invariant), "{failure}");
}

#[test]
fn a_twin_that_believes_every_result_is_caught() {
    let twin = Behaviour::<Toy>::deciding("believes every result", |toy, input, now| {
        let input = match input {
            Input::StepEnded { .. } => Input::StepEnded { step: toy.step() },
            other => other,
        };
        Ok(toy.decide_as_built(&input, &now))
    });
    check(&twin, "toy 1");
}

#[test]
fn a_twin_that_repeats_a_step_is_caught() {
    let twin = Behaviour::wanting("repeats a step", machine::want_first_step_again);
    check(&twin, "toy 5");
}

#[test]
fn a_twin_that_trusts_the_wall_clock_is_caught() {
    let twin = Behaviour::deciding("trusts the wall clock", |toy: &Toy, input, now| {
        Ok(toy.decide_by_wall_clock(&input, &now))
    });
    check(&twin, "toy 2");
}

#[test]
fn a_twin_that_drops_an_event_is_caught() {
    let twin = Behaviour::<Toy>::deciding("drops an event", |toy, input, now| {
        let mut events = toy.decide_as_built(&input, &now);
        events.retain(|event| !matches!(event, Event::Rested { .. }));
        Ok(events)
    });
    check(&twin, "3 convergence");
}

#[test]
fn a_twin_that_leaves_its_end_is_caught() {
    let twin = Behaviour::deciding("leaves its end", |toy: &Toy, input, now| {
        Ok(toy.decide_after_the_end(&input, &now))
    });
    check(&twin, "3 a terminal state");
}

#[test]
fn a_twin_that_refuses_a_late_result_is_caught() {
    let twin = Behaviour::deciding("refuses a late result", |toy: &Toy, input, now| {
        toy.decide_refusing(&input, &now)
    });
    check(&twin, "4 a stale result");
}

#[test]
fn a_twin_that_forgets_on_replay_is_caught() {
    let twin = Behaviour {
        name: "forgets on replay",
        evolve: machine::evolve_with_a_memory_of_its_own,
        ..Behaviour::as_built()
    };
    check(&twin, "4 replay");
}
