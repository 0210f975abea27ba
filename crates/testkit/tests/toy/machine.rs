//! Three steps, one after the other, with a rest of a minute before the last.

use std::collections::BTreeMap;
use std::time::Duration;

use lockgate_core::{Broken, EffectKey, Machine, Now, Standing, WakeAt};
use serde::{Deserialize, Serialize};

pub(crate) const EVENTS: &[&str] = &["Begun", "StepEnded", "Rested", "Stopped", "Ended", "Frozen"];
pub(crate) const REST: Duration = Duration::from_mins(1);
const STEPS: u32 = 3;

#[derive(Clone, Debug)]
pub(crate) struct Toy {
    step: u32,
    over: bool,
    rested: bool,
    effects: BTreeMap<EffectKey, Effect>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Input {
    StepEnded { step: u32 },
    Woken,
    Stop,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Event {
    Begun { id: u64 },
    StepEnded { step: u32, rest: Option<WakeAt> },
    Rested { rearmed: Option<WakeAt>, seen: Now },
    Stopped,
    Ended,
    Frozen,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Effect {
    Step(u32),
    Wake(WakeAt),
}

impl Machine for Toy {
    type Id = ();
    type Start = u64;
    type Input = Input;
    type Event = Event;
    type Rejection = String;
    type Effect = Effect;
    const KIND: &'static str = "toy";
    const VERSION: u32 = 1;

    fn create(id: u64, _now: Now) -> Event {
        Event::Begun { id }
    }

    fn begin(_id: (), first: &Event) -> Self {
        let mut toy = Self {
            step: 1,
            over: false,
            rested: false,
            effects: BTreeMap::new(),
        };
        toy.evolve(first);
        toy
    }

    fn decide(&self, input: Input, now: Now) -> Result<Vec<Event>, String> {
        Ok(self.decide_as_built(&input, &now))
    }

    fn evolve(&mut self, event: &Event) {
        self.effects.clear();
        match event {
            Event::Begun { .. } => {
                self.over = false;
                self.step = 1;
                self.want_step();
            }
            Event::StepEnded { rest, .. } => {
                self.step += 1;
                match rest {
                    Some(wake) => self.want_rest(wake),
                    None => self.want_step(),
                }
            }
            Event::Rested {
                rearmed: Some(wake), ..
            } => self.want_rest(wake),
            Event::Rested { rearmed: None, .. } => {
                self.rested = true;
                self.want_step();
            }
            Event::Stopped | Event::Ended | Event::Frozen => self.over = true,
        }
    }

    fn effects(&self) -> &BTreeMap<EffectKey, Effect> {
        &self.effects
    }

    fn standing(&self) -> Standing {
        if self.over { Standing::Over } else { Standing::Acting }
    }

    fn check(&self) -> Result<(), Broken> {
        if self.step > STEPS + 1 {
            return Err(Broken::new("toy 0", "more steps than there are"));
        }
        Ok(())
    }

    fn frozen(_broken: &Broken, _now: Now) -> Event {
        Event::Frozen
    }

    fn event_name(event: &Event) -> &'static str {
        match event {
            Event::Begun { .. } => "Begun",
            Event::StepEnded { .. } => "StepEnded",
            Event::Rested { .. } => "Rested",
            Event::Stopped => "Stopped",
            Event::Ended => "Ended",
            Event::Frozen => "Frozen",
        }
    }
}

impl Toy {
    pub(crate) fn step(&self) -> u32 {
        self.step
    }

    pub(crate) fn decide_as_built(&self, input: &Input, now: &Now) -> Vec<Event> {
        if self.over {
            return Vec::new();
        }
        match input {
            Input::StepEnded { step } if *step == self.step => self.step_ended(now),
            Input::Woken => self.rest_over(now),
            Input::Stop => vec![Event::Stopped],
            Input::StepEnded { .. } => Vec::new(),
        }
    }

    fn step_ended(&self, now: &Now) -> Vec<Event> {
        let rest = (self.step + 1 == STEPS).then(|| WakeAt {
            set: now.clone(),
            after: REST,
        });
        let mut events = vec![Event::StepEnded { step: self.step, rest }];
        if self.step == STEPS {
            events.push(Event::Ended);
        }
        events
    }

    fn rest_over(&self, now: &Now) -> Vec<Event> {
        let Some(Effect::Wake(wake)) = self.effects.values().next() else {
            return Vec::new();
        };
        let rearmed = (!wake.is_due(now)).then(|| WakeAt {
            set: now.clone(),
            after: wake.left(now),
        });
        vec![Event::Rested {
            rearmed,
            seen: now.clone(),
        }]
    }

    pub(crate) fn decide_by_wall_clock(&self, input: &Input, now: &Now) -> Vec<Event> {
        let mut misled = now.clone();
        if let Some(Effect::Wake(wake)) = self.effects.values().next()
            && now.wall.since(wake.set.wall) >= wake.after
        {
            misled.boot.clone_from(&wake.set.boot);
            misled.monotonic = wake.set.monotonic + wake.after;
            let woken = self.decide_as_built(&Input::Woken, &misled);
            if !woken.is_empty() {
                return woken;
            }
        }
        self.decide_as_built(input, now)
    }

    pub(crate) fn decide_after_the_end(&self, input: &Input, now: &Now) -> Vec<Event> {
        match input {
            Input::StepEnded { step } if self.over => vec![Event::Begun { id: u64::from(*step) }],
            input => self.decide_as_built(input, now),
        }
    }

    pub(crate) fn decide_refusing(&self, input: &Input, now: &Now) -> Result<Vec<Event>, String> {
        match input {
            Input::StepEnded { step } if *step < self.step => Err("that step has ended".into()),
            input => Ok(self.decide_as_built(input, now)),
        }
    }

    fn want_step(&mut self) {
        self.effects
            .insert(EffectKey::of("step", self.step), Effect::Step(self.step));
    }

    fn want_rest(&mut self, wake: &WakeAt) {
        self.effects
            .insert(EffectKey::of("wake", "rest"), Effect::Wake(wake.clone()));
    }
}

/// Wants the first step under a new key, once the second is at hand.
pub(crate) fn want_first_step_again(toy: &Toy, effects: &mut BTreeMap<EffectKey, Effect>) {
    if toy.step == 2 {
        effects.insert(EffectKey::attempt("step", 1, 2), Effect::Step(1));
    }
}

/// Evolves by something that is in no event: whether the record was read or made.
pub(crate) fn evolve_with_a_memory_of_its_own(toy: &mut Toy, event: &Event) {
    thread_local!(static EVOLVED: std::cell::Cell<u64> = const { std::cell::Cell::new(0) });
    toy.evolve(event);
    let evolved = EVOLVED.replace(EVOLVED.get() + 1);
    if evolved % 2 == 1 && toy.rested {
        toy.effects.clear();
    }
}
