//! What the owner of a stream wants routed, as one whole value.
//!
//! A snapshot is complete and replaces its predecessor at once, so that there is no
//! order of partial commands to get wrong, and a repeated delivery changes nothing.
//! Its [`Fence`] says which decision it comes from; the [`Table`](crate::Table)
//! refuses an older one.
//!
//! Invariant: the weights of a route sum to 100, or the route is empty and answers 503.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use lockgate_core::StreamId;
use serde::{Deserialize, Serialize};

/// The routing that one stream wants on one listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// The stream that owns this routing.
    pub stream: StreamId,
    /// The decision that it comes from.
    pub fence: Fence,
    /// The name of the listener that it answers on.
    pub listener: String,
    /// Who answers.
    pub route: Route,
    /// The addresses of every revision, also of those without weight, which are still drained and counted.
    pub backends: BTreeMap<String, Vec<SocketAddr>>,
    /// How much and how long.
    #[serde(default)]
    pub limits: Limits,
    /// What becomes of the client's own `X-Forwarded-*`.
    #[serde(default)]
    pub forwarded: Forwarded,
}

/// A catch-all route.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The revisions that share the requests; empty when nothing shall answer.
    pub split: Vec<Share>,
}

/// One revision's share of a route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// The revision.
    pub revision: String,
    /// Its weight, 0 to 100.
    pub weight: u8,
}

/// The position of a decision; a snapshot with an older one is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fence {
    /// Grows when the store is restored from a backup.
    pub store_epoch: u64,
    /// Grows when another owner takes the stream.
    pub owner_epoch: u64,
    /// The sequence of the event that decided.
    pub sequence: u64,
}

/// What becomes of the `X-Forwarded-*` headers that a client sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Forwarded {
    /// They are replaced: the proxy is the edge, and clients may lie.
    #[default]
    Replace,
    /// They are kept and the client's address is appended: a trusted proxy stands before this one.
    Append,
}

/// How much a route takes on, and how long it waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The most requests at once, all revisions together; more are answered 503.
    pub max_in_flight: Option<u32>,
    /// The time for a TCP connection to an instance.
    pub connect_timeout_ms: u64,
    /// The time without progress between the request and the head of its answer.
    pub response_timeout_ms: u64,
    /// The most bytes of a request's head.
    pub request_header_bytes: u32,
    /// The most bytes of a request's body; more are answered 413.
    pub request_body_bytes: Option<u64>,
}

/// What makes a snapshot unusable, whatever came before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// A name is empty.
    #[error("the snapshot names no {0}; send the {0} that it belongs to")]
    Unnamed(&'static str),
    /// One revision twice.
    #[error("revision `{0}` appears twice in the split; give it one share")]
    Twice(String),
    /// Not 100.
    #[error("the weights sum to {sum} and not to 100: {split}")]
    Sum {
        /// What they sum to.
        sum: u32,
        /// The split in words.
        split: String,
    },
    /// Weight without an instance.
    #[error("revision `{0}` has weight {1} and no backend; wait for a ready instance or give it no weight")]
    NoBackend(String, u8),
    /// A limit that cannot work.
    #[error("{name} is {value}; it has to lie between {least} and {most}")]
    Limit {
        /// The field.
        name: &'static str,
        /// What was asked for.
        value: u64,
        /// The least that works.
        least: u64,
        /// The most that works.
        most: u64,
    },
}

impl Snapshot {
    /// Checks what can be checked without knowing any other snapshot.
    ///
    /// # Errors
    /// Returns the first fault, in words.
    pub fn validate(&self) -> Result<(), Invalid> {
        if self.stream.as_str().is_empty() {
            return Err(Invalid::Unnamed("stream"));
        }
        if self.listener.is_empty() {
            return Err(Invalid::Unnamed("listener"));
        }
        self.validate_split()?;
        self.limits.validate()
    }

    /// Returns the weight of `revision`; zero when the split does not name it.
    pub fn weight(&self, revision: &str) -> u8 {
        self.route
            .split
            .iter()
            .find(|share| share.revision == revision)
            .map_or(0, |share| share.weight)
    }

    /// Returns every revision that the snapshot names, with or without weight.
    pub fn revisions(&self) -> BTreeSet<&str> {
        let split = self.route.split.iter().map(|share| share.revision.as_str());
        split.chain(self.backends.keys().map(String::as_str)).collect()
    }

