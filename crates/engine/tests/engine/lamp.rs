//! A small machine to drive: a lamp that is switched by people and burns out after a while.

use std::collections::BTreeMap;
use std::time::Duration;

use lockgate_core::machine::Waiting;
use lockgate_core::{Broken, EffectKey, Machine, Now, Standing, StreamId, WakeAt};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug)]
pub(crate) struct Lamp {
    pub(crate) lit: bool,
    pub(crate) switched: u32,
    pub(crate) frozen: bool,
    effects: BTreeMap<EffectKey, Effect>,
    over: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Effect {
    Shine,
    Wake(WakeAt),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Input {
    Switch,
    Shining,
    Woke,
    Break,
    Remove,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Event {
    Made,
    SwitchedOn { at: Now },
    SwitchedOff,
    Shone,
    BurntOut,
    Broke,
    Removed,
    Frozen(Broken),
}

impl Machine for Lamp {
    type Id = StreamId;
    type Start = ();
    type Input = Input;
    type Event = Event;
    type Rejection = String;
    type Effect = Effect;

    const KIND: &'static str = "lamp";
    const VERSION: u32 = 1;

    fn create((): (), _now: Now) -> Event {
        Event::Made
    }

    fn begin(_id: StreamId, _first: &Event) -> Self {
        Self {
            lit: false,
            switched: 0,
            frozen: false,
            effects: BTreeMap::new(),
            over: false,
        }
    }

    fn decide(&self, input: Input, now: Now) -> Result<Vec<Event>, String> {
        match input {
            Input::Switch if self.lit => Ok(vec![Event::SwitchedOff]),
            Input::Switch if self.over => Err("the lamp is gone".into()),
            Input::Switch => Ok(vec![Event::SwitchedOn { at: now }]),
            Input::Shining => Ok(vec![Event::Shone]),
            Input::Woke if self.lit => Ok(vec![Event::BurntOut]),
            Input::Woke => Ok(vec![]),
            Input::Break => Ok(vec![Event::Broke]),
            Input::Remove => Ok(vec![Event::Removed]),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::SwitchedOn { at } => {
                self.lit = true;
                self.switched += 1;
                self.effects.insert(EffectKey::new("shine"), Effect::Shine);
                let wake = WakeAt {
                    set: at.clone(),
                    after: Duration::from_secs(1000),
                };
                self.effects.insert(EffectKey::new("wake/burn"), Effect::Wake(wake));
            }
            Event::SwitchedOff | Event::BurntOut => {
                self.lit = false;
                self.effects.clear();
            }
            Event::Broke => self.switched = u32::MAX,
            Event::Removed => {
                self.over = true;
                self.effects.clear();
            }
            Event::Frozen(_) => self.frozen = true,
            Event::Made | Event::Shone => {}
        }
    }

    fn effects(&self) -> &BTreeMap<EffectKey, Effect> {
        &self.effects
    }

    fn standing(&self) -> Standing {
        match (self.over, self.lit) {
            (true, _) => Standing::Over,
            (false, true) => Standing::Acting,
            (false, false) => Standing::Waiting(Waiting::Intent),
        }
    }

    fn check(&self) -> Result<(), Broken> {
        match self.switched {
            u32::MAX => Err(Broken::new("0 lamps do not break", "it broke")),
            _ => Ok(()),
        }
    }

    fn frozen(broken: &Broken, _now: Now) -> Event {
        Event::Frozen(broken.clone())
    }

    fn event_name(event: &Event) -> &'static str {
        match event {
            Event::Made => "Made",
            Event::SwitchedOn { .. } => "SwitchedOn",
            Event::SwitchedOff => "SwitchedOff",
            Event::Shone => "Shone",
            Event::BurntOut => "BurntOut",
            Event::Broke => "Broke",
            Event::Removed => "Removed",
            Event::Frozen(_) => "Frozen",
        }
    }
}
