//! The handle: apply, serve, drain, report, shut down.

use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lockgate_core::{StreamId, Timestamp};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::drain::{DrainRefused, Drained};
use crate::registry::{Registry, SWEEP};
use crate::report::{Epoch, Report};
use crate::revision::Tenure;
use crate::snapshot::Snapshot;
use crate::table::{Applied, Refused, Table};
use crate::{accept, drain};

/// What holds for the whole process, whatever is routed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The most client connections at once; further ones wait in the kernel's backlog.
    pub max_connections: usize,
    /// The time in which a client sends the head of its request, and for which a kept connection may be idle.
    pub header_timeout: Duration,
}

/// A running proxy. Clones are the same proxy.
///
/// It serves until it is shut down; dropping the handle stops nothing.
#[derive(Clone)]
pub struct Proxy {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) registry: Mutex<Registry>,
    pub(crate) epoch: Epoch,
    began: Instant,
    reports: AtomicU64,
    pub(crate) request_ids: AtomicU64,
    pub(crate) connections: Arc<Semaphore>,
    pub(crate) tasks: TaskTracker,
    /// No connection is accepted any more.
    pub(crate) stopping: CancellationToken,
    /// Every answer says that its connection closes.
    pub(crate) leaving: AtomicBool,
    /// Idle client connections close.
    pub(crate) idle_close: CancellationToken,
    /// What is left is cut.
    pub(crate) abort: CancellationToken,
}

/// Why a listener cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The proxy has been told to stop.
    #[error("the proxy is shutting down and serves no new listener; hand it to its successor")]
    Stopping,
    /// The socket cannot be used.
    #[error("take over the listening socket `{listener}`")]
    Socket {
        /// Its name.
        listener: String,
        /// What the kernel said.
        source: std::io::Error,
    },
}

/// How a shutdown ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Client connections that ended by themselves.
    pub finished: u64,
    /// Client connections that were cut at the deadline.
    pub cut: u64,
}

impl Proxy {
    /// Starts a proxy that serves what `table` routes; to be called in a tokio runtime.
    ///
    /// The table comes from a file, so its instances are probed: one that is dead gets no
    /// traffic while another of its revision is there. `life` numbers this life of the proxy,
    /// greater than every one before it.
    pub fn start(settings: Settings, table: &Table, life: u64) -> Self {
        let nonce = RandomState::new().hash_one(std::process::id());
        let mut registry = Registry::new(nonce);
        for snapshot in table.snapshots() {
            // A table holds only snapshots that were accepted beside each other.
            let _ = registry.apply(snapshot.clone());
        }
        registry.suspect_all();
        let shared = Arc::new(Shared {
            connections: Arc::new(Semaphore::new(settings.max_connections.min(Semaphore::MAX_PERMITS))),
            settings,
            registry: Mutex::new(registry),
            epoch: Epoch { number: life, nonce },
            began: Instant::now(),
            reports: AtomicU64::new(0),
            request_ids: AtomicU64::new(0),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            leaving: AtomicBool::new(false),
            idle_close: CancellationToken::new(),
            abort: CancellationToken::new(),
        });
        tokio::spawn(sweep(Arc::clone(&shared)));
        Self { shared }
    }

    /// Routes by `snapshot` from the next request on, all of them on all connections.
    ///
    /// # Errors
    /// Returns why the routes stay as they are.
    pub fn apply(&self, snapshot: Snapshot) -> Result<Applied, Refused> {
        self.shared.registry().apply(snapshot)
    }

    /// Returns the table as it would be with `snapshot`, to be made durable before it is applied.
    ///
    /// # Errors
    /// Returns why [`Proxy::apply`] would refuse.
    pub fn proposed(&self, snapshot: Snapshot) -> Result<(Table, Applied), Refused> {
        let mut table = self.table();
        let applied = table.accept(snapshot)?;
        Ok((table, applied))
    }

    /// Returns what is routed, in the durable form.
    pub fn table(&self) -> Table {
        self.shared.registry().table.clone()
    }

