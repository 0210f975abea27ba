//! One story: a seed, a machine, its world, and the faults between them.
//!
//! The story is a queue of what is due in virtual time. It plays the engine in
//! miniature: decide, check the evolved copy, append, evolve, reconcile the tasks
//! with the effects. After every append it folds the event once more from its
//! serialised form into a second state, which must look the same: by induction
//! that is the replay of the whole log, at the price of one event. A driver that
//! restarts begins with that second state; the log is folded from its beginning
//! at the end of every story, and at every restart of some (`Care`).
//!
//! - The same seed gives the same story, byte for byte.
//! - Cancelling a task never ends anything outside.
//! - When faults stop, the machine must settle within its world's patience.

mod driver;
mod faults;
mod people;
mod schedule;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lockgate_core::{Broken, EffectKey, InputId, Machine};

use crate::behaviour::Behaviour;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::coverage::Coverage;
use crate::fault::{Fault, Weather};
use crate::log::Log;
use crate::transcript::Transcript;
use crate::world::{Beginning, Emitted, Lasting, Outside, World};
use schedule::Schedule;

/// How long a settled story goes on, to see that nothing moves any more.
const LINGER: Duration = Duration::from_secs(30);
/// More than any story needs; beyond it the machine goes round in circles.
const MOST_EVENTS: u64 = 1_500;
/// More than any story needs; beyond it the machine asks for the same for ever.
const MOST_DUE: u64 = 60_000;

/// A violation in one story.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("seed {seed}, event {event}, at {}.{:03} s: {broken}", .passed.as_secs(), .passed.subsec_millis())]
pub struct Failure {
    /// The seed that replays it.
    pub seed: u64,
    /// The position in the log.
    pub event: u64,
    /// The virtual time since the story's start.
    pub passed: Duration,
    /// What did not hold.
    pub broken: Broken,
}

/// A finished story.
#[derive(Clone, Debug)]
pub struct Told {
    /// The number of events in the log.
    pub events: u64,
    /// The virtual time that passed.
    pub passed: Duration,
    /// What struck behind which event.
    pub coverage: Coverage,
    /// The lines, where they were kept.
    pub transcript: String,
    /// What did not hold.
    pub failure: Option<Failure>,
}

/// Tells the story of one seed.
pub fn tell<M: Machine, W: World<M>>(seed: u64, behaviour: &Behaviour<M>, transcript: Transcript) -> Told {
    let mut chance = Chance::new(seed);
    let weather = Weather::draw(&mut chance);
    let Beginning { world, id, start } = W::invent(&mut chance);
    let mut story = Story::<M, W> {
        care: Care::of(seed),
        behaviour,
        chance,
        clock: Clock::default(),
        weather,
        world,
        id,
        schedule: Schedule::default(),
        log: Log::default(),
        folded: None,
        driver: None,
        ghost: None,
        life: 0,
        epochs: 0,
        held: Vec::new(),
        mailbox: Vec::new(),
        last_batch: Vec::new(),
        seen: BTreeSet::new(),
        aimed: None,
        errands: BTreeSet::new(),
        intents: 0,
        in_flight: 0,
        restless_until: Duration::ZERO,
        lingering_at: None,
        coverage: Coverage::default(),
        transcript,
    };
    let failure = story.play(start).err().map(|broken| Failure {
        seed,
        event: story.log.position().0,
        passed: story.clock.passed(),
        broken,
    });
    Told {
        events: story.log.position().0,
        passed: story.clock.passed(),
        coverage: story.coverage,
        transcript: story.transcript.into_text(),
        failure,
    }
}

struct Story<'b, M: Machine, W: World<M>> {
    behaviour: &'b Behaviour<M>,
    chance: Chance,
    clock: Clock,
    weather: Weather,
    world: W,
    id: M::Id,
    schedule: Schedule<Due<M, W::Happening>>,
    log: Log,
    /// The state folded from the serialised events alone.
    folded: Option<M>,
    driver: Option<Driver<M>>,
    /// An earlier driver that does not know yet that it was replaced.
    ghost: Option<Driver<M>>,
    /// Counts drivers, so that what was sent to a dead one is dropped.
    life: u64,
    /// Counts tasks, so that what a cancelled one would have reported is dropped.
    epochs: u64,
    /// Results that wait for the next one to overtake them.
    held: Vec<(EffectKey, M::Input)>,
    /// Results that the driver will decide together and append at once.
    mailbox: Vec<(EffectKey, M::Input)>,
    last_batch: Vec<&'static str>,
    seen: BTreeSet<&'static str>,
    /// The fault that strikes at the next opportunity, because something rare has happened.
    aimed: Option<Fault>,
    errands: BTreeSet<Errand>,
    intents: u64,
    in_flight: u64,
    /// The time of the last fault or whim.
    restless_until: Duration,
    /// The log's position when the story settled.
    lingering_at: Option<u64>,
    coverage: Coverage,
    transcript: Transcript,
    care: Care,
}

