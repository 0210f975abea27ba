//! One connection that carries lines, and descriptors with them.

use std::collections::VecDeque;
use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::Interest;
use tokio::net::UnixStream;

use crate::{socket, sys};

/// The longest line, in bytes; a routing table of thousands of backends is far below it.
const LONGEST_LINE: usize = 32 << 20;

/// Why a conversation with one of the host's processes failed.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Nobody listens.
    #[error("connecting to {path}; nobody answers there: any command that deploys starts the host's processes")]
    Connect {
        /// The socket.
        path: String,
        /// The cause.
        source: io::Error,
    },
    /// The connection broke.
    #[error("talking to {peer}")]
    Broken {
        /// The socket.
        peer: String,
        /// The cause.
        source: io::Error,
    },
    /// The peer went away in the middle.
    #[error("{peer} closed the connection before it answered; it may have died or be restarting: ask again")]
    Closed {
        /// The socket.
        peer: String,
    },
    /// The peer speaks another version.
    #[error("understanding {peer}; it may be another version of lockgate: stop the host and start it again")]
    Malformed {
        /// The socket.
        peer: String,
        /// The cause.
        source: serde_json::Error,
    },
    /// The peer answered something else.
    #[error("{peer} answered what was not asked; it may be another version: stop the host and start it again")]
    Unexpected {
        /// The socket.
        peer: String,
    },
    /// The peer said no.
    #[error("{0}")]
    Refused(String),
}

/// A connection between two processes of one host.
#[derive(Debug)]
pub struct Channel {
    stream: UnixStream,
    peer: String,
    received: Vec<u8>,
    /// How much of `received` holds no end of a line.
    searched: usize,
    descriptors: VecDeque<OwnedFd>,
}

impl Channel {
    /// Connects to the process that listens at `path`.
    pub fn connect(path: &Path) -> Result<Self, WireError> {
        let fail = |source| WireError::Connect {
            path: path.display().to_string(),
            source,
        };
        let stream = socket::connect(path).and_then(UnixStream::from_std).map_err(fail)?;
        Ok(Self::new(stream, path.display().to_string()))
    }

    /// Returns the channel over an accepted connection; `peer` is its name in messages.
    pub fn new(stream: UnixStream, peer: impl Into<String>) -> Self {
        Self {
            stream,
            peer: peer.into(),
            received: Vec::new(),
            searched: 0,
            descriptors: VecDeque::new(),
        }
    }

    /// Sends one line.
    pub async fn send<T: Serialize + Sync>(&self, value: &T) -> Result<(), WireError> {
        self.send_with(value, &[]).await
    }