    /// Accepts connections from `socket` for the routes that name `listener`; returns its address.
    ///
    /// Several sockets may serve one listener. The socket may be shared with another
    /// process; keep a clone to hand it over.
    ///
    /// # Errors
    /// Returns why the socket cannot be served.
    pub fn serve(&self, listener: &str, socket: std::net::TcpListener) -> Result<SocketAddr, ServeError> {
        if self.shared.stopping.is_cancelled() {
            return Err(ServeError::Stopping);
        }
        let failed = |source| ServeError::Socket {
            listener: listener.to_owned(),
            source,
        };
        socket.set_nonblocking(true).map_err(failed)?;
        let socket = tokio::net::TcpListener::from_std(socket).map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        let slot = self.shared.registry().slot(listener);
        tokio::spawn(accept::run(Arc::clone(&self.shared), slot, socket));
        Ok(address)
    }

    /// Returns the requests of `revision` in flight, streaming bodies and tunnels included.
    pub fn in_flight(&self, stream: &StreamId, revision: &str) -> u64 {
        let tenure = self.shared.registry().tenure(stream, revision);
        tenure.map_or(0, |(_, tenure)| tenure.counters.in_flight())
    }

    /// Waits until no request of `revision` is in flight, at most `deadline`, then cuts the rest.
    ///
    /// At half time WebSockets and event streams, which never end by themselves, are told
    /// to close.
    ///
    /// # Errors
    /// Returns why it is not drained: it still has weight, or got weight back while waiting; then nothing is cut.
    pub async fn drained(
        &self,
        stream: &StreamId,
        revision: &str,
        deadline: Duration,
    ) -> Result<Drained, DrainRefused> {
        drain::run(&self.shared, stream, revision, deadline).await
    }

    /// Returns all counts.
    pub fn report(&self) -> Report {
        let registry = self.shared.registry();
        Report {
            epoch: self.shared.epoch,
            sequence: self.shared.reports.fetch_add(1, Ordering::Relaxed) + 1,
            at: wall(),
            age: self.shared.began.elapsed(),
            revisions: registry.revision_reports(),
            listeners: registry.listener_reports(),
        }
    }

    /// Returns the life of this proxy.
    pub fn epoch(&self) -> Epoch {
        self.shared.epoch
    }

    /// Stops accepting at once, lets requests in flight finish within `grace`, then cuts the rest.
    ///
    /// Kept connections are closed with the answer to their next request, which tells
    /// the client beforehand; only one that stays idle until half time is closed without.
    /// At half time WebSockets and event streams are told to close.
    pub async fn shutdown(&self, grace: Duration) -> Stopped {
        let shared = &self.shared;
        shared.leaving.store(true, Ordering::SeqCst);
        shared.stopping.cancel();
        shared.tasks.close();
        let open = shared.tasks.len() as u64;
        let mut cut = 0;
        if timeout(grace / 2, shared.tasks.wait()).await.is_err() {
            shared.end_all(Tenure::tell);
            shared.idle_close.cancel();
            if timeout(grace / 2, shared.tasks.wait()).await.is_err() {
                cut = shared.tasks.len() as u64;
                shared.end_all(Tenure::cut);
                let _ = timeout(AFTER_CUT, shared.tasks.wait()).await;
                shared.abort.cancel();
                shared.tasks.wait().await;
            }
        }
        shared.idle_close.cancel();
        Stopped {
            finished: open.saturating_sub(cut),
            cut,
        }
    }
}

/// How long what was cut by a shutdown may take to say so to its client.
const AFTER_CUT: Duration = Duration::from_millis(500);

impl Shared {
    pub(crate) fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end_all(&self, end: fn(&Tenure)) {
        for tenure in self.registry().tenures() {
            end(&tenure);
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_connections: 16_384,
            header_timeout: Duration::from_mins(1),
        }
    }
}

async fn sweep(shared: Arc<Shared>) {
    let mut ticks = tokio::time::interval(SWEEP);
    while shared.idle_close.run_until_cancelled(ticks.tick()).await.is_some() {
        let backends = shared.registry().backends();
        for backend in backends {
            backend.sweep();
        }
    }
}

fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
