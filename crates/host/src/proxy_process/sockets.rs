//! The listening sockets: from the supervisor, and back to its successor.

use std::collections::BTreeMap;
use std::io;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Shared;
use crate::layout::Role;
use crate::seat::in_words;
use crate::wire::{ListenerInfo, SupervisorClient, WireError};

/// How often a missing supervisor is looked for.
const LOOK: Duration = Duration::from_millis(20);

/// Duplicates of the sockets that are served.
#[derive(Debug, Default)]
pub(super) struct Sockets {
    held: Mutex<BTreeMap<String, (ListenerInfo, TcpListener)>>,
}

impl Sockets {
    /// Returns duplicates of all, to be handed over.
    pub(super) fn all(&self) -> io::Result<Vec<(ListenerInfo, TcpListener)>> {
        let held = self.held();
        let duplicate = |(info, socket): &(ListenerInfo, TcpListener)| Ok((info.clone(), socket.try_clone()?));
        held.values().map(duplicate).collect()
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<String, (ListenerInfo, TcpListener)>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves what the supervisor hands over, from this supervisor and every later one.
pub(super) async fn follow(shared: Arc<Shared>) {
    loop {
        match receive(&shared).await {
            Ok(()) => tracing::warn!("the supervisor is gone; its sockets are served on"),
            Err(WireError::Connect { .. }) => {}
            Err(error) => tracing::error!("taking sockets from the supervisor: {}", in_words(&error)),
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Takes sockets until the supervisor is gone.
async fn receive(shared: &Shared) -> Result<(), WireError> {
    let mut supervisor = SupervisorClient::connect(&shared.home.socket(Role::Supervisor))?;
    supervisor.subscribe_sockets().await?;
    while let Some((info, socket)) = supervisor.next_socket().await? {
        let name = info.name.clone();
        if shared.sockets.held().contains_key(&name) {
            // A new supervisor had it from here.
            supervisor.taken(&name).await?;
            continue;
        }
        let served = socket.try_clone().map_err(|error| error.to_string()).and_then(|copy| {
            let served = shared.proxy.serve(&name, copy);
            served.map_err(|error| in_words(&error))
        });
        match served {
            Ok(address) => {
                tracing::info!("listener `{name}` is served on {address}");
                shared.sockets.held().insert(name.clone(), (info, socket));
                supervisor.taken(&name).await?;
            }
            Err(reason) => tracing::error!("listener `{name}`: {reason}"),
        }
    }
    Ok(())
}