    fn validate_split(&self) -> Result<(), Invalid> {
        let mut seen = BTreeSet::new();
        for share in &self.route.split {
            if share.revision.is_empty() {
                return Err(Invalid::Unnamed("revision"));
            }
            if !seen.insert(&share.revision) {
                return Err(Invalid::Twice(share.revision.clone()));
            }
            let backends = self.backends.get(&share.revision).map_or(0, Vec::len);
            if share.weight > 0 && backends == 0 {
                return Err(Invalid::NoBackend(share.revision.clone(), share.weight));
            }
        }
        let sum = self.route.split.iter().map(|share| u32::from(share.weight)).sum();
        if sum != 100 && !self.route.split.is_empty() {
            return Err(Invalid::Sum {
                sum,
                split: self.route.to_string(),
            });
        }
        Ok(())
    }
}

impl Limits {
    /// Returns the time for a TCP connection to an instance.
    pub fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }

    /// Returns the time without progress before the head of an answer.
    pub fn response_timeout(&self) -> Duration {
        Duration::from_millis(self.response_timeout_ms)
    }

    fn validate(&self) -> Result<(), Invalid> {
        let hour = 3_600_000;
        let checks = [
            ("max_in_flight", self.max_in_flight.map_or(1, u64::from), 1, u64::MAX),
            ("connect_timeout_ms", self.connect_timeout_ms, 1, hour),
            ("response_timeout_ms", self.response_timeout_ms, 1, 24 * hour),
            (
                "request_header_bytes",
                u64::from(self.request_header_bytes),
                1_024,
                1 << 20,
            ),
        ];
        for (name, value, least, most) in checks {
            if !(least..=most).contains(&value) {
                return Err(Invalid::Limit {
                    name,
                    value,
                    least,
                    most,
                });
            }
        }
        Ok(())
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_in_flight: None,
            connect_timeout_ms: 2_000,
            response_timeout_ms: 60_000,
            request_header_bytes: 64 * 1_024,
            request_body_bytes: None,
        }
    }
}

impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.store_epoch, self.owner_epoch, self.sequence)
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.split.is_empty() {
            return f.write_str("nothing");
        }
        for (at, share) in self.split.iter().enumerate() {
            let separator = if at == 0 { "" } else { ", " };
            write!(f, "{separator}{} {} %", share.revision, share.weight)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(split: &[(&str, u8)], backends: &[&str]) -> Snapshot {
        Snapshot {
            stream: StreamId::new("environment", "shop/production"),
            fence: Fence::default(),
            listener: "web".into(),
            route: Route {
                split: split
                    .iter()
                    .map(|&(revision, weight)| Share {
                        revision: revision.into(),
                        weight,
                    })
                    .collect(),
            },
            backends: backends
                .iter()
                .map(|&revision| (revision.into(), vec![SocketAddr::from(([127, 0, 0, 1], 9))]))
                .collect(),
            limits: Limits::default(),
            forwarded: Forwarded::default(),
        }
    }

    #[track_caller]
    fn check(split: &[(&str, u8)], backends: &[&str], words: &str) {
        let said = snapshot(split, backends)
            .validate()
            .map_or_else(|e| e.to_string(), |()| "ok".into());
        assert_eq!(said, words);
    }

    #[test]
    fn a_snapshot_is_refused_in_words() {
        check(&[], &[], "ok");
        check(&[("r1", 100)], &["r1"], "ok");
        check(&[("r1", 70), ("r2", 30), ("r3", 0)], &["r1", "r2"], "ok");
        check(
            &[("r1", 70), ("r2", 20)],
            &["r1", "r2"],
            "the weights sum to 90 and not to 100: r1 70 %, r2 20 %",
        );
        check(
            &[("r1", 50), ("r1", 50)],
            &["r1"],
            "revision `r1` appears twice in the split; give it one share",
        );
        check(
            &[("r1", 100)],
            &[],
            "revision `r1` has weight 100 and no backend; wait for a ready instance or give it no weight",
        );
        check(
            &[("", 100)],
            &[],
            "the snapshot names no revision; send the revision that it belongs to",
        );
    }

    #[test]
    fn a_limit_that_cannot_work_is_refused() {
        let mut snapshot = snapshot(&[("r1", 100)], &["r1"]);
        snapshot.limits.connect_timeout_ms = 0;
        assert_eq!(
            snapshot.validate().unwrap_err().to_string(),
            "connect_timeout_ms is 0; it has to lie between 1 and 3600000"
        );
    }

    #[test]
    fn fences_order_by_store_then_owner_then_sequence() {
        let fence = |store_epoch, owner_epoch, sequence| Fence {
            store_epoch,
            owner_epoch,
            sequence,
        };
        assert!(fence(2, 0, 0) > fence(1, 9, 9));
        assert!(fence(1, 2, 0) > fence(1, 1, 9));
        assert!(fence(1, 1, 2) > fence(1, 1, 1));
    }
}
