//! What happens when a decision would break an invariant.

use std::time::Duration;

use lockgate_core::{BootId, InputId, Machine, Now, ResultStamp, Standing, StreamId, Timestamp, Waiting, WakeAt};
use lockgate_delivery::definition::Command;
use lockgate_delivery::environment::effect::{RouteTable, place_key};
use lockgate_delivery::environment::{Actor, Cause, WhileRunning};
use lockgate_delivery::{
    ApplicationDefinition, Environment, EnvironmentEvent, EnvironmentInput, EnvironmentStart, Fact, Intent, Release,
    ReleaseId, Report, RevisionNumber, Source,
};

const R1: RevisionNumber = RevisionNumber(1);

fn now() -> Now {
    Now {
        wall: Timestamp(0),
        boot: BootId("boot".into()),
        monotonic: Duration::ZERO,
    }
}

fn deploy(id: &str) -> EnvironmentInput {
    EnvironmentInput::Asked {
        id: InputId(id.into()),
        by: Actor::Person("ada".into()),
        intent: Intent::Deploy {
            release: Box::new(Release {
                id: ReleaseId("release".into()),
                version: "v1".into(),
                commit: "c0ffee".into(),
                artifacts: [("shop".to_owned(), "sha256:1".to_owned())].into(),
                source: Source::Tree,
                configuration: String::new(),
            }),
            definition: Box::new(ApplicationDefinition::new("shop", Command::Shell("./server".into()))),
            running: WhileRunning::Refuse,
        },
    }
}

fn bringing_up() -> Environment {
    let start = EnvironmentStart {
        project: "shop".into(),
        environment: "production".into(),
    };
    let first = Environment::create(start, now());
    let mut environment = Environment::begin(StreamId::new("environment", "shop/production"), &first);
    for event in environment.decide(deploy("i1"), now()).unwrap() {
        environment.evolve(&event);
    }
    environment
}

fn after(environment: &Environment, fact: Fact) -> Environment {
    let mut environment = environment.clone();
    environment.evolve(&EnvironmentEvent {
        at: Timestamp(0),
        cause: Cause::Itself,
        fact,
    });
    environment
}

#[track_caller]
fn check(facts: &[Fact], broken: &str) {
    let environment = facts
        .iter()
        .fold(bringing_up(), |environment, fact| after(&environment, fact.clone()));
    assert_eq!(environment.check().unwrap_err().to_string(), broken);
}

fn switch(weight: u8, addresses: &[&str]) -> Fact {
    let mut table = RouteTable::all_to(R1, addresses.iter().map(|a| (*a).to_owned()).collect());
    table.split.insert(R1, weight);
    Fact::SwitchDecided { revision: R1, table }
}

fn promoted() -> Fact {
    let wake = WakeAt {
        set: now(),
        after: Duration::ZERO,
    };
    Fact::Promoted {
        revision: R1,
        previous: None,
        address: "a:1".into(),
        drain: wake.clone(),
        soak: wake.clone(),
        silence: wake,
    }
}

#[test]
fn decisions_that_break_an_invariant_are_seen() {
    check(
        &[switch(100, &["a:1"])],
        "invariant 1 (traffic): r1 gets 100 % of the traffic and is not ready",
    );
    check(
        &[promoted()],
        "invariant 1 (traffic): r1 is stable and there is no route",
    );
    check(
        &[
            Fact::StopDecided { revision: R1 },
            Fact::InstanceStopped { revision: R1 },
            promoted(),
        ],
        "invariant 1 (traffic): r1 is stable and there is no route",
    );
    check(
        &[Fact::ArtifactRemoved { revision: R1 }],
        "invariant 2 (one rollout): the rollout's r1 does not exist",
    );
    check(
        &[Fact::SmokeEnded {
            revision: R1,
            attempt: 0,
            outcome: lockgate_gate::Outcome::Inconclusive,
            results: Vec::new(),
        }],
        "invariant 3 (no zombies): nothing moves the rollout on: making the smoke checks",
    );
}

#[test]
fn a_frozen_environment_keeps_its_effects_and_decides_nothing() {
    let before = bringing_up();
    let broken = after(&before, switch(100, &["a:1"])).check().unwrap_err();
    let frozen = after(&before, Environment::frozen(&broken, now()).fact);

    assert_eq!(frozen.effects(), before.effects());
    assert_eq!(frozen.check(), Ok(()));
    assert!(matches!(frozen.standing(), Standing::Waiting(Waiting::Person(_))));
    let refusal = frozen.decide(deploy("i2"), now()).unwrap_err().to_string();
    assert!(
        refusal.contains("frozen, because a decision would have broken invariant 1"),
        "{refusal}"
    );
    let placed = EnvironmentInput::Reported {
        stamp: ResultStamp {
            key: place_key(R1),
            incarnation: 1,
            sequence: 1,
        },
        report: Report::ArtifactPlaced,
    };
    assert_eq!(before.decide(placed.clone(), now()).unwrap().len(), 1);
    assert_eq!(frozen.decide(placed, now()).unwrap(), []);
}
