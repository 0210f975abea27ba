//! Asking an ejected address whether it accepts connections again.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;

use super::Backend;

/// The pause before the first probe of an address that has just refused.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Probes until the address accepts or nobody routes to it any more.
pub(super) fn spawn(backend: &Arc<Backend>, first_pause: Duration, connect_timeout: Duration) {
    let (address, backend) = (backend.address, Arc::downgrade(backend));
    tokio::spawn(async move {
        let mut pause = first_pause;
        loop {
            tokio::time::sleep(pause).await;
            if !backend.upgrade().is_some_and(|backend| backend.is_ejected()) {
                return;
            }
            let connected = tokio::time::timeout(connect_timeout, TcpStream::connect(address)).await;
            if matches!(connected, Ok(Ok(_))) {
                if let Some(backend) = backend.upgrade() {
                    backend.restore();
                }
                return;
            }
            pause = (pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        }
    });
}
