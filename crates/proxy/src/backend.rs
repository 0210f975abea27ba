//! One instance: its pool of idle connections and its health.
//!
//! The pool is our own because a proxy has to know two things that a general pool
//! hides: whether a request was handed back unsent (then it may be sent again,
//! whatever its method), and when the last connection to a revision is gone. Idle
//! connections are taken youngest first, so that surplus ones age and are closed.
//!
//! Health is passive: an address that refuses connections is ejected and probed in the
//! background until it accepts again. When every instance of a revision is ejected they
//! are all tried, so that a sole instance is never locked out by its own past.

mod connection;
mod pool;
mod probe;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

pub(crate) use connection::{Connection, SendFailed};
use pool::Pool;
pub(crate) use pool::Traffic;

use crate::counters::Failure;

/// An idle connection is closed after this time at the latest, before most servers would close it themselves.
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest idle time after which a connection still takes a request that must not be sent twice.
///
/// Servers close idle connections after some seconds; a younger one is not about to be closed.
const FRESH: Duration = Duration::from_millis(500);

/// The answer's end is seen here a moment before the connection's own task is done with it.
///
/// An instance that does not read the end of a request it has already answered takes longer,
/// and its connection is not waited for.
const SETTLING: Duration = Duration::from_millis(20);

/// One address of one revision.
pub(crate) struct Backend {
    address: SocketAddr,
    pool: Pool,
    ejected: AtomicBool,
}

/// Which connections may take a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reuse {
    /// Any idle one: the request may be sent again.
    Any,
    /// Only one that was just in use.
    Fresh,
    /// None: an idle one has just failed, so its siblings are likely dead too.
    Never,
}

impl Backend {
    pub(crate) fn new(address: SocketAddr) -> Arc<Self> {
        Arc::new(Self {
            address,
            pool: Pool::new(),
            ejected: AtomicBool::new(false),
        })
    }

    pub(crate) fn is_ejected(&self) -> bool {
        self.ejected.load(Ordering::Relaxed)
    }

    /// Returns a connection for one request, idle or new.
    pub(crate) async fn lease(
        self: &Arc<Self>,
        reuse: Reuse,
        connect_timeout: Duration,
    ) -> Result<Connection, Failure> {
        let oldest = match reuse {
            Reuse::Any => Some(IDLE_TIMEOUT),
            Reuse::Fresh => Some(FRESH),
            Reuse::Never => None,
        };
        if let Some(oldest) = oldest {
            while let Some(mut sender) = self.pool.take(oldest) {
                if sender.is_ready() || matches!(timeout(SETTLING, sender.ready()).await, Ok(Ok(()))) {
                    return Ok(Connection::reused(sender, Arc::clone(self)));
                }
            }
        }
        match self.connect(connect_timeout).await {
            Ok(connection) => {
                self.ejected.store(false, Ordering::Relaxed);
                Ok(connection)
            }
            Err(failure) => {
                self.eject(connect_timeout);
                Err(failure)
            }
        }
    }

    /// Opens or closes the pool; a closed one keeps no idle connection.
    pub(crate) fn admit(&self, traffic: Traffic) {
        self.pool.set(traffic);
    }

    /// Closes the connections that were idle for too long or were closed by the instance.
    pub(crate) fn sweep(&self) {
        self.pool.sweep(IDLE_TIMEOUT);
    }

    /// Takes the address out until a probe connects; the first probe is at once.
    pub(crate) fn suspect(self: &Arc<Self>, connect_timeout: Duration) {
        if !self.ejected.swap(true, Ordering::Relaxed) {
            probe::spawn(self, Duration::ZERO, connect_timeout);
        }
    }

    fn eject(self: &Arc<Self>, connect_timeout: Duration) {
        if !self.ejected.swap(true, Ordering::Relaxed) {
            tracing::warn!(address = %self.address, "instance refuses connections and is ejected");
            probe::spawn(self, probe::FIRST_PAUSE, connect_timeout);
        }
    }

    fn restore(&self) {
        if self.ejected.swap(false, Ordering::Relaxed) {
            tracing::info!(address = %self.address, "instance accepts connections again");
        }
    }

    async fn connect(self: &Arc<Self>, connect_timeout: Duration) -> Result<Connection, Failure> {
        let stream = timeout(connect_timeout, TcpStream::connect(self.address))
            .await
            .map_err(|_| Failure::ConnectTimeout)?
            .map_err(|_| Failure::ConnectRefused)?;
        // A failure costs latency and nothing else.
        let _ = stream.set_nodelay(true);
        Connection::handshake(stream, Arc::clone(self)).await
    }
}
