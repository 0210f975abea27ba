//! The command line's side of the driver's socket.
//!
//! Who follows a stream does not mind when the driver dies: the next one is asked for the events behind the last that
//! came. What is missing is started, unless somebody stopped the host on purpose.

use std::time::{Duration, Instant};

use lockgate_core::{InputId, Sequence, StreamId};
use lockgate_engine::Recorded;
use lockgate_host::layout::{HostHome, Role};
use lockgate_host::start::{self, StartError};
use serde::Serialize;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::api::{Reply, Request};
use crate::exit::Failure;
use crate::host_command;
use crate::render::out;

/// How long a follower waits for the next driver.
const PATIENCE: Duration = Duration::from_secs(10);
/// After so long a connection counts as one that held: its loss is a new one, and not more of the last.
const HELD: Duration = Duration::from_secs(2);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(20);

/// One connection to the driver.
pub(crate) struct DriverClient {
    home: HostHome,
    replies: Lines<BufReader<OwnedReadHalf>>,
    requests: OwnedWriteHalf,
    peeked: Option<Recorded>,
    following: Option<Place>,
    /// What was said of the stream's trouble last.
    trouble: Option<String>,
}

/// How far a stream was followed.
#[derive(Clone)]
struct Place {
    stream: StreamId,
    after: Sequence,
    /// Since when this connection is there.
    connected: Instant,
    /// Since when no driver has stayed.
    alone: Option<Instant>,
}

impl Place {
    /// Notes that the connection is lost, and returns until when the next is waited for.
    fn lose(&mut self, now: Instant) -> Instant {
        // Not only an event shows that a driver works: a stream may be quiet for hours.
        if now.duration_since(self.connected) >= HELD {
            self.alone = None;
        }
        *self.alone.get_or_insert(now) + PATIENCE
    }
}

/// How an intent was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is recorded.
    Accepted(Sequence),
    /// The machine refused it, in words.
    Refused(String),
}

impl DriverClient {
    /// Connects to the driver of this home, which must be running.
    pub(crate) fn connect(home: &HostHome) -> Result<Self, Failure> {
        let stream = lockgate_host::socket::connect(&home.socket(Role::Driver))
            .and_then(|stream| {
                stream.set_nonblocking(true)?;
                UnixStream::from_std(stream)
            })
            .map_err(|error| {
                Failure::unavailable("reach the driver")
                    .because(&error)
                    .help("`lockgate host status` shows what runs; `lockgate host start` starts what is missing")
            })?;
        let (read, requests) = stream.into_split();
        Ok(Self {
            home: home.clone(),
            replies: BufReader::new(read).lines(),
            requests,
            peeked: None,
            following: None,
            trouble: None,
        })
    }

    /// Begins a stream, unless it has begun.
    pub(crate) async fn begin(&mut self, stream: &StreamId, start: &impl Serialize) -> Result<(), Failure> {
        let request = Request::Begin {
            stream: stream.clone(),
            start: value(start)?,
        };
        match self.ask(&request).await? {
            Answer::Accepted(_) => Ok(()),
            Answer::Refused(words) => Err(Failure::refused(words)),
        }
    }

    /// Submits an intent.
    pub(crate) async fn submit(
        &mut self,
        stream: &StreamId,
        input: &impl Serialize,
        id: InputId,
    ) -> Result<Answer, Failure> {
        self.ask(&Request::Submit {
            stream: stream.clone(),
            input: value(input)?,
            id,
        })
        .await
    }

    /// Asks for the events behind `after`; [`DriverClient::next_event`] then brings them.
    pub(crate) async fn tail(&mut self, stream: &StreamId, after: Sequence) -> Result<(), Failure> {
        self.following = Some(Place {
            stream: stream.clone(),
            after,
            connected: Instant::now(),
            alone: None,
        });
        self.send(&Request::Tail {
            stream: stream.clone(),
            after,
        })
        .await
    }

    /// Returns whether the stream of the tail has begun, after its first event came.
    pub(crate) async fn has_begun(&mut self) -> Result<bool, Failure> {
        loop {
            match self.receive().await? {
                Reply::Event(line) => {
                    self.peeked = Some(self.note(line.into()));
                    return Ok(true);
                }
                Reply::Trouble { words } => self.tell_trouble(words),
                Reply::Failed { .. } => return Ok(false),
                other => return Err(unexpected(&other)),
            }
        }
    }

