//! The people of a story: what they want of their own accord, and what they answer.

use lockgate_core::{Broken, InputId, Machine, Standing, Waiting};

use super::{Driver, Due, Errand, Story};
use crate::world::World;

impl<M: Machine, W: World<M>> Story<'_, M, W> {
    pub(super) fn schedule_whim(&mut self) {
        let next = self.world.next_whim(&mut self.chance);
        if let Some(after) = next {
            self.errands.insert(Errand::Whim);
            self.schedule.add(self.clock.passed() + after, Due::Whim);
        }
    }

    pub(super) fn take_whim(&mut self) -> Result<(), Broken> {
        self.restless();
        self.errands.remove(&Errand::Whim);
        let id = self.next_id();
        let state = self
            .driver
            .as_ref()
            .map(|driver| &driver.state)
            .or(self.folded.as_ref());
        let whim = state.and_then(|state| self.world.whim(state, &id, &mut self.chance));
        self.schedule_whim();
        whim.map_or(Ok(()), |input| self.intend_anew(id, input))
    }

    pub(super) fn take_answer(&mut self) -> Result<(), Broken> {
        self.errands.remove(&Errand::Answer);
        let id = self.next_id();
        let asking = |driver: &&Driver<M>| matches!(driver.state.standing(), Standing::Waiting(Waiting::Person(_)));
        let Some(driver) = self.driver.as_ref().filter(asking) else {
            return Ok(());
        };
        match self.world.answer(&driver.state, &id, &mut self.chance) {
            Some(input) => self.intend_anew(id, input),
            None => Ok(()),
        }
    }

    /// Schedules an answer where the machine asks a person.
    pub(super) fn ask(&mut self) {
        let asks = self
            .driver
            .as_ref()
            .is_some_and(|driver| matches!(driver.state.standing(), Standing::Waiting(Waiting::Person(_))));
        if asks && self.errands.insert(Errand::Answer) {
            let after = self.chance.milliseconds(1_000, 300_000);
            self.schedule.add(self.clock.passed() + after, Due::Answer);
        }
    }

    fn next_id(&mut self) -> InputId {
        self.intents += 1;
        InputId(format!("intent-{}", self.intents))
    }

    fn intend_anew(&mut self, id: InputId, input: M::Input) -> Result<(), Broken> {
        self.in_flight += 1;
        self.intend(id, input)
    }
}
