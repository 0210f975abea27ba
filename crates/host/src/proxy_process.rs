//! The proxy's process: `lockgate-proxy` with its sockets, its file and its control socket.
//!
//! It starts from its own file and the supervisor's sockets, and needs no driver to
//! serve. A snapshot is on disk before it is in force, and in force before it is
//! acknowledged. It keeps a duplicate of every socket, so that a new supervisor can
//! have them back, and it starts that one itself when the driver is dead, too. No
//! file but the routes can keep it from serving.

mod control;
mod sockets;

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use lockgate_proxy::{Applied, Proxy, Refused, Settings, Snapshot, Table};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::durable::{self, Durability};
use crate::layout::{HostHome, Role};
use crate::open_files;
use crate::roles::Roles;
use crate::seat::{Attachment, Seat, in_words};
use crate::start::keep_supervisor;
use sockets::Sockets;

/// What a proxy needs to know.
#[derive(Clone, Debug)]
pub struct ProxyOptions {
    /// Its host.
    pub home: HostHome,
    /// How to start a supervisor, when there is none.
    pub roles: Roles,
    /// Whether it leaves its starter.
    pub attachment: Attachment,
    /// What holds for the whole process.
    pub settings: Settings,
}

/// How long requests in flight may take when the proxy ends.
const GRACE: Duration = Duration::from_secs(10);

/// Everything that the proxy's tasks share.
struct Shared {
    home: HostHome,
    proxy: Proxy,
    sockets: Sockets,
    /// One snapshot at a time goes to disk and into force.
    applying: tokio::sync::Mutex<()>,
    /// Asks the process to end.
    ending: CancellationToken,
}

/// Why a snapshot is not in force.
#[derive(Debug, thiserror::Error)]
enum ApplyError {
    #[error("{}", in_words(.0))]
    Refused(#[from] Refused),
    #[error("writing the routes to {path}; the old ones stay in force: make room on the disk and ask again: {source}")]
    Write { path: String, source: io::Error },
}

/// Runs the proxy. To be called first in `main`, before any thread exists.
pub fn main(options: &ProxyOptions) -> ExitCode {
    let seat = match Seat::take(&options.home, Role::Proxy, options.attachment) {
        Ok(seat) => seat,
        Err(error) => {
            tracing::error!("{}", in_words(&error));
            return ExitCode::FAILURE;
        }
    };
    // Every connection is one, and its backend another.
    if let Err(error) = open_files::raise() {
        tracing::warn!("raising the limit of open files: {error}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ran = match runtime {
        // The runtime with all the sockets of its tasks is gone before the seat is free.
        Ok(runtime) => runtime.block_on(run(&seat, options)),
        Err(error) => Err(format!("starting its runtime: {error}")),
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            tracing::error!("the proxy ends: {reason}");
            ExitCode::FAILURE
        }
    }
}

async fn run(seat: &Seat, options: &ProxyOptions) -> Result<(), String> {
    let path = options.home.proxy_record();
    let table: Option<Table> = durable::read_json(&path).map_err(|error| {
        let remedy = "move it away to start without routes; the driver sends them again";
        format!("reading {}: {error}; {remedy}", path.display())
    })?;
    let life = next_life(&options.home.proxy_life());
    let shared = Arc::new(Shared {
        home: options.home.clone(),
        proxy: Proxy::start(options.settings.clone(), &table.unwrap_or_default(), life),
        sockets: Sockets::default(),
        applying: tokio::sync::Mutex::new(()),
        ending: CancellationToken::new(),
    });
    tokio::spawn(sockets::follow(Arc::clone(&shared)));
    let keeping = tokio::spawn(keep_supervisor(options.home.clone(), options.roles.clone()));
    let asked = asked_to_end(&shared);
    let served = control::serve(seat, Arc::clone(&shared));
    tokio::select! {
        result = served => result.map_err(|error| format!("serving its socket: {error}"))?,
        result = asked => result.map_err(|error| format!("waiting for signals: {error}"))?,
    }
    // Who ends does not bring others back.
    keeping.abort();
    let stopped = shared.proxy.shutdown(GRACE).await;
    tracing::info!(
        "the proxy ends: {} connections finished, {} were cut",
        stopped.finished,
        stopped.cut
    );
    Ok(())
}

/// Returns the number of the life that begins, and keeps it.
///
/// It is greater than that of every life before, even when the clock was set back in between,
/// and as great as the milliseconds since 1970, so that it still is when the file was lost.
/// A full disk does not keep the proxy from serving.
fn next_life(path: &Path) -> u64 {
    let last: Option<u64> = durable::read_json(path).unwrap_or_else(|error| {
        tracing::warn!("reading the number of the last life in {}: {error}", path.display());
        None
    });
    let now = crate::clock::wall().0.unsigned_abs();
    let life = last.map_or(now, |last| now.max(last.saturating_add(1)));
    if let Err(error) = durable::replace_json(path, &life, Durability::Process) {
        tracing::warn!("keeping the number of this life in {}: {error}", path.display());
    }
    life
}

async fn asked_to_end(shared: &Shared) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = shared.ending.cancelled() => {}
    }
    Ok(())
}

impl Shared {
    /// Puts a snapshot on disk and into force.
    async fn apply(&self, snapshot: Snapshot) -> Result<Applied, ApplyError> {
        let _alone = self.applying.lock().await;
        let (table, applied) = self.proxy.proposed(snapshot.clone())?;
        if applied != Applied::Unchanged {
            let path = self.home.proxy_record();
            let shown = path.display().to_string();
            let written = tokio::task::spawn_blocking(move || durable::replace_json(&path, &table, Durability::Power));
            let written = written.await.map_err(io::Error::other).flatten();
            written.map_err(|source| ApplyError::Write { path: shown, source })?;
        }
        Ok(self.proxy.apply(snapshot)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_later_than_the_one_before_though_the_clock_was_set_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("proxy.life.json");
        let first = next_life(&path);
        assert!(next_life(&path) > first);
        let future = first + 3_600_000;
        durable::replace_json(&path, &future, Durability::Process).unwrap();
        assert_eq!(next_life(&path), future + 1);
        std::fs::write(&path, "torn").unwrap();
        assert!((first..future).contains(&next_life(&path)));
    }
}
