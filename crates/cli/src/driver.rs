//! The driver process: the engine with the store, behind a Unix socket.

pub(crate) mod api;
pub(crate) mod client;
mod served;
mod server;

use std::path::Path;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lockgate_adapters::clock::SystemClock;
use lockgate_adapters::run::{RunFolders, RunPerformer};
use lockgate_adapters::ship::{Environments, Runs, ShipPerformer};
use lockgate_adapters::target::process::ProcessTarget;
use lockgate_core::{Machine, StreamId};
use lockgate_engine::driver::Chain;
use lockgate_engine::{Clock, Domain, EventLog, Performer};
use lockgate_host::seat::{Attachment, Seat};
use lockgate_host::{HostHome, Role, Roles};
use lockgate_ship::Ship;
use lockgate_store::{Durability, SqliteLog};
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::{Exit, Failure};
use crate::home::Home;
use crate::render::out;
use server::Domains;

/// Plays the driver until it is told to end.
pub(crate) fn main(home: &Path) -> Exit {
    let host = HostHome::new(home);
    let seat = match Seat::take(&host, Role::Driver, Attachment::Detached) {
        Ok(seat) => seat,
        Err(error) => {
            out::progress(Chain(&error));
            return Exit::Unavailable;
        }
    };
    crate::host_command::log_of_role();
    match drive(&Home::at(home), &host, &seat) {
        Ok(()) => Exit::Ok,
        Err(failure) => {
            out::progress(&failure);
            failure.exit
        }
    }
}

fn drive(home: &Home, host: &HostHome, seat: &Seat) -> Result<(), Failure> {
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::unavailable("cannot start the driver").because(&error))?;
    let ended = runtime.block_on(async {
        let roles = crate::host_command::roles()?;
        tokio::spawn(lockgate_host::start::keep_supervisor(host.clone(), roles.clone()));
        let domains = open(home, host, &roles).await?;
        let listener = seat
            .listener()
            .and_then(tokio::net::UnixListener::from_std)
            .map_err(|error| Failure::unavailable("serve the driver's socket").because(&error))?;
        let mut told = signal(SignalKind::terminate())
            .map_err(|error| Failure::unavailable("listen to signals").because(&error))?;
        tokio::select! {
            () = server::serve(listener, Arc::new(domains)) => {}
            _ = told.recv() => tracing::info!("told to end"),
        }
        Ok(())
    });
    runtime.shutdown_background();
    ended
}

/// Opens the log and takes up every stream that is not over.
async fn open(home: &Home, host: &HostHome, roles: &Roles) -> Result<Domains, Failure> {
    let log = SqliteLog::open(&home.driver_log(), Durability::Power)
        .await
        .map_err(|error| Failure::unavailable("cannot open the driver's log").because(&error))?;
    let log: Arc<dyn EventLog> = Arc::new(log);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let target = Arc::new(ProcessTarget::new(home.folder(), host.clone(), Arc::clone(&clock)));
    let folders = RunFolders::new(home.folder());
    let workers = RunPerformer::new(folders, roles.clone(), Arc::clone(&clock));
    let failed = |error| Failure::unavailable("take up what was begun").because(&error);
    let environments = Arc::new(
        Environments::open(Arc::clone(&log), Arc::clone(&clock), target)
            .await
            .map_err(failed)?,
    );
    let runs = Arc::new(
        Runs::open(Arc::clone(&log), Arc::clone(&clock), Arc::new(workers))
            .await
            .map_err(failed)?,
    );
    let crew = ShipPerformer::new(
        home.folder(),
        Arc::clone(&runs),
        Arc::clone(&environments),
        Arc::clone(&clock),
    );
    let ships: Domain<Ship, _> = Domain::open(log, clock, Arc::new(crew)).await.map_err(failed)?;
    let ships = Arc::new(ships);
    for tending in [tend(&environments), tend(&runs), tend(&ships)] {
        tokio::spawn(tending);
    }
    let mut domains = Domains::new();
    domains.insert("environment", environments);
    domains.insert("run", runs);
    domains.insert("ship", ships);
    Ok(domains)
}

/// Returns the care for one domain's drivers, without its types.
fn tend<M, P>(domain: &Arc<Domain<M, P>>) -> BoxFuture<'static, ()>
where
    M: Machine,
    M::Id: From<StreamId>,
    P: Performer<M>,
{
    let domain = Arc::clone(domain);
    async move { domain.tend().await }.boxed()
}