/// How much of a replayed state is compared: printing a whole one costs more than all the rest of a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Care {
    /// Effects and standing after every event; the log is folded from disk once more at the end.
    Ordinary,
    /// As well everything that can be printed, from disk, at every restart and at the end. One story in eight.
    Careful,
    /// As well everything that can be printed after every event. One story in sixty-four.
    Thorough,
}

impl Care {
    /// Belongs to the seed, so that a story that is told again is told the same way.
    fn of(seed: u64) -> Self {
        match seed {
            _ if seed.is_multiple_of(64) => Self::Thorough,
            _ if seed.is_multiple_of(8) => Self::Careful,
            _ => Self::Ordinary,
        }
    }
}

/// One life of the driver.
struct Driver<M: Machine> {
    state: M,
    owner: u64,
    tasks: BTreeMap<EffectKey, Task<M>>,
}

/// A task that performs one effect.
struct Task<M: Machine> {
    epoch: u64,
    effect: M::Effect,
    lasting: Lasting,
    pending: u32,
    /// Nothing will come of it any more; the next tick performs it again.
    ended: bool,
}

/// What is scheduled already and not to be scheduled twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Errand {
    Whim,
    Answer,
    Tick,
    Mailbox,
}

/// What can be due.
enum Due<M: Machine, H> {
    /// A task observes a result.
    Report {
        key: EffectKey,
        epoch: u64,
        input: M::Input,
    },
    /// A result arrives that was sent earlier.
    Arrival { life: u64, key: EffectKey, input: M::Input },
    /// What was held back goes on, whether or not it was overtaken.
    Release { life: u64 },
    /// A busy driver looks at what has come meanwhile.
    Mailbox { life: u64 },
    /// Something happens outside.
    Happening(H),
    /// Somebody has a wish.
    Whim,
    /// The person asked makes up their mind.
    Answer,
    /// An intent is sent, for the first time or again.
    Intent { id: InputId, input: M::Input },
    /// The periodic comparison of tasks and effects.
    Tick { life: u64 },
    /// A new driver starts.
    Restart { life: u64 },
    /// A fault at no particular event.
    Mischief,
    /// Faults stop.
    Calm,
    /// A settled story is looked at again.
    Linger,
}