    /// Returns the next event of the tail; `None` at the stream's end.
    pub(crate) async fn next_event(&mut self) -> Result<Option<Recorded>, Failure> {
        if let Some(recorded) = self.peeked.take() {
            return Ok(Some(recorded));
        }
        loop {
            let line = match self.line().await {
                Ok(line) => line,
                Err(lost) => {
                    self.follow_the_next(lost).await?;
                    continue;
                }
            };
            match reply(&line)? {
                Reply::Event(line) => return Ok(Some(self.note(line.into()))),
                Reply::Trouble { words } => self.tell_trouble(words),
                Reply::End => return Ok(None),
                Reply::Failed { words } => return Err(Failure::unavailable(words)),
                other => return Err(unexpected(&other)),
            }
        }
    }

    /// Says once why the stream stands still, and once that it goes on.
    fn tell_trouble(&mut self, words: Option<String>) {
        match &words {
            Some(words) if self.trouble.as_ref() != Some(words) => out::progress(format_args!(
                "it stands still: {words}; it goes on by itself as soon as the log can be written (is the disk full?)"
            )),
            None if self.trouble.is_some() => out::progress("the log can be written again: it goes on"),
            _ => {}
        }
        self.trouble = words;
    }

    /// Remembers how far the stream has come.
    fn note(&mut self, recorded: Recorded) -> Recorded {
        if let Some(place) = &mut self.following {
            place.after = recorded.sequence;
            place.alone = None;
        }
        recorded
    }

    /// Connects to the next driver and goes on behind the last event.
    async fn follow_the_next(&mut self, lost: Failure) -> Result<(), Failure> {
        let Some(place) = &mut self.following else {
            return Err(lost);
        };
        let deadline = place.lose(Instant::now());
        let place = place.clone();
        let mut last = lost;
        while Instant::now() < deadline {
            tokio::time::sleep(LOOK).await;
            match start::ensure_all_kept(&self.home, &host_command::roles()?).await {
                Ok(()) => {}
                Err(StartError::Stopped) => return Err(stopped()),
                Err(error) => {
                    last = host_command::not_started(&error);
                    continue;
                }
            }
            let Ok(mut next) = Self::connect(&self.home) else {
                continue;
            };
            if next.tail(&place.stream, place.after).await.is_ok() {
                next.following = Some(Place {
                    connected: Instant::now(),
                    ..place
                });
                next.trouble = self.trouble.take();
                *self = next;
                return Ok(());
            }
        }
        Err(last)
    }

    async fn ask(&mut self, request: &Request) -> Result<Answer, Failure> {
        self.send(request).await?;
        match self.receive().await? {
            Reply::Accepted { sequence } => Ok(Answer::Accepted(sequence)),
            Reply::Refused { words } => Ok(Answer::Refused(words)),
            Reply::Failed { words } => Err(Failure::unavailable(words)),
            other => Err(unexpected(&other)),
        }
    }

    async fn send(&mut self, request: &Request) -> Result<(), Failure> {
        let mut line = serde_json::to_vec(request)
            .map_err(|error| Failure::unavailable("cannot write a request").because(&error))?;
        line.push(b'\n');
        self.requests.write_all(&line).await.map_err(|error| lost(&error))
    }

    async fn receive(&mut self) -> Result<Reply, Failure> {
        reply(&self.line().await?)
    }

    async fn line(&mut self) -> Result<String, Failure> {
        let line = self.replies.next_line().await.map_err(|error| lost(&error))?;
        line.ok_or_else(|| lost(&std::io::Error::from(std::io::ErrorKind::UnexpectedEof)))
    }
}

fn reply(line: &str) -> Result<Reply, Failure> {
    serde_json::from_str(line).map_err(|error| {
        Failure::unavailable("cannot read the driver's answer")
            .because(&error)
            .help("the driver may be of another version: `lockgate host stop`, then try again")
    })
}

fn value(value: &impl Serialize) -> Result<serde_json::Value, Failure> {
    serde_json::to_value(value).map_err(|error| Failure::unavailable("cannot write a request").because(&error))
}

fn lost(error: &std::io::Error) -> Failure {
    Failure::unavailable("the connection to the driver broke")
        .because(error)
        .help("`lockgate host status` shows what runs, `lockgate status` what became of it")
}

fn stopped() -> Failure {
    Failure::unavailable("the host was stopped on purpose, and what was begun stands still")
        .help("`lockgate host start` starts it again, and it goes on; `lockgate status` shows how far it came")
}

fn unexpected(reply: &Reply) -> Failure {
    Failure::unavailable(format!("the driver answered something else than was asked: {reply:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_of_a_loss_starts_anew_when_the_connection_held() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut place = Place {
            stream: StreamId::new("run", "shop/1"),
            after: Sequence(7),
            connected: start,
            alone: None,
        };
        assert_eq!(place.lose(after(60)), after(70));
        // A driver that dies as soon as it is there is the same loss.
        place.connected = after(68);
        assert_eq!(place.lose(after(69)), after(70));
        // One that held is not, though no event came.
        place.connected = after(70);
        assert_eq!(place.lose(after(300)), after(310));
    }
}
