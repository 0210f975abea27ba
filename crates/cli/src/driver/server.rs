//! The driver's socket.

use std::collections::BTreeMap;
use std::sync::Arc;

use lockgate_core::StreamId;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use super::api::{Reply, Request};
use super::served::Served;

/// The most that one request may be.
const LINE_LIMIT: u64 = 64 << 20;

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
                let tail = match domain(domains, &stream) {
                    Ok(domain) => domain.tail(&stream, after).await,
                    Err(reply) => Err(reply),
                };
                match tail {
                    Ok(mut tail) => follow(&mut write, &mut tail).await?,
                    Err(reply) => send(&mut write, &reply).await?,
                }
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

async fn follow(
    write: &mut (impl AsyncWriteExt + Unpin),
    tail: &mut lockgate_engine::tail::Tail,
) -> std::io::Result<()> {
    loop {
        match tail.next().await {
            Ok(Some(events)) => {
                for event in events {
                    send(write, &Reply::Event(event.into())).await?;
                }
            }
            Ok(None) => return send(write, &Reply::End).await,
            Err(error) => {
                let words = lockgate_engine::driver::Chain(&error).to_string();
                return send(write, &Reply::Failed { words }).await;
            }
        }
    }
}

async fn send(write: &mut (impl AsyncWriteExt + Unpin), reply: &Reply) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    write.write_all(&line).await
}
