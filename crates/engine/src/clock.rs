//! The clock as a port.

use std::time::Duration;

use lockgate_core::{Now, WakeAt};

/// Tells the time; the one place where it enters the domain.
pub trait Clock: Send + Sync + 'static {
    /// Returns the present.
    fn now(&self) -> Now;
}

/// The longest sleep before the clock is read again, so that a jump or a suspend is noticed.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// Returns when `wake` is due by `clock`.
pub async fn wait_until(clock: &dyn Clock, wake: &WakeAt) {
    loop {
        let left = wake.left(&clock.now());
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left.min(LOOK_AGAIN)).await;
    }
}
