//! What the command line and the driver say to each other: JSON lines over a Unix socket.
//!
//! The driver knows streams, not commands: a command is an input of a machine, and what it shows is
//! folded from the events that come back. So every command works the same on a log read from disk.

use lockgate_core::{InputId, Sequence, StreamId, Timestamp};
use lockgate_engine::{NewEvent, Recorded};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One question to the driver.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Request {
    /// Are you there, and which version?
    Ping,
    /// Begin a stream, unless it has begun.
    Begin {
        /// Its name.
        stream: StreamId,
        /// The machine's start.
        start: Value,
    },
    /// Submit an intent.
    Submit {
        /// To which stream.
        stream: StreamId,
        /// The machine's input.
        input: Value,
        /// Names the intent, so that sending it again does nothing.
        id: InputId,
    },
    /// Send the events behind a position, and what comes.
    Tail {
        /// Of which stream.
        stream: StreamId,
        /// From where on.
        after: Sequence,
    },
}

/// One line of the driver's answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Reply {
    /// I am.
    Pong {
        /// The driver's version.
        version: String,
    },
    /// It is recorded, up to this event.
    Accepted {
        /// The stream's head after it.
        sequence: Sequence,
    },
    /// The machine refused, in words.
    Refused {
        /// Why, with the remedy.
        words: String,
    },
    /// The driver could not do it.
    Failed {
        /// Why.
        words: String,
    },
    /// One event.
    Event(Line),
    /// The stream stands still because the log cannot be written, or goes on.
    Trouble {
        /// Why, while it stands still.
        words: Option<String>,
    },
    /// The stream has ended.
    End,
}

/// An event on the wire.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    sequence: Sequence,
    name: String,
    version: u32,
    at: Timestamp,
    body: String,
}

impl From<Recorded> for Line {
    fn from(Recorded { sequence, event }: Recorded) -> Self {
        Self {
            sequence,
            name: event.name,
            version: event.version,
            at: event.at,
            body: event.body,
        }
    }
}

impl From<Line> for Recorded {
    fn from(line: Line) -> Self {
        let event = NewEvent {
            name: line.name,
            version: line.version,
            at: line.at,
            body: line.body,
        };
        Self {
            sequence: line.sequence,
            event,
        }
    }
}