    /// Sends one line and descriptors with it.
    pub async fn send_with<T: Serialize + Sync>(
        &self,
        value: &T,
        descriptors: &[BorrowedFd<'_>],
    ) -> Result<(), WireError> {
        let mut line = serde_json::to_vec(value).map_err(|source| self.malformed(source))?;
        line.push(b'\n');
        let mut rest = &line[..];
        let mut descriptors = descriptors;
        while !rest.is_empty() {
            self.stream.writable().await.map_err(|source| self.broken(source))?;
            let sent = self
                .stream
                .try_io(Interest::WRITABLE, || sys::send(self.stream.as_fd(), rest, descriptors));
            match sent {
                Ok(count) => {
                    rest = &rest[count..];
                    descriptors = &[];
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(self.broken(error)),
            }
        }
        Ok(())
    }

    /// Returns the next line's value, or `None` when the peer is done. Nothing is lost when cancelled.
    pub async fn receive<T: DeserializeOwned>(&mut self) -> Result<Option<T>, WireError> {
        loop {
            if let Some(line) = self.take_line() {
                return serde_json::from_slice(&line)
                    .map(Some)
                    .map_err(|source| self.malformed(source));
            }
            if self.fill().await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Sends a request and returns the first reply.
    pub async fn ask<Q: Serialize + Sync, A: DeserializeOwned>(&mut self, request: &Q) -> Result<A, WireError> {
        self.send(request).await?;
        self.expect().await
    }

    /// Returns the next value; its absence is an error.
    pub async fn expect<A: DeserializeOwned>(&mut self) -> Result<A, WireError> {
        let received = self.receive().await?;
        received.ok_or_else(|| self.closed_early())
    }

    /// Returns the oldest descriptor that came and was not taken.
    pub fn take_descriptor(&mut self) -> Option<OwnedFd> {
        self.descriptors.pop_front()
    }

    /// Returns the listening socket that came with the last line.
    pub(crate) fn take_listener(&mut self) -> Result<TcpListener, WireError> {
        let descriptor = self.take_descriptor().ok_or_else(|| self.unexpected())?;
        Ok(TcpListener::from(descriptor))
    }

    /// Returns when the peer is gone, for who only sends.
    pub async fn closed(&mut self) {
        while self.fill().await.is_ok_and(|count| count > 0) {
            self.received.clear();
            self.searched = 0;
        }
    }

    /// Returns the error for a reply that does not fit.
    pub(crate) fn unexpected(&self) -> WireError {
        WireError::Unexpected {
            peer: self.peer.clone(),
        }
    }

    /// Returns the error for a peer that left in the middle.
    pub(crate) fn closed_early(&self) -> WireError {
        WireError::Closed {
            peer: self.peer.clone(),
        }
    }

    fn take_line(&mut self) -> Option<Vec<u8>> {
        let found = self.received[self.searched..].iter().position(|byte| *byte == b'\n');
        let Some(at) = found else {
            self.searched = self.received.len();
            return None;
        };
        let rest = self.received.split_off(self.searched + at + 1);
        self.searched = 0;
        Some(std::mem::replace(&mut self.received, rest))
    }

    /// Receives what has come; returns how many bytes.
    async fn fill(&mut self) -> Result<usize, WireError> {
        loop {
            self.stream.readable().await.map_err(|source| self.broken(source))?;
            match self.receive_now() {
                Ok(_) if self.received.len() > LONGEST_LINE => {
                    return Err(self.broken(io::Error::new(io::ErrorKind::InvalidData, "a line without end")));
                }
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(0),
                Err(error) => return Err(self.broken(error)),
            }
        }
    }

    fn receive_now(&mut self) -> io::Result<usize> {
        let mut buffer = [0; 16 * 1024];
        let (count, descriptors) = self
            .stream
            .try_io(Interest::READABLE, || sys::receive(self.stream.as_fd(), &mut buffer))?;
        self.received.extend_from_slice(&buffer[..count]);
        self.descriptors.extend(descriptors);
        Ok(count)
    }

    fn broken(&self, source: io::Error) -> WireError {
        WireError::Broken {
            peer: self.peer.clone(),
            source,
        }
    }

    fn malformed(&self, source: serde_json::Error) -> WireError {
        WireError::Malformed {
            peer: self.peer.clone(),
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream as Blocking;

    use super::*;

    fn pair() -> (Channel, Channel) {
        let (left, right) = UnixStream::pair().unwrap();
        (Channel::new(left, "left"), Channel::new(right, "right"))
    }

    #[tokio::test]
    async fn lines_and_descriptors_arrive_in_order() {
        let (left, mut right) = pair();
        let (one, two) = Blocking::pair().unwrap();
        left.send(&"first").await.unwrap();
        left.send_with(&"second", &[one.as_fd()]).await.unwrap();
        left.send_with(&"third", &[two.as_fd()]).await.unwrap();
        assert_eq!(right.receive::<String>().await.unwrap().unwrap(), "first");
        assert_eq!(right.receive::<String>().await.unwrap().unwrap(), "second");
        assert!(right.take_descriptor().is_some());
        assert_eq!(right.receive::<String>().await.unwrap().unwrap(), "third");
        assert!(right.take_descriptor().is_some());
        drop(left);
        assert_eq!(right.receive::<String>().await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_line_larger_than_the_socket_holds_arrives_whole() {
        let (left, mut right) = pair();
        let long = "x".repeat(3 << 20);
        let sending = tokio::spawn({
            let long = long.clone();
            async move { left.send(&long).await }
        });
        assert_eq!(right.receive::<String>().await.unwrap().unwrap(), long);
        sending.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_peer_that_leaves_or_babbles_is_named() {
        let (left, mut right) = pair();
        left.send(&1).await.unwrap();
        let babble = right.receive::<String>().await.unwrap_err().to_string();
        assert!(babble.starts_with("understanding right"), "{babble}");
        drop(left);
        let gone = right.expect::<String>().await.unwrap_err().to_string();
        assert!(gone.starts_with("right closed the connection"), "{gone}");
    }
}
