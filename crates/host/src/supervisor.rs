//! The supervisor: the process that must not do much.
//!
//! It holds the listening sockets, keeps instances running under shims, and
//! restarts proxy and driver. It decides nothing about releases and forwards no
//! byte. All that it must remember is in one file, written before it is
//! acknowledged; all else it finds again: instances and processes by their places,
//! sockets in the living proxy. So its death costs nothing.

mod control;
mod instances;
mod keeper;
mod listeners;
pub(crate) mod ports;
mod record;
mod rotation;
mod shutdown;

use std::process::ExitCode;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

pub use record::{Desired, InstanceRecord, Record};

use crate::instance::Instances;
use crate::layout::{HostHome, Role};
use crate::open_files;
use crate::roles::Roles;
use crate::seat::{Attachment, Seat, in_words};
use instances::InstanceTable;
use keeper::Keepers;
use listeners::Listeners;
use record::Ledger;

/// What a supervisor needs to know.
#[derive(Clone, Debug)]
pub struct SupervisorOptions {
    /// Its host.
    pub home: HostHome,
    /// How to start the others.
    pub roles: Roles,
    /// Whether it leaves its starter.
    pub attachment: Attachment,
}

/// Everything that the supervisor's tasks share.
struct Shared {
    home: HostHome,
    ledger: Arc<Ledger>,
    listeners: Listeners,
    instances: InstanceTable,
    keepers: Keepers,
    /// Ends the process, at the end of a shutdown.
    ended: CancellationToken,
    /// One shutdown at a time, and no second one after it.
    shutdown: tokio::sync::Mutex<()>,
}

/// Runs the supervisor. To be called first in `main`, before any thread exists.
pub fn main(options: &SupervisorOptions) -> ExitCode {
    let seat = match Seat::take(&options.home, Role::Supervisor, options.attachment) {
        Ok(seat) => seat,
        Err(error) => {
            tracing::error!("{}", in_words(&error));
            return ExitCode::FAILURE;
        }
    };
    if let Err(error) = open_files::restore() {
        tracing::warn!("lowering the limit of open files: {error}");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ran = match runtime {
        // The runtime with all that its tasks hold is gone before the seat is free.
        Ok(runtime) => runtime.block_on(run(&seat, options)),
        Err(error) => Err(format!("starting its runtime: {error}")),
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            tracing::error!("the supervisor ends: {reason}");
            ExitCode::FAILURE
        }
    }
}

async fn run(seat: &Seat, options: &SupervisorOptions) -> Result<(), String> {
    // First of all: an order that comes during the recovery is carried out after it, and does not kill.
    let orders = Orders::heard().map_err(|error| format!("listening for signals: {error}"))?;
    let home = options.home.clone();
    let ledger = Arc::new(Ledger::open(home.supervisor_record()).map_err(|error| in_words(&error))?);
    let listeners = Listeners::recover(&home, Arc::clone(&ledger)).await;
    let instances = InstanceTable::recover(&home, &options.roles, Arc::clone(&ledger)).await;
    let shared = Arc::new(Shared {
        keepers: Keepers::start(&home, &options.roles),
        home,
        ledger,
        listeners,
        instances,
        ended: CancellationToken::new(),
        shutdown: tokio::sync::Mutex::new(()),
    });
    tokio::spawn(rotation::run(Arc::clone(&shared)));
    let terminated = terminated(orders, &shared);
    let served = control::serve(seat, Arc::clone(&shared));
    tokio::select! {
        result = served => result.map_err(|error| format!("serving its socket: {error}")),
        () = terminated => Ok(()),
        () = shared.ended.cancelled() => Ok(()),
    }
}

/// The signals that ask for an end.
struct Orders {
    terminate: Signal,
    interrupt: Signal,
}

impl Orders {
    /// Takes the signals from now on; what comes before somebody waits for them is kept.
    fn heard() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }
}

/// Returns when the process was asked to end by a signal and everything else has ended.
///
/// An operator or a service manager who ends the supervisor means the host: it stays stopped until it is started.
async fn terminated(mut orders: Orders, shared: &Shared) {
    tokio::select! {
        _ = orders.terminate.recv() => {}
        _ = orders.interrupt.recv() => {}
    }
    shutdown::run(shared, Instances::Keep).await;
}
