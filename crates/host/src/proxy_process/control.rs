//! Answering the proxy's control socket.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixListener;

use super::Shared;
use crate::seat::Seat;
use crate::wire::{Channel, ProxyReply, ProxyRequest, WireError};

/// How often a socket is tried again that could not be bound.
const RETRY: Duration = Duration::from_secs(1);

/// Serves the socket for ever; one that cannot be bound is tried again while requests are served.
pub(super) async fn serve(seat: &Seat, shared: Arc<Shared>) -> io::Result<()> {
    let listener = loop {
        match seat.listener() {
            Ok(listener) => break UnixListener::from_std(listener)?,
            Err(error) => tracing::warn!("binding the proxy's socket: {error}"),
        }
        tokio::time::sleep(RETRY).await;
    };
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
        let channel = Channel::new(stream, "a client of the proxy");
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
        let reply = match request {
            ProxyRequest::Apply { snapshot } => match shared.apply(snapshot).await {
                Ok(applied) => ProxyReply::Applied { applied },
                Err(error) => refused(&error),
            },
            ProxyRequest::Report => ProxyReply::Report {
                report: Box::new(shared.proxy.report()),
            },
            ProxyRequest::Drained {
                stream,
                revision,
                deadline,
            } => {
                let drained = shared.proxy.drained(&stream, &revision, deadline);
                tokio::select! {
                    drained = drained => match drained {
                        Ok(drained) => ProxyReply::Drained { drained },
                        Err(error) => refused(&error),
                    },
                    // Who asked is gone, and nobody is there to want the cut.
                    () = channel.closed() => return Ok(()),
                }
            }
            ProxyRequest::Sockets => hand_over(&channel, shared).await?,
            ProxyRequest::Shutdown => {
                channel.send(&ProxyReply::Done).await?;
                shared.ending.cancel();
                return Ok(());
            }
        };
        channel.send(&reply).await?;
    }
    Ok(())
}

/// Sends every socket, and returns the reply that ends them.
async fn hand_over(channel: &Channel, shared: &Shared) -> Result<ProxyReply, WireError> {
    match shared.sockets.all() {
        Ok(sockets) => {
            for (info, socket) in sockets {
                channel.send_with(&ProxyReply::Socket(info), &[socket.as_fd()]).await?;
            }
            Ok(ProxyReply::Done)
        }
        Err(error) => Ok(refused(&error)),
    }
}

fn refused(error: &impl ToString) -> ProxyReply {
    ProxyReply::Refused {
        reason: error.to_string(),
    }
}
