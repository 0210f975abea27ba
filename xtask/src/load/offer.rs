use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, sleep, sleep_until};

use super::client::{Client, Exchange};
use super::outcome::{Connection, Failure, FailureKind, Outcome};
use super::report::{Report, Tally};

/// More than these at once are not sent, and fail as the generator's own fault.
const MOST_IN_FLIGHT: usize = 8_192;

/// When each request is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Schedule {
    pub(super) rate: u32,
    pub(super) count: u64,
}

impl Schedule {
    /// Returns the schedule of `rate` requests per second over `duration`.
    pub(super) fn new(rate: u32, duration: Duration) -> Self {
        let count = u128::from(rate) * duration.as_nanos() / 1_000_000_000;
        Self {
            rate,
            count: u64::try_from(count).unwrap_or(u64::MAX),
        }
    }

    /// Returns when the request with this index is due, without adding up rounding errors.
    pub(super) fn due(self, index: u64) -> Duration {
        let nanoseconds = u128::from(index) * 1_000_000_000 / u128::from(self.rate);
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }
}

/// Offers the whole schedule, or less when the file appears or a signal comes, and then waits for
/// what is in flight.
pub(super) async fn offer(client: Client, schedule: Schedule, until_file: Option<PathBuf>) -> Report {
    let client = Arc::new(client);
    let places = Arc::new(Semaphore::new(MOST_IN_FLIGHT));
    let (ended, mut outcomes) = mpsc::unbounded_channel();
    let started_unix_ms = unix_ms();
    let start = Instant::now();
    let tally = tokio::spawn(async move {
        let mut tally = Tally::new(schedule.rate, started_unix_ms);
        while let Some(outcome) = outcomes.recv().await {
            tally.add(&outcome);
        }
        tally
    });
    let mut offered = 0;
    let mut stop = std::pin::pin!(told_to_stop(until_file));
    while offered < schedule.count {
        let due = start + schedule.due(offered);
        tokio::select! {
            biased;
            () = &mut stop => break,
            () = sleep_until(due) => {}
        }
        let (client, places, ended) = (Arc::clone(&client), Arc::clone(&places), ended.clone());
        tokio::spawn(async move {
            let outcome = one(&client, &places, start, due, Connection::of(offered)).await;
            // The tally outlives every request: it ends when the last sender is dropped.
            let _ = ended.send(outcome);
        });
        offered += 1;
    }
    drop(ended);
    match tally.await {
        Ok(tally) => tally.finish(offered, start.elapsed()),
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

async fn one(client: &Client, places: &Semaphore, start: Instant, due: Instant, connection: Connection) -> Outcome {
    let sent = Instant::now();
    let exchange = match places.try_acquire() {
        Ok(_place) => client.send(connection, due).await,
        Err(_) => Exchange::failed(Failure::new(
            FailureKind::Generator,
            format!("{MOST_IN_FLIGHT} requests are in flight already"),
        )),
    };
    Outcome {
        due: due - start,
        sent: sent - start,
        ended: start.elapsed(),
        connection,
        version: exchange.version,
        failure: exchange.failure,
    }
}

async fn told_to_stop(until_file: Option<PathBuf>) {
    let file = async {
        match until_file {
            None => std::future::pending().await,
            Some(path) => {
                while !path.exists() {
                    sleep(Duration::from_millis(20)).await;
                }
            }
        }
    };
    tokio::select! {
        () = file => {}
        () = signalled(SignalKind::interrupt()) => {}
        () = signalled(SignalKind::terminate()) => {}
    }
}

async fn signalled(kind: SignalKind) {
    match signal(kind) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_does_not_drift() {
        let schedule = Schedule::new(300, Duration::from_hours(1));
        assert_eq!(schedule.count, 1_080_000);
        assert_eq!(schedule.due(0), Duration::ZERO);
        assert_eq!(schedule.due(300), Duration::from_secs(1));
        assert_eq!(schedule.due(1_079_700), Duration::from_secs(3599));
        assert_eq!(Schedule::new(3, Duration::from_millis(500)).count, 1);
    }
}
