//! The outside of one machine, faked: what effects do there, and what it answers.
//!
//! A world is first-class, not a mock: it has a state of its own (instances,
//! routes, processes with durable markers) that outlives the driver, and its own
//! invariants, which hold whatever the machine decides. The simulator asks
//! nothing of it that the real outside would not do.

pub mod environment;
pub mod run;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use lockgate_core::{Broken, EffectKey, InputId, Machine, Now};

use crate::chance::Chance;
use crate::coverage::Impossible;

/// The fake outside of one stream.
pub trait World<M: Machine>: Sized {
    /// Something that happens outside by itself, such as a process that ends.
    type Happening: Clone + Debug;

    /// The names of all events, for the coverage table.
    const EVENTS: &'static [&'static str];
    /// The events that few stories reach: a fault always strikes behind the first of them in a story.
    const RARE: &'static [&'static str];
    /// The pairs of event and fault that cannot meet.
    const IMPOSSIBLE: &'static [Impossible];
    /// When faults stop at the latest.
    const HORIZON: Duration;
    /// How long after the last fault and the last whim the machine may take to settle.
    const PATIENCE: Duration;

    /// Invents the story of one seed.
    fn invent(chance: &mut Chance) -> Beginning<M, Self>;

    /// Makes `effect` true, attaching to what is there already.
    fn perform(
        &mut self,
        key: &EffectKey,
        effect: &M::Effect,
        outside: &mut Outside<'_, M, Self::Happening>,
    ) -> Lasting;

    /// Ends what is there outside and in no effect: what a lost decision left behind. A new driver does it first.
    fn sweep(&mut self, effects: &BTreeMap<EffectKey, M::Effect>);

    /// Lets something happen that was announced with [`Outside::later`].
    fn happen(&mut self, happening: Self::Happening, outside: &mut Outside<'_, M, Self::Happening>);

    /// Ends everything that a restart of the machine ends.
    fn rebooted(&mut self, outside: &mut Outside<'_, M, Self::Happening>);

    /// Lets something outside die. Returns whether there was anything.
    fn strike(&mut self, outside: &mut Outside<'_, M, Self::Happening>) -> bool;

    /// Returns how long until somebody wants something of their own accord; `None` when nobody does any more.
    fn next_whim(&mut self, chance: &mut Chance) -> Option<Duration>;

    /// Returns what somebody wants now, under the intent's `id`.
    fn whim(&mut self, state: &M, id: &InputId, chance: &mut Chance) -> Option<M::Input>;

    /// Returns the answer of the person whom the machine asks; `None` when they leave it as it is.
    fn answer(&mut self, state: &M, id: &InputId, chance: &mut Chance) -> Option<M::Input>;

    /// Takes notice of an append, for invariants over the history.
    fn appended(&mut self, event: &M::Event, passed: Duration);

    /// Returns the first invariant of the outside that does not hold.
    ///
    /// # Errors
    /// Returns the broken invariant.
    fn check(&self, state: &M) -> Result<(), Broken>;

    /// Returns whether nothing more has to happen by itself.
    fn is_settled(&self, state: &M) -> bool;

    /// Returns what is wrong with the end of the story: something left behind, something missing.
    ///
    /// # Errors
    /// Returns what is wrong.
    fn check_settled(&self, state: &M) -> Result<(), Broken>;

    /// Returns the values that must never appear in an event or in `Debug` output.
    fn secrets(&self) -> &[String] {
        &[]
    }
}

/// How one story begins.
#[derive(Debug)]
pub struct Beginning<M: Machine, W> {
    /// The outside.
    pub world: W,
    /// The stream's identity.
    pub id: M::Id,
    /// What the stream is created from.
    pub start: M::Start,
}

/// Whether the driver's task for an effect ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasting {
    /// It ends with its last report; while the effect is still wanted then, it is performed again at the next tick.
    Once,
    /// It stays attached and reports whenever something happens.
    Standing,
}

/// What a world may use of the simulation: the time, chance, and ways to be heard.
pub struct Outside<'s, M: Machine, H> {
    /// What the clocks say.
    pub now: &'s Now,
    /// The time that really passed since the story began.
    pub passed: Duration,
    /// The story's chance.
    pub chance: &'s mut Chance,
    heard: &'s dyn Fn(&EffectKey) -> bool,
    emitted: Vec<Emitted<M, H>>,
}

/// Something that a world announced.
#[derive(Clone, Debug)]
pub(crate) enum Emitted<M: Machine, H> {
    Report {
        key: EffectKey,
        after: Duration,
        input: M::Input,
    },
    Happening {
        after: Duration,
        happening: H,
    },
}

impl<'s, M: Machine, H> Outside<'s, M, H> {
    /// Returns an outside that has announced nothing yet.
    pub(crate) fn new(
        moment: (&'s Now, Duration),
        chance: &'s mut Chance,
        heard: &'s dyn Fn(&EffectKey) -> bool,
    ) -> Self {
        let (now, passed) = moment;
        Self {
            now,
            passed,
            chance,
            heard,
            emitted: Vec::new(),
        }
    }

    /// Lets the driver's task for `key` report `input`; without such a task nobody hears it.
    pub fn report(&mut self, key: &EffectKey, after: Duration, input: M::Input) {
        let key = key.clone();
        self.emitted.push(Emitted::Report { key, after, input });
    }

    /// Returns whether the driver has a task for `key`, so that an observer may stop when nobody listens.
    pub fn is_heard(&self, key: &EffectKey) -> bool {
        (self.heard)(key)
    }

    /// Lets something happen later, whether or not a driver lives then.
    pub fn later(&mut self, after: Duration, happening: H) {
        self.emitted.push(Emitted::Happening { after, happening });
    }

    /// Returns what was announced, in its order.
    pub(crate) fn into_emitted(self) -> Vec<Emitted<M, H>> {
        self.emitted
    }
}
