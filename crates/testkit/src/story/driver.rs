//! The engine in miniature: one driver's life between two crashes.

use std::collections::BTreeMap;
use std::time::Duration;

use lockgate_core::{Broken, EffectKey, InputId, Machine, Standing, Waiting};

use super::{Care, Driver, Due, Errand, Story, Task};
use crate::fault::Fault;
use crate::log::NotAppended;
use crate::world::{Lasting, World};

/// How often the tasks are compared with the effects.
const TICK: u64 = 10_000;

impl<M: Machine, W: World<M>> Story<'_, M, W> {
    /// Creates the stream and starts its first driver.
    pub(super) fn begin(&mut self, start: M::Start) -> Result<(), Broken> {
        let first = M::create(start, self.clock.now());
        let state = M::begin(self.id.clone(), &first);
        state.check()?;
        let owner = self.log.claim();
        self.driver = Some(Driver {
            state: state.clone(),
            owner,
            tasks: BTreeMap::new(),
        });
        self.append(&[first], state, None)
    }

    /// Takes a result; now and then the driver is busy, and decides it together with the next ones.
    pub(super) fn deliver(&mut self, key: &EffectKey, input: M::Input) -> Result<(), Broken> {
        if self.driver.is_none() {
            return Ok(());
        }
        self.mailbox.push((key.clone(), input));
        if self.errands.contains(&Errand::Mailbox) {
            return Ok(());
        }
        if self.chance.per_mille(60) {
            self.errands.insert(Errand::Mailbox);
            let at = self.clock.passed() + self.chance.milliseconds(1, 3_000);
            self.schedule.add(at, Due::Mailbox { life: self.life });
            return Ok(());
        }
        self.read_mailbox()
    }

    /// Decides everything that waits, one after the other, and appends it at once.
    pub(super) fn read_mailbox(&mut self) -> Result<(), Broken> {
        self.errands.remove(&Errand::Mailbox);
        let waiting = std::mem::take(&mut self.mailbox);
        let mut evolved: Option<M> = None;
        let mut events = Vec::new();
        for (key, input) in waiting {
            self.note(|| format!("result of {key}: {input:?}"));
            self.haunt(&input)?;
            let Some(state) = evolved.as_ref().or(self.driver.as_ref().map(|driver| &driver.state)) else {
                return Ok(());
            };
            let decided = (self.behaviour.decide)(state, input, self.clock.now()).map_err(|rejection| {
                let detail = format!("a result of {key} was refused: {rejection}");
                Broken::new("4 a stale result is ignored", detail)
            })?;
            // Most late comers change nothing, and a state is costly to copy.
            if !decided.is_empty() {
                let mut state = state.clone();
                self.evolve(&mut state, &decided)?;
                evolved = Some(state);
                events.extend(decided);
            }
        }
        match evolved {
            Some(evolved) => self.carry_out(&events, evolved, None),
            None => Ok(()),
        }
    }

    /// Folds the events of one decision into `state`, and checks what it became.
    fn evolve(&self, state: &mut M, events: &[M::Event]) -> Result<(), Broken> {
        let Some(first) = events.first() else {
            return Ok(());
        };
        let was_over = state.standing() == Standing::Over;
        for event in events {
            (self.behaviour.evolve)(state, event);
        }
        if was_over && state.standing() != Standing::Over {
            let detail = format!("{} after the end", M::event_name(first));
            return Err(Broken::new("3 a terminal state never leaves", detail));
        }
        state.check()
    }

    /// Takes an intent; the sender tries again until it is answered.
    pub(super) fn intend(&mut self, id: InputId, input: M::Input) -> Result<(), Broken> {
        self.note(|| format!("{}: {input:?}", id.0));
        let mut answered = self.log.knows(&id);
        if let Some(state) = self.driver.as_ref().map(|driver| driver.state.clone())
            && !answered
        {
            let life = self.life;
            self.carry_out_intent(state, &id, input.clone())?;
            answered = life == self.life;
        }
        // Some people press the button twice; some clients lose the answer.
        if answered && !self.chance.per_mille(50) {
            self.in_flight -= 1;
            return Ok(());
        }
        let after = self.chance.milliseconds(500, 5_000);
        self.schedule
            .add(self.clock.passed() + after, Due::Intent { id, input });
        Ok(())
    }

    fn carry_out_intent(&mut self, mut state: M, id: &InputId, input: M::Input) -> Result<(), Broken> {
        match (self.behaviour.decide)(&state, input, self.clock.now()) {
            Ok(events) => {
                self.evolve(&mut state, &events)?;
                self.carry_out(&events, state, Some(id))
            }
            Err(rejection) => {
                self.note(|| format!("{} refused: {rejection}", id.0));
                Ok(())
            }
        }
    }

    fn carry_out(&mut self, events: &[M::Event], evolved: M, intent: Option<&InputId>) -> Result<(), Broken> {
        if events.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = events.iter().map(M::event_name).collect();
        self.aim(&names);
        if self.strikes(Fault::CrashBeforeAppend) {
            let appended = std::mem::replace(&mut self.last_batch, names);
            self.count(Fault::CrashBeforeAppend);
            self.last_batch = appended;
            self.crash();
            return Ok(());
        }
        self.append(events, evolved, intent)
    }

    /// Appends and acts; from here on the events have happened.
    fn append(&mut self, events: &[M::Event], evolved: M, intent: Option<&InputId>) -> Result<(), Broken> {
        let records = self.serialise(events)?;
        let Some(driver) = &mut self.driver else {
            return Ok(());
        };
        let position = self.log.position();
        if let Err(refused) = self.log.append(driver.owner, position, intent, &records) {
            return Err(Broken::new("append", refused.to_string()));
        }
        driver.state = evolved;
        self.last_batch.clear();
        for (event, record) in events.iter().zip(&records) {
            let name = M::event_name(event);
            self.coverage.appended(name);
            self.last_batch.push(name);
            self.transcript
                .note(self.clock.passed(), || format!("  + {name} {record}"));
            self.world.appended(event, self.clock.passed());
            self.fold(event, record)?;
        }
        self.check_appended()?;
        self.strike_and_act()?;
        self.check_world()?;
        self.ask();
        Ok(())
    }

    fn serialise(&self, events: &[M::Event]) -> Result<Vec<String>, Broken> {
        let mut records = Vec::with_capacity(events.len());
        for event in events {
            let record = serde_json::to_string(event).map_err(|error| Broken::new("4 replay", error.to_string()))?;
            if let Some(secret) = self.world.secrets().iter().find(|secret| record.contains(*secret)) {
                return Err(Broken::new(
                    "8 a secret never reaches an event",
                    format!("{secret} in {record}"),
                ));
            }
            records.push(record);
        }
        Ok(records)
    }

    /// Folds the event once more, from what lies on disk.
    fn fold(&mut self, event: &M::Event, record: &str) -> Result<(), Broken> {
        let read: M::Event =
            serde_json::from_str(record).map_err(|error| Broken::new("4 replay", format!("{error} in {record}")))?;
        if read != *event {
            return Err(Broken::new("4 replay", format!("{event:?} is read back as {read:?}")));
        }
        match &mut self.folded {
            Some(folded) => (self.behaviour.evolve)(folded, &read),
            None => self.folded = Some(M::begin(self.id.clone(), &read)),
        }
        Ok(())
    }

    fn check_appended(&self) -> Result<(), Broken> {
        let (Some(driver), Some(folded)) = (&self.driver, &self.folded) else {
            return Ok(());
        };
        self.check_same(&driver.state, folded, Care::Thorough)?;
        let nobody = match driver.state.standing() {
            Standing::Acting => driver.state.effects().is_empty(),
            Standing::Waiting(Waiting::Person(question)) => question.trim().is_empty(),
            Standing::Over | Standing::Waiting(Waiting::Intent) => false,
        };
        if nobody {
            return Err(Broken::new(
                "3 no zombies",
                "it waits, with no effect, timer or named person".to_owned(),
            ));
        }
        Ok(())
    }

    /// Compares the live state with a replayed one; all that can be printed where the story is told with such `care`.
    pub(super) fn check_same(&self, live: &M, replayed: &M, care: Care) -> Result<(), Broken> {
        if live.effects() != replayed.effects() || live.standing() != replayed.standing() {
            return Err(Broken::new(
                "4 replay",
                "effects or standing differ from the live state's",
            ));
        }
        if self.care < care {
            return Ok(());
        }
        let (printed, again) = (format!("{live:?}"), format!("{replayed:?}"));
        if printed != again {
            return Err(Broken::new("4 replay", format!("{printed} is replayed as {again}")));
        }
        match self.world.secrets().iter().find(|secret| printed.contains(*secret)) {
            Some(secret) => Err(Broken::new(
                "8 a secret never reaches Debug",
                format!("{secret} in {printed}"),
            )),
            None => Ok(()),
        }
    }

    /// Returns the state folded from the whole log.
    pub(super) fn fold_log(&self) -> Result<M, Broken> {
        let mut state = None;
        for record in self.log.records() {
            let event: M::Event =
                serde_json::from_str(record).map_err(|error| Broken::new("4 replay", error.to_string()))?;
            match &mut state {
                Some(state) => (self.behaviour.evolve)(state, &event),
                None => state = Some(M::begin(self.id.clone(), &event)),
            }
        }
        state.ok_or_else(|| Broken::new("4 replay", "the log is empty"))
    }

    /// Brings the tasks in line with the effects, in any order, and stops after `limit` new ones.
    pub(super) fn reconcile(&mut self, limit: usize) {
        let mut wanted = self.changed_effects();
        self.chance.shuffle(&mut wanted);
        for (key, effect) in wanted.into_iter().take(limit) {
            self.perform(&key, &effect);
        }
    }

    /// Cancels what is no longer wanted. Returns what has to be performed.
    fn changed_effects(&mut self) -> Vec<(EffectKey, M::Effect)> {
        let Some(driver) = &mut self.driver else {
            return Vec::new();
        };
        let mut rewritten = None;
        if let Some(rewrite) = self.behaviour.rewrite {
            let mut effects = driver.state.effects().clone();
            rewrite(&driver.state, &mut effects);
            rewritten = Some(effects);
        }
        let wanted = rewritten.as_ref().unwrap_or_else(|| driver.state.effects());
        driver
            .tasks
            .retain(|key, task| !task.ended && wanted.get(key) == Some(&task.effect));
        wanted
            .iter()
            .filter(|(key, _)| !driver.tasks.contains_key(key))
            .map(|(key, effect)| (key.clone(), effect.clone()))
            .collect()
    }

    fn perform(&mut self, key: &EffectKey, effect: &M::Effect) {
        self.epochs += 1;
        let epoch = self.epochs;
        self.note(|| format!("  > {key} = {effect:?}"));
        let task = Task {
            epoch,
            effect: effect.clone(),
            lasting: Lasting::Standing,
            pending: 0,
            ended: false,
        };
        if let Some(driver) = &mut self.driver {
            driver.tasks.insert(key.clone(), task);
        }
        let lasting = self.in_world(|world, outside| world.perform(key, effect, outside));
        if let Some(task) = self.driver.as_mut().and_then(|driver| driver.tasks.get_mut(key)) {
            task.lasting = lasting;
            task.ended = lasting == Lasting::Once && task.pending == 0;
            if task.ended {
                self.schedule_tick();
            }
        }
    }

    /// Schedules the next periodic comparison, unless it is already.
    pub(super) fn schedule_tick(&mut self) {
        if self.errands.insert(Errand::Tick) {
            let passed = self.clock.passed().as_millis() as u64;
            let at = Duration::from_millis((passed / TICK + 1) * TICK);
            self.schedule.add(at, Due::Tick { life: self.life });
        }
    }

    /// The periodic comparison: performs again what is still wanted and of which nothing came.
    pub(super) fn tick(&mut self) -> Result<(), Broken> {
        self.errands.remove(&Errand::Tick);
        self.reconcile(usize::MAX);
        self.check_world()
    }

    /// Starts a driver: it takes the stream over with what the log says, and performs every effect.
    pub(super) fn restart(&mut self) -> Result<(), Broken> {
        self.note(|| "the driver starts".to_owned());
        let Some(state) = self.folded.clone() else {
            return Ok(());
        };
        if self.care >= Care::Careful {
            self.check_same(&state, &self.fold_log()?, Care::Careful)?;
        }
        let owner = self.log.claim();
        let effects = state.effects().len();
        self.world.sweep(state.effects());
        self.driver = Some(Driver {
            state,
            owner,
            tasks: BTreeMap::new(),
        });
        if self.strikes(Fault::CrashInRecovery) {
            self.count(Fault::CrashInRecovery);
            let some = self.chance.below(effects as u64 + 1) as usize;
            self.reconcile(some);
            self.crash();
        } else {
            self.reconcile(usize::MAX);
            self.ask();
        }
        self.check_world()
    }

    /// Lets a driver that was replaced decide on the same result: it must not be able to append.
    fn haunt(&mut self, input: &M::Input) -> Result<(), Broken> {
        let Some(ghost) = self.ghost.take() else {
            return Ok(());
        };
        let decided = (self.behaviour.decide)(&ghost.state, input.clone(), self.clock.now());
        let Ok(events) = decided else {
            return Ok(());
        };
        let records = self.serialise(&events)?;
        match self.log.append(ghost.owner, self.log.position(), None, &records) {
            Err(NotAppended::NotOwner) => Ok(()),
            other => Err(Broken::new(
                "4 a stale owner is fenced",
                format!("the append of a replaced driver ended with {other:?}"),
            )),
        }
    }
}
