//! The toy's outside: steps that take a while and leave a durable mark.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lockgate_core::{Broken, EffectKey, InputId, Machine, Standing, WakeAt};
use lockgate_testkit::{Beginning, Chance, Fault, Impossible, Lasting, Outside, World};

use crate::machine::{EVENTS, Effect, Event, Input, REST, Toy};

pub(crate) const IMPOSSIBLE: &[Impossible] = &[
    Impossible {
        event: "Begun",
        faults: &[Fault::CrashBeforeAppend],
        reason: "creation is answered before anything runs",
    },
    Impossible {
        event: "Frozen",
        faults: &Fault::ALL,
        reason: "no story breaks an invariant",
    },
    Impossible {
        event: "Ended",
        faults: &[
            Fault::Lose,
            Fault::Delay,
            Fault::Reorder,
            Fault::Duplicate,
            Fault::OutsideDeath,
        ],
        reason: "nothing runs any more",
    },
    Impossible {
        event: "Stopped",
        faults: &[Fault::Lose, Fault::Delay, Fault::Reorder, Fault::Duplicate],
        reason: "no task is left",
    },
];

/// The outside of the toy.
#[derive(Debug, Default)]
pub(crate) struct ToyWorld {
    executed: BTreeMap<u32, u32>,
    running: BTreeSet<u32>,
    ended: BTreeSet<u32>,
    observed: BTreeMap<u32, EffectKey>,
    resting: Option<WakeAt>,
    rest_began: Option<Duration>,
    broken: Option<Broken>,
    stops: u64,
}

impl ToyWorld {
    fn exec(&mut self, step: u32, outside: &mut Outside<'_, Toy, u32>) {
        *self.executed.entry(step).or_default() += 1;
        self.running.insert(step);
        let takes = outside.chance.milliseconds(100, 40_000);
        outside.later(takes, step);
    }

    fn report(&self, step: u32, outside: &mut Outside<'_, Toy, u32>) {
        if let Some(key) = self.observed.get(&step) {
            outside.report(key, Duration::from_millis(3), Input::StepEnded { step });
        }
    }
}

impl World<Toy> for ToyWorld {
    type Happening = u32;
    const EVENTS: &'static [&'static str] = EVENTS;
    const RARE: &'static [&'static str] = &[];
    const IMPOSSIBLE: &'static [Impossible] = IMPOSSIBLE;
    const HORIZON: Duration = Duration::from_mins(10);
    const PATIENCE: Duration = Duration::from_mins(15);

    fn invent(chance: &mut Chance) -> Beginning<Toy, Self> {
        let stops = u64::from(chance.per_mille(250));
        let world = Self {
            stops,
            ..Self::default()
        };
        Beginning {
            world,
            id: (),
            start: chance.draw(),
        }
    }

    fn perform(&mut self, key: &EffectKey, effect: &Effect, outside: &mut Outside<'_, Toy, u32>) -> Lasting {
        match effect {
            Effect::Step(step) => {
                self.observed.insert(*step, key.clone());
                let repeated = key.as_str().contains('#');
                if self.ended.contains(step) && !repeated {
                    self.report(*step, outside);
                } else if !self.running.contains(step) {
                    self.exec(*step, outside);
                }
                Lasting::Standing
            }
            Effect::Wake(wake) => {
                let early = if outside.chance.per_mille(100) { 2 } else { 1 };
                outside.report(key, wake.left(outside.now) / early, Input::Woken);
                Lasting::Once
            }
        }
    }

    fn sweep(&mut self, _effects: &BTreeMap<EffectKey, Effect>) {}

    fn happen(&mut self, step: u32, outside: &mut Outside<'_, Toy, u32>) {
        if self.running.remove(&step) {
            self.ended.insert(step);
            self.report(step, outside);
        }
    }

    fn rebooted(&mut self, _outside: &mut Outside<'_, Toy, u32>) {
        let ended = std::mem::take(&mut self.running);
        self.ended.extend(ended);
    }

    fn strike(&mut self, outside: &mut Outside<'_, Toy, u32>) -> bool {
        let Some(step) = self.running.pop_first() else {
            return false;
        };
        self.ended.insert(step);
        self.report(step, outside);
        true
    }

    fn next_whim(&mut self, chance: &mut Chance) -> Option<Duration> {
        self.stops = self.stops.checked_sub(1)?;
        Some(chance.milliseconds(0, 150_000))
    }

    fn whim(&mut self, _state: &Toy, _id: &InputId, _chance: &mut Chance) -> Option<Input> {
        Some(Input::Stop)
    }

    fn answer(&mut self, _state: &Toy, _id: &InputId, _chance: &mut Chance) -> Option<Input> {
        None
    }

    fn appended(&mut self, event: &Event, passed: Duration) {
        match event {
            Event::StepEnded { step, rest } => {
                if !self.ended.contains(step) {
                    self.broken = Some(Broken::new("toy 1", format!("step {step} has not ended")));
                }
                if let Some(wake) = rest {
                    self.resting = Some(wake.clone());
                    self.rest_began = Some(passed);
                }
            }
            Event::Rested { rearmed: None, seen } => {
                let rested = self.rest_began.map(|began| passed.saturating_sub(began));
                let same_boot = self.resting.as_ref().is_some_and(|wake| wake.set.boot == seen.boot);
                if same_boot && rested < Some(REST) {
                    self.broken = Some(Broken::new("toy 2", format!("it rested only {rested:?}")));
                }
            }
            _ => {}
        }
    }

    fn check(&self, _state: &Toy) -> Result<(), Broken> {
        if let Some(broken) = &self.broken {
            return Err(broken.clone());
        }
        match self.executed.iter().find(|(_, times)| **times > 1) {
            Some((step, times)) => Err(Broken::new("toy 5", format!("step {step} ran {times} times"))),
            None => Ok(()),
        }
    }

    fn is_settled(&self, state: &Toy) -> bool {
        state.standing() == Standing::Over
    }

    fn check_settled(&self, _state: &Toy) -> Result<(), Broken> {
        Ok(())
    }
}
