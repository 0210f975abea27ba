//! The driver's socket.

use std::collections::BTreeMap;
use std::sync::Arc;

use lockgate_core::{Sequence, StreamId};
use lockgate_engine::driver::Chain;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use super::api::{Reply, Request};
use super::served::{Reading, Served};

/// The most that one request may be.
const LINE_LIMIT: u64 = 64 << 20;

/// How long a stream that cannot be read is left alone.
const RETRY: std::time::Duration = std::time::Duration::from_millis(500);

/// The domains by the kind of their streams.
pub(crate) type Domains = BTreeMap<&'static str, Arc<dyn Served>>;

/// Answers every connection until the task is dropped.
pub(crate) async fn serve(listener: UnixListener, domains: Arc<Domains>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let domains = Arc::clone(&domains);
                tokio::spawn(async move {
                    if let Err(error) = answer(stream, &domains).await {
                        tracing::debug!(%error, "a client went away");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }
}

async fn answer(stream: UnixStream, domains: &Domains) -> std::io::Result<()> {
    use tokio::io::AsyncReadExt;
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read.take(LINE_LIMIT)).lines();
    while let Some(line) = lines.next_line().await? {
        let request = match serde_json::from_str(&line) {
            Ok(request) => request,
            Err(error) => {
                let words = format!("this request cannot be read; is another version running? {error}");
                send(&mut write, &Reply::Failed { words }).await?;
                continue;
            }
        };
        match request {
            Request::Ping => {
                let version = env!("CARGO_PKG_VERSION").to_owned();
                send(&mut write, &Reply::Pong { version }).await?;
            }
            Request::Begin { stream, start } => {
                let reply = match domain(domains, &stream) {
                    Ok(domain) => domain.begin(&stream, start).await,
                    Err(reply) => reply,
                };
                send(&mut write, &reply).await?;
            }
            Request::Submit { stream, input, id } => {
                let reply = match domain(domains, &stream) {
                    Ok(domain) => domain.submit(&stream, input, id).await,
                    Err(reply) => reply,
                };
                send(&mut write, &reply).await?;
            }
            Request::Tail { stream, after } => {
                let reply = match domain(domains, &stream) {
                    Ok(domain) => follow(&mut write, &**domain, &stream, after).await?,
                    Err(reply) => reply,
                };
                send(&mut write, &reply).await?;
            }
        }
    }
    Ok(())
}

fn domain<'a>(domains: &'a Domains, stream: &StreamId) -> Result<&'a Arc<dyn Served>, Reply> {
    let words = || format!("this driver has no streams of the kind `{}`", stream.kind());
    domains
        .get(stream.kind())
        .ok_or_else(|| Reply::Failed { words: words() })
}

/// Sends a stream's events, from one of its drivers to the next, and returns the last line: its end, or why there is none.
async fn follow(
    write: &mut (impl AsyncWriteExt + Unpin),
    domain: &dyn Served,
    stream: &StreamId,
    after: Sequence,
) -> std::io::Result<Reply> {
    let mut reading = match domain.tail(stream, after).await {
        Ok(reading) => reading,
        Err(reply) => return Ok(reply),
    };
    loop {
        let read = read(write, &mut reading).await?;
        match read {
            Ok(()) if reading.over => return Ok(Reply::End),
            Ok(()) => {}
            Err(words) => pause(write, words).await?,
        }
        // Its driver has ended, which is looked up anew: either the machine is over, or another takes the stream.
        reading = loop {
            match domain.tail(stream, reading.tail.after()).await {
                Ok(next) => break next,
                Err(Reply::Failed { words }) => pause(write, words).await?,
                Err(reply) => return Ok(reply),
            }
        };
    }
}

/// Sends what one driver of a stream writes, until that driver has ended; or returns why it cannot be read.
async fn read(write: &mut (impl AsyncWriteExt + Unpin), reading: &mut Reading) -> std::io::Result<Result<(), String>> {
    let Reading { tail, trouble, .. } = reading;
    let (mut told, mut driven) = (None, true);
    loop {
        let present = trouble.borrow_and_update().clone();
        if present != told {
            told.clone_from(&present);
            send(write, &Reply::Trouble { words: present }).await?;
        }
        tokio::select! {
            changed = trouble.changed(), if driven => driven = changed.is_ok(),
            events = tail.next() => match events {
                Ok(Some(events)) => {
                    for event in events {
                        send(write, &Reply::Event(event.into())).await?;
                    }
                }
                Ok(None) => return Ok(Ok(())),
                Err(error) => return Ok(Err(Chain(&error).to_string())),
            },
        }
    }
}

/// Says why a stream stands still, and waits until it may be tried again.
async fn pause(write: &mut (impl AsyncWriteExt + Unpin), words: String) -> std::io::Result<()> {
    send(write, &Reply::Trouble { words: Some(words) }).await?;
    tokio::time::sleep(RETRY).await;
    Ok(())
}

async fn send(write: &mut (impl AsyncWriteExt + Unpin), reply: &Reply) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    write.write_all(&line).await
}
