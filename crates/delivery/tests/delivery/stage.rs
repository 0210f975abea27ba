//! The stage on which a scenario is played: one environment, a clock, and a voice for everything outside.
//!
//! After every event the invariants are checked and the log, through its JSON, is
//! replayed and compared with the live state; after every report the same report is sent
//! again and must say nothing.

mod commands;
mod print;

use std::collections::BTreeMap;
use std::time::Duration;

use lockgate_core::machine::replay;
use lockgate_core::{BootId, EffectKey, InputId, Machine, Now, ResultStamp, StreamId, Timestamp};
use lockgate_delivery::environment::{Effect, Fact, Refusal};
use lockgate_delivery::{
    Environment, EnvironmentEvent, EnvironmentInput, EnvironmentStart, Report, RevisionNumber, RolloutPlan, dry_run,
};
use lockgate_gate::Counts;

/// The names of all facts that a scenario can lead to; `Frozen` is played by its own test.
pub(crate) const FACTS: &[&str] = &[
    "DeployQueued",
    "QueuedDeployDropped",
    "RolloutStarted",
    "ArtifactPlaced",
    "InstanceStarted",
    "InstanceExited",
    "StopDecided",
    "InstanceStopped",
    "ProbeChanged",
    "HealthDoubted",
    "CandidateReady",
    "SmokeEnded",
    "SwitchDecided",
    "Rerouted",
    "RouteTroubled",
    "RouteConfirmed",
    "TimerRearmed",
    "Promoted",
    "OldDrained",
    "WindowCredited",
    "WatchSilent",
    "SoakTimePassed",
    "SoakHeld",
    "Soaked",
    "LeftServing",
    "RollbackDecided",
    "ReturnDecided",
    "TrafficReturned",
    "CandidateDrained",
    "LogsKept",
    "EnvironmentProven",
    "ProofFailed",
    "RolledBack",
    "RollbackFailed",
    "DeploysPaused",
    "DeploysResumed",
    "PruneDecided",
    "ArtifactRemoved",
];

/// One environment and everything outside of it.
pub(crate) struct Stage {
    id: StreamId,
    live: Environment,
    log: Vec<EnvironmentEvent>,
    now: Now,
    boots: u32,
    intents: u32,
    sequence: u64,
    epoch: u64,
    counted: BTreeMap<RevisionNumber, (u64, Counts)>,
    instances: BTreeMap<(RevisionNumber, u32), Process>,
    ports: u32,
    /// What was foretold of the deploys that have not begun.
    foretold: BTreeMap<InputId, RolloutPlan>,
}

/// A process that the host has started.
#[derive(Clone, Debug)]
struct Process {
    incarnation: u64,
    address: String,
}

impl Stage {
    /// Returns the stage with an empty environment, the clock at second 0.
    pub(crate) fn new() -> Self {
        let id = StreamId::new("environment", "shop/production");
        let now = Now {
            wall: Timestamp(0),
            boot: BootId("boot-1".into()),
            monotonic: Duration::ZERO,
        };
        let start = EnvironmentStart {
            project: "shop".into(),
            environment: "production".into(),
        };
        let first = Environment::create(start, now.clone());
        Self {
            live: Environment::begin(id.clone(), &first),
            id,
            log: vec![first],
            now,
            boots: 1,
            intents: 0,
            sequence: 0,
            epoch: 1,
            counted: BTreeMap::new(),
            instances: BTreeMap::new(),
            ports: 4000,
            foretold: BTreeMap::new(),
        }
    }

    /// Plays one line of a script and returns what it printed.
    pub(crate) fn play(&mut self, line: &str) -> String {
        commands::play(self, line)
    }

    fn give(&mut self, input: EnvironmentInput) -> String {
        let before = self.live.effects().clone();
        if let EnvironmentInput::Asked { id, by, intent } = &input
            && let Ok(plan) = dry_run(&self.live, intent, by)
        {
            self.foretold.insert(id.clone(), plan);
        }
        let events = match self.live.decide(input.clone(), self.now.clone()) {
            Ok(events) => events,
            Err(refusal) => return refused(&refusal),
        };
        for event in &events {
            self.compare_with_foretold(&event.fact);
            self.live.evolve(event);
            self.log.push(event.clone());
            self.live.check().unwrap();
            assert_eq!(self.replayed(), self.live, "after {}", event.fact.name());
        }
        let again = self.live.decide(input, self.now.clone()).unwrap();
        assert_eq!(again, [], "the same input again says nothing");
        print::happened(&events, &before, self.live.effects())
    }

    /// A dry run tells what is stored, unless the way back of what was superseded came to another end than a good one.
    fn compare_with_foretold(&mut self, fact: &Fact) {
        match fact {
            Fact::RollbackFailed { .. } | Fact::ProofFailed { .. } => self.foretold.clear(),
            Fact::RolloutStarted { intent, plan, .. } => {
                if let Some(foretold) = self.foretold.remove(intent) {
                    assert_eq!(foretold, **plan, "a dry run tells what is stored");
                }
            }
            _ => {}
        }
    }

    fn replayed(&self) -> Environment {
        let text: Vec<String> = self.log.iter().map(|e| serde_json::to_string(e).unwrap()).collect();
        let events: Vec<EnvironmentEvent> = text.iter().map(|e| serde_json::from_str(e).unwrap()).collect();
        assert_eq!(events, self.log);
        replay(self.id.clone(), &events).unwrap()
    }

    fn report(&mut self, key: EffectKey, incarnation: u64, report: Report) -> String {
        self.sequence += 1;
        let stamp = ResultStamp {
            key,
            incarnation,
            sequence: self.sequence,
        };
        self.give(EnvironmentInput::Reported { stamp, report })
    }

    /// Moves the clock and fires the timers that are due, as the engine does.
    fn wait(&mut self, duration: Duration) -> String {
        self.now.wall = self.now.wall.plus(duration);
        self.now.monotonic += duration;
        let due = |effect: &Effect| matches!(effect, Effect::Wake(wake) if wake.is_due(&self.now));
        let keys: Vec<_> = self.live.effects().iter().filter(|(_, effect)| due(effect)).collect();
        let keys: Vec<_> = keys.into_iter().map(|(key, _)| key.clone()).collect();
        keys.into_iter().map(|key| self.report(key, 0, Report::Woke)).collect()
    }
}

fn refused(refusal: &Refusal) -> String {
    format!("  refused: {refusal}\n")
}
