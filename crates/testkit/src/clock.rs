//! Virtual time: what passes, and what the machine's clocks say about it.

use std::time::Duration;

use lockgate_core::{BootId, Now, Timestamp};

/// The wall clock at the start of every story: 2026-01-01T00:00:00Z.
const FIRST_DAY: i64 = 1_767_225_600_000;

/// The clocks of the simulated machine over the time that really passes.
#[derive(Clone, Debug)]
pub struct Clock {
    passed: Duration,
    wall_ahead: i64,
    boot: BootId,
    boots: u32,
    booted: Duration,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            passed: Duration::ZERO,
            wall_ahead: 0,
            boot: BootId("boot-1".into()),
            boots: 1,
            booted: Duration::ZERO,
        }
    }
}

impl Clock {
    /// Returns the time that really passed since the story began.
    pub fn passed(&self) -> Duration {
        self.passed
    }

    /// Returns what the clocks say.
    pub fn now(&self) -> Now {
        Now {
            wall: Timestamp(
                FIRST_DAY
                    .saturating_add(self.passed.as_millis() as i64)
                    .saturating_add(self.wall_ahead),
            ),
            boot: self.boot.clone(),
            monotonic: self.passed.saturating_sub(self.booted),
        }
    }

    /// Lets time pass until `passed`; time never goes back.
    pub fn pass_until(&mut self, passed: Duration) {
        self.passed = self.passed.max(passed);
    }

    /// Sets the wall clock forward, or back when `milliseconds` is negative.
    pub fn jump(&mut self, milliseconds: i64) {
        self.wall_ahead = self.wall_ahead.saturating_add(milliseconds);
    }

    /// Begins another boot: the monotonic clock starts again at zero.
    pub fn reboot(&mut self) {
        self.boots += 1;
        self.boot = BootId(format!("boot-{}", self.boots));
        self.booted = self.passed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_moves_the_wall_and_a_reboot_the_monotonic_clock() {
        let mut clock = Clock::default();
        clock.pass_until(Duration::from_mins(1));
        clock.pass_until(Duration::from_secs(5));
        let before = clock.now();
        assert_eq!(before.monotonic, Duration::from_mins(1));
        clock.jump(-3_600_000);
        assert_eq!(clock.now().wall.0, before.wall.0 - 3_600_000);
        assert_eq!(clock.now().monotonic, before.monotonic);
        clock.reboot();
        assert_ne!(clock.now().boot, before.boot);
        assert_eq!(clock.now().monotonic, Duration::ZERO);
    }
}