impl<M: Machine, W: World<M>> Story<'_, M, W> {
    fn play(&mut self, start: M::Start) -> Result<(), Broken> {
        if self.weather.is_rough() {
            for _ in 0..self.chance.below(4) {
                let after = self.chance.milliseconds(0, W::HORIZON.as_millis() as u64);
                self.schedule.add(after, Due::Mischief);
            }
        }
        self.schedule.add(W::HORIZON, Due::Calm);
        self.schedule_whim();
        self.begin(start)?;
        let mut count = 0;
        loop {
            if self.settle_or_go_on()? {
                return self.check_end();
            }
            let Some((at, due)) = self.schedule.next() else {
                return Err(self.unsettled("nothing is under way any more"));
            };
            self.clock.pass_until(at);
            self.take(due)?;
            count += 1;
            if count > MOST_DUE || self.log.position().0 > MOST_EVENTS {
                return Err(self.unsettled("it goes round in circles"));
            }
        }
    }

    fn take(&mut self, due: Due<M, W::Happening>) -> Result<(), Broken> {
        match due {
            Due::Report { key, epoch, input } => self.observed(key, epoch, input),
            Due::Arrival { life, key, input } if life == self.life => self.deliver(&key, input),
            Due::Release { life } if life == self.life => self.release(),
            Due::Mailbox { life } if life == self.life => self.read_mailbox(),
            Due::Happening(happening) => {
                self.note(|| format!("outside: {happening:?}"));
                self.in_world(|world, outside| world.happen(happening, outside));
                self.check_world()
            }
            Due::Whim => self.take_whim(),
            Due::Answer => self.take_answer(),
            Due::Intent { id, input } => self.intend(id, input),
            Due::Tick { life } if life == self.life => self.tick(),
            Due::Restart { life } if life == self.life => self.restart(),
            Due::Mischief => self.mischief(),
            Due::Calm => {
                self.weather.calm_down();
                self.restless();
                Ok(())
            }
            // What a dead driver had before it.
            Due::Linger
            | Due::Arrival { .. }
            | Due::Release { .. }
            | Due::Mailbox { .. }
            | Due::Tick { .. }
            | Due::Restart { .. } => Ok(()),
        }
    }

    /// Returns whether the story is over: settled, and still settled a while later.
    fn settle_or_go_on(&mut self) -> Result<bool, Broken> {
        let quiet = !self.errands.contains(&Errand::Whim) && self.in_flight == 0;
        let settled = quiet
            && self
                .driver
                .as_ref()
                .is_some_and(|driver| self.world.is_settled(&driver.state));
        let (position, passed) = (self.log.position().0, self.clock.passed());
        if settled && self.lingering_at != Some(position) {
            self.lingering_at = Some(position);
            self.restless_until = passed;
            self.schedule.add(passed + LINGER, Due::Linger);
        } else if settled && passed >= self.restless_until + LINGER {
            return Ok(true);
        }
        let calm = !self.weather.is_rough() && !self.errands.contains(&Errand::Whim);
        if !settled && calm && passed > self.restless_until + W::PATIENCE {
            return Err(self.unsettled("its patience is over"));
        }
        Ok(false)
    }

    fn unsettled(&self, why: &str) -> Broken {
        let standing = self.driver.as_ref().map(|driver| driver.state.standing());
        let wanted: Vec<_> = self.driver.iter().flat_map(|d| d.state.effects().keys()).collect();
        Broken::new(
            "3 convergence",
            format!("faults stopped and it did not settle: {why}; standing {standing:?}, effects {wanted:?}"),
        )
    }

    fn check_end(&mut self) -> Result<(), Broken> {
        let Some(driver) = &self.driver else {
            return Ok(());
        };
        self.world.check_settled(&driver.state)?;
        let from_disk = self.fold_log()?;
        self.check_same(&driver.state, &from_disk, Care::Careful)
    }

    fn check_world(&self) -> Result<(), Broken> {
        match &self.driver {
            Some(driver) => self.world.check(&driver.state),
            None => self.folded.as_ref().map_or(Ok(()), |state| self.world.check(state)),
        }
    }

    /// Restarts the patience: something disturbed the machine.
    fn restless(&mut self) {
        self.restless_until = self.clock.passed();
        self.lingering_at = None;
    }

    /// Lets the world act, and schedules what it announced.
    fn in_world<R>(&mut self, act: impl FnOnce(&mut W, &mut Outside<'_, M, W::Happening>) -> R) -> R {
        let now = self.clock.now();
        let tasks = self.driver.as_ref().map(|driver| &driver.tasks);
        let heard = |key: &EffectKey| tasks.is_some_and(|tasks| tasks.contains_key(key));
        let mut outside = Outside::new((&now, self.clock.passed()), &mut self.chance, &heard);
        let result = act(&mut self.world, &mut outside);
        let emitted = outside.into_emitted();
        for emitted in emitted {
            let passed = self.clock.passed();
            match emitted {
                Emitted::Happening { after, happening } => {
                    self.schedule.add(passed + after, Due::Happening(happening));
                }
                Emitted::Report { key, after, input } => {
                    let task = self.driver.as_mut().and_then(|driver| driver.tasks.get_mut(&key));
                    if let Some(task) = task {
                        task.pending += 1;
                        let epoch = task.epoch;
                        self.schedule.add(passed + after, Due::Report { key, epoch, input });
                    }
                }
            }
        }
        result
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        self.transcript.note(self.clock.passed(), line);
    }

    /// Counts a strike behind the last append.
    fn count(&mut self, fault: Fault) {
        for event in &self.last_batch {
            self.coverage.struck(event, fault);
        }
        self.restless();
        self.transcript.note(self.clock.passed(), || {
            format!("FAULT {fault} behind {:?}", self.last_batch)
        });
    }
}
