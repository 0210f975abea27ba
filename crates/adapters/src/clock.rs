//! The machine's clocks.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lockgate_core::{BootId, Now, Timestamp};
use lockgate_engine::Clock;
use nix::time::{ClockId, clock_gettime};

/// The wall clock, and the time since boot with the time asleep counted.
#[derive(Clone, Debug)]
pub struct SystemClock {
    boot: BootId,
}

impl SystemClock {
    /// Returns the clocks of this machine.
    pub fn new() -> Self {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Self {
            boot: BootId(boot.trim().to_owned()),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let monotonic = clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(Duration::ZERO, Duration::from);
        Now {
            wall: Timestamp(wall.as_millis() as i64),
            boot: self.boot.clone(),
            monotonic,
        }
    }
}
