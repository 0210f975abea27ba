//! Counting without contention.
//!
//! Every thread counts in a shard of its own cache lines, so that two cores never
//! wait for one line; a report adds the shards up. A request leaves the shard that it
//! entered: only then can adding the shards one after the other never miss a request
//! that is there the whole time, which is what a drain relies on.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use http::StatusCode;
use tokio::sync::Notify;

use crate::latency::{Latency, Tally};
use crate::report::{Counts, Failures, Statuses};

const SHARDS: usize = 8;

/// The counts of one revision.
pub(crate) struct Counters {
    shards: Box<[Shard]>,
    /// Whether somebody waits for `emptied`.
    awaited: AtomicBool,
    emptied: Notify,
}

/// Who answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answerer {
    Application,
    Proxy,
}

/// What went wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    ConnectRefused,
    ConnectTimeout,
    Reset,
    ResponseTimeout,
    BadResponse,
    BodyBroken,
    DrainCut,
    Overloaded,
    RequestTooLarge,
    RequestBroken,
    ClientGone,
    Abandoned,
}

const FAILURES: usize = Failure::Abandoned as usize + 1;
const CLASSES: usize = 5;

/// 128 bytes, because some processors fetch cache lines in pairs.
#[repr(align(128))]
struct Shard {
    in_flight: AtomicI64,
    requests: AtomicU64,
    resent: AtomicU64,
    answers: [[AtomicU64; CLASSES]; 2],
    failures: [AtomicU64; FAILURES],
    latency: Tally,
}

/// The shard that a request entered.
#[derive(Clone, Copy)]
pub(crate) struct Entered(usize);

thread_local! {
    static SHARD: usize = {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS
    };
}

impl Counters {
    pub(crate) fn new() -> Self {
        let zeroes = || std::array::from_fn(|_| AtomicU64::new(0));
        let shard = |_| Shard {
            in_flight: AtomicI64::new(0),
            requests: AtomicU64::new(0),
            resent: AtomicU64::new(0),
            answers: [zeroes(), zeroes()],
            failures: std::array::from_fn(|_| AtomicU64::new(0)),
            latency: Tally::new(),
        };
        Self {
            shards: (0..SHARDS).map(shard).collect(),
            awaited: AtomicBool::new(false),
            emptied: Notify::new(),
        }
    }

    /// Counts a request in. `SeqCst` pairs with the swap of the route, see `Slot::admit`.
    pub(crate) fn enter(&self) -> Entered {
        let shard = SHARD.with(|shard| *shard);
        self.shards[shard].in_flight.fetch_add(1, Ordering::SeqCst);
        Entered(shard)
    }

    pub(crate) fn leave(&self, entered: Entered) {
        self.shards[entered.0].in_flight.fetch_sub(1, Ordering::SeqCst);
        if self.awaited.load(Ordering::SeqCst) {
            self.emptied.notify_waiters();
        }
    }

    /// Returns when no request is in flight.
    pub(crate) async fn empty(&self) {
        self.awaited.store(true, Ordering::SeqCst);
        loop {
            let emptied = self.emptied.notified();
            tokio::pin!(emptied);
            emptied.as_mut().enable();
            if self.in_flight() == 0 {
                return;
            }
            emptied.await;
        }
    }

    pub(crate) fn in_flight(&self) -> u64 {
        let sum: i64 = self
            .shards
            .iter()
            .map(|shard| shard.in_flight.load(Ordering::SeqCst))
            .sum();
        u64::try_from(sum).unwrap_or(0)
    }

    pub(crate) fn admitted(&self, entered: Entered) {
        self.shards[entered.0].requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn resent(&self, entered: Entered) {
        self.shards[entered.0].resent.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn answered(&self, entered: Entered, answerer: Answerer, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES) - 1;
        self.shards[entered.0].answers[answerer as usize][class].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn took(&self, entered: Entered, time: Duration) {
        self.shards[entered.0].latency.record(time);
    }

    pub(crate) fn failed(&self, entered: Entered, failure: Failure) {
        self.shards[entered.0].failures[failure as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the sums over all shards.
    pub(crate) fn read(&self) -> Counts {
        let sum = |pick: &dyn Fn(&Shard) -> &AtomicU64| {
            let parts = self.shards.iter().map(|shard| pick(shard).load(Ordering::Relaxed));
            parts.sum::<u64>()
        };
        let answers = |answerer: Answerer| {
            let class = |at: usize| sum(&|shard: &Shard| &shard.answers[answerer as usize][at]);
            Statuses {
                informational: class(0),
                success: class(1),
                redirection: class(2),
                client_error: class(3),
                server_error: class(4),
            }
        };
        Counts {
            // What is counted later in a request's life is read first, so that parts never exceed the whole.
            failures: self.failures(),
            application: answers(Answerer::Application),
            proxy: answers(Answerer::Proxy),
            resent: sum(&|shard| &shard.resent),
            in_flight: self.in_flight(),
            requests: sum(&|shard| &shard.requests),
        }
    }

    pub(crate) fn latency(&self) -> Latency {
        Tally::sum(&self.shards.iter().map(|shard| &shard.latency))
    }

    fn failures(&self) -> Failures {
        let of = |failure: Failure| {
            let parts = self.shards.iter();
            parts
                .map(|shard| shard.failures[failure as usize].load(Ordering::Relaxed))
                .sum()
        };
        Failures {
            connect_refused: of(Failure::ConnectRefused),
            connect_timeout: of(Failure::ConnectTimeout),
            reset: of(Failure::Reset),
            response_timeout: of(Failure::ResponseTimeout),
            bad_response: of(Failure::BadResponse),
            body_broken: of(Failure::BodyBroken),
            drain_cut: of(Failure::DrainCut),
            overloaded: of(Failure::Overloaded),
            request_too_large: of(Failure::RequestTooLarge),
            request_broken: of(Failure::RequestBroken),
            client_gone: of(Failure::ClientGone),
            abandoned: of(Failure::Abandoned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_add_up_across_threads() {
        let counters = Counters::new();
        std::thread::scope(|scope| {
            for _ in 0..12 {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        let entered = counters.enter();
                        counters.admitted(entered);
                        counters.answered(entered, Answerer::Application, StatusCode::OK);
                        counters.failed(entered, Failure::ClientGone);
                        counters.took(entered, Duration::from_micros(70));
                        counters.leave(entered);
                    }
                    counters.enter();
                });
            }
        });
        let counts = counters.read();
        assert_eq!((counts.requests, counts.in_flight), (12_000, 12));
        assert_eq!(counts.application.success, 12_000);
        assert_eq!(counts.failures.client_gone, 12_000);
        assert_eq!(counters.latency().count(), 12_000);
    }
}
