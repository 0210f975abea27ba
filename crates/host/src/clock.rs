//! The clocks of this machine, for the records that the host writes.

use std::time::{SystemTime, UNIX_EPOCH};

use lockgate_core::{BootId, Timestamp};

/// Returns the wall clock's present.
pub fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Returns the identity of the running boot; empty where the kernel does not tell.
pub fn boot() -> BootId {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    BootId(text.trim().to_owned())
}
