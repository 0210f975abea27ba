use std::time::Duration;

use serde::Serialize;

/// How one offered request ended.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    /// When it was due; this and the other instants count from the start of the load.
    pub(super) due: Duration,
    /// When it really left.
    pub(super) sent: Duration,
    /// When its answer was read to the end, or it failed.
    pub(super) ended: Duration,
    pub(super) connection: Connection,
    /// Who answered, where an answer said so.
    pub(super) version: Option<String>,
    pub(super) failure: Option<Failure>,
}

/// Whether a request goes over a connection that served others before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Connection {
    Kept,
    New,
}

impl Connection {
    /// Returns the side of the request with this index: half and half.
    pub(super) fn of(index: u64) -> Self {
        if index.is_multiple_of(2) { Self::Kept } else { Self::New }
    }
}

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) kind: FailureKind,
    pub(super) detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FailureKind {
    /// Nobody listened.
    Refused,
    /// The connection ended before the answer did.
    Reset,
    /// No whole answer within the timeout.
    Timeout,
    /// An answer that is not 2xx.
    Status,
    /// A 2xx whose body is not as expected.
    Body,
    /// An answer that is not HTTP.
    Protocol,
    /// The generator itself could not send: descriptors, ports, or too many in flight.
    Generator,
}

impl Failure {
    pub(super) fn new(kind: FailureKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }

    /// Returns the failure of an attempt to connect.
    pub(super) fn connecting(error: &std::io::Error) -> Self {
        Self::new(
            io_kind(error.kind()).unwrap_or(FailureKind::Generator),
            error.to_string(),
        )
    }

    /// Returns the failure of an exchange on an open connection.
    pub(super) fn exchanging(error: &hyper::Error) -> Self {
        let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
        let mut kind = None;
        let mut words = Vec::new();
        while let Some(cause) = source {
            if let Some(io) = cause.downcast_ref::<std::io::Error>() {
                kind = kind.or(io_kind(io.kind()));
            }
            words.push(cause.to_string());
            source = cause.source();
        }
        let kind = match kind {
            Some(kind) => kind,
            None if error.is_parse() => FailureKind::Protocol,
            None => FailureKind::Reset,
        };
        Self::new(kind, words.join(": "))
    }
}

fn io_kind(kind: std::io::ErrorKind) -> Option<FailureKind> {
    use std::io::ErrorKind as Io;
    match kind {
        Io::ConnectionRefused => Some(FailureKind::Refused),
        Io::ConnectionReset | Io::ConnectionAborted | Io::BrokenPipe | Io::NotConnected | Io::UnexpectedEof => {
            Some(FailureKind::Reset)
        }
        Io::TimedOut => Some(FailureKind::Timeout),
        _ => None,
    }
}
