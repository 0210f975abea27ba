//! Where faults strike: at results under way, and right behind an append.

use std::time::Duration;

use lockgate_core::{Broken, EffectKey, Machine};

use super::{Due, Errand, Story};
use crate::fault::Fault;
use crate::world::{Lasting, World};

/// The clock's jumps, from a second to ten years, in milliseconds.
const JUMPS: [i64; 7] = [
    1_000,
    60_000,
    3_600_000,
    86_400_000,
    31 * 86_400_000,
    365 * 86_400_000,
    3_650 * 86_400_000,
];

impl<M: Machine, W: World<M>> Story<'_, M, W> {
    /// A task has a result: it goes to the driver, unless a fault gets in between.
    pub(super) fn observed(&mut self, key: EffectKey, epoch: u64, input: M::Input) -> Result<(), Broken> {
        let task = self.driver.as_mut().and_then(|driver| driver.tasks.get_mut(&key));
        let Some(task) = task.filter(|task| task.epoch == epoch) else {
            return Ok(());
        };
        task.pending -= 1;
        let mut ended = task.lasting == Lasting::Once && task.pending == 0;
        let lost = self.strikes(Fault::Lose);
        if lost {
            self.count(Fault::Lose);
            self.note(|| format!("lost: {input:?}"));
            ended = true;
        }
        if ended {
            if let Some(task) = self.driver.as_mut().and_then(|driver| driver.tasks.get_mut(&key)) {
                task.ended = true;
            }
            self.schedule_tick();
        }
        if lost { Ok(()) } else { self.transmit(key, input) }
    }

    /// Draws whether `fault` strikes now.
    pub(super) fn strikes(&mut self, fault: Fault) -> bool {
        if self.aimed == Some(fault) {
            self.aimed = None;
            return true;
        }
        self.weather.strikes(fault, &mut self.chance)
    }

    /// Aims the story's favourite fault at events that happen for the first time in it.
    pub(super) fn aim(&mut self, events: &[&'static str]) {
        let Some(favourite) = self.weather.favourite() else {
            return;
        };
        // What missed its event is not kept for another one.
        self.aimed = None;
        for event in events {
            let first = self.seen.insert(event);
            if first && (W::RARE.contains(event) || self.chance.per_mille(150)) {
                self.aimed = Some(favourite);
            }
        }
    }

    fn transmit(&mut self, key: EffectKey, input: M::Input) -> Result<(), Broken> {
        let (passed, life) = (self.clock.passed(), self.life);
        if self.strikes(Fault::Delay) {
            self.count(Fault::Delay);
            let after = self.chance.milliseconds(500, 180_000);
            self.schedule.add(passed + after, Due::Arrival { life, key, input });
            return Ok(());
        }
        if self.strikes(Fault::Reorder) {
            self.count(Fault::Reorder);
            self.held.push((key, input));
            self.schedule
                .add(passed + Duration::from_secs(5), Due::Release { life });
            return Ok(());
        }
        if self.strikes(Fault::Duplicate) {
            self.count(Fault::Duplicate);
            let after = self.chance.milliseconds(0, 60_000);
            let (key, input) = (key.clone(), input.clone());
            self.schedule.add(passed + after, Due::Arrival { life, key, input });
        }
        self.deliver(&key, input)?;
        self.release()
    }

    /// Lets go what was held back.
    pub(super) fn release(&mut self) -> Result<(), Broken> {
        for (key, input) in std::mem::take(&mut self.held) {
            self.deliver(&key, input)?;
        }
        Ok(())
    }

    /// Acts on an append, with whatever strikes right behind it.
    pub(super) fn strike_and_act(&mut self) -> Result<(), Broken> {
        for fault in [Fault::ClockJump, Fault::OutsideDeath, Fault::Reboot, Fault::Takeover] {
            if self.strikes(fault) {
                self.inflict(fault)?;
            }
        }
        // Only a crash leads to a recovery that can be crashed.
        let bait = self.aimed == Some(Fault::CrashInRecovery);
        if self.strikes(Fault::CrashAfterAppend) {
            self.count(Fault::CrashAfterAppend);
            self.crash();
        } else if bait || self.strikes(Fault::CrashAfterEffects) {
            self.count(Fault::CrashAfterEffects);
            let some = self.chance.pick(&[1, 2, usize::MAX]);
            self.reconcile(*some);
            self.crash();
        } else {
            self.reconcile(usize::MAX);
        }
        Ok(())
    }

    /// Inflicts a fault at a moment that has nothing to do with an append.
    pub(super) fn mischief(&mut self) -> Result<(), Broken> {
        if !self.weather.is_rough() {
            return Ok(());
        }
        let kinds = [
            Fault::ClockJump,
            Fault::OutsideDeath,
            Fault::OutsideDeath,
            Fault::Reboot,
            Fault::CrashAfterEffects,
        ];
        let fault = *self.chance.pick(&kinds);
        self.inflict(fault)?;
        self.check_world()
    }

    fn inflict(&mut self, fault: Fault) -> Result<(), Broken> {
        match fault {
            Fault::ClockJump => {
                self.jump();
                self.count(fault);
            }
            Fault::OutsideDeath if self.in_world(World::strike) => self.count(fault),
            Fault::Reboot if self.driver.is_some() => {
                self.count(fault);
                self.crash();
                self.clock.reboot();
                // Many a machine has no clock that outlives its power.
                if self.chance.per_mille(400) {
                    self.jump();
                }
                self.in_world(World::rebooted);
            }
            Fault::Takeover if self.driver.is_some() => {
                self.count(fault);
                self.take_over()?;
            }
            Fault::CrashAfterEffects if self.driver.is_some() => {
                self.count(fault);
                self.crash();
            }
            _ => {}
        }
        Ok(())
    }

    fn jump(&mut self) {
        let size = *self.chance.pick(&JUMPS);
        let size = if self.chance.per_mille(500) { size } else { -size };
        self.clock.jump(size);
    }

    /// Ends the driver and everything that it held in memory. A new one starts later.
    pub(super) fn crash(&mut self) {
        self.note(|| "the driver dies".to_owned());
        self.forget_driver();
        let after = self.chance.milliseconds(10, 20_000);
        let at = self.clock.passed() + after;
        self.schedule.add(at, Due::Restart { life: self.life });
    }

    fn take_over(&mut self) -> Result<(), Broken> {
        self.ghost = self.driver.take();
        self.forget_driver();
        self.restart()
    }

    fn forget_driver(&mut self) {
        self.driver = None;
        self.life += 1;
        self.held.clear();
        self.mailbox.clear();
        self.errands.remove(&Errand::Tick);
        self.errands.remove(&Errand::Mailbox);
    }
}
