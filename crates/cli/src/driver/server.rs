//! The driver's socket.

use std::collections::BTreeMap;
use std::sync::Arc;

use lockgate_core::{Sequence, StreamId};
use lockgate_engine::driver::Chain;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use super::api::{Reply, Request};
use super::served::{Reading, Served, Unread};

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
        Err(Unread::ForNow(words) | Unread::ForGood(words)) => return Ok(Reply::Failed { words }),
    };
    let mut told = None;
    loop {
        match read(write, &mut reading, &mut told).await? {
            Ok(()) if reading.over => return Ok(Reply::End),
            Ok(()) => {}
            Err(words) => pause(write, words, &mut told).await?,
        }
        // Its driver has ended, which is looked up anew: either the machine is over, or another takes the stream.
        reading = loop {
            match domain.tail(stream, reading.tail.after()).await {
                Ok(next) => break next,
                Err(Unread::ForNow(words)) => pause(write, words, &mut told).await?,
                Err(Unread::ForGood(words)) => return Ok(Reply::Failed { words }),
            }
        };
    }
}

/// Sends what one driver of a stream writes, until that driver has ended; or returns why it cannot be read.
///
/// Trouble that was told before is taken back when the log has proved to be readable: by an event, or by waiting for one.
async fn read(
    write: &mut (impl AsyncWriteExt + Unpin),
    reading: &mut Reading,
    told: &mut Option<String>,
) -> std::io::Result<Result<(), String>> {
    let Reading { tail, trouble, .. } = reading;
    let (mut doubtful, mut driven) = (told.is_some(), true);
    loop {
        let present = trouble.borrow_and_update().clone();
        if present.is_some() || !doubtful {
            tell(write, present, told).await?;
        }
        tokio::select! {
            changed = trouble.changed(), if driven => driven = changed.is_ok(),
            events = tail.next() => match events {
                Ok(Some(events)) => {
                    doubtful = false;
                    let present = trouble.borrow_and_update().clone();
                    tell(write, present, told).await?;
                    for event in events {
                        send(write, &Reply::Event(event.into())).await?;
                    }
                }
                Ok(None) => return Ok(Ok(())),
                Err(error) => return Ok(Err(Chain(&error).to_string())),
            },
            () = tokio::time::sleep(RETRY), if doubtful => doubtful = false,
        }
    }
}

/// Says why a stream stands still, and waits until it may be tried again.
async fn pause(
    write: &mut (impl AsyncWriteExt + Unpin),
    words: String,
    told: &mut Option<String>,
) -> std::io::Result<()> {
    tell(write, Some(words), told).await?;
    tokio::time::sleep(RETRY).await;
    Ok(())
}

/// Says why a stream stands still, or that it goes on, unless that was what was said last.
async fn tell(
    write: &mut (impl AsyncWriteExt + Unpin),
    words: Option<String>,
    told: &mut Option<String>,
) -> std::io::Result<()> {
    if words != *told {
        told.clone_from(&words);
        send(write, &Reply::Trouble { words }).await?;
    }
    Ok(())
}

async fn send(write: &mut (impl AsyncWriteExt + Unpin), reply: &Reply) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    write.write_all(&line).await
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use futures_util::FutureExt;
    use futures_util::future::BoxFuture;
    use lockgate_core::{InputId, Timestamp};
    use lockgate_engine::tail::Tail;
    use lockgate_engine::{Append, EventLog, NewEvent};
    use lockgate_store::MemoryLog;
    use serde_json::Value;
    use tokio::sync::watch;

    use super::*;

    /// Answers each question for a tail with the next of these.
    struct Script(Mutex<VecDeque<Result<Reading, Unread>>>);

    impl Served for Script {
        fn begin<'a>(&'a self, _: &'a StreamId, _: Value) -> BoxFuture<'a, Reply> {
            std::future::ready(Reply::End).boxed()
        }

        fn submit<'a>(&'a self, _: &'a StreamId, _: Value, _: InputId) -> BoxFuture<'a, Reply> {
            std::future::ready(Reply::End).boxed()
        }

        fn tail<'a>(&'a self, _: &'a StreamId, _: Sequence) -> BoxFuture<'a, Result<Reading, Unread>> {
            std::future::ready(self.0.lock().unwrap().pop_front().unwrap()).boxed()
        }
    }

    /// Returns a reading of a driver that has ended.
    fn ended(log: &Arc<MemoryLog>, stream: &StreamId, after: u64) -> Reading {
        Reading {
            tail: Tail::new(
                log.clone(),
                stream.clone(),
                Sequence(after),
                watch::channel(Sequence(0)).1,
            ),
            trouble: watch::channel(None).1,
            over: false,
        }
    }

    #[tokio::test]
    async fn trouble_is_said_once_and_taken_back_once_and_what_is_unreadable_for_good_ends_the_tail() {
        let (log, stream) = (Arc::new(MemoryLog::default()), StreamId::new("run", "shop/1"));
        let made = NewEvent {
            name: "Made".into(),
            version: 1,
            at: Timestamp(0),
            body: "{}".into(),
        };
        let append = Append {
            stream: stream.clone(),
            expected: Sequence(0),
            owner: log.claim(&stream).await.unwrap(),
            input: None,
            events: vec![made],
        };
        log.append(append).await.unwrap();
        let full = || Err(Unread::ForNow("the disk does not answer".into()));
        let script = [
            Ok(ended(&log, &stream, 1)),
            full(),
            full(),
            Ok(ended(&log, &stream, 0)),
            Err(Unread::ForGood("event 2 is of a later version".into())),
        ];
        let mut written = Vec::new();
        let script = Script(Mutex::new(script.into()));
        let last = follow(&mut written, &script, &stream, Sequence(0)).await.unwrap();
        assert!(
            matches!(&last, Reply::Failed { words } if words.contains("later version")),
            "{last:?}"
        );
        let said: Vec<Reply> = String::from_utf8(written)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert!(
            matches!(
                &said[..],
                [
                    Reply::Trouble { words: Some(_) },
                    Reply::Trouble { words: None },
                    Reply::Event(_)
                ]
            ),
            "{said:?}"
        );
    }
}
