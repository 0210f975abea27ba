//! Answering the supervisor's socket.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use lockgate_core::StreamId;
use tokio::net::UnixListener;

use super::{Shared, shutdown};
use crate::instance::Observation;
use crate::seat::Seat;
use crate::wire::{Channel, ListenerInfo, SupervisorReply, SupervisorRequest, WireError};

/// Serves the socket for ever.
pub(super) async fn serve(seat: &Seat, shared: Arc<Shared>) -> io::Result<()> {
    let listener = UnixListener::from_std(seat.listener()?)?;
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of descriptors, or the client has left: no reason to end.
                tracing::error!("accepting a conversation: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let channel = Channel::new(stream, "a client of the supervisor");
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            if let Err(error) = converse(channel, &shared).await {
                tracing::debug!("a conversation ended: {error}");
            }
        });
    }
}

async fn converse(mut channel: Channel, shared: &Shared) -> Result<(), WireError> {
    while let Some(request) = channel.receive().await? {
        match request {
            SupervisorRequest::Sockets => return hand_over(channel, shared).await,
            SupervisorRequest::Observe { stream } => return observe(channel, shared, stream).await,
            SupervisorRequest::Shutdown { instances } => {
                shutdown::run(shared, instances).await;
                let told = channel.send(&SupervisorReply::Done).await;
                shared.ended.cancel();
                return told;
            }
            request => channel.send(&answer(request, shared).await).await?,
        }
    }
    Ok(())
}

/// Returns the one reply to a request that has one.
async fn answer(request: SupervisorRequest, shared: &Shared) -> SupervisorReply {
    match request {
        SupervisorRequest::Ready => done(shared.keepers.ready().await),
        SupervisorRequest::Listen { name, address } => match shared.listeners.add(&name, address).await {
            Ok(listener) => SupervisorReply::Listening(listener),
            Err(error) => SupervisorReply::Refused {
                reason: error.to_string(),
            },
        },
        SupervisorRequest::Listeners => SupervisorReply::Listeners {
            listeners: shared.listeners.all(),
        },
        SupervisorRequest::EnsureInstance { instance } => done(shared.instances.ensure(instance).await),
        SupervisorRequest::StopInstance { id, grace } => done(shared.instances.stop(&id, grace).await),
        SupervisorRequest::ForgetInstance { id } => done(shared.instances.forget(&id).await),
        SupervisorRequest::Inventory { stream } => SupervisorReply::Inventory {
            instances: select(&shared.instances.watch().borrow(), stream.as_ref()),
        },
        SupervisorRequest::Taken { name } => SupervisorReply::Refused {
            reason: format!("nobody handed `{name}` over here; ask for the sockets first"),
        },
        SupervisorRequest::Sockets | SupervisorRequest::Observe { .. } | SupervisorRequest::Shutdown { .. } => {
            unreachable!("answered by the conversation itself")
        }
    }
}

fn done<E: ToString>(result: Result<(), E>) -> SupervisorReply {
    match result {
        Ok(()) => SupervisorReply::Done,
        Err(error) => SupervisorReply::Refused {
            reason: error.to_string(),
        },
    }
}

/// Hands every socket over, now and later, until the peer is gone.
async fn hand_over(mut channel: Channel, shared: &Shared) -> Result<(), WireError> {
    let mut listeners = shared.listeners.watch();
    let mut handed = Vec::new();
    loop {
        let held = listeners.borrow_and_update().clone();
        for (name, listener) in held {
            let Ok(socket) = &listener.socket else { continue };
            if handed.contains(&name) {
                continue;
            }
            let info = ListenerInfo {
                name: name.clone(),
                address: listener.address,
                problem: None,
            };
            channel
                .send_with(&SupervisorReply::Socket(info), &[socket.as_fd()])
                .await?;
            handed.push(name);
        }
        tokio::select! {
            changed = listeners.changed() => if changed.is_err() { return Ok(()) },
            taken = channel.receive() => match taken? {
                Some(SupervisorRequest::Taken { name }) => shared.listeners.taken(name),
                Some(_) => return Err(channel.unexpected()),
                None => return Ok(()),
            },
        }
    }
}

/// Tells every change of the instances, until the peer is gone.
async fn observe(mut channel: Channel, shared: &Shared, stream: Option<StreamId>) -> Result<(), WireError> {
    let mut observed = shared.instances.watch();
    let mut told: BTreeMap<_, Observation> = BTreeMap::new();
    loop {
        let present = select(&observed.borrow_and_update(), stream.as_ref());
        for observation in present {
            if told.get(&observation.id) != Some(&observation) {
                channel.send(&SupervisorReply::Instance(observation.clone())).await?;
                told.insert(observation.id.clone(), observation);
            }
        }
        tokio::select! {
            changed = observed.changed() => if changed.is_err() { return Ok(()) },
            () = channel.closed() => return Ok(()),
        }
    }
}

fn select<K>(all: &BTreeMap<K, Observation>, stream: Option<&StreamId>) -> Vec<Observation> {
    let wanted = |observation: &&Observation| stream.is_none_or(|stream| *stream == observation.stream);
    all.values().filter(wanted).cloned().collect()
}
