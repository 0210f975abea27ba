//! What the proxy has counted, as a value to send.
//!
//! Everything is cumulative since the proxy's [`Epoch`] began, so a report that is lost
//! or delivered twice is harmless: a window is the difference of two reports of one
//! epoch, and another epoch starts from zero.

use std::fmt;
use std::time::Duration;

use lockgate_core::{StreamId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::latency::Latency;

/// All counts at one instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The life of the proxy that counted.
    pub epoch: Epoch,
    /// The position among this epoch's reports, from 1.
    pub sequence: u64,
    /// When it was made.
    pub at: Timestamp,
    /// How long this epoch had lasted, by a clock that nobody sets.
    pub age: Duration,
    /// The revisions that were ever routed in this epoch, by stream and name.
    pub revisions: Vec<RevisionReport>,
    /// The listeners, by name.
    pub listeners: Vec<ListenerReport>,
}

/// One life of a proxy process; counts of different epochs do not compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Epoch {
    /// Greater than that of every life before.
    pub number: u64,
    /// Tells lives apart whose numbers are the same, because somebody removed the host's files.
    pub nonce: u64,
}

/// The counts of one revision of one stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionReport {
    /// The stream.
    pub stream: StreamId,
    /// The revision.
    pub revision: String,
    /// The counts.
    pub counts: Counts,
    /// The time from a request's admission to the head of the application's answer.
    pub latency: Latency,
}

/// Counts of requests.
///
/// A request is admitted once, answered at most once (by the application or by the proxy
/// in its stead) and fails at most once; it may be answered and then fail, when its body
/// breaks off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Requests that were given to the revision.
    pub requests: u64,
    /// Of these, still being answered; streaming bodies and tunnels included.
    pub in_flight: u64,
    /// The application's own answers.
    pub application: Statuses,
    /// The proxy's answers in the application's stead.
    pub proxy: Statuses,
    /// What went wrong.
    pub failures: Failures,
    /// Requests sent a second time, because an idle connection was closed under the first.
    pub resent: u64,
}

/// Answers by class of status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statuses {
    /// 101, the switch to a tunnel.
    pub informational: u64,
    /// 2xx.
    pub success: u64,
    /// 3xx.
    pub redirection: u64,
    /// 4xx.
    pub client_error: u64,
    /// 5xx.
    pub server_error: u64,
}

/// Failures by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    /// No instance accepted a connection (502).
    pub connect_refused: u64,
    /// No instance accepted a connection in time (504).
    pub connect_timeout: u64,
    /// The instance closed the connection before it answered (502).
    pub reset: u64,
    /// The instance did not answer in time (504).
    pub response_timeout: u64,
    /// The instance answered something that is not HTTP (502).
    pub bad_response: u64,
    /// The answer's body broke off.
    pub body_broken: u64,
    /// Cut at the deadline of a drain.
    pub drain_cut: u64,
    /// More requests at once than allowed (503).
    pub overloaded: u64,
    /// The request's body was larger than allowed (413).
    pub request_too_large: u64,
    /// The request's body stalled or broke off (408, 400).
    pub request_broken: u64,
    /// The client left before the end of the answer.
    pub client_gone: u64,
    /// The client left without an answer after it had waited for a second or more.
    #[serde(default)]
    pub abandoned: u64,
}

/// What happened at one listener outside any revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenerReport {
    /// The listener's name.
    pub listener: String,
    /// Open client connections.
    pub connections: u64,
    /// Requests that no route was there for (503).
    pub unrouted: u64,
    /// Requests that the proxy refused to forward (4xx, 501).
    pub refused: u64,
}

impl Report {
    /// Returns the counts of one revision.
    pub fn revision(&self, stream: &StreamId, revision: &str) -> Option<&RevisionReport> {
        self.revisions
            .iter()
            .find(|report| report.stream == *stream && report.revision == revision)
    }
}

impl Statuses {
    /// Returns the answers of all classes.
    pub fn total(&self) -> u64 {
        self.informational + self.success + self.redirection + self.client_error + self.server_error
    }

    fn since(&self, earlier: &Self) -> Self {
        Self {
            informational: self.informational.saturating_sub(earlier.informational),
            success: self.success.saturating_sub(earlier.success),
            redirection: self.redirection.saturating_sub(earlier.redirection),
            client_error: self.client_error.saturating_sub(earlier.client_error),
            server_error: self.server_error.saturating_sub(earlier.server_error),
        }
    }
}

impl Counts {
    /// Returns all answers, whoever gave them.
    pub fn answered(&self) -> u64 {
        self.application.total() + self.proxy.total()
    }

    /// Returns the 5xx answers, whoever gave them.
    pub fn server_errors(&self) -> u64 {
        self.application.server_error + self.proxy.server_error
    }

    /// Returns what was counted after `earlier`, a report of the same epoch; `in_flight` is the present one.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(earlier.requests),
            in_flight: self.in_flight,
            application: self.application.since(&earlier.application),
            proxy: self.proxy.since(&earlier.proxy),
            failures: self.failures.since(&earlier.failures),
            resent: self.resent.saturating_sub(earlier.resent),
        }
    }
}

impl Failures {
    /// Returns the failures that the application or its absence caused; not the clients' own.
    pub fn of_application(&self) -> u64 {
        self.connect_refused
            + self.connect_timeout
            + self.reset
            + self.response_timeout
            + self.bad_response
            + self.body_broken
    }

    fn since(&self, earlier: &Self) -> Self {
        Self {
            connect_refused: self.connect_refused.saturating_sub(earlier.connect_refused),
            connect_timeout: self.connect_timeout.saturating_sub(earlier.connect_timeout),
            reset: self.reset.saturating_sub(earlier.reset),
            response_timeout: self.response_timeout.saturating_sub(earlier.response_timeout),
            bad_response: self.bad_response.saturating_sub(earlier.bad_response),
            body_broken: self.body_broken.saturating_sub(earlier.body_broken),
            drain_cut: self.drain_cut.saturating_sub(earlier.drain_cut),
            overloaded: self.overloaded.saturating_sub(earlier.overloaded),
            request_too_large: self.request_too_large.saturating_sub(earlier.request_too_large),
            request_broken: self.request_broken.saturating_sub(earlier.request_broken),
            client_gone: self.client_gone.saturating_sub(earlier.client_gone),
            abandoned: self.abandoned.saturating_sub(earlier.abandoned),
        }
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:016x}", self.number, self.nonce)
    }
}
