//! Bytes both ways after an `Upgrade`.
//!
//! A tunnel belongs to its revision until it ends, so a switch leaves it alone. At half
//! time of the drain a WebSocket is told to close by a frame of the proxy's, put between
//! two frames of the instance: the client may finish its sentence and connects again, to
//! the new revision. Other protocols cannot be told; they are cut at the deadline.

use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio_util::sync::CancellationToken;

use super::websocket::{Frames, GOING_AWAY};
use crate::counters::Failure;
use crate::slot::Admission;

const BUFFER: usize = 16 * 1024;

type Stream = TokioIo<Upgraded>;

/// Carries bytes until both sides are done, or the drain cuts.
pub(super) async fn run(client: OnUpgrade, instance: OnUpgrade, websocket: Option<()>, admission: Admission) {
    let (told, cut) = {
        let tenure = &admission.revision().tenure;
        (tenure.told.clone(), tenure.cut.clone())
    };
    let carried = cut.run_until_cancelled(async {
        let (client, instance) = tokio::try_join!(client, instance).map_err(std::io::Error::other)?;
        let (client_reader, client_writer) = split(TokioIo::new(client));
        let (instance_reader, instance_writer) = split(TokioIo::new(instance));
        let down = async {
            match websocket {
                Some(()) => carry_frames(instance_reader, client_writer, &told).await,
                None => carry(instance_reader, client_writer).await,
            }
        };
        tokio::try_join!(carry(client_reader, instance_writer), down).map(|_| ())
    });
    match carried.await {
        // An abrupt end is how many clients leave a tunnel; it is nobody's failure.
        Some(_) => admission.finish(),
        None => admission.fail(Failure::DrainCut),
    }
}

async fn carry(mut from: ReadHalf<Stream>, mut to: WriteHalf<Stream>) -> std::io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..read]).await?;
        to.flush().await?;
    }
}

/// Carries the instance's frames; once told, closes behind the frame that is under way.
async fn carry_frames(
    mut from: ReadHalf<Stream>,
    mut to: WriteHalf<Stream>,
    told: &CancellationToken,
) -> std::io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    let mut frames = Frames::default();
    let mut closing = false;
    loop {
        if closing && frames.is_between() {
            to.write_all(&GOING_AWAY).await?;
            to.flush().await?;
            return discard(from, to).await;
        }
        let read = tokio::select! {
            read = from.read(&mut buffer) => read?,
            () = told.cancelled(), if !closing => {
                closing = true;
                continue;
            }
        };
        if read == 0 {
            return to.shutdown().await;
        }
        let bytes = &buffer[..read];
        let end = if closing {
            frames.advance(bytes).unwrap_or(read)
        } else {
            frames.pass(bytes);
            read
        };
        to.write_all(&bytes[..end]).await?;
        to.flush().await?;
    }
}

/// After the close frame nothing more may be sent; the instance ends when the client's own close frame arrives.
async fn discard(mut from: ReadHalf<Stream>, mut to: WriteHalf<Stream>) -> std::io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    while from.read(&mut buffer).await? > 0 {}
    to.shutdown().await
}
